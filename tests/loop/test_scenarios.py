"""Every shipped scenario is flown to its end by the real flight software: no limit broken, most of its value had."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsw.messages import JobState
from sim.scenario import load_scenario, shipped
from tests.loop.test_housekeeping import records
from tools.flight.briefing import mission_of
from tools.flight.compare import value_of
from tools.flight.loop import Options, VirtualFlight
from tools.flight.record import FlightRecord
from tools.ground.decoder import Samples

ELSEWHERE = ("default", "guest", "hot", "small-battery", "storm")  # flown in test_flight
HERE = tuple(name for name in shipped() if name not in ELSEWHERE)
LEAST_SHARE, MOST_SHARE = 0.70, 0.97  # of the value offered: less is a fault, more is no scenario worth flying
DATA_CENTRES = tuple(name for name in HERE if name.startswith("ai1"))


@pytest.fixture(scope="module")
def flown() -> dict[str, FlightRecord]:
    """Each scenario flown whole once."""
    return {name: VirtualFlight(load_scenario(name), Options(execute=False, lean=True)).fly() for name in HERE}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", HERE)
def test_no_limit_is_broken_and_the_work_is_done(flown: dict[str, FlightRecord], name: str) -> None:
    record = flown[name]
    assert record.violations == []
    assert LEAST_SHARE < value_of(record) / record.offered_value < MOST_SHARE
    failed = [job for job in record.jobs if job.state is JobState.FAILED]
    assert len(failed) <= 0.01 * len(record.jobs)


@pytest.mark.parametrize("name", ["filing-2000", "year-2000", "ai1-sun", "ai1-pump"])
def test_a_sun_that_does_not_set_is_told_and_true(flown: dict[str, FlightRecord], name: str) -> None:
    ephemeris = mission_of(load_scenario(name), {}).ephemeris()
    assert ephemeris is not None
    assert ephemeris.dark_s(mission_of(load_scenario(name), {}).epoch_tai_ns() / 1e9) == 0.0
    assert min(flown[name].trace.illumination) == 1.0


def test_a_grazing_orbit_is_never_quite_dark(flown: dict[str, FlightRecord]) -> None:
    assert 0.3 < min(flown["sunrise-1390"].trace.illumination) < 0.7


def test_the_payload_of_a_data_centre_draws_what_it_is_built_for(flown: dict[str, FlightRecord]) -> None:
    record = flown["ai1-sun"]
    mean_w = record.energy["payload_j"] / record.duration_s
    assert 100e3 < mean_w < 135e3
    assert 145e3 < max(record.trace.payload_w) < 165e3


def test_an_old_array_is_worth_less_than_its_mission_file_says() -> None:
    scenario = load_scenario("end-of-life")
    array, told = scenario.world_config().array, mission_of(scenario, {}).array
    assert told is not None
    assert told.power_w == pytest.approx(1.05 * array.power_w * array.share_left)
    true = load_scenario("year-2000")
    told = mission_of(true, {}).array
    assert told is not None and told.power_w < 0.9 * true.array.power_w


def test_kilowatts_go_through_telemetry(tmp_path: Path) -> None:
    VirtualFlight(load_scenario("ai1-sun"), Options(execute=False, duration_s=90.0, run_folder=tmp_path)).fly()
    contents = [record.content for record in records((tmp_path / "telemetry.bin").read_bytes())]
    seen = {
        sampled.name: sampled
        for content in contents
        if isinstance(content, Samples)
        for sampled in content.values
        if sampled.quality == "valid"
    }
    assert float(seen["bus_power_w"].value) > 10e3
    assert 324.0 < float(seen["battery_voltage_v"].value) < 450.0
    assert float(seen["energy_above_floor_j"].value) > 50e6
    assert float(seen["envelope_power_w"].value) > 140e3
