"""The MLPerf Tiny networks load as packages and give what an independent interpreter gave for the same inputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fsw.infer.client import WorkerClient
from fsw.infer.package import Package
from tools.model.build import Recipe, build_package
from tools.model.execute import check_goldens

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "mlperf-tiny"
TOLERANCES = {  # ONNX Runtime against the TFLite interpreter, as the data's own description states
    "ad_fp32": 5e-5,
    "ad_int8": 0.0,
    "ic_fp32": 3e-6,
    "ic_int8": 17.0,
    "kws_fp32": 1.1e-3,
    "kws_int8": 0.0,
    "vww_fp32": 3e-6,
    "vww_int8": 0.0,
}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="shared/data/mlperf-tiny is not beside the checkout")


def make_package(name: str, folder: Path) -> Package:
    with np.load(DATA / "golden.npz") as arrays:
        np.savez(folder / f"{name}.npz", **{"input": arrays[f"{name}_x"], name: arrays[f"{name}_y"]})
    recipe = Recipe(name=name, version="1.1", licence="Apache-2.0", tolerance=TOLERANCES[name])
    return build_package(folder / name, DATA / f"{name}.onnx", folder / f"{name}.npz", recipe)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Package]:
    folder = tmp_path_factory.mktemp("mlperf")
    return {name: make_package(name, folder) for name in TOLERANCES}


@pytest.fixture(scope="module")
def client(packages: dict[str, Package]) -> Iterator[WorkerClient]:
    """One worker with all eight."""
    client = WorkerClient(list(packages.values()))
    yield client
    client.close()


@pytest.mark.parametrize("name", sorted(TOLERANCES))
def test_the_network_matches_its_goldens(name: str, packages: dict[str, Package], client: WorkerClient) -> None:
    (check,) = check_goldens(client, packages[name])
    assert check.passed, f"{name} is {check.difference} from its goldens, {check.variant.tolerance} is allowed"
