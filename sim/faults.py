"""Faults: timed and seeded, at the devices (what a sensor says) and in the world (what happens to the payload)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from hal.clock import SECOND_NS, OnboardTime, TimeQuality
from hal.errors import PortError
from hal.reading import Reason
from sim import draws
from sim.rails import Supply
from sim.sensors import HISTORY_LIMIT, SENSORS, SensorModel
from sim.world import World

SENSOR_KINDS = ("stuck", "noisy", "offset", "factor", "missing", "silent", "late")
WORLD_KINDS = (
    "hang",
    "brown_out",
    "latch_up",
    "upsets",
    "tilt",
    "pump",
    "off_pointing",
    "uncapped",
    "killed",
    "restart",
)
ACTUATOR_KINDS = ("deaf", "sluggish")
ACTUATORS = ("rail", "duty")
TIME_KINDS = ("clock_step", "no_time")
KINDS = SENSOR_KINDS + WORLD_KINDS + ACTUATOR_KINDS + TIME_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. At a sensor (`target`), for `duration_s` (0: to the end), in the unit that it measures:

    stuck: says its first value; noisy: adds noise of standard deviation `value`; offset: adds `value`; factor:
    multiplies by `value`; missing: does not answer; silent: does not answer in time; late: says what was true `value`
    seconds ago. A power monitor's fault acts on its current in amperes.

    In the world: hang: the running task never ends; brown_out: the payload loses power for `duration_s`; latch_up:
    `value` watts more until the rail is cycled; upsets: `value` memory errors at once (target corrected, uncorrected);
    tilt: the radiator is turned by `value` in the cosine of its angle to the Sun, for `duration_s`; pump: of the liquid
    loop's pumps the share `value` goes on turning (0.5: one of two has failed), for `duration_s` or to the end;
    off_pointing: the array is turned away and gets the share `value` of its light, for `duration_s`; uncapped: the
    computer keeps to no power cap and every task draws `value` watts at least, for `duration_s` or to the end; killed:
    the running task is gone; restart: the payload computer boots anew.

    At an actuator (`target` rail, the switch, or duty, the cap), for `duration_s` or to the end: deaf: it does nothing
    that it is told; sluggish: it does it `value` seconds later. What is read back is what it has done.

    In the flight computer: clock_step: its time jumps by `value` seconds; no_time: nobody has told it the time, for
    `duration_s` or to the end.
    """

    at_s: float
    kind: str
    target: str = ""
    duration_s: float = 0.0
    value: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(KINDS)}")
        if self.kind in ACTUATOR_KINDS and self.target not in ACTUATORS:
            raise ValueError(f"{self.kind}: no actuator {self.target!r}; there are {', '.join(ACTUATORS)}")
        if self.kind in SENSOR_KINDS and self.target not in SENSORS:
            raise ValueError(f"{self.kind}: no sensor {self.target!r}; there are {', '.join(SENSORS)}")
        if self.kind == "upsets" and self.target not in ("corrected", "uncorrected"):
            raise ValueError(f"upsets: target must be corrected or uncorrected, is {self.target!r}")
        if self.kind in ("brown_out", "tilt", "off_pointing") and self.duration_s <= 0.0:
            raise ValueError(f"{self.kind}: duration_s must be positive")
        if self.kind == "tilt" and not -1.0 <= self.value <= 1.0:
            raise ValueError(f"tilt: value must be in -1..1, is {self.value}")
        if self.kind in ("pump", "off_pointing") and not 0.0 <= self.value <= 1.0:
            raise ValueError(f"{self.kind}: value must be in 0..1, is {self.value}")
        if self.at_s < 0.0 or self.duration_s < 0.0:
            raise ValueError("at_s and duration_s must not be negative")


class _Struck:
    """A sensor fault at work."""

    __slots__ = ("_draws", "_number", "_past", "_stuck", "fault")

    def __init__(self, fault: Fault, stream: int) -> None:
        self.fault = fault
        self._draws, self._number = stream, 0
        self._stuck: float | None = None
        self._past: deque[tuple[int, float]] = deque(maxlen=HISTORY_LIMIT)

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


class _Path:
    """What lies between the truth and a sensor's digits: its own model, then a fault; either may be missing."""

    __slots__ = ("model", "struck")

    def __init__(self, model: SensorModel | None, struck: _Struck | None = None) -> None:
        self.model, self.struck = model, struck

    def apply(self, value: float, time_ns: int) -> float:
        if self.model is not None:
            value = self.model.apply(value, time_ns)
        return value if self.struck is None else self.struck.apply(value, time_ns)


