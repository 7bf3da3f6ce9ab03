"""Rows to a table, JSON, JSON lines or CSV: same rows, same keys, no colour."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from typing import TextIO

FORMATS = ("table", "json", "jsonl", "csv")
Row = Mapping[str, object]
EXACT = 2.0**53  # up to here a float holds every whole number


class Writer:
    """Writes rows as they come. `widths` are the columns of the table, in order; the last is not padded.

    JSON is one list, written by `close`; the other formats are written row by row.
    """

    def __init__(self, stream: TextIO, style: str, widths: Mapping[str, int]) -> None:
        self._stream = stream
        self._style = style
        self._widths = widths
        self._rows: list[Row] = []
        self._has_header = False

    def write(self, row: Row) -> None:
        """Write one row; a key that is no column stays out of table and CSV."""
        match self._style:
            case "json":
                self._rows.append(_strict(row))
            case "jsonl":
                self._line(json.dumps(_strict(row)))
            case "csv":
                self._csv(row)
            case _:
                self._table(row)
        self._stream.flush()

    def close(self) -> None:
        """End the output."""
        if self._style == "json":
            self._line(json.dumps(self._rows, indent=2))

    def _table(self, row: Row) -> None:
        if not self._has_header:
            self._has_header = True
            self._line(self._padded({name: name for name in self._widths}))
        self._line(self._padded(row))

    def _padded(self, row: Row) -> str:
        return " ".join(shown(row.get(name)).ljust(width) for name, width in self._widths.items()).rstrip()

    def _csv(self, row: Row) -> None:
        writer = csv.DictWriter(self._stream, list(self._widths), extrasaction="ignore", lineterminator="\n")
        if not self._has_header:
            self._has_header = True
            writer.writeheader()
        writer.writerow(dict(row))

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")


def _strict(row: Row) -> Row:
    """JSON knows no infinity and no NaN: they become text."""
    items = row.items()
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value for name, value in items
    }


def shown(value: object) -> str:
    """What a person sees: six digits, all of them where it is a count, and a dash for nothing.

    >>> shown(0.123456789), shown(None), shown("SAFE"), shown(1234567.0)
    ('0.123457', '-', 'SAFE', '1234567')
    """
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if value.is_integer() and abs(value) < EXACT else f"{value:.6g}"
