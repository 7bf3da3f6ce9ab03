"""Devices: registers and files decode to the truth within quantisation and the chips' own errors."""

import dataclasses
import re

import pytest

from hal.board import find_board, open_board
from hal.clock import SECOND_NS, SteppedClock
from hal.config import ConfigError
from hal.errors import PortError
from hal.reading import Reason
from sim.devices import build
from sim.load import ComputerConfig
from sim.radiation import RadiationConfig, StormConfig
from sim.scenario import load_scenario
from sim.world import RailConfig, World, WorldConfig

BOARD = find_board("satellite")
MONITORS = [
    (row.options.address, row.name.removesuffix("_monitor"), row.options.shunt_ohm)
    for row in BOARD.devices
    if row.driver == "ina226"
]
PAYLOAD, BATTERY = 0x44, 0x41
RAIL = "devices/payload_rail/state"
DUTY = "cgroup/infer/cpu.max"


def _world(**changes) -> World:
    world = World(WorldConfig(computer=ComputerConfig(watts_noise=0.0, seconds_noise=0.0), **changes), 1)
    world.computer.start(1, 40.0, 5000.0, 0)
    world.advance_to(100 * SECOND_NS)
    return world


def _signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word


def _measure(bus, address: int, shunt_ohm: float, current_lsb_a: float = 5e-4) -> tuple[float, float, float]:
    """Volts, amperes, watts, as section 7.5 of the datasheet computes them."""
    bus.write_word(address, 0x05, round(0.00512 / (current_lsb_a * shunt_ohm)))
    volts, power, current = bus.read_words(address, (0x02, 0x03, 0x04))
    return volts * 1.25e-3, _signed(current) * current_lsb_a, power * 25.0 * current_lsb_a


@pytest.mark.parametrize(("address", "rail"), [(row[0], row[1]) for row in MONITORS])
def test_power_monitors_decode_to_the_truth(address, rail):
    world = _world()
    shunt_ohm = next(row[2] for row in MONITORS if row[0] == address)
    volts, amperes, watts = _measure(build(world, 1)["i2c0"], address, shunt_ohm)
    true_a, true_v = getattr(world.truth, f"{rail}_current_a"), getattr(world.truth, f"{rail}_voltage_v")
    assert volts == pytest.approx(true_v, abs=0.008)
    assert amperes == pytest.approx(true_a, abs=0.003 + 0.002 * abs(true_a))
    assert watts == pytest.approx(abs(true_a * true_v), rel=0.01, abs=0.1)


def test_charging_reads_negative():
    world = _world()
    assert _measure(build(world, 1)["i2c0"], BATTERY, 0.005)[1] < 0.0


def test_a_monitor_without_calibration_reads_no_current():
    bus = build(_world(), 1)["i2c0"]
    assert bus.read_words(PAYLOAD, (0x03, 0x04, 0x05)) == (0, 0, 0)
    assert bus.read_words(PAYLOAD, (0xFE, 0xFF, 0x00)) == (0x5449, 0x2260, 0x4127)
    assert bus.read_words(PAYLOAD, (0x01,))[0] > 0


def test_a_reset_forgets_the_calibration():
    bus = build(_world(), 1)["i2c0"]
    _measure(bus, PAYLOAD, 0.01)
    bus.write_word(PAYLOAD, 0x00, 0x8000)
    assert bus.read_words(PAYLOAD, (0x00, 0x05)) == (0x4127, 0)


def test_a_monitor_in_power_down_keeps_its_last_value():
    world = _world()
    bus = build(world, 1)["i2c0"]
    before = _measure(bus, PAYLOAD, 0.01)
    bus.write_word(PAYLOAD, 0x00, 0x4120)
    world.computer.stop(world.now_ns)
    world.advance_to(world.now_ns + 5 * SECOND_NS)
    assert _measure(bus, PAYLOAD, 0.01) == before


def test_registers_read_at_one_instant_belong_together():
    bus = build(_world(), 1)["i2c0"]
    volts, amperes, watts = _measure(bus, PAYLOAD, 0.01)
    assert watts == pytest.approx(volts * amperes, abs=0.0125 * 2)
    assert _measure(bus, PAYLOAD, 0.01)[1] == pytest.approx(amperes, abs=0.002)


