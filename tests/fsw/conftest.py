"""Small real packages for tests of what becomes of them on board."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsw.infer.package import InputSpec, Package, TensorSpec
from hal.ports.disk import Disk
from tools.model.tiny_onnx import one_operator
from tools.model.write import write_package

ROWS = np.array([[-1.0, 0.0, 2.0], [3.0, -4.0, 5.0]], np.float32)
EDGE: dict[str, Any] = {"dtype": "float32", "shape": ("n", 3), "unit": "1", "low": -100.0, "high": 100.0}


def _make_package(folder: Path, version: str, operator: str = "Relu", name: str = "keep") -> Package:
    """Keeps what is positive, as its goldens say; with another operator than Relu the goldens are wrong."""
    return write_package(
        folder,
        identity={"name": name, "version": version, "task": "keep what is positive", "licence": "Apache-2.0"},
        input_spec=InputSpec(name="x", **EDGE),
        output_spec=TensorSpec(name="y", **EDGE),
        variants={"full": {"metric": "none", "metric_value": 0.0, "tolerance": 1e-6}},
        models={"full": one_operator(operator, 3)},
        goldens={"input": ROWS, "full": np.maximum(ROWS, 0.0)},
    )


def _stage(disk: Disk, package: Package) -> None:
    """The package as a folder in staging."""
    for path in sorted(package.folder.iterdir()):
        disk.write_file_atomic(f"staging/{package.name}/{path.name}", path.read_bytes())


@pytest.fixture(scope="session")
def make_package() -> Callable[..., Package]:
    return _make_package


@pytest.fixture(scope="session")
def stage() -> Callable[[Disk, Package], None]:
    return _stage
