"""EDAC: memory errors that the controller corrected or could not, counted since boot. Radiation upsets show here.

Source: Linux Documentation/admin-guide/ras.rst.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.sampling import missing, sample
from hal.drivers.search import paths_of
from hal.errors import PortError
from hal.finding import Finding, suggest
from hal.ports.files import FileTree
from hal.reading import Channel, Sample

FILES = {"corrected": "ce_count", "uncorrected": "ue_count"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EdacOptions:
    """`controller` is the N of mcN; `folder` where the controllers stand in the tree."""

    controller: int = 0
    folder: str = "devices/system/edac/mc"


class Edac:
    """Roles: `corrected` and `uncorrected`, counts since the controller's driver was loaded."""

    ROLES = tuple(FILES)
    Options = EdacOptions

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], options: EdacOptions) -> None:
        self._files = port
        self._clock = clock
        folder = f"{options.folder}/mc{options.controller}"
        self._rows = tuple((channels[role], f"{folder}/{FILES[role]}") for role in FILES if role in channels)
        self.channels = tuple(channel for channel, _ in self._rows)

    def read(self) -> tuple[Sample, ...]:
        now_ns = self._clock.now_ns()
        return tuple([self._read_one(channel, path, now_ns) for channel, path in self._rows])

    def _read_one(self, channel: Channel, path: str, now_ns: int) -> Sample:
        try:
            return sample(channel, now_ns, float(self._files.read_number(path)))
        except PortError as error:
            return missing(channel, now_ns, error)

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """A device for each memory controller."""
        folder = EdacOptions().folder
        numbers = [path.split("/")[-2].removeprefix("mc") for path in paths_of(files, f"{folder}/mc[0-9]*/ce_count")]
        return tuple(
            Finding(
                driver="edac",
                name=f"memory_errors_{number}",
                about=f"errors of the memory at controller {number}, since its driver was loaded",
                options={"controller": int(number)},
                channels={role: suggest("count", f"memory{number}_{role}") for role in Edac.ROLES},
            )
            for number in numbers
        )
