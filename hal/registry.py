"""The one table of drivers: name in a board file -> module and class, imported when chosen."""

from __future__ import annotations

from importlib import import_module
from typing import Any

SENSORS = {
    "ina226": "hal.drivers.ina226:Ina226",
    "ina3221": "hal.drivers.ina3221:Ina3221",
    "tmp117": "hal.drivers.tmp117:Tmp117",
    "tmp75": "hal.drivers.tmp75:Tmp75",
    "dosimeter": "hal.drivers.dosimeter:Dosimeter",
    "hwmon": "hal.drivers.hwmon:Hwmon",
    "ina3221_rail": "hal.drivers.ina3221_rail:Rail",
    "iio": "hal.drivers.iio:Iio",
    "thermal": "hal.drivers.thermal:Thermal",
    "powercap": "hal.drivers.powercap:Powercap",
    "edac": "hal.drivers.edac:Edac",
    "cpufreq": "hal.drivers.cpufreq:Cpufreq",
    "cpuidle": "hal.drivers.cpuidle:Cpuidle",
    "cpu_stat": "hal.drivers.cpu_stat:CpuStat",
    "pressure": "hal.drivers.pressure:Pressure",
    "nvml": "hal.drivers.nvml:NvmlDevice",
    "median": "hal.drivers.median:Median",
}
SWITCHES = {"regulator": "hal.drivers.regulator:Regulator", "cgroup_freezer": "hal.drivers.cgroup_freezer:Freezer"}
CAPS = {"cpu_max": "hal.drivers.cpu_max:CpuMax"}
LIMITS = {
    "cpufreq_ceiling": "hal.drivers.cpufreq_ceiling:CpufreqCeiling",
    "powercap_limit": "hal.drivers.powercap_limit:PowercapLimit",
    "nvml_limit": "hal.drivers.nvml_limit:NvmlLimit",
}
PUMPS = {"pump": "hal.drivers.pump:Pump"}
WATCHDOGS = {"watchdog": "hal.drivers.watchdog:DeviceWatchdog"}
ACTUATORS = SWITCHES | CAPS | LIMITS | PUMPS | WATCHDOGS
DRIVERS = SENSORS | ACTUATORS


def driver(name: str) -> Any:
    """The driver class `name`; raises KeyError for one that is not in the table."""
    module, _, cls = DRIVERS[name].partition(":")
    return getattr(import_module(module), cls)