@pytest.mark.parametrize(
    ("address", "field"), [(0x48, "payload_temp_c"), (0x49, "battery_temp_c"), (0x4A, "radiator_temp_c")]
)
def test_thermometers_decode_to_the_truth(address, field):
    world = _world()
    word, identity = build(world, 1)["i2c0"].read_words(address, (0x00, 0x0F))
    assert _signed(word) / 128.0 == pytest.approx(getattr(world.truth, field), abs=0.12)
    assert identity & 0xFFF == 0x117


def test_a_thermometer_keeps_its_settings_until_it_is_reset():
    bus = build(_world(), 1)["i2c0"]
    bus.write_word(0x48, 0x01, 0x02A0)
    assert bus.read_words(0x48, (0x01,))[0] & 0x0FFF == 0x02A0
    bus.write_word(0x48, 0x01, 0x0002)
    assert bus.read_words(0x48, (0x01,))[0] & 0x0FFF == 0x0220


def test_the_dosimeter_decodes_to_the_truth():
    storm = RadiationConfig(storms=(StormConfig(start_s=0.0, duration_s=1e5, factor=5000.0),))
    world = _world(radiation=storm)
    world.advance_to(1400 * SECOND_NS)
    bus = build(world, 1)["i2c1"]
    bus.write_word(0x48, 0x01, 0xC483)  # input 0 against ground, +/-2.048 V, continuous
    configuration, word = bus.read_words(0x48, (0x01, 0x00))
    assert configuration == 0xC483
    dose_rate = _signed(word) * 2.048 / 32768.0 * 50.0
    assert world.truth.dose_rate_ugy_s > 10.0
    assert dose_rate == pytest.approx(world.truth.dose_rate_ugy_s, abs=0.01)


def test_another_input_of_the_converter_sees_nothing():
    bus = build(_world(), 1)["i2c1"]
    bus.write_word(0x48, 0x01, 0xD483)
    assert bus.read_words(0x48, (0x00,)) == (0,)


@pytest.mark.parametrize("name", ["satellite", "ai1"])
def test_a_board_of_known_chips_reads_the_world_through_its_own_drivers(name):
    """Shunts, dividers and addresses of the board file hold on both sides: what a driver says is the truth."""
    scenario = load_scenario("ai1-sun" if name == "ai1" else "default")
    world, clock, config = scenario.world(), SteppedClock(), find_board(name)
    board = open_board(config, build(world, 1, board=config), clock)
    for second in (100, 101):
        world.advance_to(second * SECOND_NS)
        clock.advance_to_ns(second * SECOND_NS)
        samples = [sample for sensor in board.sensors for sample in sensor.read()]
    seen = {sample.channel: sample.value for sample in samples if hasattr(sample, "value")}
    assert set(seen) == set(board.channels)
    for rail in ("array", "battery", "payload", "bus"):
        true_v, true_a = getattr(world.truth, f"{rail}_voltage_v"), getattr(world.truth, f"{rail}_current_a")
        assert seen[f"{rail}_voltage_v"] == pytest.approx(true_v, rel=0.002)
        assert seen[f"{rail}_current_a"] == pytest.approx(
            true_a, rel=0.005, abs=2e-4 * board.channels["bus_current_a"].high
        )
    assert seen["payload_temp_c"] == pytest.approx(world.truth.payload_temp_c, abs=0.2)


def test_a_channel_that_names_nothing_of_the_world_is_an_error_that_names_the_device():
    monitor = next(row for row in BOARD.devices if row.name == "array_monitor")
    odd = {role: dataclasses.replace(channel, name="heater_power_w") for role, channel in monitor.channels.items()}
    board = dataclasses.replace(BOARD, devices=(dataclasses.replace(monitor, channels=odd),))
    with pytest.raises(ConfigError, match=re.escape("satellite.toml: array_monitor: senses nothing")):
        build(_world(), 1, board=board)


def test_the_die_is_warmer_than_its_case():
    world = _world()
    files = build(world, 1)["sys"]
    die_c = files.read_number("class/hwmon/hwmon0/temp1_input") / 1000.0
    assert die_c == pytest.approx(world.truth.payload_temp_c + 0.2 * 46.0, abs=0.001)
    assert files.read_text("class/hwmon/hwmon0/name") == "payload_cpu"


