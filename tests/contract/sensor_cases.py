"""Drivers, what their devices hold, and what that means: shared by the contract suites of sensors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from hal import registry
from hal.clock import SECOND_NS, SteppedClock
from hal.contract import Sensor
from hal.ports.i2c import MemoryI2c
from hal.reading import Channel, Missing, Reading, Reason

ADDRESS = 0x40


@dataclass
class Chip:
    """An emulated chip that keeps what it is told."""

    registers: dict[int, int] = field(default_factory=dict)

    def read_register(self, register: int) -> int:
        return self.registers.get(register, 0)

    def write_register(self, register: int, value: int) -> None:
        self.registers[register] = value


@dataclass(frozen=True)
class Case:
    """A driver, its options, what its device holds, and what that means by role."""

    driver: str
    options: dict[str, Any]
    holds: dict[Any, Any]
    values: dict[str, float]


INA226 = Case(
    "ina226",
    {"address": ADDRESS, "shunt_ohm": 0.01, "max_current_a": 8.192},
    {0x02: 9600, 0x03: 500, 0x04: 1000, 0xFE: 0x5449, 0xFF: 0x2260},
    {"voltage": 12.0, "current": 0.25, "power": 3.125},
)
TMP117 = Case("tmp117", {"address": ADDRESS}, {0x00: 0x0CC0, 0x01: 0x0220, 0x0F: 0x0117}, {"temperature": 25.5})
TMP75 = Case("tmp75", {"address": ADDRESS}, {0x00: 0x1980}, {"temperature": 25.5})
INA3221 = Case(  # 12 V is 1500 bits of 8 mV, 0.25 A in 10 mOhm 62.5 bits of 40 uV: 62 of them are 0.248 A
    "ina3221",
    {"address": ADDRESS, "input": 2, "shunt_ohm": 0.01},
    {0x03: 62 << 3, 0x04: 1500 << 3, 0xFE: 0x5449, 0xFF: 0x3220},
    {"voltage": 12.0, "current": 0.248, "power": 2.976},
)
DOSIMETER = Case("dosimeter", {"address": ADDRESS, "ugy_s_per_v": 50.0}, {0x00: 16_000}, {"dose_rate": 50.0})
HWMON = Case(
    "hwmon",
    {"chip": "payload_cpu", "label": "die"},
    {
        "class/hwmon/hwmon0/name": "other\n",
        "class/hwmon/hwmon0/temp1_input": "99000\n",
        "class/hwmon/hwmon3/name": "payload_cpu\n",
        "class/hwmon/hwmon3/temp1_input": "11000\n",
        "class/hwmon/hwmon3/temp1_label": "board\n",
        "class/hwmon/hwmon3/temp2_input": "41500\n",
        "class/hwmon/hwmon3/temp2_label": "die\n",
        "class/hwmon/hwmon3/power1_average": "3125000\n",
        "class/hwmon/hwmon3/power1_label": "die\n",
    },
    {"temperature": 41.5, "power": 3.125},
)
EDAC = Case(
    "edac",
    {},
    {"devices/system/edac/mc/mc0/ce_count": "3\n", "devices/system/edac/mc/mc0/ue_count": "1\n"},
    {"corrected": 3.0, "uncorrected": 1.0},
)
POWERCAP = Case(
    "powercap",
    {},
    {
        "class/powercap/intel-rapl:0/name": "package-0\n",
        "class/powercap/intel-rapl:0/energy_uj": "5000000\n",
        "class/powercap/intel-rapl:0/max_energy_range_uj": "262143328850\n",
    },
    {"energy": 0.0},
)
RAIL = Case(
    "ina3221_rail",
    {"rail": "VDD_SOC"},
    {
        "class/hwmon/hwmon1/name": "ina3221\n",
        "class/hwmon/hwmon1/in1_label": "VDD_IN\n",
        "class/hwmon/hwmon1/in3_label": "VDD_SOC\n",
        "class/hwmon/hwmon1/in1_input": "4900\n",
        "class/hwmon/hwmon1/in3_input": "5000\n",
        "class/hwmon/hwmon1/curr1_input": "1500\n",
        "class/hwmon/hwmon1/curr3_input": "240\n",
    },
    {"voltage": 5.0, "current": 0.24, "power": 1.2},
)
IIO = Case(  # 9600 x 1.25 mV, 1000 x 0.25 mA, 500 x 6.25 mW, as the kernel's ina2xx-adc shows them
    "iio",
    {"chip": "ina226", "inputs": {"voltage": "voltage1"}},
    {
        "bus/iio/devices/iio:device1/name": "ina226\n",
        "bus/iio/devices/iio:device1/in_voltage0_raw": "800\n",
        "bus/iio/devices/iio:device1/in_voltage0_scale": "0.002500000\n",
        "bus/iio/devices/iio:device1/in_voltage1_raw": "9600\n",
        "bus/iio/devices/iio:device1/in_voltage1_scale": "1.250000000\n",
        "bus/iio/devices/iio:device1/in_power2_raw": "500\n",
        "bus/iio/devices/iio:device1/in_power2_scale": "6.250000000\n",
        "bus/iio/devices/iio:device1/in_current3_raw": "1000\n",
        "bus/iio/devices/iio:device1/in_current3_scale": "0.250000000\n",
    },
    {"voltage": 12.0, "current": 0.25, "power": 3.125},
)
MLX90614 = Case(  # raw 15000, scale 20, offset -13657.5: 26.85 degrees
    "iio",
    {"chip": "mlx90614"},
    {
        "bus/iio/devices/iio:device0/name": "mlx90614\n",
        "bus/iio/devices/iio:device0/in_temp_ambient_raw": "15100\n",
        "bus/iio/devices/iio:device0/in_temp_raw": "15000\n",
        "bus/iio/devices/iio:device0/in_temp_scale": "20\n",
        "bus/iio/devices/iio:device0/in_temp_offset": "-13657.500000\n",
    },
    {"temperature": 26.85},
)
THERMAL = Case(
    "thermal",
    {"zone": "x86_pkg_temp"},
    {
        "class/thermal/thermal_zone0/type": "acpitz\n",
        "class/thermal/thermal_zone0/temp": "27800\n",
        "class/thermal/thermal_zone1/type": "x86_pkg_temp\n",
        "class/thermal/thermal_zone1/temp": "61500\n",
    },
    {"temperature": 61.5},
)
CPUFREQ = Case(
    "cpufreq",
    {},
    {
        "devices/system/cpu/cpufreq/policy0/scaling_cur_freq": "800024\n",
        "devices/system/cpu/cpufreq/policy0/scaling_max_freq": "4700000\n",
    },
    {"frequency": 800.024e6, "ceiling": 4.7e9},
)
CPUIDLE = Case(
    "cpuidle",
    {},
    {
        "devices/system/cpu/cpu0/cpuidle/state0/name": "POLL\n",
        "devices/system/cpu/cpu0/cpuidle/state0/time": "1733\n",
        "devices/system/cpu/cpu0/cpuidle/state1/name": "C6\n",
        "devices/system/cpu/cpu0/cpuidle/state1/time": "98765432\n",
    },
    {"time": 0.0},
)
CPU_STAT = Case(
    "cpu_stat",
    {"path": "fs/cgroup/cpu.stat"},
    {"fs/cgroup/cpu.stat": "usage_usec 37136845487\nuser_usec 1\nsystem_usec 2\nnr_throttled 0\nthrottled_usec 0\n"},
    {"time": 0.0},
)
PSI = "some avg10=80.84 avg60=86.80 avg300=89.23 total={}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
PRESSURE = Case(
    "pressure",
    {"path": "pressure/cpu"},
    {"pressure/cpu": PSI.format(10460016539)},
    {"some_time": 0.0, "full_time": 0.0},
)
CHIPS = [INA226, INA3221, TMP117, TMP75, DOSIMETER]
KERNEL = [HWMON, RAIL, IIO, MLX90614, THERMAL, EDAC, POWERCAP, CPUFREQ, CPUIDLE, CPU_STAT, PRESSURE]
NAMES: dict[str, Any] = {"argvalues": CHIPS, "ids": lambda case: case.driver}
KERNEL_NAMES: dict[str, Any] = {"argvalues": KERNEL, "ids": lambda case: case.driver}
NAMING = ("name", "label", "type")  # files by which a device is found


def sensor(case: Case, port: object, clock: SteppedClock, low: float = -1e3, high: float = 1e10) -> Sensor:
    driver = registry.driver(case.driver)
    channels = {role: Channel(name=f"x_{role}", unit="x", low=low, high=high) for role in case.values}
    made: Sensor = driver(port, clock, channels, driver.Options(**case.options))
    return made


def bus(case: Case) -> MemoryI2c:
    return MemoryI2c({ADDRESS: Chip(dict(case.holds))})


def assert_golden(case: Case, made: Sensor, clock: SteppedClock) -> None:
    clock.advance_to_ns(clock.now_ns() + SECOND_NS)
    samples = made.read()
    assert [channel.name for channel in made.channels] == [f"x_{role}" for role in case.values]
    assert samples == tuple(
        Reading(channel=f"x_{role}", time_ns=clock.now_ns(), value=pytest.approx(value))  # type: ignore[arg-type]
        for role, value in case.values.items()
    )


def assert_missing(made: Sensor, clock: SteppedClock, reason: Reason) -> None:
    samples = made.read()
    assert [(type(s), s.channel, s.time_ns) for s in samples] == [
        (Missing, channel.name, clock.now_ns()) for channel in made.channels
    ]
    assert {sample.reason for sample in samples if isinstance(sample, Missing)} == {reason}
