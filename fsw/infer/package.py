"""Model packages: a folder with `manifest.toml`, ONNX files and golden inputs, read only after its hashes agree.

    PackageError
    |-- CorruptPackage    a file is missing, too large, or not the file that the manifest names
    `-- UnknownVariant    the package has no variant of that name

A manifest that cannot be understood is a `hal.config.ConfigError`, which names file, key and cure.
"""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from fsw.profile import MAX_PROFILE_BYTES, Profile, parse_profile, weights_digest
from hal.config import ConfigError, build, read_toml

MANIFEST = "manifest.toml"
SIGNATURE = "signature.toml"
RESERVED = {MANIFEST, SIGNATURE}
SHIPPED = Path(__file__).resolve().parent.parent / "models"
DTYPES = ("float32", "float64", "int8", "uint8", "int32", "int64")
MAX_MODEL_BYTES = 512 << 20  # no payload computer of this class holds more beside its input
MAX_GOLDEN_BYTES = 64 << 20  # goldens are 2 to 4 rows; more would not be a quick check
MAX_ROW_BYTES = 32 << 20  # half of the worker's buffer, so that a batch of two always fits
MAX_VARIANTS = 16


class PackageError(Exception):
    """A model package that cannot be used."""


class CorruptPackage(PackageError):
    """A file of the package is not what the manifest says."""


