"""Rows as a table, JSON, JSON lines or CSV on standard output."""

from __future__ import annotations

import csv
import json
import sys

Row = dict[str, object]


def show(rows: list[Row], format_: str) -> None:
    """Print the rows; all have the same keys."""
    if format_ == "json":
        print(json.dumps(rows, indent=2))
    elif format_ == "jsonl":
        for row in rows:
            print(json.dumps(row))
    elif format_ == "csv":
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        _table(rows)


def _table(rows: list[Row]) -> None:
    if not rows:
        return
    lines = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
