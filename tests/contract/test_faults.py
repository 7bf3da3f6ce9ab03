"""Faults below the driver, on each port: what comes out, and how soon. docs/drivers.md has a table of these rows."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hal import registry
from hal.clock import SECOND_NS, SteppedClock
from hal.contract import Sensor
from hal.ports import files as files_port
from hal.ports import i2c as i2c_port
from hal.ports.bounded import BoundedFiles, BoundedI2c
from hal.ports.files import RealFiles
from hal.ports.i2c import LinuxI2c
from hal.reading import Channel, Reading

PAGE = Path(__file__).resolve().parents[2] / "docs" / "drivers.md"
TIMEOUT_MS = 500  # far more than a read takes on a busy machine
STALL_S = 2.0  # what a stalled device would take; nobody waits for it
LOOKS = 5  # a second apart
UNSEEN = "GOOD"  # no driver can know: the service that senses looks at rates and at values that stand still


@dataclass
class Wire:
    """What an I2C bus would carry, under the real port: registers, an error, and a stall until it is released."""

    registers: dict[int, int] = field(default_factory=lambda: {0x00: 0x0CC0, 0x01: 0x0220, 0x0F: 0x0117})
    error: int = 0
    swaps: bool = False
    stalls: bool = False
    released: threading.Event = field(default_factory=threading.Event)

    def read(self, descriptor: int, address: int, registers: tuple[int, ...]) -> tuple[int, ...]:
        if self.stalls:
            self.released.wait(STALL_S)
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        words = tuple(self.registers[register] for register in registers)
        return tuple((w & 0xFF) << 8 | w >> 8 for w in words) if self.swaps and registers == (0,) else words


@dataclass
class Bench:
    """Sensors on the real ports, with what stands below them in our hands."""

    clock: SteppedClock
    wire: Wire
    folder: Path
    stalled: set[str]
    sensors: dict[str, Sensor]

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def outcome(self, port: str) -> str:
        """What comes out, and after how many looks a second apart."""
        self.clock.advance_to_ns(self.clock.now_ns() + SECOND_NS)
        (sample,) = self.sensors[port].read()
        return sample.quality.name if isinstance(sample, Reading) else sample.reason.name


TEMP, COUNT = "class/thermal/thermal_zone0/temp", "class/powercap/intel-rapl:0/energy_uj"
TREE = {
    "class/thermal/thermal_zone0/type": "board\n",
    TEMP: "25500\n",
    "class/powercap/intel-rapl:0/name": "package-0\n",
    "class/powercap/intel-rapl:0/max_energy_range_uj": "1000000000\n",
    COUNT: "500000000\n",
}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    clock, wire, stalled = SteppedClock(), Wire(), set[str]()
    for path, text in TREE.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setattr(i2c_port.native, "i2c_read_words", wire.read)
    real = files_port.native.read_decimal

    def read_decimal(descriptor: int) -> int:
        if "files" in stalled and TEMP in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            wire.released.wait(STALL_S)
        return real(descriptor)

    monkeypatch.setattr(files_port.native, "read_decimal", read_decimal)
    bus = LinuxI2c(0)
    bus._path = os.devnull
    with ExitStack() as stack:
        i2c, tree = BoundedI2c(bus, TIMEOUT_MS), BoundedFiles(RealFiles(tmp_path), TIMEOUT_MS)
        stack.callback(i2c.close)
        stack.callback(tree.close)
        stack.callback(wire.released.set)
        sensors = {
            "i2c": sensor("tmp117", i2c, clock, "temperature", address=0x48),
            "files": sensor("thermal", tree, clock, "temperature", zone="board"),
            "counter": sensor("powercap", tree, clock, "energy", high=1e9),
        }
        yield Bench(clock, wire, tmp_path, stalled, sensors)
    end_of_stalls()


def end_of_stalls() -> None:
    """Calls that were left behind come back, and their threads end."""
    for thread in [thread for thread in threading.enumerate() if thread.name == "port"]:
        thread.join(1.0)


def sensor(driver: str, port: object, clock: SteppedClock, role: str, high: float = 125.0, **options: Any) -> Sensor:
    cls = registry.driver(driver)
    channel = Channel(name="x", unit="x", low=-40.0, high=high)
    made: Sensor = cls(port, clock, {role: channel}, cls.Options(**options))
    return made


def at(path: str, text: str) -> Callable[[Bench], None]:
    return lambda bench: bench.write(path, text)


def on_wire(**changes: Any) -> Callable[[Bench], None]:
    return lambda bench: [setattr(bench.wire, name, value) for name, value in changes.items()] and None


def unplug(bench: Bench) -> None:
    for path in (TEMP, "class/thermal/thermal_zone0/type"):
        (bench.folder / path).unlink()


def register(word: int) -> Callable[[Bench], None]:
    return lambda bench: bench.wire.registers.update({0x00: word})


FAULTS: list[tuple[str, str, Callable[[Bench], None], str]] = [
    ("NACK", "i2c", on_wire(error=errno.EREMOTEIO), "BUS"),
    ("chip gone from the bus", "i2c", on_wire(error=errno.ENODEV), "ABSENT"),
    ("stuck bus", "i2c", on_wire(error=errno.ETIMEDOUT), "TIMEOUT"),
    ("chip held by a kernel driver (EBUSY)", "i2c", on_wire(error=errno.EBUSY), "BUS"),
    ("I/O error", "i2c", on_wire(error=errno.EIO), "BUS"),
    ("no permission", "i2c", on_wire(error=errno.EACCES), "BUS"),
    ("swapped bytes", "i2c", on_wire(swaps=True), "IMPLAUSIBLE"),
    ("stall of 2 s", "i2c", on_wire(stalls=True), "TIMEOUT"),
    ("step out of range", "i2c", register(0x7FFF), "IMPLAUSIBLE"),
    ("step within range", "i2c", register(0x1900), UNSEEN),
    ("frozen value", "i2c", lambda bench: None, UNSEEN),
    ("short read", "files", at(TEMP, ""), "CORRUPT"),
    ("not a number", "files", at(TEMP, "n/a\n"), "CORRUPT"),
    ("number out of 64 bits", "files", at(TEMP, "9" * 30), "CORRUPT"),
    ("file vanishes", "files", lambda bench: (bench.folder / TEMP).unlink(), "ABSENT"),
    ("device unplugged", "files", unplug, "ABSENT"),
    ("stall of 2 s", "files", lambda bench: bench.stalled.add("files"), "TIMEOUT"),
    ("step out of range", "files", at(TEMP, "-256000\n"), "IMPLAUSIBLE"),
    ("step within range", "files", at(TEMP, "50000\n"), UNSEEN),
    ("frozen value", "files", lambda bench: None, UNSEEN),
    ("negative counter", "counter", at(COUNT, "-1\n"), "CORRUPT"),
    ("counter beyond its range", "counter", at(COUNT, "1000000001\n"), "CORRUPT"),
    ("wrapped counter", "counter", at(COUNT, "100000000\n"), "GOOD"),
]


@pytest.mark.parametrize(("fault", "port", "strike", "expected"), FAULTS, ids=lambda x: x if isinstance(x, str) else "")
def test_a_fault_comes_out_as_its_reason_at_the_next_look(
    bench: Bench, fault: str, port: str, strike: Callable[[Bench], None], expected: str
) -> None:
    assert bench.outcome(port) == "GOOD"
    strike(bench)
    assert [bench.outcome(port) for _ in range(LOOKS)] == [expected] * LOOKS
    for other in {"i2c", "files", "counter"} - {port}:  # nobody else notices
        assert bench.outcome(other) == "GOOD"


def test_a_device_that_stalls_is_read_again_when_it_is_back(bench: Bench) -> None:
    bench.stalled.add("files")
    assert bench.outcome("files") == "TIMEOUT"
    bench.stalled.clear()
    bench.wire.released.set()
    clear_of_stalls(bench)
    assert bench.outcome("files") == "GOOD"


def clear_of_stalls(bench: Bench) -> None:
    """Wait until the port takes calls for that file again; each look in between says TIMEOUT at once."""
    waited = threading.Event()
    for _ in range(100):
        if bench.outcome("files") != "TIMEOUT":
            return
        waited.wait(0.002)


def test_the_page_has_this_table() -> None:
    rows = [
        f"| {fault} | {port} | {outcome if outcome != UNSEEN or 'wrapped' in fault else 'GOOD: no driver can know'} |"
        for fault, port, _, outcome in FAULTS
    ]
    table = "\n".join(["| fault | port | at the next look |", "|---|---|---|", *rows])
    assert table in PAGE.read_text(encoding="utf-8"), f"put this into {PAGE.name}:\n{table}"
