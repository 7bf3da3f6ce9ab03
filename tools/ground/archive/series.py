"""What the archive knows of parameters over a stretch of on-board time: values, eclipses, limits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from hal.clock import SECOND_NS

DARK_SHARE = 0.02  # of the array's best: albedo and the edges of the shadow give less
LEAST_W = 0.5  # an array that never gave more tells nothing
GAP_S = 600.0  # where nothing was heard for so long nobody knows whether it was dark


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """On-board time from and until, UTC nanoseconds."""

    begin_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One parameter. `times_ns` UTC of its generation, ascending; a text has its place among `texts` as value."""

    name: str
    unit: str
    times_ns: tuple[int, ...]
    values: tuple[float, ...]
    texts: tuple[str, ...] = ()


def last(connection: duckdb.DuckDBPyConnection, seconds: float | None) -> Stretch | None:
    """The last `seconds` (None: all) of on-board time that the archive has; None where it is empty."""
    found = connection.execute("SELECT min(generated_ns), max(generated_ns) FROM packets WHERE kind <> 'garbage'")
    row = found.fetchone()
    if row is None or row[1] is None:
        return None
    begin_ns = row[0] if seconds is None else max(row[0], row[1] - round(seconds * SECOND_NS))
    return Stretch(begin_ns=begin_ns, end_ns=row[1])


def samples(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], stretch: Stretch
) -> Iterator[dict[str, object]]:
    """Every sample of these parameters, by the time of its generation, as kept."""
    question = (
        "SELECT generated_ns, received_ns, name, value, text, unit, quality, structure, is_live FROM samples "
        "WHERE list_contains(?, name) AND generated_ns BETWEEN ? AND ? ORDER BY generated_ns, n"
    )
    answer = connection.execute(question, [list(names), stretch.begin_ns, stretch.end_ns])
    columns = [column[0] for column in answer.description or ()]
    while rows := answer.fetchmany(1000):
        yield from (dict(zip(columns, row, strict=True)) for row in rows)


def series(connection: duckdb.DuckDBPyConnection, name: str, stretch: Stretch) -> Series:
    """One parameter for a plot; what is missing is left out."""
    times: list[int] = []
    values: list[float] = []
    texts: dict[str, float] = {}
    unit = ""
    for row in samples(connection, [name], stretch):
        value, text = row["value"], row["text"]
        if isinstance(text, str):
            value = texts.setdefault(text, float(len(texts)))
        if isinstance(value, float):
            times.append(int(str(row["generated_ns"])))
            values.append(value)
            unit = str(row["unit"])
    return Series(name=name, unit=unit, times_ns=tuple(times), values=tuple(values), texts=tuple(texts))


def nights(connection: duckdb.DuckDBPyConnection, stretch: Stretch) -> list[Stretch]:
    """When it was dark: the host's word where there is a host, else where the array gave next to nothing."""
    dark = _by_host(connection, stretch) or _by_array(connection, stretch)
    found: list[Stretch] = []
    begin_ns = before_ns = None
    for at_ns, is_dark in dark:
        is_gap = before_ns is not None and at_ns - before_ns > GAP_S * SECOND_NS
        if begin_ns is not None and before_ns is not None and (is_gap or not is_dark):
            found.append(Stretch(begin_ns=begin_ns, end_ns=before_ns if is_gap else at_ns))
            begin_ns = None
        if is_dark and begin_ns is None:
            begin_ns = at_ns
        before_ns = at_ns
    if begin_ns is not None and before_ns is not None:
        found.append(Stretch(begin_ns=begin_ns, end_ns=before_ns))
    return found


def limits(connection: duckdb.DuckDBPyConnection, name: str) -> list[float]:
    """The limits of the watchpoints on a parameter, as the board has last described them."""
    question = "SELECT details FROM reports WHERE name = 'monitor_definition' ORDER BY n"
    newest: dict[int, tuple[str, list[float]]] = {}
    for (details,) in connection.execute(question).fetchall():
        fields = json.loads(details)
        bounds = [float(fields["low"]), float(fields["high"])]
        newest[int(fields["monitor"])] = (str(fields["parameter"]), bounds if fields["enabled"] != "no" else [])
    every = [bound for parameter, bounds in newest.values() if parameter == name for bound in bounds]
    return sorted({bound for bound in every if abs(bound) < float("inf")})


def _by_host(connection: duckdb.DuckDBPyConnection, stretch: Stretch) -> list[tuple[int, bool]]:
    told = samples(connection, ["host_sunlit"], stretch)
    return [(int(str(row["generated_ns"])), row["text"] == "no") for row in told if row["text"] is not None]


def _by_array(connection: duckdb.DuckDBPyConnection, stretch: Stretch) -> list[tuple[int, bool]]:
    found = series(connection, "array_power_w", stretch)
    best = max(found.values, default=0.0)
    if best < LEAST_W:
        return []
    return [(at_ns, value < DARK_SHARE * best) for at_ns, value in zip(found.times_ns, found.values, strict=True)]
