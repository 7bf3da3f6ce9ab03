"""A new version of a model on board: commanded, tried in a real worker, activated, judged, rolled back, scrubbed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, ENVELOPE, EVENT, RESULT, TRIP
from fsw.catalogue.events import EVENT_BY_NAME, event_text
from fsw.catalogue.failures import FAILURE_BY_CODE
from fsw.infer.client import WorkerClient
from fsw.infer.life import LifeConfig, ModelService
from fsw.infer.package import Package
from fsw.infer.scrub import Scrubber
from fsw.infer.shelf import Shelf, ShelfState
from fsw.infer.slots import COPY, Slots
from fsw.infer.trial import Trial, TrialConfig, Verdict
from fsw.messages import Command, Envelope, Event, Outcome, Stage, Trip, WorkOrder, WorkResult
from fsw.profile import Profile, ProfilePoint, weights_digest
from fsw.store.state import NamedState
from hal.clock import SECOND_NS
from hal.ports.disk import Disk, RealDisk
from tools.model.write import write_profile

STEP_NS = SECOND_NS // 10
MANY = 500
Make = Callable[..., Package]


def verdict_of(package: Package, config: TrialConfig | None = None) -> Verdict:
    trial = Trial(package, config)
    try:
        for _ in range(MANY):
            verdict = trial.step(wait_s=10.0)
            if verdict is not None:
                return verdict
    finally:
        trial.close()
    pytest.fail("the trial has no end")


def profiled(package: Package, cpu_s: float) -> Package:
    """The package with a profile of one point that says so."""
    point = ProfilePoint(
        variant="full",
        threads=1,
        batch=1,
        duty=1.0,
        options="x",
        runs=1,
        period_s=1.0,
        time_mean_s=cpu_s,
        time_p50_s=cpu_s,
        time_p95_s=cpu_s,
        cpu_s=cpu_s,
        load_s=0.0,
        peak_bytes=1,
    )
    profile = Profile(
        schema=1,
        package=package.name,
        version=package.manifest.version,
        weights=weights_digest((row.name, row.sha256) for row in package.variants),
        machine="test",
        runtime="test",
        measured_utc="2026-01-01T00:00:00Z",
        energy_source="cpu_time",
        duty_source="none",
        point=(point,),
    )
    return write_profile(package, profile)


def test_a_package_that_keeps_its_word_passes(make_package: Make, tmp_path: Path) -> None:
    verdict = verdict_of(profiled(make_package(tmp_path, "1"), cpu_s=1.0))
    assert (verdict.passed, verdict.why) == (True, "")
    assert verdict.energy is not None and verdict.energy < 1.0


@pytest.mark.parametrize(
    ("operator", "why"),
    [
        ("Abs", "full: 1 from its golden, 1e-06 is allowed"),
        ("Log", "full: bad_output: y has 1 values that are not finite numbers"),
        ("NoSuchOperator", "full: model_error: keep/full cannot be loaded"),
    ],
)
def test_a_package_that_does_not_is_told_why(make_package: Make, tmp_path: Path, operator: str, why: str) -> None:
    verdict = verdict_of(make_package(tmp_path, "1", operator))
    assert not verdict.passed
    assert why.split(":")[1].strip().split(" ")[0] in verdict.why


def test_a_package_that_takes_more_than_its_profile_fails(make_package: Make, tmp_path: Path) -> None:
    package = profiled(make_package(tmp_path, "1"), cpu_s=1e-6)
    verdict = verdict_of(package, TrialConfig(energy_factor=-1.0))
    assert (verdict.passed, "times the processor time of its profile" in verdict.why) == (False, True)


def test_the_scrub_finds_one_changed_octet_within_its_budget(make_package: Make, tmp_path: Path) -> None:
    package = make_package(tmp_path / "keep", "1")
    size = sum((package.folder / ref.file).stat().st_size for ref in package.manifest.files)
    scrubber = Scrubber({"keep": package})
    steps = 0
    while not scrubber.rounds:
        assert scrubber.step(100) == []
        steps += 1
    assert (scrubber.octets, steps >= size // 100) == (size, True)
    path = package.folder / "full.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    found = [damage.file for _ in range(2 * steps) for damage in scrubber.step(100)]
    assert set(found) == {"full.onnx"}


def test_the_scrub_survives_what_disappears_and_what_is_replaced(make_package: Make, tmp_path: Path) -> None:
    first, second = make_package(tmp_path / "one", "1"), make_package(tmp_path / "two", "2")
    packages = {"keep": first}
    scrubber = Scrubber(packages)
    assert scrubber.step(10) == []
    packages["keep"] = second
    (first.folder / "full.onnx").unlink()
    assert scrubber.step(1 << 20) == []
    (second.folder / "full.onnx").unlink()
    assert [damage.file for damage in scrubber.step(1 << 20)] == ["full.onnx"]
    assert Scrubber({}).step(10) == []


class Flight:
    """The service on a bus, with a worker that serves, a shelf on a real disk, and everything it says."""

    def __init__(self, tmp_path: Path, make: Make) -> None:
        self.make, self.tmp_path = make, tmp_path
        self.factory = make(tmp_path / "factory" / "keep", "0").folder.parent
        self.disk = RealDisk(tmp_path / "disk", durable=False)
        state = NamedState(self.disk, "shelf", ShelfState())
        self.shelf = Shelf(Slots(self.disk, tmp_path / "disk"), state, factory=self.factory)
        self.packages = self.shelf.open()[0]
        self.client = WorkerClient(list(self.packages.values()))
        self.bus = MemoryBus()
        self.told = self.bus.subscribe(EVENT, "test", Policy.DROP_OLDEST, depth=256)
        self.reports = self.bus.subscribe(COMMAND_REPORT, "test", Policy.DROP_OLDEST, depth=64)
        config = LifeConfig(trial_w=10.0, trial_s=1.0, probation=3, failures=1, given_way=3, wait_s=0.2)
        self.service = ModelService(self.bus, self.shelf, self.packages, self.client, config)
        self.now_ns = 0
        self.granted: Envelope | None = None
        self.events: list[Event] = []

    def step(self) -> None:
        self.now_ns += STEP_NS
        if self.granted is not None:
            self.bus.publish(ENVELOPE, replace(self.granted, time_ns=self.now_ns))
        self.service.step(self.now_ns)
        self.events += self.told.drain()

    def until(self, name: str) -> str:
        """Step until such an event; its sentence."""
        for _ in range(MANY):
            self.step()
            for event in self.events:
                if event.name == name:
                    self.events.clear()
                    assert len(event.values) == len(EVENT_BY_NAME[name].fields)
                    return event_text(event.name, event.values)
        pytest.fail(f"no event {name}; there were {[event.name for event in self.events]}")

    def command(self, name: str, model: str = "keep") -> None:
        command = Command(time_ns=self.now_ns, name=name, arguments=(model,), request=7, ack=15, source=0)
        self.bus.publish(COMMAND, command)

    def envelope(self, **changes: object) -> None:
        """What the guard says from now on, at every step."""
        envelope = Envelope(
            time_ns=self.now_ns,
            run=True,
            power_w=50.0,
            energy_j=1e4,
            seconds=100.0,
            heat_j=(),
            cooling_w=0.0,
            bound_by="",
        )
        self.granted = replace(envelope, **changes)  # type: ignore[arg-type]

    def answers(self) -> list[tuple[Stage, str]]:
        """Stage and failure label of every report."""
        found = self.reports.drain()
        return [(item.stage, FAILURE_BY_CODE[item.code].label if item.code else "") for item in found]

    def upload(self, version: str, operator: str = "Relu") -> None:
        stage(self.disk, self.make(self.tmp_path / f"upload-{version}", version, operator))

    def serve(self) -> str:
        """One job by the worker; the version that the flight believes to run."""
        order = WorkOrder(
            job_id=1,
            attempt=1,
            model="keep",
            variant="full",
            setting="",
            input_ref="",
            predicted_s=0.0,
            predicted_w=0.0,
            kill_ns=0,
        )
        self.client.submit(order, np.ones((1, 3), np.float32), timeout_s=30.0)
        result = self.client.wait(60.0)
        assert result is not None and result.outcome is Outcome.DONE, result
        return self.packages["keep"].manifest.version

    def result(self, outcome: Outcome) -> None:
        result = WorkResult(job_id=1, attempt=1, outcome=outcome, start_ns=0, end_ns=1, model="keep", variant="full")
        self.bus.publish(RESULT, result)


def stage(disk: Disk, package: Package) -> None:
    for path in package.folder.iterdir():
        disk.write_file_atomic(f"staging/keep/{path.name}", path.read_bytes())


@pytest.fixture
def flight(tmp_path: Path, make_package: Make) -> Iterator[Flight]:
    flight = Flight(tmp_path, make_package)
    yield flight
    flight.service.close()
    flight.client.close()


def test_an_upload_is_tried_and_serves_the_next_job(flight: Flight) -> None:
    assert flight.serve() == "0"
    flight.upload("1")
    flight.envelope()
    flight.command("activate_model")
    assert flight.until("model_activated") == "model keep 1 is active, its first 3 jobs on probation"
    assert flight.answers() == [(Stage.STARTED, ""), (Stage.COMPLETED, "")]
    flight.step()
    assert flight.serve() == "1"


def test_an_upload_with_wrong_outputs_never_serves(flight: Flight) -> None:
    flight.upload("1", "Abs")
    flight.envelope()
    flight.command("activate_model")
    assert "full: 1 from its golden" in flight.until("model_trial_failed")
    assert flight.answers() == [(Stage.STARTED, ""), (Stage.COMPLETED, "trial_failed")]
    assert (flight.serve(), flight.shelf.candidates()) == ("0", [])


def test_nothing_staged_is_refused_at_once(flight: Flight) -> None:
    flight.command("activate_model")
    assert "nothing is staged" in flight.until("model_refused")
    assert flight.answers() == [(Stage.STARTED, "package_refused")]


def test_an_upload_without_a_variant_that_is_flown_is_refused(flight: Flight) -> None:
    package = flight.packages["keep"]
    other = replace(package.variants[0], name="wide", file="wide.onnx")
    flight.packages["keep"] = replace(package, manifest=replace(package.manifest, variant=(*package.variants, other)))
    flight.upload("1")
    flight.command("activate_model")
    assert "has no variant wide, which is flown" in flight.until("model_refused")
    assert flight.shelf.candidates() == []


def test_a_version_whose_first_jobs_fail_goes_back_by_itself(flight: Flight) -> None:
    flight.upload("1")
    flight.envelope()
    flight.command("activate_model")
    flight.until("model_activated")
    flight.result(Outcome.BAD_OUTPUT)
    flight.result(Outcome.BAD_OUTPUT)
    sentence = flight.until("model_rolled_back")
    assert sentence == "model keep went back to version factory: more than 1 of its first jobs failed"
    flight.step()
    assert flight.serve() == "0"


def test_the_ground_can_roll_back(flight: Flight) -> None:
    flight.upload("1")
    flight.envelope()
    flight.command("activate_model")
    flight.until("model_activated")
    flight.answers()
    flight.command("rollback_model")
    flight.until("model_rolled_back")
    assert flight.answers() == [(Stage.STARTED, ""), (Stage.COMPLETED, "")]
    flight.command("rollback_model")
    flight.step()
    assert flight.answers() == [(Stage.STARTED, "unknown_model")]


@pytest.mark.parametrize("changes", [{"run": False}, {"power_w": 9.0}, {"energy_j": 9.0}])
def test_no_trial_starts_that_the_guard_does_not_grant(flight: Flight, changes: dict[str, object]) -> None:
    flight.upload("1")
    flight.envelope(**changes)
    flight.command("activate_model")
    for _ in range(20):
        flight.step()
    assert not flight.service.is_trying
    assert flight.shelf.entry("keep").tries == 0


def test_a_trip_ends_a_trial_at_once_and_it_begins_again(flight: Flight) -> None:
    flight.upload("1")
    flight.envelope()
    flight.command("activate_model")
    flight.step()
    assert flight.service.is_trying
    flight.bus.publish(TRIP, Trip(time_ns=flight.now_ns, limit="bus_power_w", value=1.0, bound=0.5))
    flight.step()
    assert not flight.service.is_trying
    assert flight.shelf.entry("keep").tries == 0
    flight.envelope()
    flight.until("model_activated")


def test_a_trial_that_never_finds_time_is_given_up(flight: Flight) -> None:
    flight.upload("1")
    flight.command("activate_model")
    for _ in range(4):
        flight.envelope()
        flight.step()
        flight.bus.publish(TRIP, Trip(time_ns=flight.now_ns, limit="bus_power_w", value=1.0, bound=0.5))
        flight.step()
        if any(event.name == "model_trial_failed" for event in flight.events):
            return
    pytest.fail("it was tried for ever")


def test_a_damaged_weight_comes_back_from_its_copy_and_is_loaded_anew(flight: Flight) -> None:
    flight.upload("1")
    flight.envelope()
    flight.command("activate_model")
    flight.until("model_activated")
    flight.step()
    before = flight.client.pid
    flight.disk.write_file_atomic("slots/keep/a/full.onnx", b"upset")
    assert (
        flight.until("model_repaired")
        == "file full.onnx of model keep was damaged: 1 files mended from the second copy"
    )
    flight.step()
    assert flight.client.pid != before
    assert flight.serve() == "1"


def test_with_both_copies_damaged_the_version_before_serves(flight: Flight) -> None:
    flight.upload("1")
    flight.envelope()
    flight.command("activate_model")
    flight.until("model_activated")
    flight.step()
    for copy in ("", COPY):
        flight.disk.write_file_atomic(f"slots/keep/a{copy}/full.onnx", b"upset")
    flight.until("model_damaged")
    flight.step()
    assert flight.serve() == "0"
