"""The planner: shadow prices by dynamic programming over battery energy and payload temperature.

The horizon is cut into slots. Arrivals are a fluid: at a price of a joule and of a second every sort of job picks the
mode with the best net value, which gives value and watts a slot (the frontier). Going backwards, the value of a state
is the best of: value in the slot plus value of the state after it. Its slopes are the prices that the dispatcher
uses. Source of the idea: dispatch by the shadow prices of a horizon plan, and the LP of which this is the state-wise
form with the same fluid relaxation (Bellman 1957). All of it is a bounded number of array operations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fsw.govern.points import OperatingPoints
from fsw.messages import Backlog, Prices
from fsw.mission import Mission, Payload
from hal.constants import STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K

Floats = npt.NDArray[np.float64]

JOULE_PRICES: Floats = np.concatenate(([0.0], np.geomspace(3e-4, 0.1, 23)))  # value per joule, from free to prohibitive
TIME_PRICES: Floats = np.concatenate(([0.0], np.geomspace(1e-3, 3.0, 31)))  # value per second of the computer
BREACH_PRICE = 1.0  # per joule under the floor or over the ceiling's heat: dearer than any job
PUBLISHED_SLOTS = 16  # prices for half an hour: a planner late by six plans leaves the dispatcher priced
GRADIENT_ALLOWANCE_K = 3.0  # the computer above the payload's mean temperature while it works


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is coming, one entry a slot: array watts, heat from surroundings, share of the slot in the Sun."""

    harvest_w: Floats
    surroundings_w: Floats
    sun_share: Floats


@dataclass(frozen=True, slots=True)
class Frontier:
    """Best use of the computer, (slots, joule prices): value a second, watts above idle, price of a second."""

    value_per_s: Floats
    watts: Floats
    time_price: Floats


def arrival_rates(mission: Mission, sun_share: Floats, backlog: Backlog | None) -> Floats:
    """Jobs a second, (slots, kinds): what is expected, and what waits spread over the time it still has."""
    slot_s = mission.governor.slot_s
    rates = np.empty((len(sun_share), len(mission.demand)))
    waiting = {kind: (count, last_s) for kind, count, last_s in (backlog.counts if backlog else ())}
    for column, row in enumerate(mission.demand):
        rates[:, column] = (row.per_minute_sun * sun_share + row.per_minute_dark * (1.0 - sun_share)) / 60.0
        count, last_s = waiting.get(row.kind, (0, 0.0))
        slots = max(1, min(len(sun_share), int(last_s / slot_s)))
        rates[:slots, column] += count / (slots * slot_s)
    return rates


def frontier(mission: Mission, points: OperatingPoints, rates: Floats) -> Frontier:
    """For each slot and joule price: the cheapest price of a second at which the work fits into the time there is."""
    shape = (len(JOULE_PRICES), len(TIME_PRICES))
    value = np.zeros((len(mission.demand), *shape))
    seconds, joules = np.zeros_like(value), np.zeros_like(value)
    for index, row in enumerate(mission.demand):
        table = points.of(row.model)
        worth = np.array([row.value * point.worth for point in table])
        joule = np.array([point.joules for point in table])
        second = np.array([point.seconds for point in table])
        net = worth - JOULE_PRICES[:, None, None] * joule - TIME_PRICES[None, :, None] * second
        best = net.argmax(axis=2)
        runs = np.take_along_axis(net, best[:, :, None], axis=2)[:, :, 0] > 0.0
        value[index], joules[index], seconds[index] = worth[best] * runs, joule[best] * runs, second[best] * runs
    busy = np.tensordot(rates, seconds, axes=1)
    return _fit(busy, np.tensordot(rates, value, axes=1), np.tensordot(rates, joules, axes=1))


def _fit(busy: Floats, value: Floats, watts: Floats) -> Frontier:
    """Mix the two neighbouring prices of a second between which the computer is just busy."""
    fits = busy <= 1.0
    fits[:, :, -1] = True
    upper = fits.argmax(axis=2)[:, :, None]
    lower = np.maximum(upper - 1, 0)

    def pick(table: Floats, index: npt.NDArray[np.intp]) -> Floats:
        return np.take_along_axis(table, index, axis=2)[:, :, 0]

    busy_low, busy_high = pick(busy, lower), pick(busy, upper)
    span = np.where(busy_low > busy_high, busy_low - busy_high, 1.0)
    share = np.where(upper[:, :, 0] > 0, np.clip((1.0 - busy_high) / span, 0.0, 1.0), 0.0)
    scale = np.minimum(1.0, 1.0 / np.maximum(busy_high, 1e-9))  # the dearest price may still not fit
    mix = tuple((share * pick(t, lower) + (1.0 - share) * pick(t, upper)) * scale for t in (value, watts))
    time_price = np.where(upper[:, :, 0] > 0, TIME_PRICES[upper[:, :, 0]], 0.0)
    return Frontier(value_per_s=mix[0], watts=mix[1], time_price=time_price)


