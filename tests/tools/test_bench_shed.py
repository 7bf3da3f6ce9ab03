"""The shedding benchmark: real guard, worker and simulator; after what is measured nothing runs on."""

from __future__ import annotations

from typing import Any

import pytest

from tools.bench.shed import ShedFailed, run

ATTEMPTS = 3  # a machine that gives the guard no processor for a minute says nothing of the bench


def ran() -> dict[str, Any]:
    """The first run that the machine lets through."""
    for _ in range(ATTEMPTS - 1):
        try:
            return run(trials=2, host_trials=1)
        except ShedFailed:
            continue
    return run(trials=2, host_trials=1)


@pytest.mark.timeout(400)
def test_a_crossing_and_a_safing_line_stop_the_inference() -> None:
    result = ran()
    assert result["still_running"] == 0
    for key in ("after_sample_ms", "host_line_to_rail_ms"):
        assert 0.0 < result[key]["p50"] <= result[key]["p99"] < 1_000.0, key
    assert (result["trials"], result["host_trials"]) == (2, 1)
