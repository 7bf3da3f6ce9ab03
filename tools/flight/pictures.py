"""Keeps a few water masks of a flight, to be shown beside the image and its label."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.messages import WorkOrder
from tools.flight.inputs import Inputs
from tools.flight.record import Picture

MODEL = "water"
MOST = 6


class Album:
    """The first masks, one an input."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._masks: dict[str, tuple[str, NDArray[np.float32]]] = {}

    def keep(self, order: WorkOrder, output: NDArray[Any]) -> str:
        """Take the output of a finished order; gives the name that it is known by, "" when it is not kept."""
        if order.model != MODEL or len(self._masks) >= MOST or order.input_ref in self._masks:
            return ""
        self._masks[order.input_ref] = (order.variant, np.array(output[0], dtype=np.float32))
        return order.input_ref

    def pictures(self) -> list[Picture]:
        """The kept masks with their images and labels."""
        return [
            Picture(
                title=f"{ref}, {MODEL}/{variant}",
                image=np.asarray(self._inputs.load(ref)[0], dtype=np.float32),
                mask=mask,
                label=self._inputs.label(ref),
            )
            for ref, (variant, mask) in self._masks.items()
        ]
