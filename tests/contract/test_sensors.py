"""What every sensor driver does on every port: one suite."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.clock import SECOND_NS, SteppedClock
from hal.errors import Denied
from hal.ports.files import FileNode, FileTree, MemoryFiles
from hal.ports.i2c import I2cBus, MemoryI2c
from hal.reading import Missing, Reason
from tests.contract.sensor_cases import (
    ADDRESS,
    CHIPS,
    KERNEL,
    KERNEL_NAMES,
    NAMES,
    NAMING,
    Case,
    Chip,
    assert_golden,
    assert_missing,
    bus,
    sensor,
)


@pytest.mark.parametrize("case", **NAMES)
def test_chip_gives_its_datasheet_values(case: Case, i2c_filling: Callable[[MemoryI2c], I2cBus]) -> None:
    clock = SteppedClock()
    assert_golden(case, sensor(case, i2c_filling(bus(case)), clock), clock)


@pytest.mark.parametrize("case", **KERNEL_NAMES)
def test_kernel_file_gives_its_value(case: Case, file_filling: Callable[[dict[str, str]], FileTree]) -> None:
    clock = SteppedClock()
    assert_golden(case, sensor(case, file_filling(case.holds), clock), clock)


@pytest.mark.parametrize("case", **NAMES)
def test_absent_chip_is_missing_until_it_comes(case: Case, i2c_filling: Callable[[MemoryI2c], I2cBus]) -> None:
    clock, far = SteppedClock(), MemoryI2c({})
    made = sensor(case, i2c_filling(far), clock)
    assert_missing(made, clock, Reason.ABSENT)
    far.chips[ADDRESS] = Chip(dict(case.holds))
    made.read()  # sets the chip up
    assert_golden(case, made, clock)


@pytest.mark.parametrize("case", **KERNEL_NAMES)
def test_absent_file_is_missing(case: Case, file_filling: Callable[[dict[str, str]], FileTree]) -> None:
    clock = SteppedClock()
    assert_missing(sensor(case, file_filling({"other": "1"}), clock), clock, Reason.ABSENT)


@pytest.mark.parametrize("case", **KERNEL_NAMES)
def test_file_that_comes_later_is_found(case: Case) -> None:
    clock, files = SteppedClock(), MemoryFiles({})
    made = sensor(case, files, clock)
    files.nodes.update(case.holds)
    clock.advance_to_ns(10 * SECOND_NS)
    assert_golden(case, made, clock)


@pytest.mark.parametrize("reason", [Reason.BUS, Reason.TIMEOUT, Reason.UNPOWERED])
@pytest.mark.parametrize("case", **NAMES)
def test_failed_transfer_is_missing_for_its_reason_and_then_over(
    case: Case, reason: Reason, i2c_filling: Callable[[MemoryI2c], I2cBus]
) -> None:
    clock, far = SteppedClock(), bus(case)
    made = sensor(case, i2c_filling(far), clock)
    assert_golden(case, made, clock)
    far.fault = lambda address, register: reason
    assert_missing(made, clock, reason)
    far.fault = None
    made.read()  # sets the chip up
    assert_golden(case, made, clock)


@pytest.mark.parametrize("reason", [Reason.BUS, Reason.TIMEOUT, Reason.UNPOWERED])
@pytest.mark.parametrize("case", **KERNEL_NAMES)
def test_failed_read_is_missing_for_its_reason_and_then_over(case: Case, reason: Reason) -> None:
    clock, files = SteppedClock(), MemoryFiles(dict(case.holds))
    made = sensor(case, files, clock)
    files.fault = lambda path: reason
    assert_missing(made, clock, reason)
    files.fault = None
    assert_golden(case, made, clock)


@pytest.mark.parametrize("case", **KERNEL_NAMES)
def test_file_without_a_number_is_corrupt(case: Case, file_filling: Callable[[dict[str, str]], FileTree]) -> None:
    clock = SteppedClock()
    spoilt = {path: text if path.endswith(NAMING) else "none\n" for path, text in case.holds.items()}
    assert_missing(sensor(case, file_filling(spoilt), clock), clock, Reason.CORRUPT)


@pytest.mark.parametrize("case", **KERNEL_NAMES)
def test_unplugged_device_is_absent_and_found_again(case: Case) -> None:
    clock, files = SteppedClock(), MemoryFiles(dict(case.holds))
    made = sensor(case, files, clock)
    assert_golden(case, made, clock)
    files.nodes.clear()
    assert_missing(made, clock, Reason.ABSENT)
    files.nodes.update({moved(path): text for path, text in case.holds.items()})
    clock.advance_to_ns(clock.now_ns() + 10 * SECOND_NS)
    assert_golden(case, made, clock)


def moved(path: str) -> str:
    """The path after another boot, where devices that are found by name have other numbers."""
    for folder in ("hwmon/hwmon", "thermal/thermal_zone", "iio:device"):
        path = re.sub(f"{folder}([0-9])", lambda match, folder=folder: f"{folder}{int(match[1]) + 4}", path)
    return path


@pytest.mark.parametrize("case", **KERNEL_NAMES)
def test_file_that_this_user_may_not_read_says_so(case: Case) -> None:
    class Closed:
        def read(self) -> str:
            raise Denied("Permission denied")

        def write(self, text: str) -> None:
            raise Denied("Permission denied")

    clock = SteppedClock()
    nodes: dict[str, str | FileNode] = {
        path: text if path.endswith(NAMING) else Closed() for path, text in case.holds.items()
    }
    made = sensor(case, MemoryFiles(nodes), clock)
    clock.advance_to_ns(10 * SECOND_NS)
    assert_missing(made, clock, Reason.BUS)
    assert all("Permission denied" in sample.detail for sample in made.read() if isinstance(sample, Missing))


@pytest.mark.parametrize("case", [*CHIPS, *KERNEL], ids=lambda case: case.driver)
def test_value_outside_the_channel_is_implausible(case: Case) -> None:
    clock = SteppedClock()
    port: object = bus(case) if case in CHIPS else MemoryFiles(dict(case.holds))
    made = sensor(case, port, clock, low=-2.0, high=-1.0)
    clock.advance_to_ns(SECOND_NS)
    assert_missing(made, clock, Reason.IMPLAUSIBLE)


@pytest.mark.parametrize("case", **NAMES)
def test_a_part_of_the_roles_is_enough(case: Case) -> None:
    for role, value in case.values.items():
        clock = SteppedClock()
        one = replace(case, values={role: value})
        assert_golden(one, sensor(one, bus(one), clock), clock)


@given(words=st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=40))
@pytest.mark.parametrize("case", **NAMES)
def test_no_register_content_makes_a_read_raise(case: Case, words: list[int]) -> None:
    class Noise(Chip):
        def read_register(self, register: int) -> int:
            words.append(words.pop(0))
            return words[-1]

    clock = SteppedClock()
    made = sensor(case, MemoryI2c({ADDRESS: Noise()}), clock, low=0.0, high=10.0)
    for _ in range(4):
        clock.advance_to_ns(clock.now_ns() + SECOND_NS)
        for sample in made.read():
            assert isinstance(sample, Missing) or 0.0 <= sample.value <= 10.0


@given(text=st.text(max_size=40))
@pytest.mark.parametrize("case", **KERNEL_NAMES)
def test_no_file_content_makes_a_read_raise(case: Case, text: str) -> None:
    files = MemoryFiles(dict.fromkeys(case.holds, text))
    for sample in sensor(case, files, SteppedClock(), low=0.0, high=10.0).read():
        assert isinstance(sample, Missing) or 0.0 <= sample.value <= 10.0
