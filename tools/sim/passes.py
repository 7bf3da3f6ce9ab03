"""Passes over ground stations as an object for JSON, as a table with totals a day, and as a map of the ground track."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import acos, asin, atan2, cos, degrees, pi, radians, sin
from pathlib import Path
from typing import Any

from hal.constants import EARTH_RADIUS_M
from sim.frames import earth_fixed_from_of_date
from sim.orbit import Trajectory
from sim.passes import Pass, passes
from sim.radio import Station
from sim.scenario import load_scenario
from tools.sim.orbit import utc

HOURS_LIMIT = 24.0 * 366.0
TRACK_STEP_S = 20.0  # 1.3 degrees of track
RIM_POINTS = 181


def parse_station(text: str) -> Station:
    """NAME,LAT,LON or NAME,LAT,LON,ALT_M, in degrees and metres. ValueError says what is wrong."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (3, 4) or not parts[0]:
        raise ValueError(f"'{text}' is not NAME,LAT,LON or NAME,LAT,LON,ALT_M")
    try:
        numbers = [float(part) for part in parts[1:]]
    except ValueError as error:
        raise ValueError(f"'{text}': {error}") from error
    altitude_m = numbers[2] if len(numbers) == 3 else 0.0
    return Station(name=parts[0], latitude_deg=numbers[0], longitude_deg=numbers[1], altitude_m=altitude_m)


def stations(texts: Sequence[str], mask_deg: float | None) -> tuple[Station, ...]:
    """Those asked for, or those of the default scenario; `mask_deg` replaces the mask of all."""
    found = tuple(parse_station(text) for text in texts) or load_scenario("default").station
    return found if mask_deg is None else tuple(replace(station, mask_deg=mask_deg) for station in found)


def answer(trajectory: Trajectory, places: Sequence[Station], hours: float) -> dict[str, Any]:
    """All passes that rise within `hours` of the trajectory's epoch, by time, and totals for each UTC day."""
    if not 0.0 < hours <= HOURS_LIMIT:
        raise ValueError(f"hours must be in 0..{HOURS_LIMIT:g}, is {hours:g}")
    found = sorted(
        (row for place in places for row in passes(trajectory, place, 0.0, hours * 3600.0)), key=lambda row: row.rise_s
    )
    rows = [_told(row, trajectory.epoch_unix_s) for row in found]
    return {
        "start_utc": utc(trajectory.epoch_unix_s),
        "hours": hours,
        "period_s": trajectory.period_s,
        "stations": [
            {"name": p.name, "latitude_deg": p.latitude_deg, "longitude_deg": p.longitude_deg, "mask_deg": p.mask_deg}
            for p in places
        ],
        "passes": rows,
        "days": list(_days(rows, places)),
    }


def _told(row: Pass, epoch_unix_s: float) -> dict[str, Any]:
    return {
        "station": row.station,
        "rise_utc": utc(epoch_unix_s + row.rise_s),
        "culmination_utc": utc(epoch_unix_s + row.culmination_s),
        "set_utc": utc(epoch_unix_s + row.set_s),
        "duration_s": round(row.duration_s, 3),
        "max_elevation_deg": round(row.max_elevation_deg, 3),
    }


def _days(rows: list[dict[str, Any]], places: Sequence[Station]) -> Iterator[dict[str, Any]]:
    """A pass belongs to the day on which it rises."""
    for day in sorted({row["rise_utc"][:10] for row in rows}):
        for place in places:
            seen = [row for row in rows if row["rise_utc"][:10] == day and row["station"] == place.name]
            minutes = sum(row["duration_s"] for row in seen) / 60.0
            yield {"day": day, "station": place.name, "passes": len(seen), "contact_min": round(minutes, 3)}


def text(found: dict[str, Any]) -> str:
    """The answer for a person at a terminal."""
    names = [place["name"] for place in found["stations"]]
    width = max(len("station"), *map(len, names))
    lines = [
        f"{found['hours']:g} hours from {found['start_utc']}; one turn takes {found['period_s'] / 60.0:.2f} min",
        "",
        f"{'station':{width}}  {'rise, UTC':19}  {'culmination':11}  {'set':8}  {'min':>5}  {'highest':>7}",
    ]
    lines += [
        f"{row['station']:{width}}  {row['rise_utc'][:19].replace('T', ' ')}  {row['culmination_utc'][11:19]:11}  "
        f"{row['set_utc'][11:19]}  {row['duration_s'] / 60.0:5.2f}  {row['max_elevation_deg']:5.1f}°"
        for row in found["passes"]
    ]
    lines += ["" if found["passes"] else "none", f"{'day':10}  {'station':{width}}  passes  contact, min"]
    lines += [
        f"{row['day']}  {row['station']:{width}}  {row['passes']:6d}  {row['contact_min']:12.1f}"
        for row in found["days"]
    ]
    return "\n".join(lines)


