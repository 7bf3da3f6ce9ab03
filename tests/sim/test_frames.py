"""Frames: conversions against an independent library, and two frames never in one expression."""

import json
from datetime import UTC, datetime
from math import degrees, sin
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.frames import (
    ARCSECOND_RAD,
    J2000,
    EarthFixed,
    FrameError,
    OfDate,
    Teme,
    earth_fixed_from_of_date,
    j2000_from_of_date,
    of_date_from_earth_fixed,
    of_date_from_j2000,
    of_date_from_teme,
    precession,
    towards,
)
from sim.orbit import Orbit, OrbitConfig
from sim.sun import sun_at

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "skyfield_passes.json").read_text("utf-8"))
components = st.floats(-1e7, 1e7)
times = st.floats(-6e8, 4e9)  # 1950 to 2096


def test_precession_is_that_of_erfa_to_a_milliarcsecond():
    ours = precession(GOLDEN["precession_unix_s"])
    for row, expected in zip(ours, GOLDEN["precession"], strict=True):
        assert row == pytest.approx(tuple(expected), abs=1e-3 * ARCSECOND_RAD)


def test_the_sun_of_date_is_a_third_of_a_degree_from_that_of_2000():
    """26 years of precession at 50.3 arcseconds: what is at stake when the two are mixed."""
    unix_s = GOLDEN["precession_unix_s"]
    of_date = towards(sun_at(unix_s))
    old = j2000_from_of_date(of_date, unix_s)
    apart = OfDate(old.x, old.y, old.z).cross(of_date).length
    assert degrees(apart) == pytest.approx(26.41 * 50.29 / 3600.0, rel=1e-2)


@given(components, components, components, times)
def test_there_and_back_again(x: float, y: float, z: float, unix_s: float):
    start = OfDate(x, y, z)
    for back in (
        of_date_from_j2000(j2000_from_of_date(start, unix_s), unix_s),
        of_date_from_earth_fixed(earth_fixed_from_of_date(start, unix_s), unix_s),
    ):
        assert (back - start).length <= 1e-8 * (1.0 + start.length)


def test_a_place_on_the_ground_goes_round_eastward():
    before = of_date_from_earth_fixed(EarthFixed(1.0, 0.0, 0.0), 0.0)
    after = of_date_from_earth_fixed(EarthFixed(1.0, 0.0, 0.0), 600.0)
    assert before.cross(after).z == pytest.approx(sin(7.292115e-5 * 600.0), rel=1e-5)


@pytest.mark.parametrize(
    "mixed",
    [
        lambda: OfDate(1.0, 0.0, 0.0).dot(J2000(1.0, 0.0, 0.0)),
        lambda: OfDate(1.0, 0.0, 0.0) - Teme(1.0, 0.0, 0.0),
        lambda: Teme(1.0, 0.0, 0.0).cross(EarthFixed(1.0, 0.0, 0.0)),
        lambda: of_date_from_teme(OfDate(1.0, 0.0, 0.0)),
        lambda: of_date_from_j2000(Teme(1.0, 0.0, 0.0), 0.0),
        lambda: j2000_from_of_date(J2000(1.0, 0.0, 0.0), 0.0),
        lambda: earth_fixed_from_of_date(Teme(1.0, 0.0, 0.0), 0.0),
    ],
)
def test_two_frames_in_one_expression_are_an_error_that_names_both(mixed):
    with pytest.raises(FrameError, match=r"(OfDate|Teme|J2000|EarthFixed).*(OfDate|Teme|J2000|EarthFixed)"):
        mixed()


def test_equal_components_in_two_frames_are_not_equal():
    assert OfDate(1.0, 2.0, 3.0) != Teme(1.0, 2.0, 3.0)


def test_an_orbit_says_its_place_of_date():
    orbit = Orbit(OrbitConfig().elements(datetime(2026, 11, 20, tzinfo=UTC)))
    place = orbit.place(0.25 * orbit.period_s)
    assert place.length == pytest.approx(orbit.elements.semi_major_axis_m)
    assert place.z == pytest.approx(place.length * sin(orbit.elements.inclination_rad))


MISTAKES = """
from sim.frames import J2000, OfDate, Teme, of_date_from_teme
from sim.orbit import Orbit
from sim.osculating import OsculatingElements
def mixed(a: OfDate, b: Teme, c: J2000, osculating: OsculatingElements) -> None:
    a.dot(b)
    a - c
    of_date_from_teme(a)
    Orbit(osculating)
    a.dot(of_date_from_teme(b))
"""


def test_mixing_does_not_type_check(tmp_path: Path):
    api = pytest.importorskip("mypy.api")
    path = tmp_path / "mistakes.py"
    path.write_text(MISTAKES, "utf-8")
    root = Path(__file__).parents[2]
    shown, _, code = api.run(
        ["--config-file", str(root / "pyproject.toml"), "--cache-dir", str(root / ".mypy_cache"), str(path)]
    )
    lines = [line.split(":")[1] for line in shown.splitlines() if "mistakes.py" in line and "error:" in line]
    assert (code, lines) == (1, ["6", "7", "8", "9"]), shown
