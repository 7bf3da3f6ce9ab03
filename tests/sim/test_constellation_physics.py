"""What the constellation's model says about shadow, power, heat and dose, against the bench's and closed forms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import cos, sin, sqrt

import numpy as np
import pytest

from hal.constants import STEFAN_BOLTZMANN_W_M2K4
from sim.constellation.arrays import illumination, sun_products
from sim.constellation.design import Design, Follows, LoadPolicy, StorageConfig
from sim.constellation.fleet import Calendar, Fleet
from sim.constellation.rows import ROWS
from sim.constellation.shells import Shell
from sim.heat import HeatConfig
from sim.orbit import MeanElements, Orbit
from sim.radiation import Radiation, RadiationConfig
from sim.shadow import Shadow
from sim.sun import sun_at

EPOCH_UNIX_S = datetime(2026, 6, 21, tzinfo=UTC).timestamp()
STORED, ARRAY, DOSE = (ROWS.index(name) for name in ("stored_j", "array_k", "dose_ugy"))


def shell(ltan_h: float = 10.5, altitude_km: float = 550.0, satellites: int = 1) -> Shell:
    return Shell(name="test", altitude_km=altitude_km, satellites=satellites, ltan_h=(ltan_h,))


def orbit_of(one: Shell) -> Orbit:
    elements = MeanElements(
        epoch_unix_s=EPOCH_UNIX_S,
        semi_major_axis_m=one.semi_major_axis_m,
        inclination_rad=one.inclination_rad,
        node_rad=float(one.nodes_rad(EPOCH_UNIX_S)[0]),
        latitude_argument_rad=0.0,
    )
    return Orbit(elements)


def fleet(one: Shell, design: Design | None = None, step_s: float = 10.0, with_dose: bool = False) -> Fleet:
    times = Calendar(
        shell=one, design=design or Design(), epoch_unix_s=EPOCH_UNIX_S, step_s=step_s, with_dose=with_dose
    )
    return Fleet(times)


@pytest.mark.parametrize("altitude_km", [500.0, 1000.0, 2000.0])
def test_illumination_is_close_to_two_discs(altitude_km: float) -> None:
    one = shell(altitude_km=altitude_km)
    k = fleet(one).calendar.coefficients(0)
    shadow = Shadow(orbit_of(one))
    cosines = np.linspace(-1.0, 1.0, 40_001)
    error = illumination(np, k, cosines) - np.array([shadow.illumination(cosine, 0.0) for cosine in cosines.tolist()])
    assert np.abs(error).max() < 0.008  # a straight edge 0.0054, the polynomial 0.0014
    assert abs(error.mean()) < 2e-5


@pytest.mark.parametrize("ltan_h", [6.0, 10.5, 12.0])
def test_sunlit_fraction_of_a_day_is_that_of_the_bench(ltan_h: float) -> None:
    one = shell(ltan_h)
    shadow, found, expected = Shadow(orbit_of(one)), 0.0, 0.0
    alone = fleet(one, step_s=60.0)
    for step in range(1440):
        time_s = (step + 0.5) * 60.0
        shadow.refresh(time_s)
        expected += shadow.illumination_at(time_s)
        found += float(alone.observe()[0][0])
        alone.advance(1)
    assert found / 1440 == pytest.approx(expected / 1440, abs=1e-3)


def test_step_size_changes_little() -> None:
    energy = {}
    for step_s in (1.0, 10.0):
        some = fleet(shell(satellites=50), step_s=step_s)
        some.advance(round(6000 / step_s))
        energy[step_s] = some.rows[STORED].mean()
    assert energy[10.0] == pytest.approx(energy[1.0], rel=1e-3)


def test_position_and_node_stay_true_for_a_day() -> None:
    one = shell()
    alone = fleet(one)
    alone.advance(8640)
    orbit = orbit_of(one)
    u = orbit.latitude_rate_rad_s * (alone.time_s + 5.0)
    node = orbit.node_rad(alone.time_s + 300.0)
    expected = [cos(u), sin(u), cos(node), sin(node)]
    np.testing.assert_allclose(alone.rows[:4, 0], expected, atol=1e-9)
    assert sqrt(alone.rows[0, 0] ** 2 + alone.rows[1, 0] ** 2) == pytest.approx(1.0, abs=1e-14)


def test_the_battery_stays_between_empty_and_full_and_sheds_at_the_reserve() -> None:
    storage = StorageConfig(capacity_wh=20.0, start_soc=0.5)
    some = fleet(shell(12.0, satellites=40), Design(storage=storage, load=LoadPolicy(compute_w=60.0, share=1.0)))
    shed = False
    for _ in range(60):
        some.advance(10)
        soc = some.rows[STORED] / (storage.capacity_wh * 3600.0)
        assert soc.min() >= 0.0
        assert soc.max() <= 1.0
        shed = shed or bool((some.observe()[2][soc <= storage.reserve_soc] == 0.0).any())
    assert shed


@pytest.mark.parametrize("follows", ["constant", "sun", "price"])
def test_the_load_follows_its_policy(follows: Follows) -> None:
    load = LoadPolicy(follows=follows, compute_w=40.0, share=0.5, share_by_hour=(0.25,) + (1.0,) * 23)
    some = fleet(shell(12.0, satellites=100), Design(load=load))
    lit, _, compute_w = some.observe()
    expected = {"constant": 20.0, "sun": 20.0 * lit, "price": 10.0}[follows]
    np.testing.assert_allclose(compute_w, expected * np.ones(100))
    some.advance(360)
    if follows == "price":
        np.testing.assert_allclose(some.observe()[2], 40.0)


def test_a_plate_in_the_sun_comes_to_its_equilibrium() -> None:
    heat = HeatConfig(albedo=0.0, earth_infrared_w_m2=0.0)
    dark = Design(heat=heat, load=LoadPolicy(platform_w=0.0, compute_w=0.0))
    # A full battery takes nothing, but the tracker still converts: an array of next to no efficiency is a plate.
    plate = replace(dark, array=replace(dark.array, efficiency=1e-9))
    alone = fleet(shell(6.0, altitude_km=2000.0), plate)
    alone.advance(2000)
    flux_w_m2 = sun_at(EPOCH_UNIX_S + alone.time_s).flux_w_m2
    expected_k = (0.92 * flux_w_m2 / (1.7 * STEFAN_BOLTZMANN_W_M2K4)) ** 0.25
    assert alone.rows[ARRAY, 0] == pytest.approx(expected_k, rel=1e-4)


def test_heat_and_electricity_balance_in_the_steady_state() -> None:
    alone = fleet(shell(6.0, altitude_km=2000.0))
    alone.advance(6000)
    k = alone.calendar.coefficients(alone.step)
    temperatures = alone.rows[5:8, 0]
    radiated = sum(
        rate / 4.0 * kelvin**4
        for rate, kelvin in zip(
            (k.array_radiated_w_k4, k.payload_radiated_w_k4, k.body_radiated_w_k4), temperatures, strict=True
        )
    )
    lit, power_w, compute_w = (float(row[0]) for row in alone.observe())
    sun_node, sun_ahead = sun_products(k, alone.rows[2], alone.rows[3])
    glow = max(0.0, float((sun_node * alone.rows[0] + sun_ahead * alone.rows[1])[0]))
    absorbed = sum(
        sun_w * lit + albedo_w * glow + always_w
        for sun_w, albedo_w, always_w in (
            (k.array_sun_w, k.array_albedo_w, k.array_constant_w),
            (k.payload_sun_w, k.payload_albedo_w, k.payload_constant_w),
            (k.body_sun_w, k.body_albedo_w, k.body_constant_w),
        )
    )
    assert lit == 1.0
    spilled_w = (power_w - compute_w - k.platform_w) * k.charge_efficiency  # the battery is full: to the shunts
    assert radiated == pytest.approx(absorbed - spilled_w, rel=0.03)  # albedo varies along the orbit


def test_dose_is_that_of_the_bench() -> None:
    one = shell()
    alone = fleet(one, with_dose=True)
    alone.advance(8640)
    radiation = Radiation(RadiationConfig(), orbit_of(one), 1)
    for interval in range(8640):
        radiation.enter(interval * 10.0)
    assert alone.rows[DOSE, 0] == pytest.approx(radiation.dose_at(86_400.0), rel=0.01)  # sampled every minute
