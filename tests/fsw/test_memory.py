"""The ground looks into weights and tables by name, checked, and no step reads more than its share."""

from __future__ import annotations

import hashlib
from binascii import crc_hqx
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.bus.codec import decode, encode
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, PRICES, REPORT
from fsw.catalogue.failures import FAILURE_BY_CODE
from fsw.catalogue.wire import decode_arguments, encode_arguments, encode_report
from fsw.infer.package import Package
from fsw.memory.registry import FileMemory, Memory, Packaged, Registry, TableMemory
from fsw.memory.service import STEP_BYTES, TASKS_MAX, MemoryService
from fsw.messages import Command, Prices, Stage
from hal.clock import SECOND_NS
from hal.errors import PortError
from hal.reading import Reason

CHECK_STRING = b"123456789"  # its CRC-16-CCITT is 0x29B1


class Gone:
    """A memory that was there a moment ago."""

    def size(self) -> int:
        return 10

    def read(self, address: int, length: int) -> bytes:
        raise PortError(Reason.ABSENT, f"{length} octets at {address}")


class Run:
    """The service with its bus."""

    def __init__(self, tables: dict[str, Memory], packages: dict[str, Packaged] | None = None) -> None:
        self.bus = MemoryBus()
        self.service = MemoryService(self.bus, packages or {}, tables)
        self._reports = self.bus.subscribe(REPORT, "test", depth=1000)
        self._answers = self.bus.subscribe(COMMAND_REPORT, "test")
        self.steps = 0

    def order(self, name: str, *arguments: str | int) -> None:
        values = decode_arguments(name, encode_arguments(name, arguments))
        self.bus.publish(COMMAND, Command(time_ns=0, name=name, arguments=values, request=7, ack=15, source=0))

    def step(self) -> None:
        self.steps += 1
        self.service.step(self.steps * SECOND_NS)

    def ask(self, name: str, *arguments: str | int) -> list[tuple[object, ...]]:
        """The values of the reports to a command that succeeds."""
        self.order(name, *arguments)
        self.step()
        while self.service.is_reading:
            self.step()
        answers = self._answers.drain()
        assert [(item.stage, item.code) for item in answers] == [(Stage.STARTED, 0), (Stage.COMPLETED, 0)]
        reports = self._reports.drain()
        assert all(encode_report(report.name, report.values) for report in reports)
        return [report.values for report in reports]

    def failure(self, name: str, *arguments: str | int) -> tuple[Stage, str, tuple[float, ...]]:
        """The last answer to a command that fails."""
        self.order(name, *arguments)
        self.step()
        answer = self._answers.drain()[-1]
        return answer.stage, FAILURE_BY_CODE[answer.code].label, answer.values


def table(octets: bytes) -> TableMemory:
    return TableMemory(lambda: octets)


def test_a_dump_has_the_octets_and_their_checksum() -> None:
    run = Run({"watch": table(b"ab" + CHECK_STRING)})
    (values,) = run.ask("dump_memory", "watch", 2, 9)
    assert values == ("watch", 2, CHECK_STRING.hex(), 0x29B1)
    # TEXT | N = 1 | address | length | octets | CRC
    expected = "05" + b"watch".hex() + "01" + "00000002" + "0009" + CHECK_STRING.hex() + "29b1"
    assert encode_report("memory_dump", values).hex() == expected


def test_a_check_has_the_checksum_alone() -> None:
    (values,) = Run({"watch": table(b"ab" + CHECK_STRING)}).ask("check_memory", "watch", 2, 9)
    assert values == ("watch", 2, 9, 0x29B1)
    assert encode_report("memory_check", values).hex() == "057761746368" + "01" + "00000002" + "00000009" + "29b1"


def test_weights_are_read_from_the_active_package(tmp_path: Path, make_package: Callable[..., Package]) -> None:
    package = make_package(tmp_path / "keep", "1.0.0")
    packages: dict[str, Packaged] = {"keep": package}
    run = Run({"watch": table(b"x")}, packages)
    weights = package.manifest.variant[0]
    octets = (package.folder / weights.file).read_bytes()
    rows = run.ask("list_memories")
    assert rows[:2] == [
        ("prices", 0, hashlib.sha256().hexdigest()[:24]),
        ("watch", 1, hashlib.sha256(b"x").hexdigest()[:24]),
    ]
    assert (f"keep/{weights.file}", len(octets), weights.sha256[:24]) in rows
    (values,) = run.ask("dump_memory", f"keep/{weights.file}", 10, 50)
    assert values[2] == octets[10:60].hex()
    del packages["keep"]
    assert run.failure("dump_memory", f"keep/{weights.file}", 10, 50)[1] == "no_such_memory"


