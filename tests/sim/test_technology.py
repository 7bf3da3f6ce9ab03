"""Technology files: every number with unit, source and confidence, and what radiation and age leave."""

from __future__ import annotations

import re
from math import log10
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.config import ConfigError
from sim.technology import (
    CONFIDENCES,
    EXPECTED,
    SHIPPED,
    life_factor,
    load_technology,
    radiation_factor,
    remaining,
    shipped,
)

names = st.sampled_from(shipped())
GAAS = (SHIPPED / "gaas-3j.toml").read_text(encoding="utf-8")


def changed(tmp_path: Path, pattern: str, by: str) -> Path:
    """A copy of the triple junction's file with one thing changed."""
    text, count = re.subn(pattern, by, GAAS, count=1)
    assert count == 1
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_files() -> None:
    assert shipped() == (
        "gaas-3j",
        "gaas-4j",
        "perovskite",
        "perovskite-silicon",
        "perovskite-tandem",
        "silicon-hjt",
    )


@pytest.mark.parametrize("name", shipped())
def test_every_number_says_its_source_and_a_guess_says_so(name: str) -> None:
    technology = load_technology(name)
    assert technology.name == name
    assert set(technology.numbers()) == set(EXPECTED)
    for number in technology.numbers().values():
        assert number.source
        assert number.confidence in CONFIDENCES
        assert (number.confidence == "engineering") or not number.source.startswith("engineering value")
    assert technology.weakest_confidence() == "engineering"


@pytest.mark.parametrize(
    ("fluence_cm2", "left"),
    [(0.0, 1.0), (5e14, 0.89), (1e15, 0.84)],  # Fetzer et al. of XTJ
)
def test_the_triple_junction_under_electrons(fluence_cm2: float, left: float) -> None:
    assert radiation_factor(load_technology("gaas-3j"), fluence_cm2) == pytest.approx(left, abs=0.002)


def test_the_other_anchors() -> None:
    four = load_technology("gaas-4j")
    assert four.efficiency.value * radiation_factor(four, 1e15) == pytest.approx(0.275, abs=0.001)
    assert radiation_factor(load_technology("perovskite-tandem"), 3_000 * 1e13) == pytest.approx(0.94, abs=0.002)
    assert radiation_factor(load_technology("perovskite-silicon"), 3_000 * 2e12) == pytest.approx(0.01, abs=0.002)
    silicon = load_technology("silicon-hjt")
    left = silicon.at_end("bad").efficiency.value * radiation_factor(silicon.at_end("bad"), 1.5e14)
    assert left == pytest.approx(0.134, abs=0.005)  # of CEA/INES, the pessimistic corner


def test_fluence_scale_of_the_orbits() -> None:
    """13 % in the first year at 2,000 km and under 0.5 % at 600."""
    gaas = load_technology("gaas-3j")
    assert 1.0 - radiation_factor(gaas, 7e14) == pytest.approx(0.13, abs=0.005)
    assert 1.0 - radiation_factor(gaas, 5e12) < 0.005


@given(names, st.floats(0.0, 1e18), st.floats(0.0, 1e18))
def test_more_fluence_never_leaves_more(name: str, one: float, two: float) -> None:
    technology = load_technology(name)
    low, high = sorted((one, two))
    assert 1.0 >= radiation_factor(technology, low) >= radiation_factor(technology, high) >= 0.0


def test_the_logarithm_ends_at_nothing() -> None:
    assert radiation_factor(load_technology("perovskite-silicon"), 1e17) == 0.0
    with pytest.raises(ValueError, match="must not be negative"):
        radiation_factor(load_technology("gaas-3j"), -1.0)


@given(names, st.floats(0.0, 15.0), st.floats(0.0, 15.0))
def test_life_is_a_product_of_its_parts(name: str, first: float, second: float) -> None:
    technology = load_technology(name)
    whole = life_factor(technology, first + second, 1_000.0 * (first + second))
    parts = life_factor(technology, first, 1_000.0 * first) * life_factor(technology, second, 1_000.0 * second)
    assert whole == pytest.approx(parts, rel=1e-12)


