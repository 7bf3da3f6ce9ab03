"""Recording: ports that note what went through them, as lines of JSON that `hal.ports.replay` plays back.

    {"recording": "penumbra", "version": 1, "board": "name = ..."}        the board file as it was
    {"time_ns": 0, "port": "sys", "path": "class/...", "number": 41500}   also text, or reason and detail
    {"time_ns": 0, "port": "sys", "glob": "class/hwmon/*", "paths": []}
    {"time_ns": 0, "port": "i2c0", "address": 64, "registers": [2], "words": [9600]}
    {"time_ns": 0, "port": "nvml", "uuid": "", "query": "power_mw", "answer": 71250}
    {"time_ns": 0, "channel": "die_temp_c", "value": 41.5, "quality": "GOOD"}     also reason and detail

Raw content is noted when it changes, samples always. What is written to a device is not noted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO, TypeVar, cast

from hal.clock import Clock
from hal.errors import PortError
from hal.ports.files import FileTree
from hal.ports.i2c import I2cBus
from hal.ports.nvml import Nvml
from hal.reading import Reading, Sample

VERSION = 1
T = TypeVar("T")
Row = dict[str, Any]


class HeldClock:
    """A clock from 0 that stands still within a round, so that all of one round bears one time and plays back alike.

    `sleep_until_ns` ends a round. A stamp is early by at most what the reads of its round took.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._zero_ns = clock.now_ns()
        self._now_ns = 0

    def now_ns(self) -> int:
        return self._now_ns

    def sleep_until_ns(self, deadline_ns: int) -> None:
        self._clock.sleep_until_ns(self._zero_ns + deadline_ns)
        self._now_ns = max(self._now_ns, self._clock.now_ns() - self._zero_ns)


class Recorder:
    """Notes on `sink`; `board_text` is the board file, `clock` the one that the drivers have."""

    def __init__(self, sink: TextIO, board_text: str, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._last: dict[str, Row] = {}
        self._write({"recording": "penumbra", "version": VERSION, "board": board_text})

    def ports(self, ports: Mapping[str, object]) -> dict[str, object]:
        """The same ports, noted. Others than files, I2C and NVML go through as they are."""
        return {name: self._port(name, port) for name, port in ports.items()}

    def samples(self, samples: Iterable[Sample]) -> None:
        for sample in samples:
            row: Row = {"time_ns": sample.time_ns, "channel": sample.channel}
            if isinstance(sample, Reading):
                row |= {"value": sample.value, "quality": sample.quality.name}
            else:
                row |= {"reason": sample.reason.name, "detail": sample.detail}
            self._write(row)

    def noted(self, asked: Row, kind: str, call: Callable[[], T]) -> T:
        """The result of `call`, noted under `asked` as `kind`; a PortError is noted and goes on."""
        try:
            result = call()
        except PortError as error:
            self._note({**asked, "kind": kind, "reason": error.reason.name, "detail": error.detail}, asked, kind)
            raise
        self._note({**asked, kind: result}, asked, kind)
        return result

    def _note(self, row: Row, asked: Row, kind: str) -> None:
        key = json.dumps([asked, kind])
        if self._last.get(key) != row:
            self._last[key] = row
            self._write({"time_ns": self._clock.now_ns(), **row})

    def _port(self, name: str, port: object) -> object:
        if hasattr(port, "read_words"):
            return RecordedI2c(self, name, cast(I2cBus, port))
        if hasattr(port, "read_text"):
            return RecordedFiles(self, name, cast(FileTree, port))
        return RecordedNvml(self, name, cast(Nvml, port)) if hasattr(port, "set_limit_mw") else port

    def _write(self, row: Row) -> None:
        self._sink.write(json.dumps(row, ensure_ascii=False) + "\n")


class RecordedFiles:
    """A `hal.ports.files.FileTree` whose reads are noted."""

    def __init__(self, recorder: Recorder, name: str, files: FileTree) -> None:
        self._recorder, self._name, self._files = recorder, name, files

    def read_text(self, path: str) -> str:
        asked: Row = {"port": self._name, "path": path}
        return self._recorder.noted(asked, "text", lambda: self._files.read_text(path))

    def read_number(self, path: str) -> int:
        asked: Row = {"port": self._name, "path": path}
        return self._recorder.noted(asked, "number", lambda: self._files.read_number(path))

    def write_text(self, path: str, text: str) -> None:
        self._files.write_text(path, text)

    def glob(self, pattern: str) -> tuple[str, ...]:
        return self._recorder.noted({"port": self._name, "glob": pattern}, "paths", lambda: self._files.glob(pattern))


class RecordedI2c:
    """A `hal.ports.i2c.I2cBus` whose reads are noted."""

    def __init__(self, recorder: Recorder, name: str, bus: I2cBus) -> None:
        self._recorder, self._name, self._bus = recorder, name, bus

    def read_words(self, address: int, registers: tuple[int, ...]) -> tuple[int, ...]:
        asked: Row = {"port": self._name, "address": address, "registers": registers}
        return self._recorder.noted(asked, "words", lambda: self._bus.read_words(address, registers))

    def write_word(self, address: int, register: int, value: int) -> None:
        self._bus.write_word(address, register, value)


class RecordedNvml:
    """A `hal.ports.nvml.Nvml` whose answers are noted."""

    def __init__(self, recorder: Recorder, name: str, nvml: Nvml) -> None:
        self._recorder, self._name, self._nvml = recorder, name, nvml

    def number(self, uuid: str, query: str) -> int:
        asked: Row = {"port": self._name, "uuid": uuid, "query": query}
        return self._recorder.noted(asked, "answer", lambda: self._nvml.number(uuid, query))

    def set_limit_mw(self, uuid: str, milliwatts: int) -> None:
        self._nvml.set_limit_mw(uuid, milliwatts)
