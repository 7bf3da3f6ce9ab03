"""What is coming over the horizon: sunlight from the ephemeris, array watts corrected by what the array really gave."""

from __future__ import annotations

import numpy as np

from fsw.govern.plan import Forecast
from fsw.govern.programme import Floats
from fsw.govern.surroundings import Surroundings
from fsw.messages import Plant
from fsw.mission import Mission
from hal.clock import SECOND_NS

LEARNING_RATE = 0.02  # a minute of sunlight settles it; a single odd reading does not
FULL_SOC = 0.95  # above this the charger may throttle the array, so its reading teaches nothing
DAY_S = 86_400.0
SUB_SLOTS = 8  # points a slot at which sunlight is looked up: 15 s of 120 s


class Forecaster:
    """Forecast of one spacecraft with an orbit; `learn` keeps its array factor true."""

    def __init__(self, mission: Mission, tai_at_zero_ns: int) -> None:
        self._mission = mission
        self._ephemeris = mission.ephemeris()
        self._tai_at_zero_s = tai_at_zero_ns / SECOND_NS
        self._surroundings = Surroundings(mission.payload)
        self.array_factor = mission.array.derate if mission.array else 0.0

    @property
    def period_s(self) -> float:
        """The orbit's period; an hour and a half where no orbit is known, which is what low orbits have."""
        return self._ephemeris.period_s if self._ephemeris else 5_400.0

    def learn(self, plant: Plant) -> None:
        """Compare the array in full sun with its expected watts, and the payload's warming with what warms it."""
        tai_s = self._tai_at_zero_s + plant.time_ns / SECOND_NS
        self._surroundings.learn(plant, self._ephemeris is None or self._ephemeris.is_sunlit(tai_s))
        array, ephemeris = self._mission.array, self._ephemeris
        if array is None or ephemeris is None or plant.array_power_w is None or plant.soc is None:
            return
        if plant.soc > FULL_SOC or ephemeris.until_sunset_s(tai_s) < 60.0:
            return
        ratio = plant.array_power_w * ephemeris.distance_au**2 / array.power_w
        self.array_factor += LEARNING_RATE * (min(1.2, ratio) - self.array_factor)

    def ahead(self, now_ns: int, slots: int) -> Forecast:
        """The next `slots` slots from `now_ns`."""
        slot_s = self._mission.governor.slot_s
        share = self._sun_share(now_ns, slots, slot_s)
        distance_au = self._ephemeris.distance_au if self._ephemeris else 1.0
        power_w = self._mission.array.power_w * self.array_factor / distance_au**2 if self._mission.array else 0.0
        warm, cool = self._surroundings.watts(True), self._surroundings.watts(False)
        return Forecast(harvest_w=power_w * share, surroundings_w=cool + (warm - cool) * share, sun_share=share)

    def reserve_j(self, at_ns: int, housekeeping_w: float) -> float:
        """What must be stored above the floor at a time so that housekeeping alone reaches sunrise."""
        ephemeris, array, battery = self._ephemeris, self._mission.array, self._mission.battery
        if ephemeris is None or array is None or battery is None:
            return 0.0
        tai_s = self._tai_at_zero_s + at_ns / SECOND_NS
        sunset_s = ephemeris.until_sunset_s(tai_s)
        if sunset_s <= 0.0:
            return housekeeping_w * ephemeris.until_sunrise_s(tai_s)
        surplus_w = array.power_w * self.array_factor / ephemeris.distance_au**2 - housekeeping_w
        gain_j = battery.charge_efficiency * surplus_w * min(sunset_s, DAY_S)
        return max(0.0, housekeeping_w * ephemeris.dark_s(tai_s) - gain_j)

    def _sun_share(self, now_ns: int, slots: int, slot_s: float) -> Floats:
        if self._ephemeris is None:
            return np.ones(slots)
        start_s = self._tai_at_zero_s + now_ns / SECOND_NS
        step_s = slot_s / SUB_SLOTS
        lit = [self._ephemeris.is_sunlit(start_s + (i + 0.5) * step_s) for i in range(slots * SUB_SLOTS)]
        share: Floats = np.array(lit, dtype=float).reshape(slots, SUB_SLOTS).mean(axis=1)
        return share