@given(names, st.floats(0.0, 1e16), st.floats(0.0, 15.0))
def test_what_remains_lies_between_the_ends_of_the_ranges(name: str, fluence_cm2: float, years: float) -> None:
    technology = load_technology(name)
    bad, good = (remaining(technology.at_end(end), fluence_cm2, years) for end in ("bad", "good"))
    assert 0.0 <= bad <= remaining(technology, fluence_cm2, years) <= good <= 1.0


def test_a_dawn_dusk_orbit_spares_a_film_that_suffers_from_cycles() -> None:
    film = load_technology("perovskite")
    assert remaining(film, 0.0, 5.0, 1_400.0) > remaining(film, 0.0, 5.0) * 1.05
    with pytest.raises(ValueError, match="must not be negative"):
        remaining(film, 0.0, -1.0)


def test_an_array_by_watts_and_by_area_is_the_same() -> None:
    technology = load_technology("silicon-hjt")
    by_area = technology.array_config(area_m2=600.0)
    assert by_area.area_m2 == pytest.approx(600.0)
    assert technology.array_config(power_w=by_area.power_w).area_m2 == pytest.approx(600.0)
    assert technology.array_config(power_w=1.0).efficiency == technology.panel_efficiency
    for wrong in ({}, {"power_w": 1.0, "area_m2": 1.0}):
        with pytest.raises(ValueError, match="one of the two"):
            technology.array_config(**wrong)


def test_ai1s_250_watts_a_square_metre_are_silicon() -> None:
    """18.4 % of sunlight at panel level: inside silicon's range and below the worst of GaAs."""
    silicon, gaas = load_technology("silicon-hjt"), load_technology("gaas-3j")
    implied = 250.0 / 1361.0
    assert silicon.at_end("bad").panel_efficiency < implied < silicon.at_end("good").panel_efficiency
    assert gaas.at_end("bad").panel_efficiency > implied


@pytest.mark.parametrize(
    ("pattern", "by", "said"),
    [
        (r'source = "Fetzer[^\n]*\n', "", "mine.toml: efficiency.source: is missing"),
        (r'source = "Fetzer[^\n]*\n', 'source = " "\n', "efficiency: source must say"),
        (r'confidence = "published"', 'confidence = "sure"', "efficiency: confidence must be one of measured"),
        (r"\[absorptivity\]", "[absorbtivity]", "absorbtivity: unknown key; accepted here: about, absorptivity"),
        (r"value = 0.298", 'value = "30 %"', "efficiency.value: must be float"),
        (r"value = 0.298", "value = 0.5", "efficiency: value must be in low..high, is 0.5 in 0.29..0.305"),
        (r"low = 0.29\n", "", "efficiency: low and high come together"),
        (r'unit = "1/K"', 'unit = "%/K"', "temp_coefficient_per_k.unit must be '1/K', is '%/K'"),
        (r'as_of = "2026"\n', "", "cost_per_m2.as_of must say of when"),
        (r"value = 0.298\nlow = 0.29\nhigh = 0.305", "value = 1.2", "efficiency must be a share below 1"),
        (r"value = 2.2\nlow = 1.7\n", "value = 2.2\nlow = -1.7\n", "areal_mass_kg_m2 must be positive"),
        (r"value = 2.409\n", "value = 2.409\nlow = 2.5\nhigh = 2.6\n", "cell.peak_v: value must be in low..high"),
        (r'unit = "A/m2"', 'unit = "mA/cm2"', "short_circuit_a_m2.unit must be 'A/m2'"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(pattern: str, by: str, said: str, tmp_path: Path) -> None:
    load_technology.cache_clear()
    with pytest.raises(ConfigError) as raised:
        load_technology(changed(tmp_path, pattern, by))
    assert said in str(raised.value)
    assert str(raised.value).startswith("mine.toml: ")


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    load_technology.cache_clear()
    mine = load_technology(changed(tmp_path, r"value = 0.298", "value = 0.30"))
    assert (mine.name, mine.efficiency.value) == ("mine", 0.30)
    with pytest.raises(ConfigError, match="no such technology; shipped are gaas-3j"):
        load_technology("diamond")


def test_a_number_without_range_is_its_own_range() -> None:
    technology = load_technology("gaas-3j")
    assert technology.cell.peak_v.bracket == (2.409, 2.409)
    assert log10(technology.damage_fluence_cm2.value) == pytest.approx(14.37, abs=0.01)
