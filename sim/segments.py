"""Telemetry segments as a housekeeping archive has them, reduced to the features of the OPS-SAT anomaly benchmark.

A segment is a slow signal with noise, sampled every second or every five; an anomalous one has a step, a burst or a
drop-out. Source of the features: Ruszczak et al., the OPS-SAT benchmark for detecting anomalies in satellite
telemetry; column order as in its table, without segment, train and channel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEATURES = (
    "sampling", "duration", "len", "mean", "var", "std", "kurtosis", "skew", "n_peaks", "smooth10_n_peaks",
    "smooth20_n_peaks", "diff_peaks", "diff2_peaks", "diff_var", "diff2_var", "gaps_squared", "len_weighted",
    "var_div_duration", "var_div_len",
)  # fmt: skip
ANOMALY_SHARE = 0.2  # as in the benchmark: 434 of 2,123 segments


def segment_features(seed: int, rows: int = 1) -> Floats:
    """Features of `rows` seeded segments, (rows, 19) float64."""
    rng = np.random.default_rng(seed)
    return np.array([_features(*_segment(rng)) for _ in range(rows)])


def _segment(rng: np.random.Generator) -> tuple[float, Floats]:
    """Sampling interval in seconds, and the samples."""
    sampling_s = float(rng.choice((1.0, 5.0)))
    length = int(rng.integers(40, 400))
    phase = np.linspace(0.0, rng.uniform(0.5, 3.0) * np.pi, length) + rng.uniform(0.0, 6.28)
    scale = 10.0 ** rng.uniform(-5.0, -1.0)
    signal = scale * (np.sin(phase) + 0.02 * rng.standard_normal(length))
    if rng.random() < ANOMALY_SHARE:
        at = int(rng.integers(5, length - 10))
        kind = int(rng.integers(3))
        if kind == 0:
            signal[at:] += 2.0 * scale
        elif kind == 1:
            signal[at : at + 8] += scale * rng.standard_normal(len(signal[at : at + 8]))
        else:
            signal[at : at + 5] = 0.0
    return sampling_s, signal


def _features(sampling_s: float, signal: Floats) -> Floats:
    length, duration_s = len(signal), (len(signal) - 1) * sampling_s
    centred = signal - signal.mean()
    variance = float(centred.var())
    first, second = np.diff(signal), np.diff(signal, 2)
    skew = float((centred**3).mean() / variance**1.5) if variance > 0.0 else 0.0
    kurtosis = float((centred**4).mean() / variance**2 - 3.0) if variance > 0.0 else 0.0
    gaps_squared = (length - 1) * sampling_s**2
    return np.array([
        sampling_s, duration_s, length, signal.mean(), variance, variance**0.5, kurtosis, skew,
        _peaks(signal), _peaks(_smooth(signal, 10)), _peaks(_smooth(signal, 20)), _peaks(first), _peaks(second),
        first.var(), second.var(), gaps_squared, length * sampling_s,
        variance / duration_s, variance / length,
    ])  # fmt: skip


def _peaks(signal: Floats) -> int:
    """Local maxima that stand out by a tenth of the signal's spread."""
    inner = signal[1:-1]
    is_peak = (inner > signal[:-2]) & (inner > signal[2:]) & (inner > signal.mean() + 0.1 * signal.std())
    return int(is_peak.sum())


def _smooth(signal: Floats, width: int) -> Floats:
    return np.convolve(signal, np.full(width, 1.0 / width), mode="valid")
