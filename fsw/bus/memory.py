"""The bus inside one process: a publish is an append to each subscriber's queue."""

from __future__ import annotations

from typing import Any, TypeVar

from fsw.bus.contract import BusFull, Policy
from fsw.bus.inbox import Inbox
from fsw.bus.topics import Topic
from fsw.messages import TopicCount

T = TypeVar("T")


class MemoryBus:
    """Connects the services of one process. Messages are immutable, so all subscribers share one object."""

    def __init__(self) -> None:
        self._all: dict[str, list[Inbox[Any]]] = {}
        self._must_deliver: dict[str, list[Inbox[Any]]] = {}
        self._in_order: list[Inbox[Any]] = []

    def publish(self, topic: Topic[T], message: T) -> None:
        """Send to every subscription. Raises BusFull, with nothing delivered, when a must-deliver one is full."""
        name = topic.name  # names are interned strings: their hash is known, a Topic's would be computed
        inboxes = self._all.get(name)
        if inboxes is None:
            return
        if name in self._must_deliver:
            self.check_room(name)
        for inbox in inboxes:
            inbox.put(message)

    def check_room(self, topic_name: str) -> None:
        """Raise BusFull when a must-deliver subscription to the topic has no room."""
        for inbox in self._must_deliver.get(topic_name, ()):
            if not inbox.has_room:
                count = inbox.count()
                raise BusFull(f"{count.subscriber} on {topic_name}: {count.in_flight} messages wait")

    def subscribe(
        self, topic: Topic[T], subscriber: str, policy: Policy = Policy.DROP_OLDEST, depth: int = 64
    ) -> Inbox[T]:
        """A new subscription; `depth` (at least 1) is ignored by `Policy.LATEST`."""
        inbox: Inbox[T] = Inbox(topic.name, subscriber, policy, depth)
        self._all.setdefault(topic.name, []).append(inbox)
        if policy is Policy.MUST_DELIVER:
            self._must_deliver.setdefault(topic.name, []).append(inbox)
        self._in_order.append(inbox)
        return inbox

    def inboxes(self, topic_name: str) -> list[Inbox[Any]]:
        """The subscriptions to a topic."""
        return self._all.get(topic_name, [])

    def counts(self) -> tuple[TopicCount, ...]:
        """The account of every subscription, in the order of subscribing."""
        return tuple(inbox.count() for inbox in self._in_order)
