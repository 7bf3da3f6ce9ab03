"""What the payload's instruments deliver: generated scenes and telemetry segments, or the user's own images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.infer.check import InputError
from sim.arrivals import Arrival
from sim.scene import scene
from sim.segments import segment_features
from tools.images import read_images, read_labels

IMAGE_MODELS = ("cloud", "water")
TILE = 256  # pixels: the edge of what the imaging models take
INTEGER_SCALE = 1e-4  # whole numbers on file are reflectance x 10,000
SEGMENTS_A_JOB = 16  # telemetry segments in one digest


class Inputs:
    """Arrays by reference: `scene:N`, `segments:N`, `image:N` (the user's N-th image)."""

    def __init__(self, images: Path | None = None) -> None:
        self._images: NDArray[np.float32] | None = None
        self._labels: NDArray[np.bool_] | None = None
        if images is not None:
            self._images = tiles(read_images(images, INTEGER_SCALE))
            labels = read_labels(images)
            self._labels = None if labels is None else tiles(labels[..., None])[..., 0].astype(np.bool_)

    def reference(self, arrival: Arrival) -> str:
        """The reference of an arrival's input: the user's images in turn, else what the arrival's seed makes."""
        seed = int(arrival.ref.split(":")[1])
        if arrival.model not in IMAGE_MODELS:
            return f"segments:{seed}"
        return f"scene:{seed}" if self._images is None else f"image:{seed % len(self._images)}"

    def load(self, ref: str) -> NDArray[Any]:
        """The array behind a reference. Raises LookupError for one that does not exist, also from the ground."""
        kind, _, number = ref.partition(":")
        if not number.isdigit():
            raise LookupError(ref)
        if kind == "segments":
            return segment_features(int(number), SEGMENTS_A_JOB)
        if kind == "scene":
            return np.asarray(scene(int(number)).image[None])
        if kind == "image" and self._images is not None and int(number) < len(self._images):
            return np.asarray(self._images[int(number)][None])
        raise LookupError(ref)

    def label(self, ref: str) -> NDArray[np.bool_] | None:
        """The label of the water that can be seen in an image, where one is known."""
        kind, _, number = ref.partition(":")
        if kind == "scene":
            made = scene(int(number))
            return np.asarray(made.water & ~made.cloud, dtype=np.bool_)
        if kind == "image" and self._labels is not None:
            return np.asarray(self._labels[int(number)])
        return None


def tiles(images: NDArray[Any]) -> NDArray[Any]:
    """Images (rows, height, width, bands) cut into (tiles, 256, 256, bands); the last tile of a row or column is moved
    inwards so that it is whole. Raises InputError for images smaller than a tile."""
    _, height, width, _ = images.shape
    if height < TILE or width < TILE:
        raise InputError(f"an image of {width} x {height} pixels is smaller than a tile of {TILE} x {TILE}")
    return np.concatenate(
        [images[:, top : top + TILE, left : left + TILE] for top in _starts(height) for left in _starts(width)]
    )


def _starts(length: int) -> list[int]:
    return [*range(0, length - TILE, TILE), length - TILE]
