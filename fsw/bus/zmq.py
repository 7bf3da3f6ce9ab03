"""The bus between processes: ZeroMQ over `ipc`, with its own account, because ZeroMQ loses silently.

What is published is numbered per topic; a reader finds gaps and counts them as dropped, and the writer's counters,
sent once a second, show losses at the end of a burst. A must-deliver message stays with its writer until the reading
process has taken it (see `fsw.bus.delivery`). Only `poll` and `flush` wait, and no other thread touches a message.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from fsw.bus.codec import CodecError, encode, restore, unpack
from fsw.bus.contract import Policy
from fsw.bus.delivery import Arrivals, Outbox, Receipts, Verdict
from fsw.bus.frames import Counter, Marks, Origin, Parcel, read_head
from fsw.bus.inbox import Inbox
from fsw.bus.memory import MemoryBus
from fsw.bus.sockets import Sockets
from fsw.bus.topics import TOPICS, Topic
from fsw.bus.wiring import Wiring
from fsw.messages import TopicCount
from hal.clock import SECOND_NS, Clock, MonotonicClock

T = TypeVar("T")

# Depth of a socket's queue towards one peer: some 30 s of all topics of one writer at their nominal rates.
HIGH_WATER_MARK = 512
# Unacknowledged messages a must-deliver topic and keeper; a store that stalls for its worst 2 s fills a few.
OUTBOX_DEPTH = 256
MARKS_PERIOD_NS = SECOND_NS
MARKS = b"\0"  # what the counters are published under; no topic begins so
TYPES: dict[str, type[Any]] = {topic.name: topic.type for topic in TOPICS}


class ZmqBus:
    """The bus of one process. `clock` times re-sending only: it is the computer's own, whatever the flight's is."""

    def __init__(
        self,
        process: str,
        folder: Path,
        wiring: Wiring,
        clock: Clock | None = None,
        high_water_mark: int = HIGH_WATER_MARK,
        outbox_depth: int = OUTBOX_DEPTH,
    ) -> None:
        self._process = process
        self._wiring = wiring
        self._clock: Clock = clock or MonotonicClock()
        self._epoch = self._clock.now_ns()
        self._local = MemoryBus()
        self._counters: dict[str, int] = {}
        self._arrivals: dict[str, Arrivals] = {}
        self._receipts: dict[tuple[str, str], Receipts] = {}  # by writer and topic
        self._told: dict[tuple[str, str], tuple[int, int]] = {}  # last receipt sent: epoch and sequence
        self._outboxes = {
            topic: tuple(Outbox(topic, peer, outbox_depth) for peer in peers if peer != process)
            for topic, peers in wiring.keepers.items()
            if process in wiring.writers.get(topic, ())
        }
        self._malformed = 0
        self._marks_due_ns = self._epoch
        self._sockets = Sockets(process, folder, high_water_mark)

    @property
    def malformed(self) -> int:
        """Frames that were not what they should be."""
        return self._malformed

    @property
    def heard(self) -> tuple[str, ...]:
        """Writers whose counters are known: from then on no loss goes uncounted."""
        return tuple(process for process, arrivals in self._arrivals.items() if arrivals.is_known)

    def publish(self, topic: Topic[T], message: T) -> None:
        """Send to every subscription here and elsewhere.

        Raises BusFull, with nothing sent; ValueError for a topic that this process does not write.
        """
        name = topic.name
        if self._process not in self._wiring.writers.get(name, ()):
            raise ValueError(f"process {self._process} does not write {name}")
        octets = encode(message)
        outboxes = self._outboxes.get(name, ())
        self._local.check_room(name)
        for outbox in outboxes:
            outbox.check_room()
        self._local.publish(topic, message)
        for outbox in outboxes:
            outbox.add(octets)
            self._send_parcels(outbox)
        sequence = self._counters.get(name, 0)
        self._counters[name] = sequence + 1
        self._sockets.publish(name.encode() + b"\0", encode(self._origin(sequence)), octets)

    def subscribe(
        self, topic: Topic[T], subscriber: str, policy: Policy = Policy.DROP_OLDEST, depth: int = 64
    ) -> Inbox[T]:
        """A new subscription; ValueError for must-deliver on a topic that the wiring does not bring here so."""
        is_kept = self._is_kept(topic.name)
        if policy is Policy.MUST_DELIVER and not is_kept:
            raise ValueError(f"the wiring does not deliver {topic.name} to process {self._process}")
        inbox = self._local.subscribe(topic, subscriber, policy, depth)
        for writer in self._wiring.writers.get(topic.name, ()):
            if writer != self._process and not is_kept:
                self._arrivals.setdefault(writer, Arrivals())
                self._sockets.listen(writer, topic.name.encode() + b"\0", MARKS)
        return inbox

    def counts(self) -> tuple[TopicCount, ...]:
        """The account of every subscription here, then of every must-deliver link to another process."""
        return self._local.counts() + tuple(outbox.count() for outbox in self._links())

    def poll(self, timeout_ms: int) -> int:
        """Send what is due, then wait up to `timeout_ms` for frames; returns how many were handled."""
        self._send_receipts()
        for outbox in self._links():
            self._send_parcels(outbox)
        self._send_marks()
        published, pushed = self._sockets.receive(timeout_ms)
        for parts in published:
            self._handle(parts, 3)
        for parts in pushed:
            self._handle(parts, 2)
        return len(published) + len(pushed)

    def watch(self, descriptor: int) -> None:
        """From now on `poll` also returns when `descriptor` is readable."""
        self._sockets.watch(descriptor)

    def flush(self, timeout_ms: int) -> bool:
        """Poll until every must-deliver message is acknowledged, at most so long; returns whether it is."""
        end_ns = self._clock.now_ns() + timeout_ms * 1_000_000
        while any(not outbox.is_empty for outbox in self._links()):
            if self._clock.now_ns() >= end_ns:
                return False
            self.poll(10)
        self._send_receipts()
        return True

    def close(self) -> None:
        """Close the sockets and remove their files."""
        self._sockets.close()

    def _links(self) -> tuple[Outbox, ...]:
        return tuple(outbox for outboxes in self._outboxes.values() for outbox in outboxes)

    def _origin(self, sequence: int) -> Origin:
        return Origin(process=self._process, epoch=self._epoch, sequence=sequence)

    def _is_kept(self, topic: str) -> bool:
        return self._process in self._wiring.keepers.get(topic, ())

    def _keeping(self, topic: str) -> list[Inbox[Any]]:
        return [inbox for inbox in self._local.inboxes(topic) if inbox.policy is Policy.MUST_DELIVER]

    def _send_parcels(self, outbox: Outbox) -> None:
        now_ns = self._clock.now_ns()
        sent = 0
        for sequence, octets in outbox.due(now_ns):
            parcel = Parcel(
                process=self._process,
                topic=outbox.topic,
                epoch=self._epoch,
                sequence=sequence,
                oldest=outbox.oldest,
            )
            if not self._sockets.push(outbox.keeper, encode(parcel), octets):
                break
            sent += 1
        if sent:
            outbox.handed(sent, now_ns)

    def _send_receipts(self) -> None:
        for (writer, topic), receipts in self._receipts.items():
            told = (receipts.epoch, receipts.acknowledge(tuple(inbox.delivered for inbox in self._keeping(topic))))
            if self._told.get((writer, topic)) == told:
                continue
            parcel = Parcel(process=self._process, topic=topic, epoch=told[0], sequence=told[1], is_receipt=True)
            if self._sockets.push(writer, encode(parcel), b""):
                self._told[writer, topic] = told

    def _send_marks(self) -> None:
        now_ns = self._clock.now_ns()
        if now_ns >= self._marks_due_ns:
            self._marks_due_ns = now_ns + MARKS_PERIOD_NS
            marks = Marks(counters=tuple(Counter(topic=topic, next=value) for topic, value in self._counters.items()))
            self._sockets.publish(MARKS, encode(self._origin(0)), encode(marks))

    def _handle(self, parts: list[bytes], expected: int) -> None:
        try:
            if len(parts) != expected:
                raise CodecError(f"{len(parts)} parts, not {expected}")
            if expected == 2:
                self._on_parcel(read_head(Parcel, parts[0]), parts[1])
            elif parts[0] == MARKS:
                self._on_marks(read_head(Origin, parts[1]), read_head(Marks, parts[2]))
            else:
                self._on_message(parts[0][:-1].decode(errors="replace"), read_head(Origin, parts[1]), parts[2])
        except CodecError:
            self._malformed += 1

    def _heard_from(self, process: str) -> Arrivals:
        arrivals = self._arrivals.get(process)
        if arrivals is None:
            raise CodecError(f"unknown process {process!r}")
        return arrivals

    def _on_marks(self, origin: Origin, marks: Marks) -> None:
        counters = {counter.topic: counter.next for counter in marks.counters if counter.topic in TYPES}
        for topic, lost in self._heard_from(origin.process).marked(origin.epoch, counters).items():
            if not self._is_kept(topic):
                self._lose(topic, lost)

    def _on_message(self, topic: str, origin: Origin, octets: bytes) -> None:
        if topic not in TYPES:
            raise CodecError(f"unknown topic {topic!r}")
        lost = self._heard_from(origin.process).arrived(origin.epoch, topic, origin.sequence)
        if lost is not None:
            self._lose(topic, lost)
            self._deliver(topic, octets)

    def _on_parcel(self, parcel: Parcel, octets: bytes) -> None:
        if parcel.is_receipt:
            self._on_receipt(parcel)
            return
        if parcel.process not in self._wiring.writers.get(parcel.topic, ()):
            raise CodecError(f"{parcel.process!r} does not write {parcel.topic!r}")
        keeping = self._keeping(parcel.topic)
        if not keeping:
            return  # its subscriber is still to come, and the writer keeps the message
        key = (parcel.process, parcel.topic)
        receipts = self._receipts.setdefault(key, Receipts())
        verdict = receipts.judge(parcel.epoch, parcel.sequence, parcel.oldest)
        if verdict is Verdict.NEW and all(inbox.has_room for inbox in keeping):
            self._deliver(parcel.topic, octets)
            receipts.accepted(tuple(inbox.kept for inbox in keeping))
        elif verdict is Verdict.KNOWN:
            self._told.pop(key, None)  # the receipt was lost, or the writer is impatient: tell it again

    def _on_receipt(self, parcel: Parcel) -> None:
        for outbox in self._outboxes.get(parcel.topic, ()):
            if outbox.keeper == parcel.process and parcel.epoch == self._epoch:
                outbox.acknowledged(parcel.sequence)

    def _deliver(self, topic: str, octets: bytes) -> None:
        """Put the message in all inboxes; a malformed one is lost to each of them."""
        try:
            message = restore(TYPES[topic], unpack(octets))
        except CodecError:
            self._malformed += 1
            self._lose(topic, 1)
            return
        for inbox in self._local.inboxes(topic):
            inbox.put(message)

    def _lose(self, topic: str, count: int) -> None:
        for inbox in self._local.inboxes(topic) if count else ():
            inbox.lose(count)
