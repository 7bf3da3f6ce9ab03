"""Bounds of a payload with array and battery of its own: energy to the next sunrise, charge now, bus and battery."""

from __future__ import annotations

import math
from dataclasses import replace

from fsw.ephemeris import Ahead, Sunlight, Sunwatch, shows_sun
from fsw.guard.bounds import energy_room_j
from fsw.guard.common import Broken, Look, Running, Tightened, heat_now, open_envelope
from fsw.messages import Envelope, Plant
from fsw.mission import Battery, Mission

FULL_SOC = 0.97  # from here on the array may be throttled by the charger, so its reading says nothing
SOAK_S = 600.0  # surroundings count as sunlit when sunrise is nearer than this: longer than any job
LONGEST_SUN_S = 86_400.0  # what the array brings is counted for so long at most


class OwnedBounds:
    """`look` works out the energy; `broken` and `envelope` then speak of the same look."""

    def __init__(self, mission: Mission, sunlight: Sunlight | None, running: Running, tightened: Tightened) -> None:
        self._mission, self._guard = mission, mission.guard
        self._running, self._tightened = running, tightened
        sigma_s = mission.orbit.sigma_s if mission.orbit is not None else 0.0
        self._sunlight = sunlight
        self._watch = Sunwatch(sunlight, self._guard.eclipse_margin_s, sigma_s) if sunlight is not None else None
        self._told_w = mission.array.power_w * mission.array.derate if mission.array is not None else 0.0
        self._above_j = self._room_j = self._array_w = 0.0
        self._is_sunny = True

    def look(self, look: Look) -> None:
        """Watch the Sun and work out what the battery holds, what the array brings, and what is left to sunrise."""
        plant, watch, array, battery = look.plant, self._watch, self._mission.array, self._mission.battery
        self._above_j = self._room_j = self._array_w = 0.0
        if watch is None or array is None or battery is None:
            return
        lit = shows_sun(array.power_w, plant.array_power_w, plant.bus_power_w, plant.battery_power_w)
        watch.see(look.now_s, look.tai_s, lit)
        ahead = watch.ahead(look.now_s, look.tai_s)
        self._is_sunny = len(ahead) > 1 or look.tai_s is None or self._sun_is_near(ahead[0])
        above_j = self._above_floor_j(plant, battery)
        if above_j is None:
            return
        self._above_j = above_j
        self._array_w = min(self._array_now_w(plant, way) for way in ahead)
        self._room_j = min(self._to_sunrise_j(plant, way, battery) for way in ahead)

    def broken(self, look: Look) -> Broken | None:
        """What is broken even if nothing more runs, and work that lives on a battery with nothing above its floor."""
        limits, plant = self._mission.limits, look.plant
        bus_w, battery_c = plant.worst_bus_power_w, plant.worst_battery_temp_c
        if bus_w is None or bus_w > limits.bus_power_w:
            return ("bus_power_w", math.inf if bus_w is None else bus_w, limits.bus_power_w)
        if battery_c is None or battery_c >= limits.battery_temp_c:
            return ("battery_temp_c", math.inf if battery_c is None else battery_c, limits.battery_temp_c)
        if self._room_j <= 0.0:
            return ("energy_to_sunrise_j", self._room_j, 0.0)
        most_w, given_w = self._most_w(), plant.battery_power_w
        if given_w is not None and given_w > most_w:
            return ("battery_power_w", given_w, most_w)
        drains = given_w is None or given_w > 0.0
        return ("battery_floor_j", self._above_j, 0.0) if look.order and drains and self._above_j <= 0.0 else None

    def envelope(self, look: Look) -> Envelope | None:
        """What energy, charge, bus, battery and heat leave; the rest of what runs comes first."""
        plant, order, margin = look.plant, look.order, 1.0 + self._guard.draw_margin
        odd_w = self._running.unexplained_w(plant)
        heat = heat_now(self._mission, self._tightened, plant, self._is_sunny, odd_w)
        energy_j = self._room_j - self._running.left_j(look.now_ns, order)
        envelope = open_envelope(look.now_ns, self._power_room_w(plant, odd_w), energy_j, math.inf, heat, margin)
        harvest_w = self._array_w - self._housekeeping_w(plant) - odd_w
        above_j = self._above_j
        if order is not None:
            left_s = self._running.left_s(plant.time_ns, order)
            above_j -= max(0.0, order.predicted_w * margin - harvest_w) * left_s
        return replace(envelope, harvest_w=harvest_w / margin, stored_j=max(0.0, above_j) / margin)

    def _above_floor_j(self, plant: Plant, battery: Battery) -> float | None:
        """What the battery holds at worst above its floor, less the gauge's margin and what is kept back."""
        above_j, soc = plant.worst_energy_above_floor_j, plant.worst_soc
        if above_j is None or soc is None:
            return None
        span = soc - battery.floor_soc
        above_j -= self._guard.soc_margin * (above_j / span if abs(span) > 1e-6 else 0.0)
        return above_j - self._tightened.energy_reserve_j - self._guard.outage_s * self._told_w

    def _to_sunrise_j(self, plant: Plant, ahead: Ahead, battery: Battery) -> float:
        """Joules above idle until sunrise."""
        return energy_room_j(
            above_floor_j=self._above_j,
            housekeeping_w=self._housekeeping_w(plant),
            array_w=self._array_now_w(plant, ahead),
            charge_efficiency=battery.charge_efficiency,
            until_sunset_s=min(ahead.until_sunset_s, LONGEST_SUN_S),
            until_sunrise_s=ahead.until_sunrise_s,
            dark_s=ahead.dark_s,
            night_w=self._guard.bus_w + self._guard.heater_w + self._mission.payload.idle_w,
        )

    def _array_now_w(self, plant: Plant, ahead: Ahead) -> float:
        """Array power to count on until sunset: the forecast, or what is measured where that is less."""
        if ahead.until_sunset_s <= 0.0 or self._sunlight is None or plant.worst_soc is None:
            return 0.0
        forecast_w = self._told_w / self._sunlight.distance_au**2
        if plant.worst_soc > FULL_SOC:
            return forecast_w
        return 0.0 if plant.array_power_w is None else min(forecast_w, plant.array_power_w)

    def _sun_is_near(self, ahead: Ahead) -> bool:
        return ahead.until_sunset_s > 0.0 or ahead.until_sunrise_s - self._guard.eclipse_margin_s < SOAK_S

    def _housekeeping_w(self, plant: Plant) -> float:
        """The bus with an idle payload: as sensed, but never less than what is counted on."""
        if plant.bus_power_w is None or plant.payload_power_w is None:
            return self._mission.limits.bus_power_w
        return max(self._guard.bus_w, plant.bus_power_w - plant.payload_power_w) + self._mission.payload.idle_w

    def _most_w(self) -> float:
        return self._mission.battery.most_w if self._mission.battery else 0.0

    def _power_room_w(self, plant: Plant, odd_w: float) -> float:
        """What may be drawn above idle beside `odd_w`: by the bus, by the battery alone, by the ground."""
        if plant.worst_bus_power_w is None:
            return 0.0
        others_w = self._housekeeping_w(plant) + self._guard.heater_w + odd_w
        bus_room_w = self._mission.limits.bus_power_w - others_w - self._guard.power_margin_w
        return min(bus_room_w, self._most_w() - others_w, self._tightened.payload_power_limit_w)
