"""`penumbra sim study pv`: the rows, the sizing, the table and the picture."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fsw.mission import load_mission
from sim.technology import shipped
from tools.cli import main
from tools.sim.study_pv import RANGED, WATER_FULL_J, short

KEYS = {
    "altitude_km", "inclination_deg", "ltan_h", "is_sun_synchronous", "years", "solar", "sunlit_mean", "sunlit_worst",
    "thermal_cycles_per_year", "fluence_cm2_year", "cover_glass", "sized_by", "power_w", "area_m2",
    "joules_per_inference", "technologies", "model",
}  # fmt: skip
ROW_KEYS = {
    "name", "title", "temp_c", "begin_w_m2", "end_w_m2", "end_share", "area_m2", "mass_kg", "cost", "cost_per_end_w",
    "begin_sun_w", "end_sun_w", "begin_average_w", "end_average_w", "end_worst_orbit_w", "inferences_per_day_end",
    "inferences_life", "inferences_per_kg", "currency", "cost_as_of", "ranges", "confidence", "confidence_counts",
    "engineering",
}  # fmt: skip


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The JSON answer."""
    assert main(["sim", "study", "pv", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def row(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in found["technologies"] if item["name"] == name)


def test_every_technology_has_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys)
    assert set(found) == KEYS
    assert [item["name"] for item in found["technologies"]] == list(shipped())
    for item in found["technologies"]:
        assert set(item) == ROW_KEYS
        assert set(item["ranges"]) == set(RANGED)
        assert item["confidence"] == "engineering"
        assert sum(item["confidence_counts"].values()) == 14
        assert len(item["engineering"]) == item["confidence_counts"]["engineering"]
        assert item["currency"] == "CNY"


def test_sizing_by_power_meets_it_at_the_end_of_life(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "--power-w", "120000")
    for item in found["technologies"]:
        assert item["end_average_w"] == pytest.approx(120_000.0)
        assert item["begin_average_w"] > item["end_average_w"] > item["end_worst_orbit_w"]
        assert item["end_sun_w"] > item["end_average_w"]  # the array also fills the battery for the dark
        assert item["inferences_per_day_end"] == pytest.approx(120_000.0 * 86_400.0 / WATER_FULL_J)


def test_sizing_by_area_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "--area-m2", "600", "--alt", "1000", "--ltan", "10.5")
    assert (found["sized_by"], found["power_w"]) == ("area_m2", None)
    for item in found["technologies"]:
        assert item["area_m2"] == 600.0
        assert item["end_sun_w"] == pytest.approx(600.0 * item["begin_w_m2"] * item["end_share"])
        assert item["inferences_per_kg"] == pytest.approx(item["inferences_life"] / item["mass_kg"])
        assert item["cost_per_end_w"] == pytest.approx(item["cost"] / item["end_average_w"])
        bad, good = item["ranges"]["end_average_w"]
        assert bad <= item["end_average_w"] <= good


def test_the_ranking_of_the_reference(capsys: pytest.CaptureFixture[str]) -> None:
    """Silicon is cheap and soft, GaAs hard and dear, and a tandem with silicon dies at 2,000 km."""
    low, high = asked(capsys, "--alt", "600"), asked(capsys, "--alt", "2000")
    assert row(low, "silicon-hjt")["cost"] < 0.05 * row(low, "gaas-3j")["cost"]
    assert row(low, "silicon-hjt")["area_m2"] > 1.3 * row(low, "gaas-3j")["area_m2"]
    assert row(low, "gaas-3j")["end_share"] > 0.93
    assert row(high, "gaas-3j")["end_share"] == pytest.approx(0.70, abs=0.05)
    assert row(high, "perovskite-silicon")["end_share"] < 0.2 < 0.5 < row(high, "perovskite-tandem")["end_share"]


def test_what_is_left_of_nothing_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--alt", "2000", "--years", "25", "--technology", "perovskite-silicon"]
    by_power, by_area = asked(capsys, *options), asked(capsys, *options, "--area-m2", "1")
    assert by_power["technologies"][0]["area_m2"] is None
    assert by_power["technologies"][0]["mass_kg"] is None
    assert by_area["technologies"][0]["end_average_w"] == 0.0
    assert by_area["technologies"][0]["cost_per_end_w"] is None
    assert by_power["technologies"][0]["inferences_per_kg"] > 0.0  # of its first years


def test_a_table_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "study", "pv", "--inc", "30", "--years", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "30.00 deg (fixed inclination)" in lines[0]
    assert max(map(len, lines)) <= 120
    assert [line.split()[0] for line in lines[5:11]] == list(shipped())
    assert "CNY of 2026" in "\n".join(lines)


def test_a_file_of_ones_own_and_what_is_wrong_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = Path(__file__).parents[2] / "sim" / "technologies" / "gaas-3j.toml"
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    bad.write_text(source.read_text(encoding="utf-8").replace("[packing]", "[paking]"), encoding="utf-8")
    assert [item["name"] for item in asked(capsys, "--technology", str(good))["technologies"]] == ["good"]
    assert main(["sim", "study", "pv", "--technology", str(bad)]) == 2
    assert "bad.toml: paking: unknown key" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--power-w", "1000", "--area-m2", "5"],
        ["--power-w", "-1"],
        ["--years", "0"],
        ["--alt", "100"],
        ["--technology", "diamond"],
        ["--joules-per-inference", "0"],
    ],
)
def test_what_makes_no_sense_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "study", "pv", *arguments]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("names", [["silicon-hjt"], ["gaas-3j", "gaas-4j", "perovskite", "silicon-hjt"]])
def test_the_plot_is_a_picture_of_any_number_of_technologies(names: list[str], tmp_path: Path) -> None:
    chosen = [part for name in names for part in ("--technology", name)]
    assert main(["sim", "study", "pv", *chosen, "--plot", str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


def test_the_plot_is_the_same_twice(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        assert main(["sim", "study", "pv", "--plot", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_plot_of_what_dies(tmp_path: Path) -> None:
    path = tmp_path / "dead.png"
    options = ["--alt", "2000", "--years", "25", "--technology", "perovskite-silicon"]
    assert main(["sim", "study", "pv", *options, "--plot", str(path)]) == 0
    assert path.stat().st_size > 10_000


def test_the_joules_of_an_inference_are_the_missions() -> None:
    """water/full at the thriftiest setting, idle draw included."""
    mission = load_mission(Path(__file__).parents[2] / "fsw" / "missions" / "owned.toml")
    work_s = next(
        variant.work_s
        for model in mission.models
        if model.name == "water"
        for variant in model.variants
        if variant.name == "full"
    )
    joules = [(setting.watts + mission.payload.idle_w) * work_s / setting.speed for setting in mission.payload.settings]
    assert min(joules) == pytest.approx(WATER_FULL_J, abs=1.0)


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "-"), (3.456, "3.46"), (12.34, "12.3"), (999.96, "1.00k"), (2.5e6, "2.50M"), (7e9, "7.00G")],
)
def test_short_numbers(value: float | None, said: str) -> None:
    assert short(value) == said


def test_help_imports_no_physics() -> None:
    heavy = ("numpy", "matplotlib", "sim")
    code = "import sys; from tools.cli import main; main(['sim', 'study', 'pv', '--help'])\n"
    code += f"print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.rstrip().endswith("[]")
