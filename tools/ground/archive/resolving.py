"""What became of commands whose verdict nobody waited for, by the reports that the archive has: live, or hours late."""

from __future__ import annotations

from pathlib import Path

from tools.ground.archive.archive import connect
from tools.ground.clock import iso, parse_iso

UNDECIDED = ("open", "unknown")


def resolve(folder: Path, rows: list[dict[str, object]]) -> None:
    """Fill verdict and `ended` of undecided rows of the history; a report counts for the last command before it.

    Raises ArchiveError where there is no archive.
    """
    connection = connect(folder)
    for row in rows:
        if row["verdict"] not in UNDECIDED:
            continue
        request, sent_ns = int(str(row["request"]), 16), parse_iso(str(row["utc"]))
        later = (parse_iso(str(other["utc"])) for other in rows if other["request"] == row["request"])
        until_ns = min((utc_ns for utc_ns in later if utc_ns > sent_ns), default=1 << 62)
        found = connection.execute(
            "SELECT stage, failure, received_ns FROM stages WHERE request = ? AND received_ns >= ? AND received_ns < ? "
            "AND (failure IS NOT NULL OR stage = 'completed') ORDER BY received_ns, n LIMIT 1",
            [request, sent_ns, until_ns],
        ).fetchone()
        if found is not None:
            stage, failure, received_ns = found
            refused = "not accepted" if stage in ("accepted", "routed") else "failed"
            verdict = "completed" if failure is None else refused
            row.update(verdict=verdict, ended=iso(received_ns), trouble=failure or row["trouble"])
