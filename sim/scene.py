"""Makes seeded four-band tiles of land, water and cloud with the truth beside them.

A tile is 256 x 256 pixels of top-of-atmosphere reflectance in three visible bands and one near-infrared
band (last), the layout of the PhiSat-2 chips. Land is a patchwork of fields, built-up ground and wild
vegetation; water lies in lakes, rivers or along a coast, partly under weeds that are not water; clouds
have soft edges and throw shadows. What matters for a detector is kept (dark near-infrared water, dark
wet soil and shadow, bright roofs, sand and snow); buildings, waves and parallax are not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

SIDE = 256
"""Pixels along each edge of a tile: what the water and cloud models take."""

# Medians over groups of pixels of the five PhiSat-2 chips of SkyServe-AI/phisat2-orbital-AI-submission (MIT):
# reflectance in the visible bands as delivered, then near infrared.
WATER = np.array([0.081, 0.060, 0.080, 0.090], np.float32)
"""Pixels labelled water."""
WEED = np.array([0.086, 0.062, 0.087, 0.150], np.float32)
"""Floating plants and wet banks: as dark as water in the visible, not in the near infrared."""
VEGETATION = np.array([0.090, 0.060, 0.098, 0.300], np.float32)
"""Dense crops and trees: upper tenth of near infrared, lower third of visible band 2."""
SOIL = np.array([0.150, 0.180, 0.168, 0.285], np.float32)
"""Dry fields: upper tenth of visible band 2, unsaturated."""
BUILT = np.array([0.128, 0.130, 0.138, 0.222], np.float32)
"""Streets and houses of the city chip."""
ROOF = np.array([0.285, 0.320, 0.295, 0.345], np.float32)
"""The brightest 0.3 % of land."""
# The chips hold no cloud, sand sheet or snow; these are typical of published top-of-atmosphere spectra
# (clouds are spectrally flat; Sentinel-2 scene classification calls land brighter than about 0.3 suspect).
CLOUD = np.array([0.58, 0.57, 0.58, 0.60], np.float32)
SAND = np.array([0.22, 0.33, 0.28, 0.42], np.float32)
SNOW = np.array([0.72, 0.70, 0.72, 0.62], np.float32)

NOISE = np.array([0.0008, 0.0010, 0.0007, 0.0008], np.float32)
"""Standard deviation of the noise of one pixel: 1.5 x the median deviation from the neighbours in flat chips."""
STEP = np.float32(1e-4)
"""Products carry integers of reflectance x 10,000."""
FREQUENCY: Plane = np.hypot(
    np.fft.fftfreq(SIDE, 1.0 / SIDE)[:, None], np.fft.rfftfreq(SIDE, 1.0 / SIDE)[None, :]
).astype(np.float32)
LOG_FREQUENCY: Plane = np.log(np.maximum(FREQUENCY, np.float32(1.0)))
"""Cycles per tile of each cell of a tile's real Fourier transform, and its logarithm."""
CLOUDY = 0.5
"""A pixel counts as cloud when the cloud hides more than half of the ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One tile and its truth.

    `image` (256, 256, 4) float32, reflectance, multiples of 1e-4; `water` and `cloud` (256, 256) bool,
    where `water` says what lies on the ground, also under a cloud.
    """

    seed: int
    image: Plane
    water: Mask
    cloud: Mask

    @property
    def cloud_fraction(self) -> float:
        """Share of the tile's pixels under cloud, 0..1."""
        return float(self.cloud.mean())

    @property
    def water_fraction(self) -> float:
        """Share of the tile's pixels that are water, 0..1."""
        return float(self.water.mean())


def scene(seed: int, *, cloud_fraction: float | None = None, water_fraction: float | None = None) -> Scene:
    """Makes the tile of `seed`; the fractions (0..1) ask for so much cloud and water, else the seed draws them.

    The water asked for is met to a few per cent, for weeds and banks take a part of each lake.
    Raises ValueError for a fraction outside 0..1.
    """
    for name, fraction in (("cloud_fraction", cloud_fraction), ("water_fraction", water_fraction)):
        if fraction is not None and not 0.0 <= fraction <= 1.0:
            raise ValueError(f"{name} must lie in 0..1, got {fraction}")
    brush = _Brush(rng=np.random.default_rng(seed))
    drawn_water, drawn_cloud = _draw_water(brush.rng), _draw_cloud(brush.rng)
    image, water = _ground(brush, drawn_water if water_fraction is None else water_fraction)
    image, cloud = _under_cloud(brush, image, drawn_cloud if cloud_fraction is None else cloud_fraction)
    return Scene(seed=seed, image=_sense(brush, image), water=water, cloud=cloud)


def _draw_water(rng: np.random.Generator) -> float:
    """Two tiles in five are dry; the others are mostly land, as the chips are."""
    return 0.0 if rng.random() < 0.4 else float(rng.beta(0.8, 3.0))


