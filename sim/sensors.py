"""What stands between the truth and a sensor's own digits: bias, noise and latency, as a scenario declares them.

The chips of `sim.devices` add their own errors (offset, noise, quantisation) as their datasheets have them; this comes
before, for a sensor that is mounted badly, filtered, or read late.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from hal.clock import SECOND_NS
from sim import draws

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
HISTORY_LIMIT = 4096  # readings kept by a late sensor


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorConfig:
    """A sensor in the unit that it measures (a power monitor: amperes): `noise` is one standard deviation.

    `latency_s` is how old the truth is that it reports; between two reads the truth counts as linear.
    """

    bias: float = 0.0
    noise: float = 0.0
    latency_s: float = 0.0

    def __post_init__(self) -> None:
        if self.noise < 0.0 or not 0.0 <= self.latency_s <= 3600.0:
            raise ValueError("noise must not be negative and latency_s must be in 0..3600")


class History:
    """Readings with their times: what was read at a time, linear between reads and constant before the first."""

    __slots__ = ("_past",)

    def __init__(self) -> None:
        self._past: deque[tuple[int, float]] = deque(maxlen=HISTORY_LIMIT)

    def add(self, time_ns: int, value: float) -> None:
        """A reading; a second one at the same time does not count."""
        if not self._past or self._past[-1][0] < time_ns:
            self._past.append((time_ns, value))

    def at(self, time_ns: int) -> float:
        """The value at a time; what lies before it is forgotten. Only after `add`."""
        past = self._past
        while len(past) > 1 and past[1][0] <= time_ns:
            past.popleft()
        (from_ns, first), (to_ns, second) = past[0], past[min(1, len(past) - 1)]
        if time_ns <= from_ns or to_ns == from_ns:
            return first
        return first + (second - first) * (time_ns - from_ns) / (to_ns - from_ns)


class SensorModel:
    """One configured sensor."""

    __slots__ = ("_config", "_draws", "_history", "_latency_ns", "_number")

    def __init__(self, config: SensorConfig, stream: int) -> None:
        self._config, self._draws, self._number = config, stream, 0
        self._latency_ns = round(config.latency_s * SECOND_NS)
        self._history = History()

    def apply(self, value: float, time_ns: int) -> float:
        """What the sensor makes of the truth at `time_ns`."""
        config = self._config
        if self._latency_ns:
            self._history.add(time_ns, value)
            value = self._history.at(time_ns - self._latency_ns)
        value += config.bias
        if config.noise:
            self._number += 1
            value += config.noise * draws.gauss(self._draws, self._number)
        return value
