"""`penumbra sim validate`: no row is off, what is skipped says why, and the report holds the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hal.clock import SteppedClock
from tools.cli import main
from tools.sim import check_codes, check_motion
from tools.sim.row import Row, skipped
from tools.sim.validate import html, text, validate, write_report


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return validate(SteppedClock())


def test_no_row_is_off_and_most_are_compared(found: dict[str, Any]) -> None:
    assert [row for row in found["rows"] if row["status"] == "off"] == []
    assert found["counts"]["ok"] > 150
    assert sum(found["counts"].values()) == len(found["rows"])


def test_every_row_says_where_its_number_is_from(found: dict[str, Any]) -> None:
    names = [(row["section"], row["name"], row["source"]) for row in found["rows"]]
    assert len(set(names)) == len(names)
    assert all(row["source"] for row in found["rows"])
    assert all(bool(row["reason"]) == (row["status"] == "skip") for row in found["rows"])


def test_every_kind_of_check_is_there(found: dict[str, Any]) -> None:
    compared = {row["section"] for row in found["rows"] if row["status"] == "ok"}
    assert compared == {"filed shells", "sunlight of 2026", "Sun and motion", "other codes", "radiators and plates"}


@pytest.mark.parametrize(("got", "status"), [(1.0, "ok"), (1.1, "ok"), (1.2, "off"), (float("nan"), "off")])
def test_status_is_the_distance_against_the_tolerance(got: float, status: str) -> None:
    row = Row(section="s", name="n", source="o", expected=1.0, got=got, tolerance=0.1000001)
    assert row.status == status


def test_a_number_that_is_wrong_is_told_with_both_values(found: dict[str, Any]) -> None:
    wrong = {**found["rows"][0], "status": "off", "got": 5_000.0}
    said = text({**found, "rows": [wrong], "counts": {"ok": 0, "off": 1, "skip": 0}})
    assert said.splitlines()[0] == "off   filed shells: 500 km: period_s: expected 5676.98 s, got 5000.0"
    assert said.splitlines()[-1] == "0 ok, 1 off, 0 skip"


def test_without_the_golden_file_basilisk_is_skipped_with_the_reason(tmp_path: Path) -> None:
    rows = [row for row in check_codes.rows(tmp_path / "none.json") if row.source == "Basilisk"]
    assert rows[0].status == "skip"
    assert "none.json" in rows[0].reason


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
    assert page == html(found)
    assert all(row["name"].split(":")[0] in page for row in found["rows"] if "'" not in row["name"])
    assert "http" not in page
    assert sorted(path.name for path in (tmp_path / "validation").iterdir()) == ["validation.html", "validation.json"]


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "validate", "--report", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"rows", "counts", "speeds", "machine", "known_limits"}
    assert (tmp_path / "validation.html").is_file()


def test_a_skipped_row_has_no_numbers() -> None:
    row = skipped("s", "n", "o", "why")
    assert (row.status, row.expected, row.got) == ("skip", None, None)
