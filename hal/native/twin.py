"""The native functions in pure Python: same names, arguments, results and errors as the compiled ones.

Serves where no C compiler was at hand. The lease of this twin runs as a Python thread: it cannot act while other
code holds the interpreter lock for long, so a flight computer has the compiled one.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import re
import signal
import struct
import threading

from hal.clock import MonotonicClock

# linux/i2c-dev.h and linux/i2c.h
I2C_SLAVE = 0x0703
I2C_SMBUS = 0x0720
I2C_SMBUS_READ = 1
I2C_SMBUS_WRITE = 0
I2C_SMBUS_WORD_DATA = 3

NUMBER_LIMIT = 32  # octets: a sign, 18 digits (they fit 64 bits) and blanks
_NUMBER = re.compile(rb"[ \t]*([+-]?[0-9]{1,18})[ \t\n]*")
_EXPIRY = struct.Struct("=q")


def i2c_read_words(descriptor: int, address: int, registers: tuple[int, ...]) -> tuple[int, ...]:
    """16-bit big-endian registers of one chip through SMBus word reads; raises OSError."""
    fcntl.ioctl(descriptor, I2C_SLAVE, address)
    return tuple([_swap(_smbus_word(descriptor, I2C_SMBUS_READ, register, 0)) for register in registers])


def i2c_write_word(descriptor: int, address: int, register: int, value: int) -> None:
    """Write one 16-bit big-endian register; raises OSError."""
    fcntl.ioctl(descriptor, I2C_SLAVE, address)
    _smbus_word(descriptor, I2C_SMBUS_WRITE, register, _swap(value))


def _smbus_word(descriptor: int, direction: int, register: int, word: int) -> int:
    data = ctypes.create_string_buffer(struct.pack("=H", word), 34)  # union i2c_smbus_data: block of 32 and 2
    request = struct.pack("@BBIP", direction, register, I2C_SMBUS_WORD_DATA, ctypes.addressof(data))
    fcntl.ioctl(descriptor, I2C_SMBUS, request)
    return int(struct.unpack_from("=H", data)[0])


def _swap(word: int) -> int:
    """SMBus sends the low octet first, these chips the high one."""
    return (word & 0xFF) << 8 | word >> 8


def parse_decimal(content: bytes) -> int:
    """The decimal integer in `content`; ValueError when there is anything else."""
    match = _NUMBER.fullmatch(content) if len(content) <= NUMBER_LIMIT else None
    if match is None:
        raise ValueError("not a decimal integer")
    return int(match[1])


def read_decimal(descriptor: int) -> int:
    """The decimal integer that an open file holds, read from its start; raises OSError or ValueError."""
    return parse_decimal(os.pread(descriptor, NUMBER_LIMIT + 1, 0))


class _Lease:
    """The thread that stops this process when the shared expiry passes."""

    def __init__(self, expiry: mmap.mmap, poll_us: int) -> None:
        self._expiry = expiry
        self._poll_s = poll_us / 1e6
        self._clock = MonotonicClock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._expiry.close()

    def _watch(self) -> None:
        while not self._stopped.wait(self._poll_s):
            expiry_ns = _EXPIRY.unpack_from(self._expiry)[0]
            if expiry_ns != 0 and self._clock.now_ns() > expiry_ns:
                os.kill(os.getpid(), signal.SIGSTOP)


_lease: _Lease | None = None


def lease_start(path: str, poll_us: int) -> None:
    """Watch the expiry in the file `path` from now on; OSError EBUSY when one is watched already."""
    global _lease
    if _lease is not None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), path)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if os.fstat(descriptor).st_size < _EXPIRY.size:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        expiry = mmap.mmap(descriptor, _EXPIRY.size, prot=mmap.PROT_READ)
    finally:
        os.close(descriptor)
    _lease = _Lease(expiry, poll_us)


def lease_stop() -> None:
    """Watch no longer; nothing happens where nothing is watched."""
    global _lease
    if _lease is not None:
        _lease.stop()
        _lease = None


def lease_wake(expiry: mmap.mmap) -> None:
    """Nothing: a watcher in Python looks every few milliseconds."""
