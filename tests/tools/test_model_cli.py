"""`penumbra model` and the image reader: files in, outputs in order, and errors that a person can act on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner, Result
from PIL import Image

from fsw.infer.check import InputError
from fsw.infer.client import WorkerClient
from fsw.infer.package import InputSpec, Package, TensorSpec, load_package, shipped_packages
from tools.images import read_images
from tools.model.cli import model
from tools.model.execute import check_goldens
from tools.model.tiny_onnx import one_operator
from tools.model.write import write_package

COLUMNS = ("mean", "var", "len")


@pytest.fixture(scope="module")
def table_package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Keeps what is positive of three columns; its one golden is right."""
    golden = np.array([[-1.0, 0.0, 2.0]], np.float32)
    tensor: dict[str, Any] = {"dtype": "float32", "shape": ("n", 3), "unit": "1", "low": -100.0, "high": 100.0}
    return write_package(
        tmp_path_factory.mktemp("packages") / "positive",
        identity={"name": "positive", "version": "1.0.0", "task": "keep what is positive", "licence": "Apache-2.0"},
        input_spec=InputSpec(name="features", columns=COLUMNS, **tensor),
        output_spec=TensorSpec(name="score", **tensor),
        variants={"full": {"metric": "none", "metric_value": 0.0, "tolerance": 0.0}},
        models={"full": one_operator("Relu", 3)},
        goldens={"input": golden, "full": np.maximum(golden, 0.0)},
    )


def call(*arguments: object) -> Result:
    return CliRunner().invoke(model, [str(argument) for argument in arguments])


def first_array(path: Path) -> np.ndarray[Any, Any]:
    with np.load(path) as arrays:
        return np.asarray(arrays[arrays.files[0]])


def test_a_table_gives_one_output_a_row_in_order(table_package: Package, tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.npz"
    lines = [f"{row},x,{row},{-row},1.5" for row in range(-300, 300) if abs(row) <= 100]
    source.write_text("segment,note,len,mean,var\n" + "\n".join(lines) + "\n")
    result = call("run", table_package.folder, "--input", source, "--output", target)
    assert (result.exit_code, result.stdout) == (0, "")
    scores = first_array(target)
    assert scores.shape == (201, 3)
    np.testing.assert_array_equal(scores[:, 0], np.maximum(-np.arange(-100.0, 101.0), 0.0))
    np.testing.assert_array_equal(scores[:, 2], np.maximum(np.arange(-100.0, 101.0), 0.0))


@pytest.mark.parametrize("name", ["features", "images", "anything"])
def test_an_npz_is_read_by_name_or_by_place(table_package: Package, tmp_path: Path, name: str) -> None:
    np.savez(tmp_path / "in.npz", **{name: np.ones((2, 3), np.float32)})
    result = call("run", table_package.folder, "--input", tmp_path / "in.npz", "--output", tmp_path / "out.npz")
    assert result.exit_code == 0
    assert first_array(tmp_path / "out.npz").tolist() == [[1.0] * 3] * 2


def write_text(text: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "in.csv"
        path.write_text(text)
        return path

    return write


def write_array(array: np.ndarray[Any, Any]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.save(folder / "in.npy", array)
        return folder / "in.npy"

    return write


def write_nothing(folder: Path) -> Path:
    return folder / "in.npz"


def write_noise(folder: Path) -> Path:
    (folder / "in.npz").write_bytes(b"not an archive at all")
    return folder / "in.npz"


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (write_text("mean,len\n1,2\n"), "in.csv: has no column var; needed: mean, var, len"),
        (write_text("mean,var,len\n1,2,3\n1,x,3\n"), "in.csv, line 3: column var is 'x', a number is needed"),
        (write_text("mean,var,len\n"), "in.csv: has no rows under its header"),
        (write_text("mean,var,len\n1,2,3\n1,nan,3\n"), "row 1: features has 1 values that are not finite numbers"),
        (write_array(np.zeros((4, 5), np.float32)), "in.npy: has shape (4, 5); needed is (rows, 3) in 1"),
        (write_array(np.full((2, 3), 101.0)), "row 0: features is from 101 to 101 1, outside -100 to 100"),
        (write_array(np.array([["a"] * 3])), "in.npy: holds <U1, numbers are needed"),
        (write_nothing, "in.npz: cannot be read: No such file or directory"),
        (write_noise, "in.npz: is not a readable npz file"),
    ],
)
def test_a_bad_input_is_one_line_and_exit_code_2(
    table_package: Package, tmp_path: Path, make: Callable[[Path], Path], wrong: str
) -> None:
    result = call("run", table_package.folder, "--input", make(tmp_path), "--output", tmp_path / "out.npz")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {wrong}")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out.npz").exists()


