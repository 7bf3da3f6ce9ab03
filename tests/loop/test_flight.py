"""The closed loop in virtual time: repeatable, inside its limits; guard and governor earn their place."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from fsw.infer.package import SHIPPED
from fsw.messages import JobState
from hal.clock import SECOND_NS
from sim.scenario import load_scenario
from tools.bench.flight import digest_of
from tools.flight.compare import value_of
from tools.flight.loop import Options, VirtualFlight
from tools.flight.record import FlightRecord
from tools.flight.summary import summarise

HARD = ("hot", "small-battery", "storm", "guest")
GUARD_OFF = {"guard": {"enabled": False}}


def fly(name: str, **options: object) -> FlightRecord:
    settings = Options(execute=False, lean=True, **options)  # type: ignore[arg-type]
    return VirtualFlight(load_scenario(name), settings).fly()


def digest(folder: Path, name: str, seed: int, execute: bool) -> str:
    options = Options(seed=seed, execute=execute, run_folder=folder, duration_s=400.0)
    record = VirtualFlight(load_scenario(name), options).fly()
    return digest_of(folder, json.dumps(summarise(record)))


@pytest.fixture(scope="module")
def flown() -> dict[str, FlightRecord]:
    """Every shipped scenario, flown whole once."""
    return {name: fly(name) for name in ("default", *HARD)}


@pytest.mark.parametrize(("name", "execute"), [("default", True), ("storm", False), ("guest", False)])
def test_one_seed_gives_the_same_octets_and_another_seed_does_not(tmp_path: Path, name: str, execute: bool) -> None:
    first, again, other = (tmp_path / folder for folder in ("first", "again", "other"))
    assert digest(first, name, 7, execute) == digest(again, name, 7, execute)
    assert digest(other, name, 8, execute) != digest(first, name, 7, execute)
    assert (first / "telemetry.bin").stat().st_size > 0
    assert any((first / "store").iterdir())


@pytest.mark.parametrize("name", ["default", *HARD])
def test_no_limit_is_broken_at_simulator_truth(flown: dict[str, FlightRecord], name: str) -> None:
    assert flown[name].violations == []


@pytest.mark.parametrize("name", HARD)
def test_without_the_guard_a_hard_scenario_breaks_a_limit(name: str) -> None:
    assert fly(name, mission=GUARD_OFF).violations != []


def test_the_governor_beats_hysteresis_and_static_policies(flown: dict[str, FlightRecord]) -> None:
    governor = value_of(flown["default"])
    assert governor > value_of(fly("default", mission={"governor": {"policy": "hysteresis"}}, plan=False))
    static = {"policy": "static", "static_variant": 0, "static_setting": 1}  # the best of the sweep
    assert governor > value_of(fly("default", mission={"governor": static}, plan=False))


def test_every_job_that_came_is_accounted_for(flown: dict[str, FlightRecord]) -> None:
    for name, record in flown.items():
        final = Counter(job.job_id for job in record.jobs)
        assert max(final.values()) == 1, name
        waiting = sum(record.arrived.values()) - len(record.jobs)
        assert 0 <= waiting <= 128, name


def test_every_message_is_accounted_for() -> None:
    record = VirtualFlight(load_scenario("guest"), Options(execute=False, duration_s=1500.0)).fly()
    for row in record.counts:
        assert row.sent == row.delivered + row.dropped + row.in_flight, row


def test_jobs_are_metered_and_the_sum_closes_with_the_rail(flown: dict[str, FlightRecord]) -> None:
    record = flown["default"]
    above_idle_j = record.energy["payload_j"] - record.energy["payload_idle_j"]
    assert record.energy["jobs_booked_j"] == pytest.approx(above_idle_j, rel=0.02)
    done = [job for job in record.jobs if job.state is JobState.DONE]
    missed_j = sum(abs(job.energy_j - job.predicted_j) for job in done)
    assert missed_j < 0.06 * sum(job.predicted_j for job in done)
    assert {job.energy_source for job in done} == {"sampled"}


def test_a_power_cut_costs_attempts_but_no_accepted_job(flown: dict[str, FlightRecord]) -> None:
    record = flown["guest"]
    assert record.boots == 3
    assert any(event.name == "jobs_recovered" for event in record.events)
    cut_ns = int(5760 * SECOND_NS)
    long_lived = [job for job in record.jobs if job.time_ns > cut_ns and job.job_id < 100]
    assert long_lived or all(job.time_ns <= cut_ns for job in record.jobs if job.job_id < 100)


def test_a_scenario_flies_without_a_planner_on_its_ladder() -> None:
    record = fly("default", plan=False, duration_s=3000.0)
    assert record.violations == []
    assert value_of(record) > 0.0


def test_a_flight_goes_on_through_inputs_and_models_that_cannot_be_used(tmp_path: Path) -> None:
    scenario = load_scenario("default")
    flight = VirtualFlight(scenario, Options(execute=True, duration_s=120.0))

    def broken(ref: str) -> object:
        raise LookupError(ref)

    flight.inputs.load = broken  # type: ignore[method-assign, assignment]
    record = flight.fly()
    assert {job.state for job in record.jobs} == {JobState.FAILED}
    assert all("bad_input" in job.reason for job in record.jobs)
    assert record.duration_s == 120.0


def test_an_unknown_scenario_key_is_an_error_that_names_it(tmp_path: Path) -> None:
    from hal.config import ConfigError
    from sim.scenario import SHIPPED as SCENARIOS

    path = tmp_path / "odd.toml"
    path.write_text((SCENARIOS / "default.toml").read_text() + "\n[orbital]\nx = 1\n")
    with pytest.raises(ConfigError, match=r"odd.toml: orbital: unknown key; accepted here: .*orbit"):
        load_scenario(path)


def test_a_record_of_one_flight_is_complete(flown: dict[str, FlightRecord]) -> None:
    trace = flown["default"].trace
    lengths = {len(getattr(trace, field.name)) for field in dataclasses.fields(trace)}
    assert len(lengths) == 1 and lengths.pop() > 1000


def test_a_corrupt_model_package_costs_its_jobs_and_nothing_else(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(SHIPPED, models)
    weights = models / "water" / "full.onnx"
    content = bytearray(weights.read_bytes())
    content[1000] ^= 1
    weights.write_bytes(content)
    record = VirtualFlight(load_scenario("default"), Options(models=models, duration_s=600.0)).fly()
    told = [event.values for event in record.events if event.name == "model_refused"]
    assert told[0][0] == "water" and "sha256" in str(told[0][1])
    states = {(job.model, job.state) for job in record.jobs}
    assert ("cloud", JobState.DONE) in states
    assert ("water", JobState.FAILED) in states and ("water", JobState.DONE) not in states
