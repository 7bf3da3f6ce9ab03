"""`penumbra gnd tlm`: list, watch, get; of the archive plot, export, import."""

from __future__ import annotations

import sys

import click

from fsw.catalogue.parameters import PARAMETER_BY_NAME, PARAMETERS
from fsw.catalogue.structures import STRUCTURE_BY_NAME
from tools.ground import completing, options
from tools.ground.arguments import ArgumentError, find_name
from tools.ground.awaiting import STRUCTURE_OF, ask
from tools.ground.clock import iso
from tools.ground.decoder import Record, Sampled, Samples
from tools.ground.lazy import LazyGroup
from tools.ground.output import Writer
from tools.ground.session import Session

WIDTHS = {"name": 27, "value": 14, "unit": 6, "quality": 8, "generated": 24, "received": 24, "structure": 0}
STALE_PERIODS = 2  # a structure that was late twice over is no longer news
LIST_WIDTHS = {"name": 27, "unit": 6, "low": 7, "high": 7, "default": 7, "structure": 10, "meaning": 0}


class Watch:
    """What was last heard of each structure: gives rows when it comes, and once again, marked stale, when it is late.

    `names` are the parameters wanted; None for all.
    """

    def __init__(self, names: frozenset[str] | None = None) -> None:
        self._names = names
        self._last: dict[str, tuple[int, Record]] = {}
        self._period_ns: dict[str, int] = {}
        self._told: set[str] = set()

    def take(self, record: Record, now_ns: int) -> list[dict[str, object]]:
        """The rows of a record that brings samples; none for others."""
        structure, rows = self._rows(record)
        if rows and structure:
            if structure in self._last:
                self._period_ns[structure] = now_ns - self._last[structure][0]
            self._last[structure] = (now_ns, record)
            self._told.discard(structure)
        return rows

    def stale(self, now_ns: int) -> list[dict[str, object]]:
        """The rows of structures that have become late since the last call."""
        rows: list[dict[str, object]] = []
        for structure, period_ns in self._period_ns.items():
            heard_ns, record = self._last[structure]
            if structure not in self._told and now_ns - heard_ns > STALE_PERIODS * period_ns:
                self._told.add(structure)
                rows += [row | {"quality": "stale"} for row in self._rows(record)[1]]
        return rows

    def _rows(self, record: Record) -> tuple[str, list[dict[str, object]]]:
        """The structure, and the rows wanted of it."""
        if not isinstance(record.content, Samples):
            return "", []
        structure, values = record.content.structure, record.content.values
        wanted = [sampled for sampled in values if self._names is None or sampled.name in self._names]
        return structure, [row_of(sampled, structure, record) for sampled in wanted]


def row_of(sampled: Sampled, structure: str, record: Record) -> dict[str, object]:
    """One value with its times and how far it may be trusted."""
    return {
        "name": sampled.name,
        "value": sampled.value,
        "unit": sampled.unit,
        "quality": sampled.quality,
        "generated": iso(record.generated_ns),
        "received": iso(record.received_ns),
        "time_quality": record.time_quality,
        "structure": structure,
    }


ARCHIVE_VERBS = {
    "plot": "tools.ground.archive_verbs:plot",
    "export": "tools.ground.archive_verbs:export",
    "import": "tools.ground.archive_cli:import_files",
}


@click.group(cls=LazyGroup, lazy=ARCHIVE_VERBS)
def tlm() -> None:
    """Telemetry: values with generation time, reception time and quality."""


@tlm.command("list")
@click.option("--settable", is_flag=True, help="Only what set_parameter sets.")
@options.format_option
def listparameters(settable: bool, style: str) -> None:
    """All parameters.  Example: penumbra gnd tlm list --settable"""
    writer = Writer(sys.stdout, style, LIST_WIDTHS)
    for row in PARAMETERS:
        if settable and not row.is_settable:
            continue
        line = {"name": row.name, "unit": row.unit, "low": row.low, "high": row.high, "default": row.default}
        more = {"id": row.id, "is_settable": row.is_settable, "labels": row.labels, "meaning": row.meaning}
        writer.write({**line, "structure": STRUCTURE_OF.get(row.name), **more})
    writer.close()


