"""The host shell: hears the host and publishes what it said; tells it what the payload draws and would use."""

from __future__ import annotations

from fsw.bus.contract import Bus, Policy
from fsw.bus.topics import EVENT, HEARTBEAT, HOST, HOST_REPORT
from fsw.host.watch import HostWatch
from fsw.messages import Heartbeat
from hal.clock import SECOND_NS
from hal.ports.host import Demand, HostBus

HEARTBEAT_STEPS = 10


class HostService:
    """Speaks for the payload on the host bus. `silence_s`: how long the host may be quiet before it is told."""

    name = "host"
    period_ns = SECOND_NS

    def __init__(self, bus: Bus, host_bus: HostBus, silence_s: float) -> None:
        self._bus, self._host_bus = bus, host_bus
        self._watch = HostWatch(silence_s)
        self._reports = bus.subscribe(HOST_REPORT, self.name, Policy.LATEST)
        self._steps = 0

    def step(self, now_ns: int) -> None:
        """Hear, publish, answer."""
        status, events = self._watch.step(now_ns, self._host_bus.receive())
        self._bus.publish(HOST, status)
        for event in events:
            self._bus.publish(EVENT, event)
        self._answer()
        self._steps += 1
        if self._steps % HEARTBEAT_STEPS == 1:
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def _answer(self) -> None:
        report = self._reports.take()
        if report is not None:
            self._host_bus.send(
                Demand(
                    time_ns=report.time_ns,
                    payload_power_w=report.payload_power_w,
                    demand_w=report.demand_w,
                    mode=report.mode,
                    healthy=report.healthy,
                )
            )
