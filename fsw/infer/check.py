"""What may enter and leave a model: shape, type, finite values inside the manifest's range; and the output's digest.

TensorError
|-- InputError     the input is refused before the model sees it
`-- OutputError    the model gave something that its manifest says cannot be
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.infer.package import InputSpec, Package, TensorSpec

ROUNDING = 1e-6  # of the range: what float32 arithmetic may add to a bound that holds exactly on paper
FOLD_LANES = 64
FOLD_FROM_BYTES = 4096  # below, hashing the octets themselves is faster than folding them
FOLD_STEP = 0x9E3779B97F4A7C15  # odd, 2**64 over the golden ratio: neighbouring weights share no bits by design

lowest, highest = np.minimum.reduce, np.maximum.reduce  # what array.min() calls, without its half microsecond


class TensorError(Exception):
    """An array that does not fit its model."""


class InputError(TensorError):
    """Wrong shape, wrong type, not a number, or out of range."""


class OutputError(TensorError):
    """Not a number, or out of range."""


def check_input(package: Package, array: NDArray[Any]) -> NDArray[Any]:
    """`array` as the model takes it: (rows, ...) in its type and unit, every value in range; raises InputError."""
    spec = package.input
    prepared = np.empty(input_shape(spec, array), spec.dtype)
    write_input(spec, array, prepared)
    check_input_range(spec, prepared)
    return prepared


def check_output(package: Package, array: NDArray[Any]) -> None:
    """Raise OutputError unless `array` has the shape, type and range of the manifest."""
    spec = package.output
    if array.shape[1:] != spec.row_shape or array.dtype != spec.dtype:
        raise OutputError(f"output is {array.dtype} {array.shape}, not {spec.dtype} (n, {spec.row_shape})")
    check_output_range(spec, array)


def input_shape(spec: InputSpec, array: NDArray[Any]) -> tuple[int, ...]:
    """The shape (rows, ...) that `array` has as input; one row may come without its batch axis. Raises InputError.

    Where the model fixes the number of rows, a multiple of them takes that many inferences.
    """
    rows = 1 if array.shape == spec.row_shape else array.shape[0] if array.ndim else 0
    shape = (rows, *spec.row_shape)
    if array.shape not in (shape, spec.row_shape) or rows == 0 or rows % (spec.fixed_rows or 1):
        wanted = ", ".join(str(size) for size in spec.shape)
        raise InputError(f"{spec.name} has shape {tuple(array.shape)}, the model takes ({wanted})")
    return shape


def write_input(spec: InputSpec, array: NDArray[Any], target: NDArray[Any]) -> None:
    """Copy `array` into `target` (of `input_shape`), converted to the model's type and unit; raises InputError.

    Whole numbers are multiplied by `integer_scale` where the model takes fractions and the manifest has a scale.
    """
    if array.dtype == target.dtype:
        target[...] = array
        return
    if array.dtype.kind not in "fiub" or (target.dtype.kind in "iu" and not _fits(array, target.dtype)):
        raise InputError(f"{spec.name} is {array.dtype}, the model takes {spec.dtype}")
    scale = spec.integer_scale if array.dtype.kind in "iu" and target.dtype.kind == "f" else None
    with np.errstate(over="ignore"):  # an overflow becomes infinite, which the range check refuses
        if scale is None:
            np.copyto(target, array, casting="unsafe")
        else:
            np.multiply(array, scale, out=target, casting="unsafe")


def check_input_range(spec: TensorSpec, array: NDArray[Any]) -> None:
    """Raise InputError for a value that is not a number or outside the manifest's range."""
    if _holds_any(spec.dtype, spec.low, spec.high):
        return
    if not spec.low <= lowest(array, None) <= highest(array, None) <= spec.high:
        raise InputError(_range_text(spec, array))


def check_output_range(spec: TensorSpec, array: NDArray[Any]) -> tuple[float, float]:
    """Lowest and highest value; raises OutputError for one that is not a number or out of range (but for rounding)."""
    slack = ROUNDING * (spec.high - spec.low)
    low, high = float(lowest(array, None)), float(highest(array, None))
    if not spec.low - slack <= low <= high <= spec.high + slack:
        raise OutputError(_range_text(spec, array))
    return low, high


def output_digest(array: NDArray[Any]) -> str:
    """Hex digest (32 digits) of the octets of a contiguous array: equal outputs, equal digests, per machine.

    Long outputs are first folded to 64 sums modulo 2**64 with odd weights a row, which changes with any one changed
    word and with any exchange of two; it costs a tenth of hashing every octet.
    """
    octets = array.reshape(-1).view(np.uint8)
    if octets.size < FOLD_FROM_BYTES:
        return hashlib.sha256(octets.data).hexdigest()[:32]
    row_bytes = 8 * FOLD_LANES
    folded_bytes = octets.size - octets.size % row_bytes
    words = octets[:folded_bytes].view(np.uint64).reshape(-1, FOLD_LANES)
    weights = np.arange(1, 2 * len(words), 2, dtype=np.uint64) * np.uint64(FOLD_STEP)
    state = hashlib.sha256(np.einsum("ij,i->j", words, weights).data)
    state.update(octets[folded_bytes:].data)
    return state.hexdigest()[:32]


def chained_digest(before: str, array: NDArray[Any], unit: int) -> str:
    """The digest of a long output that comes in pieces: of all rows up to the end of `array`, `before` being that of
    the rows before it. It goes on by `unit` rows, so that pieces of other sizes give the same; of one unit alone it is
    that of `output_digest`."""
    for first in range(0, len(array), unit):
        own = output_digest(array[first : first + unit])
        before = hashlib.sha256((before + own).encode()).hexdigest()[:32] if before else own
    return before


def output_summary(array: NDArray[Any], extremes: tuple[float, float]) -> tuple[float, float, float, float]:
    """Mean, lowest and highest (as the range check found them), and the fraction above one half."""
    flat = array.reshape(-1)
    total = np.einsum("i->", flat) if flat.dtype.kind == "f" else flat.sum(dtype=np.int64)
    above = np.count_nonzero(flat > 0.5) / flat.size
    return float(total) / flat.size, *extremes, above


@cache
def _holds_any(dtype: str, low: float, high: float) -> bool:
    """Whether no value of that type can be outside: of a byte from -128 to 127, nothing needs to be looked at."""
    bounds = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else None
    return bounds is not None and low <= bounds.min and bounds.max <= high


def _fits(array: NDArray[Any], dtype: np.dtype[Any]) -> bool:
    bounds = np.iinfo(dtype)
    return array.dtype.kind in "iub" and bounds.min <= int(array.min()) and int(array.max()) <= bounds.max


def _range_text(spec: TensorSpec, array: NDArray[Any]) -> str:
    wrong = ~np.isfinite(array)
    if wrong.any():
        return f"{spec.name} has {int(wrong.sum())} values that are not finite numbers"
    return f"{spec.name} is from {array.min():g} to {array.max():g} {spec.unit}, outside {spec.low:g} to {spec.high:g}"
