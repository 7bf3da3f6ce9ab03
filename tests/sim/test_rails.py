"""The bus: losses of converters, shunts, loads that go in stages, and rails whose devices really fall silent."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.clock import SECOND_NS
from hal.errors import PortError
from hal.reading import Reason
from sim.array import ArrayConfig
from sim.battery import BatteryConfig
from sim.devices import build
from sim.heat import HeatConfig, LoopConfig
from sim.load import ComputerConfig
from sim.power import BusConfig, OwnedPower
from sim.rails import AVIONICS, PAYLOAD, ConverterConfig, LoadConfig, Rails
from sim.world import RailConfig, World, WorldConfig

EXACT = ComputerConfig(watts_noise=0.0, seconds_noise=0.0)
PAYLOAD_THERMOMETER, BATTERY_THERMOMETER, DOSIMETER, BUS_MONITOR = 0x48, 0x49, 0x48, 0x45
INSTRUMENTS = LoadConfig(name="instruments", watts=10.0, stage=2, shed_soc=0.80, restore_soc=0.88)
HEATER = LoadConfig(name="heater", watts=5.0, node="battery", stage=1, shed_soc=0.85, restore_soc=0.89)
THE_COMPUTER = LoadConfig(name="payload", stage=3, shed_soc=0.75, restore_soc=0.85)


def _world(*loads: LoadConfig, capacity_wh: float = 40.0, **bus) -> World:
    """A small battery, so that an eclipse goes through every threshold."""
    battery = BatteryConfig(capacity_wh=capacity_wh)
    return World(WorldConfig(battery=battery, bus=BusConfig(load=loads, **bus), computer=EXACT), 1)


def _dark(avionics_w: float = 15.0, **bus) -> World:
    """No array at all and a battery for minutes: everything goes, one after another."""
    config = WorldConfig(
        array=ArrayConfig(power_w=0.0),
        battery=BatteryConfig(capacity_wh=6.0),
        bus=BusConfig(avionics_w=avionics_w, **bus),
        computer=EXACT,
    )
    return World(config, 1)


def _told(world: World) -> list[tuple[str, str]]:
    return [(event.kind, event.subject) for event in world.events]


@given(output_w=st.floats(0.0, 1e5))
def test_a_converters_loss_is_fixed_proportional_and_quadratic(output_w):
    converter = ConverterConfig(fixed_w=2.0, proportional=0.03, quadratic_per_w=1e-5)
    assert converter.loss_w(output_w) == pytest.approx(2.0 + 0.03 * output_w + 1e-5 * output_w**2)


def test_what_converters_lose_is_drawn_from_the_bus_and_warms_the_structure():
    plain, lossy = _world(), _world(payload_converter=ConverterConfig(fixed_w=1.0, proportional=0.1))
    for world in (plain, lossy):
        world.computer.start(1, 34.0, 1000.0, 0)
        world.advance_to(300 * SECOND_NS)
    assert lossy.truth.bus_power_w - plain.truth.bus_power_w == pytest.approx(1.0 + 0.1 * 40.0)
    assert lossy.truth.payload_power_w == plain.truth.payload_power_w
    assert lossy.truth.structure_temp_c > plain.truth.structure_temp_c


def test_a_converter_without_an_output_rests_with_its_rail():
    world = _world(payload_converter=ConverterConfig(fixed_w=1.0))
    world.computer.set_power(False, 0)
    world.advance_to(SECOND_NS)
    assert world.truth.bus_power_w == 15.0


def test_avionics_behind_a_converter_draw_its_loss():
    rails = Rails(20.0, ConverterConfig(fixed_w=1.0, proportional=0.05), None, ())
    assert rails.avionics_w == 22.0


def test_shunts_burn_what_the_tracker_would_leave_in_the_array():
    tracker, shunt = (
        World(WorldConfig(battery=BatteryConfig(start_soc=1.0), bus=BusConfig(regulation=kind), computer=EXACT), 1)
        for kind in ("tracker", "shunt")
    )
    for world in (tracker, shunt):
        world.advance_to(600 * SECOND_NS)
    assert tracker.truth.shunt_energy_j == 0.0
    assert shunt.truth.array_energy_j == pytest.approx(tracker.truth.array_energy_j, rel=1e-3)
    assert shunt.truth.shunt_energy_j > 0.9 * 600.0 * (75.0 - 21.0)
    assert shunt.truth.structure_temp_c > tracker.truth.structure_temp_c  # the tracker loses its share of it all


def test_loads_go_in_the_order_of_their_thresholds_and_come_back():
    world = _world(THE_COMPUTER, INSTRUMENTS, HEATER)
    world.advance_to(6000 * SECOND_NS)
    names = [subject for kind, subject in _told(world) if kind == "shed"]
    assert names == ["heater", "instruments", "payload"]
    assert {subject for kind, subject in _told(world) if kind == "restored"} == {"heater", "instruments", "payload"}
    assert world.is_powered(PAYLOAD)
    times_ns = [event.time_ns for event in world.events]
    assert times_ns == sorted(times_ns)


def test_a_shed_load_draws_nothing_and_says_so():
    world = _world(INSTRUMENTS)
    world.advance_to(100 * SECOND_NS)
    assert world.truth.bus_power_w == pytest.approx(15.0 + 6.0 + 10.0)
    while not world.rails.is_shed("instruments"):
        world.advance_to(world.now_ns + SECOND_NS)
    assert world.truth.soc == pytest.approx(0.80, abs=0.001)
    world.advance_to(world.now_ns + SECOND_NS)
    assert world.truth.bus_power_w == pytest.approx(15.0 + 6.0)
    assert world.truth.brown_outs == 0


def test_a_load_may_be_shed_by_the_voltage_of_the_bus():
    world = _world(LoadConfig(name="radio", watts=8.0, shed_v=15.5, restore_v=16.2))
    world.advance_to(4000 * SECOND_NS)
    event = world.events[0]
    assert (event.kind, event.subject) == ("shed", "radio")
    assert "bus 15.4" in event.because or "bus 15.5" in event.because


def test_in_want_of_power_the_lowest_stage_goes_first():
    rails = Rails(15.0, None, None, (INSTRUMENTS, HEATER))
    assert [rails.shed_stage(0) for _ in range(4)] == [True, True, True, False]
    assert [event.subject for event in rails.events] == ["heater", "instruments", "payload"]


def test_a_heater_keeps_its_node_warm_and_rests_when_it_is():
    config = WorldConfig(
        bus=BusConfig(load=(LoadConfig(name="heater", watts=20.0, node="battery", keep_above_c=24.0),))
    )
    world = World(config, 1)
    drawn = []
    for second in range(1, 2001):
        world.advance_to(second * SECOND_NS)
        drawn.append(world.truth.bus_power_w > 30.0)
    assert drawn[0]
    assert not all(drawn)
    assert 21.5 < world.truth.battery_temp_c < 24.5


def test_a_dying_battery_loses_the_payload_first_and_the_avionics_last():
    world = _dark()
    world.advance_to(3000 * SECOND_NS)
    assert _told(world) == [("shed", "payload"), ("lost", "avionics")]
    assert not world.is_powered(AVIONICS)
    assert not world.is_powered(PAYLOAD)
    assert world.truth.bus_power_w == 0.0


def test_without_avionics_no_chip_answers_and_no_switch_moves():
    world = _dark()
    ports = build(world, 1)
    world.advance_to(3000 * SECOND_NS)
    for bus, address in (("i2c0", PAYLOAD_THERMOMETER), ("i2c0", BATTERY_THERMOMETER), ("i2c1", DOSIMETER)):
        with pytest.raises(PortError) as failure:
            ports[bus].read_words(address, (0x00,))
        assert failure.value.reason is Reason.BUS
        with pytest.raises(PortError):
            ports[bus].write_word(address, 0x01, 0x0220)
    for text in ("enabled", None):
        with pytest.raises(PortError) as failure:
            sys = ports["sys"]
            sys.write_text("devices/payload_rail/state", text) if text else sys.read_text("devices/payload_rail/state")
        assert failure.value.reason is Reason.UNPOWERED


def test_avionics_return_with_the_sun_and_chips_start_anew():
    battery = BatteryConfig(capacity_wh=6.0)
    world = World(WorldConfig(battery=battery, bus=BusConfig(avionics_w=30.0), computer=EXACT), 1)
    bus = build(world, 1)["i2c0"]
    bus.write_word(BATTERY_THERMOMETER, 0x01, 0x02A0)
    bus.write_word(BUS_MONITOR, 0x05, 0x0800)
    while world.is_powered(AVIONICS):
        world.advance_to(world.now_ns + 10 * SECOND_NS)
    while not world.is_powered(AVIONICS):
        world.advance_to(world.now_ns + 10 * SECOND_NS)
    assert world.power_cycles(AVIONICS) == 1
    assert bus.read_words(BATTERY_THERMOMETER, (0x01,))[0] & 0x0FFF == 0x0220
    assert bus.read_words(BUS_MONITOR, (0x05,)) == (0,)
    world.advance_to(world.now_ns + 1000 * SECOND_NS)
    assert _told(world)[-1] == ("restored", "payload")
    assert world.is_powered(PAYLOAD)


@pytest.mark.parametrize("cells", [4, 108])
def test_avionics_return_at_the_same_charge_in_any_pack_and_before_the_payload(cells):
    socs = [step / 1000 for step in range(1000)]
    bus = BusConfig(recovery_v=3.4 * cells)
    packs = [OwnedPower(ArrayConfig(), BatteryConfig(start_soc=soc, cells_in_series=cells), bus) for soc in socs]
    avionics_soc = next(soc for soc, pack in zip(socs, packs, strict=True) if pack.may_restart())
    payload_soc = next(soc for soc, pack in zip(socs, packs, strict=True) if pack.may_recover())
    assert avionics_soc == pytest.approx(0.066, abs=0.002)
    assert payload_soc == pytest.approx(0.117, abs=0.002)


def test_sensors_on_the_payloads_rail_fall_silent_with_it_and_forget():
    world = _world(on_payload_rail=("payload_temp", "dosimeter"))
    ports = build(world, 1)
    ports["i2c1"].write_word(DOSIMETER, 0x01, 0xC483)
    world.computer.set_power(False, world.now_ns)
    world.advance_to(SECOND_NS)
    for bus in ("i2c0", "i2c1"):
        with pytest.raises(PortError):
            ports[bus].read_words(PAYLOAD_THERMOMETER, (0x00,))
    ports["i2c0"].read_words(BATTERY_THERMOMETER, (0x00,))
    world.computer.set_power(True, world.now_ns)
    world.advance_to(2 * SECOND_NS)
    ports["i2c0"].read_words(PAYLOAD_THERMOMETER, (0x00,))
    assert ports["i2c1"].read_words(DOSIMETER, (0x01,)) == (0x8583,)
    assert world.power_cycles(PAYLOAD) == 1


def test_a_loops_pumps_draw_from_the_bus_and_stop_with_the_avionics():
    loop = HeatConfig(loop=LoopConfig(pump_w=4.0))
    world = World(WorldConfig(heat=loop, computer=EXACT), 1)
    world.advance_to(SECOND_NS)
    assert world.truth.bus_power_w == 25.0
    world.heat.set_pump(speed=0.5)
    world.advance_to(2 * SECOND_NS)
    assert world.truth.bus_power_w == 21.5
    world.heat.set_pump(is_powered=False)
    world.advance_to(3 * SECOND_NS)
    assert world.truth.bus_power_w == 21.0


def test_a_guest_has_its_hosts_avionics():
    world = World(WorldConfig(rail=RailConfig()), 1)
    world.computer.set_supply(False, 0, "host")
    assert world.is_powered(AVIONICS)
    assert not world.is_powered(PAYLOAD)


@settings(max_examples=20)
@given(payload_w=st.floats(0.0, 80.0), soc=st.floats(0.01, 1.0), stage=st.integers(1, 3))
def test_the_ledgers_close_whatever_is_shed(payload_w, soc, stage):
    loads = (HEATER, INSTRUMENTS, LoadConfig(name="radio", watts=9.0, stage=stage, shed_v=14.0, restore_v=15.0))
    bus = BusConfig(
        load=loads,
        regulation="shunt",
        avionics_converter=ConverterConfig(fixed_w=0.5, proportional=0.05),
        payload_converter=ConverterConfig(fixed_w=0.5, quadratic_per_w=1e-3),
    )
    battery = BatteryConfig(capacity_wh=20.0, start_soc=soc)
    world = World(WorldConfig(battery=battery, bus=bus, heat=HeatConfig(loop=LoopConfig()), step_s=10.0), 1)
    world.computer.start(1, payload_w, 1e4, 0)
    world.advance_to(4000 * SECOND_NS)  # raises LedgerError where one does not


@pytest.mark.parametrize(
    ("cls", "bad"),
    [
        (ConverterConfig, {"fixed_w": -1.0}),
        (LoadConfig, {"name": "avionics"}),
        (LoadConfig, {"name": "payload", "watts": 5.0}),
        (LoadConfig, {"name": "radio", "node": "sky"}),
        (LoadConfig, {"name": "radio", "shed_soc": 0.5, "restore_soc": 0.5}),
        (LoadConfig, {"name": "radio", "shed_v": 14.0}),
        (BusConfig, {"regulation": "magic"}),
        (BusConfig, {"on_payload_rail": ("mood",)}),
        (BusConfig, {"load": (INSTRUMENTS, INSTRUMENTS)}),
    ],
)
def test_impossible_buses_are_refused(cls, bad):
    with pytest.raises(ValueError, match="must"):
        cls(**bad)


def test_there_are_two_rails():
    with pytest.raises(ValueError, match="no rail 'kitchen'"):
        _world().is_powered("kitchen")
