"""What the page is told, as tables for JSON: `now` every second, `course` every few, `words` once. Pure.

Times are milliseconds of UTC since 1970, as browsers count them; those from on board are on-board time. Numbers are in
the units of the dictionary. What JSON has no number for is null.
"""

from __future__ import annotations

import math
from typing import Any

from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.structures import STRUCTURES
from hal.clock import SECOND_NS
from tools.ground.clock import UNIX_TO_TAI_NS
from tools.ground.console.hearing import SILENCE_S
from tools.ground.console.jobs import Job
from tools.ground.console.picture import Entry, Moment, Picture
from tools.ground.console.trend import Bucket
from tools.ground.console.values import Shown
from tools.ground.web.sky import Place, Sky, night, sun_place

EVENTS_SHOWN, JOBS_SHOWN, REASONS_SHOWN, ALARMS_SHOWN = 60, 24, 6, 20
COLUMNS = 480  # of a plot: more than a column in three pixels nobody sees
ORBITS_BACK, ORBITS_AHEAD = 2.0, 0.25  # the last two, and how the next eclipse comes near
PASSES_AHEAD_S, PASSES_SHOWN = 12 * 3600.0, 6
MILLISECOND_NS = 1_000_000
PLOTS = (
    "soc",
    "payload_temp_c",
    "radiator_temp_c",
    "battery_temp_c",
    "array_power_w",
    "bus_power_w",
    "payload_power_w",
)


def words() -> dict[str, Any]:
    """The dictionary as the page needs it: structures in order, and what each parameter means."""
    rows = {name: PARAMETER_BY_NAME[name] for structure in STRUCTURES for name in structure.parameters}
    return {
        "structures": {row.name: list(row.parameters) for row in STRUCTURES},
        "parameters": {name: {"unit": row.unit, "meaning": row.meaning} for name, row in rows.items()},
    }


def now(picture: Picture, moment: Moment, onboard_ns: int, sky: Sky | None) -> dict[str, Any]:
    """Everything that may change within a second; the caller holds the picture's lock."""
    names = (name for structure in STRUCTURES for name in structure.parameters)
    return {
        "utc": _ms(moment.utc_ns),
        "onboard": _ms(onboard_ns),
        "mission": sky.name if sky else "",
        "link": _link(picture, moment),
        "values": {name: _value(picture.values.shown(name, moment.now_ns)) for name in names},
        "events": [_event(entry) for entry in list(picture.events)[: -EVENTS_SHOWN - 1 : -1]],
        "alarms": [
            {"severity": alarm.severity, "text": alarm.text, "last": _ms(alarm.last_ns), "count": alarm.count}
            for alarm in picture.alarms.all[:ALARMS_SHOWN]
        ],
        "jobs": [_job(job) for job in list(picture.jobs.last)[: -JOBS_SHOWN - 1 : -1]],
        "reasons": [
            {"since": _ms(reason.since_ns), "who": reason.who, "what": reason.what}
            for reason in list(picture.jobs.reasons)[: -REASONS_SHOWN - 1 : -1]
        ],
        "sky": None if sky is None else _sky(sky, onboard_ns),
    }


def course(picture: Picture, onboard_ns: int, sky: Sky | None) -> dict[str, Any]:
    """What plots and map show of the last orbits; the caller holds the picture's lock."""
    nights = picture.nights()
    orbit_ns = round(sky.track.period_s * SECOND_NS) if sky else nights.span_ns // 2
    begin_ns, end_ns = onboard_ns - round(ORBITS_BACK * orbit_ns), onboard_ns + round(ORBITS_AHEAD * orbit_ns)
    if sky is None:
        dark = [(night.begin_ns, onboard_ns if night.end_ns is None else night.end_ns) for night in nights.all]
    else:
        spans = sky.eclipses(_tai_s(begin_ns), _tai_s(end_ns))
        dark = [(_utc_ns(entry_s), _utc_ns(exit_s)) for entry_s, exit_s in spans]
    return {
        "begin": _ms(begin_ns),
        "end": _ms(end_ns),
        "now": _ms(onboard_ns),
        "nights": [(_ms(entry_ns), _ms(exit_ns)) for entry_ns, exit_ns in dark if exit_ns > begin_ns],
        "plots": {
            name: [_column(bucket) for bucket in picture.trends[name].columns(begin_ns, end_ns, COLUMNS)]
            for name in PLOTS
        },
        "map": _map(sky, _tai_s(onboard_ns)),
    }


