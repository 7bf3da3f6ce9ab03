"""The native functions as compiled from C through cffi; without a compiler `IS_BUILT` is False and none may be used."""

from __future__ import annotations

import errno
import mmap
import os

try:
    from hal.native._native import ffi, lib

    IS_BUILT = True
except ImportError:
    IS_BUILT = False


def i2c_read_words(descriptor: int, address: int, registers: tuple[int, ...]) -> tuple[int, ...]:
    """16-bit big-endian registers of one chip through SMBus word reads; raises OSError."""
    values = ffi.new("uint16_t[]", len(registers))
    _check(lib.penumbra_i2c_read_words(descriptor, address, bytes(registers), len(registers), values))
    return tuple(values)


def i2c_write_word(descriptor: int, address: int, register: int, value: int) -> None:
    """Write one 16-bit big-endian register; raises OSError."""
    _check(lib.penumbra_i2c_write_word(descriptor, address, register, value))


def parse_decimal(content: bytes) -> int:
    """The decimal integer in `content`; ValueError when there is anything else."""
    value = ffi.new("int64_t *")
    _check_number(lib.penumbra_parse_decimal(content, len(content), value))
    return int(value[0])


def read_decimal(descriptor: int) -> int:
    """The decimal integer that an open file holds, read from its start; raises OSError or ValueError."""
    value = ffi.new("int64_t *")
    _check_number(lib.penumbra_read_decimal(descriptor, value))
    return int(value[0])


def lease_start(path: str, poll_us: int) -> None:
    """Watch the expiry in the file `path` from now on; OSError EBUSY when one is watched already."""
    _check(lib.penumbra_lease_start(os.fsencode(path), poll_us), path)


def lease_stop() -> None:
    """Watch no longer; nothing happens where nothing is watched."""
    lib.penumbra_lease_stop()


def lease_wake(expiry: mmap.mmap) -> None:
    """Have whoever watches this mapped expiry look at it now."""
    _check(lib.penumbra_lease_wake(ffi.from_buffer(expiry)))


def _check(result: int, path: str | None = None) -> None:
    if result < 0:
        raise OSError(-result, os.strerror(-result), path)


def _check_number(result: int) -> None:
    if result == -errno.EBADMSG:
        raise ValueError("not a decimal integer")
    _check(result)