def test_the_rail_switch_takes_power_away_and_gives_it_back():
    world = _world()
    files = build(world, 1)["sys"]
    assert files.read_text(RAIL) == "enabled"
    files.write_text(RAIL, "disabled")
    world.advance_to(world.now_ns + SECOND_NS)
    assert files.read_text(RAIL) == "disabled"
    assert world.truth.payload_power_w == 0.0
    for path in ("class/hwmon/hwmon0/temp1_input", "devices/system/edac/mc/mc0/ce_count", DUTY):
        with pytest.raises(PortError) as failure:
            files.read_text(path)
        assert failure.value.reason is Reason.UNPOWERED
    files.write_text(RAIL, "enabled")
    world.advance_to(world.now_ns + SECOND_NS)
    assert world.truth.payload_power_w == 6.0


def test_the_duty_limit_throttles_and_resets_with_power():
    world = _world()
    files = build(world, 1)["sys"]
    assert files.read_text(DUTY) == "max 100000"
    files.write_text(DUTY, "25000 50000")
    world.advance_to(world.now_ns + SECOND_NS)
    assert world.truth.payload_power_w == pytest.approx(26.0)
    assert files.read_text(DUTY) == "25000 50000"
    files.write_text(RAIL, "disabled")
    files.write_text(RAIL, "enabled")
    assert files.read_text(DUTY).startswith("max ")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (RAIL, "off"),
        (DUTY, "half"),
        (DUTY, "10 50000"),
        (DUTY, "1000 0"),
        ("computer/start", "1 2"),
        ("computer/start", "a 2 3"),
        ("computer/start", "1 2 nan"),
        ("computer/start", "1 2 3 4"),
        ("computer/done", "1"),
        ("computer/running", "1"),
        ("class/hwmon/hwmon0/temp1_input", "0"),
    ],
)
def test_malformed_writes_are_refused_and_change_nothing(path, text):
    world = _world()
    with pytest.raises(PortError):
        build(world, 1)["sys"].write_text(path, text)
    assert world.computer.running == 1
    assert world.computer.draw_w == 46.0


@pytest.mark.parametrize("path", ["dev/watchdog", "computer/start", "computer/stop"])
def test_files_for_writing_cannot_be_read(path):
    with pytest.raises(PortError):
        build(_world(), 1)["sys"].read_text(path)


def test_the_watchdog_resets_a_computer_that_stops_kicking():
    world = _world()
    files = build(world, 1)["sys"]
    files.write_text("dev/watchdog", "1")
    world.advance_to(world.now_ns + 61 * SECOND_NS)
    assert world.computer.resets == 1
    files.write_text("dev/watchdog", "1")
    files.write_text("dev/watchdog", "V")
    world.advance_to(world.now_ns + 200 * SECOND_NS)
    assert world.computer.resets == 1


def test_work_is_started_ended_and_reported_through_files():
    world = World(WorldConfig(), 1)
    files = build(world, 1)["sys"]
    files.write_text("computer/start", "12 30 2.5")
    assert files.read_text("computer/running") == "12"
    with pytest.raises(PortError, match="task 12 is running"):
        files.write_text("computer/start", "13 30 2.5")
    world.advance_to(4 * SECOND_NS)
    assert files.read_text("computer/done") == "12"
    assert files.read_text("computer/done") == ""
    files.write_text("computer/start", "13 30 2.5")
    files.write_text("computer/stop", "")
    assert files.read_text("computer/running") == ""
    files.write_text(RAIL, "disabled")
    with pytest.raises(PortError) as failure:
        files.write_text("computer/start", "14 30 2.5")
    assert failure.value.reason is Reason.UNPOWERED
    for path in ("dev/watchdog", DUTY):
        with pytest.raises(PortError):
            files.write_text(path, "max 100000")


def test_a_guest_has_no_chips_of_the_spacecraft():
    bus = build(World(WorldConfig(rail=RailConfig()), 1), 1)["i2c0"]
    assert sorted(bus.chips) == [0x44, 0x48]


def test_two_seeds_are_two_sets_of_chips():
    readings = [_measure(build(_world(), seed)["i2c0"], PAYLOAD, 0.01) for seed in (1, 1, 2)]
    assert readings[0] == readings[1] != readings[2]
