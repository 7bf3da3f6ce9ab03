"""Demand: Poisson rates in sun and dark, in time order, the same for the same seed."""

from math import sqrt

import pytest

from hal.clock import SECOND_NS
from sim.arrivals import Arrival, Demand, arrivals

SCREEN = Demand(kind="screen", model="cloud", value=1.0, per_minute_sun=4.0, per_minute_dark=0.0, deadline_s=480.0)
VIP = Demand(kind="vip", model="water", value=30.0, per_minute_sun=0.5, per_minute_dark=0.5, deadline_s=600.0)
DAY_S = 86_400.0


def _is_sunlit(time_s: float) -> bool:
    return time_s % 6000.0 < 3600.0


def _draw(seed: int) -> list[Arrival]:
    return list(arrivals((SCREEN, VIP), seed, DAY_S, _is_sunlit))


def test_rates_are_those_of_sun_and_dark():
    rows = _draw(1)
    screens = [row for row in rows if row.kind == "screen"]
    vips = [row for row in rows if row.kind == "vip"]
    expected = 4.0 * 0.6 * DAY_S / 60.0
    assert len(screens) == pytest.approx(expected, abs=4.0 * sqrt(expected))
    assert len(vips) == pytest.approx(720.0, abs=4.0 * sqrt(720.0))
    assert all(_is_sunlit(row.time_ns / SECOND_NS) for row in screens)


def test_they_come_in_time_order_within_the_flight():
    times = [row.time_ns for row in _draw(2)]
    assert times == sorted(times)
    assert times[-1] < DAY_S * SECOND_NS


def test_one_seed_gives_one_demand():
    assert _draw(3) == _draw(3)
    assert _draw(3) != _draw(4)


def test_a_row_carries_its_class_and_a_scene():
    first = next(row for row in _draw(1) if row.kind == "vip")
    assert (first.model, first.value, first.deadline_s) == ("water", 30.0, 600.0)
    kind, _, number = first.ref.partition(":")
    assert kind == "scene"
    assert 0 <= int(number) < 2**31


def test_no_rate_no_arrivals():
    never = Demand(kind="x", model="y", value=1.0, per_minute_sun=0.0, per_minute_dark=0.0, deadline_s=1.0)
    assert list(arrivals((never,), 1, DAY_S, _is_sunlit)) == []


@pytest.mark.parametrize("bad", [{"per_minute_sun": -1.0}, {"deadline_s": 0.0}, {"value": -1.0}])
def test_impossible_demand_is_refused(bad):
    fields = {"per_minute_sun": 1.0, "deadline_s": 1.0, "value": 1.0} | bad
    with pytest.raises(ValueError, match="x:"):
        Demand(kind="x", model="y", per_minute_dark=0.0, **fields)
