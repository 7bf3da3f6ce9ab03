"""The comparison with other policies: the same flight for each, and none that breaks a limit."""

from __future__ import annotations

from sim.scenario import load_scenario
from tools.flight.compare import compare
from tools.flight.loop import Options


def test_policies_are_compared_on_the_same_flight_and_the_static_sweep_is_whole() -> None:
    flown: list[str] = []
    rows = compare(load_scenario("default"), Options(duration_s=240.0), flown.append)
    assert [row.policy for row in rows] == ["priced", "hysteresis", "static"]
    assert all(row.violations == 0 for row in rows)
    assert all(row.value > 0.0 for row in rows)
    statics = [text for text in flown if text.startswith("static")]
    assert len(set(statics)) == len(statics) == 3 * 4 + 3 * 5  # ranks by settings, then duties of the best three
    assert any("duty 0.5" in text for text in statics)
