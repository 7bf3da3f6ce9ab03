"""Faults: what each does to a sensor or to the payload, when it begins and when it ends."""

import pytest

from hal.clock import SECOND_NS
from hal.errors import PortError
from hal.reading import Reason
from sim.devices import build
from sim.faults import Fault, Faults
from sim.heat import HeatConfig, LoopConfig
from sim.world import World, WorldConfig

THERMOMETER = 0x48


def _readings(fault: Fault, until_s: int = 60) -> list[float | Reason]:
    """The payload thermometer once a second, in degrees, or why it did not answer."""
    world = World(WorldConfig(), 1)
    bus = build(world, 1, Faults((fault,), world))["i2c0"]
    rows: list[float | Reason] = []
    for second in range(1, until_s + 1):
        world.advance_to(second * SECOND_NS)
        try:
            rows.append(bus.read_words(THERMOMETER, (0,))[0] / 128.0)
        except PortError as error:
            rows.append(error.reason)
    return rows


def _fault(kind: str, value: float = 0.0) -> Fault:
    return Fault(at_s=20.0, kind=kind, target="payload_temp", duration_s=20.0, value=value)


WELL = _readings(Fault(at_s=1e6, kind="hang"))


@pytest.mark.parametrize(("kind", "reason"), [("missing", Reason.BUS), ("silent", Reason.TIMEOUT)])
def test_a_sensor_that_does_not_answer_gives_its_reason(kind, reason):
    rows = _readings(_fault(kind))
    assert rows[:19] == WELL[:19]
    assert rows[19:39] == [reason] * 20
    assert all(isinstance(row, float) for row in rows[39:])


def test_a_stuck_sensor_says_one_value_but_for_its_noise():
    rows = _readings(_fault("stuck"))[19:39]
    assert max(rows) - min(rows) < 0.05


@pytest.mark.parametrize(("kind", "value", "expected"), [("offset", 3.0, 3.0), ("factor", 1.1, 2.5)])
def test_a_sensor_that_lies(kind, value, expected):
    rows = _readings(_fault(kind, value))
    assert rows[25] - WELL[25] == pytest.approx(expected, abs=0.1)
    assert rows[45] == WELL[45]


def test_a_noisy_sensor_scatters():
    rows = _readings(_fault("noisy", 2.0))
    scatter = [rows[k] - WELL[k] for k in range(19, 39)]
    assert max(scatter) > 1.0
    assert min(scatter) < -1.0
    assert rows == _readings(_fault("noisy", 2.0))


def test_a_late_sensor_says_what_was():
    world = World(WorldConfig(), 1)
    world.computer.start(1, 500.0, 500.0, 0)  # heats fast
    fault = Fault(at_s=10.0, kind="late", target="payload_temp", value=15.0)
    bus = build(world, 1, Faults((fault,), world))["i2c0"]
    truths = []
    for second in range(1, 61):
        world.advance_to(second * SECOND_NS)
        truths.append(world.truth.payload_temp_c)
        seen = bus.read_words(THERMOMETER, (0,))[0] / 128.0
    assert seen == pytest.approx(truths[60 - 15 - 1], abs=0.15)


def test_faults_of_the_payload_strike_at_their_time():
    world = World(WorldConfig(), 1)
    faults = Faults(
        (
            Fault(at_s=5.0, kind="hang"),
            Fault(at_s=6.0, kind="latch_up", value=4.0),
            Fault(at_s=7.0, kind="upsets", target="corrected", value=9.0),
            Fault(at_s=30.0, kind="brown_out", duration_s=2.0),
        ),
        world,
    )
    world.computer.start(1, 20.0, 10.0, 0)
    world.advance_to(25 * SECOND_NS)
    assert world.computer.running == 1
    assert world.truth.payload_power_w == pytest.approx(world.computer.draw_w)
    assert world.computer.latch_up_w == 4.0
    assert world.truth.corrected_errors == 9
    world.advance_to(31 * SECOND_NS)
    assert world.truth.payload_power_w == 0.0
    world.advance_to(33 * SECOND_NS)
    assert world.truth.payload_power_w == 6.0
    assert faults.struck == 4


