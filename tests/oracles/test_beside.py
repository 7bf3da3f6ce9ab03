"""The bench prints other programs beside its own figures, where they are installed. Needs `make oracles`."""

from __future__ import annotations

import pytest

from tools.bench import beside

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("default")]


def test_sgp4_is_timed() -> None:
    pytest.importorskip("sgp4")
    found = beside.sgp4(1)
    assert found is not None
    assert found["sat_steps_per_second"] > 100_000  # it has done two millions on a quiet core
    assert found["version"]


def test_basilisk_is_timed_with_all_that_it_steps() -> None:
    pytest.importorskip("Basilisk")
    found = beside.basilisk(1)
    assert found is not None
    assert found["sat_steps_per_second"] > 1_000
    assert found["step"] == "orbit, eclipse, panel, load, battery"
