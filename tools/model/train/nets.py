"""What the two image models share: the input, seeded training of small PyTorch networks, export to ONNX."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import onnx
import torch
from torch import nn

from sim.scene import scene
from tools.model.train.package import OPSET, Tensor

IMAGE = Tensor(
    name="image",
    dtype="float32",
    shape=("n", 256, 256, 4),
    unit="reflectance",
    low=-0.1,  # atmospheric correction may go a little under zero
    high=2.0,  # clouds and glint above 1 are real; above 2 is a wrong scale
    integer_scale=1e-4,
)


class Image(nn.Module):
    """Entry of both models: (n, 256, 256, 4) reflectance to (n, 4, 256, 256)."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Channels first, and no darker or brighter than anything seen in training."""
        return image.permute(0, 3, 1, 2).clamp(0.0, 1.2)


def golden(seeds: tuple[int, ...]) -> np.ndarray:
    """Generated tiles as integers on file, in steps of 0.005: finer ones are noise, which does not compress."""
    return np.stack([np.round(scene(seed).image * 200.0).astype(np.uint16) * 50 for seed in seeds])


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """3 x 3 convolution, batch normalisation (folded on export), ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


def parameters(net: nn.Module) -> int:
    """Number of trained numbers."""
    return sum(weight.numel() for weight in net.parameters())


def train(
    net: nn.Module,
    batches: Callable[[np.random.Generator], Iterator[tuple[torch.Tensor, ...]]],
    loss: Callable[..., torch.Tensor],
    *,
    epochs: int,
    seed: int,
    rate: float = 3e-3,
    steps: int,
) -> nn.Module:
    """Trains `net` by AdamW under one cosine-shaped cycle; `batches` gives what `loss(net, *batch)` takes."""
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * steps + 1, pct_start=0.2)
    for epoch in range(epochs):
        net.train()
        total = 0.0
        for batch in batches(rng):
            value = loss(net, *batch)
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            schedule.step()
            total += value.item()
        if epoch % max(1, epochs // 6) == 0 or epoch == epochs - 1:
            print(f"    epoch {epoch + 1}/{epochs}: loss {total / steps:.4f}", flush=True)
    return net.eval()


def export(net: nn.Module, *outputs: str) -> onnx.ModelProto:
    """ONNX graph of `net` from `image` to `outputs`, batch axis free and named n."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the newer exporter writes opset 18 and later only
        torch.onnx.export(
            net.eval(),
            (torch.rand(2, 256, 256, 4),),
            stream,
            dynamo=False,
            opset_version=OPSET,
            input_names=["image"],
            output_names=list(outputs),
            dynamic_axes={name: {0: "n"} for name in ("image", *outputs)},
        )
    return onnx.load_from_string(stream.getvalue())
