"""Radiation of a flight: the map under the track, storms over the caps, and events that no step size changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.clock import SECOND_NS
from sim.belts import orbit_means
from sim.orbit import Orbit, OrbitConfig
from sim.parts import CLASSES, PartConfig, hazards
from sim.radiation import INTERVAL_S, EventCounter, Radiation, RadiationConfig, StormConfig
from sim.world import World, WorldConfig

EPOCH = datetime(2026, 11, 20, tzinfo=UTC)
DAY_S = 86_400.0
OLD_PART = PartConfig(part="logic", interrupts_a_day=20.0, latch_ups_a_day=10.0, uncorrected_share=0.1, bits=1e11)


def radiation(altitude_km: float = 600.0, seed: int = 1, satellite: int = 0, **given_: object) -> Radiation:
    config = RadiationConfig(**given_)  # type: ignore[arg-type]
    return Radiation(config, Orbit(OrbitConfig(altitude_km=altitude_km).elements(EPOCH)), seed, satellite)


def flown(one: Radiation, days: float = 1.0) -> list[tuple[float, float, float]]:
    """Latitude, longitude and flux of every interval."""
    rows = []
    for k in range(round(days * DAY_S / INTERVAL_S)):
        one.enter(k * INTERVAL_S)
        rows.append((one.latitude_deg, one.longitude_deg, one.flux_cm2_s))
    return rows


@pytest.mark.parametrize("altitude_km", [500.0, 1000.0])
def test_a_flight_collects_the_orbit_mean(altitude_km: float) -> None:
    fluxes = [flux for _, _, flux in flown(radiation(altitude_km), days=2.0)]
    means = orbit_means(altitude_km, 97.4 if altitude_km == 500.0 else 99.5)
    assert sum(fluxes) / len(fluxes) == pytest.approx(means.protons_30_mev_cm2_s + means.galactic_cm2_s, rel=0.12)


def test_the_flux_is_in_the_anomaly() -> None:
    """18 degrees west of the map's epoch, in which all is between 100 W and 40 E."""
    rows = flown(radiation(500.0), days=1.0)
    inside = sum(flux for lat, lon, flux in rows if -55.0 <= lat <= 10.0 and -119.0 <= lon <= 22.0)
    assert inside / sum(flux for _, _, flux in rows) > 0.95


def test_a_storm_strikes_the_caps_in_its_time() -> None:
    calm = flown(radiation(500.0))
    storm = flown(radiation(500.0, storms=(StormConfig(start_s=0.0, duration_s=43_200.0, factor=1000.0),)))
    polar = [k for k, (latitude, _, _) in enumerate(calm) if latitude > 75.0]
    assert all(storm[k][2] > calm[k][2] + 900.0 for k in polar if k < 4_320)
    assert all(storm[k] == calm[k] for k in range(4_320, len(calm)))


def test_a_thicker_shield_halves_the_dose_and_leaves_the_damage() -> None:
    thin, thick = radiation(shield_mm=2.0), radiation(shield_mm=10.0)
    flown(thin), flown(thick)
    assert thin.dose_at(DAY_S) > 5.0 * thick.dose_at(DAY_S) > 0.0
    assert thin.fluence_at(DAY_S) == thick.fluence_at(DAY_S) > 1e9


def test_events_come_as_poisson_has_it() -> None:
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


@given(st.integers(0, 2**32), st.lists(st.floats(0.001, 3.0), min_size=1, max_size=20))
def test_the_same_hazard_brings_the_same_events_however_it_is_divided(seed: int, pieces: list[float]) -> None:
    whole, counted, placed = (EventCounter(seed, "upset") for _ in range(3))
    at, begin = [], 0.0
    for piece in pieces:
        counted.add(piece)
        at += [begin + share * piece for share in placed.within(piece)]
        begin += piece
    expected = [share * sum(pieces) for share in whole.within(sum(pieces))]
    assert at == pytest.approx(expected, rel=1e-9)
    assert counted.count == placed.count == len(expected)


def test_each_satellite_and_device_has_its_own_draws() -> None:
    parts = (OLD_PART, PartConfig(part="logic", name="other", interrupts_a_day=20.0))
    storm = (StormConfig(start_s=0.0, duration_s=DAY_S, factor=1000.0),)

    def times(seed: int, satellite: int, given_: tuple[PartConfig, ...]) -> dict[str, list[float]]:
        one, found = radiation(seed=seed, satellite=satellite, parts=given_, storms=storm), {"logic": [], "other": []}
        for k in range(600):
            for strike in one.enter(k * INTERVAL_S):
                if strike.hazard.effect == "interrupt":
                    found[strike.hazard.device].append(strike.time_s)
        return found

    first = times(1, 0, parts)
    assert first["logic"] and first["other"] and first["logic"] != first["other"]
    assert times(1, 0, parts) == first
    assert times(1, 0, parts[:1])["logic"] == first["logic"]  # what else is aboard changes nothing
    assert times(1, 7, parts)["logic"] != first["logic"] != times(2, 0, parts)["logic"]