def test_a_later_fault_of_the_same_sensor_replaces_the_earlier():
    world = World(WorldConfig(), 1)
    first = Fault(at_s=1.0, kind="offset", target="payload_temp", duration_s=10.0, value=1.0)
    second = Fault(at_s=5.0, kind="missing", target="payload_temp")
    faults = Faults((first, second), world)
    world.advance_to(20 * SECOND_NS)
    with pytest.raises(PortError):
        faults.apply("payload_temp", 20.0)
    assert faults.apply("battery_temp", 20.0) == 20.0
    faults.answer("battery_temp")


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "melt"},
        {"kind": "stuck", "target": "mood"},
        {"kind": "upsets", "target": "some"},
        {"kind": "brown_out"},
        {"kind": "hang", "duration_s": -1.0},
        {"kind": "pump", "value": 1.5},
        {"kind": "deaf", "target": "payload_temp"},
    ],
)
def test_impossible_faults_are_refused(bad):
    with pytest.raises(ValueError, match=r"."):
        Fault(**({"at_s": 1.0} | bad))


def test_a_tilt_warms_the_radiator_for_its_time_and_no_longer() -> None:
    world = World(WorldConfig(), seed=1)
    Faults((Fault(at_s=100.0, kind="tilt", duration_s=200.0, value=0.5),), world)
    sun_w_m2 = 1361.0
    level = world.heat.environment_w(sun_w_m2, 0.0)
    seen = []
    for second in (50, 150, 350):
        world.advance_to(second * SECOND_NS)
        seen.append(world.heat.environment_w(sun_w_m2, 0.0) - level)
    absorbed_w = 0.5 * sun_w_m2 * world.config.heat.radiator.absorptivity * world.config.heat.radiator.area_m2
    assert seen == pytest.approx([0.0, absorbed_w, 0.0])


def test_a_failed_pump_takes_its_share_of_the_flow_for_its_time() -> None:
    world = World(WorldConfig(heat=HeatConfig(loop=LoopConfig())), seed=1)
    Faults((Fault(at_s=10.0, kind="pump", duration_s=20.0, value=0.5),), world)
    loop = world.heat.loop
    assert loop is not None
    seen = []
    for second in (5, 15, 35):
        world.advance_to(second * SECOND_NS)
        seen.append(loop.conductance_w_k / loop.config.full_w_k)
    assert seen == [1.0, 0.5, 1.0]


def test_no_pump_fails_where_there_is_none() -> None:
    with pytest.raises(ValueError, match="liquid loop"):
        Faults((Fault(at_s=10.0, kind="pump", value=0.5),), World(WorldConfig(), seed=1))


RAIL, CAP = "devices/payload_rail/state", "cgroup/infer/cpu.max"


def test_a_switch_that_is_deaf_stays_as_it_is_and_shows_it() -> None:
    world = World(WorldConfig(), seed=1)
    files = build(world, 1, Faults((Fault(at_s=5.0, kind="deaf", target="rail", duration_s=10.0),), world))["sys"]
    world.advance_to(6 * SECOND_NS)
    files.write_text(RAIL, "disabled")
    assert (files.read_text(RAIL).strip(), world.computer.is_powered) == ("enabled", True)
    world.advance_to(16 * SECOND_NS)
    assert world.computer.is_powered
    files.write_text(RAIL, "disabled")
    assert not world.computer.is_powered


def test_a_sluggish_cap_does_late_what_it_was_told_and_in_order() -> None:
    world = World(WorldConfig(), seed=1)
    files = build(
        world, 1, Faults((Fault(at_s=5.0, kind="sluggish", target="duty", value=4.0, duration_s=2.0),), world)
    )["sys"]
    world.advance_to(6 * SECOND_NS)
    files.write_text(CAP, "2000 100000")
    world.advance_to(8 * SECOND_NS)  # it is quick again, and yet not before what came first
    files.write_text(CAP, "50000 100000")
    seen = []
    for second in (9, 11):
        world.advance_to(second * SECOND_NS)
        seen.append(world.computer.duty)
    assert seen == [1.0, 0.5]


@pytest.mark.parametrize(("kind", "ready_s"), [("killed", 6.0), ("restart", 26.0)])
def test_a_task_is_lost_with_its_worker_or_with_the_computer(kind: str, ready_s: float) -> None:
    world = World(WorldConfig(), seed=1)
    Faults((Fault(at_s=5.0, kind=kind),), world)
    world.computer.start(1, 20.0, 60.0, 0)
    world.advance_to(6 * SECOND_NS)
    assert world.computer.running is None
    assert world.computer.is_ready is (ready_s < 7.0)
    world.advance_to(27 * SECOND_NS)
    assert world.computer.is_ready
    assert world.computer.done() == ()
