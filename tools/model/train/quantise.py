"""Turns a trained float32 graph into int8: static, unsigned activations, signed weights per output channel."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
from onnxruntime import quantization


class _Feed(quantization.CalibrationDataReader):
    """Shows the calibration images one at a time."""

    def __init__(self, images: Iterable[np.ndarray]) -> None:
        self.images = iter(images)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next image as a batch of one, None after the last."""
        image = next(self.images, None)
        return None if image is None else {"image": image[None]}


def int8(model: onnx.ModelProto, images: Iterable[np.ndarray], keep: tuple[str, ...] = ()) -> onnx.ModelProto:
    """Quantised twin of `model`, its ranges taken from `images`; nodes named in `keep` stay float32.

    Weights keep to seven bits: on x86 processors without VNNI two products of eight bits by eight overflow
    the sixteen bits they are added in, and results would differ between machines.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        onnx.save(model, source)
        logging.getLogger().setLevel(logging.ERROR)  # it urges steps that this graph has had
        quantization.quantize_static(
            source,
            target,
            _Feed(images),
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Concat", "Resize"],
            nodes_to_exclude=list(keep),
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )
        return onnx.load(target)
