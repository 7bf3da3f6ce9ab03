"""What a lossy transport needs to keep its promises, without a socket: gaps are counted, must-deliver is re-sent.

Every writing process numbers its messages per topic from 0 in an epoch that is newer after each restart.

    Arrivals   reader of a lossy topic: finds gaps, so that a silent loss becomes a counted one
    Outbox     writer of a must-deliver topic: keeps each message until the keeper has taken it
    Receipts   keeper of a must-deliver topic: puts messages back in order, removes duplicates, says what was taken

A message counts as taken when the service has it and the next poll has begun: a step that makes it durable is
over by then. A keeper that restarts is sent everything that its predecessor had not taken, so it may see again a
message that was handled in the very last step before the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from enum import IntEnum

from fsw.bus.contract import BusFull
from fsw.messages import TopicCount

# First wait before a message is sent again: some ten times the worst round trip measured on a busy machine.
RESEND_FIRST_NS = 100_000_000
# The wait doubles up to here, so that a keeper that is down costs next to nothing and is served soon after it is up.
RESEND_LAST_NS = 1_000_000_000


class Arrivals:
    """Sequence numbers heard from one writing process."""

    def __init__(self) -> None:
        self._epoch: int | None = None
        self._next: dict[str, int] = {}
        self._knows_all = False  # whether a topic not heard of yet must begin at 0

    @property
    def is_known(self) -> bool:
        """Whether the counters of the writer have been heard, so that every later loss is found."""
        return self._knows_all

    def arrived(self, epoch: int, topic: str, sequence: int) -> int | None:
        """How many messages of the topic were lost before this one; None for a stale or repeated message."""
        if not self._is_current(epoch):
            return None
        expected = self._next.get(topic, 0 if self._knows_all else sequence)
        if sequence < expected:
            return None
        self._next[topic] = sequence + 1
        return sequence - expected

    def marked(self, epoch: int, counters: Mapping[str, int]) -> dict[str, int]:
        """Losses by topic, given the writer's counters: everything below them should have arrived."""
        if not self._is_current(epoch):
            return {}
        lost = {}
        for topic, counter in counters.items():
            expected = self._next.get(topic, 0 if self._knows_all else counter)
            self._next[topic] = max(counter, expected)
            if counter > expected:
                lost[topic] = counter - expected
        self._knows_all = True
        return lost

    def _is_current(self, epoch: int) -> bool:
        if self._epoch is None:
            self._epoch = epoch  # what was sent before this reader existed was not sent to it
        if epoch > self._epoch:
            self._epoch = epoch
            self._next.clear()
            self._knows_all = True
        return epoch == self._epoch


class Outbox:
    """The writer's end of one must-deliver topic towards one keeper."""

    def __init__(self, topic: str, keeper: str, depth: int) -> None:
        self.topic = topic
        self.keeper = keeper
        self._depth = depth
        self._waiting: deque[bytes] = deque()
        self._oldest = 0  # sequence number of the first waiting message
        self._handed = 0  # how many of the waiting have been given to the transport
        self._resend_ns = 0
        self._wait_ns = RESEND_FIRST_NS

    @property
    def oldest(self) -> int:
        """The sequence number of the oldest message that the keeper has not taken."""
        return self._oldest

    @property
    def is_empty(self) -> bool:
        """Whether the keeper has taken everything."""
        return not self._waiting

    def check_room(self) -> None:
        """Raise BusFull when the next `add` would."""
        if len(self._waiting) >= self._depth:
            raise BusFull(f"{self.keeper} on {self.topic}: {self._depth} messages are not acknowledged")

    def add(self, octets: bytes) -> None:
        """Keep a message until it is taken; raises BusFull."""
        self.check_room()
        self._waiting.append(octets)

    def due(self, now_ns: int) -> list[tuple[int, bytes]]:
        """The messages to send now, as (sequence, octets): new ones, and all again when nothing moved for long."""
        if self._handed and now_ns >= self._resend_ns:
            self._handed = 0
            self._wait_ns = min(2 * self._wait_ns, RESEND_LAST_NS)
        if self._handed == len(self._waiting):
            return []
        first = self._oldest + self._handed
        return [(first + index, octets) for index, octets in enumerate(list(self._waiting)[self._handed :])]

    def handed(self, count: int, now_ns: int) -> None:
        """The transport took the first `count` of those that were due."""
        self._handed += count
        self._resend_ns = now_ns + self._wait_ns

    def acknowledged(self, next_sequence: int) -> None:
        """The keeper has taken everything before `next_sequence`."""
        taken = min(next_sequence - self._oldest, len(self._waiting))
        if taken <= 0:
            return
        for _ in range(taken):
            self._waiting.popleft()
        self._oldest += taken
        self._handed = max(0, self._handed - taken)
        self._wait_ns = RESEND_FIRST_NS

    def count(self) -> TopicCount:
        """The account of the link: what the keeper has not taken is in flight."""
        waiting = len(self._waiting)
        return TopicCount(
            topic=self.topic,
            subscriber=f"link to {self.keeper}",
            sent=self._oldest + waiting,
            delivered=self._oldest,
            dropped=0,
            in_flight=waiting,
        )


class Verdict(IntEnum):
    """What a keeper does with an arriving message."""

    NEW = 0  # the next in order: take it if there is room
    KNOWN = 1  # here already, or from before the writer's restart: acknowledge again
    AHEAD = 2  # one before it is missing: it will come again


class Receipts:
    """The keeper's end of one must-deliver topic from one writing process."""

    def __init__(self) -> None:
        self._epoch = -1
        self._expected = 0
        self._open: deque[tuple[int, tuple[int, ...]]] = deque()  # (sequence, ordinal in each inbox), not taken yet

    @property
    def epoch(self) -> int:
        """The writer's epoch that `acknowledge` speaks of."""
        return self._epoch

    def judge(self, epoch: int, sequence: int, oldest: int) -> Verdict:
        """What to do with a message, given the oldest one that its writer still keeps."""
        if epoch < self._epoch:
            return Verdict.KNOWN
        if epoch > self._epoch:
            self._epoch, self._expected = epoch, oldest
            self._open.clear()
        # A late word of a predecessor may have released messages that this keeper was still waiting for.
        self._expected = max(self._expected, oldest)
        if sequence == self._expected:
            return Verdict.NEW
        return Verdict.KNOWN if sequence < self._expected else Verdict.AHEAD

    def accepted(self, ordinals: tuple[int, ...]) -> None:
        """The expected message is in the inboxes of the topic, in each as the message of that ordinal."""
        self._open.append((self._expected, ordinals))
        self._expected += 1

    def acknowledge(self, taken: tuple[int, ...]) -> int:
        """The sequence number to acknowledge up to, when so many messages were taken from each inbox."""
        while self._open and all(ordinal <= count for ordinal, count in zip(self._open[0][1], taken, strict=False)):
            self._open.popleft()
        return self._open[0][0] if self._open else self._expected
