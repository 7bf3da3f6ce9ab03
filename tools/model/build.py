"""Build a package from ONNX files: its edges are read from the graphs, its goldens are run once and kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from fsw.infer.client import WorkerClient
from fsw.infer.package import InputSpec, Package, PackageError, TensorSpec
from tools.model.execute import run_rows
from tools.model.read_onnx import Edge, OnnxError, read_onnx
from tools.model.write import write_package

ROOM = 0.5  # of the goldens' span: how far beyond them a value may lie where no range is given
WIDEST = 1e30  # a range that refuses nothing but what is not a number

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What the ONNX files do not say. `order` names variants best first; those it lacks follow by file name."""

    name: str
    version: str = "1.0.0"
    task: str = "not told"
    licence: str = "not told"
    input_unit: str = "1"
    output_unit: str = "1"
    input_range: Range | None = None
    output_range: Range | None = None
    tolerance: float = 1e-4
    metric: str = "none"
    metric_values: dict[str, float] = field(default_factory=dict)
    order: tuple[str, ...] = ()


def build_package(folder: Path, source: Path, golden: Path, recipe: Recipe) -> Package:
    """The package in `folder`, made of the .onnx file, or the folder of them, at `source`.

    `golden` is a .npy with input rows, or an .npz with "input" and, where another program gave them, outputs by
    variant; those that it lacks are what the variant gives here. Raises PackageError where variants disagree.
    """
    models = _models(source, recipe.order)
    takes, gives = _common_edges(models)
    goldens = _goldens(golden)
    rows = goldens["input"]
    input_spec = InputSpec(**_spec(takes, rows, recipe.input_unit, recipe.input_range or _range([rows])))
    missing = [name for name in models if name not in goldens]
    if missing:
        widest = TensorSpec(**_spec(gives, None, recipe.output_unit, (-WIDEST, WIDEST)))
        goldens |= _run(recipe, {name: models[name] for name in missing}, input_spec, widest, rows)
    outputs = {name: goldens[name] for name in models}
    output_range = recipe.output_range or _range(outputs.values())
    first = next(iter(outputs.values()))
    output_spec = TensorSpec(**_spec(gives, first, recipe.output_unit, output_range))
    return _write(folder, recipe, models, input_spec, output_spec, {"input": rows, **outputs})


def _models(source: Path, order: tuple[str, ...]) -> dict[str, bytes]:
    """The octets of each file by its stem, in the order asked for."""
    paths = sorted(source.glob("*.onnx")) if source.is_dir() else [source]
    if not paths:
        raise PackageError(f"{source}: holds no .onnx file")
    found = {path.stem: path.read_bytes() for path in paths}
    unknown = [name for name in order if name not in found]
    if unknown:
        raise PackageError(f"{source}: has no {', '.join(unknown)}; it has {', '.join(found)}")
    return {name: found[name] for name in (*order, *(name for name in found if name not in order))}


def _common_edges(models: Mapping[str, bytes]) -> tuple[Edge, Edge]:
    """Input and output that all variants share."""
    pairs = []
    for name, content in models.items():
        model = read_onnx(content)
        if len(model.inputs) != 1 or len(model.outputs) != 1:
            raise OnnxError(f"{name}: has {len(model.inputs)} inputs and {len(model.outputs)} outputs, not one of each")
        pairs.append((model.inputs[0], model.outputs[0]))
    for name, pair in zip(models, pairs, strict=True):
        if any(one.dtype != other.dtype for one, other in zip(pair, pairs[0], strict=True)):
            raise OnnxError(f"{name}: takes or gives another type than {next(iter(models))}: make a package of each")
    return pairs[0]


def _goldens(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of the golden file, "input" among them."""
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"input": loaded}
        with loaded:
            arrays = {name: loaded[name] for name in loaded.files}
    except (ValueError, BadZipFile) as error:
        raise PackageError(f"{path.name}: is no .npy or .npz file: {error}") from error
    if "input" not in arrays:
        raise PackageError(f"{path.name}: has no array 'input'; it has {', '.join(arrays)}")
    return arrays


def _spec(edge: Edge, sample: NDArray[Any] | None, unit: str, bounds: Range) -> dict[str, Any]:
    """A tensor's row of the manifest. Free axes after the first are as the sample has them."""
    shape = edge.shape if sample is None else (edge.shape[0], *sample.shape[1:])
    if any(axis == "n" for axis in shape[1:]):
        raise OnnxError(f"{edge.name}: has a free axis beside the rows; give golden outputs, which have its size")
    return {"name": edge.name, "dtype": edge.dtype, "shape": shape, "unit": unit, "low": bounds[0], "high": bounds[1]}


def _range(arrays: Iterable[NDArray[Any]]) -> Range:
    """Lowest and highest of the arrays, with room on both sides; all of its numbers for a type of eight bits."""
    listed = list(arrays)
    if all(array.dtype.itemsize == 1 and array.dtype.kind in "iu" for array in listed):
        bounds = np.iinfo(listed[0].dtype)
        return float(bounds.min), float(bounds.max)
    low, high = min(float(array.min()) for array in listed), max(float(array.max()) for array in listed)
    room = ROOM * (high - low) or 1.0
    return low - room, high + room


def _run(
    recipe: Recipe, models: Mapping[str, bytes], takes: InputSpec, gives: TensorSpec, rows: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """What each variant gives for the golden input, in a worker as it flies."""
    blank = np.zeros((1, *gives.row_shape), gives.dtype)
    with tempfile.TemporaryDirectory(prefix="penumbra-build-") as scratch:
        goldens = {"input": rows, **dict.fromkeys(models, blank)}
        draft = _write(Path(scratch) / "draft", recipe, models, takes, gives, goldens)
        client = WorkerClient([draft])
        try:
            return {name: run_rows(client, draft, name, rows) for name in models}
        finally:
            client.close()


def _write(
    folder: Path,
    recipe: Recipe,
    models: Mapping[str, bytes],
    takes: InputSpec,
    gives: TensorSpec,
    goldens: Mapping[str, NDArray[Any]],
) -> Package:
    shared = {"metric": recipe.metric, "tolerance": recipe.tolerance}
    return write_package(
        folder,
        identity={name: getattr(recipe, name) for name in ("name", "version", "task", "licence")},
        input_spec=takes,
        output_spec=gives,
        variants={name: {**shared, "metric_value": recipe.metric_values.get(name, 0.0)} for name in models},
        models=models,
        goldens=goldens,
    )
