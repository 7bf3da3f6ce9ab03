"""What both ends agree on beforehand (the management information base), requests, and what the user is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from fsw.cfdp.checksum import CRC_32
from fsw.cfdp.directives import Condition

SECOND_NS = 1_000_000_000
LARGE_FILE = 1 << 32  # from here on sizes need eight octets
TransactionId = tuple[int, int]  # source entity, sequence number


class Action(Enum):
    """What a fault leads to (CCSDS 727.0-B-5, 4.8)."""

    CANCEL = "cancel"
    SUSPEND = "suspend"
    IGNORE = "ignore"
    ABANDON = "abandon"


@dataclass(frozen=True, slots=True, kw_only=True)
class CfdpSettings:
    """One entity. Times are of the link: they stand still while it is suspended.

    A pass lasts some minutes and a round trip in low orbit some milliseconds, so 4 s before a repeat cover queues at
    both ends; 10 in a row get through with 30 % loss in all but one of a thousand cases.
    """

    entity: int
    segment_octets: int = 900  # a PDU in a packet in one 1115-octet frame
    checksum_type: int = CRC_32
    has_crc: bool = False
    is_large: bool = False  # eight-octet sizes for small files too
    id_octets: int = 2
    sequence_octets: int = 4
    ack_s: float = 4.0
    ack_limit: int = 10
    nak_s: float = 4.0
    nak_limit: int = 10
    check_s: float = 4.0
    check_limit: int = 5
    inactivity_s: float = 120.0
    faults: Mapping[Condition, Action] = field(default_factory=dict)
    takes_files: bool = True  # False: what others begin to send is left unclaimed
    transactions: int = 16
    intervals: int = 1024  # pieces of a file in reception; more wait for a later NAK
    remembered: int = 128  # ended transactions that still answer
    indications: int = 256

    def action(self, condition: Condition) -> Action:
        """What a condition leads to; without a row, cancel."""
        return self.faults.get(condition, Action.CANCEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PutRequest:
    """One file to send. Class 2 unless `is_unacknowledged`; with closure a class 1 receiver says how it ended."""

    destination: int
    source_name: str
    destination_name: str
    is_unacknowledged: bool = False
    is_closure_requested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A file begins to arrive."""

    id: TransactionId
    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulted:
    """Something went wrong, and what was done about it."""

    id: TransactionId
    condition: Condition
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A transaction is over.

    `is_delivered`: the receiver has the whole file under its name, checked; the sender of class 1 without closure
    never knows that, and ends without a condition all the same.
    `gaps` is what a receiver lacked, as half-open ranges of octets.
    """

    id: TransactionId
    is_sender: bool
    name: str
    condition: Condition
    is_delivered: bool
    octets: int
    gaps: tuple[tuple[int, int], ...] = ()


Indication = Started | Faulted | Ended
