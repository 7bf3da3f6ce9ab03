"""Radiation in the plan: where it is strong, long jobs wait or go first; the circles hold what the belts' maps say."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fsw.ephemeris.zones import RadiationZone, Zones
from fsw.govern.forecast import Forecaster
from fsw.govern.prices import PriceTable
from fsw.messages import Prices
from fsw.mission import MISSIONS, Mission, load_mission
from hal.clock import SECOND_NS, OnboardTime
from sim.belts import load_belts

ANOMALY = RadiationZone(
    name="South Atlantic", latitude_deg=-27.0, longitude_deg=-48.0, radius_deg=35.0, losses_per_hour=3.0
)
DAY_S = 86_400


@pytest.fixture(scope="module")
def mission() -> Mission:
    return replace(load_mission(MISSIONS / "owned.toml"), radiation_zone=(ANOMALY,))


def zones_of(mission: Mission) -> Zones:
    zones = mission.zones()
    assert zones is not None
    return zones


def test_the_circle_holds_nearly_all_protons_that_the_maps_have_at_this_altitude() -> None:
    shell = load_belts().shell(500.0)
    latitudes, longitudes = np.arange(-85.0, 86.0, 5.0), np.arange(-180.0, 180.0, 5.0)
    inside = total = 0.0
    for latitude in latitudes:
        for longitude in longitudes:
            protons = shell.at(float(latitude), float(longitude))[0] * math.cos(math.radians(latitude))
            total += protons
            inside += protons * (_apart_deg(float(latitude), float(longitude)) <= ANOMALY.radius_deg)
    assert inside > 0.9 * total > 0.0


def _apart_deg(latitude_deg: float, longitude_deg: float) -> float:
    """The angle to the circle's middle, by the cosine rule."""
    one, other = math.radians(latitude_deg), math.radians(ANOMALY.latitude_deg)
    between = math.radians(longitude_deg - ANOMALY.longitude_deg)
    cosine = math.sin(one) * math.sin(other) + math.cos(one) * math.cos(other) * math.cos(between)
    return math.degrees(math.acos(min(1.0, cosine)))


def test_an_orbit_is_in_the_circle_for_its_share_of_a_day_and_some_orbits_not_at_all(mission: Mission) -> None:
    zones, start_s = zones_of(mission), mission.epoch_tai_ns() / SECOND_NS
    rates = np.array([zones.loss_rate_hz(start_s + second) for second in range(0, DAY_S, 60)])
    assert set(np.unique(rates)) == {0.0, 3.0 / 3600.0}
    assert 0.05 < float(np.mean(rates > 0.0)) < 0.15  # the circle is 9 % of the sphere
    orbits = rates[: 15 * 94].reshape(15, 94)
    assert 0 < int(np.count_nonzero(orbits.any(axis=1))) < 15


def test_circles_that_overlap_add_up_and_no_zone_is_no_forecast(mission: Mission) -> None:
    everywhere = replace(ANOMALY, radius_deg=180.0)
    both = zones_of(replace(mission, radiation_zone=(everywhere, everywhere)))
    assert both.loss_rate_hz(mission.epoch_tai_ns() / SECOND_NS) == pytest.approx(6.0 / 3600.0)
    assert replace(mission, radiation_zone=()).zones() is None


def test_the_forecast_has_a_rate_a_slot_and_none_without_the_time(mission: Mission) -> None:
    everywhere = replace(mission, radiation_zone=(replace(ANOMALY, radius_deg=180.0),))
    known = OnboardTime(tai_at_zero_ns=mission.epoch_tai_ns())
    forecast = Forecaster(everywhere, known).ahead(0, 5, 120.0)
    assert forecast.loss_rate_hz is not None
    assert forecast.loss_rate_hz.tolist() == pytest.approx([3.0 / 3600.0] * 5)
    plain = Forecaster(replace(mission, radiation_zone=()), known).ahead(0, 5, 120.0)
    assert plain.loss_rate_hz is None


def prices(loss_rate_hz: tuple[float, ...]) -> Prices:
    return Prices(
        time_ns=0, start_ns=0, slot_s=100.0, joule_price=(0.0,) * 3, time_price=(0.0,) * 3, kinds=(), job_price=(),
        loss_rate_hz=loss_rate_hz,
    )  # fmt: skip


def test_a_job_survives_by_what_it_meets_slot_by_slot() -> None:
    table = PriceTable(prices((0.0, 0.01, 0.002)))
    assert table.survival(0, 100.0) == 1.0
    assert table.survival(50 * SECOND_NS, 100.0) == pytest.approx(math.exp(-50 * 0.01))
    assert table.survival(0, 500.0) == pytest.approx(math.exp(-100 * 0.01 - 300 * 0.002))
    assert PriceTable(prices(())).survival(0, 1e6) == 1.0


@pytest.mark.parametrize("bad", [(0.0,), (0.0, -1.0, 0.0), (0.0, math.nan, 0.0), (0.0, math.inf, 0.0)])
def test_rates_that_cannot_be_make_no_prices(bad: tuple[float, ...]) -> None:
    assert not PriceTable(prices(bad)).covers(0)


@pytest.mark.parametrize(
    "change", [{"latitude_deg": 91.0}, {"radius_deg": 0.0}, {"losses_per_hour": -1.0}, {"losses_per_hour": math.inf}]
)
def test_a_zone_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="South Atlantic"):
        replace(ANOMALY, **change)
