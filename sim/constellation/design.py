"""The satellite that a shell is made of: array, battery, three thermal nodes and what the load follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from typing import Literal

from sim.array import ArrayConfig
from sim.heat import HeatConfig

Follows = Literal["constant", "sun", "price"]
POLICIES: tuple[Follows, ...] = ("constant", "sun", "price")
ROUND_TRIP = 0.952  # energy out over energy in of a flight pack of four cells, see sim.battery


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageConfig:
    """A battery by its energy, with one efficiency each way; voltage and current are not resolved."""

    capacity_wh: float = 110.0
    start_soc: float = 0.9
    reserve_soc: float = 0.2  # at or below, the compute load is off
    charge_limit_w: float = 100.0  # about 1 C
    charge_efficiency: float = sqrt(ROUND_TRIP)
    discharge_efficiency: float = sqrt(ROUND_TRIP)

    def __post_init__(self) -> None:
        if self.capacity_wh <= 0.0 or self.charge_limit_w <= 0.0:
            raise ValueError("capacity_wh and charge_limit_w must be positive")
        if not 0.0 <= self.start_soc <= 1.0 or not 0.0 <= self.reserve_soc <= 1.0:
            raise ValueError("start_soc and reserve_soc must be in 0..1")
        if not 0.5 < self.charge_efficiency <= 1.0 or not 0.5 < self.discharge_efficiency <= 1.0:
            raise ValueError("charge_efficiency and discharge_efficiency must be in 0.5..1")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPolicy:
    """What the satellite draws: the platform always, and a share of the compute load that follows something.

    `constant` draws `share`; `sun` draws `share` times the illumination; `price` draws the share of the hour (UTC).
    """

    platform_w: float = 12.0
    compute_w: float = 40.0
    follows: str = "constant"
    share: float = 0.7
    share_by_hour: tuple[float, ...] = (0.3,) * 7 + (0.8,) * 10 + (1.0,) * 5 + (0.5,) * 2  # a tariff of one city

    def __post_init__(self) -> None:
        if self.platform_w < 0.0 or self.compute_w < 0.0:
            raise ValueError("platform_w and compute_w must not be negative")
        if self.follows not in POLICIES:
            raise ValueError(f"follows must be constant, sun or price, is {self.follows!r}")
        if len(self.share_by_hour) != 24 or not all(0.0 <= share <= 1.0 for share in (self.share, *self.share_by_hour)):
            raise ValueError("share and the 24 of share_by_hour must be in 0..1")

    def compute_shares(self, unix_s: float) -> tuple[float, float]:
        """The part of the compute load that is drawn in sun and shadow alike, and the part times the illumination."""
        if self.follows == "price":
            return self.share_by_hour[int(unix_s // 3600.0) % 24], 0.0
        return (0.0, self.share) if self.follows == "sun" else (self.share, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A satellite. The five thermal nodes of `sim.heat` are lumped: payload with radiator, battery with structure."""

    array: ArrayConfig = field(default_factory=ArrayConfig)
    storage: StorageConfig = field(default_factory=StorageConfig)
    load: LoadPolicy = field(default_factory=LoadPolicy)
    heat: HeatConfig = field(default_factory=HeatConfig)

    def __post_init__(self) -> None:
        if self.array.power_w <= 0.0:
            raise ValueError("array.power_w must be positive: the array is a thermal node too")
