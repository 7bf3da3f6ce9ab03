"""What the payload takes up from Sun and Earth, learnt from its own temperatures: the mission's figure is a guess.

Over a while the payload's mean temperature obeys C dT/dt = draw + surroundings - radiated, so the surroundings follow
from what is sensed. Only the planner uses it; the guard keeps to the mission's figure and to what it measures.
"""

from __future__ import annotations

from fsw.messages import Plant
from fsw.mission import Payload
from hal.clock import SECOND_NS
from hal.constants import STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K

LEARNING_RATE = 0.01  # a look each ten seconds: a quarter of an hour settles it, one-second draws average out
LEAST, MOST = 0.3, 3.0  # times the mission's figure: what is beyond is a broken sensor
LONGEST_NS = 60 * SECOND_NS  # two looks further apart say nothing about what was drawn between them


class Surroundings:
    """Watts taken up in the Sun and in the dark."""

    def __init__(self, payload: Payload) -> None:
        self._payload = payload
        self._told_w = {True: payload.environment_sun_w, False: payload.environment_dark_w}
        self._learnt_w = dict(self._told_w)
        self._last: tuple[int, bool, float, float] | None = None  # time, sunlit, mean temperature, watts out less in

    def watts(self, sunlit: bool) -> float:
        """The present belief."""
        return self._learnt_w[sunlit]

    def learn(self, plant: Plant, sunlit: bool) -> None:
        """Take one look; nothing is learnt across sunrise and sunset, or without all three sensors."""
        temp_c, radiator_c, draw_w = plant.payload_temp_c, plant.radiator_temp_c, plant.payload_power_w
        if temp_c is None or radiator_c is None or draw_w is None:
            self._last = None
            return
        payload = self._payload
        capacity = payload.computer_j_k + payload.radiator_j_k
        mean_c = (payload.computer_j_k * temp_c + payload.radiator_j_k * radiator_c) / capacity
        emission = payload.radiator_emissivity * payload.radiator_area_m2 * STEFAN_BOLTZMANN_W_M2K4
        lost_w = emission * (radiator_c + ZERO_CELSIUS_K) ** 4 - draw_w
        last, self._last = self._last, (plant.time_ns, sunlit, mean_c, lost_w)
        if last is None or last[1] != sunlit or not 0 < plant.time_ns - last[0] <= LONGEST_NS:
            return
        stored_w = capacity * (mean_c - last[2]) * SECOND_NS / (plant.time_ns - last[0])
        told_w = self._told_w[sunlit]
        seen_w = min(MOST * told_w, max(LEAST * told_w, stored_w + 0.5 * (lost_w + last[3])))
        self._learnt_w[sunlit] += LEARNING_RATE * (seen_w - self._learnt_w[sunlit])
