"""What a flight leaves behind for people: traces of truth and belief, jobs, events, accounts. No wall time, no path."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fsw.messages import Event, JobReport, ModeStatus, TopicCount
from sim.eclipses import EclipseEvent
from sim.passes import Pass


@dataclass(slots=True)
class Trace:
    """Columns sampled at a fixed interval; all lists have one entry a row. `*_truth` is the simulator's own value."""

    time_s: list[float] = field(default_factory=list)
    illumination: list[float] = field(default_factory=list)  # 0 umbra .. 1 full sun
    soc_truth: list[float] = field(default_factory=list)
    soc_sensed: list[float | None] = field(default_factory=list)
    array_w: list[float] = field(default_factory=list)
    bus_w: list[float] = field(default_factory=list)  # everything that draws
    payload_w: list[float] = field(default_factory=list)
    allowed_w: list[float] = field(default_factory=list)  # what the guard's envelope allows above idle
    payload_temp_c: list[float] = field(default_factory=list)
    radiator_temp_c: list[float] = field(default_factory=list)
    battery_temp_c: list[float] = field(default_factory=list)
    array_temp_c: list[float] = field(default_factory=list)
    energy_price: list[float] = field(default_factory=list)  # value per joule
    queued: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)  # mission value so far
    flux_cm2_s: list[float] = field(default_factory=list)  # protons above 30 MeV
    grant_w: list[float | None] = field(default_factory=list)  # host's mean grant, None without a host


@dataclass(slots=True, kw_only=True)
class Picture:
    """One executed imaging job: the tile as fed, the mask that came back, and the label where there is one."""

    title: str
    image: npt.NDArray[np.float32]  # (256, 256, 4) reflectance, NIR last
    mask: npt.NDArray[np.float32]  # (256, 256) probability
    label: npt.NDArray[np.bool_] | None = None


@dataclass(slots=True, kw_only=True)
class Violation:
    """A limit broken at simulator truth."""

    limit: str
    first_s: float
    seconds: float
    worst: float
    bound: float


@dataclass(slots=True, kw_only=True)
class Approach:
    """How near a limit came at simulator truth: closest value and its bound."""

    limit: str
    closest: float
    bound: float
    at_s: float


@dataclass(slots=True, kw_only=True)
class Comparison:
    """Another policy flown on the same spacecraft, seed and arrivals."""

    policy: str
    value: float
    energy_j: float
    violations: int
    detail: str = ""


@dataclass(slots=True, kw_only=True)
class FlightRecord:
    """One flight. `limits` maps a channel of the trace to its bound, for the plots."""

    scenario: str
    title: str
    about: str
    seed: int
    duration_s: float
    executed: bool
    epoch_utc: str
    limits: dict[str, float] = field(default_factory=dict)
    trace: Trace = field(default_factory=Trace)
    jobs: list[JobReport] = field(default_factory=list)  # final reports, in time order
    arrived: dict[str, int] = field(default_factory=dict)  # jobs by kind
    offered_value: float = 0.0  # what the best variant of every job that came would have been worth
    events: list[Event] = field(default_factory=list)
    modes: list[ModeStatus] = field(default_factory=list)
    counts: tuple[TopicCount, ...] = ()
    packets: dict[str, int] = field(default_factory=dict)  # telemetry and command counters
    violations: list[Violation] = field(default_factory=list)
    approaches: list[Approach] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    eclipses: tuple[EclipseEvent, ...] = ()
    passes: tuple[Pass, ...] = ()
    energy: dict[str, float] = field(default_factory=dict)  # joules: harvested, bus, payload_idle, payload_jobs, ...
    boots: int = 1
