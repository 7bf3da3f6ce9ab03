"""The bench of event mode: what it reports, on a handful of satellites."""

from __future__ import annotations

import pytest

from tools.bench.constellation_years import run, shells_of


@pytest.mark.parametrize("satellites", [10, 13, 1_000_000])
def test_the_shells_hold_every_satellite(satellites: int) -> None:
    assert sum(shell.satellites for shell in shells_of(satellites)) == satellites


def test_a_short_flight_reports_orbits_time_and_memory() -> None:
    told: list[tuple[int, int]] = []
    result = run(10, 4 / 365.25, "numpy", 1, 2, lambda *days: told.append(days))
    assert result["days"] == 4
    assert result["executor"] == "numpy"
    assert result["sat_orbits"] == pytest.approx(10 * 4 * 14.1, rel=0.05)
    assert result["sat_orbits_per_second"] > 0
    assert result["peak_rss_mb"] > 0
    assert set(result["last_window"]) == {"dawn-dusk-500", "dawn-dusk-1000", "walker-30"}
    assert told == [(2, 4), (4, 4)]
