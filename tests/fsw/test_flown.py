"""What flies, as it is read from where it lies: it says what differs, and nothing of the keys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fsw import flown as module
from fsw.flown import flown, loaded_models, shelved_models, software_digest
from fsw.infer.package import SHIPPED, usable_packages
from fsw.infer.shelf import ShelfState, Shelved
from fsw.mission import load_mission
from fsw.packets.security.keyring import PACKETS, KeyRing, new_ring
from fsw.telemetry.as_flown import AsFlown
from hal.board import find_board

MISSION = load_mission("owned.toml")
BOARD = find_board(MISSION.board)
MODELS = {"water": "aa", "cloud": "bb"}


def ring(seed: int) -> KeyRing:
    octets = iter(range(seed, 10_000))
    return new_ring(PACKETS, lambda count: bytes(next(octets) % 256 for _ in range(count)))


def of(models: dict[str, str] = MODELS, keys: KeyRing | None = None, **changes: object) -> AsFlown:
    mission = replace(MISSION, **changes)  # type: ignore[arg-type]
    return flown(mission, BOARD, lambda: models, keys)()


def test_the_same_flight_twice_is_the_same() -> None:
    assert of(keys=ring(1)) == of(models=dict(reversed(MODELS.items())), keys=ring(1))


def test_each_change_shows_in_its_part_alone() -> None:
    base = of(keys=ring(1))
    assert replace(of(keys=ring(1), control_period_s=2.0), board=base.board) == base
    assert replace(of({"water": "cc", "cloud": "bb"}, ring(1)), models=base.models) == base
    assert replace(of(keys=ring(2)), keys=base.keys) == base
    assert (
        len({base, of(keys=ring(1), control_period_s=2.0), of({"water": "aa"}, ring(1)), of(keys=ring(2)), of()}) == 5
    )


def test_another_source_file_is_another_software(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = software_digest()
    (tmp_path / "late.py").write_text("x = 1\n")
    monkeypatch.setattr(module.hal, "__file__", str(tmp_path / "__init__.py"))
    software_digest.cache_clear()
    assert software_digest() != before
    monkeypatch.undo()
    software_digest.cache_clear()
    assert software_digest() == before


def test_the_models_of_the_shelf_are_those_that_are_loaded() -> None:
    packages, refused = usable_packages(SHIPPED)
    assert not refused
    assert loaded_models(packages) == shelved_models(SHIPPED, ShelfState())


def test_an_uploaded_version_stands_in_place_of_the_factory_s_while_it_is_active() -> None:
    factory = shelved_models(SHIPPED, ShelfState())
    name = next(iter(factory))
    waiting = Shelved(model=name, candidate="a", a="dd" * 32)
    assert shelved_models(SHIPPED, ShelfState(models=(waiting,))) == factory
    active = shelved_models(SHIPPED, ShelfState(models=(replace(waiting, candidate="", active="a"),)))
    assert active == {**factory, name: "dd" * 32}


def test_nothing_of_a_key_is_in_what_is_hashed() -> None:
    keys = ring(3)
    names = module._key_names(keys)
    assert set(names) == {str(spi) for spi in keys.launched}
    for spi, key in keys.launched.items():
        assert names[str(spi)] == key.fingerprint().encode()
        assert key.reveal() not in b"".join(names.values())