def plan_owned(
    mission: Mission, points: OperatingPoints, now_ns: int, forecast: Forecast, backlog: Backlog | None, span_j: float
) -> Prices:
    """Prices for a spacecraft with its own battery, which holds `span_j` joules above its floor when full."""
    best = frontier(mission, points, arrival_rates(mission, forecast.sun_share, backlog))
    energy = np.linspace(0.0, span_j, mission.governor.energy_steps)
    ceiling_c = mission.limits.payload_temp_c - mission.guard.temp_margin_k - GRADIENT_ALLOWANCE_K
    temps = np.linspace(ceiling_c - 35.0, ceiling_c, mission.governor.temp_steps)
    values = [_end_value(best, energy, temps)]
    for slot in range(len(forecast.harvest_w) - 1, -1, -1):
        values.append(_back_step(mission, forecast, best, slot, energy, temps, values[-1]))
    values.reverse()
    return _publish(mission, now_ns, energy, temps, values, best)


def _end_value(best: Frontier, energy: Floats, temps: Floats) -> Floats:
    """At the horizon a joule is worth what it is worth on average: the price at which half the computer is used."""
    mean_watts = best.watts.mean(axis=0)
    price = float(np.interp(-0.5 * mean_watts.max(), -mean_watts, JOULE_PRICES))
    return np.repeat((price * energy)[:, None], len(temps), axis=1)


def _back_step(
    mission: Mission, forecast: Forecast, best: Frontier, slot: int, energy: Floats, temps: Floats, after: Floats
) -> Floats:
    """Value at the start of `slot`, (energy, temperature), from the value `after` it."""
    battery, payload, slot_s = mission.battery, mission.payload, mission.governor.slot_s
    efficiency = battery.charge_efficiency if battery else 1.0
    watts = best.watts[slot]
    net_w = forecast.harvest_w[slot] - mission.guard.bus_w - payload.idle_w - watts
    stored_j = np.where(net_w > 0.0, net_w * efficiency, net_w) * slot_s
    energy_after = energy[:, None] + stored_j[None, :]
    temp_after = temps[:, None] + _warming_k_s(payload, temps, watts, forecast.surroundings_w[slot]) * slot_s
    rows, row_share = _places(energy_after, energy)
    columns, column_share = _places(temp_after, temps)
    uses = np.arange(len(watts))
    at_energy = after[rows] * (1.0 - row_share)[:, :, None] + after[rows + 1] * row_share[:, :, None]
    low, high = at_energy[:, uses[None, :], columns], at_energy[:, uses[None, :], columns + 1]
    reached = low + column_share[None] * (high - low)
    heat_j_k = payload.computer_j_k + payload.radiator_j_k
    breach = np.maximum(0.0, -energy_after)[:, None, :] + np.maximum(0.0, temp_after - temps[-1])[None] * heat_j_k
    total: Floats = reached + best.value_per_s[slot] * slot_s - BREACH_PRICE * breach
    return np.asarray(total.max(axis=2))


def _warming_k_s(payload: Payload, temps: Floats, watts: Floats, surroundings_w: float) -> Floats:
    """Rate of the payload's mean temperature, (temperatures, uses), the radiator a little below the mean."""
    radiator_k = temps[:, None] - 0.6 * (payload.idle_w + watts)[None, :] / payload.conductance_w_k + ZERO_CELSIUS_K
    emission = payload.radiator_emissivity * payload.radiator_area_m2 * STEFAN_BOLTZMANN_W_M2K4
    heating_w = payload.idle_w + watts[None, :] + surroundings_w - emission * radiator_k**4
    rate: Floats = heating_w / (payload.computer_j_k + payload.radiator_j_k)
    return rate


def _places(values: Floats, grid: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
    """Cells and shares of `values` on an even grid, held at the edges."""
    position = np.clip((values - grid[0]) / (grid[1] - grid[0]), 0.0, len(grid) - 1.000001)
    cells = position.astype(np.intp)
    return cells, position - cells


def plan_hosted(
    mission: Mission, points: OperatingPoints, now_ns: int, mean_w: float, sun_share: Floats, backlog: Backlog | None
) -> Prices:
    """Prices for a guest: the joule price at which the expected work draws just the mean watts granted above idle."""
    best = frontier(mission, points, arrival_rates(mission, sun_share, backlog))
    mean_watts = best.watts.mean(axis=0)
    price = float(np.interp(-max(0.0, mean_w), -mean_watts, JOULE_PRICES))
    energy, temps = np.array([-1e6, 1e6]), np.array([-100.0, 200.0])
    flat = np.repeat((price * energy)[:, None], 2, axis=1)
    return _publish(mission, now_ns, energy, temps, [flat] * min(PUBLISHED_SLOTS, len(sun_share)), best)


def _publish(
    mission: Mission, now_ns: int, energy: Floats, temps: Floats, values: list[Floats], best: Frontier
) -> Prices:
    slots = min(PUBLISHED_SLOTS, len(values), len(best.time_price))
    return Prices(
        time_ns=now_ns,
        start_ns=now_ns,
        slot_s=mission.governor.slot_s,
        energy_grid_j=tuple(energy.tolist()),
        temp_grid_c=tuple(temps.tolist()),
        value=tuple(tuple(map(tuple, table.tolist())) for table in values[:slots]),
        joule_prices=tuple(JOULE_PRICES.tolist()),
        time_price=tuple(map(tuple, best.time_price[:slots].tolist())),
    )
