"""On-board time against the ground's: offset and drift of the spacecraft's clock, from its time packets. Pure.

Every packet is late by the way that it took and never early, so the line is laid through the packets that came
quickest. A jump of the on-board clock begins a new line: no fit may smooth over it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hal.clock import SECOND_NS
from tools.ground.clock import utc_of_tai_ns

QUICKEST = 0.5  # of the packets: half of them met no queue on a link that is not full
JUMP_S = 0.5  # more than any queue of a healthy link between two time packets; jumps of a clock are whole seconds
KEPT = 4096  # packets: a day at one every 20 s
FEWEST = 3  # two always lie on a line
DRIFT_SPAN_S = 30.0  # below that the jitter of the packets is taken for drift


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """`offset_s` is to be added to on-board time (as UTC) to have the ground's, at the last packet.

    `drift_ppm` is None where the packets lie too close together; `sigma_s` is how far those used lie from the line.
    """

    at_utc_ns: int
    offset_s: float
    drift_ppm: float | None
    sigma_s: float
    packets: int
    jumps: int


class Correlation:
    """Takes time packets as they come; `delay_s` is how long the way from antenna to tool takes at least.

    `jumps` counts those of the on-board clock.
    """

    def __init__(self, delay_s: float = 0.0) -> None:
        self._delay_s = delay_s
        self._points: list[tuple[int, float]] = []  # on-board UTC, and what the ground's clock is ahead of it
        self.jumps = 0

    def add(self, onboard_tai_ns: int, received_utc_ns: int) -> None:
        """One time packet."""
        onboard_ns = utc_of_tai_ns(onboard_tai_ns)
        ahead_s = (received_utc_ns - onboard_ns) / SECOND_NS - self._delay_s
        if self._points and abs(ahead_s - self._points[-1][1]) > JUMP_S:
            self.jumps += 1
            self._points.clear()
        self._points.append((onboard_ns, ahead_s))
        del self._points[:-KEPT]

    def estimate(self) -> Estimate | None:
        """The line as known now; None before there are packets enough."""
        if len(self._points) < FEWEST:
            return None
        last_ns = self._points[-1][0]
        points = [((onboard_ns - last_ns) / SECOND_NS, ahead_s) for onboard_ns, ahead_s in self._points]
        is_long = points[-1][0] - points[0][0] >= DRIFT_SPAN_S
        slope = 0.0
        for _round in range(3 if is_long else 1):  # the quickest ones are known once the slope is, and the other way
            used = _quickest(points, slope)
            slope = _slope(used) if is_long else 0.0
        offset_s = math.fsum(ahead - slope * at for at, ahead in used) / len(used)
        rest = math.fsum((ahead - slope * at - offset_s) ** 2 for at, ahead in used) / len(used)
        return Estimate(
            at_utc_ns=last_ns,
            offset_s=offset_s,
            drift_ppm=slope * 1e6 if is_long else None,
            sigma_s=math.sqrt(rest),
            packets=len(points),
            jumps=self.jumps,
        )


def _quickest(points: list[tuple[float, float]], slope: float) -> list[tuple[float, float]]:
    """Those that lie lowest over a line of that slope, of each third of the time, so that the ends stay."""
    parts = 3 if len(points) >= 3 * FEWEST else 1
    size = -(-len(points) // parts)
    used: list[tuple[float, float]] = []
    for begin in range(0, len(points), size):
        part = sorted(points[begin : begin + size], key=lambda point: point[1] - slope * point[0])
        used += part[: max(1, math.ceil(QUICKEST * len(part)))]
    return used if len(used) >= FEWEST else points


def _slope(points: list[tuple[float, float]]) -> float:
    """Least squares."""
    middle = math.fsum(at for at, _ahead in points) / len(points)
    mean = math.fsum(ahead for _at, ahead in points) / len(points)
    spread = math.fsum((at - middle) ** 2 for at, _ahead in points)
    return math.fsum((at - middle) * (ahead - mean) for at, ahead in points) / spread if spread else 0.0
