"""The profile of a model package: what each variant costs at each thread count, batch and duty, as measured once.

`penumbra model profile` writes it into the package; the mission takes its times from it, the trial of an uploaded
package its bounds. In flight the operating points are corrected by what is measured there; the profile is never
written on board, so that its hash and the package's signature hold.
"""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from hal.config import ConfigError, build, read_toml

SCHEMA = 1
PROFILE = "profile.toml"
MAX_POINTS = 1024  # 16 variants with 64 combinations each
MAX_PROFILE_BYTES = 1 << 20
ENERGY_SOURCES = ("counter", "cpu_time")
DUTY_SOURCES = ("none", "cpu.max", "SIGSTOP")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePoint:
    """One variant at one setting. Times and energies are of one batch, memory is of the whole worker process."""

    variant: str
    threads: int
    batch: int
    duty: float  # share of time that the worker may run
    options: str  # digest of the session options
    runs: int
    period_s: float  # from the start of one run to the start of the next
    time_mean_s: float  # below a duty of 1 a short run is either untouched or waits: the mean is what plans need
    time_p50_s: float
    time_p95_s: float
    cpu_s: float  # processor time, mean of the runs
    load_s: float  # to make the session and run it once, in a fresh worker
    peak_bytes: int  # resident memory at its highest
    joules: float | None = None  # above idle, mean of the runs; none where no counter is

    def __post_init__(self) -> None:
        positive = (self.threads, self.batch, self.runs, self.period_s, self.time_p50_s, self.peak_bytes)
        if not all(math.isfinite(value) and value > 0 for value in positive):
            raise ValueError("threads, batch, runs, period_s, time_p50_s and peak_bytes must be above 0")
        if not (0.0 < self.duty <= 1.0 and self.time_p50_s <= self.time_p95_s < math.inf):
            raise ValueError("duty must be above 0 and at most 1, time_p95_s finite and not below time_p50_s")
        energies = (self.cpu_s, self.load_s, self.joules or 0.0)
        if not all(math.isfinite(value) and value >= 0.0 for value in energies):
            raise ValueError("cpu_s, load_s and joules must be numbers from 0 up")

    @property
    def key(self) -> tuple[str, int, int, float]:
        """What no two points of a profile share."""
        return self.variant, self.threads, self.batch, self.duty


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The table, and where it was measured. `weights` ties it to the variants' files, see `weights_digest`."""

    schema: int
    package: str
    version: str
    weights: str
    machine: str
    runtime: str
    measured_utc: str
    energy_source: str  # one of ENERGY_SOURCES; with "cpu_time", processor seconds stand for energy
    duty_source: str  # one of DUTY_SOURCES
    point: tuple[ProfilePoint, ...]

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise ValueError(f"schema is {self.schema}, this software reads {SCHEMA}")
        if self.energy_source not in ENERGY_SOURCES or self.duty_source not in DUTY_SOURCES:
            raise ValueError(f"energy_source must be one of {ENERGY_SOURCES}, duty_source one of {DUTY_SOURCES}")
        keys = {point.key for point in self.point}
        if not 1 <= len(self.point) <= MAX_POINTS or len(keys) != len(self.point):
            raise ValueError(f"point: 1 to {MAX_POINTS} different points are needed, found {len(self.point)}")

    def at(self, variant: str, *, threads: int = 1, batch: int = 1, duty: float = 1.0) -> ProfilePoint | None:
        """The point of that setting, or None."""
        key = (variant, threads, batch, duty)
        return next((point for point in self.point if point.key == key), None)


def weights_digest(variants: Iterable[tuple[str, str]]) -> str:
    """One hash of all (variant, sha256 of its file): a profile of other weights is recognised by it."""
    text = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(variants))
    return hashlib.sha256(text.encode()).hexdigest()


def parse_profile(content: bytes, name: str = PROFILE) -> Profile:
    """The profile in the octets of its file; raises ConfigError."""
    try:
        table = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(name, "", f"is not TOML: {error}") from error
    return build(Profile, table, name)


def profile_text(profile: Profile) -> str:
    """The file: one line a value, one line a point, always in the same order, so that equal tables are equal files."""
    head = [f"{field.name} = {_toml(getattr(profile, field.name))}" for field in fields(Profile)[:-1]]
    points = [f"    {{ {_row(point)} }}," for point in sorted(profile.point, key=lambda point: point.key)]
    return "\n".join([*head, "point = [", *points, "]", ""])


def profiled_seconds(models: Path, name: str) -> dict[tuple[str, int], dict[int, float]]:
    """Median seconds of an inference at full duty, by batch, by variant and threads, of the package `models/name`.

    Raises ConfigError where there is no profile, or one that does not match its hash or its weights.
    """
    file = f"{name}/{PROFILE}"
    manifest = read_toml(models / name / "manifest.toml")
    try:
        content = (models / name / manifest["profile"]["file"]).read_bytes()
        wanted, variants = manifest["profile"]["sha256"], [(row["name"], row["sha256"]) for row in manifest["variant"]]
    except (KeyError, TypeError) as error:
        raise ConfigError(file, "", "the package has no profile; `penumbra model profile` makes one") from error
    except OSError as error:
        raise ConfigError(file, "", f"cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != wanted:
        raise ConfigError(file, "", "content does not match its sha256 in manifest.toml")
    profile = parse_profile(content, file)
    if profile.weights != weights_digest(variants):
        raise ConfigError(file, "weights", "the profile was measured with other weights")
    seconds: dict[tuple[str, int], dict[int, float]] = {}
    for point in sorted(profile.point, key=lambda point: point.key):
        if point.duty == 1.0:
            seconds.setdefault((point.variant, point.threads), {})[point.batch] = point.time_p50_s
    return seconds


def _row(point: ProfilePoint) -> str:
    pairs = ((field.name, getattr(point, field.name)) for field in fields(ProfilePoint))
    return ", ".join(f"{name} = {_toml(value)}" for name, value in pairs if value is not None)


def _toml(value: object) -> str:
    """A text or a number as TOML has it; four digits are more than any repetition gives."""
    return repr(float(f"{value:.4g}")) if isinstance(value, float) else json.dumps(value)