def eventful(step_s: float, seed: int = 3) -> World:
    storms = (StormConfig(start_s=0.0, duration_s=1e6, factor=3000.0),)
    config = RadiationConfig(storms=storms, parts=(PartConfig(part="dram"), OLD_PART))
    return World(WorldConfig(epoch_utc=EPOCH, step_s=step_s, radiation=config), seed)


def test_step_size_changes_neither_events_nor_dose() -> None:
    ends = []
    for step_s in (1.0, 10.0, 7.0):
        world, seen = eventful(step_s), []
        for minute in range(1, 61):
            world.advance_to(minute * 60 * SECOND_NS)
            seen.append((world.truth.corrected_errors, world.truth.interrupts, world.computer.latch_up_w))
        ends.append((seen, world.truth.uncorrected_errors, world.truth.dose_ugy))
    assert ends[0] == ends[1] == ends[2]
    assert ends[0][0][-1][0] > 5 and ends[0][0][-1][1] > 1


def test_a_latch_up_draws_on_the_bus_until_the_rail_is_cycled() -> None:
    world = eventful(1.0)
    before_w = world.truth.payload_power_w
    while world.computer.latch_up_w == 0.0:
        world.advance_to(world.now_ns + SECOND_NS)
    world.advance_to(world.now_ns + 5 * SECOND_NS)
    latched_w = CLASSES["logic"].latch_up_w.value
    assert world.computer.latch_up_w % latched_w == 0.0
    assert world.truth.payload_power_w >= before_w + latched_w - 1e-9
    world.computer.set_power(False, world.now_ns)
    world.computer.set_power(True, world.now_ns)
    assert world.computer.latch_up_w == 0.0


def test_a_burst_of_errors_is_in_the_truth() -> None:
    world = World(WorldConfig(epoch_utc=EPOCH), 3)
    world.radiation.strike("corrected", 5)
    world.radiation.strike("uncorrected", 2)
    world.advance_to(world.now_ns + 1)
    assert (world.truth.corrected_errors, world.truth.uncorrected_errors) == (5, 2)


def test_default_parts_fail_as_seldom_as_the_reference_says() -> None:
    """At 600 km a device hangs 1e-3 to 1e-2 times a day and latches 1e-5 to 1e-3 times, ions and protons together."""
    means = orbit_means(600.0, 97.8)
    for name, (least, most) in {"interrupt": (1e-3, 1e-2), "latch_up": (1e-5, 1e-3)}.items():
        for part in ("dram", "nand", "logic"):
            [hazard] = [found for found in hazards(PartConfig(part=part)) if found.effect == name]
            proton, galactic = means.protons_30_mev_cm2_s, means.galactic_cm2_s
            daily = DAY_S * (hazard.proton_cm2 * proton + hazard.galactic_cm2 * galactic)
            assert least * 0.99 <= daily <= most


def test_upsets_of_a_bit_are_of_the_class() -> None:
    ranges = {"sram": (1e-9, 1e-7), "dram": (1e-12, 1e-10), "nand": (1e-13, 1e-11)}
    for part, (least, most) in ranges.items():
        daily = CLASSES[part].upset_cm2_per_bit.value * 37.0 * DAY_S
        assert least <= daily <= most
        assert all(figure.source for figure in (CLASSES[part].upset_cm2_per_bit, CLASSES[part].uncorrected_share))


def test_most_events_are_in_the_anomaly() -> None:
    one, rows = radiation(600.0, parts=(replace(OLD_PART, interrupts_a_day=60.0),)), []
    for k in range(round(4.0 * DAY_S / INTERVAL_S)):
        rows += [(one.latitude_deg, one.longitude_deg) for _ in one.enter(k * INTERVAL_S)]
    inside = sum(-60.0 <= latitude <= 15.0 and -125.0 <= longitude <= 30.0 for latitude, longitude in rows)
    assert len(rows) > 60
    assert 0.75 < inside / len(rows) < 0.98  # the rest is of ions over the poles


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        ({"shield_mm": 0.1}, "shield_mm"),
        ({"solar": "mean"}, "solar"),
        ({"parts": (PartConfig(part="dram"), PartConfig(part="dram"))}, "two parts of one name"),
    ],
)
def test_a_wrong_configuration_is_refused(given_: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        RadiationConfig(**given_)  # type: ignore[arg-type]


def test_a_part_of_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match="no class 'gpu' of parts; there are sram, dram, nand, logic"):
        PartConfig(part="gpu")
