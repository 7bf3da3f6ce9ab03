"""`penumbra sim constellation`: statistics, replay, years, report, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.cli import main
from tools.sim.constellation_cli import is_long

SMALL = ["--satellites", "90", "--hours", "2", "--step", "60", "--every", "20"]


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The JSON answer to `penumbra sim constellation ...`."""
    assert main(["sim", "constellation", *arguments, "--json"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""  # no bar where nobody watches
    found: dict[str, Any] = json.loads(shown.out)
    return found


def test_a_constellation_by_shell(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, *SMALL)
    assert [shell["satellites"] for shell in found["shells"]] == [36, 36, 18]
    assert found["sample_hours"] == pytest.approx([0.0, 1 / 3, 2 / 3, 1.0, 4 / 3, 5 / 3, 2.0], rel=1e-5)
    assert found["sat_steps"] == 90 * 120
    assert found["compute_gw"] == pytest.approx(90 * 120e3 / 1e9, rel=1e-6)  # nobody is at the reserve yet
    assert found["compute_gwh"] == pytest.approx(2.0 * found["compute_gw"])
    for shell in found["shells"]:
        soc = shell["series"]["soc"]
        assert len(soc["p50"]) == 7
        assert all(low <= mid <= high for low, mid, high in zip(soc["min"], soc["p50"], soc["max"], strict=True))
        assert shell["in_eclipse"]["most"] <= shell["satellites"]


def test_how_the_work_is_divided_changes_nothing_but_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    one = asked(capsys, *SMALL, "--workers", "1")
    other = asked(capsys, *SMALL, "--workers", "3", "--block", "7", "--executor", "numpy")
    assert (one.pop("run"), other.pop("run")["executor"]) != ({}, "c")
    assert one == other


def test_the_load_follows_what_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    sun = asked(capsys, *SMALL, "--policy", "sun")
    assert [shell["policy"] for shell in sun["shells"]] == ["sun"] * 3
    lit, compute = (sun["shells"][0]["series"][name]["mean"] for name in ("illumination", "compute_w"))
    assert compute == pytest.approx([120e3 * share for share in lit], rel=1e-5)


def test_one_of_them_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, *SMALL, "--replay", "40")
    assert (found["shell"], found["index"]) == ("dawn-dusk-1000", 4)
    assert len(found["series"]["soc"]) == 7
    assert main(["sim", "constellation", *SMALL, "--replay", "40"]) == 0
    assert "4 of dawn-dusk-1000" in capsys.readouterr().out


def test_a_person_reads_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "constellation", *SMALL, "--executor", "numpy", "--workers", "1"]) == 0
    shown = capsys.readouterr().out
    assert "executor numpy, 1 thread" in shown
    assert "walker-30: 18 in" in shown
    assert max(map(len, shown.splitlines())) <= 120


def test_the_report_is_a_page_with_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "constellation", *SMALL, "--report", str(tmp_path)]) == 0
    assert "report.html" in capsys.readouterr().out
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 5
    assert "Who is in eclipse" in page
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))["satellites"] == 90
    pictures = sorted(path.name for path in tmp_path.glob("*.png"))
    assert pictures == ["battery.png", "map.png", "power.png", "states.png", "temperature.png"]


def test_years_in_event_mode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--satellites", "30", "--years", "0.1", "--every", "10"]
    one = asked(capsys, *options, "--report", str(tmp_path), "--workers", "1")
    other = asked(capsys, *options, "--workers", "2", "--block", "4")
    assert one["sample_days"] == [10.0, 20.0, 30.0, 37.0]
    assert one.pop("run") != other.pop("run")
    assert one == other
    dusk = one["shells"][0]["whole"]
    assert 0.7 < dusk["sunlit"]["mean"] < 1.0
    assert dusk["soc_low"]["min"] < 0.3
    assert (tmp_path / "report.html").read_text(encoding="utf-8").count("<svg") == 4
    assert main(["sim", "constellation", *options]) == 0
    assert "0.1 years" in capsys.readouterr().out


def test_a_month_of_hours_goes_by_events_unless_a_step_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    by_events = asked(capsys, "--satellites", "12", "--hours", "720")
    assert by_events["sample_days"] == [10.0, 20.0, 30.0]
    nothing = dict.fromkeys(("years", "step_s", "address", "replay", "flown", "map_hour"))
    assert is_long({"hours": 720.0, **nothing})
    assert not is_long({"hours": 719.0, **nothing})
    assert not is_long({"hours": 720.0, **nothing, "step_s": 10.0})


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--satellites", "0"], "at least 1"),
        (["--step", "7"], "divide 60"),
        (["--hours", "0.01"], "beyond the duration"),
        (["--hours", "1000000", "--step", "10"], "take them less often"),
        (["--satellites", "10", "--replay", "10"], "numbered 0 to 9"),
        (["--years", "1", "--replay", "3"], "exclude each other"),
        (["--years", "-1"], "years must be"),
        (["--executor", "cupy", "--satellites", "3"], "pip install cupy"),
        (["--shells", "nowhere.toml"], "nowhere.toml: cannot be read"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_2(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sim", "constellation", *arguments]) == 2
    shown = capsys.readouterr().err
    assert reason in " ".join(shown.split())
    assert "Traceback" not in shown


def test_help_imports_no_physics() -> None:
    code = "import sys; from tools.cli import main; main(['sim', 'constellation', '--help'])\n"
    code += "print([name for name in ('numpy', 'matplotlib', 'sim', 'distributed') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.rstrip().endswith("[]")


FEW = """
[[shell]]
name = "few"
altitude_km = 550.0
inclination_deg = 53.0
satellites = 4
planes = 2
"""


def test_one_flown_by_the_flight_software_is_in_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "few.toml"
    path.write_text(FEW)
    options = ["--shells", str(path), "--hours", "0.3", "--every", "6", "--fly", "2", "--report", str(tmp_path)]
    found = asked(capsys, *options)
    assert found["flown"]["shell"] == "few"
    assert len(found["flown"]["series"]["soc"]) == len(found["flown"]["twin"]["soc"]) == 4
    assert found["flown"]["violations"] == []
    assert (tmp_path / "flown.png").read_bytes()[:4] == b"\x89PNG"
    assert "Flown by the flight software" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert main(["sim", "constellation", *options]) == 0
    assert "Satellite 2 of few was flown" in capsys.readouterr().out
