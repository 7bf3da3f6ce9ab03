"""What hangs on the bus: two rails with their converters, named loads that are shed in stages, and who has power.

The avionics' rail carries the sensors and is lost last; the payload's rail is that of the payload computer. A load is
shed at its own thresholds of charge or bus voltage, and earlier, lowest stage first, when array and battery cannot
carry everything. All figures of converters are engineering values of whoever writes the scenario.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from hal.constants import ZERO_CELSIUS_K

AVIONICS, PAYLOAD = "avionics", "payload"
RAILS = (AVIONICS, PAYLOAD)
NODES = ("battery", "structure")  # of the heat network, that a named load may warm
EVENT_LIMIT = 4096  # kept; a flight of weeks that sheds every orbit has fewer
THERMOSTAT_K = 2.0  # between on and off


class Supply(Protocol):
    """Power to a rail: whether it is there, and how often it has come back."""

    @property
    def is_powered(self) -> bool: ...
    @property
    def power_cycles(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerEvent:
    """A load was shed or restored, a rail was lost or returned; `because` is for a person."""

    time_ns: int
    kind: str  # shed, restored, lost, returned
    subject: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConverterConfig:
    """A converter's loss as a curve of what it gives: fixed + proportional P + quadratic P^2 in watts."""

    fixed_w: float = 0.0
    proportional: float = 0.0
    quadratic_per_w: float = 0.0

    def __post_init__(self) -> None:
        if min(self.fixed_w, self.proportional, self.quadratic_per_w) < 0.0:
            raise ValueError("fixed_w, proportional and quadratic_per_w must not be negative")

    def loss_w(self, output_w: float) -> float:
        """What turns into heat while the converter gives `output_w`."""
        return self.fixed_w + (self.proportional + self.quadratic_per_w * output_w) * output_w


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadConfig:
    """A named load of constant watts on the bus. The name `payload` stands for the payload's rail (0 W here).

    Shed below `shed_soc` or `shed_v` (0: never), restored above both `restore_soc` and `restore_v`; in want of power
    the lowest `stage` goes first. With `keep_above_c` it is a heater that draws while its node is colder.
    """

    name: str
    watts: float = 0.0
    node: str = "structure"
    stage: int = 1
    shed_soc: float = 0.0
    restore_soc: float = 0.0
    shed_v: float = 0.0
    restore_v: float = 0.0
    keep_above_c: float | None = None

    def __post_init__(self) -> None:
        if self.name == AVIONICS or self.node not in NODES:
            raise ValueError(f"{AVIONICS} must not be shed and node must be one of {', '.join(NODES)}")
        if self.watts < 0.0 or (self.name == PAYLOAD and self.watts > 0.0):
            raise ValueError(f"{self.name}: watts must not be negative, and must be 0 for the payload's rail")
        for low, high in ((self.shed_soc, self.restore_soc), (self.shed_v, self.restore_v)):
            if low > 0.0 and not high > low:
                raise ValueError(f"{self.name}: what restores it must be above what sheds it")


class Rail:
    """A rail without a computer on it."""

    __slots__ = ("is_powered", "power_cycles")

    def __init__(self) -> None:
        self.is_powered, self.power_cycles = True, 0

    def switch(self, on: bool) -> None:
        """The source comes or goes."""
        self.power_cycles += on and not self.is_powered
        self.is_powered = on


class _Load:
    """A named load at work."""

    __slots__ = ("config", "draw_w", "is_shed", "is_warm")

    def __init__(self, config: LoadConfig) -> None:
        self.config = config
        self.is_shed = self.is_warm = False
        self.draw_w = config.watts

    def falls(self, soc: float, bus_v: float) -> bool:
        return soc < self.config.shed_soc or bus_v < self.config.shed_v

    def recovers(self, soc: float, bus_v: float) -> bool:
        return soc > self.config.restore_soc and bus_v > self.config.restore_v

    def settle(self, node_k: float) -> None:
        """What it draws in the next step."""
        keep_c = self.config.keep_above_c
        if keep_c is not None:
            excess_k = node_k - ZERO_CELSIUS_K - keep_c
            self.is_warm = excess_k > 0.0 if not self.is_warm else excess_k > -THERMOSTAT_K
        self.draw_w = 0.0 if self.is_shed or self.is_warm else self.config.watts


