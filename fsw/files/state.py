"""What of files must outlive the process: where transfers stand. Small, and replaced whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from fsw.cfdp.entity import Checkpoint

NOT_BEGUN = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyOrder:
    """A copy that the ground asked for: names as REPOSITORY/FILE, `target` "ground/FILE" for a delivery to `entity`.

    `request` and `ack` are those of the command, which ends when the copy does. `sequence` is the CFDP number of the
    delivery once it has begun.
    """

    number: int
    source: str
    target: str
    request: int
    ack: int
    entity: int
    sequence: int = NOT_BEGUN
    is_suspended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesState:
    """`next_sequence` is a CFDP number that was never used."""

    next_sequence: int = 0
    receptions: tuple[Checkpoint, ...] = ()
    orders: tuple[CopyOrder, ...] = ()


class StateFile(Protocol):
    """Where the state is kept: `fsw.store.state.NamedState` in flight."""

    def load(self) -> tuple[FilesState, Any]:
        """The last value saved, or the default."""
        ...

    def save(self, value: FilesState) -> None:
        """Make it durable, whole; raises PortError."""
        ...
