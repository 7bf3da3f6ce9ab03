"""What a row of the dictionary holds, and the words that rows share."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum, IntEnum

NAME_OCTETS = 24  # longest limit, channel or variant name in use has 20 letters
TEXT_OCTETS = 200  # one sentence; keeps the largest event under 512 octets
DATA_OCTETS = 900  # of one value in hexadecimal: with everything around it a packet stays within 1,024 octets
LIST_MOST = 64  # items of a list: a structure of that many doubles still fits a packet
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
    EVENT = "event"  # two octets, the number of an event; its name outside
    COMMAND = "command"  # two octets, the number of a command; its name outside
    STRUCTURE = "structure"  # two octets, the number of a structure; outside its name, or the number as text
    TIME = "time"  # seven octets, CUC without P-field; outside nanoseconds of TAI since 1958
    PARAMETERS = "parameters"  # for these five see `fsw.catalogue.variable`
    EVENTS = "events"
    NUMBERS = "numbers"
    OCTETS = "octets"
    PACKET = "packet"


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
    """One value of an event or a report, or one argument of a command. `low` and `high` are the values accepted.

    `lead` are constant octets before the value: where the standard has a list, we have one item, and `ONE` before it.
    """

    name: str
    wire: Wire
    unit: str = ""
    meaning: str = ""
    low: float | None = None
    high: float | None = None
    labels: tuple[str, ...] = ()
    lead: bytes = b""


ONE = b"\x01"
MODES = ("BOOT", "NOMINAL", "THROTTLED", "ECLIPSE_SAVE", "SAFE")
ALL_MODES = MODES
WORKING_MODES = MODES[1:4]
YES_NO = ("no", "yes")
FUNCTION_SERVICE = (8, 1)


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One command. `timeout_s` is how long the owner may take from acceptance to completion."""

    id: int
    name: str
    service: int
    subtype: int
    function: int
    owner: str
    meaning: str
    fields: tuple[Field, ...] = ()
    hazard: Hazard = Hazard.NONE
    modes: tuple[str, ...] = ALL_MODES
    timeout_s: float = 10.0

    @property
    def prefix(self) -> bytes:
        """The octets before the arguments: ST08's function number, ST20's count (always one), nothing else."""
        if (self.service, self.subtype) == FUNCTION_SERVICE:
            return struct.pack(">H", self.function)
        return ONE if self.service == 20 else b""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report of a service to the ground, other than those with a shape of their own (ST01, 03, 05, 17, 20)."""

    name: str
    service: int
    subtype: int
    meaning: str
    fields: tuple[Field, ...] = ()