def _draw_cloud(rng: np.random.Generator) -> float:
    """A third of the tiles are clear, a quarter nearly overcast, the others anywhere between."""
    kind = rng.random()
    if kind < 0.35:
        return 0.0
    return float(rng.uniform(0.85, 1.0) if kind < 0.6 else rng.uniform(0.02, 0.95))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Brush:
    """Draws random planes; wraps at the tile's edges, so shifting one by rolling leaves no seam."""

    rng: np.random.Generator
    rows: Plane = field(default_factory=lambda: np.arange(SIDE, dtype=np.float32)[:, None])
    columns: Plane = field(default_factory=lambda: np.arange(SIDE, dtype=np.float32)[None, :])

    def fractal(self, slope: float, *, lowest: float = 0.0) -> Plane:
        """Random plane whose amplitude falls as frequency ** -slope; mean 0, deviation 1.

        `lowest` (cycles per tile) removes what is coarser.
        """
        gain = np.exp(np.float32(-slope) * LOG_FREQUENCY)
        gain[np.less(FREQUENCY, max(lowest, 0.5))] = 0.0
        phase = self.rng.standard_normal((SIDE, SIDE // 2 + 1, 2), dtype=np.float32).view(np.complex64)[..., 0]
        plane = np.fft.irfft2(phase * gain, s=(SIDE, SIDE)).astype(np.float32, copy=False)
        plane -= plane.mean()
        plane /= plane.std()
        return plane

    def parcels(self) -> tuple[NDArray[np.intp], Plane]:
        """Index of the field each pixel lies in, and a 0..1 mark of its borders: a bent, turned grid."""
        angle, pitch = self.rng.uniform(0.0, np.pi), self.rng.uniform(9.0, 34.0, size=2)
        bend = 3.0 * self.fractal(2.2)
        along = (self.columns * np.cos(angle) + self.rows * np.sin(angle) + bend) / pitch[0]
        row = np.floor(along).astype(np.intp)
        across = (self.rows * np.cos(angle) - self.columns * np.sin(angle) + bend) / pitch[1]
        across = across + self.rng.random(128)[row % 128]
        column = np.floor(across).astype(np.intp)
        edge = np.minimum(_to_border(along) * pitch[0], _to_border(across) * pitch[1])
        return (row * 64 + column) % 4096, (edge < 0.8).astype(np.float32)


def _to_border(position: NDArray[np.floating]) -> NDArray[np.floating]:
    """Distance to the nearest whole number."""
    return np.asarray(np.abs(position - np.round(position)), position.dtype)


def _ramp(values: Plane, low: float, high: float) -> Plane:
    """0 below `low`, 1 above `high`, smooth between."""
    unit = np.clip((values - np.float32(low)) / np.float32(high - low), 0.0, 1.0)
    return np.asarray(unit * unit * (3.0 - 2.0 * unit), np.float32)


def _mix(base: Plane, share: Plane, spectrum: Plane) -> Plane:
    """`base` with `share` (0..1 per pixel) of it replaced by `spectrum`."""
    return np.asarray(base + share[..., None] * (spectrum - base), np.float32)


def _ground(brush: _Brush, water_fraction: float) -> tuple[Plane, Mask]:
    """Cloudless tile, and where it is water."""
    rng = brush.rng
    image = _land(brush)
    if water_fraction == 0.0:
        return image, np.zeros((SIDE, SIDE), np.bool_)
    depth = _depth(brush, water_fraction)
    weed = _ramp(brush.fractal(1.6), 0.2, 0.5) if rng.random() < 0.4 else np.zeros_like(depth)
    bank = _ramp(depth, -0.12, -0.02) * rng.uniform(0.0, 0.9)
    image = _mix(image, np.asarray(bank, np.float32), WEED)
    image = _mix(image, _ramp(depth, -0.02, 0.02), _open_water(brush))
    plants = WEED + np.float32(rng.uniform(0.0, 0.6)) * (VEGETATION - WEED)
    image = _mix(image, np.asarray(weed * (depth > 0.0), np.float32), plants)
    return image, np.asarray((depth > 0.0) & (weed < 0.5))


def _land(brush: _Brush) -> Plane:
    """Dry land: fields between soil and crop, wild patches, built-up ground, sometimes sand or snow."""
    rng = brush.rng
    parcel, border = brush.parcels()
    lush = rng.beta(1.2, 1.2, 4096).astype(np.float32)[parcel]
    wild = _ramp(brush.fractal(2.0), *_window(rng, 0.4))
    fine = brush.fractal(0.9, lowest=6.0)
    green = np.clip(lush * (1.0 - wild) + (0.75 + 0.2 * fine) * wild - 0.3 * border, 0.0, 1.0)
    image = _mix(np.broadcast_to(SOIL * _tint(rng), (SIDE, SIDE, 4)), green, VEGETATION * _tint(rng))
    wet = rng.beta(0.6, 5.0, 4096).astype(np.float32)[parcel] * (1.0 - green)
    image = _mix(image, np.asarray(wet, np.float32), WEED * np.float32(0.95))
    town = _ramp(brush.fractal(1.8), *_window(rng, 0.3))
    image = _mix(image, np.asarray(town * 0.9, np.float32), BUILT)
    image = _mix(image, np.asarray(town * _ramp(brush.fractal(0.7, lowest=10.0), 1.9, 2.8), np.float32), ROOF)
    bright = rng.random()
    if bright < 0.12:
        cover = _ramp(brush.fractal(2.0), *_window(rng, 0.5))
        image = _mix(image, cover, SAND if bright < 0.08 else SNOW * np.float32(rng.uniform(0.6, 1.0)))
    relief = brush.fractal(1.5)
    shade = 1.0 + 0.05 * fine + 0.04 * (relief - np.roll(relief, 2, axis=(0, 1)))
    return np.asarray(image * np.maximum(shade, 0.6)[..., None], np.float32)


def _window(rng: np.random.Generator, width: float) -> tuple[float, float]:
    """Where a cover of random extent begins and is complete, in deviations of its plane."""
    start = float(rng.uniform(-0.6, 2.2))
    return start, start + width


def _tint(rng: np.random.Generator) -> Plane:
    """Factor per band by which one place differs from the mean of its kind: a tenth or so."""
    return np.asarray(rng.normal(1.0, 0.04, 4) * rng.normal(1.0, 0.08), np.float32)


def _depth(brush: _Brush, water_fraction: float) -> Plane:
    """Plane that is positive over water, in about `water_fraction` of the tile: lakes, a river or a coast."""
    kind = brush.rng.random()
    plane = brush.fractal(2.1)
    if kind < 0.25:
        plane = np.asarray(-3.0 * np.abs(plane + 0.15 * brush.fractal(1.4)), np.float32)
    elif kind < 0.5:
        angle = brush.rng.uniform(0.0, 2.0 * np.pi)
        slope = (brush.rows - SIDE / 2) * np.sin(angle) + (brush.columns - SIDE / 2) * np.cos(angle)
        plane = np.asarray(0.4 * plane + slope / (SIDE / 4), np.float32)
    return np.asarray(plane - np.quantile(plane, 1.0 - water_fraction), np.float32)


def _open_water(brush: _Brush) -> Plane:
    """Water of a tile: clear to muddy, calm or (rarely) with glint."""
    rng = brush.rng
    mud = np.array([0.03, 0.05, 0.05, 0.015], np.float32) * np.float32(rng.beta(0.7, 3.0))
    glint = np.float32(0.04 * rng.beta(0.5, 5.0))
    streak = 1.0 + 0.03 * brush.fractal(1.3)[..., None]
    return np.asarray((WATER * _tint(rng) + mud + glint) * streak, np.float32)


def _under_cloud(brush: _Brush, ground: Plane, cloud_fraction: float) -> tuple[Plane, Mask]:
    """The ground seen through haze, clouds over about `cloud_fraction` of it, and their shadows."""
    rng = brush.rng
    if cloud_fraction == 0.0:
        return ground, np.zeros((SIDE, SIDE), np.bool_)
    billow = brush.fractal(rng.uniform(1.3, 2.0))
    level = float(np.quantile(billow, 1.0 - cloud_fraction))
    softness = float(rng.uniform(0.1, 0.7))
    thick = _ramp(billow, level - softness, level + softness)
    if rng.random() < 0.2:
        thick *= np.float32(rng.uniform(0.8, 1.0))
    shift = rng.integers(4, 22, size=2) * rng.choice([-1, 1], size=2)
    shadow = 0.55 * np.roll(thick, tuple(int(step) for step in shift), axis=(0, 1))
    lit = ground * (1.0 - shadow * np.float32(rng.uniform(0.6, 1.0)))[..., None]
    bright = np.clip(rng.normal(1.0, 0.15) * (1.0 + 0.08 * (billow - level)), 0.55, 1.6)
    image = _mix(lit, thick, CLOUD * bright[..., None].astype(np.float32))
    return image, np.asarray(thick > CLOUDY)


def _sense(brush: _Brush, image: Plane) -> Plane:
    """What the sensor delivers: sun and calibration, blur (near infrared twice that of the visible), noise, steps."""
    rng = brush.rng
    gain = rng.normal(1.0, 0.06) * rng.normal(1.0, 0.02, 4)
    bands = [_blur(image[..., band], 6 if band == 3 else 2) for band in range(4)]
    seen = np.stack(bands, axis=-1) * gain.astype(np.float32)
    seen += rng.standard_normal(seen.shape, dtype=np.float32) * NOISE
    return np.asarray(np.round(np.maximum(seen, 0.0) / STEP) * STEP, np.float32)


def _blur(plane: Plane, passes: int) -> Plane:
    """Binomial blur of variance `passes` / 2 pixels squared along each axis."""
    for _ in range(passes):
        padded = np.pad(plane, 1, mode="edge")
        rows = padded[:-2] + 2.0 * padded[1:-1] + padded[2:]
        plane = (rows[:, :-2] + 2.0 * rows[:, 1:-1] + rows[:, 2:]) * np.float32(1.0 / 16.0)
    return plane
