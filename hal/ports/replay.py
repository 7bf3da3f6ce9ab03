"""Replay: the ports and the clock of a recording (`hal.ports.recorder`). The same drivers give the same samples.

A read gives what the recording last saw there, or its failure. What was never read then is ABSENT. Writes are heard and
ignored: a driver that reads back sees the truth of the recording.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from hal import native
from hal.clock import SteppedClock
from hal.config import ConfigError
from hal.errors import PortError
from hal.ports.recorder import VERSION
from hal.reading import Missing, Quality, Reading, Reason, Sample

ROW_LIMIT = 2_000_000  # lines: some hundred channels for hours, a few hundred megabytes in memory

Key = tuple[str | int, ...]


class ReplayClock(SteppedClock):
    """Steps through the rounds of a recording; sleeping goes to the first round that is not before the deadline."""

    def __init__(self, rounds_ns: tuple[int, ...]) -> None:
        super().__init__(0)
        self._rounds_ns = rounds_ns

    def sleep_until_ns(self, deadline_ns: int) -> None:
        place = bisect.bisect_left(self._rounds_ns, deadline_ns)
        super().sleep_until_ns(self._rounds_ns[place] if place < len(self._rounds_ns) else deadline_ns)

    @property
    def is_over(self) -> bool:
        """There is no later round."""
        return not self._rounds_ns or self.now_ns() >= self._rounds_ns[-1]


class Timeline:
    """What one question was answered, from when on."""

    def __init__(self) -> None:
        self._times_ns: list[int] = []
        self._answers: list[Any] = []

    def add(self, time_ns: int, answer: Any) -> None:
        self._times_ns.append(time_ns)
        self._answers.append(answer)

    def at(self, now_ns: int) -> Any:
        """The last answer at that time; None before the first."""
        place = bisect.bisect_right(self._times_ns, now_ns)
        return self._answers[place - 1] if place else None


class ReplayPort:
    """A file tree, an I2C bus or NVML, whichever the recording has under this port's name."""

    def __init__(self, clock: SteppedClock) -> None:
        self._clock = clock
        self._timelines: dict[Key, Timeline] = {}

    def add(self, time_ns: int, key: Key, answer: Any) -> None:
        self._timelines.setdefault(key, Timeline()).add(time_ns, answer)

    def read_text(self, path: str) -> str:
        return str(self._answer(("text", path), ("number", path)))

    def read_number(self, path: str) -> int:
        answer = self._answer(("number", path), ("text", path))
        try:
            return native.parse_decimal(str(answer).encode("utf-8"))
        except ValueError as error:
            raise PortError(Reason.CORRUPT, f"{path}: {error}") from error

    def write_text(self, path: str, text: str) -> None:
        """Heard and ignored, where there is such a file."""
        self.read_text(path)

    def glob(self, pattern: str) -> tuple[str, ...]:
        """What the recording found, or else what it read of that pattern."""
        if ("paths", pattern) in self._timelines:
            return tuple(self._answer(("paths", pattern)))
        parts = pattern.split("/")
        return tuple(sorted({path for path in self._paths() if _matches(path.split("/"), parts)}))

    def read_words(self, address: int, registers: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(self._answer(("words", address, *registers)))

    def write_word(self, address: int, register: int, value: int) -> None:
        """Heard and ignored."""

    def number(self, uuid: str, query: str) -> int:
        return int(self._answer(("answer", uuid, query)))

    def set_limit_mw(self, uuid: str, milliwatts: int) -> None:
        """Heard and ignored."""

    def _paths(self) -> Iterator[str]:
        """The files that are there now."""
        for (kind, path, *_), timeline in self._timelines.items():
            answer = timeline.at(self._clock.now_ns())
            is_absent = isinstance(answer, PortError) and answer.reason is Reason.ABSENT
            if kind in ("text", "number") and answer is not None and not is_absent:
                yield str(path)

    def _answer(self, *keys: Key) -> Any:
        """The answer to the first of `keys` that was ever asked; raises the failure that was seen."""
        now_ns = self._clock.now_ns()
        answers = (self._timelines[key].at(now_ns) for key in keys if key in self._timelines)
        answer = next((answer for answer in answers if answer is not None), None)
        if answer is None:
            raise PortError(Reason.ABSENT, f"{keys[0]}: not in the recording")
        if isinstance(answer, PortError):
            raise PortError(answer.reason, answer.detail)
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording, loaded: its board file, its ports on its clock, and the samples as they were."""

    board_text: str
    clock: ReplayClock
    ports: dict[str, ReplayPort]
    samples: tuple[Sample, ...]


def load_recording(path: Path) -> Recording:
    """The recording in the file `path`; raises ConfigError for a file that is none."""
    try:
        with path.open(encoding="utf-8") as file:
            head, *rows = [json.loads(line) for line, _ in zip(file, range(ROW_LIMIT), strict=False)]
            if file.readline():
                raise ConfigError(path.name, "", f"has more than {ROW_LIMIT} lines")
        if head.get("recording") != "penumbra" or head.get("version") != VERSION:
            raise ConfigError(path.name, "", f"is no recording of version {VERSION}")
        return _recording(str(head["board"]), rows)
    except OSError as error:
        raise ConfigError(path.name, "", f"cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(path.name, "", f"is no recording: {error}") from error


def _recording(board_text: str, rows: list[dict[str, Any]]) -> Recording:
    samples = tuple(_sample(row) for row in rows if "channel" in row)
    clock = ReplayClock(tuple(sorted({int(sample.time_ns) for sample in samples})))
    ports: dict[str, ReplayPort] = {}
    for row in rows:
        if "port" in row:
            port = ports.setdefault(str(row["port"]), ReplayPort(clock))
            port.add(int(row["time_ns"]), *_answered(row))
    return Recording(board_text=board_text, clock=clock, ports=ports, samples=samples)


def _answered(row: dict[str, Any]) -> tuple[Key, Any]:
    """What was asked, and the answer or its failure."""
    kind = row.get("kind") or next(kind for kind in ("number", "text", "paths", "words", "answer") if kind in row)
    asked: Iterable[Any] = [row.get("path", row.get("glob"))]
    if kind in ("words", "answer"):
        asked = [row["address"], *row["registers"]] if kind == "words" else [row["uuid"], row["query"]]
    failure = PortError(Reason[row["reason"]], str(row["detail"])) if "reason" in row else None
    return (kind, *asked), failure or row[kind]


def _sample(row: dict[str, Any]) -> Sample:
    channel, time_ns = str(row["channel"]), int(row["time_ns"])
    if "reason" in row:
        return Missing(channel=channel, time_ns=time_ns, reason=Reason[row["reason"]], detail=str(row["detail"]))
    return Reading(channel=channel, time_ns=time_ns, value=float(row["value"]), quality=Quality[row["quality"]])


def _matches(path: list[str], pattern: list[str]) -> bool:
    return len(path) == len(pattern) and all(map(fnmatchcase, path, pattern))
