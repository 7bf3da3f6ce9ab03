"""The one command, `penumbra`: a table of subcommands, each imported only when it is called.

An error that the user can cure is one line on stderr and exit code 2; an operation that the system refused (a full
disk, a port in use) is one line and 1; Ctrl-C is 130. A traceback is a defect of Penumbra.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

EXIT_REFUSED = 1
EXIT_USAGE = 2  # as click and argparse have it
EXIT_INTERRUPTED = 130  # 128 + SIGINT: what a shell reports for a program that Ctrl-C ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Subcommand:
    """One row of the table: `target` is "module:attribute", a click command, or `main(argv) -> int` if `is_plain`."""

    target: str
    about: str
    is_plain: bool = False


SUBCOMMANDS: dict[str, Subcommand] = {
    "fly": Subcommand(target="tools.flight.cli:fly", about="Fly the flight software on a simulated spacecraft."),
    "gnd": Subcommand(target="tools.ground.cli:gnd", about="Talk to a flying spacecraft: commands, telemetry, events."),
    "hal": Subcommand(
        target="tools.hal:main", about="List, read, test what a board can sense and switch.", is_plain=True
    ),
    "model": Subcommand(target="tools.model.cli:model", about="Inspect, check and run model packages."),
    "sim": Subcommand(target="tools.sim.cli:sim", about="Ask the physics: orbit, eclipse, power; check it."),
    "bench": Subcommand(target="tools.bench.cli:bench", about="Run one benchmark, print one JSON object."),
}

# Errors that say what to cure. By name, so that this table imports nothing; subclasses count too.
USER_ERRORS = frozenset(
    {
        "hal.config.ConfigError",
        "hal.errors.HalError",
        "fsw.infer.package.PackageError",
        "fsw.infer.check.TensorError",
    }
)


class SubcommandTable(click.Group):
    """A group whose commands are the rows of `SUBCOMMANDS`; listing them imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        row = SUBCOMMANDS.get(cmd_name)
        if row is None:
            return None
        return _passing_through(cmd_name, row) if row.is_plain else _load(row.target)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.about) for name, row in SUBCOMMANDS.items()])


def _load(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _passing_through(name: str, row: Subcommand) -> click.Command:
    """A command that hands all its arguments, `--help` too, to a plain `main(argv)`."""

    @click.command(name, context_settings={"ignore_unknown_options": True, "help_option_names": []}, help=row.about)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    @click.pass_context
    def command(context: click.Context, arguments: tuple[str, ...]) -> None:
        entry: Callable[[list[str]], int | None] = _load(row.target)
        context.exit(entry(list(arguments)) or 0)

    return command


@click.group(
    cls=SubcommandTable,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: penumbra fly     Then open the report that it names.",
)
@click.version_option(package_name="penumbra-fsw", prog_name="penumbra")
def penumbra() -> None:
    """Flight software for an AI compute payload in orbit: inference inside a live power and thermal budget."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    try:
        # Without standalone mode click returns the code of `Context.exit`, and raises where it would have exited.
        code = penumbra.main(args=arguments, prog_name="penumbra", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:  # the top of the program: told in a line where the user can cure it, else raised again
        if (exit_code := _exit_code(error)) is None:
            raise
        click.echo(f"error: {error}", err=True)
        return exit_code
    return code if isinstance(code, int) else 0


def _exit_code(error: Exception) -> int | None:
    """The exit code of an error that concerns the user; None for a defect."""
    if any(f"{kind.__module__}.{kind.__qualname__}" in USER_ERRORS for kind in type(error).__mro__):
        return EXIT_USAGE
    return EXIT_REFUSED if isinstance(error, OSError) else None
