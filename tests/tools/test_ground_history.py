"""The history: what was acknowledged stays, in order, whoever is killed; what was changed shows where."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.ground.history import FIRST, History, HistoryError


def written(folder: Path, count: int = 5) -> History:
    history = History(folder / "history.jsonl")
    for place in range(count):
        history.append({"kind": "sent", "typed": f"ping {place}", "operator": "µ"})
    return history


def test_entries_come_back_numbered_and_chained(tmp_path: Path) -> None:
    history = written(tmp_path)
    entries = list(history.entries())
    assert [entry["n"] for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[0]["previous"] == FIRST
    assert history.verify() == entries[-1]["hash"]
    assert History(tmp_path / "none.jsonl").verify() == FIRST


@given(st.integers(0, 4), st.sampled_from(["change", "drop", "swap", "double", "forge"]))
def test_whatever_is_done_to_a_line_breaks_the_chain(
    tmp_path_factory: pytest.TempPathFactory, place: int, deed: str
) -> None:
    history = written(tmp_path_factory.mktemp("history"), 6)
    lines = history.path.read_bytes().splitlines(keepends=True)
    match deed:
        case "change":
            lines[place] = lines[place].replace(b"ping", b"pong")
        case "drop":
            del lines[place]
        case "swap":
            lines[place], lines[place + 1] = lines[place + 1], lines[place]
        case "double":
            lines.insert(place, lines[place])
        case _:
            entry = json.loads(lines[place])
            lines[place] = json.dumps({**entry, "typed": "safe", "hash": FIRST}).encode() + b"\n"
    history.path.write_bytes(b"".join(lines))
    with pytest.raises(HistoryError, match="line"):
        history.verify()


@pytest.mark.parametrize("torn", range(1, 60, 7))
def test_a_torn_line_is_put_aside_and_the_chain_goes_on(tmp_path: Path, torn: int) -> None:
    history = written(tmp_path)
    whole = history.path.read_bytes()
    history.path.write_bytes(whole + whole.splitlines()[-1][:torn])
    assert len(list(history.entries())) == 5
    assert history.append({"kind": "sent"})["n"] == 6
    history.verify()
    assert (tmp_path / "history.jsonl.torn").stat().st_size == torn + 1


WRITER = """
import sys
from pathlib import Path
from tools.ground.history import History
history = History(Path(sys.argv[1]))
while True:
    print(history.append({"who": sys.argv[2]})["hash"], flush=True)
"""


def test_two_writers_killed_at_any_moment_leave_a_whole_chain(tmp_path: Path) -> None:
    history, source = History(tmp_path / "history.jsonl"), random.Random(3)
    promised: set[str] = set()
    for _trial in range(3):
        command = [sys.executable, "-c", WRITER, str(history.path)]
        writers = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in ("ada", "kepler")]
        for writer in writers:
            assert writer.stdout is not None
            promised |= {writer.stdout.readline().strip() for _line in range(source.randrange(1, 40))}
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            promised |= set(writer.communicate()[0].split())
        promised = {line for line in promised if len(line) == 64}
        history.append({"who": "after"})
        history.verify()
        assert promised <= {str(entry["hash"]) for entry in history.entries()}
