"""What a guest may count on: the host's grants as announced, then as usual; and what they ever let start."""

from __future__ import annotations

import numpy as np

from fsw.govern.points import OperatingPoint
from fsw.govern.programme import Floats
from fsw.messages import Allocation, HostStatus
from fsw.mission import Mission
from hal.clock import SECOND_NS

HOLDS_S = 900.0  # a host keeps a level for minutes: beyond, what it grants as a rule says more than what it does now


class Grants:
    """The host's word as the planner needs it, and the mean of what was granted so far."""

    def __init__(self, mission: Mission) -> None:
        self._mission, self._guard = mission, mission.guard
        self._granted: list[Allocation] = []  # the present grant, then the next where it is known
        self._seen_ns: int | None = None
        self._seen_s = 0.0
        self._usual_w = (0.0, 0.0)  # mean and peak

    def see(self, now_ns: int, host: HostStatus) -> None:
        """The newest word. The grant that is in force counts for the time since the last look."""
        self._granted = [each for each in (host.allocation, host.next_allocation) if each is not None]
        since_s = 0.0 if self._seen_ns is None else (now_ns - self._seen_ns) / SECOND_NS
        self._seen_ns = now_ns
        present = host.allocation
        if present is None:
            return
        self._seen_s += since_s
        weight = since_s / self._seen_s if self._seen_s > 0.0 else 1.0
        mean_w, peak_w = self._usual_w
        self._usual_w = (mean_w + (present.mean_w - mean_w) * weight, peak_w + (present.peak_w - peak_w) * weight)

    @property
    def levels(self) -> tuple[tuple[float, float], ...]:
        """Mean and peak of what is granted and announced: a renewal of the same does not change them."""
        return tuple(dict.fromkeys([(each.mean_w, each.peak_w) for each in self._granted]))

    def mean_w(self, now_ns: int, slots: int, slot_s: float) -> Floats:
        """Watts that may be drawn in the mean of each slot; nothing where nothing was granted."""
        if not self._granted:
            return np.zeros(slots)
        times_s = (np.arange(slots) + 0.5) * slot_s
        told_w, told_s = np.full(slots, self._granted[0].mean_w), 0.0
        for coming in self._granted[1:]:
            told_s = max(0.0, (coming.from_ns - now_ns) / SECOND_NS)
            told_w[times_s >= told_s] = coming.mean_w
        holds = np.exp(-np.maximum(0.0, times_s - told_s) / HOLDS_S)
        granted_w: Floats = self._usual_w[0] + (told_w - self._usual_w[0]) * holds - self._guard.power_margin_w
        return granted_w

    def lets(self, point: OperatingPoint) -> bool:
        """Whether a job on the point may ever start: under a grant that is known, or under one of the usual size."""
        return any(
            self._starts(point, grant, mean_w, peak_w)
            for grant in self._granted
            for mean_w, peak_w in ((grant.mean_w, grant.peak_w), self._usual_w)
        )

    def _starts(self, point: OperatingPoint, grant: Allocation, mean_w: float, peak_w: float) -> bool:
        """As the guard has it at its widest: the grant is new, and nothing was drawn in its window."""
        guard, margin = self._guard, 1.0 + self._guard.draw_margin
        taken_w = self._mission.payload.idle_w + guard.power_margin_w
        highest_w, seconds = point.watts * point.crest * margin, point.seconds * point.worst * margin
        room_w = mean_w - taken_w
        fits_mean = highest_w <= room_w or point.joules * margin <= room_w * grant.window_s
        is_granted_s = seconds <= (grant.until_ns - grant.from_ns) / SECOND_NS
        return is_granted_s and fits_mean and highest_w <= peak_w - taken_w
