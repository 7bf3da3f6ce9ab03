"""Faults: timed and seeded, at the devices (what a sensor says) and in the world (what happens to the payload)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial

from hal.clock import SECOND_NS
from hal.errors import PortError
from hal.reading import Reason
from sim import draws
from sim.world import World

SENSORS = (
    "array_power",
    "battery_power",
    "payload_power",
    "bus_power",
    "payload_temp",
    "battery_temp",
    "radiator_temp",
    "dosimeter",
    "die_temp",
    "memory_errors",
)
SENSOR_KINDS = ("stuck", "noisy", "offset", "factor", "missing", "silent", "late")
WORLD_KINDS = ("hang", "brown_out", "latch_up", "upsets", "tilt")
LATE_LIMIT = 4096  # readings kept by a late sensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. At a sensor (`target`), for `duration_s` (0: to the end), in the unit that it measures:

    stuck: says its first value; noisy: adds noise of standard deviation `value`; offset: adds `value`; factor:
    multiplies by `value`; missing: does not answer; silent: does not answer in time; late: says what was true `value`
    seconds ago. A power monitor's fault acts on its current in amperes.

    In the world: hang: the running task never ends; brown_out: the payload loses power for `duration_s`; latch_up:
    `value` watts more until the rail is cycled; upsets: `value` memory errors at once (target corrected, uncorrected);
    tilt: the radiator is turned by `value` in the cosine of its angle to the Sun, for `duration_s`.
    """

    at_s: float
    kind: str
    target: str = ""
    duration_s: float = 0.0
    value: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in SENSOR_KINDS + WORLD_KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(SENSOR_KINDS + WORLD_KINDS)}")
        if self.kind in SENSOR_KINDS and self.target not in SENSORS:
            raise ValueError(f"{self.kind}: no sensor {self.target!r}; there are {', '.join(SENSORS)}")
        if self.kind == "upsets" and self.target not in ("corrected", "uncorrected"):
            raise ValueError(f"upsets: target must be corrected or uncorrected, is {self.target!r}")
        if self.kind in ("brown_out", "tilt") and self.duration_s <= 0.0:
            raise ValueError(f"{self.kind}: duration_s must be positive")
        if self.kind == "tilt" and not -1.0 <= self.value <= 1.0:
            raise ValueError(f"tilt: value must be in -1..1, is {self.value}")
        if self.at_s < 0.0 or self.duration_s < 0.0:
            raise ValueError("at_s and duration_s must not be negative")


class _Active:
    """A sensor fault at work."""

    __slots__ = ("_draws", "_number", "_past", "_stuck", "fault")

    def __init__(self, fault: Fault, stream: int) -> None:
        self.fault = fault
        self._draws, self._number = stream, 0
        self._stuck: float | None = None
        self._past: deque[tuple[int, float]] = deque(maxlen=LATE_LIMIT)

    def answer(self) -> None:
        if self.fault.kind == "missing":
            raise PortError(Reason.BUS, f"{self.fault.target} does not acknowledge")
        if self.fault.kind == "silent":
            raise PortError(Reason.TIMEOUT, f"{self.fault.target} holds the bus")

    def apply(self, value: float, time_ns: int) -> float:
        fault = self.fault
        self.answer()
        if fault.kind == "stuck":
            self._stuck = value if self._stuck is None else self._stuck
            return self._stuck
        if fault.kind == "noisy":
            self._number += 1
            return value + fault.value * draws.gauss(self._draws, self._number)
        if fault.kind == "late":
            return self._late(value, time_ns)
        return value + fault.value if fault.kind == "offset" else value * fault.value

    def _late(self, value: float, time_ns: int) -> float:
        past = self._past
        past.append((time_ns, value))
        seen_ns = time_ns - round(self.fault.value * SECOND_NS)
        while len(past) > 1 and past[1][0] <= seen_ns:
            past.popleft()
        return past[0][1]


class Faults:
    """The faults of a flight, scheduled on a world. `active` is empty while every sensor is well."""

    def __init__(self, faults: tuple[Fault, ...], world: World) -> None:
        self._world = world
        self.active: dict[str, _Active] = {}
        self.struck = 0
        for number, fault in enumerate(faults):
            world.schedule(round(fault.at_s * SECOND_NS), partial(self._begin, fault, number))

    def answer(self, target: str) -> None:
        """Raises PortError where sensor `target` does not answer at all."""
        active = self.active.get(target)
        if active is not None:
            active.answer()

    def apply(self, target: str, value: float) -> float:
        """What sensor `target` makes of a value. Raises PortError where it does not answer."""
        active = self.active.get(target)
        return value if active is None else active.apply(value, self._world.now_ns)

    def _begin(self, fault: Fault, number: int) -> None:
        self.struck += 1
        if fault.kind in SENSOR_KINDS:
            self._begin_at_sensor(fault, number)
        elif fault.kind == "hang":
            self._world.computer.hang(self._world.now_ns)
        elif fault.kind == "brown_out":
            self._world.brown_out(fault.duration_s)
        elif fault.kind == "latch_up":
            self._world.computer.latch_up(fault.value, self._world.now_ns)
        elif fault.kind == "tilt":
            self._tilt(fault)
        else:
            self._world.radiation.strike(fault.target, round(fault.value))

    def _tilt(self, fault: Fault) -> None:
        heat, end_ns = self._world.heat, self._world.now_ns + round(fault.duration_s * SECOND_NS)
        heat.turn_radiator(fault.value)
        self._world.schedule(end_ns, lambda: heat.turn_radiator(-fault.value))

    def _begin_at_sensor(self, fault: Fault, number: int) -> None:
        active = _Active(fault, draws.key(self._world.seed, f"faults/{number}"))
        self.active[fault.target] = active
        if fault.duration_s > 0.0:
            end_ns = self._world.now_ns + round(fault.duration_s * SECOND_NS)
            self._world.schedule(end_ns, lambda: self._end(active))

    def _end(self, active: _Active) -> None:
        if self.active.get(active.fault.target) is active:
            del self.active[active.fault.target]
