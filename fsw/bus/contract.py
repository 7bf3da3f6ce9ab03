"""What a bus is: publish, subscribe with a policy, account for every message."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol, TypeVar

from fsw.bus.topics import Topic
from fsw.messages import TopicCount

T = TypeVar("T")


class Policy(IntEnum):
    """What happens when a subscription is full."""

    LATEST = 0  # depth one; a newer message overwrites
    DROP_OLDEST = 1
    REJECT = 2  # the newcomer is dropped and counted
    MUST_DELIVER = 3  # never dropped: publish raises BusFull, and the sender keeps the message


class BusFull(Exception):
    """A must-deliver subscription is full; the message was delivered to nobody and stays with the sender."""


class Subscription(Protocol[T]):
    """The reading end of one topic for one service."""

    def take(self) -> T | None:
        """The oldest waiting message, or None."""
        ...

    def drain(self) -> list[T]:
        """All waiting messages, oldest first."""
        ...


class Bus(Protocol):
    """Connects services. Single-threaded: each process holds one."""

    def publish(self, topic: Topic[T], message: T) -> None:
        """Send to every subscription. Raises BusFull (see `Policy.MUST_DELIVER`)."""
        ...

    def subscribe(
        self, topic: Topic[T], subscriber: str, policy: Policy = Policy.DROP_OLDEST, depth: int = 64
    ) -> Subscription[T]:
        """A new subscription, named for the account."""
        ...

    def counts(self) -> tuple[TopicCount, ...]:
        """The account of every subscription, in the order of subscribing."""
        ...
