"""What a row of the dictionary holds, and the words that rows share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

NAME_OCTETS = 24  # longest limit, channel or variant name in use has 20 letters
TEXT_OCTETS = 200  # one sentence; keeps the largest event under 512 octets
NO_LABEL = 0xFF  # index that no list of labels reaches


class Wire(Enum):
    """How a value is written: big-endian, as PUS Annex B has it."""

    U8 = "u8"
    U16 = "u16"
    U32 = "u32"
    U64 = "u64"
    I32 = "i32"
    F32 = "f32"
    F64 = "f64"
    LABEL = "label"  # one octet, the place in the row's `labels`
    NAME = "name"  # NAME_OCTETS octets of UTF-8, filled up with zeros
    TEXT = "text"  # one octet of length, then at most TEXT_OCTETS octets of UTF-8
    PARAMETER = "parameter"  # two octets, the number of a parameter; its name outside


class Severity(IntEnum):
    """What the ground should do about an event; the numbers are the subtypes of PUS ST05."""

    INFO = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4


class Hazard(IntEnum):
    """What a command may do by mistake; the levels of XTCE's significance."""

    NONE = 0
    WATCH = 1
    WARNING = 2
    DISTRESS = 3
    CRITICAL = 4
    SEVERE = 5


@dataclass(frozen=True, slots=True)
class Field:
    """One value of an event or one argument of a command. `low` and `high` are the values accepted."""

    name: str
    wire: Wire
    unit: str = ""
    meaning: str = ""
    low: float | None = None
    high: float | None = None
    labels: tuple[str, ...] = ()


MODES = ("BOOT", "NOMINAL", "THROTTLED", "ECLIPSE_SAVE", "SAFE")
ALL_MODES = MODES
WORKING_MODES = MODES[1:4]
YES_NO = ("no", "yes")
