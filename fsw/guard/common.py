"""What all bounds of the guard share: a look at the spacecraft, the attempt that runs, what the ground tightens."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fsw.guard.bounds import Heat, heat_room
from fsw.messages import Envelope, HostStatus, Plant, WorkOrder
from fsw.mission import Mission
from hal.clock import SECOND_NS

Broken = tuple[str, float, float]  # limit, value, bound
Key = tuple[int, int]  # job and attempt


@dataclass(slots=True)
class Tightened:
    """Bounds that the ground may tighten further by parameter; names as in the dictionary."""

    payload_power_limit_w: float = math.inf
    energy_reserve_j: float = 0.0
    temp_margin_c: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """What is known at one moment. `tai_s` is None where the time is not known, `order` what runs."""

    now_ns: int
    tai_s: float | None
    plant: Plant
    host: HostStatus | None
    order: WorkOrder | None

    @property
    def now_s(self) -> float:
        """Monotonic seconds."""
        return self.now_ns / SECOND_NS


class Running:
    """The attempt that runs, counted from when the guard first saw it; and what the rail may draw for it and for those
    just before, by what the mission declares of their settings. What was learnt of them explains nothing here: an odd
    draw beside one job after another is learnt as theirs."""

    def __init__(self, mission: Mission) -> None:
        self._margin = 1.0 + mission.guard.draw_margin
        self._worst_s = {
            row.name: self._margin if row.recallable else max(self._margin, mission.guard.overrun)
            for row in mission.payload.settings
        }
        self._idle_w = mission.payload.idle_w
        self._declared_w = {row.name: row.watts for row in mission.payload.settings}
        self._key: Key | None = None
        self._since_ns = 0
        self._explained_w = self._before_w = self._heard_w = 0.0

    def hear(self, order: WorkOrder) -> None:
        """An order, however short: it may be over before the guard's next step."""
        self._heard_w = max(self._heard_w, self.declared_w(order))

    def see(self, now_ns: int, order: WorkOrder | None) -> None:
        """Take note of what runs. A sample is of the last second, and may be a second old."""
        key = None if order is None else (order.job_id, order.attempt)
        if key != self._key:
            self._key, self._since_ns = key, now_ns
        runs_w = 0.0 if order is None else self.declared_w(order)
        heard_w = max(self._heard_w, runs_w)
        self._explained_w, self._before_w, self._heard_w = max(heard_w, self._before_w), heard_w, runs_w

    def declared_w(self, order: WorkOrder) -> float:
        """Watts above idle that an order may draw, by its setting."""
        return self._margin * self._declared_w.get(order.setting, order.predicted_w)

    def unexplained_w(self, plant: Plant) -> float:
        """Watts on the payload's rail that neither idling nor any order of late explains: a latch-up as it begins."""
        drawn_w = plant.payload_power_w
        return 0.0 if drawn_w is None else max(0.0, drawn_w - self._idle_w - self._explained_w)

    def ran_s(self, now_ns: int) -> float:
        """Seconds since it was first seen."""
        return (now_ns - self._since_ns) / SECOND_NS

    def left_s(self, now_ns: int, order: WorkOrder | None) -> float:
        """Seconds that it may still take: longer than predicted by the margin, or by what it cannot be recalled for."""
        if order is None:
            return 0.0
        return max(0.0, order.predicted_s * self._worst_s.get(order.setting, self._margin) - self.ran_s(now_ns))

    def left_j(self, now_ns: int, order: WorkOrder | None) -> float:
        """Joules above idle that it may still draw."""
        return 0.0 if order is None else order.predicted_w * self.left_s(now_ns, order)


def heat_now(mission: Mission, tightened: Tightened, plant: Plant, is_sunny: bool, odd_w: float = 0.0) -> Heat:
    """The payload's room below its ceiling less all margins, `odd_w` being drawn beside what is ordered."""
    payload = mission.payload
    surroundings_w = odd_w + (payload.environment_sun_w if is_sunny else payload.environment_dark_w)
    ceiling_c = mission.limits.payload_temp_c - mission.guard.temp_margin_k - tightened.temp_margin_c
    return heat_room(payload, ceiling_c, plant.worst_payload_temp_c, plant.radiator_temp_c, surroundings_w)


def open_envelope(now_ns: int, power_w: float, energy_j: float, seconds: float, heat: Heat, margin: float) -> Envelope:
    """The word that work may run, every room divided by `margin`."""
    power_w, energy_j, seconds = power_w / margin, energy_j / margin, seconds / margin
    room_j = tuple(max(0.0, room) / margin for room in heat.room_j)
    tightest = min(
        (energy_j, "energy to sunrise" if seconds == math.inf else "allocation"),
        (max(room_j, default=0.0), "payload temperature"),
        (power_w * 600.0, "power"),
    )
    return Envelope(
        time_ns=now_ns,
        run=True,
        power_w=power_w,
        energy_j=energy_j,
        seconds=seconds,
        heat_j=room_j,
        cooling_w=heat.cooling_w / margin,
        bound_by=tightest[1],
    )


def closed_envelope(now_ns: int, settings: int, because: str) -> Envelope:
    """The word that nothing may run."""
    return Envelope(
        time_ns=now_ns,
        run=False,
        power_w=0.0,
        energy_j=0.0,
        seconds=0.0,
        heat_j=(0.0,) * settings,
        cooling_w=0.0,
        bound_by=because,
    )


def unbounded_envelope(now_ns: int, settings: int) -> Envelope:
    """The word of a guard that is switched off: only for showing what it is for."""
    inf = math.inf
    return Envelope(
        time_ns=now_ns,
        run=True,
        power_w=inf,
        energy_j=inf,
        seconds=inf,
        heat_j=(inf,) * settings,
        cooling_w=0.0,
        bound_by="guard off",
    )
