"""The shedding benchmark: real guard, worker and simulator; after what is measured nothing runs on."""

from __future__ import annotations

from tools.bench.shed import run


def test_a_crossing_and_a_safing_line_stop_the_inference() -> None:
    result = run(trials=2, host_trials=1)
    assert result["still_running"] == 0
    for key in ("after_sample_ms", "host_line_to_rail_ms"):
        assert 0.0 < result[key]["p50"] <= result[key]["p99"] < 1_000.0, key
    assert (result["trials"], result["host_trials"]) == (2, 1)