def test_the_prices_that_hold_are_a_memory() -> None:
    run = Run({})
    assert run.failure("dump_memory", "prices", 0, 1)[1] == "bad_address"
    prices = Prices(
        time_ns=5, start_ns=0, slot_s=120.0, joule_price=(0.5,), time_price=(0.0,), kinds=("tile",), job_price=((1.0,),)
    )
    run.bus.publish(PRICES, prices)
    octets = encode(prices)
    (values,) = run.ask("dump_memory", "prices", 0, len(octets))
    assert decode(Prices, bytes.fromhex(str(values[2]))) == prices


@pytest.mark.parametrize("name", ["", "watch ", "keep/../secret", "/etc/passwd", "keep", "keep/manifest.toml", "keep/"])
def test_only_what_a_manifest_names_is_a_memory(
    name: str, tmp_path: Path, make_package: Callable[..., Package]
) -> None:
    run = Run({"watch": table(b"x")}, {"keep": make_package(tmp_path / "keep", "1.0.0")})
    (tmp_path / "secret").write_text("not to be read")
    for command in ("dump_memory", "check_memory"):
        assert run.failure(command, name, 0, 1) == (Stage.STARTED, "no_such_memory", ())


@given(st.integers(0, 40), st.integers(1, 40))
def test_only_addresses_inside_are_read(address: int, length: int) -> None:
    octets = bytes(range(30))
    run = Run({"t": table(octets)})
    if address + length > len(octets):
        assert run.failure("dump_memory", "t", address, length) == (Stage.STARTED, "bad_address", (30.0,))
        assert run.failure("check_memory", "t", address, length) == (Stage.STARTED, "bad_address", (30.0,))
        return
    piece = octets[address : address + length]
    assert run.ask("dump_memory", "t", address, length) == [("t", address, piece.hex(), crc_hqx(piece, 0xFFFF))]
    assert run.ask("check_memory", "t", address, length) == [("t", address, length, crc_hqx(piece, 0xFFFF))]


def test_a_step_reads_no_more_than_its_share_and_dumps_do_not_wait() -> None:
    octets = bytes(range(256)) * (STEP_BYTES // 256) * 3
    run = Run({"big": table(octets)})
    run.order("check_memory", "big", 0, len(octets))
    run.step()
    assert run.service.is_reading
    (values,) = _reports_after(run, "dump_memory", "big", 0, 4)
    assert values[2] == "00010203"
    while run.service.is_reading:
        run.step()
    assert run.steps >= 4
    assert [report.values for report in run._reports.drain()] == [("big", 0, len(octets), crc_hqx(octets, 0xFFFF))]


def _reports_after(run: Run, name: str, *arguments: str | int) -> list[tuple[object, ...]]:
    run.order(name, *arguments)
    run.step()
    return [report.values for report in run._reports.drain()]


def test_more_checks_than_can_wait_are_refused() -> None:
    run = Run({"big": table(bytes(2 * STEP_BYTES))})
    for _ in range(TASKS_MAX):
        run.order("check_memory", "big", 0, 2 * STEP_BYTES)
    assert run.failure("check_memory", "big", 0, 1) == (Stage.STARTED, "busy", ())
    assert run.failure("list_memories")[1] == "busy"


def test_a_memory_that_goes_away_fails_the_command_and_no_other() -> None:
    run = Run({"gone": Gone(), "watch": table(b"x")})
    assert run.failure("check_memory", "gone", 0, 5) == (Stage.COMPLETED, "failed", ())
    assert run.failure("dump_memory", "gone", 0, 5) == (Stage.COMPLETED, "failed", ())
    assert run.ask("list_memories")[1] == ("gone", 10, "unreadable")


def test_a_file_that_is_not_there_or_shrinks_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(PortError):
        FileMemory(tmp_path / "missing").size()
    with pytest.raises(PortError):
        FileMemory(tmp_path / "missing").read(0, 1)
    (tmp_path / "short").write_bytes(b"abc")
    assert FileMemory(tmp_path / "short").read(1, 10) == b"bc"
    assert Registry({}, {}).names() == []
