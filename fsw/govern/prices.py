"""Reading the planner's prices: what joules, heat and seconds cost at one state."""

from __future__ import annotations

from fsw.messages import Prices
from hal.clock import SECOND_NS


class PriceTable:
    """A `Prices` message made quick to read; grids are evenly spaced."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._slot_ns = int(prices.slot_s * SECOND_NS)
        self._energy_0 = prices.energy_grid_j[0]
        self._energy_step = prices.energy_grid_j[1] - prices.energy_grid_j[0]
        self._temp_0 = prices.temp_grid_c[0]
        self._temp_step = prices.temp_grid_c[1] - prices.temp_grid_c[0]

    def covers(self, now_ns: int) -> bool:
        """True while `now_ns` lies inside the planned slots."""
        return 0 <= now_ns - self._prices.start_ns < self._slot_ns * len(self._prices.value)

    def value(self, now_ns: int, energy_j: float, temp_c: float) -> float:
        """Mission value still to be had from a state; held at the grid's edges."""
        grid = self._prices.value[self._slot(now_ns)]
        row, row_share = _place(energy_j, self._energy_0, self._energy_step, len(grid))
        column, column_share = _place(temp_c, self._temp_0, self._temp_step, len(grid[0]))
        low, high = grid[row], grid[row + 1]
        at_low = low[column] + column_share * (low[column + 1] - low[column])
        at_high = high[column] + column_share * (high[column + 1] - high[column])
        return at_low + row_share * (at_high - at_low)

    def joule_price(self, now_ns: int, energy_j: float, temp_c: float) -> float:
        """Value of a joule at a state: the slope over one step of the grid."""
        below = self.value(now_ns, energy_j - self._energy_step, temp_c)
        return max(0.0, (self.value(now_ns, energy_j, temp_c) - below) / self._energy_step)

    def time_price(self, now_ns: int, joule_price: float) -> float:
        """Value of a second of the computer where a joule is worth `joule_price`."""
        prices = self._prices.time_price[self._slot(now_ns)]
        for known, time_price in zip(self._prices.joule_prices, prices, strict=True):
            if known >= joule_price:
                return time_price
        return prices[-1]

    def _slot(self, now_ns: int) -> int:
        slot = (now_ns - self._prices.start_ns) // self._slot_ns
        return min(max(0, slot), len(self._prices.value) - 1)


def _place(value: float, start: float, step: float, count: int) -> tuple[int, float]:
    """Cell and share inside it of `value` on an even grid, held at the edges."""
    position = (value - start) / step
    if position <= 0.0:
        return 0, 0.0
    if position >= count - 1:
        return count - 2, 1.0
    cell = int(position)
    return cell, position - cell
