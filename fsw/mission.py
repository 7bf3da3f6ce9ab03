"""The mission file: everything the flight software must be told, typed and whole. One table a service."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from fsw.ephemeris import Ephemeris, Sunlight, Timetable
from fsw.ephemeris.passes import Passes, Track
from fsw.ephemeris.passes import Station as Station
from fsw.ephemeris.zones import RadiationZone as RadiationZone
from fsw.ephemeris.zones import Zones
from fsw.link.settings import Link as Link
from fsw.payload import Limiter as Limiter
from fsw.payload import ModelRow as ModelRow
from fsw.payload import Payload as Payload
from fsw.payload import PowerSetting as PowerSetting
from fsw.payload import Variant as Variant
from fsw.profile import profiled_seconds
from hal.clock import SECOND_NS
from hal.config import build, read_toml
from hal.constants import TAI_EPOCH_TO_UNIX_S, TAI_MINUS_UTC_S

MISSIONS = Path(__file__).parent / "missions"
ALONG_TRACK_S_PER_DAY = 3.0  # 20 km a day: quiet two-line elements drift by 1 to 3 km a day, in a storm by tens
POLICIES = ("priced", "hysteresis", "static")  # what fsw.govern.policies has


@dataclass(frozen=True, slots=True, kw_only=True)
class Orbit:
    """Mean elements of a near-circular orbit, of date, as the flight computer knows them."""

    altitude_m: float
    inclination_deg: float
    ltan_h: float  # local time of the ascending node at the epoch
    argument_of_latitude_deg: float = 0.0
    age_days: float = 0.0  # of the elements at the epoch

    @property
    def sigma_s(self) -> float:
        """What the spacecraft may be ahead of its elements or behind them: `ALONG_TRACK_S_PER_DAY` of their age."""
        return ALONG_TRACK_S_PER_DAY * self.age_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """Instead of an orbit: every `period_s` from the epoch on begins with `dark_s` of shadow."""

    period_s: float
    dark_s: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.dark_s < self.period_s:
            raise ValueError(f"dark_s must be in 0..period_s, is {self.dark_s}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """What the array is expected to give, facing the Sun at 1 au."""

    power_w: float
    derate: float = 0.95  # what the guard counts on: temperature, pointing and ageing not modelled on board


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """The pack as characterised on the ground. `ocv_v` is the pack's open-circuit voltage at `ocv_soc`."""

    capacity_ah: float
    floor_soc: float
    ocv_soc: tuple[float, ...]
    ocv_v: tuple[float, ...]
    resistance_ohm: float
    coulombic_efficiency: float = 0.987
    charge_efficiency: float = 0.95  # of array watts stored, resistance included
    discharge_limit_w: float = 120.0
    discharge_limit_a: float = math.inf

    def __post_init__(self) -> None:
        rows = list(zip(self.ocv_soc, self.ocv_v, strict=False))
        rises = all(low[0] < high[0] and low[1] < high[1] for low, high in pairwise(rows))
        if len(self.ocv_soc) != len(self.ocv_v) or len(rows) < 2 or not rises:
            raise ValueError("ocv_soc and ocv_v must rise and be equally long, two rows at least")

    @property
    def most_w(self) -> float:
        """What the pack may give at its floor, by its limits of power and of current."""
        if self.discharge_limit_a == math.inf:
            return self.discharge_limit_w
        floor_v = self.ocv_at_v(self.floor_soc) - self.discharge_limit_a * self.resistance_ohm
        return min(self.discharge_limit_w, self.discharge_limit_a * floor_v)

    def ocv_at_v(self, soc: float) -> float:
        """Open-circuit voltage of the pack, linear between the table's rows."""
        return interpolate(self.ocv_soc, self.ocv_v, soc)

    def energy_above_floor_j(self, soc: float) -> float:
        """What the pack delivers from `soc` down to its floor; negative below it. The voltage counted on is the
        floor's, less the drop at half the discharge limit, so the true figure is higher."""
        floor_v = self.ocv_at_v(self.floor_soc)
        drop_v = 0.5 * self.discharge_limit_w / floor_v * self.resistance_ohm
        return (soc - self.floor_soc) * self.capacity_ah * 3600.0 * (floor_v - drop_v)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandRow:
    """Jobs that the planner expects: arrivals a minute in sun and in the dark."""

    kind: str
    model: str
    value: float
    per_minute_sun: float
    per_minute_dark: float
    deadline_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What must never be broken."""

    payload_temp_c: float
    bus_power_w: float
    battery_temp_c: float = 45.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Margins of the guard. Each covers what the sensors and the models do not know."""

    enabled: bool = True
    soc_margin: float = 0.01  # gauge error after an orbit, see fsw.sense.gauge
    temp_margin_k: float = 1.0  # sensor 0.1 K, gradient, overshoot within a step
    power_margin_w: float = 2.0  # declared draw against true draw
    draw_margin: float = 0.10  # a job may draw and last this much more than its table says
    eclipse_margin_s: float = 60.0  # entry and exit against the forecast
    bus_w: float = 16.0  # housekeeping counted on until sunrise, at least
    heater_w: float = 0.0  # of heaters that thermostats may switch on in the night, above `bus_w`
    outage_s: float = 0.0  # of full array power, held above the floor: the array may be turned away for so long
    overrun: float = 1.5  # what cannot be recalled may take this much more time than its table says
    envelope_s: float = 3.0  # an envelope older than this is void
    host_silence_s: float = 10.0  # a host quiet for longer has withdrawn its allocation
    power_off_quiet_s: float = 5.0  # quiet this long before an announced cut
    latchup_s: float = 8.0  # an unexplained draw that lasts longer than a worker takes to stop is a latch-up


