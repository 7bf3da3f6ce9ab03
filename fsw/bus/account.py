"""The account of a process's subscriptions as a message: what the ground needs to see that nothing vanished."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fsw.bus.contract import Bus
from fsw.bus.topics import BUS_STATUS
from fsw.messages import BusStatus
from hal.clock import SECOND_NS


class AccountService:
    """Publishes the counts of its process's bus, and those of its services, by their names."""

    name = "account"
    period_ns = 10 * SECOND_NS

    def __init__(
        self, bus: Bus, process: str, counters: Mapping[str, Callable[[], Mapping[str, int]]] | None = None
    ) -> None:
        self._bus, self._process = bus, process
        self._counters = {} if counters is None else counters  # of services that may join later

    def step(self, now_ns: int) -> None:
        """Publish the account as it stands."""
        counters = tuple(
            (service, name, count) for service, counts in self._counters.items() for name, count in counts().items()
        )
        self._bus.publish(
            BUS_STATUS,
            BusStatus(time_ns=now_ns, process=self._process, counts=self._bus.counts(), counters=counters),
        )
