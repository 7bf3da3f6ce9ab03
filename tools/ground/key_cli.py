"""`penumbra gnd key`: make, status, swap."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from fsw.packets.security.errors import KeyRefused
from fsw.packets.security.keyring import CHANNELS, AssociationRow, Channel
from tools.ground import options
from tools.ground.counters import SharedCounter
from tools.ground.output import Writer
from tools.ground.ring import GroundRing, make_keys

WIDTHS = {"channel": 8, "spi": 4, "cipher": 13, "fingerprint": 12, "in_use": 7, "counter_used": 0}
_folder = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.group()
def key() -> None:
    """Keys of the command channels: files of 32 octets that their owner alone may read."""


@key.command()
@_folder
@options.format_option
def make(folder: Path, style: str) -> None:
    """New keys in FOLDER, from the system's entropy, with the ground's counters for them.

    The same files go to the board, as its mission's link.keys, where `python -m fsw launch` begins the counters.
    Example: penumbra gnd key make flight/keys
    """
    with options.told():
        make_keys(folder, os.urandom)
        _show(folder, style)


@key.command()
@_folder
@options.format_option
def status(folder: Path, style: str) -> None:
    """Fingerprints and counters of the keys in FOLDER.  Example: penumbra gnd key status flight/keys"""
    with options.told():
        _show(folder, style)


@key.command()
@_folder
@click.argument("spi", type=click.IntRange(1, 0xFFFF))
def swap(folder: Path, spi: int) -> None:
    """Seal under association SPI from now on; then stop the other one on board with stop_key.

    Example: penumbra gnd key swap flight/keys 10
    """
    with options.told():
        channel = next((item for item in CHANNELS if item.row(spi) is not None), None)
        if channel is None:
            raise KeyRefused(f"no channel has an association {spi}")
        GroundRing(folder, channel).swap(spi)


def _show(folder: Path, style: str) -> None:
    writer = Writer(sys.stdout, style, WIDTHS)
    for channel in _channels(folder):
        ring = GroundRing(folder, channel)
        for row in channel.rows:
            writer.write({"channel": channel.name, **_line(ring, row)})
    writer.close()


def _channels(folder: Path) -> list[Channel]:
    """Those that have keys in the folder; all of them, so that the first one is told as missing, where none has."""
    found = [channel for channel in CHANNELS if (folder / channel.rows[0].key_file).exists()]
    return found or list(CHANNELS)


def _line(ring: GroundRing, row: AssociationRow) -> dict[str, object]:
    counter = ring.association(row.spi).counter
    return {
        "spi": row.spi,
        "cipher": row.cipher,
        "fingerprint": ring.key(row.spi).fingerprint(),
        "in_use": "yes" if ring.spi == row.spi else "no",
        "counter_used": counter.last if isinstance(counter, SharedCounter) else None,
    }
