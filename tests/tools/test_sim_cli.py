"""`penumbra sim`: what it answers, as text, JSON and plot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.cli import main


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The JSON answer to `penumbra sim ...`."""
    assert main(["sim", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


# altitude, two-body period, nodal period, sun-synchronous inclination, beta*, longest possible dark in minutes
SHELLS = [
    ("500", 5_676.98, 5_684.39, 97.402, 68.02, 35.75),
    ("600", 5_801.23, 5_808.53, 97.788, 66.07, 35.49),
    ("1000", 6_307.12, 6_313.95, 99.479, 59.82, 34.94),
    ("1800", 7_360.25, 7_365.90, 103.658, 51.25, 34.93),
    ("2000", 7_631.89, 7_637.18, 104.890, 49.58, 35.03),
]


@pytest.mark.parametrize(("altitude", "period", "nodal", "inclination", "star", "dark"), SHELLS)
def test_the_filed_shells(altitude, period, nodal, inclination, star, dark, capsys) -> None:
    found = asked(capsys, "orbit", "--alt", altitude)
    assert found["period_s"] == pytest.approx(period, abs=0.01)
    assert found["nodal_period_s"] == pytest.approx(nodal, abs=0.01)
    assert found["inclination_deg"] == pytest.approx(inclination, abs=0.002)
    assert found["beta_star_deg"] == pytest.approx(star, abs=0.01)
    assert found["longest_dark_possible_min"] == pytest.approx(dark, abs=0.01)


def test_months_and_seasons_add_up_to_the_year(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "orbit", "--alt", "600", "--ltan", "6")
    dates = sum(row["eclipse_days"] for row in found["months"])  # a season rarely begins at midnight
    assert found["eclipse_days"] <= dates <= found["eclipse_days"] + 2
    assert max(row["umbra_max_min"] for row in found["months"]) == found["umbra_max_min"]
    assert [sorted(span) for span in found["seasons"]] == [["first", "last"], ["first", "last"]]
    assert found["seasons"][0]["first"] == "2026-01-01"


def test_another_year_is_almost_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    near, far = (asked(capsys, "orbit", "--year", year) for year in ("2026", "2032"))
    assert far["sunlit_mean"] == pytest.approx(near["sunlit_mean"], abs=1e-3)
    assert far["sunlit_mean"] != near["sunlit_mean"]


def test_a_person_reads_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "orbit", "--alt", "2000", "--ltan", "6"]) == 0
    shown = capsys.readouterr().out
    assert "104.890 deg (sun-synchronous)" in shown
    assert "eclipse days    0: none" in shown
    assert len(shown.splitlines()) == 21
    assert max(map(len, shown.splitlines())) <= 100


def test_the_plot_is_a_picture_and_the_same_twice(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        assert main(["sim", "orbit", "--alt", "500", "--ltan", "6", "--plot", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    "arguments", [["--alt", "100"], ["--ltan", "25"], ["--all-nodes"], ["--year", "1800"], ["--inc", "200"]]
)
def test_what_makes_no_sense_is_one_line_and_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "orbit", *arguments]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_help_of_the_group_imports_no_physics() -> None:
    heavy = ("numpy", "matplotlib", "sim")
    code = "import sys; from tools.cli import main; main(['sim', 'orbit', '--help'])\n"
    code += f"print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.rstrip().endswith("[]")


def test_power_of_one_orbit(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--alt", "600", "--ltan", "6", "--date", "2026-12-21", "--array-m2", "10", "--efficiency", "0.2"]
    found = asked(capsys, "power", *options, "--load-w", "1200", "--battery-wh", "5000", "--start-soc", "0.6")
    ideal = asked(capsys, "power", *options, "--load-w", "1200", "--battery-wh", "5000", "--lossless")
    assert found["eclipse_s"] == ideal["eclipse_s"] == pytest.approx(1_240.6, abs=0.2)
    assert found["array_peak_w"] == pytest.approx(10 * 0.2 * 1361.0 / 0.98371**2, rel=1e-3)
    assert found["umbra_s"] < found["eclipse_s"] < found["shadow_s"]
    assert 0.0 < found["battery_min_wh"] <= found["battery_start_wh"]
    assert ideal["battery_start_wh"] == pytest.approx(0.9 * 5000)


def test_power_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "power", "--inc", "30", "--lossless"]) == 0
    shown = capsys.readouterr().out
    assert "30.000 deg" in shown
    assert "without losses" in shown


