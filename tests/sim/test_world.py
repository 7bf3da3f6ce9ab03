"""The whole spacecraft: exact splits, step sizes that agree, runs that repeat, power that is really gone."""

import pytest

from hal.clock import SECOND_NS
from sim.battery import BatteryConfig
from sim.heat import HeatConfig, LoopConfig
from sim.load import ComputerConfig
from sim.power import BusConfig
from sim.rails import ConverterConfig, LoadConfig
from sim.world import RailConfig, World, WorldConfig

EXACT = ComputerConfig(watts_noise=0.0, seconds_noise=0.0)
ORBIT_S = 5684


def _fly(step_s: float, until_s: int) -> World:
    world = World(WorldConfig(step_s=step_s, computer=EXACT), 1)
    world.computer.start(1, 30.0, 1000.0, 0)
    world.schedule(4000 * SECOND_NS, lambda: world.computer.start(2, 42.0, 300.0, world.now_ns))
    world.advance_to(until_s * SECOND_NS)
    return world


def test_an_orbit_has_one_eclipse_of_35_minutes():
    world = World(WorldConfig(), 1)
    dark = 0
    for second in range(1, ORBIT_S + 1):
        world.advance_to(second * SECOND_NS)
        dark += not world.truth.is_sunlit
    assert dark / 60.0 == pytest.approx(35.4, abs=0.4)


def _agree(fine: World, coarse: World) -> None:
    """Energies to a thousandth, the battery's end and every heat to what a person would call the same."""
    one, ten = fine.truth, coarse.truth
    for name in ("array_energy_j", "bus_energy_j", "payload_energy_j", "soc"):
        assert getattr(ten, name) == pytest.approx(getattr(one, name), rel=1e-3), name
    assert ten.battery_heat_j == pytest.approx(one.battery_heat_j, abs=1e-4 * one.bus_energy_j)
    assert coarse.power.battery.stored_j(ten.soc) == pytest.approx(fine.power.battery.stored_j(one.soc), rel=1e-3)
    assert coarse.heat.stored_j() == pytest.approx(fine.heat.stored_j(), rel=1e-4)
    for node in ("array", "payload", "battery", "radiator", "structure"):
        assert getattr(ten, f"{node}_temp_c") == pytest.approx(getattr(one, f"{node}_temp_c"), abs=0.1), node


@pytest.mark.parametrize("until_s", [2000, 3500, ORBIT_S])  # in the dark, just out of it, a whole orbit
def test_one_and_ten_second_steps_agree(until_s):
    fine, coarse = _fly(1.0, until_s), _fly(10.0, until_s)
    _agree(fine, coarse)
    assert coarse.truth.payload_energy_j == pytest.approx(fine.truth.payload_energy_j, rel=1e-9)


def test_one_and_ten_second_steps_agree_with_shunt_converters_loads_and_loop():
    bus = BusConfig(
        regulation="shunt",
        payload_converter=ConverterConfig(fixed_w=0.5, proportional=0.04),
        load=(LoadConfig(name="instruments", watts=8.0, shed_soc=0.8, restore_soc=0.85),),
    )
    worlds = []
    for step_s in (1.0, 10.0):
        config = WorldConfig(step_s=step_s, computer=EXACT, bus=bus, heat=HeatConfig(loop=LoopConfig()))
        world = World(config, 1)
        world.computer.start(1, 30.0, 3000.0, 0)
        world.advance_to(ORBIT_S * SECOND_NS)
        worlds.append(world)
    _agree(*worlds)
    fine, coarse = worlds
    assert coarse.truth.shunt_energy_j == pytest.approx(fine.truth.shunt_energy_j, rel=1e-3)
    assert [row.kind for row in coarse.events] == [row.kind for row in fine.events]
    for ten, one in zip(coarse.events, fine.events, strict=True):
        assert abs(ten.time_ns - one.time_ns) <= 20 * SECOND_NS


def test_how_it_is_asked_for_does_not_matter():
    whole, pieces = World(WorldConfig(), 1), World(WorldConfig(), 1)
    whole.advance_to(2000 * SECOND_NS)
    for second in range(1, 2001):
        pieces.advance_to(second * SECOND_NS)
    assert whole.truth.as_dict() == pieces.truth.as_dict()


def test_two_runs_with_one_seed_are_equal_to_the_last_bit():
    assert _fly(1.0, 3000).truth.as_dict() == _fly(1.0, 3000).truth.as_dict()


