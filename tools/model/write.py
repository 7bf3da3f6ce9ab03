"""Write a model package: hashes, goldens and manifest of ONNX files, as `fsw.infer.package` reads them."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from fsw.infer.package import MANIFEST, SIGNATURE, FileRef, InputSpec, Manifest, Package, TensorSpec, load_package
from fsw.profile import PROFILE, Profile, profile_text
from hal.config import build
from hal.ports.disk import RealDisk

GOLDEN = "golden.npz"
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date of the format: equal arrays give equal files


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
    disk = RealDisk(folder)
    disk.write_file_atomic(GOLDEN, _golden_octets(goldens))
    for name, content in models.items():
        disk.write_file_atomic(f"{name}.onnx", content)
    table = {
        **identity,
        "input": _spec(input_spec),
        "output": _spec(output_spec),
        "golden": _file(folder / GOLDEN),
        "variant": [{"name": name, **_file(folder / f"{name}.onnx"), **variants[name]} for name in models],
    }
    write_manifest(folder, build(Manifest, table, MANIFEST))
    return load_package(folder)


def write_profile(package: Package, profile: Profile) -> Package:
    """The package with `profile` in it, read back and checked. A signature that it had is gone: it holds no longer."""
    disk = RealDisk(package.folder)
    content = profile_text(profile).encode()
    disk.write_file_atomic(PROFILE, content)
    ref = FileRef(file=PROFILE, sha256=hashlib.sha256(content).hexdigest())
    (package.folder / SIGNATURE).unlink(missing_ok=True)
    write_manifest(package.folder, dataclasses.replace(package.manifest, profile=ref))
    return load_package(package.folder)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """`manifest.toml` in `folder`, replaced whole."""
    names = ("name", "version", "task", "licence")
    sections = [_table("", {name: getattr(manifest, name) for name in names})]
    sections += [_table("[input]", _spec(manifest.input)), _table("[output]", _spec(manifest.output))]
    sections.append(_table("[golden]", dataclasses.asdict(manifest.golden)))
    if manifest.profile is not None:
        sections.append(_table("[profile]", dataclasses.asdict(manifest.profile)))
    order = ("name", "file", "sha256", "metric", "metric_value", "tolerance")
    sections += [_table("[[variant]]", {key: getattr(variant, key) for key in order}) for variant in manifest.variant]
    RealDisk(folder).write_file_atomic(MANIFEST, "\n".join(sections).encode())


def _golden_octets(goldens: Mapping[str, NDArray[Any]]) -> bytes:
    """A compressed .npz whose octets depend on the arrays alone."""
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, array in goldens.items():
            content = io.BytesIO()
            np.save(content, np.asanyarray(array), allow_pickle=False)
            archive.writestr(ZipInfo(f"{name}.npy", ZIP_EPOCH), content.getvalue(), ZIP_DEFLATED)
    return target.getvalue()


def _spec(spec: TensorSpec) -> dict[str, object]:
    names = ("name", "dtype", "shape", "unit", "low", "high", "integer_scale", "columns")
    values = {name: getattr(spec, name, None) for name in names}
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {name: value for name, value in listed.items() if value not in (None, [])}


def _file(path: Path) -> dict[str, object]:
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def _table(head: str, values: Mapping[str, object]) -> str:
    """One TOML table; JSON writes the texts, numbers and lists that occur here as TOML has them."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join([head, *lines] if head else lines) + "\n"
