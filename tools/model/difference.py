"""What changed between two packages: descriptions, operators, weights, goldens, sizes, profiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.infer.package import Package, Variant
from tools.model.read_onnx import read_onnx

PLAIN = ("name", "version", "task", "licence")
SPEC = ("name", "dtype", "shape", "unit", "low", "high", "integer_scale", "columns")
DETAILS = ("metric", "metric_value", "tolerance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is not the same in both."""

    where: str
    what: str
    before: str
    after: str


def compare(before: Package, after: Package) -> list[Change]:
    """All changes, in the order of the manifest; none for equal packages. Raises PackageError."""
    changes = list(_fields("package", before.manifest, after.manifest, PLAIN))
    changes += _fields("input", before.input, after.input, SPEC)
    changes += _fields("output", before.output, after.output, SPEC)
    changes += _named("package", "variants", before, after)
    goldens = before.goldens(), after.goldens()
    changes += _arrays("golden input", goldens[0]["input"], goldens[1]["input"])
    others = {variant.name: variant for variant in after.variants}
    for variant in before.variants:
        if variant.name in others:
            changes += _variant(before, after, variant, others[variant.name])
            changes += _arrays(f"{variant.name} golden", goldens[0][variant.name], goldens[1][variant.name])
    return changes + list(_profiles(before, after))


def _fields(where: str, before: object, after: object, names: tuple[str, ...]) -> Iterator[Change]:
    for name in names:
        pair = getattr(before, name, None), getattr(after, name, None)
        if pair[0] != pair[1]:
            yield Change(where=where, what=name, before=str(pair[0]), after=str(pair[1]))


def _named(where: str, what: str, before: Package, after: Package) -> Iterator[Change]:
    names = [", ".join(variant.name for variant in package.variants) for package in (before, after)]
    if names[0] != names[1]:
        yield Change(where=where, what=what, before=names[0], after=names[1])


def _variant(before: Package, after: Package, old: Variant, new: Variant) -> Iterator[Change]:
    """Details, and the two graphs where the files are not the same."""
    yield from _fields(old.name, old, new, DETAILS)
    if old.sha256 == new.sha256:
        return
    files = before.model_bytes(old), after.model_bytes(new)
    if len(files[0]) != len(files[1]):
        yield Change(where=old.name, what="octets", before=str(len(files[0])), after=str(len(files[1])))
    graphs = read_onnx(files[0]), read_onnx(files[1])
    yield from _fields(old.name, graphs[0], graphs[1], ("producer", "operator_set"))
    for name in sorted({*graphs[0].operators, *graphs[1].operators}):
        counts = graphs[0].operators.get(name, 0), graphs[1].operators.get(name, 0)
        if counts[0] != counts[1]:
            yield Change(where=old.name, what=f"operators {name}", before=str(counts[0]), after=str(counts[1]))
    yield from _weights(old.name, graphs[0].weights, graphs[1].weights)


def _weights(where: str, before: dict[str, NDArray[Any]], after: dict[str, NDArray[Any]]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        if name not in before or name not in after:
            pair = [_statistics(side[name]) if name in side else "none" for side in (before, after)]
            yield Change(where=where, what=f"weight {name}", before=pair[0], after=pair[1])
        else:
            yield from _arrays(f"{where} weight {name}", before[name], after[name])


def _arrays(where: str, before: NDArray[Any], after: NDArray[Any]) -> Iterator[Change]:
    if before.dtype == after.dtype and before.shape == after.shape:
        if np.array_equal(before, after, equal_nan=before.dtype.kind == "f"):
            return
        gap = np.abs(after.astype(np.float64) - before.astype(np.float64))
        changed = np.count_nonzero(before != after)
        what = f"{changed} of {before.size} values, by {gap.max():.4g} at most"
    else:
        what = "type or shape"
    yield Change(where=where, what=what, before=_statistics(before), after=_statistics(after))


def _statistics(array: NDArray[Any]) -> str:
    values = array.astype(np.float64)
    head = f"{array.dtype} {'x'.join(str(size) for size in array.shape) or 'scalar'}"
    return f"{head}, mean {values.mean():.4g}, deviation {values.std():.4g}" if array.size else head


def _profiles(before: Package, after: Package) -> Iterator[Change]:
    """Median times and processor seconds that both profiles have, where they are not the same."""
    pair = before.profile(), after.profile()
    if pair[0] is None or pair[1] is None:
        if pair[0] is not pair[1]:
            texts = ["none" if one is None else one.measured_utc for one in pair]
            yield Change(where="profile", what="measured", before=texts[0], after=texts[1])
        return
    yield from _fields("profile", pair[0], pair[1], ("machine", "runtime", "energy_source", "duty_source"))
    for point in pair[0].point:
        other = pair[1].at(point.variant, threads=point.threads, batch=point.batch, duty=point.duty)
        if other is not None and other != point:
            where = f"profile {point.variant} {point.threads} threads, batch {point.batch}, duty {point.duty:g}"
            texts = [f"{one.time_p50_s:.4g} s, {one.cpu_s:.4g} CPU s" for one in (point, other)]
            yield Change(where=where, what="p50, processor", before=texts[0], after=texts[1])
