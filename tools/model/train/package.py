"""Writes a model package: a folder with `manifest.toml`, the ONNX files, `golden.npz` and `CARD.md`.

The golden outputs are what ONNX Runtime gives for the golden inputs on the machine that trains; whoever loads the
package repeats them within each variant's tolerance.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import onnx
import onnxruntime

MODELS = Path(__file__).resolve().parents[3] / "fsw" / "models"
"""Where the shipped packages live."""
OPSET = 17
IR_VERSION = 8
"""Opset 17 came with version 8 of the file format: every ONNX Runtime since 1.12 reads both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """The one input or output of a model: ONNX name, type, shape with "n" rows, unit, accepted range."""

    name: str
    dtype: str
    shape: tuple[str | int, ...]
    unit: str
    low: float
    high: float
    integer_scale: float | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One file of a package. `quality` is the value of `metric`; `tolerance` bounds the difference from golden."""

    name: str
    model: onnx.ModelProto
    metric: str
    quality: float
    tolerance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What a manifest says, its variants best first, its golden input as on file, and the text of its card."""

    name: str
    version: str
    task: str
    input: Tensor
    output: Tensor
    variants: tuple[Variant, ...]
    golden_input: np.ndarray
    card: str


def write(package: Package, folder: Path | None = None) -> Path:
    """Writes `package` (to `fsw/models/NAME` unless told) and gives the folder; checks every variant first.

    Raises ValueError when a variant gives a wrong shape, a value outside the output range, or other
    values for one row alone than for the same row in a batch.
    """
    folder = folder or MODELS / package.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    golden = {"input": package.golden_input}
    for variant in package.variants:
        finish(variant.model)
        onnx.save(variant.model, folder / f"{variant.name}.onnx")
        golden[variant.name] = compact(checked_output(package, variant))
    np.savez_compressed(folder / "golden.npz", **golden)
    (folder / "CARD.md").write_text(package.card + size_table(package, folder))
    (folder / "manifest.toml").write_text(manifest(package, folder))
    return folder


def finish(model: onnx.ModelProto) -> None:
    """Removes what tools leave behind and fixes the format version."""
    model.ir_version = IR_VERSION
    model.producer_name, model.producer_version, model.doc_string = "penumbra", "", ""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(model, full_check=True)


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """Session on one thread, as the payload runs it by default."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def from_file(values: np.ndarray, tensor: Tensor) -> np.ndarray:
    """What the model is fed for an array as on file: integers scaled, type as declared."""
    scaled = values * tensor.integer_scale if values.dtype.kind in "iu" and tensor.integer_scale else values
    return np.asarray(scaled, dtype=tensor.dtype)


def checked_output(package: Package, variant: Variant) -> np.ndarray:
    """Output of `variant` for the golden input, after the checks that `write` promises."""
    running, rows = session(variant.model), from_file(package.golden_input, package.input)
    whole = running.run([package.output.name], {package.input.name: rows})[0]
    alone = running.run([package.output.name], {package.input.name: rows[:1]})[0]
    threefold = running.run([package.output.name], {package.input.name: rows[[0, 1, 0]]})[0]
    if whole.shape != (len(rows), *package.output.shape[1:]) or whole.dtype != package.output.dtype:
        raise ValueError(f"{package.name} {variant.name}: gives {whole.dtype} {whole.shape}")
    if not (np.isfinite(whole).all() and whole.min() >= package.output.low and whole.max() <= package.output.high):
        raise ValueError(f"{package.name} {variant.name}: output outside its range")
    if not all(np.allclose(part, whole[0], atol=variant.tolerance / 10.0) for part in (alone[0], threefold[2])):
        raise ValueError(f"{package.name} {variant.name}: a row depends on its batch")
    return np.asarray(whole)


def compact(output: np.ndarray) -> np.ndarray:
    """A score as it is; a mask, of which there are many values, in steps of 1/2048 (exact as float16)."""
    return output if output.ndim == 1 else (np.round(output * 2048.0) / 2048.0).astype(np.float16)


def size_table(package: Package, folder: Path) -> str:
    """Table for the card: file size and quality of each variant."""
    lines = ["", "## Variants", "", f"| variant | file | {package.variants[0].metric} |", "|---|---:|---:|"]
    for variant in package.variants:
        size = (folder / f"{variant.name}.onnx").stat().st_size
        lines.append(f"| `{variant.name}` | {size / 1024:.0f} kB | {variant.quality:.4f} |")
    return "\n".join([*lines, ""])


def manifest(package: Package, folder: Path) -> str:
    """Text of `manifest.toml`."""
    head = {"name": package.name, "version": package.version, "task": package.task, "licence": "Apache-2.0"}
    parts = [table(head)]
    parts += [f"[{key}]\n" + table(tensor_keys(getattr(package, key))) for key in ("input", "output")]
    parts.append("[golden]\n" + table({"file": "golden.npz", "sha256": digest(folder / "golden.npz")}))
    for variant in package.variants:
        file = f"{variant.name}.onnx"
        keys = {"name": variant.name, "file": file, "sha256": digest(folder / file), "metric": variant.metric}
        keys |= {"metric_value": round(variant.quality, 4), "tolerance": variant.tolerance}
        parts.append("[[variant]]\n" + table(keys))
    return "\n".join(parts)


def tensor_keys(tensor: Tensor) -> dict[str, object]:
    """Keys of an `[input]` or `[output]` table, without those that do not apply."""
    keys: dict[str, object] = {"name": tensor.name, "dtype": tensor.dtype, "shape": list(tensor.shape)}
    keys |= {"unit": tensor.unit, "low": tensor.low, "high": tensor.high}
    if tensor.integer_scale is not None:
        keys["integer_scale"] = tensor.integer_scale
    if tensor.columns:
        keys["columns"] = list(tensor.columns)
    return keys


def table(keys: dict[str, object]) -> str:
    """TOML lines; strings, numbers and lists of them are written in TOML as in JSON."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def milliseconds(model: onnx.ModelProto, rows: np.ndarray, repeats: int = 20) -> float:
    """Median wall time of one single-threaded inference of `rows`."""
    running, times = session(model), []
    for _ in range(repeats + 3):
        start = perf_counter()
        running.run(None, {running.get_inputs()[0].name: rows})
        times.append(perf_counter() - start)
    return 1e3 * float(np.median(times[3:]))
