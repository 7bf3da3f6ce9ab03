"""The archive of a mission: takes what is received, keeps it, and answers questions in SQL."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from tools.ground.archive.rawlog import SEGMENT_OCTETS, ArchiveError, RawLog, Received, read, segment_path, segments
from tools.ground.archive.tables import TABLES, tables_of
from tools.ground.decoder import Decoder

SQL_TYPES = {"int64": "BIGINT", "int32": "INTEGER", "float64": "DOUBLE", "bool": "BOOLEAN", "str": "VARCHAR"}
SQL_TYPES |= {"bytes": "BLOB"}


class Archive:
    """The writing end. Whatever was synced is there after a crash; tables that are missing are made at the start."""

    def __init__(self, folder: Path, segment_octets: int = SEGMENT_OCTETS) -> None:
        self._log = RawLog(folder, segment_octets)
        self._folder = folder
        self.torn_octets = self._log.torn_octets
        for number in segments(self._log.folder):
            if number < self._log.number and not _is_made(folder, number):
                make_tables(folder, number)

    def add(self, packet: Received) -> None:
        """Keep one packet; durable once `sync` has returned."""
        full = self._log.append(packet)
        if full is not None:
            make_tables(self._folder, full)

    def sync(self) -> None:
        """What was added outlives a power cut."""
        self._log.sync()

    def close(self) -> None:
        """Sync, and let others write."""
        self._log.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def make_tables(folder: Path, number: int) -> None:
    """The Parquet files of one full segment; a file is there whole or not at all."""
    (folder / "parquet").mkdir(exist_ok=True)
    connection = duckdb.connect()
    tables = tables_of(number, read(segment_path(folder / "raw", number)), _decoder(folder, number))
    for name in reversed(list(TABLES)):  # `packets`, by which a segment counts as made, comes last
        path = _parquet(folder, name, number)
        new = path.with_suffix(".new")
        _load(connection, name, tables[name])
        connection.execute(f"COPY {name} TO '{_quoted(new)}' (FORMAT parquet, COMPRESSION zstd)")
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(path)


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with a view a table: what is in Parquet, and what the last segments hold as yet.

    Views have the times also as `generated` and `received`, UTC. Raises ArchiveError where there is no archive.
    """
    if not (folder / "raw").is_dir():
        raise ArchiveError(f"{folder}: no archive is there; `penumbra gnd archive` makes one")
    connection = duckdb.connect()
    made = [number for number in segments(folder / "raw") if _is_made(folder, number)]
    tails = [_tail(folder, number) for number in segments(folder / "raw") if number not in made]
    for name in TABLES:
        _load(connection, f"{name}_tail", _joined(name, tails))
        parts = [f"SELECT * FROM {name}_tail"]
        if made:
            files = ", ".join(f"'{_quoted(_parquet(folder, name, number))}'" for number in made)
            parts.insert(0, f"SELECT * FROM read_parquet([{files}])")
        times = "make_timestamp_ns(generated_ns) AS generated, make_timestamp_ns(received_ns) AS received"
        connection.execute(f"CREATE VIEW {name} AS SELECT {times}, * FROM ({' UNION ALL '.join(parts)}) ORDER BY n")
    return connection


def ask(folder: Path, question: str) -> Iterator[dict[str, object]]:
    """The rows of an SQL question, by their columns' names; raises duckdb.Error."""
    answer = connect(folder).execute(question)
    names = [column[0] for column in answer.description or ()]
    while rows := answer.fetchmany(1000):
        yield from (dict(zip(names, row, strict=True)) for row in rows)


def known(folder: Path, packets: Iterable[bytes]) -> list[bool]:
    """Whether each packet is in the archive already, octet for octet."""
    connection = connect(folder)
    wanted = list(packets)
    _load_column(connection, wanted)
    found = connection.execute("SELECT DISTINCT octets FROM wanted SEMI JOIN packets USING (octets)").fetchall()
    there = {bytes(row[0]) for row in found}
    return [packet in there for packet in wanted]


def _load_column(connection: duckdb.DuckDBPyConnection, octets: list[bytes]) -> None:
    connection.execute("CREATE TEMP TABLE wanted (octets BLOB)")
    if octets:
        connection.executemany("INSERT INTO wanted VALUES (?)", [(packet,) for packet in octets])


def _decoder(folder: Path, before: int) -> Decoder:
    """A decoder that knows the structures made up in flight, as the segments before told."""
    decoder = Decoder()
    files = [_parquet(folder, "reports", number) for number in segments(folder / "raw") if number < before]
    there = ", ".join(f"'{_quoted(path)}'" for path in files if path.exists())
    if there:
        question = (
            f"SELECT details FROM read_parquet([{there}]) WHERE name IN ('structure_definition', 'trace_definition')"
        )
        for (details,) in duckdb.connect().execute(question).fetchall():
            fields = json.loads(details)
            if str(fields["structure"]).isdecimal():
                decoder.learn(int(fields["structure"]), str(fields["parameters"]).split(","))
    return decoder


def _tail(folder: Path, number: int) -> dict[str, dict[str, Any]]:
    return tables_of(number, read(segment_path(folder / "raw", number)), _decoder(folder, number))


def _joined(name: str, tails: list[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    empty = tables_of(0, (), Decoder())[name]
    return {column: np.concatenate([tail[name][column] for tail in tails] or [empty[column]]) for column in empty}


def _load(connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, Any]) -> None:
    """A table of arrays; NaN, which stands for a missing number, becomes NULL."""
    casts = ", ".join(
        f"CAST({f'CASE WHEN isnan({column}) THEN NULL ELSE {column} END' if kind == 'float64' else column} "
        f"AS {SQL_TYPES[kind]}) AS {column}"
        for column, kind in TABLES[name.removesuffix("_tail")].items()
    )
    connection.register("columns", columns)
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {casts} FROM columns")
    connection.unregister("columns")


def _parquet(folder: Path, name: str, number: int) -> Path:
    return folder / "parquet" / f"{name}-{number:08d}.parquet"


def _is_made(folder: Path, number: int) -> bool:
    return _parquet(folder, "packets", number).exists()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
