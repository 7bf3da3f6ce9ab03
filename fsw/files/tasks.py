"""What takes longer than a step: generators that do a bounded piece of work between two yields. They raise OSError."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from zlib import crc32

from fsw.files.names import FileName
from fsw.files.repository import Repositories

PIECE = 4 << 20  # some ten milliseconds of hashing or copying


def hashing(files: Repositories, name: FileName) -> Generator[None, None, tuple[int, str]]:
    """Size and SHA-256 (hex) of a file."""
    digest, size = hashlib.sha256(), 0
    while data := files.read(str(name), size, PIECE):
        digest.update(data)
        size += len(data)
        yield
    files.size(str(name))  # one of no octets must be there as well
    return size, digest.hexdigest()


def copying(files: Repositories, source: FileName, target: FileName, partial: str) -> Generator[int, None, None]:
    """Yields the octets copied so far. The copy is read back before it gets its name."""
    size = files.size(str(source))
    try:
        files.begin(partial, str(target), size)
        checksum = yield from _write(files, source, partial, size)
        if checksum != (yield from _read_back(files, partial, size)):
            raise OSError(f"the copy of {source} is not what was read")
        files.commit(partial, str(target))
    finally:
        files.discard(partial)


def _write(files: Repositories, source: FileName, partial: str, size: int) -> Generator[int, None, int]:
    done = checksum = 0
    while done < size:
        data = files.read(str(source), done, min(PIECE, size - done))
        if not data:
            raise OSError(f"{source} became shorter while it was copied")
        files.write(partial, done, data)
        checksum = crc32(data, checksum)
        done += len(data)
        yield done
    return checksum


def _read_back(files: Repositories, partial: str, size: int) -> Generator[int, None, int]:
    done = checksum = 0
    while done < size:
        data = files.read_back(partial, done, PIECE)
        if not data:
            break
        checksum = crc32(data, checksum)
        done += len(data)
        yield size
    return checksum
