"""Checks of orbit and sunlight: the filed shells, and a year of light by local time.

The tables are of an independent stepping code (cone, spherical Earth); "filing" is the public summary of the FCC
filing SAT-LOA-20260108-00016 for shells at 500, 1,000 and 2,000 km.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.season import YearRequest, survey
from tools.sim.row import Row
from tools.sim.year import answer

SHELLS, LIGHT = "filed shells", "sunlight of 2026"
STEPPED = "independent stepping code"
FILING = "FCC SAT-LOA-20260108-00016, public summary"

# altitude km; two-body period s, nodal period s, sun-synchronous inclination deg, beta* deg, longest possible dark min
SHELL_TABLE = (
    (500.0, 5_676.98, 5_684.39, 97.402, 68.02, 35.75),
    (600.0, 5_801.23, 5_808.53, 97.788, 66.07, 35.49),
    (1_000.0, 6_307.12, 6_313.95, 99.479, 59.82, 34.94),
    (1_800.0, 7_360.25, 7_365.90, 103.658, 51.25, 34.93),
    (2_000.0, 7_631.89, 7_637.18, 104.890, 49.58, 35.03),
)
SHELL_COLUMNS = (
    ("period_s", "s", 0.01),
    ("nodal_period_s", "s", 0.01),
    ("inclination_deg", "deg", 0.002),
    ("beta_star_deg", "deg", 0.01),
    ("longest_dark_possible_min", "min", 0.01),
)
FILED_TABLE = ((500.0, 5_677.0, 97.4), (1_000.0, 6_307.0, 99.5), (2_000.0, 7_632.0, 104.9))
# altitude km, local time h; |beta| deg low and high, mean, worst orbit, longest umbra min, days with eclipse.
# The table gives 6.0-6.5 h at 2,000 km as one row: the highest beta is of the first, the lowest of the second.
LIGHT_TABLE: tuple[tuple[float, float, tuple[float | None, ...]], ...] = (
    (500.0, 6.0, (59.2, 89.8, 0.94585, 0.7605, 22.34, 104)),
    (500.0, 10.5, (15.0, 25.2, 0.63200, 0.6267, 35.22, 365)),
    (500.0, 12.0, (0.0, 6.0, 0.62230, 0.6221, 35.61, 365)),
    (600.0, 6.0, (58.8, 89.9, 0.95668, 0.7860, 20.28, 94)),
    (600.0, 10.5, (14.9, 25.3, 0.64384, 0.6379, 34.91, 365)),
    (1_000.0, 6.0, (57.1, 89.9, 0.98512, 0.8759, 12.41, 58)),
    (1_000.0, 12.0, (0.0, 6.6, 0.66801, 0.6676, 34.75, 365)),
    (2_000.0, 6.0, (None, 89.3, 1.00000, 1.0000, 0.0, 0)),
    (2_000.0, 6.5, (50.9, None, 1.00000, 1.0000, 0.0, 0)),
    (2_000.0, 7.0, (48.7, 76.9, 0.99575, 0.9393, 6.54, 37)),
    (2_000.0, 12.0, (0.0, 8.3, 0.72554, 0.7245, 34.80, 365)),
)
LIGHT_COLUMNS = (
    ("beta_min_deg", "deg", 0.06),  # the table is rounded to a tenth
    ("beta_max_deg", "deg", 0.06),
    ("sunlit_mean", "", 5e-4),
    ("sunlit_worst", "", 1e-3),
    ("umbra_max_min", "min", 0.1),
    ("eclipse_days", "days", 1.5),
)
ALL_NODES_TABLE = ((500.0, 0.639, 0.622), (1_000.0, 0.693, 0.668), (2_000.0, 0.769, 0.725))
LAST_WITH_ECLIPSE_KM, FIRST_WITHOUT_KM = 1_400.0, 1_450.0  # dawn-dusk


def rows() -> Iterator[Row]:
    """All checks of a year."""
    yield from _shells()
    yield from _sunlight()
    yield from _all_nodes()
    yield from _eclipse_free()


def _shells() -> Iterator[Row]:
    found = {altitude_km: answer(survey(YearRequest(altitude_km=altitude_km))) for altitude_km, *_ in SHELL_TABLE}
    for altitude_km, *values in SHELL_TABLE:
        for (key, unit, tolerance), expected in zip(SHELL_COLUMNS, values, strict=True):
            yield _row(SHELLS, f"{altitude_km:g} km", key, STEPPED, unit, expected, found[altitude_km][key], tolerance)
    for altitude_km, period_s, inclination_deg in FILED_TABLE:
        for key, unit, expected, tolerance in (
            ("period_s", "s", period_s, 0.5),
            ("inclination_deg", "deg", inclination_deg, 0.05),
        ):
            yield _row(SHELLS, f"{altitude_km:g} km", key, FILING, unit, expected, found[altitude_km][key], tolerance)


def _sunlight() -> Iterator[Row]:
    for altitude_km, ltan_h, values in LIGHT_TABLE:
        found = answer(survey(YearRequest(altitude_km=altitude_km, ltan_h=ltan_h)))
        for (key, unit, tolerance), expected in zip(LIGHT_COLUMNS, values, strict=True):
            if expected is not None:
                where = f"{altitude_km:g} km, {ltan_h:g} h"
                yield _row(LIGHT, where, key, STEPPED, unit, expected, found[key], tolerance)


def _all_nodes() -> Iterator[Row]:
    for altitude_km, mean, worst in ALL_NODES_TABLE:
        found = survey(YearRequest(altitude_km=altitude_km, inclination_deg=30.0, all_nodes=True))
        where = f"{altitude_km:g} km, 30 deg, all nodes"
        yield _row(LIGHT, where, "sunlit_mean", STEPPED, "", mean, float(found.sunlit.mean()), 1e-3)
        yield _row(LIGHT, where, "sunlit_worst", STEPPED, "", worst, float(found.sunlit.min()), 1e-3)


def _eclipse_free() -> Iterator[Row]:
    """A dawn-dusk orbit at the lower altitude has eclipses, at the upper none: 1 for yes."""
    for altitude_km, expected in ((LAST_WITH_ECLIPSE_KM, 1.0), (FIRST_WITHOUT_KM, 0.0)):
        days = survey(YearRequest(altitude_km=altitude_km, ltan_h=6.0)).eclipse_days
        where = f"{altitude_km:g} km, 6 h"
        yield _row(LIGHT, where, "has any eclipse", STEPPED, "", expected, float(days > 0), 0.0)


def _row(
    section: str, where: str, key: str, source: str, unit: str, expected: float, got: float, tolerance: float
) -> Row:
    return Row(
        section=section,
        name=f"{where}: {key}",
        source=source,
        unit=unit,
        expected=float(expected),
        got=float(got),
        tolerance=tolerance,
    )
