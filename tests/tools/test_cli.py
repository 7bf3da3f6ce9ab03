"""The command line: what it costs to start, and what a person sees when something is wrong."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from hal.config import ConfigError
from tools import cli

HEAVY = ("numpy", "matplotlib", "onnxruntime", "zmq", "sim", "PIL")


@click.command()
@click.option("--how", default="well")
def behave(how: str) -> None:
    """A subcommand that ends as it is told."""
    if how == "config":
        raise ConfigError("case.toml", "bus.power_w", "is missing")
    if how == "disk":
        raise OSError(28, "No space left on device", "flight.log")
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "defect":
        raise ZeroDivisionError("an accident")
    click.echo(how)


def plain(arguments: list[str]) -> int:
    """A subcommand that is not click's: says what it got."""
    print(arguments)
    return 3


@pytest.fixture(autouse=True)
def _rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.SUBCOMMANDS, "behave", cli.Subcommand(target=f"{__name__}:behave", about="ends"))
    row = cli.Subcommand(target=f"{__name__}:plain", about="shows", is_plain=True)
    monkeypatch.setitem(cli.SUBCOMMANDS, "plain", row)


@pytest.mark.parametrize("arguments", [["--help"], ["gnd", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = f"import sys; from tools.cli import main; main({arguments}); print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize("name", ["fly", "gnd", "hal", "model", "bench"])
def test_every_row_of_the_table_leads_somewhere(name: str) -> None:
    target = cli._load(cli.SUBCOMMANDS[name].target)
    assert callable(target) if cli.SUBCOMMANDS[name].is_plain else isinstance(target, click.Command)


def test_help_lists_every_subcommand_with_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown and row.about[:30] in shown for name, row in cli.SUBCOMMANDS.items())


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("well", 0, ""),
        ("config", 2, "error: case.toml: bus.power_w: is missing\n"),
        ("disk", 1, "error: [Errno 28] No space left on device: 'flight.log'\n"),
        ("interrupt", 130, ""),
    ],
)
def test_ends_with_one_line_and_a_code(how: str, code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["behave", "--how", how]) == code
    assert capsys.readouterr().err.strip() == said.strip()


def test_a_defect_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        cli.main(["behave", "--how", "defect"])


@pytest.mark.parametrize("arguments", [["no-such-command"], ["behave", "--no-such-option"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == 2
    assert "No such" in capsys.readouterr().err


def test_a_plain_subcommand_gets_all_its_arguments_and_gives_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plain", "read", "--board", "x.toml", "--help"]) == 3
    assert capsys.readouterr().out.strip() == "['read', '--board', 'x.toml', '--help']"
