"""Watches a flight in virtual time: truth from the world, belief and reasons from the bus."""

from __future__ import annotations

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import ENVELOPE, EVENT, HOST, JOB_REPORT, MODE, ORDER, PLANT, QUEUE
from fsw.messages import Envelope, Event, HostStatus, JobReport, JobState, ModeStatus, Plant, QueueStatus
from hal.clock import SECOND_NS
from sim.world import World
from tools.flight.record import Trace

NAME = "recorder"
EVENTS_KEPT = 200_000  # of one flight: a year of a busy one


class Recorder:
    """Collects while a flight goes on; survives the reboots of the flight software, whose bus is new each time."""

    def __init__(self, world: World, interval_s: float) -> None:
        self._world = world
        self._interval_ns = int(interval_s * SECOND_NS)
        self._due_ns = 0
        self.trace = Trace()
        self.jobs: list[JobReport] = []
        self.events: list[Event] = []
        self.modes: list[ModeStatus] = []
        self.plant: Plant | None = None
        self.queue: QueueStatus | None = None
        self.envelope: Envelope | None = None
        self.host: HostStatus | None = None
        self.value = 0.0
        self.running = ""

    def attach(self, bus: MemoryBus) -> None:
        """Listen on a bus."""
        self._jobs = bus.subscribe(JOB_REPORT, NAME, Policy.DROP_OLDEST, 4096)
        self._orders = bus.subscribe(ORDER, NAME, Policy.LATEST)
        self._events = bus.subscribe(EVENT, NAME, Policy.DROP_OLDEST, 4096)
        self._modes = bus.subscribe(MODE, NAME, Policy.DROP_OLDEST, 256)
        self._plants = bus.subscribe(PLANT, NAME, Policy.LATEST)
        self._queues = bus.subscribe(QUEUE, NAME, Policy.LATEST)
        self._envelopes = bus.subscribe(ENVELOPE, NAME, Policy.LATEST)
        self._hosts = bus.subscribe(HOST, NAME, Policy.LATEST)

    def step(self, now_ns: int) -> bool:
        """Take in what happened; True when a row was added to the trace."""
        for report in self._jobs.drain():
            if report.state >= JobState.DONE:  # what comes before is a checkpoint of a job in segments
                self.jobs.append(report)
                self.value += report.value
        self.modes += [status for status in self._modes.drain() if status.mode != self.mode]
        if len(self.events) < EVENTS_KEPT:
            self.events += self._events.drain()
        if now_ns < self._due_ns:
            return False
        self._due_ns = now_ns + self._interval_ns
        self.plant = self._plants.take() or self.plant
        self.queue = self._queues.take() or self.queue
        self.envelope = self._envelopes.take() or self.envelope
        self.host = self._hosts.take() or self.host
        order = self._orders.take()
        if order is not None:
            self.running = f"{order.model}/{order.variant} at {order.setting}"
        self._add_row(now_ns)
        return True

    @property
    def mode(self) -> str:
        """The mode that was told last."""
        return self.modes[-1].mode if self.modes else ""

    def _add_row(self, now_ns: int) -> None:
        truth, row = self._world.truth, self.trace
        allocation = self.host.allocation if self.host else None
        row.time_s.append(now_ns / SECOND_NS)
        row.illumination.append(truth.illumination)
        row.soc_truth.append(truth.soc)
        row.soc_sensed.append(self.plant.soc if self.plant else None)
        row.array_w.append(truth.array_power_w)
        row.bus_w.append(truth.bus_power_w)
        row.payload_w.append(truth.payload_power_w)
        row.allowed_w.append(self.envelope.power_w if self.envelope and self.envelope.run else 0.0)
        row.payload_temp_c.append(truth.payload_temp_c)
        row.radiator_temp_c.append(truth.radiator_temp_c)
        row.battery_temp_c.append(truth.battery_temp_c)
        row.array_temp_c.append(truth.array_temp_c)
        row.energy_price.append(self.queue.energy_price if self.queue else 0.0)
        row.queued.append(self.queue.queued if self.queue else 0)
        row.value.append(self.value)
        row.flux_cm2_s.append(truth.flux_cm2_s)
        row.grant_w.append(allocation.mean_w if allocation and now_ns < allocation.until_ns else None)