class Rails:
    """Loads besides the payload computer, and losses on the way. `demand_w` says what they need and where it warms."""

    def __init__(
        self,
        avionics_w: float,
        avionics_converter: ConverterConfig | None,
        payload_converter: ConverterConfig | None,
        loads: tuple[LoadConfig, ...],
    ) -> None:
        names = [load.name for load in loads]
        self._avionics_w = avionics_w
        if avionics_converter is not None:
            self._avionics_w += avionics_converter.loss_w(avionics_w)
        self._payload_converter = payload_converter
        rest = (
            () if PAYLOAD in names else (LoadConfig(name=PAYLOAD, stage=max([1, *(row.stage for row in loads)]) + 1),)
        )
        self._loads = tuple(_Load(row) for row in sorted((*loads, *rest), key=lambda row: row.stage))
        self._named = tuple(load for load in self._loads if load.config.name != PAYLOAD)
        self.avionics = Rail()
        self.is_plain = not loads and payload_converter is None
        self.avionics_w = self.structure_w = self._avionics_w
        self.battery_w = 0.0
        self.events: deque[PowerEvent] = deque(maxlen=EVENT_LIMIT)

    def demand_w(self, payload_w: float, payload_on: bool, battery_k: float, structure_k: float) -> float:
        """Everything that draws in the next step, payload included; `battery_w` and `structure_w` warm those nodes."""
        if not self.avionics.is_powered:
            self.battery_w = self.structure_w = 0.0
            return 0.0
        self.battery_w, self.structure_w = 0.0, self._avionics_w
        if payload_on and self._payload_converter is not None:
            self.structure_w += self._payload_converter.loss_w(payload_w)
        for load in self._named:
            in_battery = load.config.node == "battery"
            load.settle(battery_k if in_battery else structure_k)
            if in_battery:
                self.battery_w += load.draw_w
            else:
                self.structure_w += load.draw_w
        return payload_w + self.structure_w + self.battery_w  # what is lost on the way warms the structure too

    def is_shed(self, name: str) -> bool:
        """Whether a load is shed; raises KeyError for a name that is none."""
        return {load.config.name: load.is_shed for load in self._loads}[name]

    def shed_low(self, soc: float, bus_v: float, time_ns: int) -> bool:
        """Shed what is under its own thresholds; whether there was any."""
        falling = [load for load in self._loads if not load.is_shed and load.falls(soc, bus_v)]
        for load in falling:
            self._shed(load, time_ns, f"charge {soc:.3f}, bus {bus_v:.2f} V")
        return bool(falling)

    def restore(self, soc: float, bus_v: float, time_ns: int) -> bool:
        """Feed again what is above its own thresholds; whether everything is fed."""
        waiting = [load for load in self._loads if load.is_shed]
        for load in waiting:
            if load.recovers(soc, bus_v):
                load.is_shed = False
                self.note(time_ns, "restored", load.config.name, f"charge {soc:.3f}, bus {bus_v:.2f} V")
        return not any(load.is_shed for load in waiting)

    def shed_stage(self, time_ns: int) -> bool:
        """Shed the lowest stage still fed, for want of power; False when nothing is left but the avionics."""
        fed = [load for load in self._loads if not load.is_shed]
        for load in fed:
            if load.config.stage == fed[0].config.stage:
                self._shed(load, time_ns, "array and battery cannot carry all")
        return bool(fed)

    def lose_avionics(self, time_ns: int) -> None:
        """The last rail goes."""
        self.avionics.switch(False)
        self.avionics_w = self.structure_w = 0.0
        self.note(time_ns, "lost", AVIONICS, "array and battery cannot carry it")

    def return_avionics(self, time_ns: int) -> None:
        """The last rail comes back, everything on it in its power-on state."""
        self.avionics.switch(True)
        self.avionics_w = self.structure_w = self._avionics_w
        self.note(time_ns, "returned", AVIONICS, "the battery has recovered")

    def note(self, time_ns: int, kind: str, subject: str, because: str) -> None:
        """Put an event on the list."""
        self.events.append(PowerEvent(time_ns=time_ns, kind=kind, subject=subject, because=because))

    def _shed(self, load: _Load, time_ns: int, because: str) -> None:
        load.is_shed = True
        self.note(time_ns, "shed", load.config.name, because)