class UnknownVariant(PackageError):
    """The package has no such variant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """One tensor of a model. `shape` starts with "n" (any number of rows) or a fixed number; `low`, `high` bound it."""

    name: str
    dtype: str
    shape: tuple[object, ...]
    unit: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype {self.dtype!r} is not one of {', '.join(DTYPES)}")
        if not self.shape or (self.shape[0] != "n" and not _is_size(self.shape[0])):
            raise ValueError('shape must start with "n" (free) or a positive number of rows')
        if not all(_is_size(size) for size in self.shape[1:]):
            raise ValueError("shape must have positive whole numbers after its first item")
        if self.row_bytes * (self.fixed_rows or 1) > MAX_ROW_BYTES:
            raise ValueError(f"shape takes more than {MAX_ROW_BYTES} octets a row")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError("low and high must be finite, low below high")

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of one row, without the batch axis."""
        return self.shape[1:]  # type: ignore[return-value]  # only numbers: checked when it was made

    @property
    def row_bytes(self) -> int:
        """Octets of one row."""
        return math.prod(self.row_shape) * np.dtype(self.dtype).itemsize

    @property
    def fixed_rows(self) -> int | None:
        """The number of rows where the model fixes it, else None."""
        return self.shape[0] if isinstance(self.shape[0], int) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec(TensorSpec):
    """The input. Whole-numbered files are multiplied by `integer_scale`; `columns` names a table's columns in order."""

    integer_scale: float | None = None
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        TensorSpec.__post_init__(self)
        if self.columns and self.row_shape != (len(self.columns),):
            raise ValueError(f"columns has {len(self.columns)} names for a row of shape {self.row_shape}")
        if self.integer_scale is not None and not self.integer_scale > 0.0:
            raise ValueError("integer_scale must be above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef:
    """A file inside the package and what its octets hash to."""

    file: str
    sha256: str

    def __post_init__(self) -> None:
        if not self.file or Path(self.file).name != self.file:
            raise ValueError(f"file {self.file!r} must be a plain name inside the package")
        if len(self.sha256) != 64 or set(self.sha256) - set("0123456789abcdef"):
            raise ValueError("sha256 must be 64 lower-case hex digits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant(FileRef):
    """One way of doing the task. `tolerance` bounds |output - golden|, in the output's unit, on any machine."""

    name: str
    metric: str
    metric_value: float
    tolerance: float

    def __post_init__(self) -> None:
        FileRef.__post_init__(self)
        if not (math.isfinite(self.tolerance) and self.tolerance >= 0.0):
            raise ValueError("tolerance must be a number from 0 up")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The content of `manifest.toml`; variants stand best first."""

    name: str
    version: str
    task: str
    licence: str
    input: InputSpec
    output: TensorSpec
    golden: FileRef
    variant: tuple[Variant, ...]
    profile: FileRef | None = None

    @property
    def files(self) -> tuple[FileRef, ...]:
        """Every file that the manifest names."""
        return (*self.variant, self.golden, *(() if self.profile is None else (self.profile,)))

    def __post_init__(self) -> None:
        names = [variant.name for variant in self.variant]
        if not 1 <= len(names) <= MAX_VARIANTS or len(set(names)) != len(names):
            raise ValueError(f"variant: 1 to {MAX_VARIANTS} variants with different names are needed, found {names}")
        files = {ref.file for ref in self.files}
        if len(files) != len(self.files) or files & RESERVED:
            raise ValueError("file: every file needs a name of its own, none of them the manifest's or the signature's")


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package whose every file was there and whole when it was loaded."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def input(self) -> InputSpec:
        return self.manifest.input

    @property
    def output(self) -> TensorSpec:
        return self.manifest.output

    @property
    def variants(self) -> tuple[Variant, ...]:
        return self.manifest.variant

    def variant(self, name: str) -> Variant:
        """The variant of that name; raises UnknownVariant."""
        return self.variants[self.variant_index(name)]

    def variant_index(self, name: str) -> int:
        """Where that variant stands in `variants`; raises UnknownVariant."""
        for index, variant in enumerate(self.variants):
            if variant.name == name:
                return index
        known = ", ".join(variant.name for variant in self.variants)
        raise UnknownVariant(f"{self.name}: no variant {name!r}; it has {known}")

    def model_bytes(self, variant: Variant) -> bytes:
        """The ONNX file, read and checked now; raises CorruptPackage."""
        return _read_checked(self.folder, variant, MAX_MODEL_BYTES)

    def goldens(self) -> dict[str, NDArray[Any]]:
        """The arrays of the golden file: "input", and the expected output of each variant by its name."""
        return _read_goldens(self.folder, self.manifest)

    def profile(self) -> Profile | None:
        """The table of `penumbra model profile`, or None where the package has none; raises as `load_package`."""
        return _read_profile(self.folder, self.manifest)


def load_package(folder: Path) -> Package:
    """The package in `folder`, every file checked; raises ConfigError or PackageError."""
    manifest = build(Manifest, read_toml(folder / MANIFEST), f"{folder.name}/{MANIFEST}")
    for variant in manifest.variant:
        _read_checked(folder, variant, MAX_MODEL_BYTES)
    _read_goldens(folder, manifest)
    _read_profile(folder, manifest)
    return Package(folder=folder.resolve(), manifest=manifest)


def shipped_packages(folder: Path = SHIPPED) -> tuple[Path, ...]:
    """The folders of the packages that ship with the flight software, by name."""
    return tuple(sorted(path.parent for path in folder.glob(f"*/{MANIFEST}")))


def usable_packages(folder: Path = SHIPPED) -> tuple[dict[str, Package], dict[str, str]]:
    """The packages in `folder` that can be used, by name; and why each of the others cannot, by its folder's name."""
    usable: dict[str, Package] = {}
    refused: dict[str, str] = {}
    for path in shipped_packages(folder):
        try:
            package = load_package(path)
        except (ConfigError, PackageError) as error:
            refused[path.name] = str(error)
        else:
            usable[package.name] = package
    return usable, refused


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _read_checked(folder: Path, ref: FileRef, max_bytes: int) -> bytes:
    path = folder / ref.file
    try:
        if path.stat().st_size > max_bytes:
            raise CorruptPackage(f"{folder.name}/{ref.file}: is larger than {max_bytes} octets")
        content = path.read_bytes()
    except OSError as error:
        raise CorruptPackage(f"{folder.name}/{ref.file}: cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != ref.sha256:
        raise CorruptPackage(f"{folder.name}/{ref.file}: content does not match its sha256 in {MANIFEST}")
    return content


def _read_profile(folder: Path, manifest: Manifest) -> Profile | None:
    if manifest.profile is None:
        return None
    name = f"{folder.name}/{manifest.profile.file}"
    profile = parse_profile(_read_checked(folder, manifest.profile, MAX_PROFILE_BYTES), name)
    if profile.weights != weights_digest((variant.name, variant.sha256) for variant in manifest.variant):
        raise CorruptPackage(f"{name}: was measured with other weights; profile the package again")
    return profile


def _read_goldens(folder: Path, manifest: Manifest) -> dict[str, NDArray[Any]]:
    content = _read_checked(folder, manifest.golden, MAX_GOLDEN_BYTES)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            goldens = {name: arrays[name] for name in arrays.files}
    except (ValueError, OSError, BadZipFile) as error:
        raise CorruptPackage(f"{folder.name}/{manifest.golden.file}: is not an .npz file: {error}") from error
    for name in ("input", *(variant.name for variant in manifest.variant)):
        if name not in goldens:
            raise CorruptPackage(f"{folder.name}/{manifest.golden.file}: has no array {name!r}")
    return goldens
