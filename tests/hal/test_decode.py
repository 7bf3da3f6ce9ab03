"""Golden decodes and settings from the datasheets, and the traps of each chip."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.clock import SECOND_NS, SteppedClock
from hal.drivers import cpu_max, dosimeter, hwmon, ina226, tmp117
from hal.ports.i2c import MemoryI2c
from hal.reading import Channel, Missing, Quality, Reading, Reason, Sample


class Chip:
    def __init__(self, registers: dict[int, int]) -> None:
        self.registers = registers

    def read_register(self, register: int) -> int:
        return self.registers.get(register, 0)

    def write_register(self, register: int, value: int) -> None:
        self.registers[register] = value


def channel(role: str) -> Channel:
    return Channel(name=role, unit="x", low=-500.0, high=500.0)


def reasons(samples: tuple[Sample, ...]) -> set[Reason]:
    return {sample.reason for sample in samples if isinstance(sample, Missing)}


# ---- INA226: SBOS547B section 6.5.2.1, and what the kernel's driver gave for the same registers ----

POWER = ina226.Ina226Options(address=0x40, shunt_ohm=0.01, max_current_a=8.192)


def power_chip() -> Chip:
    return Chip({0x02: 9600, 0x03: 500, 0x04: 1000, 0xFE: 0x5449, 0xFF: 0x2260})


def power_monitor(chip: Chip, clock: SteppedClock, options: ina226.Ina226Options = POWER) -> ina226.Ina226:
    return ina226.Ina226(MemoryI2c({0x40: chip}), clock, {role: channel(role) for role in ina226.Ina226.ROLES}, options)


def values(monitor: ina226.Ina226) -> list[float]:
    return [sample.value for sample in monitor.read() if isinstance(sample, Reading)]


def test_ina226_decodes_12000_mv_250_ma_3125_mw() -> None:
    assert POWER.calibration == 2048 and POWER.current_lsb_a == pytest.approx(0.25e-3)
    assert ina226.decode(9600, 500, 1000, 0.25e-3) == pytest.approx((12.0, 0.25, 3.125))


def test_ina226_power_has_the_sign_of_the_current() -> None:
    assert ina226.decode(9600, 500, 0x10000 - 1000, 0.25e-3) == pytest.approx((12.0, -0.25, -3.125))


def test_ina226_behind_a_divider_and_a_transducer_reads_the_bus_itself() -> None:
    options = ina226.Ina226Options(address=0x40, shunt_ohm=1.6e-4, max_current_a=512.0, bus_divider=16.0)
    volts, amperes, watts = ina226.decode(20_000, 19_200, 19_200, options.current_lsb_a, options.bus_divider)
    assert (volts, amperes) == pytest.approx((400.0, 300.0))
    assert watts == pytest.approx(volts * amperes)
    with pytest.raises(ValueError, match="bus_divider"):
        ina226.Ina226Options(address=0x40, shunt_ohm=0.01, max_current_a=8.0, bus_divider=0.5)


def test_ina226_datasheet_example() -> None:
    """SBOS547B section 6.5.2.1: 2 mohm, 1 mA a bit, calibration 2560; 10 A and 119.82 W at 11.98 V."""
    options = ina226.Ina226Options(address=0x40, shunt_ohm=0.002, max_current_a=32.768)
    assert options.calibration == 2560
    volts, amperes, watts = ina226.decode(0x2570, 0x12B8, 0x2710, options.current_lsb_a)
    assert (volts, amperes, watts) == pytest.approx((11.98, 10.0, 119.8))


def test_ina226_configuration_at_reset_is_the_datasheet_one() -> None:
    options = ina226.Ina226Options(address=0x40, shunt_ohm=0.01, max_current_a=8.192, averages=1)
    assert options.configuration == 0x4127
    assert POWER.configuration == 0x4527


def test_ina226_shunt_mounted_the_other_way_turns_current_and_power() -> None:
    clock = SteppedClock()
    options = ina226.Ina226Options(address=0x40, shunt_ohm=0.01, max_current_a=8.192, is_reversed=True)
    monitor = power_monitor(power_chip(), clock, options)
    clock.advance_to_ns(SECOND_NS)
    assert values(monitor) == pytest.approx([12.0, -0.25, -3.125])


def test_ina226_waits_for_its_first_whole_average() -> None:
    clock = SteppedClock()
    monitor = power_monitor(power_chip(), clock)
    clock.advance_to_ns(35_200_000 - 1)  # 16 averages of two conversions of 1.1 ms, before the allowance
    assert reasons(monitor.read()) == {Reason.TIMEOUT}
    clock.advance_to_ns(38_720_000)
    assert len(values(monitor)) == 3


def test_ina226_that_lost_its_power_is_set_up_anew_and_never_reads_zero() -> None:
    clock, chip = SteppedClock(), power_chip()
    monitor = power_monitor(chip, clock)
    clock.advance_to_ns(SECOND_NS)
    chip.registers.update({0x00: 0x4127, 0x03: 0, 0x04: 0, 0x05: 0})  # as after a reset
    assert reasons(monitor.read()) == {Reason.CORRUPT}
    assert reasons(monitor.read()) == {Reason.TIMEOUT}
    assert (chip.registers[0x00], chip.registers[0x05]) == (0x4527, 2048)
    chip.registers.update({0x03: 500, 0x04: 1000})
    clock.advance_to_ns(2 * SECOND_NS)
    assert values(monitor) == pytest.approx([12.0, 0.25, 3.125])


def test_ina226_that_is_set_up_already_reads_at_once() -> None:
    chip = power_chip()
    chip.registers.update({0x00: 0x4527, 0x05: 2048})
    assert len(values(power_monitor(chip, SteppedClock()))) == 3


def test_ina226_refuses_another_chip() -> None:
    chip = power_chip()
    chip.registers[0xFE] = 0xFFFF
    assert reasons(power_monitor(chip, SteppedClock()).read()) == {Reason.CORRUPT}


def test_ina226_saturated_is_suspect() -> None:
    clock, chip = SteppedClock(), power_chip()
    monitor = power_monitor(chip, clock)
    clock.advance_to_ns(SECOND_NS)
    chip.registers[0x04] = 0x7FFF
    assert {sample.quality for sample in monitor.read() if isinstance(sample, Reading)} == {Quality.SUSPECT}


@pytest.mark.parametrize(
    "wrong",
    [{"averages": 3}, {"conversion_us": 1000}, {"shunt_ohm": -0.01}, {"max_current_a": 20.0}, {"shunt_ohm": 1e-9}],
)
def test_ina226_options_that_the_chip_cannot_do_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|over the|give calibration"):
        ina226.Ina226Options(**({"address": 0x40, "shunt_ohm": 0.01, "max_current_a": 8.192} | wrong))  # type: ignore[arg-type]


@given(shunt_ohm=st.floats(1e-3, 0.1), fill=st.floats(0.063, 1.0))
def test_ina226_range_is_never_less_than_asked_for(shunt_ohm: float, fill: float) -> None:
    max_current_a = fill * 81.92e-3 / shunt_ohm
    options = ina226.Ina226Options(address=0x40, shunt_ohm=shunt_ohm, max_current_a=max_current_a)
    assert options.current_lsb_a * 32_768 >= max_current_a * 0.9999


# ---- TMP117: SNOSD82 table 7-1 ----


@pytest.mark.parametrize(
    ("word", "celsius"),
    [(0x0CC0, 25.5), (0x2A80, 85.0), (0xF380, -25.0), (0x0000, 0.0), (0x0001, 0.0078125), (0xFFFF, -0.0078125)],
)
def test_tmp117_decodes(word: int, celsius: float) -> None:
    assert tmp117.decode(word) == celsius


def test_tmp117_default_is_the_chips_own() -> None:
    assert tmp117.Tmp117Options(address=0x48).configuration == 0x0220
    assert tmp117.Tmp117Options(address=0x48, averages=64, cycle_s=16.0).configuration == 0x03E0


def test_tmp117_before_its_first_conversion_is_no_minus_256_degrees() -> None:
    chip = Chip({0x00: 0x8000, 0x01: 0x0220, 0x0F: 0x0117})
    thermometer = tmp117.Tmp117(
        MemoryI2c({0x48: chip}), SteppedClock(), {"temperature": channel("t")}, tmp117.Tmp117Options(address=0x48)
    )
    assert reasons(thermometer.read()) == {Reason.TIMEOUT}
    chip.registers[0x0F] = 0x0190  # another chip
    assert reasons(thermometer.read()) == {Reason.CORRUPT}


# ---- ADS1115: SBAS444 section 8.1 ----


def dose_options(**options: float) -> dosimeter.DosimeterOptions:
    return dosimeter.DosimeterOptions(address=0x48, ugy_s_per_v=50.0, **options)  # type: ignore[arg-type]


def test_ads1115_configuration() -> None:
    reset = dose_options(range_v=2.048, rate_sps=128, single_shot=True)
    assert reset.configuration == 0x4583  # the datasheet's 0x8583 with AIN0 against ground and no start
    assert dose_options(input=3, range_v=0.256, rate_sps=860).configuration == 0x7AE3


def test_dosimeter_decodes_its_scale_and_offset() -> None:
    assert dosimeter.decode(16_000, dose_options()) == pytest.approx(50.0)
    assert dosimeter.decode(16_000, dose_options(offset_v=0.5)) == pytest.approx(25.0)
    assert dosimeter.decode(0xFFFF, dose_options()) == pytest.approx(-0.003125)


def dose_meter(chip: Chip, clock: SteppedClock, **options: float) -> dosimeter.Dosimeter:
    return dosimeter.Dosimeter(MemoryI2c({0x48: chip}), clock, {"dose_rate": channel("d")}, dose_options(**options))


def test_single_shot_gives_the_conversion_that_the_read_before_began() -> None:
    clock, chip = SteppedClock(), Chip({0x00: 16_000})
    meter = dose_meter(chip, clock, single_shot=True)
    assert reasons(meter.read()) == {Reason.TIMEOUT}
    clock.advance_to_ns(10 * SECOND_NS)
    assert [sample.time_ns for sample in meter.read()] == [0]
    clock.advance_to_ns(20 * SECOND_NS)
    assert [sample.time_ns for sample in meter.read()] == [10 * SECOND_NS]
    assert chip.registers[0x01] & 0x8000


def test_dosimeter_that_lost_its_settings_is_set_up_anew() -> None:
    clock, chip = SteppedClock(), Chip({0x00: 16_000})
    meter = dose_meter(chip, clock)
    clock.advance_to_ns(SECOND_NS)
    chip.registers[0x01] = 0x8583
    assert reasons(meter.read()) == {Reason.CORRUPT}
    assert reasons(meter.read()) == {Reason.TIMEOUT}
    clock.advance_to_ns(2 * SECOND_NS)
    assert isinstance(meter.read()[0], Reading)
    chip.registers[0x00] = 0x7FFF
    (saturated,) = meter.read()
    assert isinstance(saturated, Reading) and saturated.quality is Quality.SUSPECT


@pytest.mark.parametrize("wrong", [{"range_v": 3.3}, {"rate_sps": 100}, {"input": 4}])
def test_dosimeter_options_that_the_chip_cannot_do_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        dose_options(**wrong)


# ---- kernel files ----


@pytest.mark.parametrize(
    ("role", "number", "value"),
    [
        ("temperature", -25_000, -25.0),
        ("voltage", 12_000, 12.0),
        ("current", 250, 0.25),
        ("power", 3_125_000, 3.125),
        ("energy", 1_500_000, 1.5),
    ],
)
def test_hwmon_scales(role: str, number: int, value: float) -> None:
    assert hwmon.decode(number, role) == pytest.approx(value)


@given(duty=st.floats(0.02, 1.0))
def test_cpu_max_reads_back_what_it_wrote(duty: float) -> None:
    options = cpu_max.CpuMaxOptions(path="cpu.max")
    assert cpu_max.decode(cpu_max.encode(duty, options), options.cores) == pytest.approx(duty, abs=1e-4)


@pytest.mark.parametrize("wrong", [{"cores": 0.0}, {"period_us": 10}, {"period_us": 2_000_000}])
def test_cpu_max_options_that_the_kernel_refuses_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        cpu_max.CpuMaxOptions(path="cpu.max", **wrong)  # type: ignore[arg-type]
