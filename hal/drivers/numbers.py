"""Sensors whose channels are one number in one kernel file each: found once, then one `pread` a sample.

A driver of this kind says where its roles stand (`_places`); everything else is here.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.sampling import missing, sample
from hal.drivers.search import SEARCH_PERIOD_NS
from hal.errors import PortError
from hal.ports.files import FileTree
from hal.reading import Channel, Reason, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A role's file. Its value in SI units is (number + offset) * scale; `is_fraction` where the number has a point."""

    path: str
    scale: float = 1.0
    offset: float = 0.0
    is_fraction: bool = False


def read_fraction(files: FileTree, path: str) -> float:
    """The file's decimal number, with or without a point; raises PortError, CORRUPT for anything else."""
    text = files.read_text(path)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        raise PortError(Reason.CORRUPT, f"{path}: not a number")
    return value


def _read_number(files: FileTree, path: str) -> float:
    return files.read_number(path)


class NumberFiles(ABC):
    """A `hal.contract.Sensor` over the files that `_places` gives; `about` names the device in messages.

    A file that is gone is looked for again, at most every ten seconds: a module may come back under another number.
    """

    ROLES: tuple[str, ...] = ()

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], about: str) -> None:
        self._files = port
        self._clock = clock
        self._about = about
        self._rows = tuple((role, channels[role]) for role in self.ROLES if role in channels)
        self.channels = tuple(channel for _, channel in self._rows)
        self._found: dict[str, Place] = {}
        self._search(clock.now_ns())

    def read(self) -> tuple[Sample, ...]:
        now_ns = self._clock.now_ns()
        return tuple([self._read_one(role, channel, now_ns) for role, channel in self._rows])

    @abstractmethod
    def _places(self) -> dict[str, Place]:
        """Where the roles stand now. Roles that are not there are left out. May raise PortError."""

    def _search(self, now_ns: int) -> None:
        self._search_again_ns = now_ns + SEARCH_PERIOD_NS
        try:
            self._found = self._places() | self._found
            self._trouble = PortError(Reason.ABSENT, f"no {self._about}")
        except PortError as error:
            self._trouble = error

    def _read_one(self, role: str, channel: Channel, now_ns: int) -> Sample:
        try:
            place = self._found.get(role) or self._found_again(role, now_ns)
            number = (read_fraction if place.is_fraction else _read_number)(self._files, place.path)
        except PortError as error:
            if error.reason is Reason.ABSENT:
                self._found.pop(role, None)
            return missing(channel, now_ns, error)
        return sample(channel, now_ns, (number + place.offset) * place.scale)

    def _found_again(self, role: str, now_ns: int) -> Place:
        if now_ns >= self._search_again_ns:
            self._search(now_ns)
        if role not in self._found:
            raise self._trouble
        return self._found[role]
