"""The overhead benchmark measures what it says, for packages and for plain files."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsw.infer.package import PackageError
from tools.bench.overhead import run
from tools.model.tiny_onnx import one_operator


def test_trivial_and_a_plain_file_are_measured_both_ways(tmp_path: Path) -> None:
    (tmp_path / "sine.onnx").write_bytes(one_operator("Sin", 8))
    models = run([str(tmp_path / "sine.onnx")], budget_s=0.01)["models"]
    assert {"trivial", "sine"} <= set(models)
    for figures in models.values():
        for key in ("raw_us_p50", "runtime_us_p50", "raw_cpu_us", "runtime_cpu_us"):
            assert figures[key] > 0.0, key


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"no folder with a manifest\.toml"):
        run([str(tmp_path)], budget_s=0.01)


def test_a_broken_plain_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "noise.onnx").write_bytes(b"noise")
    with pytest.raises(PackageError, match="noise"):
        run([str(tmp_path / "noise.onnx")], budget_s=0.01)
