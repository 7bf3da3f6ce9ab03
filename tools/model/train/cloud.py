"""Trains `cloud`: is a tile more than 70 % cloud, the share above which CloudScout discards an image.

Data: scenes of `sim.scene` only. Each variant marks cloud on a coarse grid, means the marks to a cloud fraction
and holds that against the threshold; the variants differ in grid and width.

    python -m tools.model.train.cloud
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from sim.scene import scene
from tools.model.train import nets, package

DISCARD = 0.7
"""Giuffrida et al., CloudScout, Remote Sensing 12 (2020): tiles above 70 % cloud are not worth the downlink."""
TRAIN_SEEDS = range(100_000, 101_600)
TEST_SEEDS = range(900_000, 900_800)
GOLDEN_SEEDS = (7, 11)
BATCH = 32
METRIC = "accuracy on generated scenes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Shape of one variant: first mean over `pool` pixels a side, then blocks of (channels, stride)."""

    name: str
    pool: int
    blocks: tuple[tuple[int, int], ...]
    epochs: int


PLANS = (
    Plan(name="full", pool=2, blocks=((16, 2), (24, 1), (24, 1)), epochs=12),
    Plan(name="small", pool=4, blocks=((12, 2), (16, 1), (16, 1)), epochs=16),
    Plan(name="tiny", pool=8, blocks=((8, 2), (8, 1)), epochs=20),
)


class CloudNet(nn.Module):
    """(n, 256, 256, 4) reflectance to (n,) probability that more than `DISCARD` of the tile is cloud."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.entry = nets.Image()
        self.halve, self.pool = nn.AvgPool2d(2), nn.AvgPool2d(plan.pool // 2)
        widths = [4, *(channels for channels, _ in plan.blocks)]
        steps = [nets.block(a, b, stride) for a, (b, stride) in zip(widths, plan.blocks, strict=False)]
        self.body = nn.Sequential(*steps, nn.Conv2d(widths[-1], 1, 1))
        self.slope, self.threshold = nn.Parameter(torch.tensor(20.0)), nn.Parameter(torch.tensor(DISCARD))

    def cells(self, halved: torch.Tensor) -> torch.Tensor:
        """Cloudiness of each cell of the grid before the sigmoid, (n, rows, columns), from (n, 4, 128, 128)."""
        return self.body(self.pool(halved)).squeeze(1)

    def verdict(self, cells: torch.Tensor) -> torch.Tensor:
        """Score before the sigmoid, (n,)."""
        return self.slope * (torch.sigmoid(cells).mean(dim=(1, 2)) - self.threshold)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.verdict(self.cells(self.halve(self.entry(image)))))


def loss(net: CloudNet, halved: torch.Tensor, cloud: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the cells against their cloud share plus that of the verdict."""
    cells = net.cells(halved)
    share = functional.adaptive_avg_pool2d(cloud, cells.shape[-2:])
    label = (cloud.mean(dim=(1, 2)) > DISCARD).float()
    verdict = functional.binary_cross_entropy_with_logits(net.verdict(cells), label)
    return functional.binary_cross_entropy_with_logits(cells, share) + 0.3 * verdict


def scenes(seeds: range) -> tuple[np.ndarray, np.ndarray]:
    """Images as integers of reflectance x 10,000 and cloud masks."""
    images, clouds = np.empty((len(seeds), 256, 256, 4), np.uint16), np.empty((len(seeds), 256, 256), np.bool_)
    for row, seed in enumerate(seeds):
        made = scene(seed)
        images[row], clouds[row] = np.round(made.image * 1e4), made.cloud
        if row % 400 == 399:
            print(f"  {row + 1}/{len(seeds)} scenes", flush=True)
    return images, clouds


