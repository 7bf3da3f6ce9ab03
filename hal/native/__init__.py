"""The few functions for which Python is too slow or can be blocked: compiled from C, or the Python twin.

Enters: descriptors of I2C buses and kernel files, the path of a lease. Leaves: register values, numbers, a watched
lease. `IMPLEMENTATION` says which of the two serves; both raise OSError and ValueError alike.
"""

from __future__ import annotations

from hal.native.twin import parse_decimal as parse_decimal  # the call into C costs more than the parsing

try:
    from hal.native.compiled import i2c_read_words, i2c_write_word, lease_start, lease_stop, read_decimal

    IMPLEMENTATION = "c"
except ImportError:
    from hal.native.twin import i2c_read_words, i2c_write_word, lease_start, lease_stop, read_decimal

    IMPLEMENTATION = "python"

__all__ = [
    "IMPLEMENTATION",
    "i2c_read_words",
    "i2c_write_word",
    "lease_start",
    "lease_stop",
    "parse_decimal",
    "read_decimal",
]
