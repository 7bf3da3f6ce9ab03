"""The I2C port: 16-bit big-endian registers, as the sensor chips of this project have them."""

from __future__ import annotations

from typing import Protocol


class I2cBus(Protocol):
    """One I2C bus. Every method raises PortError: ABSENT or BUS for a NACK, TIMEOUT, UNPOWERED."""

    def read_words(self, address: int, registers: tuple[int, ...]) -> tuple[int, ...]:
        """The unsigned 16-bit values of `registers` of the chip at the 7-bit `address`, read back to back."""
        ...

    def write_word(self, address: int, register: int, value: int) -> None:
        """Write an unsigned 16-bit value."""
        ...
