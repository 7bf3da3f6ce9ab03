"""The fuzz finds what escapes and what is not counted; on the real entrances it finds neither."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from tools.bench import fuzz
from tools.bench.cli import bench
from tools.bench.fuzz import ENTRANCES, ROUND, run


class Careless:
    """Raises for one octet, and counts no other reject."""

    seeds = inner = (b"\x01\x02\x03",)

    def feed(self, octets: bytes) -> bool | None:
        if b"\xff" in octets:
            raise KeyError("escaped")
        return b"\x01" in octets

    def repair(self, octets: bytes) -> bytes:
        return octets

    def counted(self) -> int:
        return 0

    def close(self) -> None: ...


@pytest.fixture
def careless() -> Iterator[None]:
    ENTRANCES["careless"] = Careless
    yield
    del ENTRANCES["careless"]


@pytest.mark.parametrize("name", list(ENTRANCES))
def test_nothing_escapes_an_entrance_and_every_reject_is_counted(name: str) -> None:
    result = run(60.0, 3, inputs=8 * ROUND, only=(name,))
    assert (result["inputs"], result["escapes"], result["examples"]) == (8 * ROUND, 0, [])
    assert 0 < result["rejects"] == result["rejects_counted"] < result["inputs"]


def test_runs_of_one_seed_are_the_same() -> None:
    first, again, other = (run(60.0, seed, inputs=4000, only=("telemetry", "files")) for seed in (1, 1, 2))
    assert first["entrances"] == again["entrances"] != other["entrances"]


@pytest.mark.usefixtures("careless")
def test_what_escapes_and_what_is_not_counted_is_shown() -> None:
    result = run(60.0, 1, inputs=1000, only=("careless",))
    assert result["escapes"] > 0
    assert result["rejects"] > result["rejects_counted"] == 0
    assert any("KeyError" in text for text in result["examples"])
    assert any("uncounted" in text for text in result["examples"])


def test_the_command_prints_one_object_and_says_in_its_exit_code_whether_all_is_well() -> None:
    told = CliRunner().invoke(bench, ["fuzz", "--inputs", "2000", "--workers", "1", "--only", "telemetry", "--json"])
    assert told.exit_code == 0, told.output
    result = json.loads(told.stdout)
    assert (result["escapes"], result["inputs"], result["guided"]) == (0, 2000, False)
    assert {"rejects_counted", "grown_bytes", "seed", "inputs_per_s"} <= set(result)


@pytest.mark.usefixtures("careless")
def test_the_command_fails_where_something_escapes() -> None:
    told = CliRunner().invoke(bench, ["fuzz", "--inputs", "500", "--workers", "1", "--only", "careless", "--json"])
    assert told.exit_code == 1
    assert CliRunner().invoke(bench, ["fuzz", "--only", "nowhere"]).exit_code == 2


def test_growth_is_of_the_process_after_it_is_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter((1000, 4000))
    monkeypatch.setattr(fuzz, "resident_bytes", lambda: next(sizes))
    assert run(60.0, 1, inputs=4000, only=("telemetry",))["grown_bytes"] == 3000
