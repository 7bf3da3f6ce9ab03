"""What is coming over the horizon: sunlight from the ephemeris, array watts corrected by what the array really gave."""

from __future__ import annotations

import numpy as np

from fsw.ephemeris import Sunwatch, shows_sun
from fsw.govern.plan import Forecast
from fsw.govern.programme import Floats
from fsw.govern.surroundings import Surroundings
from fsw.messages import Plant
from fsw.mission import Mission
from hal.clock import SECOND_NS, OnboardTime

LEARNING_RATE = 0.02  # a minute of sunlight settles it; a single odd reading does not
FULL_SOC = 0.95  # above this the charger may throttle the array, so its reading teaches nothing
DAY_S = 86_400.0
SUB_SLOTS = 8  # points a slot at which sunlight is looked up: 15 s of 120 s


class Forecaster:
    """Forecast of one spacecraft with an orbit; `learn` keeps its array factor true, and its edges where they are seen.

    While the edges are not to be trusted the Sun counts as spread evenly over the orbit, less the longest shadow.
    """

    def __init__(self, mission: Mission, time: OnboardTime) -> None:
        self._mission, self._time = mission, time
        self._ephemeris = mission.ephemeris()
        sigma_s = mission.orbit.sigma_s if mission.orbit else 0.0
        margin_s = mission.guard.eclipse_margin_s
        self._watch = Sunwatch(self._ephemeris, margin_s, sigma_s) if self._ephemeris else None
        self._surroundings = Surroundings(mission.payload)
        self._zones = mission.zones()
        self._passes = mission.passes() if any(station.radio_w > 0.0 for station in mission.station) else None
        self.array_factor = mission.array.derate if mission.array else 0.0

    @property
    def period_s(self) -> float:
        """The orbit's period; an hour and a half where no orbit is known, which is what low orbits have."""
        return self._ephemeris.period_s if self._ephemeris else 5_400.0

    def learn(self, plant: Plant) -> None:
        """Compare the array in full sun with its expected watts, and the payload's warming with what warms it."""
        array, watch, now_s = self._mission.array, self._watch, plant.time_ns / SECOND_NS
        tai_s = self._time.known_tai_s(plant.time_ns)
        if watch is not None and array is not None:
            lit = shows_sun(array.power_w, plant.array_power_w, plant.bus_power_w, plant.battery_power_w)
            watch.see(now_s, tai_s, lit)
        self._surroundings.learn(plant, watch is None or watch.is_sunlit(tai_s))
        if array is None or self._ephemeris is None or plant.array_power_w is None or plant.soc is None:
            return
        if plant.soc > FULL_SOC or not self._is_full_sun(tai_s):
            return
        ratio = plant.array_power_w * self._ephemeris.distance_au**2 / array.power_w
        self.array_factor += LEARNING_RATE * (min(1.2, ratio) - self.array_factor)

    def is_sunlit(self, now_ns: int) -> bool:
        """Light now, as far as known; always, where no orbit is."""
        return self._watch is None or self._watch.is_sunlit(self._time.known_tai_s(now_ns))

    def ahead(self, now_ns: int, slots: int, slot_s: float) -> Forecast:
        """The next `slots` slots of `slot_s` from `now_ns`."""
        share = self._sun_share(now_ns, slots, slot_s)
        distance_au = self._ephemeris.distance_au if self._ephemeris else 1.0
        power_w = self._mission.array.power_w * self.array_factor / distance_au**2 if self._mission.array else 0.0
        warm, cool = self._surroundings.watts(True), self._surroundings.watts(False)
        return Forecast(
            harvest_w=power_w * share - self._radio_w(now_ns, slots, slot_s),
            surroundings_w=cool + (warm - cool) * share,
            sun_share=share,
            loss_rate_hz=self._loss_rate_hz(now_ns, slots, slot_s),
        )

    def _loss_rate_hz(self, now_ns: int, slots: int, slot_s: float) -> Floats | None:
        """How often radiation ends what runs, by the middle of each slot; None where no zones are known, or no time."""
        start_s = self._time.known_tai_s(now_ns)
        if self._zones is None or start_s is None:
            return None
        return np.array([self._zones.loss_rate_hz(start_s + (slot + 0.5) * slot_s) for slot in range(slots)])

    def _radio_w(self, now_ns: int, slots: int, slot_s: float) -> Floats:
        """What the radio takes in each slot, above housekeeping, while ground stations are in sight."""
        load_w = np.zeros(slots)
        start_s = self._time.known_tai_s(now_ns)
        if self._passes is None or start_s is None:
            return load_w
        for each in self._passes.between(start_s, start_s + slots * slot_s):
            for slot in range(max(0, int((each.rise_tai_s - start_s) / slot_s)), slots):
                begin_s = start_s + slot * slot_s
                if begin_s >= each.set_tai_s:
                    break
                load_w[slot] += each.radio_w * each.shared_s(begin_s, begin_s + slot_s) / slot_s
        return load_w

    def reserve_j(self, at_ns: int, housekeeping_w: float) -> float:
        """What must be stored above the floor at a time so that housekeeping alone reaches sunrise."""
        ephemeris, array, battery = self._ephemeris, self._mission.array, self._mission.battery
        if ephemeris is None or array is None or battery is None:
            return 0.0
        told_s = self._told_s(at_ns)
        if told_s is None:
            return housekeeping_w * ephemeris.longest_dark_s
        sunset_s = ephemeris.until_sunset_s(told_s)
        if sunset_s <= 0.0:
            return housekeeping_w * ephemeris.until_sunrise_s(told_s)
        surplus_w = array.power_w * self.array_factor / ephemeris.distance_au**2 - housekeeping_w
        gain_j = battery.charge_efficiency * surplus_w * min(sunset_s, DAY_S)
        return max(0.0, housekeeping_w * ephemeris.dark_s(told_s) - gain_j)

    def _told_s(self, at_ns: int) -> float | None:
        """The time at which to ask the ephemeris; None while it is not to be trusted."""
        tai_s = self._time.known_tai_s(at_ns)
        return self._watch.told_s(tai_s) if self._watch and self._watch.is_trusted and tai_s is not None else None

    def _is_full_sun(self, tai_s: float | None) -> bool:
        """Light now and a minute on, as far as known."""
        if self._watch is None or self._ephemeris is None or not self._watch.is_sunlit(tai_s):
            return False
        if tai_s is None or not self._watch.is_trusted:
            return True
        return self._ephemeris.until_sunset_s(self._watch.told_s(tai_s)) >= 60.0

    def _sun_share(self, now_ns: int, slots: int, slot_s: float) -> Floats:
        if self._ephemeris is None:
            return np.ones(slots)
        start_s = self._told_s(now_ns)
        if start_s is None:
            return np.full(slots, 1.0 - self._ephemeris.longest_dark_s / self._ephemeris.period_s)
        step_s = slot_s / SUB_SLOTS
        lit = [self._ephemeris.is_sunlit(start_s + (i + 0.5) * step_s) for i in range(slots * SUB_SLOTS)]
        share: Floats = np.array(lit, dtype=float).reshape(slots, SUB_SLOTS).mean(axis=1)
        return share
