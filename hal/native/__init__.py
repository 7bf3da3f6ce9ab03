"""The few functions for which Python is too slow or can be blocked: compiled from C, or the Python twin.

Enters: descriptors of I2C buses and kernel files, the path of a lease. Leaves: register values, numbers, a watched
lease. `IMPLEMENTATION` says which of the two serves; both raise OSError and ValueError alike.
"""

from __future__ import annotations

from hal.native import compiled, twin
from hal.native.twin import parse_decimal  # the call into C would cost more than the parsing

if compiled.IS_BUILT:
    from hal.native.compiled import i2c_read_words, i2c_write_word, lease_start, lease_stop, lease_wake, read_decimal
else:
    from hal.native.twin import i2c_read_words, i2c_write_word, lease_start, lease_stop, lease_wake, read_decimal

IMPLEMENTATION = "c" if compiled.IS_BUILT else "python"

__all__ = [
    "IMPLEMENTATION",
    "compiled",
    "i2c_read_words",
    "i2c_write_word",
    "lease_start",
    "lease_stop",
    "lease_wake",
    "parse_decimal",
    "read_decimal",
    "twin",
]
