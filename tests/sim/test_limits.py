"""The referee: what counts as broken, how often, how badly, how long, and how near the rest came."""

from dataclasses import dataclass

import pytest

from hal.clock import SECOND_NS
from sim.heat import Heat, HeatConfig
from sim.limits import GrantReferee, LimitReport, LimitsConfig, Referee


@dataclass(frozen=True, kw_only=True)
class _Grant:
    from_ns: int
    until_ns: int
    mean_w: float = 20.0
    peak_w: float = 40.0
    energy_j: float = 1e6
    window_s: float = 10.0


def _reports(referee: Referee | GrantReferee) -> dict[str, LimitReport]:
    return {limit.name: limit.report() for limit in referee.limits}


def _draw(referee: GrantReferee, *watts: float, start_s: int = 0) -> None:
    for k, power_w in enumerate(watts, start_s):
        referee.check(power_w, k * SECOND_NS, (k + 1) * SECOND_NS)


def test_broken_times_worst_value_and_duration():
    referee, heat = Referee(LimitsConfig(bus_power_w=80.0), owns_power=True), Heat(HeatConfig(), 0.2)
    for k, soc in enumerate((0.72, 0.69, 0.68, 0.71, 0.695, 0.75)):
        referee.check(soc, 50.0, 30.0, heat, k * SECOND_NS, (k + 1) * SECOND_NS)
    floor = _reports(referee)["battery_floor_soc"]
    assert (floor.broken, floor.first_ns, floor.worst, floor.broken_s) == (2, SECOND_NS, 0.68, 3.0)
    assert floor.closest == pytest.approx(-0.02)
    assert referee.broken == 2


def test_margins_of_what_was_never_broken():
    referee, heat = Referee(LimitsConfig(bus_power_w=80.0), owns_power=True), Heat(HeatConfig(), 0.2)
    for k, bus_w in enumerate((20.0, 73.0, 60.0)):
        referee.check(0.9, bus_w, 30.0, heat, k, k + 1)
    reports = _reports(referee)
    assert reports["bus_power_w"].closest == pytest.approx(7.0)
    assert reports["payload_high_c"].closest == pytest.approx(20.0)
    assert reports["battery_low_c"].closest == pytest.approx(20.0)
    assert referee.broken == 0
    assert len(referee.report()) == len(reports)


def test_a_hot_node_is_broken():
    referee, heat = Referee(LimitsConfig(bus_power_w=80.0), owns_power=True), Heat(HeatConfig(), 0.2)
    heat.payload_k = 273.15 + 46.0
    referee.check(0.9, 50.0, 30.0, heat, 0, SECOND_NS)
    assert _reports(referee)["payload_high_c"].worst == pytest.approx(46.0)


def test_a_guest_is_not_judged_by_a_battery_it_does_not_own():
    assert "battery_floor_soc" not in _reports(Referee(LimitsConfig(bus_power_w=80.0), owns_power=False))


def test_peak_holds_at_every_instant():
    referee = GrantReferee(8.0)
    referee.issue(_Grant(from_ns=0, until_ns=100 * SECOND_NS))
    _draw(referee, 40.0, 40.5, 39.0)
    peak = _reports(referee)["grant_peak_w"]
    assert (peak.broken, peak.worst, peak.broken_s) == (1, 40.5, 1.0)


def test_mean_holds_over_every_whole_window():
    referee = GrantReferee(8.0)
    referee.issue(_Grant(from_ns=0, until_ns=100 * SECOND_NS))
    _draw(referee, *[35.0] * 5, *[5.0] * 5)
    assert _reports(referee)["grant_mean_w"].broken == 0
    _draw(referee, *[35.0] * 6, start_s=10)
    mean = _reports(referee)["grant_mean_w"]
    assert mean.broken == 1
    assert mean.worst == pytest.approx(23.0)


def test_a_window_over_two_grants_may_have_the_larger_mean():
    referee = GrantReferee(8.0)
    referee.issue(_Grant(from_ns=0, until_ns=100 * SECOND_NS))
    referee.issue(_Grant(from_ns=10 * SECOND_NS, until_ns=100 * SECOND_NS, mean_w=8.0))
    _draw(referee, *[20.0] * 10, *[7.0] * 20)
    assert _reports(referee)["grant_mean_w"].broken == 0
    _draw(referee, *[9.0] * 10, start_s=30)
    assert _reports(referee)["grant_mean_w"].broken == 1


def test_energy_is_counted_from_where_a_grant_begins():
    referee = GrantReferee(8.0)
    referee.issue(_Grant(from_ns=0, until_ns=100 * SECOND_NS, energy_j=100.0))
    _draw(referee, *[20.0] * 5)
    assert _reports(referee)["grant_energy_j"].broken == 0
    _draw(referee, 1.0, start_s=5)
    assert _reports(referee)["grant_energy_j"].broken == 1


def test_without_a_grant_only_the_lowest_draw_is_allowed():
    referee = GrantReferee(8.0)
    _draw(referee, 6.0)
    referee.issue(_Grant(from_ns=SECOND_NS, until_ns=3 * SECOND_NS))
    _draw(referee, 30.0, 30.0, 30.0, start_s=1)
    ungranted = _reports(referee)["no_grant_w"]
    assert (ungranted.broken, ungranted.first_ns) == (1, 3 * SECOND_NS)


def test_unknown_nodes_are_refused():
    with pytest.raises(ValueError, match="no node named antenna"):
        LimitsConfig(node_high_c={"antenna": 10.0})
