"""Model packages: what is accepted, what is refused, and how the refusal reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fsw.infer.check import (
    InputError,
    OutputError,
    check_input,
    check_output,
    output_digest,
    output_summary,
)
from fsw.infer.options import OptionError, SessionSettings
from fsw.infer.package import CorruptPackage, InputSpec, Package, TensorSpec, UnknownVariant, load_package
from hal.config import ConfigError
from tools.model.tiny_onnx import one_operator
from tools.model.write import write_package

IDENTITY = {"name": "relu", "version": "1.0.0", "task": "keep what is positive", "licence": "Apache-2.0"}
QUALITY = {"metric": "agreement", "metric_value": 1.0, "tolerance": 0.0}


@pytest.fixture
def package(tmp_path: Path) -> Package:
    golden = np.array([[-1.0, 0.0, 1.0, 2.0]], np.float32)
    return write_package(
        tmp_path / "relu",
        identity=IDENTITY,
        input_spec=InputSpec(
            name="x", dtype="float32", shape=("n", 4), unit="V", low=-5.0, high=5.0, integer_scale=0.5
        ),
        output_spec=TensorSpec(name="y", dtype="float32", shape=("n", 4), unit="V", low=0.0, high=5.0),
        variants={"full": QUALITY},
        models={"full": one_operator("Relu", 4)},
        goldens={"input": golden, "full": np.maximum(golden, 0.0)},
    )


def flip_octet(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x40
    path.write_bytes(content)


def test_a_whole_package_loads(package: Package) -> None:
    again = load_package(package.folder)
    assert again.manifest == package.manifest
    assert again.variant("full").metric_value == 1.0
    assert list(again.goldens()) == ["input", "full"]


@pytest.mark.parametrize("file", ["full.onnx", "golden.npz"])
def test_one_flipped_bit_is_noticed(package: Package, file: str) -> None:
    flip_octet(package.folder / file)
    with pytest.raises(CorruptPackage, match=f"relu/{file}.*sha256"):
        load_package(package.folder)


def test_a_file_that_rots_after_loading_is_noticed_when_it_is_used(package: Package) -> None:
    flip_octet(package.folder / "full.onnx")
    with pytest.raises(CorruptPackage):
        package.model_bytes(package.variant("full"))


def test_a_missing_file_is_named(package: Package) -> None:
    (package.folder / "full.onnx").unlink()
    with pytest.raises(CorruptPackage, match=r"relu/full\.onnx: cannot be read"):
        load_package(package.folder)


def test_an_unknown_variant_names_the_known_ones(package: Package) -> None:
    with pytest.raises(UnknownVariant, match="no variant 'small'; it has full"):
        package.variant("small")


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('licence = "Apache-2.0"\n', "", r"relu/manifest\.toml: licence: is missing"),
        ("[input]\n", "[input]\ncolour = 1\n", r"input\.colour: unknown key; accepted here: columns, dtype"),
        ('dtype = "float32"', 'dtype = "float12"', "dtype 'float12' is not one of float32"),
        ('shape = ["n", 4]', 'shape = ["n", -4]', "input: shape must have positive"),
        ('shape = ["n", 4]', 'shape = ["n", 400000000]', "input: shape takes more than"),
        ("low = -5.0", "low = 9.0", "low below high"),
        ('file = "full.onnx"', 'file = "../full.onnx"', "must be a plain name inside the package"),
        ("tolerance = 0.0", "tolerance = nan", r"variant\[0\]: tolerance"),
    ],
)
def test_a_wrong_manifest_names_the_key_and_the_cure(package: Package, old: str, new: str, wrong: str) -> None:
    manifest = package.folder / "manifest.toml"
    manifest.write_text(manifest.read_text().replace(old, new, 1))
    with pytest.raises(ConfigError, match=wrong):
        load_package(package.folder)


def test_no_manifest_is_an_error_of_that_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"manifest\.toml: cannot be read"):
        load_package(tmp_path)


@pytest.mark.parametrize(
    "given_array",
    [
        np.zeros((2, 4), np.float32),
        np.zeros(4, np.float32),
        np.zeros((3, 4), np.float64),
        np.zeros((1, 4), np.uint16),
        np.zeros((1, 4), ">f4"),
        np.zeros((2, 8), np.float32)[:, ::2],
    ],
)
def test_an_input_becomes_what_the_model_takes(package: Package, given_array: np.ndarray[Any, Any]) -> None:
    prepared = check_input(package, given_array)
    assert prepared.dtype == np.float32
    assert prepared.shape == (given_array.size // 4, 4)
    assert prepared.flags.c_contiguous


def test_whole_numbers_are_scaled_to_the_unit(package: Package) -> None:
    assert check_input(package, np.array([[0, 1, 2, 3]], np.int16)).tolist() == [[0.0, 0.5, 1.0, 1.5]]


@pytest.mark.parametrize(
    ("given_array", "wrong"),
    [
        (np.zeros((2, 5), np.float32), r"x has shape \(2, 5\), the model takes \(n, 4\)"),
        (np.zeros((0, 4), np.float32), "has shape"),
        (np.float32(3.0), "has shape"),
        (np.array([["a", "b", "c", "d"]]), "x is <U1, the model takes float32"),
        (np.zeros((1, 4), np.complex64), "complex64"),
        (np.array([[0, 0, 0, np.nan]], np.float32), "1 values that are not finite"),
        (np.array([[0, 0, 0, np.inf]], np.float32), "1 values that are not finite"),
        (np.array([[0, 0, 0, 1e300]], np.float64), "1 values that are not finite"),
        (np.array([[0, 0, 0, 5.1]], np.float32), "from 0 to 5.1 V, outside -5 to 5"),
    ],
)
def test_a_bad_input_is_refused(package: Package, given_array: np.ndarray[Any, Any], wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        check_input(package, np.asarray(given_array))


@given(arrays.arrays(np.float32, (2, 4), elements=st.floats(width=32)))
def test_only_finite_values_in_range_pass(values: np.ndarray[Any, Any]) -> None:
    spec = TensorSpec(name="y", dtype="float32", shape=("n", 4), unit="V", low=-1.0, high=1.0)
    package = Package(folder=Path(), manifest=_Manifest(spec))  # type: ignore[arg-type]
    inside = bool(np.all(np.abs(values) <= 1.000002))
    if inside:
        check_output(package, values)
    else:
        with pytest.raises(OutputError):
            check_output(package, values)


class _Manifest:
    """As much of a manifest as the output check reads."""

    def __init__(self, output: TensorSpec) -> None:
        self.output = output


@pytest.mark.parametrize("size", [3, 1024, 5000, 70_001])
def test_the_digest_changes_with_any_word_and_any_exchange(size: int) -> None:
    output = np.random.default_rng(5).random(size, dtype=np.float32)
    changed, exchanged = output.copy(), output.copy()
    changed[size // 2] = np.nextafter(changed[size // 2], np.float32(2.0))
    exchanged[0], exchanged[-1] = output[-1], output[0]
    assert len({output_digest(output), output_digest(changed), output_digest(exchanged)}) == 3
    assert output_digest(output) == output_digest(output.copy())


def test_the_summary_is_mean_extremes_and_the_share_above_one_half() -> None:
    assert output_summary(np.array([[0.0, 0.25, 0.75, 1.0]], np.float32), (0.0, 1.0)) == (0.5, 0.0, 1.0, 0.5)
    assert output_summary(np.array([[-128, 127]], np.int8), (-128.0, 127.0)) == (-0.5, -128.0, 127.0, 0.5)


def test_a_misspelt_session_option_is_an_error() -> None:
    with pytest.raises(OptionError, match=r"allow_spining'; did you mean 'session\.intra_op\.allow_spinning'"):
        SessionSettings(entries={"session.intra_op.allow_spining": "0"})


def test_the_options_digest_tells_settings_apart() -> None:
    settings = [
        SessionSettings(),
        SessionSettings(threads=2),
        SessionSettings(entries={"session.disable_prepacking": "1"}),
    ]
    assert len({item.digest() for item in settings}) == 3
    assert SessionSettings().digest() == SessionSettings().digest()
