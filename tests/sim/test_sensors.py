"""Sensor models: what bias, noise and latency make of the truth on its way to a sensor's digits."""

from statistics import mean, stdev

import pytest

from hal.clock import SECOND_NS
from hal.drivers.pump import Pump, PumpOptions
from hal.errors import PortError
from hal.reading import Reason
from sim.devices import build
from sim.faults import Fault, Faults
from sim.heat import HeatConfig, LoopConfig
from sim.sensors import History, SensorConfig, SensorModel
from sim.world import World, WorldConfig

THERMOMETER = 0x48


def _readings(seconds: int = 200, fault: tuple[Fault, ...] = (), **sensors: SensorConfig) -> tuple[list, list]:
    """Truth and payload thermometer once a second, with a payload that warms fast."""
    world = World(WorldConfig(sensors=sensors), 1)
    world.computer.start(1, 200.0, 1e4, 0)
    bus = build(world, 1, Faults(fault, world))["i2c0"]
    truth, seen = [], []
    for second in range(1, seconds + 1):
        world.advance_to(second * SECOND_NS)
        truth.append(world.truth.payload_temp_c)
        seen.append(bus.read_words(THERMOMETER, (0,))[0] / 128.0)
    return truth, seen


def test_a_bias_is_added_before_the_chips_own_errors():
    _, plain = _readings()
    _, biased = _readings(payload_temp=SensorConfig(bias=2.0))
    assert all(b - a == pytest.approx(2.0, abs=0.01) for a, b in zip(plain, biased, strict=True))


def test_noise_has_its_standard_deviation_and_repeats_by_seed():
    _, plain = _readings()
    _, noisy = _readings(payload_temp=SensorConfig(noise=0.5))
    errors = [b - a for a, b in zip(plain, noisy, strict=True)]
    assert stdev(errors) == pytest.approx(0.5, rel=0.15)
    assert mean(errors) == pytest.approx(0.0, abs=0.12)
    assert _readings(payload_temp=SensorConfig(noise=0.5))[1] == noisy


def test_a_late_sensor_reports_what_was_true():
    truth, seen = _readings(payload_temp=SensorConfig(latency_s=7.0))
    assert seen[100] == pytest.approx(truth[93], abs=0.12)
    assert seen[2] == pytest.approx(truth[0], abs=0.12)  # nothing older is known


def test_between_reads_the_truth_counts_as_linear():
    history = History()
    for second in (0, 10, 20):
        history.add(second * SECOND_NS, float(second))
    assert history.at(18 * SECOND_NS) == pytest.approx(18.0)
    assert history.at(19 * SECOND_NS) == pytest.approx(19.0)


def test_a_plain_model_changes_nothing():
    assert SensorModel(SensorConfig(), 1).apply(12.5, 0) == 12.5


def test_a_fault_acts_on_what_the_model_gives_and_leaves_the_model_behind():
    fault = Fault(at_s=50.0, kind="offset", target="payload_temp", duration_s=50.0, value=10.0)
    _, plain = _readings()
    _, seen = _readings(fault=(fault,), payload_temp=SensorConfig(bias=2.0))
    assert seen[70] - plain[70] == pytest.approx(12.0, abs=0.02)
    assert seen[150] - plain[150] == pytest.approx(2.0, abs=0.02)


def test_other_sensors_stay_as_they_were():
    assert _readings(battery_temp=SensorConfig(bias=5.0)) == _readings()


def test_impossible_sensors_are_refused():
    with pytest.raises(ValueError, match="must be one of"):
        WorldConfig(sensors={"mood": SensorConfig()})
    with pytest.raises(ValueError, match="latency_s"):
        SensorConfig(latency_s=-1.0)


def _pumped() -> tuple[World, Pump]:
    world = World(WorldConfig(heat=HeatConfig(loop=LoopConfig(full_rpm=5000.0))), 1)
    return world, Pump("loop", build(world, 1)["sys"], PumpOptions(chip="coolant_pump", full_rpm=5000.0))


def test_the_pump_driver_turns_the_simulated_pump():
    world, pump = _pumped()
    assert pump.speed() == 1.0
    confirmation = pump.set_speed(0.4)
    assert confirmation.ok
    assert confirmation.confirmed == pytest.approx(0.4)
    assert world.heat.loop is not None
    assert world.heat.loop.speed == pytest.approx(0.4)


def test_the_pump_driver_sees_a_dead_pump_and_a_dead_controller():
    world, pump = _pumped()
    world.heat.set_pump(share=0.5)
    assert pump.set_speed(1.0).confirmed == 0.5
    assert not pump.set_speed(1.0).ok
    world.rails.lose_avionics(0)
    assert pump.speed() is None
    assert not pump.set_speed(1.0).ok


@pytest.mark.parametrize(("path", "text"), [("pwm1", "256"), ("pwm1", "-1"), ("pwm1", "fast"), ("fan1_input", "1")])
def test_the_pump_controller_refuses_what_is_no_command(path, text):
    world, _ = _pumped()
    with pytest.raises(PortError) as failure:
        build(world, 1)["sys"].write_text(f"class/hwmon/hwmon1/{path}", text)
    assert failure.value.reason is Reason.BUS
    assert world.heat.loop is not None
    assert world.heat.loop.speed == 1.0


def test_without_a_loop_there_is_no_pump_controller():
    files = build(World(WorldConfig(), 1), 1)["sys"]
    assert files.glob("class/hwmon/hwmon*/pwm1") == ()