@dataclass(frozen=True, slots=True, kw_only=True)
class Governor:
    """The dispatcher and the planner."""

    policy: str = "priced"  # one of POLICIES
    horizon_orbits: float = 1.25
    slot_s: float = 120.0
    replan_s: float = 300.0
    work_until_s: float | None = None  # since the epoch: an announced end, after which no result counts
    queue_depth: int = 512
    attempts: int = 2
    kill_factor: float = 3.0  # an attempt is killed at this multiple of its predicted time
    kill_floor_s: float = 5.0
    static_variant: int = 0  # for policy static: rank of the variant, index of the setting, duty
    static_setting: int = 0
    static_duty: float = 1.0

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise ValueError(f"policy must be one of {', '.join(POLICIES)}, is {self.policy!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLink:
    """Datagram addresses of a guest's host bus: where we listen, and where the host does."""

    local_host: str = "127.0.0.1"
    local_port: int = 10035
    remote_host: str = "127.0.0.1"
    remote_port: int = 10036


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Bounds of the recorder."""

    segment_bytes: int = 4_194_304
    segments: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """With `keys` (Ed25519, 64 hex digits each) only model packages signed by one of them are taken."""

    keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for key in self.keys:
            if len(key) != 64 or set(key) - set("0123456789abcdef"):
                raise ValueError(f"keys must be 64 lower-case hex digits each, found {key!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """One spacecraft's flight software. `profile` is "owned" (array and battery are ours) or "hosted" (a guest)."""

    name: str
    profile: str
    board: str
    epoch_utc: str  # ISO 8601; monotonic zero of the flight clock in a simulated flight
    payload: Payload
    limits: Limits
    models: tuple[ModelRow, ...]
    demand: tuple[DemandRow, ...] = ()
    orbit: Orbit | None = None
    shadow: Shadow | None = None
    array: Array | None = None
    battery: Battery | None = None
    guard: Guard = field(default_factory=Guard)
    governor: Governor = field(default_factory=Governor)
    link: Link = field(default_factory=Link)
    host_link: HostLink = field(default_factory=HostLink)
    store: Store = field(default_factory=Store)
    uploads: Uploads = field(default_factory=Uploads)
    station: tuple[Station, ...] = ()
    radiation_zone: tuple[RadiationZone, ...] = ()
    control_period_s: float = 1.0

    def __post_init__(self) -> None:
        if self.profile not in ("owned", "hosted"):
            raise ValueError(f"profile must be owned or hosted, is {self.profile!r}")
        try:
            utc_to_tai_ns(self.epoch_utc)
        except ValueError as error:
            raise ValueError(f"epoch_utc must be ISO 8601, is {self.epoch_utc!r}") from error
        if self.orbit is not None and self.shadow is not None:
            raise ValueError("give the table orbit or the table shadow, not both")
        if self.profile == "owned" and (not self.knows_sunlight or self.array is None or self.battery is None):
            raise ValueError("an owned mission needs the tables orbit (or shadow), array and battery")
        known = {row.name for row in self.models}
        for row in self.demand:
            if row.model not in known:
                raise ValueError(f"demand {row.kind!r} names model {row.model!r}; known: {', '.join(sorted(known))}")

    def setting(self, name: str) -> PowerSetting | None:
        """A power setting of the payload by its name, or None."""
        return next((row for row in self.payload.settings if row.name == name), None)

    def model(self, name: str) -> ModelRow | None:
        """The operating-point table of a model, or None."""
        return next((row for row in self.models if row.name == name), None)

    @property
    def knows_sunlight(self) -> bool:
        """True where an orbit or a timetable is told."""
        return self.orbit is not None or self.shadow is not None

    def ephemeris(self) -> Sunlight | None:
        """Sunlight along the mission's orbit or by its timetable; None where the payload is told neither."""
        if self.shadow is not None:
            return Timetable(
                period_s=self.shadow.period_s,
                dark_each_s=self.shadow.dark_s,
                epoch_tai_s=self.epoch_tai_ns() / SECOND_NS,
            )
        return None if self.orbit is None else Ephemeris(**self._elements(self.orbit))

    def passes(self) -> Passes | None:
        """Passes over the mission's ground stations; None where it knows no orbit or has no stations."""
        if self.orbit is None or not self.station:
            return None
        return Passes(Track(**self._elements(self.orbit)), self.station)

    def zones(self) -> Zones | None:
        """Where radiation ends what runs; None where the mission knows no orbit or names none."""
        if self.orbit is None or not self.radiation_zone:
            return None
        return Zones(Track(**self._elements(self.orbit)), self.radiation_zone)

    def _elements(self, orbit: Orbit) -> dict[str, float]:
        """The orbit as the ephemeris takes it."""
        return {
            "altitude_m": orbit.altitude_m,
            "inclination_deg": orbit.inclination_deg,
            "ltan_h": orbit.ltan_h,
            "argument_of_latitude_deg": orbit.argument_of_latitude_deg,
            "epoch_tai_s": self.epoch_tai_ns() / SECOND_NS,
        }

    def epoch_tai_ns(self) -> int:
        """On-board time at the epoch: TAI nanoseconds since 1958."""
        return utc_to_tai_ns(self.epoch_utc)


def interpolate(xs: tuple[float, ...], ys: tuple[float, ...], x: float) -> float:
    """Piecewise linear through increasing `xs`, held at the ends."""
    if x <= xs[0]:
        return ys[0]
    if x >= xs[-1]:
        return ys[-1]
    upper = bisect_right(xs, x)
    low_x, low_y = xs[upper - 1], ys[upper - 1]
    return low_y + (ys[upper] - low_y) * (x - low_x) / (xs[upper] - low_x)


def utc_to_tai_ns(utc: str) -> int:
    """TAI nanoseconds since 1958-01-01 of an ISO 8601 UTC time; naive times count as UTC."""
    moment = datetime.fromisoformat(utc)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    unix_us = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution)
    return unix_us * 1000 + (TAI_EPOCH_TO_UNIX_S + TAI_MINUS_UTC_S) * SECOND_NS


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the tables of `over` laid on top, key by key; lists are replaced whole."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merge(below, value) if isinstance(value, Mapping) and isinstance(below, Mapping) else value
    return result


