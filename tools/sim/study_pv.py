"""`penumbra sim study pv`: technologies of solar cells side by side for an orbit and a life, as JSON and as text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sim.lifetime import (
    COVER_GLASS,
    YEAR_S,
    Life,
    LifeRequest,
    Surroundings,
    carried_share,
    live,
    surroundings,
)
from sim.sun import DAY_S
from sim.technology import CONFIDENCES, load_technology, shipped

# water/full at the thriftiest setting of the mission `owned`, with the computer's idle draw: (9 + 6) W for 40 s / 0.45
WATER_FULL_J = 1_333.0
ENDS = ("bad", "good")
RANGED = (
    "begin_w_m2",
    "end_share",
    "area_m2",
    "mass_kg",
    "cost",
    "end_sun_w",
    "end_average_w",
    "inferences_per_kg",
)
HEADER = (
    "                     new         area   mass    cost   left at end   in Sun   load   inferences     weakest,",
    "technology          W/m2   C      m2     kg     CNY     % (range)    end W  end W   /day    /kg     of 14 used",
)
MODEL = (
    "panel facing the Sun at 1 au, at its equilibrium temperature; damage logarithmic in fluence; eclipses of one year "
    "for all; what the dark takes goes through the battery; ranges have every number at its bad or good end at once"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PvRequest:
    """What to compare: sized by the watts that a constant load has at the end of life, or by area."""

    life: LifeRequest = field(default_factory=LifeRequest)
    power_w: float | None = None
    area_m2: float | None = None
    joules_per_inference: float = WATER_FULL_J
    technologies: tuple[str, ...] = ()  # names or paths; none: all that are shipped

    def __post_init__(self) -> None:
        if (self.power_w is None) == (self.area_m2 is None):
            raise ValueError("say the power or the area, one of the two")
        for name in ("power_w", "area_m2", "joules_per_inference"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < 1e12:
                raise ValueError(f"{name} must be positive, is {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A technology's life as expected and at both ends of its numbers' ranges."""

    life: Life
    bad: Life
    good: Life


@dataclass(frozen=True, slots=True, kw_only=True)
class PvStudy:
    """All that was compared."""

    request: PvRequest
    around: Surroundings
    compared: tuple[Compared, ...]


def study(request: PvRequest) -> PvStudy:
    """The lives of all technologies asked for. Raises ConfigError for a file that cannot be used, and ValueError."""
    technologies = [load_technology(name) for name in request.technologies or shipped()]
    around = surroundings(request.life)
    compared = tuple(
        Compared(
            life=live(technology, around),
            bad=live(technology.at_end("bad"), around),
            good=live(technology.at_end("good"), around),
        )
        for technology in technologies
    )
    return PvStudy(request=request, around=around, compared=compared)


def answer(found: PvStudy) -> dict[str, Any]:
    """One object: the orbit, the sizing, and a row a technology. What cannot be met is null."""
    request, around = found.request, found.around
    return {
        "altitude_km": request.life.altitude_km,
        "inclination_deg": around.inclination_deg,
        "ltan_h": request.life.ltan_h,
        "is_sun_synchronous": request.life.inclination_deg is None,
        "years": request.life.years,
        "solar": request.life.solar,
        "sunlit_mean": around.sunlit_mean,
        "sunlit_worst": around.sunlit_worst,
        "thermal_cycles_per_year": around.cycles_per_year,
        "fluence_cm2_year": around.fluence_cm2_year,
        "cover_glass": COVER_GLASS,
        "sized_by": "area_m2" if request.power_w is None else "power_w",
        "power_w": request.power_w,
        "area_m2": request.area_m2,
        "joules_per_inference": request.joules_per_inference,
        "technologies": [_row(found, item) for item in found.compared],
        "model": MODEL,
    }


def _row(found: PvStudy, item: Compared) -> dict[str, Any]:
    technology = item.life.technology
    numbers = technology.numbers()
    ends = {end: figures(found, getattr(item, end)) for end in ENDS}
    weakest = technology.weakest_confidence()
    counts = Counter(number.confidence for number in numbers.values())
    return {
        "name": technology.name,
        "title": technology.title,
        **figures(found, item.life),
        "currency": technology.cost_per_m2.unit.split("/")[0],
        "cost_as_of": technology.cost_per_m2.as_of,
        "ranges": {key: [ends[end][key] for end in ENDS] for key in RANGED},
        "confidence": weakest,
        "confidence_counts": {name: counts[name] for name in CONFIDENCES},
        "engineering": [name for name, number in numbers.items() if number.confidence == CONFIDENCES[-1]],
    }


