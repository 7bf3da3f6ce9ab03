"""Solar-cell technologies: what a square metre of panel gives, weighs, costs and loses, each number with its source.

One TOML file a technology in `sim/technologies`. A number says where it comes from and how far to trust it, so that a
study can show that too; `at_end` puts every number at the bad or the good end of its range.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import isfinite, log10
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hal.config import ConfigError, build, read_toml

if TYPE_CHECKING:
    from sim.array import ArrayConfig

SHIPPED = Path(__file__).parent / "technologies"
CONFIDENCES = ("measured", "published", "engineering")  # strongest first
CYCLES_PER_YEAR = 5_400.0  # eclipses of a low orbit through noon; the worst case where no orbit is told

End = Literal["bad", "good"]

# Unit, and which end of the range is the bad one ("" where it is neither).
EXPECTED: dict[str, tuple[str, str]] = {
    "efficiency": ("1", "low"),
    "temp_coefficient_per_k": ("1/K", "low"),
    "absorptivity": ("1", "high"),
    "emissivity": ("1", "low"),
    "damage_slope": ("1", "high"),
    "damage_fluence_cm2": ("1/cm2", "low"),
    "calendar_loss_per_year": ("1/year", "high"),
    "ultraviolet_loss_per_year": ("1/year", "high"),
    "cycling_loss_per_1000": ("1/(1000 cycles)", "high"),
    "packing": ("1", "low"),
    "assembly": ("1", "low"),
    "areal_mass_kg_m2": ("kg/m2", "high"),
    "cost_per_m2": ("CNY/m2", "high"),
    "cell_thickness_um": ("um", ""),
}
CELL_UNITS = {
    "area_m2": "m2",
    "short_circuit_a_m2": "A/m2",
    "open_circuit_v": "V",
    "peak_a_m2": "A/m2",
    "peak_v": "V",
    "short_circuit_a_m2_k": "A/(m2 K)",
    "open_circuit_v_k": "V/K",
    "peak_a_m2_k": "A/(m2 K)",
    "peak_v_k": "V/K",
}
SHARES = ("efficiency", "absorptivity", "packing", "assembly")
LOSSES = ("calendar_loss_per_year", "ultraviolet_loss_per_year", "cycling_loss_per_1000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A value with its unit, source and confidence; `low` and `high` bracket it where a range is known."""

    value: float
    unit: str
    source: str
    confidence: str
    low: float | None = None
    high: float | None = None
    as_of: str = ""  # when it was true, for what changes with time

    def __post_init__(self) -> None:
        if not self.source.strip():
            raise ValueError("source must say where the value comes from")
        if self.confidence not in CONFIDENCES:
            raise ValueError(f"confidence must be one of {', '.join(CONFIDENCES)}, is {self.confidence!r}")
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high come together or not at all")
        low, high = self.bracket
        if not low <= self.value <= high or not isfinite(self.value):
            raise ValueError(f"value must be in low..high, is {self.value} in {low}..{high}")

    @property
    def bracket(self) -> tuple[float, float]:
        """Low and high; the value itself twice where there is no range."""
        return (self.value if self.low is None else self.low, self.value if self.high is None else self.high)