@pytest.mark.parametrize("arguments", [["--date", "soon"], ["--efficiency", "2"], ["--battery-wh", "-1"]])
def test_power_that_makes_no_sense_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "power", *arguments]) == 2
    assert "Traceback" not in capsys.readouterr().err


LINES = (Path(__file__).parents[1] / "golden" / "skyfield_passes.json", "lines")


def _tle_file(folder: Path) -> str:
    lines = json.loads(LINES[0].read_text("utf-8"))[LINES[1]]
    path = folder / "station.tle"
    path.write_text("\n".join(["ISS (ZARYA)", *lines]) + "\n", "utf-8")
    return str(path)


def test_the_next_eclipse_events_are_told_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "orbit", "--events", "8", "--date", "2026-11-20")
    assert found["year"] == 2026
    kinds = [row["edge"] for row in found["events"]]
    assert kinds == 2 * ["penumbra begin", "umbra begin", "umbra end", "penumbra end"]
    assert all(row["utc"].startswith("2026-11-20T0") and row["utc"].endswith("Z") for row in found["events"])
    assert main(["sim", "orbit", "--alt", "2000", "--ltan", "6", "--events", "3"]) == 0
    assert capsys.readouterr().out.endswith("none in a year\n")


def test_the_flattened_earth_is_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    plain, flat = (asked(capsys, "orbit", "--ltan", "6", *flags) for flags in ((), ("--oblate",)))
    assert not plain["is_oblate"] and flat["is_oblate"]
    assert flat["sunlit_mean"] > plain["sunlit_mean"] + 0.001


def test_a_real_satellite_answers_the_same_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sgp4")
    found = asked(capsys, "orbit", "--tle", _tle_file(tmp_path), "--events", "4")
    assert found["tle"]["name"] == "ISS (ZARYA)" and found["year"] == 2008
    assert found["inclination_deg"] == pytest.approx(51.64, abs=0.01)
    assert found["period_s"] == pytest.approx(86_400.0 / found["tle"]["mean_motion_rev_day"], abs=6.0)
    assert 0.6 < found["sunlit_mean"] < 0.7
    assert found["events"][0]["utc"].startswith("2008-09-20T1")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["orbit", "--tle", "{tle}", "--alt", "600"], "leave out --alt"),
        (["orbit", "--events", "0"], "must be in 1..10000"),
        (["passes", "--station", "Nowhere"], "NAME,LAT,LON"),
        (["passes", "--station", "Nowhere,x,1"], "could not convert"),
        (["passes", "--station", "Nowhere,100,1"], "no such place"),
        (["passes", "--hours", "-1"], "hours must be in"),
    ],
)
def test_questions_about_no_orbit_and_no_place_are_refused(arguments, said, tmp_path: Path, capsys) -> None:
    path = _tle_file(tmp_path)
    assert main(["sim", *(part.replace("{tle}", path) for part in arguments)]) == 2
    assert said in capsys.readouterr().err


def test_passes_over_the_stations_of_the_default_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "passes", "--hours", "48")
    assert [place["name"] for place in found["stations"]] == ["Svalbard", "Inuvik"]
    rises = [row["rise_utc"] for row in found["passes"]]
    assert rises == sorted(rises) and len(rises) >= 40
    assert sum(row["passes"] for row in found["days"]) == len(rises)
    minutes = sum(row["duration_s"] for row in found["passes"]) / 60.0
    assert sum(row["contact_min"] for row in found["days"]) == pytest.approx(minutes, abs=0.01)


def test_passes_as_a_table_and_a_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--station", "Kiruna,67.86,20.96,400", "--station", "Troll,-72.01,2.53", "--mask", "10"]
    assert main(["sim", "passes", "--alt", "600", *place, "--plot", str(tmp_path / "map.png")]) == 0
    shown = capsys.readouterr().out
    assert "Kiruna" in shown and "Troll" in shown and "contact, min" in shown
    assert (tmp_path / "map.png").read_bytes()[:4] == b"\x89PNG"
