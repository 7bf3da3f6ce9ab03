"""The power of one orbit: against Basilisk's frozen run, against closed forms, and its own books."""

from __future__ import annotations

from datetime import date
from math import pi
from typing import Any

import numpy as np
import pytest

from sim.discs import Bodies, illuminations
from sim.season import YearRequest, survey
from sim.single import STEP_S, SingleRequest, fly_single, integrate, sunlight_of
from tools.sim.oracles import frozen
from tools.sim.oracles.basilisk_orbit import CASES

GOLDEN: dict[str, Any] = frozen("basilisk_orbit") or {}
BASILISK_BODIES = Bodies(earth_m=6_378_136.6, sun_m=695_000e3)


def test_the_frozen_cases_are_those_of_the_program_and_say_where_they_come_from() -> None:
    assert list(GOLDEN["cases"]) == list(CASES)
    assert "Basilisk 2." in GOLDEN["source"]


@pytest.mark.parametrize("name", CASES)
def test_illumination_and_power_at_basilisks_own_places(name: str) -> None:
    """Its radii, its place and Sun of each sample: the same discs to 1e-8 and the same watts to 1e-5."""
    request = CASES[name]
    for row in GOLDEN["cases"][name]["samples"]:
        place, sun = np.array(row["place_m"]), np.array(row["sun_m"])
        radius_m, distance_m = float(np.linalg.norm(place)), np.linalg.norm(sun, keepdims=True)
        cosine = np.array([place @ sun]) / (radius_m * distance_m)
        lit = float(illuminations(cosine, radius_m, distance_m, BASILISK_BODIES)[0])
        assert lit == pytest.approx(row["illumination"], abs=1e-8)
        flux = 1361.0 * (149_597_870_693.0 / np.linalg.norm(sun - place)) ** 2  # its astronomical unit
        assert request.array_m2 * request.efficiency * flux * lit == pytest.approx(row["array_w"], abs=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_the_battery_is_basilisks_for_its_own_watts(name: str) -> None:
    """Through full or empty, second by second, to 1e-9 Wh."""
    window, request = GOLDEN["cases"][name]["battery"], CASES[name]
    surplus_w = [watts - request.load_w for watts in window["array_w"]]
    stored_j, _, _ = integrate(3600.0 * window["before_wh"], 3600.0 * request.battery_wh, surplus_w, 1.0)
    assert np.array(stored_j[1:]) / 3600.0 == pytest.approx(np.array(window["stored_wh"]), abs=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_an_orbit_is_basilisks_orbit(name: str) -> None:
    """Its sums take an end-point of each second, so that its battery is half a second of surplus apart."""
    found, expected = fly_single(CASES[name]), GOLDEN["cases"][name]
    light = found.sunlight
    assert light.seconds(1.0 - light.illumination) == pytest.approx(expected["eclipse_s"], abs=0.15)
    assert found.array_w.max() == pytest.approx(expected["array_peak_w"], abs=1e-3)
    assert found.stored_wh.min() == pytest.approx(expected["battery_min_wh"], abs=0.15)
    steps_s = np.arange(len(found.stored_wh)) * light.period_s / len(found.array_w)
    end_wh = float(np.interp(float(int(light.period_s)), steps_s, found.stored_wh))
    assert end_wh == pytest.approx(expected["battery_end_wh"], abs=0.15)


@pytest.mark.parametrize("is_lossless", [True, False])
@pytest.mark.parametrize("battery_wh", [300.0, 2_000.0])
def test_every_watt_hour_is_in_the_books(battery_wh: float, is_lossless: bool) -> None:
    found = fly_single(SingleRequest(battery_wh=battery_wh, is_lossless=is_lossless))
    hours = found.sunlight.period_s / 3600.0
    gain = hours * (float(found.array_w.mean()) - found.request.load_w) + found.unserved_wh - found.spilled_wh
    lost = gain - float(found.stored_wh[-1] - found.stored_wh[0])
    assert lost == pytest.approx(0.0, abs=1e-6) if is_lossless else 0.0 < lost < 0.3 * battery_wh
    assert 0.0 <= found.stored_wh.min() <= found.stored_wh.max() <= battery_wh * (1.0 + 1e-12)


def test_eclipse_is_the_closed_form_of_the_year() -> None:
    """The same orbit at the same instant; the year counts by the nodal period, one orbit by the two-body period."""
    request = SingleRequest(day=date(2026, 6, 21))
    light = sunlight_of(request)
    year = survey(YearRequest())
    index = int(np.argmin(np.abs(year.unix_s - request.start_unix_s)))
    dark = 1.0 - float(light.illumination.mean())
    assert dark == pytest.approx(1.0 - year.sunlit[0, index], abs=1e-4)


def test_a_smaller_earth_is_noticed() -> None:
    """With 6,371 km instead of 6,378 the eclipse of a noon-ish orbit is 5.5 s shorter."""
    request = SingleRequest()
    whole, small = (sunlight_of(request, Bodies(earth_m=radius_m)) for radius_m in (6_378_137.0, 6_371_000.0))
    difference_s = small.seconds(small.illumination) - whole.seconds(whole.illumination)
    assert difference_s == pytest.approx(5.5, abs=0.5)


def test_flux_falls_with_the_square_of_the_distance() -> None:
    near, far = (sunlight_of(SingleRequest(day=day)).flux_w_m2.mean() for day in (date(2026, 1, 3), date(2026, 7, 6)))
    assert near / far == pytest.approx((1.01664 / 0.98330) ** 2, rel=2e-4)


def test_battery_without_losses_is_arithmetic() -> None:
    """All in the Sun, array twice the load: the gain is the load for the period."""
    request = SingleRequest(
        altitude_km=1_000.0, ltan_h=6.0, load_w=1_000.0, start_soc=0.2, battery_wh=1e4, is_lossless=True
    )
    found = fly_single(request)
    watts = request.array_m2 * request.efficiency * float(found.sunlight.flux_w_m2.mean())
    gained = (watts - 1_000.0) * found.sunlight.period_s / 3600.0
    assert found.stored_wh[-1] - found.stored_wh[0] == pytest.approx(gained, rel=1e-9)
    assert found.sunlight.period_s == pytest.approx(2.0 * pi * (7_378_137.0**3 / 398_600.4418e9) ** 0.5)
    assert found.sunlight.period_s / len(found.array_w) <= STEP_S


def test_midnight_has_two_names() -> None:
    zero, whole = (fly_single(SingleRequest(ltan_h=ltan_h)) for ltan_h in (0.0, 24.0))
    assert whole.stored_wh == pytest.approx(zero.stored_wh, abs=1e-9)


@pytest.mark.parametrize(
    "wrong",
    [
        {"altitude_km": 100.0},
        {"efficiency": 0.0},
        {"battery_wh": 0.0},
        {"start_soc": 1.1},
        {"load_w": float("nan")},
        {"ltan_h": -1.0},
        {"inclination_deg": 200.0},
        {"ltan_h": 24.1},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        SingleRequest(**wrong)