@dataclass(frozen=True, slots=True, kw_only=True)
class CellNumbers:
    """The I-V curve of one cell at 28 C in full AM0 sunlight, and how it moves with temperature; see `sim.cell`."""

    area_m2: Number
    short_circuit_a_m2: Number
    open_circuit_v: Number
    peak_a_m2: Number
    peak_v: Number
    short_circuit_a_m2_k: Number
    open_circuit_v_k: Number
    peak_a_m2_k: Number
    peak_v_k: Number

    def __post_init__(self) -> None:
        for name, unit in CELL_UNITS.items():
            _check_unit(name, getattr(self, name), unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Technology:
    """A kind of solar cell on its panel. Efficiency: of the bare cell at AM0 and 28 C, on the cell's own area.

    `packing` is cell area over panel area; `assembly` what cover glass, mismatch and wiring leave; `emissivity` that of
    both sides together. Mass and cost are of a square metre of panel with its cells, glass, blanket and wiring.
    """

    title: str
    about: str
    efficiency: Number
    temp_coefficient_per_k: Number
    absorptivity: Number
    emissivity: Number
    damage_slope: Number
    damage_fluence_cm2: Number
    calendar_loss_per_year: Number
    ultraviolet_loss_per_year: Number
    cycling_loss_per_1000: Number
    packing: Number
    assembly: Number
    areal_mass_kg_m2: Number
    cost_per_m2: Number
    cell_thickness_um: Number
    cell: CellNumbers
    name: str = ""  # that of the file

    def __post_init__(self) -> None:
        for name, (unit, _) in EXPECTED.items():
            _check_unit(name, getattr(self, name), unit)
        for name in SHARES + LOSSES:
            low, high = getattr(self, name).bracket
            if low < 0.0 or high >= 1.0 or (low == 0.0 and name in SHARES):
                raise ValueError(f"{name} must be a share below 1, is {low}..{high}")
        for name in ("emissivity", "damage_slope", "damage_fluence_cm2", "areal_mass_kg_m2", "cost_per_m2"):
            if getattr(self, name).bracket[0] <= 0.0:
                raise ValueError(f"{name} must be positive")
        if not self.cost_per_m2.as_of:
            raise ValueError("cost_per_m2.as_of must say of when the price is")

    @property
    def panel_efficiency(self) -> float:
        """Of a square metre of panel at AM0 and 28 C, before the tracker."""
        return self.efficiency.value * self.packing.value * self.assembly.value

    def numbers(self) -> dict[str, Number]:
        """All but the I-V curve, by name."""
        return {name: getattr(self, name) for name in EXPECTED}

    def weakest_confidence(self) -> str:
        """The confidence of the least known number."""
        return max((number.confidence for number in self.numbers().values()), key=CONFIDENCES.index)

    def at_end(self, end: End) -> Technology:
        """Every number at the bad or the good end of its range, all at once: an outer bound, not a likely case."""
        changed: dict[str, Any] = {}
        for name, (_, bad) in EXPECTED.items():
            number: Number = getattr(self, name)
            if bad:
                value = number.bracket[(bad == "high") == (end == "bad")]
                changed[name] = replace(number, value=value, low=None, high=None)
        return replace(self, **changed)

    def array_config(self, *, power_w: float | None = None, area_m2: float | None = None) -> ArrayConfig:
        """An array of this technology by its rated watts or by its panel area."""
        from sim.array import ArrayConfig  # that module looks technologies up by name

        if (power_w is None) == (area_m2 is None):
            raise ValueError("say power_w or area_m2, one of the two")
        config = ArrayConfig(
            power_w=1.0 if power_w is None else power_w,
            efficiency=self.panel_efficiency,
            temp_coefficient_per_k=self.temp_coefficient_per_k.value,
        )
        return config if area_m2 is None else replace(config, power_w=area_m2 / config.area_m2)


def _check_unit(name: str, number: Number, unit: str) -> None:
    if number.unit != unit:
        raise ValueError(f"{name}.unit must be {unit!r}, is {number.unit!r}")


def radiation_factor(technology: Technology, fluence_cm2: float) -> float:
    """The share of the power that displacement damage leaves, in 0..1.

    F = 1 - C log10(1 + Phi / Phi_x), Phi in 1 MeV electrons per cm2 under the cover glass. Source of the form: the
    semi-empirical fit of the JPL Solar Cell Radiation Handbook (Tada et al. 1982).
    """
    if fluence_cm2 < 0.0:
        raise ValueError(f"fluence_cm2 must not be negative, is {fluence_cm2}")
    left = 1.0 - technology.damage_slope.value * log10(1.0 + fluence_cm2 / technology.damage_fluence_cm2.value)
    return min(1.0, max(0.0, left))


def life_factor(technology: Technology, years: float, cycles: float) -> float:
    """The share that time, ultraviolet light and thermal cycles leave; each takes its share of what is still there."""
    if years < 0.0 or cycles < 0.0:
        raise ValueError("years and cycles must not be negative")
    calendar: float = (1.0 - technology.calendar_loss_per_year.value) ** years
    ultraviolet: float = (1.0 - technology.ultraviolet_loss_per_year.value) ** years
    cycling: float = (1.0 - technology.cycling_loss_per_1000.value) ** (cycles / 1_000.0)
    return calendar * ultraviolet * cycling


def remaining(
    technology: Technology, fluence_cm2: float, years: float, cycles_per_year: float = CYCLES_PER_YEAR
) -> float:
    """The share of the first day's power that is left after `years` and a fluence of 1 MeV electrons per cm2."""
    aged = life_factor(technology, years, years * cycles_per_year)
    return radiation_factor(technology, fluence_cm2) * aged


def shipped() -> tuple[str, ...]:
    """Names of the technologies that come with the simulator."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


@cache
def load_technology(name_or_path: str | Path) -> Technology:
    """A shipped technology by its name, or any by the path of its TOML file. Raises ConfigError."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = SHIPPED / f"{name_or_path}.toml"
        if not path.is_file():
            raise ConfigError(str(name_or_path), "", f"no such technology; shipped are {', '.join(shipped())}")
    return build(Technology, {"name": path.stem, **read_toml(path)}, path.name)
