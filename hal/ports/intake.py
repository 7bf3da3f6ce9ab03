"""The intake port: where images and the jobs on them arrive.

Fillings: `FolderIntake` (a folder that anybody may drop files into) and `MemoryIntake`. A ticket is offered once a
start of the software and stays until it is discarded: after a crash it comes again, and the receiver knows by `ref`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from hal.errors import PortError
from hal.reading import Reason

POLL_LIMIT = 64  # tickets a call: a flood cannot hold the caller
Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A job that came in: run `model` on the input `ref` within `deadline_s` seconds for `value`.

    `kind` is the mission's job class, `tenant` who pays; `rows` is how many rows the input has, where that is known
    before it is read. Raises ValueError for what no job can have.
    """

    ref: str
    kind: str
    model: str
    value: float
    deadline_s: float
    tenant: str = "mission"
    rows: int | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 0.0):
            raise ValueError(f"value must be at least 0, is {self.value}")
        if not (math.isfinite(self.deadline_s) and self.deadline_s > 0.0):
            raise ValueError(f"deadline_s must be more than 0, is {self.deadline_s}")
        if self.rows is not None and self.rows < 1:
            raise ValueError(f"rows must be at least 1, is {self.rows}")


class Intake(Protocol):
    """A source of tickets and of the arrays that they name. `poll` and `load` raise PortError."""

    def poll(self) -> tuple[Ticket, ...]:
        """Tickets that were not offered before, oldest first, at most 64."""
        ...

    def load(self, ref: str) -> Array:
        """The input `ref`; ABSENT when there is none, CORRUPT when it is no array."""
        ...

    def discard(self, ref: str) -> None:
        """The input is not needed any longer."""
        ...


class MemoryIntake:
    """Tickets in memory, and arrays from `loader`. When `depth` tickets wait a new one is refused and counted."""

    def __init__(self, loader: Callable[[str], Array], depth: int = 256) -> None:
        self._loader = loader
        self._depth = depth
        self._waiting: deque[Ticket] = deque()
        self.refused = 0

    def offer(self, ticket: Ticket) -> bool:
        """Bring a ticket; False when there was no room."""
        if len(self._waiting) >= self._depth:
            self.refused += 1
            return False
        self._waiting.append(ticket)
        return True

    def poll(self) -> tuple[Ticket, ...]:
        waiting = self._waiting
        return tuple([waiting.popleft() for _ in range(min(len(waiting), POLL_LIMIT))]) if waiting else ()

    def load(self, ref: str) -> Array:
        try:
            return self._loader(ref)
        except (LookupError, FileNotFoundError) as error:
            raise PortError(Reason.ABSENT, f"{ref}: no such input") from error
        except (OSError, ValueError) as error:
            raise PortError(Reason.CORRUPT, f"{ref}: {error}") from error

    def discard(self, ref: str) -> None:
        """The loader owns its arrays; nothing is kept here."""
