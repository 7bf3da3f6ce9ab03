"""The array: technologies by name, wear, and what it does not turn into electricity is heat."""

from __future__ import annotations

from dataclasses import replace
from math import asin, pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.config import ConfigError, build
from hal.constants import EARTH_RADIUS_M, SOLAR_CONSTANT_W_M2, STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K
from sim.array import Array, ArrayConfig
from sim.heat import Heat, HeatConfig
from sim.technology import load_technology, shipped

HOT_K = 330.0


@pytest.mark.parametrize("name", shipped())
def test_a_technology_by_its_name(name: str) -> None:
    technology = load_technology(name)
    config = build(ArrayConfig, {"power_w": 1000, "technology": name}, "mine.toml", "array")
    assert config.efficiency == technology.panel_efficiency
    assert config.temp_coefficient_per_k == technology.temp_coefficient_per_k.value
    assert Array(config).available_w(SOLAR_CONSTANT_W_M2, 50.0 + ZERO_CELSIUS_K) == pytest.approx(1000.0)
    assert replace(config, power_w=2000.0).area_m2 == pytest.approx(2.0 * config.area_m2)


def test_an_unknown_technology_names_file_and_key() -> None:
    with pytest.raises(ConfigError, match=r"mine.toml: array: technology: diamond: no such technology"):
        build(ArrayConfig, {"technology": "diamond"}, "mine.toml", "array")
    with pytest.raises(ConfigError, match="efficiency is the technology's"):
        build(ArrayConfig, {"technology": "gaas-3j", "efficiency": 0.2}, "mine.toml", "array")


def test_without_a_technology_nothing_has_changed() -> None:
    config = ArrayConfig()
    assert (config.technology, config.efficiency, config.share_left) == ("", 0.298, 1.0)
    assert config.area_m2 == pytest.approx(0.200337, rel=1e-5)


@given(st.floats(0.0, 1.0), st.floats(250.0, 350.0), st.floats(0.0, 1_400.0))
def test_an_aged_array_gives_its_share(share: float, temp_k: float, flux_w_m2: float) -> None:
    new, old = ArrayConfig(), ArrayConfig(share_left=share)
    assert old.area_m2 == new.area_m2
    given_w = Array(old).available_w(flux_w_m2, temp_k)
    unlimited_w = new.gain_m2 * flux_w_m2 * (1.0 - 0.0022 * (temp_k - 301.15))
    assert given_w == pytest.approx(min(new.power_w, share * unlimited_w), abs=1e-9)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_in_0_to_1(share: float) -> None:
    with pytest.raises(ValueError, match="share_left"):
        ArrayConfig(share_left=share)


def settled(efficiency: float, share_left: float = 1.0) -> tuple[Heat, float]:
    """A square metre at 600 km that faces the Sun, edge-on to the Earth, when it has come to rest; and its cells' W."""
    x = EARTH_RADIUS_M / (EARTH_RADIUS_M + 600e3)
    view = (asin(x) - x * sqrt(1.0 - x * x)) / pi
    config = HeatConfig(array_structure_w_k=0.0)
    heat = Heat(replace(config, array=replace(config.array, earth_view=view)), 1.0)
    watts = efficiency * share_left * SOLAR_CONSTANT_W_M2
    for second in range(9_000):
        heat.step(1.0, SOLAR_CONSTANT_W_M2, 0.0, watts, 0.0, 0.0, 0.0, second)
    return heat, watts


@pytest.mark.parametrize(("efficiency", "celsius"), [(0.30, 41.0), (0.25, 47.0)])
def test_the_equilibrium_of_a_panel_in_the_sun(efficiency: float, celsius: float) -> None:
    heat, _ = settled(efficiency)
    assert heat.array_k - ZERO_CELSIUS_K == pytest.approx(celsius, abs=0.5)


def test_absorbed_less_electric_is_what_is_radiated() -> None:
    """(alpha - eta) S and the Earth's heat on one side, eps sigma T^4 on the other."""
    for share in (1.0, 0.7):
        heat, watts = settled(0.30, share)
        node = HeatConfig().array
        earth_w = node.emissivity * 0.2491 * 237.0
        radiated_w = node.emissivity * STEFAN_BOLTZMANN_W_M2K4 * heat.array_k**4
        assert node.absorptivity * SOLAR_CONSTANT_W_M2 - watts + earth_w == pytest.approx(radiated_w, rel=1e-3)


def test_an_aged_array_is_a_warmer_one() -> None:
    assert settled(0.30, 0.5)[0].array_k > settled(0.30)[0].array_k + 10.0
