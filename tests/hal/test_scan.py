"""`hal scan`: what machines have becomes a board file that loads at once and reads."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from hal.board import Board, BoardConfig, load_board, open_board
from hal.cli import main
from hal.clock import SECOND_NS, SteppedClock
from hal.errors import Denied
from hal.ports.files import MemoryFiles
from hal.reading import Missing, Quality, Reading, Reason, Sample

Tree = Callable[[str], dict[str, MemoryFiles]]
MACHINES = ["laptop", "server", "jetson-orin"]


def scanned(ports: dict[str, MemoryFiles], path: Path) -> BoardConfig:
    given: dict[str, object] = {**ports}
    assert main(["scan", "--output", str(path)], given, SteppedClock()) == 0
    return load_board(path)


def opened(config: BoardConfig, ports: dict[str, MemoryFiles]) -> tuple[Board, dict[str, Sample]]:
    clock = SteppedClock()
    given: dict[str, object] = {**ports}
    board = open_board(config, given, clock)
    clock.advance_to_ns(SECOND_NS)
    return board, {sample.channel: sample for sensor in board.sensors for sample in sensor.read()}


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_found_loads_and_all_of_it_reads(machine: str, tree: Tree, tmp_path: Path) -> None:
    ports = tree(machine)
    board, samples = opened(scanned(ports, tmp_path / f"{machine}.toml"), ports)
    unpowered = {"cv0_thermal_temp_c"}
    for name, sample in samples.items():
        if name in unpowered:
            assert isinstance(sample, Missing) and sample.reason is Reason.TIMEOUT
        else:
            assert isinstance(sample, Reading) and sample.quality is Quality.GOOD, sample
    assert board.limits["clock_ceiling"].limit() is not None


def test_a_laptop_has_its_processor_battery_drive_and_energy(tree: Tree, tmp_path: Path) -> None:
    ports = tree("laptop")
    config = scanned(ports, tmp_path / "board.toml")
    _, samples = opened(config, ports)
    values = {name: sample.value for name, sample in samples.items() if isinstance(sample, Reading)}
    assert values["coretemp_package_id_0_temp_c"] == 48.0 and values["nvme_composite_temp_c"] == 33.85
    assert values["bat0_power_w"] == pytest.approx(8.12) and values["thinkpad_speed_rpm"] == 2231.0
    assert {"package_0_energy_j", "package_0_core_power_w", "psys_energy_j", "cpu_waiting_share"} <= set(values)
    highs = {channel.name: channel.high for row in config.devices for channel in row.channels.values()}
    assert highs["coretemp_package_id_0_temp_c"] == 130.0  # 20 degrees over what the chip calls critical
    assert highs["cpu0_frequency_hz"] == pytest.approx(6.3e9) and "cpu1_frequency_hz" not in highs
    rates = {channel.name: channel.max_rate_per_s for row in config.devices for channel in row.channels.values()}
    assert rates["coretemp_package_id_0_temp_c"] == 20.0
    assert [row.name for row in config.actuators] == ["clock_ceiling", "limit_package_0", "machine_watchdog"]


def test_a_server_has_its_packages_by_name_and_its_memory(tree: Tree, tmp_path: Path) -> None:
    ports = tree("server")
    board, samples = opened(scanned(ports, tmp_path / "board.toml"), ports)
    assert {"memory0_corrected_errors", "memory1_uncorrected_errors", "package_1_dram_energy_j"} <= set(samples)
    corrected, power = samples["memory0_corrected_errors"], samples["power_meter_power_w"]
    assert isinstance(corrected, Reading) and corrected.value == 3.0
    assert isinstance(power, Reading) and power.value == 214.0
    confirmation = board.limits["limit_package_0"].set_limit(120.0)  # package-0 is intel-rapl:1 on this machine
    assert confirmation.ok
    assert ports["sys"].read_number("class/powercap/intel-rapl:1/constraint_0_power_limit_uw") == 120_000_000
    assert board.caps["inference_duty"].set_duty(0.5).ok and board.switches["inference_runs"].is_on() is True


def test_a_jetson_has_its_rails_and_not_what_is_unconnected(tree: Tree, tmp_path: Path) -> None:
    ports = tree("jetson-orin")
    _, samples = opened(scanned(ports, tmp_path / "board.toml"), ports)
    power = samples["vdd_gpu_soc_power_w"]
    assert isinstance(power, Reading) and power.value == pytest.approx(19.128 * 0.216)
    assert "vddq_vdd2_1v8ao_current_a" in samples and not any(name.startswith("nc_") for name in samples)


def test_the_file_says_what_is_left_to_fill_in_and_names_the_buses(
    tree: Tree, capsys: pytest.CaptureFixture[str]
) -> None:
    given: dict[str, object] = {**tree("laptop")}
    assert main(["scan"], given, SteppedClock()) == 0
    out, told = capsys.readouterr()
    assert "Fill in before you fly" in out and "I2C buses, not probed: i2c-0" in out and 'owner = "payload"' in out
    assert "found 20 sensors and 3 actuators" in told
    assert tomllib.loads(out)["name"] == "scanned"


def test_a_power_monitor_under_iio_is_read_at_its_bus_and_not_at_its_shunt(tmp_path: Path) -> None:
    device = "bus/iio/devices/iio:device0"
    raw = {"voltage0": (800, 0.0025), "voltage1": (9600, 1.25), "power2": (500, 6.25), "current3": (1000, 0.25)}
    files = {f"{device}/name": "ina226\n"}
    for channel, (number, scale) in raw.items():
        files |= {f"{device}/in_{channel}_raw": f"{number}\n", f"{device}/in_{channel}_scale": f"{scale}\n"}
    ports = {"sys": MemoryFiles({**files}), "proc": MemoryFiles({}), "dev": MemoryFiles({})}
    _, samples = opened(scanned(ports, tmp_path / "iio.toml"), ports)
    values = {name: sample.value for name, sample in samples.items() if isinstance(sample, Reading)}
    assert values == pytest.approx({"ina226_voltage_v": 12.0, "ina226_current_a": 0.25, "ina226_power_w": 3.125})


def test_odd_names_become_plain_ones_that_stand_once(tmp_path: Path) -> None:
    odd = {
        "class/thermal/thermal_zone0/type": 'a "quoted"\\ zone\n',
        "class/thermal/thermal_zone0/temp": "20000\n",
        "class/thermal/thermal_zone1/type": "A quoted zone\n",
        "class/thermal/thermal_zone1/temp": "21000\n",
    }
    ports = {"sys": MemoryFiles({**odd}), "proc": MemoryFiles({}), "dev": MemoryFiles({})}
    config = scanned(ports, tmp_path / "odd.toml")
    assert [row.name for row in config.devices] == ["zone_a_quoted_zone", "zone_a_quoted_zone_2"]
    _, samples = opened(config, ports)
    assert {name: sample.value for name, sample in samples.items() if isinstance(sample, Reading)} == {
        "a_quoted_zone_temp_c": 20.0,
        "a_quoted_zone_temp_c_2": 21.0,
    }


def test_energy_that_only_root_may_read_is_found_and_says_so(tree: Tree, tmp_path: Path) -> None:
    class Closed:
        def read(self) -> str:
            raise Denied("Permission denied")

        def write(self, text: str) -> None:
            raise Denied("Permission denied")

    ports = tree("laptop")
    for path in ports["sys"].nodes:
        if path.endswith("energy_uj"):
            ports["sys"].nodes[path] = Closed()
    _, samples = opened(scanned(ports, tmp_path / "board.toml"), ports)
    sample = samples["package_0_power_w"]
    assert isinstance(sample, Missing) and "run as root" in sample.detail


def test_a_machine_with_nothing_gives_a_board_with_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing: dict[str, object] = {name: MemoryFiles({}) for name in ("sys", "proc", "dev")}
    assert main(["scan", "--output", str(tmp_path / "bare.toml")], nothing, SteppedClock()) == 1
    assert load_board(tmp_path / "bare.toml").devices == ()
    assert "found 0 sensors" in capsys.readouterr().err


def test_a_board_file_that_is_there_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.toml").write_text("precious")
    assert main(["scan", "--output", str(tmp_path / "mine.toml")], None, SteppedClock()) == 2
    assert (tmp_path / "mine.toml").read_text() == "precious"
    assert "mine.toml: cannot be written" in capsys.readouterr().err
