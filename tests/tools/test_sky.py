"""Eclipses and passes in a flight's record agree with the light that the spacecraft saw."""

from __future__ import annotations

import pytest

from sim.eclipses import EclipseEdge
from sim.scenario import load_scenario
from tools.flight.sky import eclipses_of, passes_of

ORBIT_S = 5_684.0


def test_eclipse_edges_are_where_the_world_goes_dark() -> None:
    scenario = load_scenario("default")
    world = scenario.world()
    edges = eclipses_of(world, ORBIT_S)
    assert [event.edge for event in edges] == list(EclipseEdge)
    umbra_s = next(event.time_s for event in edges if event.edge is EclipseEdge.UMBRA_BEGIN)
    for time_s, dark in ((umbra_s - 0.5, False), (umbra_s + 0.5, True)):
        world.advance_to(round(time_s * 1e9))
        assert (world.truth.illumination == 0.0) is dark


def test_passes_come_in_order_over_the_scenarios_stations() -> None:
    scenario = load_scenario("default")
    found = passes_of(scenario.world(), scenario, 6 * ORBIT_S)
    assert {each.station for each in found} == {station.name for station in scenario.station}
    assert [each.rise_s for each in found] == sorted(each.rise_s for each in found)
    assert all(each.max_elevation_deg >= 5.0 for each in found)
    assert max(each.duration_s for each in found) == pytest.approx(600.0, abs=100.0)
