"""The shipped boards of real machines, each on the tree of such a machine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hal.board import Board, find_board, open_board
from hal.clock import SECOND_NS, SteppedClock
from hal.ports.files import FileNode, MemoryFiles
from hal.ports.nvml import MemoryNvml
from hal.reading import Missing, Reading, Reason, Sample

Tree = Callable[[str], dict[str, MemoryFiles]]


def opened(board: str, ports: dict[str, MemoryFiles]) -> tuple[Board, dict[str, Sample]]:
    clock = SteppedClock()
    made = open_board(find_board(board), {**ports}, clock)
    clock.advance_to_ns(SECOND_NS)
    return made, {sample.channel: sample for sensor in made.sensors for sample in sensor.read()}


def absent(samples: dict[str, Sample]) -> set[str]:
    assert all(sample.reason is Reason.ABSENT for sample in samples.values() if isinstance(sample, Missing))
    return {name for name, sample in samples.items() if isinstance(sample, Missing)}


@pytest.mark.parametrize(
    ("board", "machine", "missing"),
    [
        ("x86-rapl", "laptop", {"dram_energy_j", "dram_power_w", "corrected_errors", "uncorrected_errors"}),
        (
            "x86-rapl",
            "server",
            {"core_energy_j", "core_power_w", "platform_energy_j", "platform_power_w", "zone_temp_c"}
            | {"cpu0_idle_share", "memory_waiting_share"},
        ),
        ("jetson-orin", "jetson-orin", {"cpu8_frequency_hz", "memory_waiting_share"}),
    ],
)
def test_all_reads_but_what_the_machine_has_not(board: str, machine: str, missing: set[str], tree: Tree) -> None:
    made, samples = opened(board, tree(machine))
    assert absent(samples) == missing
    assert made.limits["clock_ceiling"].capability() is not None


def test_any_machine_shows_something_on_the_generic_board(tree: Tree) -> None:
    shown = {}
    for machine in ("laptop", "server", "jetson-orin"):
        _, samples = opened("linux", tree(machine))
        shown[machine] = set(samples) - absent(samples)
    assert {"intel_cpu_temp_c", "nvme_temp_c", "package_power_w", "cpu_waiting_share"} <= shown["laptop"]
    assert {"intel_cpu_temp_c", "corrected_errors", "package_power_w"} <= shown["server"]
    assert {"arm_cpu_temp_c", "cpu0_frequency_hz", "cpu0_idle_share"} <= shown["jetson-orin"]


def test_watts_of_a_processor_come_from_its_counter(tree: Tree) -> None:
    class Counting:
        def __init__(self) -> None:
            self._uj = 262_143_000_000

        def read(self) -> str:
            self._uj += 35_000_000
            return str(self._uj % 262_143_328_850)

        def write(self, text: str) -> None:
            """A counter hears nothing."""

    ports, counter = tree("laptop"), Counting()
    node: FileNode = counter
    ports["sys"].nodes["class/powercap/intel-rapl:0/energy_uj"] = node
    _, samples = opened("x86-rapl", ports)
    power = samples["package_power_w"]
    assert isinstance(power, Reading) and power.value == pytest.approx(35.0, abs=0.01)  # across the counter's wrap


def test_a_limit_of_the_first_package_is_set_and_confirmed(tree: Tree) -> None:
    made, _ = opened("x86-rapl", tree("laptop"))
    assert made.limits["package_limit"].set_limit(9.0).ok and made.limits["package_limit"].limit() == 9.0
    with pytest.raises(ValueError, match="at least 5"):
        made.limits["package_limit"].set_limit(4.0)


def test_a_graphics_server_reads_its_board_and_its_machine(tree: Tree) -> None:
    nvml = MemoryNvml({"power_mw": 71_250, "energy_mj": 9_000, "temperature_c": 33, "limit_mw": 700_000})
    clock = SteppedClock()
    made = open_board(find_board("nvidia-server"), {**tree("server"), "nvml": nvml}, clock)
    clock.advance_to_ns(SECOND_NS)
    nvml.answers["energy_mj"] += 82_000
    samples = {sample.channel: sample for sensor in made.sensors for sample in sensor.read()}
    values = {name: sample.value for name, sample in samples.items() if isinstance(sample, Reading)}
    assert (values["gpu_power_w"], values["gpu_mean_power_w"], values["machine_power_w"]) == (71.25, 82.0, 214.0)
    assert absent(samples) == {
        *("gpu_clock_hz", "gpu_memory_clock_hz", "gpu_throttle_bits"),
        *("gpu_corrected_errors", "gpu_uncorrected_errors"),
    }
    assert made.limits["gpu_limit"].set_limit(350.0).ok
