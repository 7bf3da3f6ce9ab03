"""Messages that carry what goes up and down: packets, parts of files, reports, contact. Part of `fsw.messages`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report to the ground. `name` is a row of `fsw.catalogue.reports`; `values` are its fields in order."""

    time_ns: int
    name: str
    values: tuple[float | int | str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCommand:
    """A telecommand packet whose time or cause has come. It was authenticated when `origin` was given it."""

    time_ns: int
    packet: bytes
    origin: str  # "schedule" or "response"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePdu:
    """One protocol data unit of CFDP, up or down."""

    time_ns: int
    octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryPacket:
    """One telemetry packet, whole, and the packet store that it belongs to."""

    time_ns: int
    store: str
    octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whether the ground hears us, until when that holds, and how fast. `rate_bps` 0: no limit is known."""

    time_ns: int
    in_contact: bool
    until_ns: int
    rate_bps: float = 0.0
    station: str = ""
