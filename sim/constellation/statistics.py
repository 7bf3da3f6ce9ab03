"""Statistics of a layer that do not depend on any order: whole-number counts in fixed bins and fixed-point sums.

A value becomes a whole number of 2^-30 of its quantity's range; bin, sum, least and greatest are taken from that
number. Whole numbers add alike in any order: blocks, threads, processes and machines give one result, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from hal.constants import ZERO_CELSIUS_K
from sim.constellation import arrays
from sim.constellation.coefficients import Coefficients
from sim.constellation.design import Design
from sim.constellation.rows import Rows

BINS = 2048  # a percentile is known to a 2048th of the range
RANGE_BITS = 30  # mean, least and greatest are known to a thousand-millionth of it
BIN_SHIFT = RANGE_BITS - 11
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
STATES = ("in_eclipse", "at_reserve", "at_shunt")
ECLIPSE_ILLUMINATION = 0.5  # below, a satellite counts as in eclipse
MAP_COLUMNS, MAP_ROWS = 360, 180  # degrees of longitude and of latitude, from the south-west
TEMPERATURES_C = (-150.0, 250.0)  # beyond what any node comes to; a value outside counts as the end

Values = NDArray[np.float64]
Wholes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What is counted, its unit and its range."""

    name: str
    unit: str
    low: float
    high: float

    def wholes(self, values: Values) -> Wholes:
        """Each value as a whole number of the range's 2^-30, 0 to 2^30."""
        scaled = (values - self.low) * (float(1 << RANGE_BITS) / (self.high - self.low)) + 0.5
        return np.asarray(np.minimum(np.maximum(scaled, 0.0), float(1 << RANGE_BITS)), np.int64)

    def bins(self, values: Values, wholes: Wholes) -> Wholes:
        return wholes >> BIN_SHIFT  # the last bin, 2048, holds the upper end alone

    def value(self, whole: NDArray[np.int64] | NDArray[np.float64]) -> Values:
        """The value of a whole number, or of a mean of them."""
        return np.asarray(self.low + whole * ((self.high - self.low) / float(1 << RANGE_BITS)), np.float64)

    def floors(self) -> Values:
        """The lower end of every bin."""
        return self.value(np.arange(BINS + 1, dtype=np.int64) << BIN_SHIFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growing(Quantity):
    """A quantity of 0 and more without an upper end: 64 bins an octave of 1 + value, sums in 16ths of its unit."""

    def wholes(self, values: Values) -> Wholes:
        return np.asarray(np.minimum(values * 16.0 + 0.5, 2.0**50), np.int64)

    def bins(self, values: Values, wholes: Wholes) -> Wholes:
        # The exponent and the first six bits of the fraction stand in the upper bits of a number of 1 and more.
        return np.asarray(np.minimum(((values + 1.0).view(np.int64) >> 46) - (1023 << 6), BINS), np.int64)

    def value(self, whole: NDArray[np.int64] | NDArray[np.float64]) -> Values:
        return np.asarray(whole * (1.0 / 16.0))

    def floors(self) -> Values:
        return np.asarray(((np.arange(BINS + 1, dtype=np.int64) + (1023 << 6)) << 46).view(np.float64) - 1.0)


def quantities(design: Design) -> tuple[Quantity, ...]:
    """What is counted of a satellite of that design, in this order."""
    low, high = TEMPERATURES_C
    return (
        Quantity(name="illumination", unit="", low=0.0, high=1.0),
        Quantity(name="array_w", unit="W", low=0.0, high=design.array.power_w),
        Quantity(name="compute_w", unit="W", low=0.0, high=design.load.compute_w or 1.0),
        Quantity(name="soc", unit="", low=0.0, high=1.0),
        *(Quantity(name=f"{node}_c", unit="C", low=low, high=high) for node in ("array", "payload", "body")),
        Growing(name="dose_ugy", unit="uGy", low=0.0, high=float("inf")),
    )


NAMES = tuple(quantity.name for quantity in quantities(Design()))


def observe(k: Coefficients, rows: Rows) -> tuple[Values, Values, Values]:
    """Illumination, watts of the arrays and watts of the compute loads in the coming step."""
    cos_u, sin_u, cos_node, sin_node, stored_j, array_k = rows[:6]
    sun_node, sun_ahead = arrays.sun_products(k, cos_node, sin_node)
    lit = arrays.illumination(np, k, sun_node * cos_u + sun_ahead * sin_u)
    return lit, arrays.array_w(np, k, lit, array_k), arrays.compute_w(np, k, lit, stored_j)


def measure(k: Coefficients, rows: Rows) -> tuple[Values, ...]:
    """The quantities in the order of `quantities`."""
    lit, array_w, compute_w = observe(k, rows)
    return lit, array_w, compute_w, rows[4] / k.capacity_j, *(row - ZERO_CELSIUS_K for row in rows[5:8]), rows[8]


def states(k: Coefficients, rows: Rows, measured: tuple[Values, ...]) -> tuple[NDArray[np.bool_], ...]:
    """Who is in eclipse, at or below the reserve, and leaves power of the array to the shunts."""
    lit, array_w, compute_w = measured[:3]
    net_w = array_w - (compute_w + k.platform_w)
    is_full = rows[4] >= k.capacity_j
    at_shunt = (net_w > 0.0) & (is_full | (net_w * k.charge_efficiency > k.charge_limit_w))
    return lit < ECLIPSE_ILLUMINATION, rows[4] <= k.reserve_j, at_shunt


def map_cells(k: Coefficients, rows: Rows, earth: tuple[float, float]) -> Wholes:
    """The cell of the map under each satellite; `earth` is the cosine and sine of the sidereal angle."""
    cos_u, sin_u, cos_node, sin_node = rows[:4]
    flat = sin_u * k.cos_inclination
    east, north = cos_u * cos_node - flat * sin_node, cos_u * sin_node + flat * cos_node
    x, y = east * earth[0] + north * earth[1], north * earth[0] - east * earth[1]
    longitude = arrays.direction_deg(np, y, x)
    latitude = arrays.direction_deg(np, sin_u * k.sin_inclination, np.sqrt(x * x + y * y))
    column = np.minimum((longitude + 180.0).astype(np.int64), MAP_COLUMNS - 1)
    row = np.minimum((latitude + 90.0).astype(np.int64), MAP_ROWS - 1)
    return np.asarray(row * MAP_COLUMNS + column)


class Counts:
    """Counts of some satellites of a layer at `samples` moments; those of others are added by `merge`.

    `bins` (samples, quantities, 2049), `sums`, `lows` and `highs` (samples, quantities), `states` (samples, 3), `map`
    (2, rows, columns): lit, then in eclipse.
    """

    __slots__ = ("bins", "highs", "lows", "map", "quantities", "satellites", "states", "sums")

    def __init__(self, counted: tuple[Quantity, ...], samples: int) -> None:
        self.quantities = counted
        shape = (samples, len(self.quantities))
        self.satellites = 0
        self.bins = np.zeros((*shape, BINS + 1), np.uint32)
        self.sums = np.zeros(shape, np.int64)
        self.lows = np.full(shape, np.iinfo(np.int64).max, np.int64)
        self.highs = np.full(shape, np.iinfo(np.int64).min, np.int64)
        self.states = np.zeros((samples, len(STATES)), np.int64)
        self.map = np.zeros((2, MAP_ROWS, MAP_COLUMNS), np.int64)

    def add(self, sample: int, k: Coefficients, rows: Rows) -> None:
        """Count the satellites of `rows` at a moment."""
        measured = measure(k, rows)
        self.tally(sample, measured)
        self.states[sample] += [int(np.count_nonzero(which)) for which in states(k, rows, measured)]

    def tally(self, sample: int, measured: Sequence[Values]) -> None:
        """Count values, one array a quantity."""
        for index, (quantity, values) in enumerate(zip(self.quantities, measured, strict=True)):
            wholes = quantity.wholes(values)
            found = np.bincount(quantity.bins(values, wholes), minlength=BINS + 1)
            self.bins[sample, index] += found.astype(np.uint32)
            self.sums[sample, index] += wholes.sum()
            self.lows[sample, index] = min(self.lows[sample, index], wholes.min())
            self.highs[sample, index] = max(self.highs[sample, index], wholes.max())

    def add_map(self, k: Coefficients, rows: Rows, earth: tuple[float, float]) -> None:
        """Count where the satellites of `rows` stand, lit and in eclipse."""
        cells, dark = map_cells(k, rows, earth), observe(k, rows)[0] < ECLIPSE_ILLUMINATION
        for plane, chosen in enumerate((cells[~dark], cells[dark])):
            self.map[plane] += np.bincount(chosen, minlength=MAP_ROWS * MAP_COLUMNS).reshape(MAP_ROWS, MAP_COLUMNS)

    def merge(self, other: Counts) -> None:
        """Add the counts of other satellites."""
        self.satellites += other.satellites
        for name in ("bins", "sums", "states", "map"):
            np.add(getattr(self, name), getattr(other, name), out=getattr(self, name))
        np.minimum(self.lows, other.lows, out=self.lows)
        np.maximum(self.highs, other.highs, out=self.highs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the counts say. Arrays over (samples, quantities), `percentiles` over (samples, quantities, 7).

    `whole_*` are over all satellites and samples. `states` and `map` are numbers of satellites. A percentile is the
    lower end of its bin, the mean is exact to a thousand-millionth of the range.
    """

    names: tuple[str, ...]
    satellites: int
    mean: Values
    low: Values
    high: Values
    percentiles: Values
    whole_mean: Values
    whole_low: Values
    whole_high: Values
    whole_percentiles: Values
    states: Wholes
    map: Wholes

    def total(self, name: str) -> Values:
        """Sum over the satellites at each sample."""
        return np.asarray(self.mean[:, self.names.index(name)] * self.satellites)


def reduce(counts: Counts) -> Statistics:
    """Means and percentiles of counts."""
    number, samples = counts.satellites, len(counts.sums)
    if number < 1 or samples < 1:
        raise ValueError("nothing was counted")
    columns = range(len(counts.quantities))
    lows, highs = _values(counts, counts.lows), _values(counts, counts.highs)
    whole_low, whole_high = lows.min(axis=0), highs.max(axis=0)
    percentiles = np.stack([_percentiles(counts, index, lows, highs) for index in columns], axis=1)
    bins = counts.bins.sum(axis=0, dtype=np.int64)
    whole = [
        _ranks(counts.quantities[index], bins[None, index], whole_low[index], whole_high[index])[0] for index in columns
    ]
    return Statistics(
        names=tuple(quantity.name for quantity in counts.quantities),
        satellites=number,
        mean=_values(counts, counts.sums / number),
        low=lows,
        high=highs,
        percentiles=percentiles,
        whole_mean=_values(counts, counts.sums.sum(axis=0) / (number * samples)),
        whole_low=whole_low,
        whole_high=whole_high,
        whole_percentiles=np.stack(whole),
        states=counts.states,
        map=counts.map,
    )


def _values(counts: Counts, wholes: NDArray[np.int64] | NDArray[np.float64]) -> Values:
    parts = [quantity.value(wholes[..., index]) for index, quantity in enumerate(counts.quantities)]
    return np.stack(parts, axis=-1)


def _percentiles(counts: Counts, index: int, lows: Values, highs: Values) -> Values:
    bins = counts.bins[:, index].astype(np.int64)
    return _ranks(counts.quantities[index], bins, lows[:, index, None], highs[:, index, None])


def _ranks(quantity: Quantity, bins: Wholes, low: Values | float, high: Values | float) -> Values:
    """The values at the percentiles of each row of counts, by nearest rank."""
    cumulated = np.cumsum(bins, axis=1)
    number = int(cumulated[0, -1])
    ranks = [max(ceil(percent * number / 100), 1) for percent in PERCENTILES]
    found = np.stack([(cumulated < rank).sum(axis=1) for rank in ranks], axis=1)
    return np.asarray(np.minimum(np.maximum(quantity.floors()[found], low), high))
