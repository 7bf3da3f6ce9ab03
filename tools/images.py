"""Images from a person's own files as arrays that a model takes.

`.npz` and `.npy` hold one image (height, width, bands) or several (rows, height, width, bands); TIFF holds one with its
bands first or last, or one band a page; PNG can hold four bands only as red, green, blue, alpha. Whole numbers are
multiplied by `integer_scale` (1e-4: reflectance x 10,000, the usual form of satellite products), but those of an 8-bit
PNG or TIFF are fractions of 255; fractions are taken to be in the model's unit already. Bands are in the model's order:
three visible ones, near infrared last.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.infer.check import InputError

BANDS = 4
SUFFIXES = (".npz", ".npy", ".png", ".tif", ".tiff")
PICTURES = (".png", ".tif", ".tiff")
MAX_PIXELS = 1 << 26  # 67 megapixels, a thousand tiles; a file that claims more is a mistake or an attack
IMAGE_ARRAYS = ("image", "images")  # names that are taken first from an .npz with several arrays
LABEL_ARRAYS = ("masks", "labels")


def read_images(path: Path, integer_scale: float, bands: int = BANDS) -> NDArray[np.float32]:
    """The images of a file, (rows, height, width, bands) float32; raises InputError that says what is needed."""
    pixels = with_rows(read_pixels(path), path, bands)
    if pixels.dtype.kind in "iu":
        return np.asarray(pixels * integer_scale, np.float32)
    return pixels.astype(np.float32, copy=False)


def read_pixels(path: Path, names: tuple[str, ...] = IMAGE_ARRAYS) -> NDArray[Any]:
    """The numbers of an image file as they are stored; raises InputError."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path.name}: is not one of {', '.join(SUFFIXES)}")
    try:
        pixels = _READERS[suffix](path, names)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path.name}: cannot be read: {error.strerror or error}") from error
    except Exception as error:  # a damaged file makes these parsers raise a dozen kinds, listed nowhere
        raise InputError(f"{path.name}: is not a readable {suffix[1:]} file: {error!r}") from error
    if pixels.dtype.kind not in "fiub":
        raise InputError(f"{path.name}: holds {pixels.dtype}, numbers are needed")
    if pixels.dtype == np.uint8 and suffix in PICTURES:
        return pixels.astype(np.float32) / np.float32(255.0)
    return pixels


def with_rows(pixels: NDArray[Any], path: Path, bands: int = BANDS) -> NDArray[Any]:
    """`pixels` as (rows, height, width, bands); raises InputError for any other number of bands."""
    if pixels.ndim == 3:
        pixels = pixels[np.newaxis]
    if pixels.ndim != 4 or pixels.shape[-1] != bands:
        raise InputError(
            f"{path.name}: has shape {pixels.shape}; needed is (rows, height, width, {bands}) or (height, width, "
            f"{bands}) with {bands} bands: three visible and near infrared. A colour photograph has only three bands"
        )
    return pixels


def _read_npz(path: Path, names: tuple[str, ...]) -> NDArray[Any]:
    with np.load(path, allow_pickle=False) as arrays:
        if not arrays.files:
            raise InputError(f"{path.name}: holds no array")
        return np.asarray(arrays[next((name for name in names if name in arrays.files), arrays.files[0])])


def _read_npy(path: Path, _names: tuple[str, ...]) -> NDArray[Any]:
    return np.asarray(np.load(path, allow_pickle=False))


def _read_png(path: Path, _names: tuple[str, ...]) -> NDArray[Any]:
    from PIL import Image

    with Image.open(path, formats=["PNG"]) as image:
        _check_size(path, image.width * image.height)
        return np.asarray(image)


def _read_tiff(path: Path, _names: tuple[str, ...]) -> NDArray[Any]:
    import tifffile

    with tifffile.TiffFile(path) as tiff:
        series = tiff.series[0]
        _check_size(path, int(np.prod(series.shape)))
        pixels = np.asarray(series.asarray())
    first_is_bands = pixels.ndim == 3 and pixels.shape[0] <= BANDS < pixels.shape[-1]
    return np.moveaxis(pixels, 0, -1) if first_is_bands else pixels


def _check_size(path: Path, pixels: int) -> None:
    if pixels > MAX_PIXELS:
        raise InputError(f"{path.name}: has {pixels} pixels, more than {MAX_PIXELS}")


_READERS = {".npz": _read_npz, ".npy": _read_npy, ".png": _read_png, ".tif": _read_tiff, ".tiff": _read_tiff}


def read_labels(path: Path) -> NDArray[np.bool_] | None:
    """The water labels beside the images of an .npz, (rows, height, width), under `masks` or `labels`; None without."""
    if path.suffix.lower() != ".npz":
        return None
    with np.load(path, allow_pickle=False) as arrays:
        name = next((name for name in LABEL_ARRAYS if name in arrays.files), None)
        return None if name is None else np.asarray(arrays[name]).astype(np.bool_)
