"""Whether the books of energy close: jobs, idling and bus against what array and battery gave, over each orbit.

Every term is sensed or metered by itself: what jobs were charged by their meter, what the payload idles on, the rest of
the bus, the array's watts, and the watts that the battery's own monitor counts. Over windows of a minute

    off = | array + battery - jobs - idle - rest of the bus |

and the residual is the sum of `off` over the orbit by the sum of what was used. A monitor that reads a fifth too much
shows in it; what it also holds are a few parts in a thousand of noise and of jobs that straddle a window.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fsw.messages import Plant
from hal.clock import SECOND_NS

WINDOW_NS = 60 * SECOND_NS  # the meter charges a job up to two samples late, which a minute averages out
LONGEST_NS = 5 * SECOND_NS  # between two looks: over a longer gap nothing is known of the draw
ALARM = 0.05  # of what was used


@dataclass(slots=True)
class _Sums:
    """Joules by term."""

    gave: dict[str, float] = field(default_factory=lambda: {"array": 0.0, "battery": 0.0})
    used: dict[str, float] = field(default_factory=lambda: {"jobs": 0.0, "idle": 0.0, "bus": 0.0})

    @property
    def used_j(self) -> float:
        return sum(self.used.values())

    @property
    def off_j(self) -> float:
        return sum(self.gave.values()) - self.used_j


@dataclass(frozen=True, slots=True)
class Balance:
    """An orbit's residual over what was used, and its figures in joules for a person."""

    residual: float
    figures: str


class Closure:
    """Pure: `add` takes every look at the plant; an orbit's balance comes out when it is over."""

    def __init__(self, orbit_s: float) -> None:
        self._orbit_ns = int(orbit_s * SECOND_NS)
        self._window, self._orbit = _Sums(), _Sums()
        self._off_j = 0.0
        self._last_ns: int | None = None
        self._window_ns = self._begun_ns = 0

    def add(self, plant: Plant, idle_w: float, jobs_j: float) -> Balance | None:
        """One look; `jobs_j` is what was charged to jobs since the last one. Unread monitors leave it out."""
        last_ns, self._last_ns = self._last_ns, plant.time_ns
        array_w, battery_w = plant.array_power_w, plant.battery_power_w
        bus_w, payload_w = plant.bus_power_w, plant.payload_power_w
        if last_ns is None:
            self._begun_ns = self._window_ns = plant.time_ns
            return None
        step_ns = plant.time_ns - last_ns
        if array_w is None or battery_w is None or bus_w is None or payload_w is None or step_ns > LONGEST_NS:
            return self._end_orbit(plant.time_ns)
        step_s, window = step_ns / SECOND_NS, self._window
        window.gave["array"] += array_w * step_s
        window.gave["battery"] += battery_w * step_s
        window.used["jobs"] += jobs_j
        window.used["idle"] += min(idle_w, payload_w) * step_s
        window.used["bus"] += (bus_w - payload_w) * step_s
        if plant.time_ns - self._window_ns >= WINDOW_NS:
            self._end_window(plant.time_ns)
        return self._end_orbit(plant.time_ns)

    def _end_window(self, now_ns: int) -> None:
        window, self._window, self._window_ns = self._window, _Sums(), now_ns
        self._off_j += abs(window.off_j)
        for name, joules in window.gave.items():
            self._orbit.gave[name] += joules
        for name, joules in window.used.items():
            self._orbit.used[name] += joules

    def _end_orbit(self, now_ns: int) -> Balance | None:
        if now_ns - self._begun_ns < self._orbit_ns:
            return None
        orbit, off_j = self._orbit, self._off_j
        self._orbit, self._off_j, self._begun_ns = _Sums(), 0.0, now_ns
        if orbit.used_j <= 0.0:
            return None
        figures = " ".join(f"{name} {joules / 1e3:.0f} kJ" for name, joules in {**orbit.gave, **orbit.used}.items())
        return Balance(off_j / orbit.used_j, figures)
