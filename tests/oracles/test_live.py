"""The independent programs of today against what is frozen of them, and against the physics. Needs `make oracles`.

Basilisk here flies whole orbits second by second, where the frozen files hold samples.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.single import SingleRequest, fly_single
from tools.sim import check_codes, check_sun, check_tle
from tools.sim.oracles import FOLDER, basilisk_heat, basilisk_lot, basilisk_orbit, eclipse_cases, frozen, sun, vectors
from tools.sim.power import answer

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("default"), pytest.mark.timeout(300)]


def same(live: Any, kept: Any, relative: float) -> None:
    """Two trees of numbers, alike but for what tells program and day."""
    if isinstance(kept, dict):
        assert set(live) == set(kept)
        for key in set(kept) - {"source", "made"}:
            same(live[key], kept[key], relative)
    elif isinstance(kept, list):
        assert len(live) == len(kept)
        for one, other in zip(live, kept, strict=True):
            same(one, other, relative)
    elif isinstance(kept, float):
        assert live == pytest.approx(kept, rel=relative, abs=1e-9)
    else:
        assert live == kept


@pytest.mark.parametrize(
    ("name", "program", "package"),
    [
        ("sun", sun, "skyfield"),
        ("eclipse_cases", eclipse_cases, "skyfield"),
        ("vectors", vectors, "sgp4"),
        ("basilisk_heat", basilisk_heat, "Basilisk"),
        ("basilisk_orbit", basilisk_orbit, "Basilisk"),
        ("basilisk_lot", basilisk_lot, "Basilisk"),
    ],
)
def test_what_is_frozen_is_what_the_program_says_today(name: str, program: Any, package: str) -> None:
    pytest.importorskip(package)
    kept = frozen(name)
    assert kept is not None, f"{name}.json is missing in {FOLDER}"
    same(program.ask(), kept, 1e-7)


def test_the_sun_at_ten_times_as_many_points() -> None:
    pytest.importorskip("skyfield")
    found = check_sun.differences(sun.ask(points=10 * sun.POINTS, step_s=sun.STEP_S / 10.0))
    assert found["of_date_deg"].max() < check_sun.SUN_DEG
    assert found["j2000_deg"].max() < check_sun.SUN_DEG
    assert found["distance_au"].max() < check_sun.DISTANCE_AU


def test_two_line_elements_at_the_published_places() -> None:
    pytest.importorskip("sgp4")
    assert max(check_tle.worst_m(satellite) for satellite in vectors.ask()["satellites"].values()) < 1.0


@pytest.mark.parametrize("name", basilisk_orbit.CASES)
def test_every_second_of_an_orbit(name: str) -> None:
    """At Basilisk's own places: light to 1e-8, watts to 1e-5; and the battery of its own watts to 1e-9 Wh."""
    pytest.importorskip("Basilisk")
    request = basilisk_orbit.CASES[name]
    seconds = basilisk_orbit.fly(request)
    place, sun_m, lit, watts = (
        np.array([getattr(second, key) for second in seconds])
        for key in ("place_m", "sun_m", "illumination", "array_w")
    )
    for what, _, differences, tolerance in check_codes.shadow_differences(request, place, sun_m, lit, watts):
        assert float(np.abs(differences).max()) <= tolerance, what
    stored_wh = [second.stored_wh for second in seconds]
    apart_wh = check_codes.battery_difference_wh(request, stored_wh[0], watts[1:].tolist(), stored_wh[1:])
    assert apart_wh <= 1e-9


def test_a_request_with_another_sun_is_another_answer() -> None:
    """The comparison notices: half an hour of local time is twenty seconds of eclipse."""
    pytest.importorskip("Basilisk")
    request = SingleRequest(is_lossless=True)
    told = basilisk_orbit.summary(basilisk_orbit.fly(replace(request, ltan_h=request.ltan_h + 0.5)))
    assert abs(answer(fly_single(request))["eclipse_s"] - told["eclipse_s"]) > 20.0


def test_protons_by_radbelt() -> None:
    """The number that its authors publish: 20 MeV, 30 S, 45 W, 500 km, 1 March 2021, solar maximum."""
    radbelt = pytest.importorskip("radbelt")
    from astropy import units
    from astropy.coordinates import EarthLocation
    from astropy.time import Time

    place = EarthLocation(-45.0 * units.deg, -30.0 * units.deg, 500.0 * units.km)
    flux = radbelt.get_flux(place, Time("2021-03-01"), 20.0 * units.MeV, "p", "max")
    assert float(flux.value) == pytest.approx(2_642.5, rel=1e-3)
