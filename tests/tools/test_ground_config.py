"""The baseline and what flies: saved, compared, told where they differ."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from fsw.telemetry.as_flown import AsFlown
from fsw.telemetry.as_flown import dictionary_digest as on_board
from tests.tools.test_ground_loop import Flight
from tools.ground.cli import gnd
from tools.ground.configuration import SETTABLE, Configuration, dictionary_digest, differences, shipped
from tools.ground.options import Station


class Known(Flight):
    """The flight that knows what it flies."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._telemetry._desk._as_flown = lambda: AsFlown(software="a" * 64, board="b" * 64, models="", keys="")


def run(flight: Flight, sequence: int, *words: str) -> Result:
    station = Station(link=lambda: flight, clock=flight.clock, sequence=sequence)
    return CliRunner().invoke(gnd, list(words), obj=station)


def test_the_ground_makes_the_digest_of_its_dictionary_as_the_board_does() -> None:
    assert on_board().startswith(dictionary_digest())


def test_differences_are_told_in_the_parameters_units() -> None:
    baseline = Configuration(digests={"software": "aa", "dictionary": "bb"}, parameters={"temp_margin_c": 2.0})
    board = Configuration(digests={"software": "cc", "dictionary": "bb"}, parameters={"temp_margin_c": 3.0})
    rows = [(row.item, row.baseline, row.board, row.unit) for row in differences(baseline, board)]
    assert rows == [("digest of software", "aa", "cc", ""), ("temp_margin_c", 2.0, 3.0, "degC")]
    assert list(differences(baseline, baseline)) == []
    assert shipped().parameters["temp_margin_c"] == 0.0


def test_a_baseline_is_saved_and_a_change_is_seen_against_it(tmp_path: Path) -> None:
    flight, file = Known(), tmp_path / "baseline.json"
    saved = run(flight, 0, "config", "save", str(file))
    assert (saved.exit_code, saved.stderr) == (0, "")
    assert sorted(json.loads(file.read_text())["parameters"]) == sorted(SETTABLE)
    assert run(flight, 1000, "config", "diff", str(file)).exit_code == 0
    assert run(flight, 2000, "cmd", "send", "set_parameter", "parameter=temp_margin_c", "value=2").exit_code == 0
    result = run(flight, 3000, "config", "diff", str(file), "--format", "json")
    rows = {row["item"]: (row["baseline"], row["board"]) for row in json.loads(result.stdout)}
    assert (result.exit_code, rows["temp_margin_c"]) == (5, (0.0, 2.0))
    assert set(rows) == {"temp_margin_c", "digest of all", "digest of parameters"}


def test_what_is_no_baseline_and_a_board_that_does_not_answer_are_told(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("[]")
    assert run(Known(), 0, "config", "diff", str(file)).exit_code == 2
    assert run(Flight(silent=True), 0, "config", "diff").exit_code == 7