def load_mission(
    name: str | Path, overrides: Mapping[str, Any] | None = None, models: Path = Path(__file__).parent / "models"
) -> Mission:
    """A shipped mission by file name, or any by path, with `overrides` laid on top. Raises ConfigError.

    Times that it leaves to the packages' profiles come from the packages in `models`.
    """
    path = Path(name)
    if not path.exists() and (MISSIONS / path.name).exists():
        path = MISSIONS / path.name
    table = merge(read_toml(path), overrides or {})
    return build(Mission, table | {"models": [_profiled(row, models) for row in table.get("models", ())]}, path.name)


def _profiled(row: Any, models: Path) -> Any:
    """A row of `models` as read; with `profile = true` each variant without `work_s` gets it from the profile."""
    if not isinstance(row, Mapping) or row.get("profile") is not True:
        return row
    seconds = profiled_seconds(models, str(row.get("name")))
    variants = []
    for item in row.get("variants", ()):
        by_batch = dict(seconds.get((item.get("name"), item.get("threads", 1)), {}))
        if "work_s" not in item and 1 in by_batch:
            work_s = by_batch.pop(1)
            batches = [{"size": size, "work_s": batch_s} for size, batch_s in by_batch.items()]
            item = {"work_s": work_s, "batches": batches} | item
        variants.append(item)
    return {key: value for key, value in row.items() if key != "profile"} | {"variants": variants}
