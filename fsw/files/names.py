"""What a file is called: REPOSITORY/FILE or REPOSITORY/FOLDER/FILE, of plain words, so that no name leads elsewhere."""

from __future__ import annotations

import errno
import re
from typing import NamedTuple

PART_OCTETS = 100
_PART = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9._+-]{{0,{PART_OCTETS - 1}}}")


class FileRefused(OSError):
    """What cannot be done with a file. `label` is that of `fsw.catalogue.failures`, and `values` belong to it."""

    def __init__(self, label: str, text: str, number: int = errno.EACCES, values: tuple[float, ...] = ()) -> None:
        super().__init__(number, text)
        self.label, self.values = label, values


class FileName(NamedTuple):
    """A checked name. `path` is relative to the repository's folder."""

    repository: str
    path: str

    def __str__(self) -> str:
        return f"{self.repository}/{self.path}"


def file_name(repository: str, path: str, depth: int = 2) -> FileName:
    """The name, where `path` has at most `depth` plain parts; raises FileRefused.

    >>> str(file_name("models", "water/manifest.toml"))
    'models/water/manifest.toml'
    """
    parts = path.split("/")
    if len(parts) > depth or not all(_PART.fullmatch(part) for part in (repository, *parts)):
        raise FileRefused("bad_file_name", f"{repository}/{path} is no file name here")
    return FileName(repository, path)


def parse_name(text: str) -> FileName:
    """The name as it stands in a PDU; raises FileRefused."""
    repository, _, path = text.removeprefix("/").partition("/")
    return file_name(repository, path)
