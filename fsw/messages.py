"""Every type that crosses the bus: immutable, declared once, plain enough for msgpack.

Times are monotonic nanoseconds of the flight clock. Powers are watts, energies joules, temperatures degrees
Celsius. A field that may be unknown is None, never a stand-in number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import IntEnum

from fsw.jobs import COMMANDED_JOB_IDS as COMMANDED_JOB_IDS
from fsw.jobs import Durable as Durable
from fsw.jobs import Job as Job
from fsw.jobs import JobReport as JobReport
from fsw.jobs import JobState as JobState
from fsw.jobs import Member as Member
from fsw.jobs import Outcome as Outcome
from fsw.jobs import WorkOrder as WorkOrder
from fsw.jobs import WorkResult as WorkResult
from fsw.traffic import Contact as Contact
from fsw.traffic import FilePdu as FilePdu
from fsw.traffic import Report as Report
from fsw.traffic import StoredCommand as StoredCommand
from fsw.traffic import TelemetryPacket as TelemetryPacket
from hal.reading import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. `name` is a row of `fsw.catalogue.events`; `values` are its parameters in order."""

    time_ns: int
    name: str
    values: tuple[float | int | str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleBatch:
    """All samples of one sensing step."""

    time_ns: int
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """The spacecraft as sensed. `worst_*` is the value that the guard must assume: it includes the sensor's
    uncertainty and, for a silent channel, its fastest credible run towards harm since the last good reading.

    `energy_above_floor_j` is what the battery can deliver before its floor; None where the payload owns no battery.
    """

    time_ns: int
    soc: float | None
    worst_soc: float | None
    energy_above_floor_j: float | None
    worst_energy_above_floor_j: float | None
    battery_power_w: float | None  # positive while discharging
    worst_battery_temp_c: float | None
    array_power_w: float | None
    bus_power_w: float | None  # everything that draws, payload included
    worst_bus_power_w: float | None
    payload_power_w: float | None
    worst_payload_power_w: float
    payload_temp_c: float | None
    worst_payload_temp_c: float
    radiator_temp_c: float | None
    dose_rate_ugy_s: float | None
    upsets: int
    stale: tuple[str, ...] = ()  # guarded channels that are silent
    payload_energy_j: float | None = None  # counted on the payload's rail by the board itself; only differences count


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What a host grants its guest. Holds from `from_ns` until `until_ns`, then means the lowest safe draw.

    `mean_w` bounds the mean draw over any `window_s`; `energy_j` bounds the energy drawn from `from_ns` on.
    """

    from_ns: int
    until_ns: int
    mean_w: float
    peak_w: float
    energy_j: float
    window_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStatus:
    """What the host said last: `heartbeat_ns` is when it was heard, `power_off_ns` an announced cut.

    `allocation` is the newest grant whose `from_ns` has come, `next_allocation` one that will replace it.
    """

    time_ns: int
    heartbeat_ns: int
    allocation: Allocation | None = None
    next_allocation: Allocation | None = None
    is_sunlit: bool | None = None
    safing: bool = False
    power_off_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """What the payload tells its host."""

    time_ns: int
    payload_power_w: float | None
    demand_w: float
    mode: str
    healthy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The guard's word: what may run from `time_ns` on. A job of `p` watts above idle for `d` seconds may start when
    `p <= power_w`, `p d <= energy_j`, `(p - cooling_w) d <= heat_j[setting]` and `d <= seconds`. `bound_by` names the
    limit that binds first. `run` false means: nothing runs, and what runs is stopped.

    `heat_j` has one entry a power setting of the mission, in order: the heat that may be left in the payload before
    its ceiling. `cooling_w` is what the payload sheds above idle for certain. Above `power_w` a job may still start
    when `p <= burst_w` and `p d <= burst_j`: a host that bounds the mean over a window leaves such room. With a battery
    of our own also `(p - harvest_w) d <= stored_j`: what the array does not bring, the battery must hold now.

    At no instant may the draw rise by more than `step_w`; above `peak_w` it may be for `peak_s` only.
    """

    time_ns: int
    run: bool
    power_w: float
    energy_j: float
    seconds: float
    heat_j: tuple[float, ...]
    cooling_w: float
    bound_by: str
    burst_w: float = 0.0
    burst_j: float = 0.0
    harvest_w: float = 0.0
    stored_j: float = math.inf
    peak_w: float = math.inf
    peak_s: float = 0.0
    step_w: float = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """The guard stopped the payload at once."""

    time_ns: int
    limit: str
    value: float
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """The planner's shadow prices, one entry a slot of `slot_s` from `start_ns` on.

    `joule_price` is what a joule above idle is worth (energy and heat together), `time_price` a second of the
    computer, `job_price[kind]` what a job of that kind is worth kept for its best later moment. `loss_rate_hz` is how
    often radiation ends what runs; empty: not known to.
    """

    time_ns: int
    start_ns: int
    slot_s: float
    joule_price: tuple[float, ...]
    time_price: tuple[float, ...]
    kinds: tuple[str, ...]
    job_price: tuple[tuple[float, ...], ...]
    loss_rate_hz: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits in the queue, by kind: how many jobs, and seconds until the last of them is due; for the planner."""

    time_ns: int
    counts: tuple[tuple[str, int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearntPoint:
    """An operating point as it is predicted now: seconds and mean watts above idle of `batch` jobs run together.

    `worst` is its longest time over `seconds`, where it cannot be recalled.
    """

    model: str
    variant: str
    setting: str
    batch: int
    seconds: float
    watts: float
    worst: float
    threads: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LearntPoints:
    """The operating points as the dispatcher has learnt them, for whoever plans with them; told when they changed."""

    time_ns: int
    rows: tuple[LearntPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why the dispatcher did what it did, in a sentence and a number; published when it changes."""

    time_ns: int
    job_id: int
    admitted: bool
    variant: str
    setting: str
    predicted_j: float
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeStatus:
    """The mode, who changed it and why, and what it takes to leave it."""

    time_ns: int
    mode: str
    previous: str
    who: str
    why: str
    exit_condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus:
    """The dispatcher's figures, once a control step."""

    time_ns: int
    queued: int
    running: int  # job id, 0 when idle
    done: int
    failed: int
    expired: int
    cancelled: int
    value: float
    energy_j: float
    prediction_error: float  # running mean of |measured - predicted| / predicted
    energy_price: float  # value per joule
    bound_by: str
    refused: int = 0  # intake items turned away because the queue was full
    lost_j: float = 0.0  # of `energy_j`, by attempts that failed
    energy_residual: float | None = None  # of the last orbit: what does not add up, over what was used


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A telecommand after authentication and decoding. `name` is a row of `fsw.catalogue.commands`.

    `request` is the first four octets of the packet (PUS request identifier), `ack` its acknowledgement flags.
    """

    time_ns: int
    name: str
    arguments: tuple[float | int | str, ...]
    request: int
    ack: int
    source: int


class Stage(IntEnum):
    """Verification stages; the numbers are the success subtypes of PUS ST01."""

    ACCEPTED = 1
    STARTED = 3
    PROGRESS = 5
    COMPLETED = 7
    ROUTED = 9  # fails only, as [1,10]: the packet is for nobody here


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReport:
    """One verification report. `code` 0 is success; others are rows of `fsw.catalogue.failures`."""

    time_ns: int
    request: int
    stage: Stage
    code: int = 0
    values: tuple[float | int, ...] = ()
    ack: int = 0xF
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSet:
    """A parameter changed by command; services take those that they own."""

    time_ns: int
    name: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A service took a step."""

    time_ns: int
    service: str
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicCount:
    """Accounting of one subscription: sent = delivered + dropped + in flight."""

    topic: str
    subscriber: str
    sent: int
    delivered: int
    dropped: int
    in_flight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BusStatus:
    """Accounting of every subscription of one process; `counters` are (service, name, count) of its services."""

    time_ns: int
    process: str
    counts: tuple[TopicCount, ...] = field(default_factory=tuple)
    counters: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredJobs:
    """What the store holds of an earlier run: jobs accepted and not final, with attempts made.

    `checkpoints` are the last reports of those that were cut into segments and had done some.
    """

    time_ns: int
    jobs: tuple[Job, ...]
    attempts: tuple[int, ...]
    next_job_id: int
    unclean: bool
    settings: tuple[ParameterSet, ...] = ()  # the last command for each parameter
    checkpoints: tuple[JobReport, ...] = ()
