"""Every sensor driver on a recording: what was recorded from it plays back as the same samples, failures included."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hal.board import read_board
from hal.clock import SECOND_NS, SteppedClock
from hal.config import ConfigError
from hal.errors import PortError
from hal.ports.files import MemoryFiles
from hal.ports.i2c import MemoryI2c
from hal.ports.recorder import HeldClock, Recorder
from hal.ports.replay import Recording, load_recording
from hal.reading import Reason, Sample
from tests.contract.sensor_cases import CHIPS, KERNEL, NAMING, Case, bus, sensor

PORT = "port"
ALL = {"argvalues": [*CHIPS, *KERNEL], "ids": lambda case: case.driver}


def recorded(case: Case, path: Path) -> tuple[list[tuple[Sample, ...]], Recording]:
    """Six rounds of a device that works, fails, says nonsense, is unplugged and comes back; and their recording."""
    far = bus(case) if case in CHIPS else MemoryFiles(dict(case.holds))
    real = SteppedClock(SECOND_NS)
    with path.open("w") as sink:
        held = HeldClock(real)
        recorder = Recorder(sink, "name = 'x'", held)
        made = sensor(case, recorder.ports({PORT: far})[PORT], held)
        rounds = []
        for step in (nothing, nothing, failing, spoilt, unplugged, plugged):
            step(case, far)
            held.sleep_until_ns(held.now_ns() + 10 * SECOND_NS)
            rounds.append(made.read())
            recorder.samples(rounds[-1])
    return rounds, load_recording(path)


def nothing(case: Case, far: MemoryI2c | MemoryFiles) -> None:
    """The device works."""


def failing(case: Case, far: MemoryI2c | MemoryFiles) -> None:
    far.fault = lambda *where: Reason.BUS  # as EIO and a NACK are


def spoilt(case: Case, far: MemoryI2c | MemoryFiles) -> None:
    far.fault = None
    if isinstance(far, MemoryFiles):
        far.nodes.update({path: "none" for path in case.holds if not path.endswith(NAMING)})
    else:
        for chip in far.chips.values():
            chip.write_register(0x0F, 0xDEAD)


def unplugged(case: Case, far: MemoryI2c | MemoryFiles) -> None:
    (far.nodes if isinstance(far, MemoryFiles) else far.chips).clear()


def plugged(case: Case, far: MemoryI2c | MemoryFiles) -> None:
    if isinstance(far, MemoryFiles):
        far.nodes.update(case.holds)
    else:
        far.chips.update(bus(case).chips)


@pytest.mark.parametrize("case", **ALL)
def test_the_same_driver_gives_the_same_samples(case: Case, tmp_path: Path) -> None:
    rounds, recording = recorded(case, tmp_path / "run.jsonl")
    assert recording.samples == tuple(sample for samples in rounds for sample in samples)
    made = sensor(case, recording.ports[PORT], recording.clock)
    again = []
    while not recording.clock.is_over:
        recording.clock.sleep_until_ns(recording.clock.now_ns() + SECOND_NS)
        again.append(made.read())
    assert again == rounds


def test_what_was_never_read_is_absent_and_writes_are_heard_and_ignored(tmp_path: Path) -> None:
    _, recording = recorded(KERNEL[0], tmp_path / "run.jsonl")
    port = recording.ports[PORT]
    with pytest.raises(PortError) as caught:
        port.read_text("never/read")
    assert caught.value.reason is Reason.ABSENT
    name = "class/hwmon/hwmon0/name"
    port.write_text(name, "changed")
    assert port.read_text(name) == "other"
    assert name in port.glob("class/hwmon/hwmon*/name") and port.glob("class/*/hwmon0/name") == (name,)


def test_raw_content_is_noted_when_it_changes_and_samples_always(tmp_path: Path) -> None:
    recorded(KERNEL[1], tmp_path / "run.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    samples = [row for row in rows if "channel" in row]
    inputs = [row for row in rows if str(row.get("path", "")).endswith("in3_input")]
    assert len(samples) == 6 * 3
    assert [row.get("number", row.get("reason")) for row in inputs] == [5000, "BUS", "CORRUPT", "ABSENT", 5000]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"recording": "penumbra", "version": 99, "board": ""}', "\x00", "no"]
)
def test_a_file_that_is_no_recording_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.jsonl").write_text(text)
    with pytest.raises(ConfigError, match=r"odd.jsonl: is no recording"):
        load_recording(tmp_path / "odd.jsonl")
    with pytest.raises(ConfigError, match=r"none.jsonl: cannot be read"):
        load_recording(tmp_path / "none.jsonl")


def test_a_board_in_a_table_is_checked_as_one_in_a_file() -> None:
    with pytest.raises(ConfigError, match=r"run.jsonl: title: unknown key"):
        read_board({"title": "x"}, "run.jsonl")
