"""Rows about a board for people and programs: parts with their values, and samples."""

from __future__ import annotations

from collections.abc import Iterable

from hal import native
from hal.board import ActuatorConfig, Board, BoardConfig, kind_of
from hal.clock import SECOND_NS, Clock
from hal.contract import Capability
from hal.reading import Channel, Reading, Sample

Row = dict[str, object]

KINDS = {"switches": "switch", "caps": "cap", "limits": "limit", "pumps": "pump", "watchdogs": "watchdog"}


def list_rows(config: BoardConfig, board: Board, samples: Iterable[Sample], clock: Clock) -> list[Row]:
    """A row for each channel with its sample, each actuator with its state and what it can do, and the native part."""
    by_channel = {sample.channel: sample for sample in samples}
    rows = [
        _channel(channel, by_channel[channel.name], f"{row.driver}:{row.port} {channel.source}".rstrip(), clock)
        for row in config.devices
        for channel in row.channels.values()
    ]
    rows += [_actuator(row, board) for row in config.actuators]
    rows.append(_part(kind="native", name="native functions", source=native.IMPLEMENTATION))
    return rows


def sample_rows(samples: Iterable[Sample], board: Board) -> list[Row]:
    """A row for each sample: a value with its quality, or the reason why there is none."""
    return [_sample(sample, board.channels[sample.channel].unit) for sample in samples]


def _sample(sample: Sample, unit: str) -> Row:
    if isinstance(sample, Reading):
        told: Row = {"value": sample.value, "unit": unit, "quality": sample.quality.name, "reason": "", "detail": ""}
    else:
        told = {"value": None, "unit": unit, "quality": "", "reason": sample.reason.name, "detail": sample.detail}
    return {"channel": sample.channel, "time_ns": sample.time_ns} | told


def _channel(channel: Channel, sample: Sample, source: str, clock: Clock) -> Row:
    is_reading = isinstance(sample, Reading)
    return _part(
        kind="channel",
        name=channel.name,
        value=sample.value if isinstance(sample, Reading) else None,
        unit=channel.unit,
        quality=sample.quality.name if isinstance(sample, Reading) else sample.reason.name,
        sigma=channel.sigma or None,
        age_s=(clock.now_ns() - sample.time_ns) / SECOND_NS if is_reading else None,
        source=source,
        owner=channel.owner,
        range_=f"{channel.low:g} to {channel.high:g}",
        period_s=channel.period_s,
    )


def _actuator(row: ActuatorConfig, board: Board) -> Row:
    kind = KINDS[kind_of(row.driver)]
    able = getattr(board.actuator(row.name), "capability", lambda: None)()
    return _part(
        kind=kind,
        name=row.name,
        value=_state(kind, board.actuator(row.name)),
        unit=able.unit if able else "",
        source=f"{row.driver}:{row.port}",
        owner=row.owner,
        range_=_ability(able) if able else "",
    )


def _state(kind: str, actuator: object) -> object:
    """What the actuator reads back; None where it does not, and for a watchdog, which must not be touched."""
    method = {"switch": "is_on", "cap": "duty", "limit": "limit", "pump": "speed"}.get(kind)
    return getattr(actuator, method)() if method else None


def _ability(able: Capability) -> str:
    high = "?" if able.high is None else f"{able.high:g}"
    latency = "" if able.latency_s is None else f", after {able.latency_s:g} s"
    return f"{able.low:g} to {high} by {able.granularity:g}{latency}"


def _part(
    *,
    kind: str,
    name: str,
    value: object = None,
    unit: str = "",
    quality: str = "",
    sigma: float | None = None,
    age_s: float | None = None,
    source: str = "",
    owner: str = "",
    range_: str = "",
    period_s: float | None = None,
) -> Row:
    return {
        "kind": kind,
        "name": name,
        "value": value,
        "unit": unit,
        "quality": quality,
        "sigma": sigma,
        "age_s": age_s,
        "source": source,
        "owner": owner,
        "range": range_,
        "period_s": period_s,
    }
