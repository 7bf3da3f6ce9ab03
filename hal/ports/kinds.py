"""The port kinds that a board file may name, with the keys of each: the table `[ports.NAME]`.

kind = "i2c-dev"    bus = 1                                    /dev/i2c-1
kind = "files"      root = "/sys"                              a folder
"i2c-dev" and "files" take timeout_ms = 20: a device that stalls then costs its own time alone (hal.ports.bounded)
kind = "nvml"                                                  NVIDIA graphics processors
kind = "samples"                                               the samples of the board's other sensors
kind = "remote"     endpoint = "ipc:///run/bench", serves = "i2c"   a port of another process, by the same name
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hal.ports.bounded import BoundedFiles, BoundedI2c
from hal.ports.files import RealFiles
from hal.ports.i2c import LinuxI2c
from hal.ports.nvml import LIBRARY, LibraryNvml
from hal.ports.remote import RemotePorts
from hal.ports.samples import Samples


def _check_timeout(timeout_ms: int) -> None:
    if not 0 <= timeout_ms <= 10_000:
        raise ValueError(f"timeout_ms must be 0 (none) to 10000, is {timeout_ms}")


@dataclass(frozen=True, slots=True, kw_only=True)
class I2cDevice:
    """The bus /dev/i2c-`bus`; with `timeout_ms` no call takes longer."""

    bus: int
    timeout_ms: int = 0

    def __post_init__(self) -> None:
        _check_timeout(self.timeout_ms)

    def open(self, name: str) -> object:
        bus = LinuxI2c(self.bus)
        return BoundedI2c(bus, self.timeout_ms) if self.timeout_ms else bus


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The files under the absolute path `root`; with `timeout_ms` no call takes longer."""

    root: str
    timeout_ms: int = 0

    def __post_init__(self) -> None:
        _check_timeout(self.timeout_ms)

    def open(self, name: str) -> object:
        files = RealFiles(Path(self.root))
        return BoundedFiles(files, self.timeout_ms) if self.timeout_ms else files


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A port that another process serves (`hal.ports.remote`)."""

    endpoint: str
    serves: str
    timeout_ms: int = 100

    def __post_init__(self) -> None:
        if self.serves not in ("files", "i2c"):
            raise ValueError(f"serves must be 'files' or 'i2c', is {self.serves!r}")

    def open(self, name: str) -> object:
        ports = RemotePorts(self.endpoint, self.timeout_ms)
        return ports.files(name) if self.serves == "files" else ports.i2c(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class NvidiaLibrary:
    """The graphics processors that the library `library` of their driver shows."""

    library: str = LIBRARY

    def open(self, name: str) -> object:
        return LibraryNvml(self.library)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSamples:
    """What the other sensors of the board last gave."""

    def open(self, name: str) -> object:
        return Samples()


PortConfig = I2cDevice | Folder | Remote | NvidiaLibrary | OwnSamples
KINDS: dict[str, type[PortConfig]] = {
    "i2c-dev": I2cDevice,
    "files": Folder,
    "remote": Remote,
    "nvml": NvidiaLibrary,
    "samples": OwnSamples,
}
