"""The guard's shell: steps the state machine, publishes the envelope, works the actuators, renews the lease."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from fsw.bus.contract import Bus, Policy
from fsw.bus.topics import ENVELOPE, EVENT, HEARTBEAT, HOST, ORDER, PARAMETER, PLANT, RECOVERED, RESULT, TRIP
from fsw.guard.guard import Guard
from fsw.guard.latchup import LatchupWatch
from fsw.messages import Envelope, Event, Heartbeat, HostStatus, Plant, Trip, WorkOrder
from fsw.mission import Mission
from hal.clock import SECOND_NS, OnboardTime
from hal.contract import Confirmation, PowerCap, Switch

HEARTBEAT_STEPS = 10
STOPPED_DUTY = 0.02  # the least that cgroup cpu.max expresses: its quota has a floor of 1 ms in 50


class Lease(Protocol):
    """The holder's end of the worker's lease."""

    def renew(self) -> None:
        """The worker may run for one more lease."""
        ...

    def revoke(self) -> None:
        """The worker stops at once."""
        ...


class GuardService:
    """Stands between the dispatcher and the payload."""

    name = "guard"

    def __init__(
        self,
        bus: Bus,
        mission: Mission,
        time: OnboardTime,
        *,
        rail: Switch | None = None,
        cap: PowerCap | None = None,
        caps: Mapping[str, PowerCap] | None = None,
        lease: Lease | None = None,
    ) -> None:
        self.period_ns = int(mission.control_period_s * SECOND_NS)
        self._bus, self._time = bus, time
        self._rail, self._cap, self._lease = rail, cap, lease
        self._caps: Mapping[str, PowerCap] = caps or {}
        self._asked: dict[str, float] = {}  # of each cap, what it last confirmed
        self._mission = mission
        self._idle_w = mission.payload.idle_w
        self._word_ns = int(mission.guard.envelope_s * SECOND_NS)
        self._lets_run_until_ns = -1
        self._opens_ns: int | None = None
        self._guard = Guard(mission, mission.ephemeris())
        smallest_w = min(setting.watts for setting in mission.payload.settings)
        suspect_s = mission.guard.latchup_s
        watch = LatchupWatch(mission.payload.idle_w, smallest_w, suspect_s)
        self._latchup = watch if mission.guard.enabled else None
        self._plants = bus.subscribe(PLANT, self.name, Policy.LATEST)
        self._hosts = bus.subscribe(HOST, self.name, Policy.LATEST)
        self._orders = bus.subscribe(ORDER, self.name, Policy.DROP_OLDEST, depth=16)
        self._results = bus.subscribe(RESULT, self.name, Policy.DROP_OLDEST, depth=16)
        self._parameters = bus.subscribe(PARAMETER, self.name, Policy.DROP_OLDEST, depth=16)
        self._recovered = bus.subscribe(RECOVERED, self.name, Policy.MUST_DELIVER, depth=4)
        self._plant: Plant | None = None
        self._host: HostStatus | None = None
        self._order: WorkOrder | None = None
        self._throttled = False
        self._rail_wish: bool | None = None  # of the rail's switch, until it is confirmed
        self._steps = 0

    def step(self, now_ns: int) -> None:
        """One look at the plant, one word."""
        self._read(now_ns)
        tai_s = self._time.known_tai_s(now_ns)
        envelope, trip = self._guard.step(now_ns, tai_s, self._plant, self._host, self._order)
        envelope = self._hold_at_start(now_ns, envelope)
        self._lets_run_until_ns = now_ns + self._word_ns if envelope.run and trip is None else -1
        if trip is not None:
            self._stop(now_ns, trip)
        elif envelope.run:
            self._release()
        elif self._lease is not None:
            self._lease.revoke()  # whatever runs, whether its order was heard of or not
        self._watch_latchup(now_ns)
        self._bus.publish(ENVELOPE, self._hold_for_look(envelope))
        self._steps += 1
        if self._steps % HEARTBEAT_STEPS == 1:
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def _hold_at_start(self, now_ns: int, envelope: Envelope) -> Envelope:
        """Nothing runs until every word of a predecessor is void: what it let run is not known here, so it stops."""
        if self._opens_ns is None:
            self._opens_ns = now_ns + self._word_ns
        if now_ns >= self._opens_ns or not envelope.run:
            return envelope
        return replace(envelope, run=False, bound_by="the guard has just started")

    def beat(self, now_ns: int) -> None:
        """Renew the worker's lease, which is shorter than a step, while the last word lets it run and is fresh."""
        if self._lease is not None and now_ns <= self._lets_run_until_ns:
            self._lease.renew()

    def _read(self, now_ns: int) -> None:
        self._plant = self._plants.take() or self._plant
        self._host = self._hosts.take() or self._host
        settings = [setting for recovered in self._recovered.drain() for setting in recovered.settings]
        for parameter in (*settings, *self._parameters.drain()):
            if hasattr(self._guard.tightened, parameter.name):
                setattr(self._guard.tightened, parameter.name, parameter.value)
        for order in self._orders.drain():
            self._order = order
            self._guard.hear(order)
            self._obey_setting(now_ns, order)
        for result in self._results.drain():
            runs = self._order  # the next attempt at a job may be here before the end of the last
            if runs is not None and (result.job_id, result.attempt) == (runs.job_id, runs.attempt):
                self._order = None

    def _obey_setting(self, now_ns: int, order: WorkOrder) -> None:
        """Ask the actuator of the order's power setting for its duty, unless that is what it confirmed last."""
        setting = self._mission.setting(order.setting)
        cap = self._caps.get(setting.cap) if setting is not None else None
        if setting is None or cap is None or self._asked.get(setting.cap) == setting.duty:
            return
        confirmation = cap.set_duty(setting.duty)
        if confirmation.ok:
            self._asked[setting.cap] = setting.duty
        self._confirm(now_ns, confirmation)

    def _stop(self, now_ns: int, trip: Trip) -> None:
        """Stop first: the cap and the lease need no one else; then say so."""
        self._order = None
        self._throttled = True
        self._asked.clear()
        if self._lease is not None:
            self._lease.revoke()
        if self._cap is not None:
            self._confirm(now_ns, self._cap.set_duty(STOPPED_DUTY))
        self._bus.publish(TRIP, trip)
        self._bus.publish(EVENT, Event(time_ns=now_ns, name="guard_trip", values=(trip.limit, trip.value, trip.bound)))

    def _release(self) -> None:
        if self._lease is not None:
            self._lease.renew()
        if self._throttled:
            self._throttled = self._cap is not None and not self._cap.set_duty(1.0).ok

    def _watch_latchup(self, now_ns: int) -> None:
        """Cycle the payload's rail when it draws what nothing explains; a latch-up ends no other way."""
        if self._latchup is None or self._plant is None or self._rail is None:
            return
        power_w = self._plant.payload_power_w
        running_w = None if self._order is None else self._guard.declared_w(self._order)
        wish = self._latchup.step(now_ns, power_w, running_w)
        if wish is False:
            excess_w = (power_w or 0.0) - self._idle_w
            values = ("payload_rail", excess_w)
            self._bus.publish(EVENT, Event(time_ns=now_ns, name="latchup_suspected", values=values))
        if wish is not None or self._rail_wish is not None:
            self._switch_rail(now_ns, wish, self._rail, self._latchup)

    def _switch_rail(self, now_ns: int, wish: bool | None, rail: Switch, watch: LatchupWatch) -> None:
        """Ask the switch until it has done as asked; a refusal is told once a wish."""
        asked = self._rail_wish if wish is None else wish
        confirmation = rail.set(bool(asked))
        self._rail_wish = None if confirmation.ok else asked
        if not confirmation.ok and not asked:
            watch.not_off(now_ns)
        if wish is not None:
            self._confirm(now_ns, confirmation)

    def _hold_for_look(self, envelope: Envelope) -> Envelope:
        """Nothing new starts while the rail is to be seen idle; what runs goes on."""
        if self._latchup is None or self._rail is None or not self._latchup.wants_look:
            return envelope
        return replace(envelope, power_w=0.0, burst_w=0.0, bound_by="an odd draw on the rail")

    def _confirm(self, now_ns: int, confirmation: Confirmation) -> None:
        """Report an actuator that did not do as asked."""
        if not confirmation.ok:
            confirmed = math.nan if confirmation.confirmed is None else confirmation.confirmed
            values = (confirmation.actuator, confirmation.requested, confirmed)
            self._bus.publish(EVENT, Event(time_ns=now_ns, name="actuator_refused", values=values))