@tlm.command()
@click.argument("names", nargs=-1, shell_complete=completing.parameters)
@click.option("--count", type=options.COUNT, default=None, help="Stop after so many rows.")
@click.option("--seconds", type=options.SECONDS, default=None, help="Stop after so long.")
@options.format_option
@options.link_options
def watch(
    names: tuple[str, ...],
    count: int | None,
    seconds: float | None,
    style: str,
    tm_port: int,
    tc_host: str,
    tc_port: int,
) -> None:
    """Show values as they arrive; NAMES are parameters or structures, none means all.

    Example: penumbra gnd tlm watch power mode --seconds 60
    """
    with options.told():
        wanted = parameters(names)
        _check_reported(wanted)
    writer = Writer(sys.stdout, style, WIDTHS)
    try:
        with options.session(tm_port, tc_host, tc_port) as session:
            _watch(session, Watch(frozenset(wanted) or None), writer, count, seconds)
    finally:
        writer.close()


def _watch(session: Session, watch: Watch, writer: Writer, count: int | None, seconds: float | None) -> None:
    shown = 0
    for record in options.watched(session, seconds):
        now_ns = session.clock.now_ns()
        rows = watch.stale(now_ns) if record is None else watch.take(record, now_ns)
        for row in rows:
            writer.write(row)
            shown += 1
            if count is not None and shown >= count:
                return


def parameters(names: tuple[str, ...]) -> list[str]:
    """The parameters that names of parameters and structures mean, each once."""
    wanted: list[str] = []
    for typed in names:
        name = find_name(typed, [*STRUCTURE_BY_NAME, *PARAMETER_BY_NAME], "parameter or structure")
        wanted += STRUCTURE_BY_NAME[name].parameters if name in STRUCTURE_BY_NAME else (name,)
    return list(dict.fromkeys(wanted))


def _check_reported(names: list[str]) -> None:
    """Raises ArgumentError for a parameter that would never come by itself."""
    for name in names:
        if name not in STRUCTURE_OF:
            raise ArgumentError(f"{name} is in no structure, it comes only when asked for: penumbra gnd tlm get {name}")


@tlm.command()
@click.argument("names", nargs=-1, required=True, shell_complete=completing.parameters)
@click.option(
    "--timeout", type=options.SECONDS, default=10.0, show_default=True, help="Seconds to wait for the answers."
)
@options.format_option
@options.link_options
@click.pass_context
def get(
    context: click.Context,
    names: tuple[str, ...],
    timeout: float,
    style: str,
    tm_port: int,
    tc_host: str,
    tc_port: int,
) -> None:
    """Ask for values now; NAMES are parameters or structures. Exit code 6 when one was not answered.

    Example: penumbra gnd tlm get soc mode temp_margin_c
    """
    with options.told():
        wanted = parameters(names)
    with options.session(tm_port, tc_host, tc_port) as session:
        found = _ask(session, wanted, timeout)
    writer = Writer(sys.stdout, style, WIDTHS)
    for name in wanted:
        never = {"name": name, "value": None, "unit": PARAMETER_BY_NAME[name].unit, "quality": "never"}
        writer.write(found.get(name, never))
    writer.close()
    context.exit(0 if len(found) == len(wanted) else 6)


def _ask(session: Session, wanted: list[str], timeout_s: float) -> dict[str, dict[str, object]]:
    """Structures for what is in one, single parameters for the rest; gives the rows that came."""
    ask(session, wanted)
    found: dict[str, dict[str, object]] = {}
    watch = Watch(frozenset(wanted))
    for record in session.records(options.deadline_ns(session.clock, timeout_s)):
        if record is not None:
            found.update({str(row["name"]): row for row in watch.take(record, session.clock.now_ns())})
        if len(found) == len(wanted):
            break
    return found
