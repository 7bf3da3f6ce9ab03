"""`penumbra gnd file peer`: a file to any CFDP entity, or from one, a PDU in a UDP datagram. No spacecraft needed."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fsw.cfdp.directives import NAME_OCTETS_MAX, Condition
from fsw.cfdp.entity import Entity
from fsw.cfdp.files import FolderFiles
from fsw.cfdp.settings import CfdpSettings, Ended, Faulted, Indication, PutRequest, Started
from tools.ground import options
from tools.ground.cfdp import DatagramPdus, FileLink
from tools.ground.clock import StationClock
from tools.ground.link import UdpGroundLink
from tools.ground.options import Station

LOCAL_PORT, PEER_PORT = 10016, 10017
EXIT_FAILED, EXIT_UNKNOWN = 5, 6
LIMIT_OCTETS = 1 << 32
_link_options = (
    click.option("--port", type=options.ANY_PORT, default=LOCAL_PORT, show_default=True, help="UDP port here."),
    click.option("--peer-host", default="127.0.0.1", show_default=True, help="Host of the other entity."),
    click.option("--peer-port", type=options.PORT, default=PEER_PORT, show_default=True, help="UDP port there."),
    click.option("--entity", type=click.IntRange(0, 65_535), default=1, show_default=True, help="Our number."),
    click.option("--rate", type=click.FloatRange(1.0, 1e6), default=1000.0, show_default=True, help="PDUs a second."),
    click.option("--seconds", type=options.SECONDS, default=None, help="Stop after so long."),
)


@click.group()
def peer() -> None:
    """Files by CFDP with any other entity, one PDU a UDP datagram."""


@peer.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("name")
@click.option(
    "--peer", "number", type=click.IntRange(0, 65_535), default=2, show_default=True, help="Number of the other entity."
)
@click.option("--unacknowledged", is_flag=True, help="Class 1: nothing is sent again, nobody says that it arrived.")
def put(path: Path, name: str, number: int, unacknowledged: bool, **link: str) -> None:
    """Send PATH to be NAME there; 0 when it is there, 5 when it is not, 6 when nobody knows.

    Example: penumbra gnd file peer put model.onnx in/model.onnx
    """
    if len(name.encode()) > NAME_OCTETS_MAX:
        raise options.Misunderstood(f"a name has at most {NAME_OCTETS_MAX} octets")
    request = PutRequest(
        destination=number, source_name=path.name, destination_name=name, is_unacknowledged=unacknowledged
    )
    sys.exit(_run(path.parent, request, **link))  # type: ignore[arg-type]


@peer.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def receive(folder: Path, **link: str) -> None:
    """Take files into FOLDER, until Ctrl-C or --seconds.  Example: penumbra gnd file peer receive results"""
    sys.exit(_run(folder, None, **link))  # type: ignore[arg-type]


for _option in reversed(_link_options):
    _option(put)
    _option(receive)


def _run(
    folder: Path,
    request: PutRequest | None,
    port: int,
    peer_host: str,
    peer_port: int,
    entity: int,
    rate: float,
    seconds: float | None,
) -> int:
    """The exit code; with a request, as soon as it has ended."""
    station = click.get_current_context().obj
    if not isinstance(station, Station):
        station = Station(link=lambda: UdpGroundLink(port, peer_host, peer_port), clock=StationClock())
    with options.told():
        link = station.link()
        try:
            clock = station.clock
            # A sequence number from UTC: a tool that is started again never takes one that the other end remembers.
            first = clock.utc_ns() // 1_000_000_000 % (1 << 32)
            cfdp = Entity(CfdpSettings(entity=entity), FolderFiles(folder, LIMIT_OCTETS), first)
            files = FileLink(cfdp, DatagramPdus(link), clock, rate)
            if request is not None:
                cfdp.put(clock.now_ns(), request)
            return _follow(files, options.deadline_ns(clock, seconds), request)
        finally:
            link.close()


def _follow(files: FileLink, deadline_ns: int | None, request: PutRequest | None) -> int:
    for indication in files.indications(deadline_ns):
        click.echo(_text(indication))
        if request is not None and isinstance(indication, Ended):
            _say_goodbye(files)
            return _exit_code(indication)
    return 0 if request is None else EXIT_UNKNOWN


def _exit_code(ended: Ended) -> int:
    if ended.condition is not Condition.NO_ERROR:
        return EXIT_FAILED
    return 0 if ended.is_delivered else EXIT_UNKNOWN


def _say_goodbye(files: FileLink) -> None:
    """The last acknowledgement is still to be sent."""
    while files.entity.status():
        files.step()


def _text(indication: Indication) -> str:
    source, sequence = indication.id
    head = f"{source}.{sequence}"
    match indication:
        case Started():
            return f"{head} started: {indication.name}, {indication.size} octets"
        case Faulted():
            return f"{head} fault: {indication.condition.name.lower()}, {indication.action.value}"
        case Ended(condition=Condition.NO_ERROR, is_delivered=True):
            return f"{head} delivered: {indication.name}, {indication.octets} octets"
        case Ended(condition=Condition.NO_ERROR):
            return f"{head} sent: {indication.name}, {indication.octets} octets; nobody says whether it arrived"
    gaps = ", ".join(f"{start} to {end}" for start, end in indication.gaps)
    return f"{head} failed: {indication.condition.name.lower()}" + (f", missing {gaps}" if gaps else "")