def test_unknown_names_are_told_with_the_known_ones(table_package: Package) -> None:
    result = call("run", table_package.folder, "--variant", "huge", "--input", "a.csv", "--output", "b.npz")
    assert (result.exit_code, result.stderr) == (2, "error: positive: no variant 'huge'; it has full\n")
    assert "nor one of the shipped packages" in call("check", "no-such-package").stderr


def test_a_corrupt_package_is_named(table_package: Package, tmp_path: Path) -> None:
    folder = tmp_path / "positive"
    folder.mkdir()
    for file in table_package.folder.iterdir():
        content = file.read_bytes()
        (folder / file.name).write_bytes(content[:-1] + b"?" if file.suffix == ".onnx" else content)
    result = call("check", folder)
    assert result.exit_code == 2
    assert "positive/full.onnx: content does not match its sha256" in result.stderr


def test_check_tells_the_difference_and_fails_beyond_the_tolerance(table_package: Package, tmp_path: Path) -> None:
    good = call("check", table_package.folder, "--format", "json")
    assert (good.exit_code, json.loads(good.stdout)[0]["result"]) == (0, "ok")
    bad = write_package(
        tmp_path / "off",
        identity={"name": "off", "version": "1", "task": "t", "licence": "Apache-2.0"},
        input_spec=table_package.input,
        output_spec=table_package.output,
        variants={"full": {"metric": "none", "metric_value": 0.0, "tolerance": 0.25}},
        models={"full": one_operator("Relu", 3)},
        goldens={"input": np.zeros((2, 3), np.float32), "full": np.full((2, 3), 0.5, np.float32)},
    )
    result = call("check", bad.folder)
    assert result.exit_code == 1
    assert "FAILED" in result.stdout


def test_list_shows_every_shipped_variant() -> None:
    result = call("list", "--format", "json")
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert [(row["package"], row["variant"]) for row in rows] == [
        (folder.name, variant.name) for folder in shipped_packages() for variant in load_package(folder).variants
    ]


@pytest.mark.parametrize("folder", shipped_packages(), ids=lambda folder: folder.name)
def test_a_shipped_package_matches_its_goldens(folder: Path) -> None:
    package = load_package(folder)
    client = WorkerClient([package])
    checks = check_goldens(client, package)
    client.close()
    assert [check.variant.name for check in checks if not check.passed] == []


TILE = np.arange(2 * 5 * 6 * 4, dtype=np.uint16).reshape(2, 5, 6, 4)


def test_whole_numbers_are_scaled_and_fractions_are_not(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", masks=np.zeros(3), images=TILE)
    np.save(tmp_path / "b.npy", TILE[0].astype(np.float64))
    scaled, plain = read_images(tmp_path / "a.npz", 1e-4), read_images(tmp_path / "b.npy", 1e-4)
    assert (scaled.dtype, scaled.shape, plain.shape) == (np.float32, (2, 5, 6, 4), (1, 5, 6, 4))
    np.testing.assert_allclose(scaled, TILE * 1e-4, rtol=1e-6)
    np.testing.assert_array_equal(plain[0], TILE[0])


@pytest.mark.parametrize("bands_first", [False, True])
def test_a_tiff_has_its_bands_first_or_last(tmp_path: Path, bands_first: bool) -> None:
    pixels = np.moveaxis(TILE[0], -1, 0) if bands_first else TILE[0]
    tifffile.imwrite(tmp_path / "a.tif", np.ascontiguousarray(pixels), photometric="minisblack")
    np.testing.assert_allclose(read_images(tmp_path / "a.tif", 1e-4)[0], TILE[0] * 1e-4, rtol=1e-6)


def test_an_eight_bit_picture_is_a_fraction_of_255(tmp_path: Path) -> None:
    Image.fromarray(np.full((3, 3, 4), 51, np.uint8), "RGBA").save(tmp_path / "a.png")
    np.testing.assert_allclose(read_images(tmp_path / "a.png", 1e-4), np.full((1, 3, 3, 4), 0.2), rtol=1e-6)


def test_a_photograph_is_refused_with_what_is_needed(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((3, 3, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"three visible and near infrared\. A colour photograph has only three bands"):
        read_images(tmp_path / "a.png", 1e-4)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.npz", "a.npy"])
def test_a_broken_file_is_an_error_with_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x93NUMPY of another kind")
    with pytest.raises(InputError, match=f"{name}: "):
        read_images(tmp_path / name, 1e-4)


def test_an_unknown_ending_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.jpg: is not one of \.npz, \.npy"):
        read_images(tmp_path / "a.jpg", 1e-4)
