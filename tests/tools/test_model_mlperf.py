"""The MLPerf Tiny networks load as packages and give what an independent interpreter gave for the same inputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fsw.infer.client import WorkerClient
from fsw.infer.package import InputSpec, Package, TensorSpec
from tools.model.execute import check_goldens
from tools.model.write import write_package

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
        given, wanted = arrays[f"{name}_x"], arrays[f"{name}_y"]
    return write_package(
        folder / name,
        identity={"name": name, "version": "1.1", "task": "MLPerf Tiny reference", "licence": "Apache-2.0"},
        input_spec=InputSpec(
            name="input", dtype=str(given.dtype), shape=("n", *given.shape[1:]), unit="1", low=-128.0, high=255.0
        ),
        output_spec=TensorSpec(
            name="output", dtype=str(wanted.dtype), shape=("n", *wanted.shape[1:]), unit="1", low=-1000.0, high=1000.0
        ),
        variants={"full": {"metric": "none", "metric_value": 0.0, "tolerance": TOLERANCES[name]}},
        models={"full": (DATA / f"{name}.onnx").read_bytes()},
        goldens={"input": given, "full": wanted},
    )


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
