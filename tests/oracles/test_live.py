"""The independent programs of today against what is frozen of them, and against the physics. Needs `make oracles`.

Basilisk here flies whole orbits second by second, where the frozen files hold samples; and it flies orbits that nobody
chose by hand.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from sim.single import SingleRequest, fly_single
from tools.sim import check_codes, check_sun, check_tle
from tools.sim.oracles import FOLDER, basilisk_heat, basilisk_orbit, eclipse_cases, frozen, sun, vectors
from tools.sim.power import answer

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("default"), pytest.mark.timeout(300)]

RANDOM_ORBITS = 30
KEYS = ("eclipse_s", "battery_min_wh", "battery_end_wh", "array_peak_w")


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


def random_requests() -> list[SingleRequest]:
    """Any orbit and day, arrays from a cubesat's to a data centre's, batteries that run full and empty."""
    chance = random.Random(7)
    found = []
    for _ in range(RANDOM_ORBITS):
        area_m2, efficiency = chance.choice([0.05, 0.2, 5.0, 40.0, 600.0]), chance.uniform(0.15, 0.34)
        peak_w = 1361.0 * area_m2 * efficiency
        found.append(
            SingleRequest(
                altitude_km=chance.uniform(400.0, 2_000.0),
                inclination_deg=chance.choice([None, chance.uniform(0.0, 150.0)]),
                ltan_h=chance.uniform(0.0, 24.0),
                day=date(2026, 1, 1) + timedelta(days=chance.randrange(365)),
                array_m2=area_m2,
                efficiency=efficiency,
                load_w=peak_w * chance.uniform(0.0, 1.2),
                battery_wh=peak_w * chance.choice([0.05, 0.3, 1.0, 5.0]) * chance.uniform(0.5, 1.5),
                start_soc=chance.choice([0.0, 0.5, 1.0, chance.random()]),
                is_lossless=True,
            )
        )
    return found


@pytest.mark.parametrize("index", range(RANDOM_ORBITS))
def test_an_orbit_that_nobody_chose(index: int) -> None:
    """`penumbra sim power` against Basilisk's sums over whole seconds, which take the end of each second.

    So the two differ by up to a second of eclipse and of power where the orbit begins or ends in the dark, no more.
    """
    pytest.importorskip("Basilisk")
    request = random_requests()[index]
    told, ours = basilisk_orbit.summary(basilisk_orbit.fly(request)), answer(fly_single(request))
    second_wh = max(request.load_w, told["array_peak_w"]) / 3600.0
    assert ours["eclipse_s"] == pytest.approx(told["eclipse_s"], abs=1.1)
    assert ours["array_peak_w"] == pytest.approx(told["array_peak_w"], rel=1e-6)
    for key in ("battery_min_wh", "battery_end_wh"):
        assert ours[key] == pytest.approx(told[key], abs=1.1 * second_wh)


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
