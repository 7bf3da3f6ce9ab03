"""The heads of the frames between processes; a message's own octets follow in a part of their own.

published      topic, Origin, message        or        mark, Origin, Marks
pushed         Parcel, message               or        Parcel (a receipt), nothing
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from fsw.bus.codec import CodecError, decode

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who published; `sequence` counts its messages of the topic, `epoch` is newer after each restart."""

    process: str
    epoch: int
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A must-deliver message from `process`; `oldest` is the first that it still keeps.

    With `is_receipt` it goes the other way: `process` has taken everything before `sequence` of the writer's `epoch`.
    """

    process: str
    topic: str
    epoch: int
    sequence: int
    oldest: int = 0
    is_receipt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """How many messages of a topic the writer has published in this epoch."""

    topic: str
    next: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """All counters of a writer."""

    counters: tuple[Counter, ...]


def read_head(cls: type[T], octets: bytes) -> T:
    """The head in `octets`; raises CodecError, also for a negative number."""
    head = decode(cls, octets)
    for name in ("sequence", "oldest"):
        if getattr(head, name, 0) < 0:
            raise CodecError(f"{name} is negative")
    return head
