"""`penumbra sim validate`: no row is off, what is skipped says why, and the report holds the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hal.clock import SteppedClock
from tools.cli import main
from tools.sim import check_codes, check_motion, check_sun, check_tle
from tools.sim.oracles import FOLDER, freeze, frozen
from tools.sim.row import Row, skipped
from tools.sim.validate import text, validate, write_report
from tools.sim.validate_page import html, share


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return validate(SteppedClock())


def test_no_row_is_off_and_most_are_compared(found: dict[str, Any]) -> None:
    assert [row for row in found["rows"] if row["status"] == "off"] == []
    assert found["counts"]["ok"] > 350
    assert sum(found["counts"].values()) == len(found["rows"])


def test_every_row_says_where_its_number_is_from(found: dict[str, Any]) -> None:
    names = [(row["section"], row["name"], row["source"]) for row in found["rows"]]
    assert len(set(names)) == len(names)
    assert all(row["source"] for row in found["rows"])
    assert all(bool(row["reason"]) == (row["status"] == "skip") for row in found["rows"])


def test_every_kind_of_check_is_there(found: dict[str, Any]) -> None:
    compared = {row["section"] for row in found["rows"] if row["status"] == "ok"}
    assert compared >= {
        "filed shells",
        "sunlight of 2026",
        "motion",
        "Sun",
        "Basilisk",
        "flight",
        "radiators and plates",
    }


@pytest.mark.parametrize(("got", "status"), [(1.0, "ok"), (1.1, "ok"), (1.2, "off"), (float("nan"), "off")])
def test_status_is_the_distance_against_the_tolerance(got: float, status: str) -> None:
    row = Row(section="s", name="n", source="o", expected=1.0, got=got, tolerance=0.1000001)
    assert row.status == status


def test_a_number_that_is_wrong_is_told_with_both_values(found: dict[str, Any]) -> None:
    wrong = {**found["rows"][0], "status": "off", "got": 5_000.0}
    said = text({**found, "rows": [wrong], "counts": {"ok": 0, "off": 1, "skip": 0}})
    assert said.splitlines()[0] == "off   filed shells: 500 km: period_s: expected 5676.98 s, got 5000.0"
    assert said.splitlines()[-1] == "0 ok, 1 off, 0 skip"


@pytest.mark.parametrize("check", [check_codes, check_sun, check_tle])
def test_without_its_frozen_file_a_program_is_skipped_with_the_reason(check: Any, tmp_path: Path) -> None:
    left = [row for row in check.rows(tmp_path) if row.status == "skip"]
    assert left
    assert all(".json is not part of this installation" in row.reason for row in left)


@pytest.mark.parametrize("name", ["basilisk_orbit", "basilisk_lot", "basilisk_heat", "eclipse_cases", "sun", "vectors"])
def test_what_is_frozen_says_from_whom_and_when_and_can_be_written_again(name: str, tmp_path: Path) -> None:
    content = frozen(name)
    assert content is not None
    assert content["source"]
    assert content["made"].startswith("20")
    freeze(name, content, tmp_path)
    assert frozen(name, tmp_path) == content
    assert (tmp_path / f"{name}.json").read_bytes() == (FOLDER / f"{name}.json").read_bytes()


def test_published_places_of_sgp4() -> None:
    """Where the package is installed: every satellite of the report, within a metre."""
    pytest.importorskip("sgp4")
    rows = list(check_tle.rows())
    assert len(rows) == 30
    assert all(row.status == "ok" for row in rows)


def test_a_share_is_of_the_tolerance() -> None:
    row = {"expected": 10.0, "got": 10.5, "tolerance": 2.0}
    assert share(row) == 0.25
    assert share({**row, "tolerance": 0.0}) == float("inf")
    assert share({**row, "tolerance": 0.0, "got": 10.0}) == 0.0


def test_a_page_with_a_row_that_is_off_says_so_first(found: dict[str, Any]) -> None:
    wrong = {**found["rows"][40], "status": "off", "got": 5_000.0}
    told = html({**found, "rows": [*found["rows"], wrong], "counts": {"ok": 0, "off": 1, "skip": 0}})
    assert "1 of them do not agree" in told
    assert told.index("What does not agree") < told.index("How much of each tolerance")


def test_the_integrated_node_stands_still_over_the_pole() -> None:
    """A check of the oracle: no drift at 90 degrees, and the sign turns with the inclination."""
    axis_m, day = 6_878_137.0, 20_000.0
    assert check_motion.integrated_node_rate_rad_s(axis_m, 1.5707963267948966, day) == pytest.approx(0.0, abs=1e-12)
    assert check_motion.integrated_node_rate_rad_s(axis_m, 1.0, day) < 0.0
    assert check_motion.integrated_node_rate_rad_s(axis_m, 2.1, day) > 0.0


def test_the_report_is_a_page_and_the_object(found: dict[str, Any], tmp_path: Path) -> None:
    write_report(found, tmp_path / "validation")
    page = (tmp_path / "validation" / "validation.html").read_text("utf-8")
    assert json.loads((tmp_path / "validation" / "validation.json").read_text("utf-8")) == found
    assert len(page) == len(html(found))
    assert all(row["name"].split(":")[0] in page for row in found["rows"] if "'" not in row["name"])
    assert "http" not in page
    assert sorted(path.name for path in (tmp_path / "validation").iterdir()) == ["validation.html", "validation.json"]


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "validate", "--report", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"rows", "counts", "speeds", "machine", "versions", "known_limits"}
    assert (tmp_path / "validation.html").is_file()


def test_a_skipped_row_has_no_numbers() -> None:
    row = skipped("s", "n", "o", "why")
    assert (row.status, row.expected, row.got) == ("skip", None, None)
