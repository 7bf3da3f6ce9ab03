"""Board files: those that ship open anywhere; wrong ones say where and what is accepted."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from hal import registry
from hal.board import BOARDS, load_board, open_board, shipped_board
from hal.clock import SECOND_NS, SteppedClock
from hal.config import ConfigError
from hal.ports.files import MemoryFiles
from hal.ports.i2c import MemoryI2c
from hal.ports.kinds import Folder, I2cDevice, NvidiaLibrary
from hal.ports.nvml import MemoryNvml
from hal.reading import Missing, Reading, Reason

GOOD = """
name = "bench"

[ports.i2c0]
kind = "i2c-dev"
bus = 7

[[device]]
name = "thermometer"
driver = "tmp117"
port = "i2c0"
address = 0x48

[device.channels.temperature]
name = "payload_temp_c"
unit = "degC"
low = -40
high = 100.0

[[actuator]]
name = "payload_rail"
driver = "regulator"
port = "sys"
path = "state"

[ports.sys]
kind = "files"
root = "/sys"
"""


class Chip:
    def __init__(self, registers: dict[int, int]) -> None:
        self.registers = registers

    def read_register(self, register: int) -> int:
        return self.registers[register]

    def write_register(self, register: int, value: int) -> None:
        self.registers[register] = value


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "bench.toml").write_text(text)
    return tmp_path / "bench.toml"


@pytest.mark.parametrize("name", sorted(registry.DRIVERS))
def test_every_row_of_the_registry_is_a_driver(name: str) -> None:
    driver = registry.driver(name)
    assert driver.Options.__dataclass_params__.frozen
    assert name in registry.ACTUATORS or driver.ROLES


@pytest.mark.parametrize("path", sorted(BOARDS.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_board_opens_without_hardware_and_everything_is_absent(path: Path) -> None:
    config = load_board(path)
    assert config.name == path.stem
    empty = {I2cDevice: MemoryI2c({}), NvidiaLibrary: MemoryNvml({}), Folder: MemoryFiles({})}
    ports: dict[str, object] = {name: empty[type(port)] for name, port in config.ports.items()}
    board = open_board(config, ports, SteppedClock())
    samples = [sample for sensor in board.sensors for sample in sensor.read()]
    assert [sample.channel for sample in samples] == list(board.channels)
    assert all(isinstance(sample, Missing) and sample.reason is Reason.ABSENT for sample in samples)
    assert all(switch.is_on() is None for switch in board.switches.values())


@pytest.mark.parametrize("path", sorted(BOARDS.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_channels_are_sound(path: Path) -> None:
    endings = {"V": "_v", "A": "_a", "W": "_w", "degC": "_c", "uGy/s": "_ugy_s", "count": "_errors"}
    endings |= {"J": "_j", "Hz": "_hz", "s": "_s", "share": "_share", "cores": "_cores", "bits": "_bits"}
    for device in load_board(path).devices:
        for channel in device.channels.values():
            assert channel.name.endswith(endings[channel.unit])
            assert all(map(math.isfinite, (channel.low, channel.high)))
            assert channel.max_rate_per_s > 0.0


def test_satellite_has_the_channels_that_the_mission_flies_on() -> None:
    board = load_board(shipped_board("satellite.toml"))
    names = {channel.name for device in board.devices for channel in device.channels.values()}
    rails = {
        f"{rail}_{kind}"
        for rail in ("array", "battery", "payload", "bus")
        for kind in ("voltage_v", "current_a", "power_w")
    }
    others = {"payload_temp_c", "battery_temp_c", "radiator_temp_c", "dose_rate_ugy_s", "die_temp_c"}
    assert names == rails | others | {"corrected_errors", "uncorrected_errors"}
    assert [(row.name, row.driver) for row in board.actuators] == [
        ("payload_rail", "regulator"),
        ("payload_duty", "cpu_max"),
        ("payload_watchdog", "watchdog"),
    ]


def test_hosted_rail_belongs_to_the_host() -> None:
    owners = {row.name: row.owner for row in load_board(shipped_board("hosted")).actuators}
    assert owners["payload_rail"] == "host"


def test_given_port_replaces_the_one_of_the_file(tmp_path: Path) -> None:
    bus = MemoryI2c({0x48: Chip({0x00: 0x0CC0, 0x01: 0x0220, 0x0F: 0x0117})})
    clock = SteppedClock(SECOND_NS)
    board = open_board(load_board(written(tmp_path, GOOD)), {"i2c0": bus}, clock)
    assert board.sensors[0].read() == (Reading(channel="payload_temp_c", time_ns=SECOND_NS, value=25.5),)
    assert list(board.switches) == ["payload_rail"]
    assert board.channels["payload_temp_c"].low == -40.0
    board.close()


def test_a_board_without_the_device_node_reads_absent(tmp_path: Path) -> None:
    board = open_board(load_board(written(tmp_path, GOOD.replace("bus = 7", "bus = 99999"))), None, SteppedClock())
    (sample,) = board.sensors[0].read()
    assert isinstance(sample, Missing) and sample.reason is Reason.ABSENT
    board.close()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "bench"', "", "name: is missing"),
        ('name = "bench"', 'title = "bench"', "title: unknown key; accepted here: name, ports, device, actuator"),
        (
            'kind = "i2c-dev"',
            'kind = "spi"',
            "ports.i2c0.kind: unknown kind 'spi'; accepted here: i2c-dev, files, remote, nvml, samples",
        ),
        ("bus = 7", "bus = 7\nspeed = 4", "ports.i2c0.speed: unknown key; accepted here: bus, timeout_ms"),
        ("bus = 7", "", "ports.i2c0.bus: is missing"),
        ('driver = "tmp117"', 'driver = "tmp118"', "device[0].driver: unknown driver 'tmp118'; accepted here: ina226,"),
        (
            "address = 0x48",
            "adress = 0x48",
            "device[0].adress: unknown key; accepted here: name, driver, port, channels, address",
        ),
        ("address = 0x48", "", "device[0].address: is missing"),
        ("address = 0x48", 'address = "0x48"', "device[0].address: must be int"),
        ("address = 0x48", "address = 0x48\naverages = 3", "device[0]: averages must be one of"),
        ("channels.temperature", "channels.temp", "device[0].channels.temp: unknown key; accepted here: temperature"),
        ("unit =", "units =", "device[0].channels.temperature.units: unknown key; accepted here: high, low,"),
        ("low = -40", "low = 100", "device[0].channels.temperature.low: must be less than high"),
        ("low = -40", 'low = -40\nworst = "up"', "device[0].channels.temperature.worst: must be"),
        ("low = -40", 'low = -40\nsource = "guess"', "device[0].channels.temperature.source: must be one of counter,"),
        ("low = -40", "low = -40\nsigma = -1.0", "device[0].channels.temperature.sigma: must be 0 or more"),
        ("low = -40", "low = -40\nperiod_s = 0.0", "device[0].channels.temperature: max_rate_per_s must be"),
        (
            'driver = "regulator"',
            'driver = "tmp117"',
            "actuator[0].driver: unknown driver 'tmp117'; accepted here: regulator,",
        ),
        ('path = "state"', "", "actuator[0].path: is missing"),
        ('name = "payload_rail"', 'name = "thermometer"', "device, actuator: the name 'thermometer' stands twice"),
        ("[[device]]", "[device]", "device: must be a list of tables"),
        ("[ports.i2c0]", "[ports", "is not TOML"),
    ],
)
def test_wrong_board_says_file_key_and_cure(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load_board(written(tmp_path, GOOD.replace(old, new, 1)))
    assert str(caught.value).startswith(f"bench.toml: {told}")


def test_port_that_nobody_has_is_an_error(tmp_path: Path) -> None:
    config = load_board(written(tmp_path, GOOD.replace('port = "i2c0"', 'port = "i2c9"')))
    with pytest.raises(ConfigError, match=r"bench.toml: thermometer.port: no port 'i2c9'; there are: i2c0, sys"):
        open_board(config, None, SteppedClock())


def test_unreadable_board_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none.toml: cannot be read"):
        load_board(tmp_path / "none.toml")
