"""The mission file's tables of the payload computer: power settings, models, heat, and the rail that feeds it."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSetting:
    """One power cap of the payload computer: mean draw above idle while working, and speed against `speed` 1.

    `cap` names the board's actuator that makes it, asked for `duty`; without, the computer keeps to it by itself. With
    `is_pulsed` the duty is a square wave (cpu.max, SIGSTOP): while it works it draws `watts` over `duty`. Work that is
    not `recallable` goes on drawing when it is stopped, as an accelerator's queue does.
    """

    name: str
    watts: float
    speed: float
    cap: str = ""
    duty: float = 1.0
    is_pulsed: bool = False
    recallable: bool = True

    def __post_init__(self) -> None:
        if not 0.0 < self.duty <= 1.0:
            raise ValueError(f"duty must be in 0..1, is {self.duty}")

    @property
    def peak_w(self) -> float:
        """The most it draws above idle at any instant."""
        return self.watts / self.duty if self.is_pulsed else self.watts


@dataclass(frozen=True, slots=True, kw_only=True)
class Limiter:
    """The latching current limiter of the payload's rail, as its source declares it.

    It opens once the draw has been above `peak_w` for `trip_s`, and stays open until the rail is cycled. A rise by more
    than `ramp_w_s` times `trip_s` at once opens it too. `ripple_w` is what the payload's converter adds at the crest.
    """

    peak_w: float
    trip_s: float
    ramp_w_s: float = math.inf
    ripple_w: float = 0.0

    def __post_init__(self) -> None:
        if self.peak_w <= 0.0 or self.trip_s <= 0.0 or self.ramp_w_s <= 0.0 or self.ripple_w < 0.0:
            raise ValueError("peak_w, trip_s and ramp_w_s must be positive, ripple_w at least 0")

    @property
    def step_w(self) -> float:
        """The largest rise at once."""
        return self.ramp_w_s * self.trip_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What `size` units of work take in one inference: `work_s` seconds at speed 1 for all of them."""

    size: int
    work_s: float

    def __post_init__(self) -> None:
        if self.size < 2 or not self.work_s > 0.0:
            raise ValueError(f"size must be at least 2 and work_s positive, are {self.size} and {self.work_s}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """What one variant of a model costs and is worth on this payload computer: work in seconds at speed 1 on `threads`
    of the processor, and the share of the job's value that its result earns. `batches` stand by size."""

    name: str
    work_s: float
    worth: float
    threads: int = 1
    batches: tuple[Batch, ...] = ()

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise ValueError(f"threads must be at least 1, are {self.threads}")
        sizes = [batch.size for batch in self.batches]
        if sizes != sorted(set(sizes)):
            raise ValueError(f"batches must rise in size, are {sizes}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """The operating-point table of one model package. `rows` of an input are one unit of work, what `work_s` is for;
    an input of more is worked on in segments."""

    name: str
    variants: tuple[Variant, ...]
    rows: int = 1

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise ValueError(f"rows must be at least 1, are {self.rows}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The payload computer: draw, and its two thermal nodes (computer, radiator) with worst-case surroundings."""

    idle_w: float
    settings: tuple[PowerSetting, ...]
    computer_j_k: float
    radiator_j_k: float
    conductance_w_k: float  # computer to radiator
    radiator_area_m2: float
    radiator_emissivity: float
    environment_sun_w: float  # heat the radiator takes up at worst, in the Sun
    environment_dark_w: float
    slots: int = 1
    limiter: Limiter | None = None

    @property
    def most_w(self) -> float:
        """Draw at the highest power setting."""
        return self.idle_w + max(setting.watts for setting in self.settings)


PointKey = tuple[str, str, int, str, int]
"""Model, variant, threads, setting, batch."""


def declared_points(payload: Payload, models: tuple[ModelRow, ...]) -> dict[PointKey, tuple[float, float]]:
    """Watts above idle and seconds of one inference at every operating point, as the mission's tables have them."""
    declared = {}
    for row in models:
        for variant in row.variants:
            for size, work_s in ((1, variant.work_s), *((batch.size, batch.work_s) for batch in variant.batches)):
                for setting in payload.settings:
                    key = (row.name, variant.name, variant.threads, setting.name, size)
                    declared[key] = (setting.watts, work_s / setting.speed)
    return declared
