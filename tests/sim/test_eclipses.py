"""Eclipse edges: where the illumination of the flight's own shadow changes, and nowhere else."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from sim.eclipses import EclipseEdge, eclipse_events, eclipses, sun_over_limb
from sim.orbit import Orbit, OrbitConfig
from sim.season import YearRequest, survey
from sim.shadow import shadow_of
from sim.sun import sun_at

DAY_S = 86_400.0
NOON = OrbitConfig()
DAWN = OrbitConfig(altitude_km=500.0, ltan_h=6.0)


def _orbit(config: OrbitConfig, *date: int) -> Orbit:
    return Orbit(config.elements(datetime(*date, tzinfo=UTC)))


@pytest.mark.parametrize("is_oblate", [False, True])
@pytest.mark.parametrize(("config", "date"), [(NOON, (2026, 11, 20)), (DAWN, (2026, 12, 21)), (DAWN, (2026, 11, 5))])
def test_edges_are_those_of_the_shadow_a_flight_sees(config, date, is_oblate):
    """Sun and node of a flight are those of the middle of each minute: 0.02 s, more where the shadow is grazed."""
    orbit = _orbit(config, *date)
    shadow = shadow_of(orbit, is_oblate=is_oblate)
    found = list(eclipses(orbit, 0.0, 3.0 * orbit.period_s, is_oblate=is_oblate))
    assert len(found) == 3

    def lit(time_s: float) -> float:
        shadow.refresh(time_s)
        return shadow.illumination_at(time_s)

    for eclipse in found:
        begin_s, end_s, off_s = eclipse.penumbra_begin_s, eclipse.penumbra_end_s, 0.1
        assert lit(begin_s - off_s) == lit(end_s + off_s) == 1.0
        assert 0.99 < lit(begin_s + off_s) < 1.0 and 0.99 < lit(end_s - off_s) < 1.0
        assert eclipse.umbra_s is not None
        assert lit(eclipse.umbra_s[0] + off_s) == lit(eclipse.umbra_s[1] - off_s) == 0.0
        assert 0.0 < lit(eclipse.umbra_s[0] - off_s) < 0.01 and 0.0 < lit(eclipse.umbra_s[1] + off_s) < 0.01


def test_edges_are_roots_to_a_millisecond():
    orbit = _orbit(NOON, 2026, 11, 20)
    levels = {EclipseEdge.PENUMBRA_BEGIN: 1.0, EclipseEdge.UMBRA_BEGIN: -1.0}
    levels |= {EclipseEdge.UMBRA_END: -1.0, EclipseEdge.PENUMBRA_END: 1.0}
    for event in eclipse_events(orbit, 0.0, DAY_S):
        around = [
            sun_over_limb(orbit.place(event.time_s + off_s), sun_at(orbit.epoch_unix_s + event.time_s + off_s))
            for off_s in (-1e-3, 1e-3)
        ]
        assert min(around) < levels[event.edge] < max(around)


def test_events_come_in_order_and_keep_to_the_interval():
    orbit = _orbit(NOON, 2026, 11, 20)
    events = list(eclipse_events(orbit, 0.0, DAY_S))
    assert all(before.time_s < after.time_s for before, after in pairwise(events))
    assert [event.edge for event in events[:4]] == list(EclipseEdge)
    assert len(events) in range(4 * 15, 4 * 16 + 1)
    second_s, third_s = events[1].time_s, events[2].time_s
    inside = list(eclipse_events(orbit, second_s - 1.0, third_s + 1.0))
    assert [event.edge for event in inside] == [EclipseEdge.UMBRA_BEGIN, EclipseEdge.UMBRA_END]
    (whole,) = eclipses(orbit, second_s + 60.0, second_s + 120.0)
    assert whole.penumbra_begin_s == pytest.approx(events[0].time_s, abs=1e-3)


def test_a_grazing_eclipse_has_no_umbra_and_a_clear_orbit_no_eclipse():
    clear = _orbit(DAWN, 2026, 4, 1)
    assert list(eclipses(clear, 0.0, DAY_S)) == []
    season = eclipses(_orbit(DAWN, 2026, 10, 25), 0.0, 30.0 * DAY_S)
    first = next(season)
    assert first.umbra_s is None
    assert [event.edge for event in first.events] == [EclipseEdge.PENUMBRA_BEGIN, EclipseEdge.PENUMBRA_END]
    assert any(eclipse.umbra_s for eclipse in season)


@pytest.mark.parametrize("is_oblate", [False, True])
def test_a_season_has_the_eclipses_of_the_survey(is_oblate):
    """Found edge by edge, and in closed form; the season of a dawn orbit ends in January."""
    config, days = OrbitConfig(altitude_km=1_000.0, ltan_h=6.0), 45.0
    year = survey(YearRequest(altitude_km=config.altitude_km, ltan_h=config.ltan_h, is_oblate=is_oblate))
    shadow_s = year.shadow_s[0, year.unix_s < year.unix_s[0] + days * DAY_S]
    found = list(eclipses(_orbit(config, 2026, 1, 1), 0.0, days * DAY_S, is_oblate=is_oblate))
    assert abs(len(found) - int((shadow_s > 0.0).sum())) <= 1
    longest_s = max(eclipse.penumbra_end_s - eclipse.penumbra_begin_s for eclipse in found)
    ratio = year.nodal_period_s / year.period_s  # the survey tells minutes of the two-body period
    assert longest_s == pytest.approx(float(shadow_s.max()) * ratio, abs=2.0)
