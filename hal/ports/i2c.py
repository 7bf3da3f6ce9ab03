"""The I2C port: 16-bit big-endian registers, as the sensor chips of this project have them.

Fillings: `LinuxI2c` over /dev/i2c-N and `MemoryI2c`, on which emulated chips sit. A bus in another process is
`hal.ports.remote.RemoteI2c`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Protocol

from hal import native
from hal.errors import PortError
from hal.reading import Reason

# Linux Documentation/i2c/fault-codes.rst; i2c-stub answers ENODEV for a chip that is not there. EREMOTEIO is a
# NACK in either phase, so it does not prove absence.
_REASONS = {
    errno.ENOENT: Reason.ABSENT,
    errno.ENODEV: Reason.ABSENT,
    errno.ENXIO: Reason.ABSENT,
    errno.ETIMEDOUT: Reason.TIMEOUT,
}


class I2cBus(Protocol):
    """One I2C bus. Every method raises PortError: ABSENT or BUS for a NACK, TIMEOUT, UNPOWERED."""

    def read_words(self, address: int, registers: tuple[int, ...]) -> tuple[int, ...]:
        """The unsigned 16-bit values of `registers` of the chip at the 7-bit `address`, read back to back."""
        ...

    def write_word(self, address: int, register: int, value: int) -> None:
        """Write an unsigned 16-bit value."""
        ...


class LinuxI2c:
    """The bus /dev/i2c-`bus`, opened at the first transfer and again after a failed one.

    A chip that a kernel driver holds gives BUS (EBUSY): it is read through hwmon or IIO, never forced.
    """

    def __init__(self, bus: int) -> None:
        self._path = f"/dev/i2c-{bus}"
        self._descriptor = -1

    def read_words(self, address: int, registers: tuple[int, ...]) -> tuple[int, ...]:
        try:
            return native.i2c_read_words(self._open(), address, registers)
        except OSError as error:
            raise self._failed(error, address) from error

    def write_word(self, address: int, register: int, value: int) -> None:
        try:
            native.i2c_write_word(self._open(), address, register, value)
        except OSError as error:
            raise self._failed(error, address) from error

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> int:
        if self._descriptor < 0:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        return self._descriptor

    def _failed(self, error: OSError, address: int) -> PortError:
        self.close()
        return _port_error(error, f"{self._path} chip {address:#04x}")


def _port_error(error: OSError, where: str) -> PortError:
    code = error.errno or errno.EIO
    told = "the kernel owns the chip" if code == errno.EBUSY else os.strerror(code)
    return PortError(_REASONS.get(code, Reason.BUS), f"{where}: {told}")


class Chip(Protocol):
    """An emulated chip: unsigned 16-bit registers. May raise PortError, as a chip without power does."""

    def read_register(self, register: int) -> int: ...

    def write_register(self, register: int, value: int) -> None: ...


class MemoryI2c:
    """A bus of emulated chips by 7-bit address; chips may come and go in `chips` while it is used.

    `fault(address, register)` is asked before each transfer; a Reason makes that transfer fail. Does not imitate:
    arbitration, clock stretching, the time a transfer takes.
    """

    def __init__(self, chips: dict[int, Chip], fault: Callable[[int, int], Reason | None] | None = None) -> None:
        self.chips = chips
        self.fault = fault

    def read_words(self, address: int, registers: tuple[int, ...]) -> tuple[int, ...]:
        read_register = self._chip(address, registers).read_register
        return tuple([read_register(register) for register in registers])

    def write_word(self, address: int, register: int, value: int) -> None:
        self._chip(address, (register,)).write_register(register, value)

    def _chip(self, address: int, registers: tuple[int, ...]) -> Chip:
        chip = self.chips.get(address)
        if chip is None:
            raise PortError(Reason.ABSENT, f"no chip answers at {address:#04x}")
        if self.fault is not None:
            for register in registers:
                reason = self.fault(address, register)
                if reason is not None:
                    raise PortError(reason, f"chip {address:#04x} register {register:#04x}")
        return chip