def _link(picture: Picture, moment: Moment) -> dict[str, Any]:
    hearing = picture.hearing
    silent_s = hearing.silent_s(moment.now_ns)
    return {
        "age_s": silent_s,
        "is_silent": silent_s is None or silent_s > SILENCE_S,
        "packets": hearing.packets,
        "missed": hearing.missed,
        "bad": hearing.bad,
        "late": hearing.late,
        "rate": hearing.rate(moment.now_ns),
        "time_quality": hearing.newest.time_quality if hearing.newest else "",
        "trouble": picture.trouble,
    }


def _value(known: Shown) -> list[Any]:
    """Value, quality, when generated, when received, which limit it is beyond."""
    value = known.value
    if isinstance(value, float) and not math.isfinite(value):
        value = str(value)
    times = [None if ns is None else _ms(ns) for ns in (known.generated_ns, known.received_ns)]
    return [value, known.quality.value, *times, known.beyond]


def _event(entry: Entry) -> dict[str, Any]:
    return {
        "at": _ms(entry.generated_ns),
        "severity": entry.severity,
        "name": entry.name,
        "text": entry.text,
        "is_late": entry.is_late,
    }


def _job(job: Job) -> dict[str, Any]:
    return {
        "at": _ms(job.generated_ns),
        "outcome": job.outcome,
        "number": job.number,
        "model": job.model,
        "why": job.why,
        "energy_j": _number(job.energy_j),
        "predicted_j": _number(job.predicted_j),
    }


def _sky(sky: Sky, onboard_ns: int) -> dict[str, Any]:
    tai_s = _tai_s(onboard_ns)
    is_sunlit = sky.track.is_sunlit(tai_s)
    until_s = sky.track.until_sunset_s(tai_s) if is_sunlit else sky.track.until_sunrise_s(tai_s)
    return {
        "here": _rounded(sky.place(tai_s)),
        "altitude_km": round(sky.altitude_m(tai_s) / 1e3, 1),
        "is_sunlit": is_sunlit,
        "until_s": _number(until_s),
    }


def _map(sky: Sky | None, tai_s: float) -> dict[str, Any]:
    sun = sun_place(tai_s)
    told: dict[str, Any] = {"sun": _rounded(sun), "night": [_rounded(place) for place in night(sun)]}
    if sky is None:
        return told
    period_s = sky.track.period_s
    for name, begin_s, end_s in (("past", tai_s - period_s, tai_s), ("ahead", tai_s, tai_s + period_s)):
        runs = sky.ground_track(begin_s, end_s)
        told[name] = [{"is_sunlit": lit, "line": [_rounded(place) for place in run]} for lit, run in runs]
    told["stations"] = [
        {
            "name": station.name,
            "place": (station.longitude_deg, station.latitude_deg),
            "ring": [[_rounded(place) for place in run] for run in sky.ring(station, tai_s)],
        }
        for station in sky.stations
    ]
    told["passes"] = [
        {"station": each.station, "rise": _ms(_utc_ns(each.rise_tai_s)), "set": _ms(_utc_ns(each.set_tai_s))}
        for each in sky.passes(tai_s, tai_s + PASSES_AHEAD_S)[:PASSES_SHOWN]
    ]
    return told


def _column(bucket: Bucket | None) -> tuple[float, float] | None:
    return None if bucket is None else (_digits(bucket.low), _digits(bucket.high))


def _digits(value: float) -> float:
    """Five digits: more than a plot can show, and a third of the octets."""
    return float(f"{value:.5g}")


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _rounded(place: Place) -> Place:
    return round(place[0], 2), round(place[1], 2)


def _ms(utc_ns: int) -> int:
    return utc_ns // MILLISECOND_NS


def _tai_s(utc_ns: int) -> float:
    return (utc_ns + UNIX_TO_TAI_NS) / SECOND_NS


def _utc_ns(tai_s: float) -> int:
    return round(tai_s * SECOND_NS) - UNIX_TO_TAI_NS
