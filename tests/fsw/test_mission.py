"""A mission file is taken whole or refused with file and key; its numbers mean what they say."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.mission import MISSIONS, interpolate, load_mission, merge, utc_to_tai_ns
from hal.board import BOARDS
from hal.clock import SECOND_NS
from hal.config import ConfigError

OWNED, HOSTED = load_mission("owned.toml"), load_mission("hosted.toml")
REFERENCE_TAI_S = 2_173_824_037  # 2026-11-20T00:00:00Z


@pytest.mark.parametrize("path", sorted(MISSIONS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_mission_loads_and_its_board_exists(path: Path) -> None:
    mission = load_mission(path.name)
    assert mission == load_mission(path)
    assert mission.name == path.stem
    assert (BOARDS / mission.board).exists()
    assert mission.epoch_tai_ns() == REFERENCE_TAI_S * SECOND_NS


def test_what_an_owner_has_and_a_guest_has_not() -> None:
    assert OWNED.ephemeris() is not None
    assert HOSTED.ephemeris() is None
    assert OWNED.model("cloud") is not None
    assert OWNED.model("no such model") is None


@pytest.mark.parametrize(
    ("overrides", "key", "words"),
    [
        ({"battery": {"capacity_Ah": 3.0}}, "battery.capacity_Ah", "unknown key; accepted here: "),
        ({"battery": {"capacity_ah": "large"}}, "battery.capacity_ah", "must be float"),
        ({"battery": 3}, "battery", "must be a table"),
        ({"battery": {"ocv_v": 16.0}}, "battery.ocv_v", "must be a list"),
        ({"governor": {"queue_depth": 1.5}}, "governor.queue_depth", "must be int"),
        ({"guard": {"enabled": 1}}, "guard.enabled", "must be bool"),
        ({"payload": {"settings": [{"name": "x", "watts": 1.0}]}}, "payload.settings[0].speed", "is missing"),
        ({"models": [{"name": "cloud", "variants": [{"name": "x"}]}]}, "models[0].variants[0].work_s", "is missing"),
        ({"profile": "borrowed"}, "", "profile must be owned or hosted"),
        ({"epoch_utc": "tomorrow"}, "", "epoch_utc must be ISO 8601"),
        ({"governor": {"policy": "greedy"}}, "governor", "policy must be one of priced, "),
        ({"battery": {"ocv_v": [14.0, 16.0]}}, "battery", "ocv_soc and ocv_v must rise and be equally long"),
        ({"battery": {"ocv_soc": [0.0, 0.2, 0.4, 0.6, 0.5, 0.8, 1.0]}}, "battery", "must rise"),
    ],
)
def test_an_error_names_file_key_and_cure(overrides: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_mission("owned.toml", overrides)
    assert (caught.value.file, caught.value.key) == ("owned.toml", key)
    assert "owned.toml" in str(caught.value) and key in str(caught.value) and words in str(caught.value)


def test_demand_for_a_model_that_is_not_there_is_refused_by_name() -> None:
    row = {
        "kind": "k",
        "model": "clowd",
        "value": 1.0,
        "per_minute_sun": 1.0,
        "per_minute_dark": 1.0,
        "deadline_s": 9.0,
    }
    with pytest.raises(ConfigError, match=r"demand 'k' names model 'clowd'; known: .*cloud"):
        load_mission("owned.toml", {"demand": [row]})


@pytest.mark.parametrize("table", ["orbit", "array", "battery"])
def test_an_owner_without_orbit_array_or_battery_is_refused(table: str) -> None:
    with pytest.raises(ValueError, match=r"needs the tables orbit \(or shadow\), array and battery"):
        dataclasses.replace(OWNED, **{table: None})


def test_a_file_that_is_not_there_or_is_no_toml_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        load_mission("nowhere.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("name = ", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.toml: is not TOML"):
        load_mission(bad)


def test_overrides_change_what_they_name_and_nothing_else() -> None:
    changed = load_mission("owned.toml", {"governor": {"policy": "static"}, "battery": {"floor_soc": 0.5}})
    assert changed.battery is not None and OWNED.battery is not None
    assert (changed.governor.policy, changed.battery.floor_soc) == ("static", 0.5)
    restored = dataclasses.replace(
        changed,
        governor=OWNED.governor,
        battery=dataclasses.replace(changed.battery, floor_soc=OWNED.battery.floor_soc),
    )
    assert restored == OWNED


def test_merging_goes_into_tables_and_replaces_everything_else() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 3}
    assert merge(base, {"a": {"c": [9]}, "e": {"f": 4}}) == {"a": {"b": 1, "c": [9]}, "d": 3, "e": {"f": 4}}
    assert merge(base, {"a": 5}) == {"a": 5, "d": 3}
    assert merge(base, {}) == base == {"a": {"b": 1, "c": [1, 2]}, "d": 3}


@pytest.mark.parametrize(
    ("utc", "tai_ms"),
    [
        ("2026-11-20T00:00:00Z", REFERENCE_TAI_S * 1000),
        ("2026-11-20T00:00:00", REFERENCE_TAI_S * 1000),
        ("2026-11-20T01:00:00+01:00", REFERENCE_TAI_S * 1000),
        ("2026-11-20T00:00:00.250000Z", REFERENCE_TAI_S * 1000 + 250),
        ("2017-01-01T00:00:00Z", 1_861_920_037_000),
    ],
)
def test_utc_becomes_tai_since_1958(utc: str, tai_ms: int) -> None:
    assert utc_to_tai_ns(utc) == tai_ms * 1_000_000


def test_the_packs_energy_over_its_floor_is_less_than_what_truly_comes_out() -> None:
    battery = OWNED.battery
    assert battery is not None
    assert battery.energy_above_floor_j(battery.floor_soc) == 0.0
    assert battery.energy_above_floor_j(battery.floor_soc - 0.1) < 0.0
    for watts in (10.0, 30.0, 0.5 * battery.discharge_limit_w):
        soc, given_j = 1.0, 0.0
        while soc > battery.floor_soc:
            ocv_v = battery.ocv_at_v(soc)
            current_a = watts / ocv_v  # a first guess, then with the drop that it causes
            for _ in range(4):
                current_a = watts / (ocv_v - current_a * battery.resistance_ohm)
            soc -= current_a / (battery.capacity_ah * 3600.0)
            given_j += watts
        assert battery.energy_above_floor_j(1.0) < given_j


@given(st.floats(-50.0, 50.0))
def test_interpolation_stays_between_its_rows_and_meets_them(x: float) -> None:
    xs, ys = (0.0, 1.0, 4.0, 10.0), (5.0, 7.0, 7.5, 20.0)
    assert 5.0 <= interpolate(xs, ys, x) <= 20.0
    assert [interpolate(xs, ys, at) for at in xs] == list(ys)
    assert interpolate(xs, ys, 2.5) == pytest.approx(7.25)
    assert interpolate(xs, ys, x) <= interpolate(xs, ys, x + 0.5)
