"""`penumbra gnd file`: put, get, ls, rm, status; `peer` for other CFDP entities. Names are REPOSITORY/FILE."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from fsw.cfdp.directives import NAME_OCTETS_MAX, Condition
from fsw.cfdp.entity import Entity
from fsw.cfdp.files import Files, FolderFiles
from fsw.cfdp.settings import CfdpSettings, Ended, PutRequest, TransactionId
from hal.clock import SECOND_NS
from tools.ground import options
from tools.ground.cfdp_files import SourceFiles, restore_receptions, save_receptions
from tools.ground.cfdp_peer_cli import EXIT_FAILED, EXIT_UNKNOWN, peer
from tools.ground.cfdp_session import ANSWER_S, BOARD, Answer, FileSession
from tools.ground.output import Writer

EXIT_PARTIAL = 9
LIMIT_OCTETS = 1 << 32
OPERATIONS = 1 << 16
NUMBER_NS = SECOND_NS // 100  # shorter than any transfer, and 32 bits of it are more than a year
SAVE_NS = 5 * SECOND_NS
SHOW_NS = 2 * SECOND_NS
CHECK_S = 120.0  # to hash a file on board
_shared = (
    click.option(
        "--entity", type=click.IntRange(1, 65_535), default=1, show_default=True,
        help="Our CFDP number; tools that run at once need different ones.",
    ),
    click.option("--rate", type=click.FloatRange(1.0, 1e6), default=200.0, show_default=True, help="PDUs a second."),
    click.option("--seconds", type=options.SECONDS, default=None, help="Stop after so long; it can be gone on with."),
    options.link_options,
)  # fmt: skip


@click.group("file")
def file() -> None:
    """Files on board: repositories models, inbox, results, stores."""


file.add_command(peer)


def _transfer_options(function: Any) -> Any:
    for option in reversed(_shared):
        function = option(function)
    return function


@file.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.argument("target")
@click.option("--resume", type=click.IntRange(0), default=None, help="Number that an interrupted put has told.")
@_transfer_options
def put(
    paths: tuple[Path, ...],
    target: str,
    resume: int | None,
    entity: int,
    rate: float,
    seconds: float | None,
    **link: Any,
) -> None:
    """Send files, or folders of them, to TARGET: REPOSITORY, or REPOSITORY/NAME for one file.

    Example: penumbra gnd file put water models     (then: penumbra gnd cmd send activate_model model=water)

    A file that is there already, by its hash, is not sent again. Each is checked on board after it has arrived.
    Exit code 0 all there, 9 some, 5 none, 6 unknown, 7 link down.
    """
    sources = _named(paths, target)
    with _files(SourceFiles(sources), entity, rate, link, takes_files=False) as conversation:
        deadline_ns = options.deadline_ns(conversation.session.clock, seconds)
        codes = []
        for name, path in sources.items():
            if _is_there(conversation, name, path, ANSWER_S):
                click.echo(f"{name} is there already")
                codes.append(0)
                continue
            codes.append(_put(conversation, name, path, resume, deadline_ns))
            resume = None
        conversation.finish()
    sys.exit(_summary(codes))


@file.command()
@click.argument("name")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--resume", type=click.IntRange(1, OPERATIONS - 1), default=None, help="Number that a get has told.")
@_transfer_options
def get(
    name: str, path: Path | None, resume: int | None, entity: int, rate: float, seconds: float | None, **link: Any
) -> None:
    """Fetch NAME (REPOSITORY/FILE) to PATH, a file or a folder.

    Example: penumbra gnd file get results/17.npy .

    Exit code 0 it is here, 5 it is not, 6 unknown, 7 link down.
    """
    repository, inner = _parts(name)
    target = Path(inner.rpartition("/")[2])
    if path is not None:
        target = path / target if path.is_dir() else path
    files = FolderFiles(target.parent, LIMIT_OCTETS)
    with _files(files, entity, rate, link, takes_files=True) as conversation:
        clock = conversation.session.clock
        number = resume or clock.utc_ns() // SECOND_NS % (OPERATIONS - 1) + 1
        if resume is None:
            answer = conversation.begin("copy_file", number, repository, inner, "ground", target.name)
        else:
            restore_receptions(conversation.entity, clock.now_ns(), target.parent)
            answer = conversation.begin("resume_copy", number)
        try:
            code = _receive(conversation, answer, target, options.deadline_ns(clock, seconds))
        finally:
            save_receptions(conversation.entity, target.parent)
            if not target.exists():
                click.echo(f"to go on: penumbra gnd file get {name} {target} --resume {number}", err=True)
    sys.exit(code)


@file.command()
@click.argument("repository")
@options.format_option
@options.link_options
def ls(repository: str, style: str, **link: Any) -> None:
    """List a repository.  Example: penumbra gnd file ls results"""
    _ask("list_files", (repository,), style, {"file": 50, "size": 0}, link)


@file.command()
@click.argument("name")
@options.link_options
def rm(name: str, **link: Any) -> None:
    """Delete NAME (REPOSITORY/FILE) on board.  Example: penumbra gnd file rm results/17.npy"""
    _ask("delete_file", _parts(name), "table", {}, link)


@file.command()
@options.format_option
@options.link_options
def status(style: str, **link: Any) -> None:
    """How far each copy is that was asked for.  Example: penumbra gnd file status --format json"""
    _ask("report_copies", (), style, {"operation": 10, "state": 10, "done": 12, "total": 0}, link)


@contextmanager
def _files(files: Files, entity: int, rate: float, link: dict[str, Any], takes_files: bool) -> Iterator[FileSession]:
    with options.session(**link, source=entity) as session:
        # A sequence number from UTC: a tool that is started again never takes one that the other end remembers.
        first = session.clock.utc_ns() // NUMBER_NS % (1 << 32)
        settings = CfdpSettings(entity=entity, takes_files=takes_files)
        yield FileSession(session, Entity(settings, files, first), rate)


def _put(conversation: FileSession, name: str, path: Path, resume: int | None, deadline_ns: int | None) -> int:
    """Send one file, and have it looked at on board."""
    request = PutRequest(destination=BOARD, source_name=name, destination_name=name)
    clock = conversation.session.clock
    id_ = (
        conversation.entity.put(clock.now_ns(), request)
        if resume is None
        else conversation.entity.take_up(request, resume)
    )
    try:
        while id_ not in conversation.ended:
            if deadline_ns is not None and clock.now_ns() >= deadline_ns:
                return EXIT_UNKNOWN
            conversation.step()
            _show(conversation, id_, name)
    finally:
        if id_ not in conversation.ended:
            click.echo(f"to go on: the same command with --resume {id_[1]}", err=True)
    return _judge(conversation, conversation.ended[id_], name, path)


def _judge(conversation: FileSession, ended: Ended, name: str, path: Path) -> int:
    """What the board says it has is what counts; the protocol's word where the board says nothing."""
    if _is_there(conversation, name, path, CHECK_S):
        click.echo(f"{name} delivered and checked on board, {path.stat().st_size} octets")
        return 0
    if ended.condition is not Condition.NO_ERROR:
        click.echo(f"{name} failed: {ended.condition.name.lower()}", err=True)
        return EXIT_FAILED
    click.echo(f"{name}: the board does not say that it has it", err=True)
    return EXIT_UNKNOWN


