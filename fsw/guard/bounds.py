"""The guard's models: each a bound that only tightens with more load, more heat, less charge. Pure functions.

**Energy to sunrise.** What the battery holds above its floor, plus what the array is sure to bring before sunset,
less the housekeeping until the eclipse after it has ended, is what jobs may use.

**Peak temperature.** Computer (C_p, T_p) and radiator (C_r, T_r) joined by G. Their common heat S = C_p T_p + C_r T_r
changes by (load + surroundings - radiated); the gradient o = T_p - T_r moves towards o_ss(load) and never passes the
larger of o now and o_ss. Since T_p = S / C + o C_r / C, with C = C_p + C_r,

    T_p(d) <= (S + max(0, p - cooling) d) / C + max(o, o_ss(p)) C_r / C

where `cooling` is what is radiated now less idle load and surroundings: it only grows as the radiator warms.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from fsw.mission import Payload
from hal.constants import SPACE_TEMPERATURE_K, STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K

RADIATED_CERTAIN = 0.97  # share of the computed radiation that is counted on: emissivity and area known to 3 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Thermal room: joules a power setting before the ceiling, and the watts shed for certain."""

    room_j: tuple[float, ...]
    cooling_w: float


def radiated_w(payload: Payload, radiator_temp_c: float) -> float:
    """Watts that the radiator sheds to space at `radiator_temp_c`."""
    kelvin = radiator_temp_c + ZERO_CELSIUS_K
    emission = payload.radiator_emissivity * payload.radiator_area_m2 * STEFAN_BOLTZMANN_W_M2K4
    return emission * (kelvin**4 - SPACE_TEMPERATURE_K**4)


def heat_room(
    payload: Payload, ceiling_c: float, temp_c: float, radiator_temp_c: float | None, surroundings_w: float
) -> Heat:
    """Room below `ceiling_c` from the computer at `temp_c`; an unknown radiator sheds nothing and is as hot."""
    if radiator_temp_c is None:
        radiator_c, shed_w = temp_c, payload.idle_w + surroundings_w
    else:
        radiator_c, shed_w = radiator_temp_c, RADIATED_CERTAIN * radiated_w(payload, radiator_temp_c)
    total_j_k = payload.computer_j_k + payload.radiator_j_k
    stored_j = payload.computer_j_k * temp_c + payload.radiator_j_k * radiator_c
    spare_j = ceiling_c * total_j_k - stored_j
    gradient_k = temp_c - radiator_c
    drain_k_s = (shed_w - surroundings_w) / payload.radiator_j_k
    rate = payload.conductance_w_k * (1.0 / payload.computer_j_k + 1.0 / payload.radiator_j_k)
    room = tuple(
        spare_j - payload.radiator_j_k * max(gradient_k, (_load_k_s(payload, setting.watts) + drain_k_s) / rate)
        for setting in payload.settings
    )
    return Heat(room_j=room, cooling_w=shed_w - payload.idle_w - surroundings_w)


def _load_k_s(payload: Payload, watts: float) -> float:
    return (payload.idle_w + watts) / payload.computer_j_k


def energy_room_j(
    *,
    above_floor_j: float,
    housekeeping_w: float,
    array_w: float,
    charge_efficiency: float,
    until_sunset_s: float,
    until_sunrise_s: float,
    dark_s: float,
    night_w: float = 0.0,
) -> float:
    """Joules above idle that jobs may draw and still reach sunrise above the floor.

    `until_sunset_s` is 0 in the dark, `until_sunrise_s` 0 in the Sun. A surplus is worth its charge efficiency; a
    shortfall in sunlight counts in full. At night housekeeping takes `night_w` where that is more.
    """
    night_w = max(night_w, housekeeping_w)
    if until_sunset_s <= 0.0:
        return above_floor_j - night_w * until_sunrise_s
    surplus_w = array_w - housekeeping_w
    sunlit_s = min(until_sunset_s, 86_400.0)
    harvest_j = surplus_w * sunlit_s * (charge_efficiency if surplus_w > 0.0 else 1.0)
    return above_floor_j + harvest_j - night_w * dark_s


class RollingEnergy:
    """Energy drawn in a sliding window, from samples of power; bounded to one sample a call inside the window.

    What was drawn in the window before `start_s` is not known and counts as `before_j` drawn just then.
    """

    def __init__(self, window_s: float, start_s: float = 0.0, before_j: float = 0.0) -> None:
        self._window_s = window_s
        self._samples: deque[tuple[float, float]] = deque([(start_s, before_j)])
        self._last_s: float | None = None

    def add(self, now_s: float, power_w: float) -> None:
        """Account `power_w` since the last call."""
        if self._last_s is not None and now_s > self._last_s:
            self._samples.append((now_s, power_w * (now_s - self._last_s)))
        self._last_s = now_s
        while self._samples and self._samples[0][0] <= now_s - self._window_s:
            self._samples.popleft()

    def room_w(self, now_s: float, mean_w: float) -> float:
        """The draw that may go on for any time from `now_s` with no window's mean above `mean_w`.

        A window that ends `tau` from now holds what was drawn less what has left it, plus the new draw for `tau`;
        the bound is tightest just before a sample leaves, so those moments are enough.
        """
        spare_j = self.spare_j(mean_w)
        room_w = mean_w
        for time_s, joules in self._samples:
            tau_s = time_s - now_s + self._window_s
            room_w = min(room_w, spare_j / tau_s)
            spare_j += joules
        return room_w

    def spare_j(self, mean_w: float) -> float:
        """What may be drawn above idle in one piece, of any length, with no window's mean above `mean_w`.

        A window that ends during it holds at most what the last one held, whose idle draw its own replaces, and the
        piece.
        """
        return mean_w * self._window_s - sum(joules for _, joules in self._samples)
