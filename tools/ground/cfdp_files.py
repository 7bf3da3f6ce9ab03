"""Files at the ground's end: sources wherever they lie, and receptions that another run of a tool goes on with."""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping
from pathlib import Path

from fsw.cfdp.entity import Checkpoint, Entity
from fsw.packets.errors import PacketError

CHECKPOINTS = "checkpoints.json"


class SourceFiles:
    """Files to send, by the names that the other end is told. Nothing is ever written here."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._paths = paths

    def size(self, name: str) -> int:
        return self._paths[name].stat().st_size

    def read(self, name: str, offset: int, octets: int) -> bytes:
        with self._paths[name].open("rb") as file:
            file.seek(offset)
            return file.read(octets)

    def begin(self, _partial: str, name: str, _size: int) -> None:
        raise PermissionError(errno.EACCES, "nothing is received here", name)

    def write(self, partial: str, _offset: int, _data: bytes) -> None:
        raise PermissionError(errno.EACCES, "nothing is received here", partial)

    def read_back(self, partial: str, _offset: int, _octets: int) -> bytes:
        raise PermissionError(errno.EACCES, "nothing is received here", partial)

    def sync(self, partial: str) -> None:
        raise PermissionError(errno.EACCES, "nothing is received here", partial)

    def commit(self, partial: str, name: str) -> None:
        raise PermissionError(errno.EACCES, "nothing is received here", name)

    def discard(self, _partial: str) -> None:
        """There is none."""


def save_receptions(entity: Entity, folder: Path) -> None:
    """Keep where receptions into `folder` stand; forget what was kept where there are none."""
    kept = folder / ".partial" / CHECKPOINTS
    rows = [_row(checkpoint) for checkpoint in entity.checkpoints()]
    if not rows:
        kept.unlink(missing_ok=True)
    elif kept.parent.is_dir():
        new = kept.with_suffix(".new")
        new.write_text(json.dumps(rows), encoding="ascii")
        new.replace(kept)


def restore_receptions(entity: Entity, now_ns: int, folder: Path) -> int:
    """Go on with receptions that an earlier tool has left; how many. What cannot be read counts for nothing."""
    try:
        rows = json.loads((folder / ".partial" / CHECKPOINTS).read_text(encoding="ascii"))
        checkpoints = [_checkpoint(row) for row in rows]
        for checkpoint in checkpoints:
            entity.restore(now_ns, checkpoint)
    except (OSError, ValueError, KeyError, TypeError, PacketError):
        return 0
    return len(checkpoints)


def _row(checkpoint: Checkpoint) -> dict[str, object]:
    return {
        "header": checkpoint.header.hex(), "metadata": checkpoint.metadata.hex(), "eof": checkpoint.eof.hex(),
        "finished": checkpoint.finished.hex(), "received": checkpoint.received,
    }  # fmt: skip


def _checkpoint(row: dict[str, object]) -> Checkpoint:
    octets = {name: bytes.fromhex(str(row[name])) for name in ("header", "metadata", "eof", "finished")}
    received = row["received"]
    if not isinstance(received, list):
        raise ValueError("not a list of intervals")
    return Checkpoint(**octets, received=tuple((int(start), int(end)) for start, end in received))
