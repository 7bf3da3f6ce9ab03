"""The bench of the constellation: its keys, and a null where there is no compiler."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from sim.constellation import compiled
from tools.bench.cli import bench


def measured() -> dict[str, object]:
    arguments = ["constellation", "--satellites", "300", "--repeats", "1", "--workers", "1", "--json"]
    result = CliRunner().invoke(bench, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    found: dict[str, object] = json.loads(result.output)
    return found


def test_it_gives_a_speed_for_every_executor() -> None:
    found = measured()
    speeds = found["sat_steps_per_second"]
    assert isinstance(speeds, dict)
    assert list(speeds) == ["python", "numpy", "c"]
    assert all(speed > 0 for speed in speeds.values() if speed is not None)
    assert found["bytes_per_satellite"] == 72


def test_without_a_compiler_c_is_null(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "IS_BUILT", False)
    found = measured()
    assert found["executor"] == "numpy"
    assert isinstance(found["sat_steps_per_second"], dict)
    assert found["sat_steps_per_second"]["c"] is None
