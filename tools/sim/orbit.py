"""Which orbit a question is about, by altitude and local time or by two-line elements, and its coming eclipses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from math import degrees
from typing import Any

from sim.eclipses import EclipseEvent, eclipse_events
from sim.orbit import MeanElements, Orbit, Trajectory, ltan_from_node_h, node_from_ltan_rad, node_rate_rad_s
from sim.season import YearRequest
from sim.sun import DAY_S
from sim.tle import Tle, TleOrbit, read_tle

DEFAULT_YEAR = 2026
LONGEST_LOOK_S = 366.0 * DAY_S  # an orbit without an eclipse in a year has none
EVENTS_LIMIT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The orbit of a question. With `tle`, altitude, local time and inclination are not used."""

    altitude_km: float = 500.0
    ltan_h: float = 10.5
    inclination_deg: float | None = None
    all_nodes: bool = False
    is_oblate: bool = False
    year: int | None = None
    start: datetime | None = None  # of events and passes; the TLE's epoch or the year's first day unless given
    tle_text: str | None = None

    @property
    def tle(self) -> Tle | None:
        return None if self.tle_text is None else read_tle(self.tle_text)

    @property
    def start_unix_s(self) -> float:
        """UTC at which events and passes begin."""
        if self.start is not None:
            return self.start.replace(tzinfo=UTC).timestamp()
        tle = self.tle
        return _new_year_s(self.year or DEFAULT_YEAR) if tle is None else tle.epoch_unix_s

    def year_request(self) -> YearRequest:
        """The year's survey; that of a TLE carries its mean elements back to 1 January by secular J2."""
        tle = self.tle
        if tle is not None:
            return _year_of(TleOrbit(tle).mean_elements(), self)
        return YearRequest(
            altitude_km=self.altitude_km,
            ltan_h=self.ltan_h,
            inclination_deg=self.inclination_deg,
            year=self._year_of_start(),
            all_nodes=self.all_nodes,
            is_oblate=self.is_oblate,
        )

    def trajectory(self) -> Trajectory:
        """From `start_unix_s` on: by SGP4 for a TLE, otherwise from the ascending node under secular J2."""
        tle = self.tle
        if tle is not None:
            return TleOrbit(tle, self.start_unix_s)
        request = self.year_request()
        axis_m, inclination = request.semi_major_axis_m, request.inclination_rad
        first_s = _new_year_s(request.year)
        drift = node_rate_rad_s(axis_m, inclination) * (self.start_unix_s - first_s)
        return Orbit(
            MeanElements(
                epoch_unix_s=self.start_unix_s,
                semi_major_axis_m=axis_m,
                inclination_rad=inclination,
                node_rad=node_from_ltan_rad(request.ltan_h, first_s) + drift,
                latitude_argument_rad=0.0,
            )
        )

    def _year_of_start(self) -> int:
        if self.year is not None or self.start is None:
            return self.year or DEFAULT_YEAR
        return self.start.year


def _new_year_s(year: int) -> float:
    return datetime(year, 1, 1, tzinfo=UTC).timestamp()


def _year_of(mean: MeanElements, asked: Asked) -> YearRequest:
    year = asked.year or datetime.fromtimestamp(mean.epoch_unix_s, tz=UTC).year
    first_s = _new_year_s(year)
    rate = node_rate_rad_s(mean.semi_major_axis_m, mean.inclination_rad)
    return YearRequest(
        altitude_km=mean.altitude_km,
        ltan_h=ltan_from_node_h(mean.node_rad - rate * (mean.epoch_unix_s - first_s), first_s),
        inclination_deg=degrees(mean.inclination_rad),
        year=year,
        is_oblate=asked.is_oblate,
    )


def told_tle(tle: Tle) -> dict[str, Any]:
    """What the lines say of themselves, for JSON."""
    return {
        "name": tle.name,
        "satellite": tle.satellite,
        "epoch_utc": utc(tle.epoch_unix_s),
        "mean_motion_rev_day": tle.mean_motion_rev_day,
        "inclination_deg": tle.inclination_deg,
        "eccentricity": tle.eccentricity,
    }


def coming_events(asked: Asked, count: int) -> list[dict[str, Any]]:
    """The next edges of eclipses from `asked.start_unix_s`, within a year. ValueError for a count out of 1..10000."""
    if not 1 <= count <= EVENTS_LIMIT:
        raise ValueError(f"number of events must be in 1..{EVENTS_LIMIT}, is {count}")
    trajectory = asked.trajectory()
    found: Iterator[EclipseEvent] = eclipse_events(trajectory, 0.0, LONGEST_LOOK_S, is_oblate=asked.is_oblate)
    return [
        {"edge": event.edge.value, "utc": utc(trajectory.epoch_unix_s + event.time_s), "time_s": round(event.time_s, 3)}
        for event in islice(found, count)
    ]


def events_text(events: list[dict[str, Any]], start_unix_s: float) -> str:
    """The events as a table."""
    head = ["", f"eclipse events from {utc(start_unix_s)}"]
    return "\n".join(
        [*head, *(f"{row['utc']}  {row['edge']}" for row in events)] + ([] if events else ["none in a year"])
    )


def utc(unix_s: float) -> str:
    """A time to the millisecond, as ISO 8601."""
    return datetime.fromtimestamp(round(unix_s, 3), tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
