"""One digest over all that flies, and one for each of its parts: SHA-256, of which telemetry has the first 24 digits.

Two flights with one digest have the same software, dictionary, board file, parameters, models and keys (by their
identifiers). Every part is a table of names and octets; each name and content is hashed with its length in front, so
that no two tables give the same octets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from fsw.catalogue.apids import APIDS
from fsw.catalogue.commands import COMMANDS
from fsw.catalogue.events import EVENTS
from fsw.catalogue.failures import FAILURES
from fsw.catalogue.parameters import PARAMETERS
from fsw.catalogue.reports import REPORTS
from fsw.catalogue.rows import NAME_OCTETS
from fsw.catalogue.structures import STRUCTURES

DIGITS = NAME_OCTETS  # 96 bits: two builds in a mission's life will not share them by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class AsFlown:
    """What flies, by the digest of each part (see `digest_of`); the dictionary and parameters are added to it."""

    software: str
    board: str
    models: str
    keys: str

    def report(self, settings: Mapping[str, float]) -> tuple[str, ...]:
        """The values of the report as_flown: the one digest, then those of software, dictionary, board, parameters,
        models and keys."""
        parameters = digest_of({name: repr(float(value)).encode() for name, value in settings.items()})
        parts = (self.software, dictionary_digest(), self.board, parameters, self.models, self.keys)
        whole = digest_of({str(place): part.encode() for place, part in enumerate(parts)})
        return tuple(digest[:DIGITS] for digest in (whole, *parts))


def digest_of(table: Mapping[str, bytes]) -> str:
    """The SHA-256 of a table of names and octets, in the order of the names; in hexadecimal.

    >>> digest_of({"a": b"1", "b": b"2"}) == digest_of({"b": b"2", "a": b"1"}) != digest_of({"a": b"1b2"})
    True
    """
    whole = hashlib.sha256()
    for name in sorted(table):
        for octets in (name.encode(), table[name]):
            whole.update(len(octets).to_bytes(8, "big"))
            whole.update(octets)
    return whole.hexdigest()


@cache
def dictionary_digest() -> str:
    """The digest of the dictionary: every row of every table."""
    tables = (PARAMETERS, STRUCTURES, EVENTS, COMMANDS, REPORTS, FAILURES, APIDS)
    return digest_of({str(place): repr(table).encode() for place, table in enumerate(tables)})
