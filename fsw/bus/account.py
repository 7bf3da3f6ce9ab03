"""The account of a process's subscriptions as a message: what the ground needs to see that nothing vanished."""

from __future__ import annotations

from fsw.bus.contract import Bus
from fsw.bus.topics import BUS_STATUS
from fsw.messages import BusStatus
from hal.clock import SECOND_NS


class AccountService:
    """Publishes the counts of its process's bus."""

    name = "account"
    period_ns = 10 * SECOND_NS

    def __init__(self, bus: Bus, process: str) -> None:
        self._bus, self._process = bus, process

    def step(self, now_ns: int) -> None:
        """Publish the account as it stands."""
        self._bus.publish(BUS_STATUS, BusStatus(time_ns=now_ns, process=self._process, counts=self._bus.counts()))