class Faults:
    """Sensor models and the faults of a flight, scheduled on a world.

    `active` holds the sensors that show anything but the truth; it is empty while every sensor is well and plain.
    """

    def __init__(self, faults: tuple[Fault, ...], world: World) -> None:
        self._world = world
        self._time: OnboardTime | None = None
        self._stepped_ns = 0
        self._has_time = True
        self.active: dict[str, _Path] = {
            name: _Path(SensorModel(config, draws.key(world.seed, f"sensors/{name}")))
            for name, config in world.config.sensors.items()
        }
        self.struck = 0
        self._unruly: dict[str, Fault] = {}  # actuators, by name
        self._free_ns: dict[str, int] = {}  # of each, when all that it was told is done
        for number, fault in enumerate(faults):
            if fault.kind == "pump" and world.heat.loop is None:
                raise ValueError("pump: this spacecraft must have a liquid loop for its pumps to fail")
            world.schedule(round(fault.at_s * SECOND_NS), partial(self._begin, fault, number))

    def answer(self, target: str) -> None:
        """Raises PortError where sensor `target` does not answer at all."""
        path = self.active.get(target)
        if path is not None and path.struck is not None:
            path.struck.answer()

    def apply(self, target: str, value: float) -> float:
        """What sensor `target` makes of a value. Raises PortError where it does not answer."""
        path = self.active.get(target)
        return value if path is None else path.apply(value, self._world.now_ns)

    def obey(self, target: str, action: Callable[[], None]) -> None:
        """Have actuator `target` do what it was told: now, late and in order, or not at all."""
        fault, now_ns = self._unruly.get(target), self._world.now_ns
        if fault is not None and fault.kind == "deaf":
            return
        late_ns = 0 if fault is None else round(fault.value * SECOND_NS)
        at_ns = self._free_ns[target] = max(now_ns + late_ns, self._free_ns.get(target, 0))
        if at_ns <= now_ns:
            action()
        else:
            self._world.schedule(at_ns, action)

    def disturb(self, time: OnboardTime) -> None:
        """Have the faults of time act on `time`, a flight computer's, from now on and for what has already happened."""
        self._time = time
        self._shift_time(self._stepped_ns)

    def supply(self, target: str) -> Supply:
        """The power on which sensor `target` lives."""
        return self._world.supply_of(target)

    def _begin(self, fault: Fault, number: int) -> None:
        self.struck += 1
        if fault.kind in SENSOR_KINDS:
            self._begin_at_sensor(fault, number)
        elif fault.kind in ACTUATOR_KINDS:
            self._begin_at_actuator(fault)
        elif fault.kind == "killed":
            self._world.computer.stop(self._world.now_ns)
        elif fault.kind == "restart":
            self._world.computer.reset(self._world.now_ns)
        elif fault.kind == "hang":
            self._world.computer.hang(self._world.now_ns)
        elif fault.kind == "brown_out":
            self._world.brown_out(fault.duration_s)
        elif fault.kind == "latch_up":
            self._world.computer.latch_up(fault.value, self._world.now_ns)
        elif fault.kind == "tilt":
            self._tilt(fault)
        elif fault.kind == "pump":
            self._slow_pump(fault)
        elif fault.kind == "off_pointing":
            self._turn_array(fault)
        elif fault.kind == "uncapped":
            self._uncap(fault)
        elif fault.kind == "clock_step":
            self._stepped_ns += round(fault.value * SECOND_NS)
            self._shift_time(round(fault.value * SECOND_NS))
        elif fault.kind == "no_time":
            self._lose_time(fault)
        else:
            self._world.radiation.strike(fault.target, round(fault.value))

    def _tilt(self, fault: Fault) -> None:
        heat, end_ns = self._world.heat, self._world.now_ns + round(fault.duration_s * SECOND_NS)
        heat.turn_radiator(fault.value)
        self._world.schedule(end_ns, lambda: heat.turn_radiator(-fault.value))

    def _slow_pump(self, fault: Fault) -> None:
        heat = self._world.heat
        heat.set_pump(share=fault.value)
        if fault.duration_s > 0.0:
            end_ns = self._world.now_ns + round(fault.duration_s * SECOND_NS)
            self._world.schedule(end_ns, lambda: heat.set_pump(share=1.0))

    def _turn_array(self, fault: Fault) -> None:
        world = self._world
        world.array_share = fault.value
        world.schedule(world.now_ns + round(fault.duration_s * SECOND_NS), partial(setattr, world, "array_share", 1.0))

    def _uncap(self, fault: Fault) -> None:
        world = self._world
        world.computer.ignore_caps(fault.value, world.now_ns)
        if fault.duration_s > 0.0:
            end_ns = world.now_ns + round(fault.duration_s * SECOND_NS)
            world.schedule(end_ns, lambda: world.computer.ignore_caps(0.0, world.now_ns))

    def _lose_time(self, fault: Fault) -> None:
        self._has_time = False
        self._shift_time(0)
        if fault.duration_s > 0.0:
            self._world.schedule(self._world.now_ns + round(fault.duration_s * SECOND_NS), self._find_time)

    def _find_time(self) -> None:
        self._has_time = True
        self._shift_time(0)

    def _shift_time(self, by_ns: int) -> None:
        if self._time is not None:
            quality = TimeQuality.SYNCHRONISED if self._has_time else TimeQuality.UNKNOWN
            self._time.set(self._time.tai_at_zero_ns + by_ns, quality, "a fault")

    def _begin_at_sensor(self, fault: Fault, number: int) -> None:
        struck = _Struck(fault, draws.key(self._world.seed, f"faults/{number}"))
        self.active.setdefault(fault.target, _Path(None)).struck = struck
        if fault.duration_s > 0.0:
            end_ns = self._world.now_ns + round(fault.duration_s * SECOND_NS)
            self._world.schedule(end_ns, lambda: self._end(struck))

    def _begin_at_actuator(self, fault: Fault) -> None:
        self._unruly[fault.target] = fault
        if fault.duration_s > 0.0:
            end_ns = self._world.now_ns + round(fault.duration_s * SECOND_NS)
            self._world.schedule(end_ns, lambda: self._tame(fault))

    def _tame(self, fault: Fault) -> None:
        if self._unruly.get(fault.target) is fault:
            del self._unruly[fault.target]

    def _end(self, struck: _Struck) -> None:
        """The fault is over, unless another has taken its place; a sensor that is plain again leaves the list."""
        target = struck.fault.target
        path = self.active.get(target)
        if path is not None and path.struck is struck:
            path.struck = None
            if path.model is None:
                del self.active[target]
