"""Radiation: the anchors of the flux map, Poisson events, and draws that no step size changes."""

from datetime import UTC, datetime
from math import cos, sin, sqrt

import pytest

from hal.clock import SECOND_NS
from sim.orbit import OrbitConfig
from sim.radiation import (
    CENTRE_LATITUDE_DEG,
    CENTRE_LONGITUDE_DEG,
    EventCounter,
    FluxMap,
    RadiationConfig,
    StormConfig,
)
from sim.world import World, WorldConfig

EPOCH = datetime(2026, 11, 20, tzinfo=UTC)


def _track(altitude_km: float, days: int = 3, step_s: int = 10, **radiation) -> list[tuple[float, float]]:
    """Latitude and flux along the ground track."""
    config = WorldConfig(
        epoch_utc=EPOCH, step_s=10.0, orbit=OrbitConfig(altitude_km=altitude_km), radiation=RadiationConfig(**radiation)
    )
    world, rows = World(config, 1), []
    for k in range(1, days * 86_400 // step_s):
        world._irradiate(*_place(world, k * step_s), k * step_s, step_s)
        rows.append((world.truth.latitude_deg, world.truth.flux_cm2_s))
    return rows


def _place(world: World, time_s: float) -> tuple[float, float]:
    world.shadow.refresh(time_s)
    u = world.orbit.start_rad + world.orbit.latitude_rate_rad_s * time_s
    return cos(u), sin(u)


@pytest.mark.parametrize(("altitude_km", "mean", "peak"), [(500.0, 17.0, 3.0e3), (600.0, 37.0, 4.2e3)])
def test_orbit_mean_and_peak_are_the_anchors(altitude_km, mean, peak):
    fluxes = [flux for _, flux in _track(altitude_km)]
    assert sum(fluxes) / len(fluxes) == pytest.approx(mean, rel=0.25)
    assert FluxMap(altitude_km).anomaly(CENTRE_LATITUDE_DEG, CENTRE_LONGITUDE_DEG) == pytest.approx(peak)
    assert 0.03 < sum(flux > 0.01 * peak for flux in fluxes) / len(fluxes) < 0.07


def test_flux_stays_inside_the_anomaly():
    """At 500 to 800 km all of the fluence falls between -55 and 10 degrees of latitude."""
    rows = _track(500.0)
    inside = sum(flux for latitude, flux in rows if -55.0 <= latitude <= 10.0)
    assert inside / sum(flux for _, flux in rows) > 0.95


def test_the_map_is_whole_across_the_date_line():
    flux = FluxMap(500.0)
    assert flux.anomaly(-27.0, 179.999) == pytest.approx(flux.anomaly(-27.0, -179.999), rel=1e-3)


def test_a_storm_strikes_the_poles_in_its_time():
    calm = _track(500.0, days=1)
    storm = _track(500.0, days=1, storms=(StormConfig(start_s=0.0, duration_s=43_200.0, factor=1000.0),))
    polar = [k for k, (latitude, _) in enumerate(calm) if latitude > 75.0]
    early, late = [k for k in polar if k < 4_320], [k for k in polar if k >= 4_320]
    assert all(storm[k][1] > 500.0 * calm[k][1] for k in early)
    assert all(storm[k] == calm[k] for k in late)


def test_events_come_as_poisson_has_it():
    counts = []
    for seed in range(300):
        counter = EventCounter(seed, "upset")
        for _ in range(100):
            counter.add(0.09)
        counts.append(counter.count)
    mean = sum(counts) / len(counts)
    variance = sum((count - mean) ** 2 for count in counts) / len(counts)
    assert mean == pytest.approx(9.0, abs=4.0 * sqrt(9.0 / 300))
    assert variance == pytest.approx(9.0, rel=0.35)


def test_step_size_does_not_change_the_events():
    fine, coarse = EventCounter(5, "upset"), EventCounter(5, "upset")
    for _ in range(100):
        for _ in range(10):
            fine.add(0.02)
        coarse.add(0.2)
        assert fine.count == coarse.count
    assert EventCounter(6, "upset").add(20.0) != 0


def test_errors_are_counted_in_the_truth():
    storms = (StormConfig(start_s=0.0, duration_s=1e6, factor=1e5),)
    world = World(WorldConfig(epoch_utc=EPOCH, radiation=RadiationConfig(storms=storms, interrupt_cm2=1e-6)), 3)
    world.advance_to(3000 * SECOND_NS)
    truth = world.truth
    assert truth.corrected_errors > 20
    assert 0 < truth.uncorrected_errors < truth.corrected_errors
    assert truth.interrupts > 0
    assert truth.dose_ugy > 0.0
    world.radiation.strike("corrected", 5)
    world.radiation.strike("uncorrected", 2)
    before = truth.corrected_errors
    world.advance_to(world.now_ns + 1)
    assert truth.corrected_errors == before + 5
