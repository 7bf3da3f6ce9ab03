"""The README says what is there: its commands answer, its options exist, its files and scenarios are real."""

from __future__ import annotations

import contextlib
import functools
import io
import re
import shlex
from pathlib import Path

import pytest

from fsw.infer.package import load_package, shipped_packages
from fsw.processes import PROCESS_BY_NAME
from hal.registry import DRIVERS
from sim.faults import SENSOR_KINDS, WORLD_KINDS
from sim.scenario import shipped
from tools.cli import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
HAL_VERBS = {"list", "read", "test"}  # of the one subcommand that is not click's
MISSING_HERE = {
    "my-flight.toml",
    "my-board.toml",
    "chips.npz",
    "masks.npz",
    "summary.json",
    "flight",
}  # the reader's own


def code_lines(text: str) -> list[str]:
    """The lines of fenced blocks that a person types, without prompt, comment and redirection."""
    blocks = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    typed = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [re.split(r"\s+[#>]", line)[0].strip() for line in typed]


def section(title: str) -> str:
    """The text under a heading."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


COMMANDS = [line for line in code_lines(README) if line.startswith("penumbra ")]


@functools.cache
def help_of(path: tuple[str, ...]) -> tuple[int, str]:
    """Exit code and text of `penumbra PATH --help`."""
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            code = main([*path, "--help"])
    except SystemExit as ended:  # argparse ends the program after its help
        code = int(ended.code or 0)
    return code, out.getvalue()


def verbs_of(words: list[str]) -> tuple[str, ...]:
    """The subcommands at the head of a command line, without its arguments."""
    depth = {"gnd": 3, "model": 2, "bench": 2, "sim": 3 if words[2:3] == ["study"] else 2}.get(words[1], 1)
    return tuple(words[1 : 1 + depth])


def test_there_is_something_to_check() -> None:
    assert len(COMMANDS) > 15


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_answers_help_and_has_the_options_shown(line: str) -> None:
    words = shlex.split(line)
    code, text = help_of(verbs_of(words))
    assert code == 0
    options = [word for word in words if word.startswith("--")]
    assert [word for word in options if word not in text] == []
    if words[1] == "hal":
        assert words[2] in HAL_VERBS


def test_options_in_the_prose_exist() -> None:
    known = "".join(
        help_of(path)[1]
        for path in [
            ("fly",),
            ("hal",),
            ("model", "run"),
            ("model", "build"),
            ("model", "profile"),
            ("model", "sign"),
            ("bench", "flight"),
            ("sim", "orbit"),
            ("sim", "power"),
            ("sim", "constellation"),
            ("gnd", "cmd", "send"),
            ("gnd", "tlm", "list"),
            ("gnd", "tlm", "watch"),
            ("gnd", "tlm", "plot"),
            ("gnd", "cmd", "history"),
            ("gnd", "cmd", "stack"),
            ("gnd", "alarm", "ack"),
            ("gnd", "archive", "record"),
            ("gnd", "sched", "add"),
            ("gnd", "time", "correlate"),
        ]
    )
    mentioned = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) - {"--help", "--mission"}
    assert sorted(option for option in mentioned if option not in known) == []


def test_scenarios_are_the_shipped_ones() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|", section("The bench engineer"), flags=re.MULTILINE)
    assert sorted(name for name in rows if name in shipped()) == sorted(shipped())
    flown = [shlex.split(line)[2:3] for line in COMMANDS if line.startswith("penumbra fly ")]
    for name in (words[0] for words in flown if words and words[0][0] != "-"):
        assert name in shipped() or name in MISSING_HERE


def test_every_file_and_folder_named_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    named = re.findall(r"`((?:hal|fsw|sim|tools|tests|docs)/[\w./-]+)`", README)
    assert [path for path in [*links, *named] if not (ROOT / path.split("::")[0]).exists()] == []


def test_headings_that_are_linked_exist() -> None:
    anchors = {line[3:].lower().replace(" ", "-") for line in README.splitlines() if line.startswith("## ")}
    assert [link for link in re.findall(r"\]\(#([^)]+)\)", README) if link not in anchors] == []


def test_tables_name_what_the_code_has() -> None:
    processes = re.findall(r"^\| `(\w+)` \|", section("The integrator").split("**Processes**")[1], flags=re.MULTILINE)
    assert set(processes) == {"supervise", *PROCESS_BY_NAME}
    for name in (*DRIVERS, *SENSOR_KINDS, *WORLD_KINDS):
        assert re.search(rf"\b{name}\b", README), name


def test_the_models_table_has_every_variant_with_its_metric() -> None:
    rows = re.findall(
        r"^\|(?: \[([\w-]+)\][^|]*)? ?\| `(\w+)` \|[^|]*\| (0\.\d+)", section("Models"), flags=re.MULTILINE
    )
    told: dict[tuple[str, str], str] = {}
    package = ""
    for name, variant, value in rows:
        package = name or package
        told[package, variant] = value
    packages = [load_package(folder) for folder in shipped_packages()]
    shipped_values = {(p.name, v.name): f"{v.metric_value:.3f}" for p in packages for v in p.variants}
    assert told == shipped_values


def test_the_picture_is_there_and_small() -> None:
    picture = ROOT / "docs" / "flight.png"
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size < 300_000