def _is_there(conversation: FileSession, name: str, path: Path, seconds: float) -> bool:
    answer = conversation.command("describe_file", *_parts(name), seconds=seconds)
    for report in answer.reports:
        if report.name == "file_attributes" and f"{report.values['repository']}/{report.values['file']}" == name:
            return str(report.values["sha256"]) == hashlib.sha256(path.read_bytes()).hexdigest()
    return False


def _receive(conversation: FileSession, answer: Answer, target: Path, deadline_ns: int | None) -> int:
    """Wait until the file of that name has come, or will not."""
    clock, saved_ns = conversation.session.clock, 0
    while deadline_ns is None or clock.now_ns() < deadline_ns:
        conversation.step()
        for id_, name in conversation.names.items():
            _show(conversation, id_, name)
        for ended in conversation.ended.values():
            if ended.name == target.name:
                conversation.finish()
                word = "delivered" if ended.is_delivered else f"failed: {ended.condition.name.lower()}"
                click.echo(f"{target} {word}, {ended.octets} octets")
                return 0 if ended.is_delivered else EXIT_FAILED
        if answer.verdict:
            click.echo(answer.why, err=True)
            return answer.verdict
        if clock.now_ns() - saved_ns >= SAVE_NS:
            saved_ns = clock.now_ns()
            save_receptions(conversation.entity, target.parent)
    return EXIT_UNKNOWN


def _show(conversation: FileSession, id_: TransactionId, name: str) -> None:
    """Progress on standard error, now and then."""
    now_ns = conversation.session.clock.now_ns()
    if now_ns - conversation.shown_ns < SHOW_NS:
        return
    conversation.shown_ns = now_ns
    for row in conversation.entity.status():
        if row.id == id_ and row.size:
            waits = ", waits for a contact" if row.is_suspended else ""
            click.echo(f"{name}: {100 * row.octets // row.size} % of {row.size} octets{waits}", err=True)


def _ask(name: str, values: tuple[str, ...], style: str, widths: dict[str, int], link: dict[str, Any]) -> None:
    """One command; its reports as rows."""
    with _files(SourceFiles({}), 1, 100.0, link, takes_files=False) as conversation:
        answer = conversation.command(name, *values)
    if widths:
        writer = Writer(sys.stdout, style, widths)
        for report in answer.reports:
            if set(widths) <= set(report.values):
                writer.write(dict(report.values))
        writer.close()
    if answer.verdict:
        click.echo(answer.why, err=True)
    sys.exit(answer.verdict)


def _named(paths: tuple[Path, ...], target: str) -> dict[str, Path]:
    """What is sent, by its name on board; what makes others be looked at (manifests, tickets) comes last."""
    found: dict[str, Path] = {}
    for path in paths:
        if path.is_dir():
            found |= {f"{target}/{path.name}/{item.name}": item for item in path.iterdir() if item.is_file()}
        else:
            found[target if "/" in target else f"{target}/{path.name}"] = path
    if len(paths) > 1 and "/" in target:
        raise options.Misunderstood("more than one file: give the repository alone")
    too_long = [name for name in found if len(name.encode()) > NAME_OCTETS_MAX]
    if too_long:
        raise options.Misunderstood(f"a name has at most {NAME_OCTETS_MAX} octets")
    return dict(sorted(found.items(), key=lambda item: (item[0].endswith(".toml"), item[0].endswith("manifest.toml"))))


def _parts(name: str) -> tuple[str, str]:
    repository, _, inner = name.partition("/")
    if not inner:
        raise options.Misunderstood(f"{name!r} is no REPOSITORY/FILE")
    return repository, inner


def _summary(codes: list[int]) -> int:
    if any(codes) and not all(codes):
        return EXIT_PARTIAL
    return max(codes, default=0)
