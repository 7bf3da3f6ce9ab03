"""The reading end of one subscription: a bounded queue that keeps its policy and its account."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from fsw.bus.contract import BusFull, Policy
from fsw.messages import TopicCount

T = TypeVar("T")


class Inbox(Generic[T]):
    """What waits for one subscriber; both transports fill it with `put`, the service empties it."""

    __slots__ = ("_delivered", "_depth", "_dropped", "_policy", "_sent", "_subscriber", "_topic", "_waiting")

    def __init__(self, topic: str, subscriber: str, policy: Policy, depth: int) -> None:
        if depth < 1:
            raise ValueError(f"{subscriber} on {topic}: depth {depth}, must be at least 1")
        self._topic = topic
        self._subscriber = subscriber
        self._policy = policy
        self._depth = 1 if policy is Policy.LATEST else depth
        self._waiting: deque[T] = deque()
        self._sent = 0
        self._delivered = 0
        self._dropped = 0

    @property
    def policy(self) -> Policy:
        """What happens when it is full."""
        return self._policy

    @property
    def has_room(self) -> bool:
        """Whether `put` keeps the next message without losing any."""
        return len(self._waiting) < self._depth

    @property
    def kept(self) -> int:
        """Messages put in and not dropped so far: the ordinal of the newest one."""
        return self._sent - self._dropped

    @property
    def delivered(self) -> int:
        """Messages that the service has taken."""
        return self._delivered

    def put(self, message: T) -> None:
        """Add a message as the policy says; raises BusFull, uncounted, for a full must-deliver subscription."""
        waiting = self._waiting
        if len(waiting) < self._depth:
            self._sent += 1
            waiting.append(message)
            return
        if self._policy is Policy.MUST_DELIVER:
            raise BusFull(f"{self._subscriber} on {self._topic}: {self._depth} messages wait")
        self._sent += 1
        self._dropped += 1
        if self._policy is not Policy.REJECT:
            waiting.popleft()
            waiting.append(message)

    def lose(self, count: int) -> None:
        """Account for `count` messages that were sent and never arrived."""
        self._sent += count
        self._dropped += count

    def take(self) -> T | None:
        """The oldest waiting message, or None."""
        if not self._waiting:
            return None
        self._delivered += 1
        return self._waiting.popleft()

    def drain(self) -> list[T]:
        """All waiting messages, oldest first."""
        waiting = self._waiting
        if not waiting:
            return []
        messages = list(waiting)
        waiting.clear()
        self._delivered += len(messages)
        return messages

    def count(self) -> TopicCount:
        """The account: sent = delivered + dropped + in flight."""
        return TopicCount(
            topic=self._topic,
            subscriber=self._subscriber,
            sent=self._sent,
            delivered=self._delivered,
            dropped=self._dropped,
            in_flight=len(self._waiting),
        )
