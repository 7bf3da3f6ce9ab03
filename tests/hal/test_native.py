"""The compiled functions and their Python twin agree; a real I2C device node answers with a reason."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hal import native
from hal.errors import PortError
from hal.native import compiled, twin
from hal.ports.i2c import LinuxI2c, _port_error
from hal.reading import Reason

needs_compiler = pytest.mark.skipif(not compiled.IS_BUILT, reason="the native part is not built")
BOTH = [pytest.param(compiled, marks=needs_compiler, id="c"), pytest.param(twin, id="python")]
NUMBERISH = st.text(alphabet="0123456789+- \t\n_.x\0", max_size=40).map(str.encode) | st.binary(max_size=40)


def outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except (OSError, ValueError) as error:
        return type(error), getattr(error, "errno", None)


@needs_compiler
@given(NUMBERISH)
@example(b"25500\n")
@example(b"-999999999999999999")
@example(b"1000000000000000000")
@example(b" " * 31 + b"1")
@example(b" " * 32 + b"1")
@example(b"+5 \n\n")
@example(b"- 5")
@example(b"5\0")
def test_both_parse_alike(content: bytes) -> None:
    assert outcome(lambda: compiled.parse_decimal(content)) == outcome(lambda: twin.parse_decimal(content))


@given(st.integers(-(10**18) + 1, 10**18 - 1))
@pytest.mark.parametrize("module", BOTH)
def test_every_number_of_18_digits_is_read(module: ModuleType, number: int) -> None:
    assert module.parse_decimal(f"{number}\n".encode()) == number


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "value").write_bytes(b"41500\n")
    opened = os.open(tmp_path / "value", os.O_RDONLY)
    yield opened
    os.close(opened)


@pytest.mark.parametrize("module", BOTH)
def test_a_file_is_read_from_its_start_each_time(module: ModuleType, descriptor: int) -> None:
    assert [module.read_decimal(descriptor) for _ in range(3)] == [41_500] * 3


@pytest.mark.parametrize("module", BOTH)
def test_errors_are_os_errors(module: ModuleType, descriptor: int, tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_bytes(b"1234")
    assert outcome(lambda: module.read_decimal(-1)) == (OSError, errno.EBADF)
    assert outcome(lambda: module.i2c_read_words(descriptor, 0x40, (0, 1))) == (OSError, errno.ENOTTY)
    assert outcome(lambda: module.i2c_write_word(descriptor, 0x40, 0, 0xFFFF)) == (OSError, errno.ENOTTY)
    assert outcome(lambda: module.lease_start(str(tmp_path / "none"), 1_000)) == (FileNotFoundError, errno.ENOENT)
    assert outcome(lambda: module.lease_start(str(short), 1_000)) == (OSError, errno.EINVAL)
    module.lease_stop()  # nothing is watched: nothing happens


@pytest.mark.parametrize("module", BOTH)
def test_one_lease_a_process(module: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "lease").write_bytes(bytes(8))
    module.lease_start(str(tmp_path / "lease"), 1_000)
    assert outcome(lambda: module.lease_start(str(tmp_path / "lease"), 1_000)) == (OSError, errno.EBUSY)
    module.lease_stop()
    module.lease_start(str(tmp_path / "lease"), 1_000)
    module.lease_stop()


def test_says_which_one_serves() -> None:
    expected = "c" if compiled.IS_BUILT else "python"
    assert expected == native.IMPLEMENTATION


def test_bus_that_is_not_there_is_absent() -> None:
    bus = LinuxI2c(99_999)
    for call in (lambda: bus.read_words(0x40, (0,)), lambda: bus.write_word(0x40, 0, 0)):
        with pytest.raises(PortError) as caught:
            call()
        assert caught.value.reason is Reason.ABSENT
    bus.close()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENXIO, Reason.ABSENT),
        (errno.ENODEV, Reason.ABSENT),
        (errno.EREMOTEIO, Reason.BUS),
        (errno.EIO, Reason.BUS),
        (errno.EBUSY, Reason.BUS),
        (errno.ETIMEDOUT, Reason.TIMEOUT),
    ],
)
def test_errors_of_the_bus_become_reasons(code: int, reason: Reason) -> None:
    error = _port_error(OSError(code, os.strerror(code)), "bus")
    assert error.reason is reason
    assert ("the kernel owns the chip" in error.detail) == (code == errno.EBUSY)