def figures(found: PvStudy, life: Life) -> dict[str, float | None]:
    """The numbers of one life. `end_average_w` is the constant load that array and battery carry in the mean orbit."""
    request, around, technology = found.request, found.around, life.technology
    carried, worst = carried_share(around.sunlit_mean), carried_share(around.sunlit_worst)
    end_m2 = life.end_w_m2
    area_m2 = request.area_m2 if request.power_w is None else _over(request.power_w, carried * end_m2)
    mean_m2 = carried * life.begin_w_m2 * life.mean_share
    life_j_kg = mean_m2 * request.life.years * YEAR_S / technology.areal_mass_kg_m2.value
    cost = _times(area_m2, technology.cost_per_m2.value)
    return {
        "temp_c": life.temp_c,
        "begin_w_m2": life.begin_w_m2,
        "end_w_m2": end_m2,
        "end_share": float(life.share[-1]),
        "area_m2": area_m2,
        "mass_kg": _times(area_m2, technology.areal_mass_kg_m2.value),
        "cost": cost,
        "cost_per_end_w": None if cost is None else _over(cost, (area_m2 or 0.0) * carried * end_m2),
        "begin_sun_w": _times(area_m2, life.begin_w_m2),
        "end_sun_w": _times(area_m2, end_m2),
        "begin_average_w": _times(area_m2, carried * life.begin_w_m2),
        "end_average_w": _times(area_m2, carried * end_m2),
        "end_worst_orbit_w": _times(area_m2, worst * end_m2),
        "inferences_per_day_end": _times(area_m2, carried * end_m2 * DAY_S / request.joules_per_inference),
        "inferences_life": _times(area_m2, mean_m2 * request.life.years * YEAR_S / request.joules_per_inference),
        "inferences_per_kg": life_j_kg / request.joules_per_inference,
    }


def _over(wanted: float, per_unit: float) -> float | None:
    """The units wanted; None where nothing is left that a sane area could make up for."""
    return wanted / per_unit if per_unit > 1e-6 * wanted else None


def _times(area_m2: float | None, per_m2: float) -> float | None:
    return None if area_m2 is None else area_m2 * per_m2


def text(found: dict[str, Any]) -> str:
    """The comparison for a person at a terminal."""
    kind = "sun-synchronous" if found["is_sun_synchronous"] else "fixed inclination"
    sized = (
        f"{found['power_w']:,g} W constant at the end of life"
        if found["sized_by"] == "power_w"
        else f"{found['area_m2']:,g} m2 of panel"
    )
    rows = found["technologies"]
    prices = ", ".join(sorted({f"{row['currency']} of {row['cost_as_of']}" for row in rows}))
    return "\n".join(
        [
            f"{found['altitude_km']:g} km, {found['inclination_deg']:.2f} deg ({kind}), node at {found['ltan_h']:g} h; "
            f"{found['years']:g} years, solar {found['solar']}; {sized}",
            f"sunlit {found['sunlit_mean']:.4f} in the mean, {found['sunlit_worst']:.4f} in the worst orbit; "
            f"{found['thermal_cycles_per_year']:,.0f} eclipses and {found['fluence_cm2_year']:.2g} "
            "electrons/cm2 a year",
            "",
            *HEADER,
            *(_line(row) for row in rows),
            "",
            f"range: every number at its bad, at its good end at once; prices: {prices}",
            "load: constant watts that array and battery carry through the mean orbit of the year",
            f"inferences: {found['joules_per_inference']:,g} J each; a day at the end; a kg of panel over the life",
            f"cover glass: {COVER_GLASS.split(';')[0]}; see --json",
        ]
    )


def _line(row: dict[str, Any]) -> str:
    bad, good = row["ranges"]["end_share"]
    left = f"{100 * row['end_share']:.0f} ({100 * bad:.0f}-{100 * good:.0f})"
    trust = f"{row['confidence']} {row['confidence_counts'][row['confidence']]}"
    return (
        f"{row['name']:<18} {row['begin_w_m2']:5.0f} {row['temp_c']:3.0f} {short(row['area_m2']):>7} "
        f"{short(row['mass_kg']):>6} {short(row['cost']):>7} {left:>13} {short(row['end_sun_w']):>8} "
        f"{short(row['end_average_w']):>6} {short(row['inferences_per_day_end']):>6} "
        f"{short(row['inferences_per_kg']):>6}   {trust:>15}"
    )


def short(value: float | None) -> str:
    """Three digits with k, M or G; a dash for what cannot be."""
    if value is None:
        return "-"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * size:
            return f"{_digits(value / size)}{letter}"
    return _digits(value)


def _digits(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 99.95 else f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}"
