"""Shells of satellites: Walker patterns, sun-synchronous planes, files."""

from __future__ import annotations

from math import degrees, pi
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.config import ConfigError
from sim.array import ArrayConfig
from sim.constellation.design import Design, LoadPolicy, StorageConfig
from sim.constellation.layers import FILING, load_layers, place_of, with_policy, with_total
from sim.constellation.shells import Shell
from sim.orbit import node_from_ltan_rad

EPOCH_UNIX_S = 1.8e9


def test_a_walker_pattern_is_spaced_as_its_notation_says() -> None:
    one = Shell(name="w", altitude_km=550.0, satellites=12, planes=3, phasing=1.0, inclination_deg=53.0)
    node, latitude = one.phases(EPOCH_UNIX_S, np.arange(12))
    np.testing.assert_allclose(np.degrees(node), np.repeat([0.0, 120.0, 240.0], 4))
    np.testing.assert_allclose(np.degrees(latitude[:4]), [0.0, 90.0, 180.0, 270.0])
    assert degrees(latitude[4]) == pytest.approx(30.0)


def test_a_star_spans_half_a_turn() -> None:
    one = Shell(name="s", altitude_km=780.0, satellites=6, planes=6, inclination_deg=86.4, node_span_deg=180.0)
    assert one.nodes_rad(EPOCH_UNIX_S)[-1] == pytest.approx(pi * 5 / 6)


def test_sun_synchronous_planes_stand_at_their_local_times() -> None:
    one = Shell(name="f", altitude_km=500.0, satellites=4, ltan_h=(6.0, 10.5))
    node, _ = one.phases(EPOCH_UNIX_S, np.array([1, 2]))
    assert node.tolist() == [node_from_ltan_rad(6.0, EPOCH_UNIX_S), node_from_ltan_rad(10.5, EPOCH_UNIX_S)]
    assert degrees(one.inclination_rad) == pytest.approx(97.402, abs=0.002)


def test_phases_of_a_few_are_those_of_all() -> None:
    one = Shell(name="w", altitude_km=550.0, satellites=1000, planes=10, phasing=3.0, inclination_deg=53.0)
    everything = one.phases(EPOCH_UNIX_S, np.arange(1000))
    some = one.phases(EPOCH_UNIX_S, np.array([17, 999]))
    for few, all_ in zip(some, everything, strict=True):
        np.testing.assert_array_equal(few, all_[[17, 999]])


def test_the_filing_file_holds_a_million() -> None:
    assert sum(layer.shell.satellites for layer in load_layers(FILING)) == 1_000_000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[[shell]]\nname = "a"\n', "altitude_km"),
        ('[[shell]]\nname = "a"\naltitude_km = 500.0\nsatellites = 5\n', "either inclination_deg or ltan_h"),
        ('[[shell]]\nname = "a"\naltitude_km = 100.0\nsatellites = 5\nltan_h = [6.0]\n', "200..2500"),
        ('[[shell]]\nname = "a"\naltitude_km = 500.0\nsatellites = 1\nltan_h = [6.0, 7.0]\n', "2 planes empty"),
        ('[[shell]]\nname = "a"\naltitude_km = 500.0\nsatellites = 0\nltan_h = [6.0]\n', "satellites must be"),
        ("shell = [", "shells.toml"),
        ("", "shell"),
    ],
)
def test_a_bad_file_is_named_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "shells.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=reason) as caught:
        load_layers(path)
    assert caught.value.file == "shells.toml"


SHELL = '[[shell]]\nname = "a"\naltitude_km = 500.0\nsatellites = 5\nltan_h = [6.0]\n'


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        (SHELL + "[design.load]\ncompute_w = -1.0\n", "design.load", "negative"),
        (SHELL + '[design.load]\nfollows = "moon"\n', "design.load", "constant, sun or price"),
        (SHELL + "[design.heat.payload]\nmass_kg = 1.0\n", "design.heat.payload.mass_kg", "unknown key"),
        (SHELL + "[shell.design.storage]\ncapacity_wh = true\n", "shell[0].design.storage.capacity_wh", "float"),
        (SHELL + SHELL, "shell", "names must differ"),
        (SHELL + "[colour]\n", "colour", "design, scenario, shell"),
        ("shell = [1]\n", "shell[0]", "must be a table"),
        ("scenario = 3\n" + SHELL, "shell[0].scenario", "must be str"),
    ],
)
def test_a_bad_design_is_named_with_file_and_field(tmp_path: Path, text: str, key: str, reason: str) -> None:
    path = tmp_path / "shells.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=reason) as caught:
        load_layers(path)
    assert (caught.value.file, caught.value.key) == ("shells.toml", key)


def test_a_shell_lays_its_own_design_over_that_of_all(tmp_path: Path) -> None:
    path = tmp_path / "shells.toml"
    own = '[shell.design.load]\nfollows = "sun"\n'
    common = "[design.load]\ncompute_w = 500.0\n[design.array]\npower_w = 900.0\n"
    path.write_text(SHELL + own + SHELL.replace('"a"', '"b"') + common)
    first, second = load_layers(path)
    assert (first.design.load.follows, first.design.load.compute_w) == ("sun", 500.0)
    assert (second.design.load.follows, second.design.array.power_w) == ("constant", 900.0)
    assert {layer.design.load.follows for layer in with_policy((first, second), "price")} == {"price"}


@given(st.integers(1, 3_000_000))
def test_any_number_of_satellites_is_shared_exactly(satellites: int) -> None:
    layers = with_total(load_layers(FILING), satellites)
    counts = [layer.shell.satellites for layer in layers]
    assert sum(counts) == satellites
    if len(counts) == 3:
        assert counts == pytest.approx([0.4 * satellites, 0.4 * satellites, 0.2 * satellites], abs=1.0)
    assert place_of(layers, satellites - 1) == (len(layers) - 1, counts[-1] - 1)
    with pytest.raises(ValueError, match="numbered 0 to"):
        place_of(layers, satellites)


def test_planes_that_are_not_equally_filled_are_equally_spaced_each() -> None:
    one = Shell(name="w", altitude_km=550.0, satellites=11, planes=3, inclination_deg=53.0)
    node, latitude = one.phases(EPOCH_UNIX_S, np.arange(11))
    np.testing.assert_allclose(np.degrees(node), [0.0] * 4 + [120.0] * 4 + [240.0] * 3)
    np.testing.assert_allclose(np.degrees(latitude), [0, 90, 180, 270, 0, 90, 180, 270, 0, 120, 240], atol=1e-9)


def test_a_smaller_walker_pattern_keeps_its_shape() -> None:
    one = Shell(name="w", altitude_km=550.0, satellites=200_000, planes=400, inclination_deg=30.0)
    assert (one.scaled(2_000).planes, one.scaled(1).planes, one.scaled(200_000)) == (40, 1, one)


@pytest.mark.parametrize(
    "changes",
    [{"capacity_wh": 0.0}, {"start_soc": 1.5}, {"charge_efficiency": 0.4}],
)
def test_a_battery_out_of_range_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        StorageConfig(**changes)


def test_a_load_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        LoadPolicy(compute_w=-1.0)
    with pytest.raises(ValueError, match="follows"):
        LoadPolicy(follows="moon")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="24 of share_by_hour"):
        LoadPolicy(share_by_hour=(1.0,))


def test_a_design_has_an_array() -> None:
    with pytest.raises(ValueError, match=r"array\.power_w"):
        Design(array=ArrayConfig(power_w=0.0))