def test_a_task_costs_its_joules_to_the_last_digit():
    world = World(WorldConfig(computer=EXACT), 1)
    world.computer.start(1, 30.0, 2.345, 0)
    world.advance_to(10 * SECOND_NS)
    assert world.truth.payload_energy_j == pytest.approx(60.0 + 30.0 * 2.345, rel=1e-12)
    assert world.computer.done() == (1,)


def test_means_cover_the_whole_second_although_it_was_split():
    world = World(WorldConfig(computer=EXACT), 1)
    world.computer.start(1, 30.0, 0.25, 0)
    world.advance_to(SECOND_NS // 2)
    assert world.truth.payload_power_w == pytest.approx(6.0 + 15.0)
    world.advance_to(SECOND_NS)
    assert world.truth.payload_power_w == pytest.approx(6.0 + 7.5)
    assert world.truth.bus_power_w == pytest.approx(21.0 + 7.5)
    assert world.truth.payload_peak_w == 36.0
    world.advance_to(2 * SECOND_NS)
    assert world.truth.payload_peak_w == 6.0


def test_actions_happen_at_their_exact_time():
    world = World(WorldConfig(), 1)
    seen: list[int] = []
    for time_ns in (1_234_567_890, 0, 1_234_567_890, 5):
        world.schedule(time_ns, lambda: seen.append(world.now_ns))
    world.advance_to(2 * SECOND_NS)
    assert seen == [0, 5, 1_234_567_890, 1_234_567_890]


def test_the_sun_charges_and_the_dark_discharges():
    world = World(WorldConfig(), 1)
    world.advance_to(300 * SECOND_NS)
    assert world.truth.battery_current_a < 0.0
    assert world.truth.soc > 0.9
    world.advance_to(2500 * SECOND_NS)
    truth = world.truth
    assert truth.array_power_w == 0.0
    assert truth.battery_power_w == pytest.approx(truth.bus_power_w)
    assert truth.battery_voltage_v * truth.battery_current_a == pytest.approx(truth.battery_power_w)


def test_powers_balance_on_the_bus():
    world = _fly(1.0, 700)
    truth = world.truth
    assert truth.array_power_w + truth.battery_power_w == pytest.approx(truth.bus_power_w)
    assert truth.bus_power_w == pytest.approx(15.0 + truth.payload_power_w)


def test_an_exhausted_battery_takes_the_payload_down_and_lets_it_return():
    config = WorldConfig(battery=BatteryConfig(capacity_wh=12.0, start_soc=0.9), computer=EXACT)
    world = World(config, 1)
    world.schedule(1500 * SECOND_NS, lambda: world.computer.start(1, 40.0, 5000.0, world.now_ns))
    world.advance_to(2900 * SECOND_NS)
    assert world.truth.brown_outs >= 1
    assert world.computer.lost == 1
    assert world.truth.payload_power_w == 0.0
    assert world.truth.payload_voltage_v == 0.0
    world.advance_to(5000 * SECOND_NS)
    assert world.computer.is_ready
    assert world.referee.broken > 0


def test_a_brown_out_interrupts_the_payload_alone():
    world = World(WorldConfig(computer=EXACT), 1)
    world.computer.start(1, 30.0, 100.0, 0)
    world.schedule(10 * SECOND_NS, lambda: world.brown_out(5.0))
    world.advance_to(12 * SECOND_NS)
    assert (world.truth.payload_power_w, world.truth.bus_power_w) == (0.0, 15.0)
    world.advance_to(20 * SECOND_NS)
    assert world.truth.payload_power_w == 6.0
    assert (world.truth.brown_outs, world.computer.lost) == (1, 1)


def test_a_guest_draws_from_its_host_alone():
    world = World(WorldConfig(rail=RailConfig(voltage_v=15.0), computer=EXACT), 1)
    world.computer.start(1, 24.0, 100.0, 0)
    world.advance_to(10 * SECOND_NS)
    truth = world.truth
    assert (truth.bus_power_w, truth.payload_voltage_v, truth.payload_current_a) == (30.0, 15.0, 2.0)
    assert (truth.array_power_w, truth.battery_power_w, truth.soc) == (0.0, 0.0, 0.0)


def test_time_does_not_run_backwards():
    world = World(WorldConfig(), 1)
    world.advance_to(SECOND_NS)
    with pytest.raises(ValueError, match="cannot go back"):
        world.advance_to(0)


def test_grants_are_for_guests():
    world = World(WorldConfig(), 1)
    with pytest.raises(ValueError, match="takes no grants"):
        world.issue(None)


def test_a_step_too_long_for_a_penumbra_is_refused():
    with pytest.raises(ValueError, match="step_s"):
        WorldConfig(step_s=30.0)
