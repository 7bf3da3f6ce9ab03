"""A packet store (ST15): the newest packets of one kind on the disk, the oldest overwritten, nothing lost uncounted.

`append` puts a packet into memory, `commit` makes all that waits durable in few writes. While the disk fails the
packets wait, so many at most; what is dropped then, or overwritten, before a retrieval had it counts as lost.
Source of the service: ECSS-E-ST-70-41C, 6.15.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice

from fsw.bus.codec import encode
from fsw.store.chapters import Chapter, Kind, Mark, StoredPacket, chapter_of, last_mark, packets_in
from fsw.store.log import Entry, RecordLog
from hal.errors import PortError
from hal.ports.disk import Disk
from hal.reading import Reason

# Records in one write: bounds the time of a step after a stall to some milliseconds.
BATCH = 256
# What memory holds while the disk fails: an hour of events, some twenty minutes of housekeeping.
WAITING_MAX = 2048
WAITING_OCTETS = 262_144
FIRST_NS, LAST_NS = -(2**63), 2**63 - 1  # before and after all times that a record can have


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a store holds. Times are TAI in ns; 0 where there is no packet to take one from."""

    oldest_ns: int
    newest_ns: int
    open_from_ns: int
    packets: int
    octets: int
    lost: int


class PacketStore:
    """The store `name` in `segments` files of `segment_bytes` each. Only methods that say so raise PortError."""

    def __init__(self, disk: Disk, name: str, segment_bytes: int, segments: int) -> None:
        self.name = name
        self._disk, self._segment_bytes, self._segments = disk, segment_bytes, segments
        self._log: RecordLog | None = None
        self._is_known = False  # the disk was read in this run: what memory says of it holds
        self._failures = 0  # of commits, in a row
        self._chapters: list[Chapter] = []
        self._loaded: tuple[int, int, list[StoredPacket]] = (0, 0, [])  # generation, end, packets
        self._waiting: deque[StoredPacket] = deque()
        self._waiting_octets = 0
        self._next = 0  # number of the next packet
        self._written = 0  # number that the log gives to the next packet without a mark
        self._kept_from = 0
        self._is_marked = False  # the state has changed since the last mark
        self._lost = 0
        self._open_from = 0
        self._is_enabled, self._is_resumed = True, False
        self._is_commanded = False  # these two were set in this run
        self._is_spoilt = False  # the segment that is written to is damaged
        self.stored = 0  # packets made durable in this run
        self.damaged = 0  # packets that were durable and cannot be read, as found in this run

    @property
    def is_enabled(self) -> bool:
        """Whether packets are taken."""
        return self._is_enabled

    @property
    def is_resumed(self) -> bool:
        """Whether the open retrieval goes on when there is contact."""
        return self._is_resumed

    @property
    def open_from(self) -> int:
        """The number of the first packet that the open retrieval did not have."""
        return self._open_from

    @property
    def next_number(self) -> int:
        """The number of the next packet that comes."""
        return self._next

    @property
    def waiting(self) -> int:
        """Packets that are not durable yet."""
        return len(self._waiting)

    @property
    def lost(self) -> int:
        """Packets overwritten or dropped before the open retrieval had them, over the life of the store."""
        return self._lost

    @property
    def has_news(self) -> bool:
        """Whether a commit has something to do."""
        return bool(self._waiting) or self._is_marked

    def enable(self, is_enabled: bool) -> None:
        """Take packets from now on, or not."""
        self._is_enabled, self._is_marked, self._is_commanded = is_enabled, True, True

    def resume(self, is_resumed: bool) -> None:
        """Let the open retrieval go on, or not."""
        self._is_resumed, self._is_marked, self._is_commanded = is_resumed, True, True

    def retrieved(self, number: int) -> None:
        """The open retrieval had everything before `number`."""
        self._open_from, self._is_marked = number, True

    def step_back(self, packets: int) -> None:
        """Let the open retrieval go on so many packets earlier, as far as they are still there."""
        self.retrieved(max(self._open_from - packets, self._kept_from))

    def append(self, time_ns: int, octets: bytes) -> None:
        """Take a packet of the TAI time `time_ns`; it waits in memory."""
        if not self._is_enabled:
            return
        self._waiting.append(StoredPacket(self._next, time_ns, octets))
        self._next += 1
        self._waiting_octets += len(octets)
        if len(octets) > self._segment_bytes // 4:
            self._give_up(self._waiting.pop())
        while len(self._waiting) > WAITING_MAX or self._waiting_octets > WAITING_OCTETS:
            self._give_up(self._waiting.popleft())

    def commit(self) -> None:
        """Make durable what waits. Raises PortError: then it waits on, and may be committed again."""
        try:
            log = self._log if self._failures < 2 else None  # the first time the log writes the same octets again
            self._write(log or self._open())
        except PortError:
            self._failures += 1
            raise
        self._failures = 0

    def read(self, number: int, from_ns: int = FIRST_NS, to_ns: int = LAST_NS) -> list[StoredPacket]:
        """The next packets from `number` on with from <= time <= to, in order: those of one segment, or of memory.
        Empty: there are none. Raises PortError."""
        number = max(number, self._kept_from)
        if number >= self._next:
            return []
        for chapter in self._chapters:
            if chapter.end > number and chapter.overlaps(from_ns, to_ns):
                packets = self._load(chapter)
                found = [item for item in packets if item.number >= number and from_ns <= item.time_ns <= to_ns]
                if found:
                    return found
        return [item for item in self._waiting if item.number >= number and from_ns <= item.time_ns <= to_ns]

    def start_at(self, from_ns: int) -> None:
        """Let the open retrieval go on at the first packet of that time or later. Raises PortError."""
        found = self.read(0, from_ns)
        self.retrieved(found[0].number if found else self._next)

    def delete_until(self, until_ns: int) -> None:
        """Forget the oldest packets, as long as they are of that time or earlier. Raises PortError."""
        self._forget(self._first_newer(until_ns))

    def summary(self) -> Summary:
        """What the store holds now. Raises PortError."""
        chapters = [chapter for chapter in self._chapters if chapter.runs]
        waiting = self._waiting
        times = [time for item in chapters for time in (item.oldest_ns, item.newest_ns)]
        times += [item.time_ns for item in waiting]
        following = self.read(self._open_from)
        newest = max(times, default=0)
        return Summary(
            oldest_ns=min(times, default=0),
            newest_ns=newest,
            open_from_ns=following[0].time_ns if following else newest,
            packets=sum(item.count_from(0) for item in chapters) + len(waiting),
            octets=sum(item.octets for item in chapters) + self._waiting_octets,
            lost=self._lost,
        )

    def close(self) -> None:
        """Give the files back; the next commit opens them anew."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def _give_up(self, packet: StoredPacket) -> None:
        """A packet leaves memory without ever being durable."""
        self._waiting_octets -= len(packet.octets)
        if packet.number >= self._open_from:
            self._lost, self._is_marked = self._lost + 1, True

    def _first_newer(self, until_ns: int) -> int:
        """The number of the first packet after that time."""
        newer = next((item for item in self._chapters if item.runs and item.newest_ns > until_ns), None)
        packets = self._waiting if newer is None else self._load(newer)
        return next((item.number for item in packets if item.time_ns > until_ns), self._next)

    def _forget(self, kept_from: int) -> None:
        """Delete everything before a number."""
        self._kept_from, self._is_marked = kept_from, True
        self._open_from = max(self._open_from, kept_from)
        while self._waiting and self._waiting[0].number < kept_from:
            self._waiting_octets -= len(self._waiting.popleft().octets)
        self._chapters = [self._cut(chapter) for chapter in self._chapters]

    def _cut(self, chapter: Chapter) -> Chapter:
        if chapter.count_from(self._kept_from) == chapter.count_from(0):
            return chapter
        left = [] if chapter.end <= self._kept_from else self._load(chapter)
        return chapter_of(chapter.generation, (item for item in left if item.number >= self._kept_from))

    def _load(self, chapter: Chapter) -> list[StoredPacket]:
        """The packets of a segment, from the disk unless they were just read. Raises PortError."""
        if self._loaded[:2] != (chapter.generation, chapter.end):
            if self._log is None:
                raise PortError(Reason.ABSENT, f"{self.name}: the store is not open")
            first, end = chapter.runs[0][0], chapter.end
            packets = [item for item in packets_in(self._log.segment(chapter.generation)) if first <= item.number < end]
            readable = chapter_of(chapter.generation, packets)
            if readable.runs != chapter.runs:
                self._miss(chapter, readable)
            self._loaded = (chapter.generation, readable.end, packets)
        return self._loaded[2]

    def _miss(self, chapter: Chapter, readable: Chapter) -> None:
        """A segment was damaged: only so much of it can be read. What is written behind a damage could not be read
        either, so that the next commit begins a new one."""
        self.damaged += chapter.count_from(0) - readable.count_from(0)
        self._lost += chapter.count_from(self._open_from) - readable.count_from(self._open_from)
        self._is_marked = True
        self._is_spoilt = self._is_spoilt or chapter is self._chapters[-1]
        self._chapters[self._chapters.index(chapter)] = readable

    def _mark(self, next_number: int, owed: int, lost: int) -> Entry:
        mark = Mark(
            next_number=next_number,
            open_from=self._open_from,
            kept_from=self._kept_from,
            owed=owed,
            lost=lost,
            is_enabled=self._is_enabled,
            is_resumed=self._is_resumed,
        )
        return Entry(kind=Kind.MARK, time_ns=0, payload=encode(mark))

    def _owed(self, number: int) -> int:
        """Durable packets from `number` on."""
        return sum(chapter.count_from(number) for chapter in self._chapters)

    def _write(self, log: RecordLog) -> None:
        if not log.is_begun or self._is_spoilt:
            self._turn(log)
        while self.has_news:
            batch = self._batch()
            count = log.write([entry for entry, _, _ in batch])
            self._has_written(batch[:count])
            if count == 0:
                self._turn(log)

    def _batch(self) -> list[tuple[Entry, int, StoredPacket | None]]:
        """The next records: each with the number that follows it, and its packet unless it is a mark."""
        batch: list[tuple[Entry, int, StoredPacket | None]] = []
        number, owed = self._written, self._owed(self._open_from)
        for packet in islice(self._waiting, BATCH):
            if packet.number != number:
                batch.append((self._mark(packet.number, owed, self._lost), packet.number, None))
            number = packet.number + 1
            owed += packet.number >= self._open_from
            batch.append((Entry(kind=Kind.PACKET, time_ns=packet.time_ns, payload=packet.octets), number, packet))
        if self._is_marked:
            batch.append((self._mark(number, owed, self._lost), number, None))
        return batch

    def _has_written(self, records: list[tuple[Entry, int, StoredPacket | None]]) -> None:
        packets = [packet for _, _, packet in records if packet is not None]
        for packet in packets:
            self._waiting_octets -= len(packet.octets)
            self._waiting.popleft()
        if packets:
            self._chapters[-1].extend(packets)
            self.stored += len(packets)
        if records:
            self._written = records[-1][1]
            self._is_marked = self._is_marked and len(packets) == len(records)

    def _turn(self, log: RecordLog) -> None:
        """Begin the next segment in place of the oldest."""
        replaced = log.replaced_next
        lost = sum(item.count_from(self._open_from) for item in self._chapters if item.generation == replaced)
        log.rotate(self._mark(self._written, self._owed(self._open_from) - lost, self._lost + lost))
        self._lost, self._is_spoilt = self._lost + lost, False
        self._chapters = [item for item in self._chapters if item.generation != replaced]
        self._chapters.append(Chapter(log.generations[-1]))

    def _open(self) -> RecordLog:
        """Open the log and take in what it holds. Raises PortError."""
        log = RecordLog(self._disk, f"packets/{self.name}", self._segment_bytes, self._segments)
        try:
            self._take_in(log)
        except PortError:
            log.close()
            raise
        self.close()  # another one, which served for reading until now
        self._log, self._is_known, self._loaded = log, True, (0, 0, [])
        return log

    def _take_in(self, log: RecordLog) -> None:
        mark = last_mark(log.segment(log.generations[-1])) if log.is_begun else Mark(next_number=0)
        is_same = self._is_known and mark.next_number <= self._next  # else memory counts from the disk's numbers on
        kept_from = self._kept_from if is_same else mark.kept_from
        chapters = [
            chapter_of(number, (item for item in packets_in(log.segment(number)) if item.number >= kept_from))
            for number in log.generations
        ]
        if is_same:
            fresh = max(self._open_from, self._written)  # written, though nobody could say so
            owed = self._owed(self._open_from) + sum(chapter.count_from(fresh) for chapter in chapters)
            self._go_on(mark.next_number)
        else:
            owed = mark.owed
            self._begin(mark)
        self._chapters = chapters
        if (gone := owed - self._owed(self._open_from)) > 0:  # with a segment that was being written over, or damaged
            self._lost, self.damaged, self._is_marked = self._lost + gone, self.damaged + gone, True

    def _go_on(self, following: int) -> None:
        """The disk is back: what it holds of the packets in memory need not be written again."""
        while self._waiting and self._waiting[0].number < following:
            self._waiting_octets -= len(self._waiting.popleft().octets)
        self._written, self._is_marked = following, True

    def _begin(self, mark: Mark) -> None:
        """The first look at the disk: its packets come before those in memory, and its state holds where no command
        has changed it since."""
        following = mark.next_number
        if not self._is_commanded:
            self._is_enabled, self._is_resumed = mark.is_enabled, mark.is_resumed
        self._waiting = deque(
            StoredPacket(following + place, item.time_ns, item.octets) for place, item in enumerate(self._waiting)
        )
        self._next, self._written = following + len(self._waiting), following
        self._open_from, self._kept_from = min(mark.open_from, following), min(mark.kept_from, following)
        self._lost += mark.lost