def halved(images: np.ndarray, clouds: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """What training needs of scenes: bands (n, 4, 128, 128) and cloud shares (n, 128, 128), means over 2 x 2 pixels."""
    pairs = images.reshape(-1, 128, 2, 128, 2, 4)
    bands = np.stack([pair.mean(axis=(1, 3), dtype=np.float32) for pair in pairs]) * np.float32(1e-4)
    shares = clouds.reshape(-1, 128, 2, 128, 2).mean(axis=(2, 4), dtype=np.float32)
    return torch.from_numpy(bands.transpose(0, 3, 1, 2).copy()), torch.from_numpy(shares)


def batches(
    bands: torch.Tensor, shares: torch.Tensor, rng: np.random.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """One pass in random order; a gain per tile and per band, for sensors and suns other than the generator's."""
    order = rng.permutation(len(bands))
    for start in range(0, len(order) - BATCH + 1, BATCH):
        rows = torch.from_numpy(order[start : start + BATCH])
        gain = rng.normal(1.0, 0.06, (BATCH, 1, 1, 1)) * rng.normal(1.0, 0.03, (BATCH, 4, 1, 1))
        axes = [axis for axis in (-1, -2) if rng.random() < 0.5]
        chosen = bands[rows] * torch.from_numpy(gain.astype(np.float32))
        yield chosen.flip(axes).clamp(0.0, 1.2), shares[rows].flip(axes)


def scores(net: nn.Module, images: np.ndarray) -> np.ndarray:
    """Score of every tile, (n,)."""
    with torch.no_grad():
        parts = [net(torch.from_numpy(images[i : i + 50].astype(np.float32) * 1e-4)) for i in range(0, len(images), 50)]
    return torch.cat(parts).numpy()


def centre(net: CloudNet, bands: torch.Tensor, shares: torch.Tensor) -> None:
    """Moves the threshold to where false discards and missed clouds are equally many on the training scenes."""
    with torch.no_grad():
        found = torch.cat([torch.sigmoid(net.cells(part)).mean(dim=(1, 2)) for part in bands.split(50)])
        cloudy = int((shares.mean(dim=(1, 2)) > DISCARD).sum())
        ordered = found.sort(descending=True).values
        net.threshold.copy_(0.5 * (ordered[cloudy - 1] + ordered[cloudy]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Quality of one variant on test scenes: shares of all tiles, and accuracy where the cloud is 0.5..0.9."""

    name: str
    accuracy: float
    false_discards: float
    close_calls: float


def judge(name: str, score: np.ndarray, fraction: np.ndarray) -> Result:
    """Compares scores with the true cloud fractions."""
    discard, truth = score > 0.5, fraction > DISCARD
    close = np.abs(fraction - DISCARD) < 0.2
    return Result(
        name=name,
        accuracy=float((discard == truth).mean()),
        false_discards=float((discard & ~truth).mean()),
        close_calls=float((discard == truth)[close].mean()),
    )


CARD = """# cloud

Says whether more than 70 % of a four-band tile is cloud, so that a tile not worth its downlink or a further
inference can be dropped (the discard threshold of CloudScout, Giuffrida et al., Remote Sensing 12, 2020).

- **Input**: `image` (n, 256, 256, 4) float32, top-of-atmosphere reflectance, three visible bands and near infrared
  last; integer files are reflectance x 10,000.
- **Output**: `score` (n) float32, probability that the cloud fraction exceeds 0.7; decide at 0.5.
- **Data**: {train} scenes generated by `sim/scene.py`, tested on {test} others (share above the threshold:
  {share:.2f}). No real cloud was seen in training. Land, water and their spectra follow the PhiSat-2 chips;
  cloud, sand and snow follow published spectra.
- **Licence**: Apache-2.0, weights and data generator.
- **Made by**: `python -m tools.model.train.cloud`, seeds fixed.

## Quality

| variant | accuracy | false discards (of all tiles) | accuracy where cloud is 0.5 to 0.9 |
|---|---:|---:|---:|
{rows}

## Limits

- The figures hold for the generator, not for the sky: measure on labelled images of the flying sensor before use.
- Thin cirrus, cloud over snow and bright haze are the generator's weakest points.
- A tile is judged alone; nothing is known of its neighbours.
"""


def card(results: list[Result], fraction: np.ndarray) -> str:
    """Text of the model card."""
    rows = "\n".join(
        f"| `{r.name}` | {r.accuracy:.4f} | {r.false_discards:.4f} | {r.close_calls:.4f} |" for r in results
    )
    share = float((fraction > DISCARD).mean())
    return CARD.format(train=len(TRAIN_SEEDS), test=len(TEST_SEEDS), share=share, rows=rows)


def main() -> None:
    """Trains, measures and packages the three variants."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    torch.set_num_threads(1)  # small nets gain nothing from more, and sums keep their order
    bands, shares = halved(*scenes(TRAIN_SEEDS))
    test_images, test_clouds = scenes(TEST_SEEDS)
    fraction = test_clouds.mean(axis=(1, 2))
    results, variants = [], []
    for seed, plan in enumerate(PLANS):
        torch.manual_seed(seed)
        net = CloudNet(plan)
        print(f"  {plan.name}: {nets.parameters(net)} parameters", flush=True)
        feed = lambda rng: batches(bands, shares, rng)  # noqa: E731
        nets.train(net, feed, loss, epochs=plan.epochs, seed=seed, steps=len(bands) // BATCH)
        centre(net, bands, shares)
        results.append(judge(plan.name, scores(net, test_images), fraction))
        print(f"  {results[-1]}", flush=True)
        model = nets.export(net, "score")
        variants.append(
            package.Variant(name=plan.name, model=model, metric=METRIC, quality=results[-1].accuracy, tolerance=1e-3)
        )
    output = package.Tensor(
        name="score", dtype="float32", shape=("n",), unit="probability that cloud covers over 0.7", low=0.0, high=1.0
    )
    package.write(
        package.Package(
            name="cloud", version="1.0.0", task="four-band tile more than 70 % cloud or not",
            input=nets.IMAGE, output=output, variants=tuple(variants), golden_input=nets.golden(GOLDEN_SEEDS),
            card=card(results, fraction),
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
