"""Write a model package: hashes, goldens and manifest of ONNX files, as `fsw.infer.package` reads them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.infer.package import MANIFEST, InputSpec, Package, TensorSpec, load_package

GOLDEN = "golden.npz"


def write_package(
    folder: Path,
    *,
    identity: Mapping[str, str],
    input_spec: InputSpec,
    output_spec: TensorSpec,
    variants: Mapping[str, Mapping[str, object]],
    models: Mapping[str, bytes],
    goldens: Mapping[str, NDArray[Any]],
) -> Package:
    """The package made of `models` (ONNX octets by variant, best first), read back and checked.

    `identity` has name, version, task and licence; `variants` has metric, metric_value and tolerance by variant;
    `goldens` has "input" and the expected output of each variant.
    """
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / GOLDEN, **dict(goldens))  # type: ignore[arg-type]
    sections = [_table("", identity), _table("[input]", _spec(input_spec)), _table("[output]", _spec(output_spec))]
    sections.append(_table("[golden]", _file(folder / GOLDEN)))
    for name, content in models.items():
        path = folder / f"{name}.onnx"
        path.write_bytes(content)
        sections.append(_table("[[variant]]", {"name": name, **_file(path), **variants[name]}))
    (folder / MANIFEST).write_text("\n".join(sections), encoding="utf-8")
    return load_package(folder)


def _spec(spec: TensorSpec) -> dict[str, object]:
    names = ("name", "dtype", "shape", "unit", "low", "high", "integer_scale", "columns")
    values = {name: getattr(spec, name, None) for name in names}
    return {name: value for name, value in values.items() if value not in (None, ())}


def _file(path: Path) -> dict[str, object]:
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _table(head: str, values: Mapping[str, object]) -> str:
    """One TOML table; JSON writes the texts, numbers and lists that occur here as TOML has them."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join([head, *lines] if head else lines) + "\n"
