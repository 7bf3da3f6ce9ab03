"""Input files of `penumbra model run`: images by `tools.images`, tables by their columns."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.infer.check import InputError
from fsw.infer.package import InputSpec
from tools.images import IMAGE_ARRAYS, read_pixels


def read_rows(path: Path, spec: InputSpec) -> NDArray[Any]:
    """What a file holds for a model, one row an output, as stored (whole numbers not yet scaled).

    `.csv`: the manifest's columns by name, others ignored. `.npz`: the array called as the input, else `images`, else
    the first. `.npy`, PNG, TIFF: the array. Raises InputError with the file's name and what is needed.
    """
    if path.suffix.lower() == ".csv":
        return _read_table(path, spec)
    rows = read_pixels(path, names=(spec.name, *IMAGE_ARRAYS))
    if rows.shape == spec.row_shape:
        rows = rows[np.newaxis]
    if rows.shape[1:] != spec.row_shape:
        wanted = ", ".join(str(size) for size in spec.row_shape)
        note = "" if len(spec.row_shape) != 3 else _bands_note(rows, spec)
        raise InputError(f"{path.name}: has shape {rows.shape}; needed is (rows, {wanted}) in {spec.unit}{note}")
    return rows


def _bands_note(rows: NDArray[Any], spec: InputSpec) -> str:
    if rows.ndim in (3, 4) and rows.shape[-1] != spec.row_shape[-1]:
        return f": {spec.row_shape[-1]} bands, and the file has {rows.shape[-1]} (a colour photograph has 3)"
    return ""


def _read_table(path: Path, spec: InputSpec) -> NDArray[np.float64]:
    if not spec.columns:
        raise InputError(f"{path.name}: a table, but the model takes arrays of {spec.row_shape}, not columns")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in spec.columns if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"{path.name}: has no column {', '.join(missing)}; needed: {', '.join(spec.columns)}")
            rows = [_numbers(record, spec.columns, path, reader.line_num) for record in reader]
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name}: is not a table of comma-separated values: {error}") from error
    if not rows:
        raise InputError(f"{path.name}: has no rows under its header")
    return np.array(rows, np.float64)


def _numbers(record: dict[str, str | None], columns: tuple[str, ...], path: Path, line: int) -> list[float]:
    values = []
    for name in columns:
        text = record[name]
        try:
            values.append(float(text or ""))
        except ValueError:
            raise InputError(f"{path.name}, line {line}: column {name} is {text!r}, a number is needed") from None
    return values