def save_plot(trajectory: Trajectory, places: Sequence[Station], found: dict[str, Any], path: Path) -> None:
    """The ground track, bold where a station hears the satellite, and the circle of each station, as a PNG."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from tools.flight.plots import STYLE
    from tools.palette import LIGHT, SERIES

    radius_m = trajectory.place(0.0).length
    with rc_context(STYLE):
        figure = Figure(figsize=(10.0, 5.6), layout="constrained")
        axis = figure.subplots()
        for line in _pieces(list(_track(trajectory, 0.0, found["hours"] * 3600.0))):
            axis.plot(*zip(*line, strict=True), color=LIGHT["muted"], linewidth=0.5)
        for index, place in enumerate(places):
            colour = LIGHT[SERIES[index % len(SERIES)]]
            for line in _pieces(rim(place, radius_m)):
                axis.plot(*zip(*line, strict=True), color=colour, linewidth=1.0, linestyle=(0, (4, 2)))
            for row in passes(trajectory, place, 0.0, found["hours"] * 3600.0):
                for line in _pieces(list(_track(trajectory, row.rise_s, row.set_s))):
                    axis.plot(*zip(*line, strict=True), color=colour, linewidth=2.0)
            longitude = _wrapped(place.longitude_deg)
            axis.plot(longitude, place.latitude_deg, marker="^", color=colour, markersize=7)
            axis.annotate(
                place.name,
                (longitude, place.latitude_deg),
                xytext=(6, 6),
                textcoords="offset points",
                color=LIGHT["ink"],
                bbox={"facecolor": LIGHT["paper"], "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
            )
        axis.set(xlim=(-180, 180), ylim=(-90, 90), xticks=range(-180, 181, 30), yticks=range(-90, 91, 30))
        axis.set(xlabel="longitude, degrees east", ylabel="latitude, degrees", aspect="equal")
        axis.grid()
        figure.suptitle(_title(found), fontsize=10.0, x=0.01, ha="left")
        figure.savefig(path, format="png", dpi=120, facecolor=LIGHT["paper"], metadata={"Software": None})


def _title(found: dict[str, Any]) -> str:
    minutes = sum(row["duration_s"] for row in found["passes"]) / 60.0
    return (
        f"{found['hours']:g} hours from {found['start_utc']}: {len(found['passes'])} passes, {minutes:.0f} minutes "
        "of contact (bold); dashed: where a station's mask is"
    )


def _track(trajectory: Trajectory, start_s: float, end_s: float) -> Iterator[tuple[float, float]]:
    """Longitude and geocentric latitude under the satellite, in degrees."""
    count = max(2, round((end_s - start_s) / TRACK_STEP_S) + 1)
    for index in range(count):
        time_s = start_s + (end_s - start_s) * index / (count - 1)
        place = earth_fixed_from_of_date(trajectory.place(time_s), trajectory.epoch_unix_s + time_s)
        yield degrees(atan2(place.y, place.x)), degrees(asin(place.z / place.length))


def rim(station: Station, radius_m: float) -> list[tuple[float, float]]:
    """Where a satellite at `radius_m` from the Earth's centre stands on the station's mask: longitude and latitude of
    the circle on a spherical Earth, in degrees."""
    mask, latitude, longitude = map(radians, (station.mask_deg, station.latitude_deg, station.longitude_deg))
    reach = acos(EARTH_RADIUS_M * cos(mask) / radius_m) - mask
    points = []
    for index in range(RIM_POINTS):
        bearing = 2.0 * pi * index / (RIM_POINTS - 1)
        sine = sin(latitude) * cos(reach) + cos(latitude) * sin(reach) * cos(bearing)
        east = atan2(sin(bearing) * sin(reach) * cos(latitude), cos(reach) - sin(latitude) * sine)
        points.append((_wrapped(degrees(longitude + east)), degrees(asin(max(-1.0, min(1.0, sine))))))
    return points


def _wrapped(longitude_deg: float) -> float:
    return (longitude_deg + 180.0) % 360.0 - 180.0


def _pieces(points: list[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """A line cut where it leaves the map's edge."""
    piece: list[tuple[float, float]] = []
    for point in points:
        if piece and abs(point[0] - piece[-1][0]) > 180.0:
            yield piece
            piece = []
        piece.append(point)
    yield piece
