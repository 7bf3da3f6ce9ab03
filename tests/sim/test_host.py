"""The scripted host: grants with notice, renewals, silence, cuts, and a referee that knows them."""

import pytest

from hal.clock import SECOND_NS
from hal.ports.host import Beat, Demand, Grant, MemoryHostBus, PowerOff, Safing
from sim.host import Host, HostConfig, HostEvent
from sim.load import ComputerConfig
from sim.world import RailConfig, World, WorldConfig


def _fly(*events: HostEvent, until_s: int, task_w: float = 0.0):
    """Messages with the second in which they were heard, the world, and the host."""
    world = World(WorldConfig(rail=RailConfig(), computer=ComputerConfig(watts_noise=0.0, seconds_noise=0.0)), 1)
    bus = MemoryHostBus()
    first = HostEvent(at_s=0.0, kind="level", mean_w=40.0, peak_w=60.0)
    host = Host(HostConfig(event=(first, *events)), world, bus)
    if task_w:
        world.computer.start(1, task_w, 1e5, 0)
    heard = []
    for second in range(until_s + 1):
        world.advance_to(second * SECOND_NS)
        heard += [(second, message) for message in bus.receive()]
    bus.send(Demand(time_ns=0, payload_power_w=6.0, demand_w=40.0, mode="NOMINAL", healthy=True))
    world.advance_to(world.now_ns + 2 * SECOND_NS)
    return heard, world, host


def _of(heard, cls):
    return [(second, message) for second, message in heard if isinstance(message, cls)]


def test_it_beats_every_second_and_renews_before_a_grant_ends():
    heard, world, host = _fly(until_s=300)
    assert [second for second, _ in _of(heard, Beat)] == list(range(301))
    grants = _of(heard, Grant)
    assert [second for second, _ in grants] == [0, 60, 120, 180, 240, 300]
    assert grants[1][1] == Grant(
        from_ns=60 * SECOND_NS, until_ns=240 * SECOND_NS, mean_w=40.0, peak_w=60.0, energy_j=7200.0, window_s=60.0
    )
    assert host.demands[-1].demand_w == 40.0
    assert world.referee.broken == 0


def test_less_power_is_announced_before_it_holds():
    event = HostEvent(at_s=100.0, kind="level", mean_w=10.0, peak_w=20.0, notice_s=30.0)
    heard, _, _ = _fly(event, until_s=200)
    second, grant = next(row for row in _of(heard, Grant) if row[1].mean_w == 10.0)
    assert (second, grant.from_ns) == (70, 100 * SECOND_NS)


def test_a_reduction_that_silence_held_back_still_comes_with_notice():
    heard, _, _ = _fly(
        HostEvent(at_s=30.0, kind="silence", duration_s=75.0),
        HostEvent(at_s=60.0, kind="level", mean_w=10.0, peak_w=20.0),
        until_s=130,
    )
    second, grant = next(row for row in _of(heard, Grant) if row[1].mean_w == 10.0)
    assert grant.from_ns == (second + 5) * SECOND_NS


def test_silence_is_neither_beat_nor_grant():
    heard, _, _ = _fly(HostEvent(at_s=50.0, kind="silence", duration_s=100.0), until_s=200)
    assert not [second for second, _ in heard if 50 < second < 150]
    assert _of(heard, Beat)[-1][0] == 200


def test_a_power_off_is_announced_and_a_cut_is_not():
    heard, world, host = _fly(
        HostEvent(at_s=100.0, kind="power_off", notice_s=20.0),
        HostEvent(at_s=130.0, kind="power_on"),
        HostEvent(at_s=200.0, kind="cut"),
        until_s=210,
    )
    assert _of(heard, PowerOff) == [(80, PowerOff(at_ns=100 * SECOND_NS))]
    assert not _of([row for row in heard if 100 < row[0] < 130], Beat)
    assert [second for second, _ in _of(heard, Grant)][2] == 130
    assert host.cuts == 2
    assert not host.is_rail_on
    assert world.truth.payload_power_w == 0.0


def test_the_safing_line_is_heard_in_silence():
    heard, _, _ = _fly(
        HostEvent(at_s=10.0, kind="silence", duration_s=100.0),
        HostEvent(at_s=20.0, kind="safing_on"),
        HostEvent(at_s=40.0, kind="safing_off"),
        until_s=60,
    )
    assert _of(heard, Safing) == [(20, Safing(on=True)), (40, Safing(on=False))]


def test_a_payload_that_ignores_a_reduction_is_caught():
    event = HostEvent(at_s=100.0, kind="level", mean_w=10.0, peak_w=20.0)
    _, world, _ = _fly(event, until_s=120, task_w=30.0)
    (peak,) = (limit for limit in world.referee.report() if limit.name == "grant_peak_w")
    assert peak.first_ns == 100 * SECOND_NS
    assert peak.worst == 36.0


def test_a_payload_that_works_on_in_silence_is_caught_when_its_grant_ends():
    _, world, _ = _fly(HostEvent(at_s=50.0, kind="silence", duration_s=400.0), until_s=200, task_w=30.0)
    (ungranted,) = (limit for limit in world.referee.report() if limit.name == "no_grant_w")
    assert ungranted.first_ns == 180 * SECOND_NS


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "shout"},
        {"kind": "level", "mean_w": 10.0, "peak_w": 5.0},
        {"kind": "level", "mean_w": 5.0, "peak_w": 10.0, "notice_s": 1.0},
        {"kind": "silence"},
    ],
)
def test_impossible_events_are_refused(bad):
    with pytest.raises(ValueError, match=r"."):
        HostEvent(**({"at_s": 1.0} | bad))


@pytest.mark.parametrize("bad", [{"renew_s": 200.0}, {"beat_s": 0.0}, {"event": ()}])
def test_impossible_hosts_are_refused(bad):
    first = HostEvent(at_s=0.0, kind="level", mean_w=40.0, peak_w=60.0)
    with pytest.raises(ValueError, match="must"):
        HostConfig(**({"event": (first,)} | bad))
