"""The figures of a flight: one dictionary with stable keys for machines, one page for people.

Units stand in the keys. No wall time and no path: two flights of one seed give the same octets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.rows import Severity
from fsw.messages import JobReport, JobState, ModeStatus, TopicCount
from hal.clock import SECOND_NS
from sim.passes import Pass
from tools.flight.record import Approach, Comparison, FlightRecord, Violation

SCHEMA = 1  # grows when a key changes its meaning
DIGITS = 9  # significant; finer is rounding noise of sums
MANY_J = 1e7  # told in megajoules: four digits of kilojoules are enough
PENUMBRA_ILLUMINATION = 0.5  # below it more than half of the sun's disc is hidden: counted as eclipse


def summarise(record: FlightRecord) -> dict[str, Any]:
    """Everything countable about a flight, ready for JSON, floats to `DIGITS` significant digits."""
    done = [job for job in record.jobs if job.state is JobState.DONE]
    summary = {
        "schema": SCHEMA,
        "scenario": record.scenario,
        "title": record.title,
        "seed": record.seed,
        "epoch_utc": record.epoch_utc,
        "duration_s": record.duration_s,
        "executed": record.executed,
        "boots": record.boots,
        "jobs": _jobs(record),
        **_worth(done),
        "offered_value": record.offered_value,
        "value_of_offered": _ratio(sum(job.value for job in done), record.offered_value),
        "models": {name: _model(_named(done, "model", name)) for name in sorted({job.model for job in done})},
        "eclipse": _eclipse(record),
        "passes": [_pass(item) for item in record.passes],
        "limits": {
            "violations": [_violation(item) for item in record.violations],
            "approached": [_approach(item) for item in record.approaches],
        },
        "policies": _policies(record.comparisons, sum(job.value for job in done)),
        "events": _events(record),
        "modes": _modes(record.modes, record.duration_s),
        "messages": _messages(record.counts),
        "packets": dict(sorted(record.packets.items())),
        "energy_j": dict(record.energy),
    }
    rounded: dict[str, Any] = _rounded(summary)
    return rounded


def joule_unit(summary: dict[str, Any]) -> tuple[float, str]:
    """The unit of energy in which a person reads this flight: joules in it, and its name."""
    return (1e6, "MJ") if summary["energy_of_done_j"] > MANY_J else (1e3, "kJ")


def severity_of(name: str) -> Severity:
    """How the dictionary ranks an event; INFO for one that it does not know."""
    row = EVENT_BY_NAME.get(name)
    return Severity(row.severity) if row else Severity.INFO


def margin_of(approach: Approach) -> float:
    """What was left to the bound, in its unit; negative beyond it. Floors and `low` limits bound from below."""
    is_lower = "floor" in approach.limit or "_low_" in approach.limit
    return approach.closest - approach.bound if is_lower else approach.bound - approach.closest


def best_static(comparisons: Iterable[Comparison]) -> Comparison | None:
    """The most valuable static policy that broke no limit."""
    static = [item for item in comparisons if "static" in item.policy and item.violations == 0]
    return max(static, key=lambda item: item.value, default=None)


def _jobs(record: FlightRecord) -> dict[str, Any]:
    states = Counter(job.state.name.lower() for job in record.jobs)
    arrived = sum(record.arrived.values())
    final = {state: states[state] for state in ("done", "failed", "expired", "cancelled")}
    return {
        "arrived": arrived,
        "arrived_by_kind": dict(sorted(record.arrived.items())),
        "done_by_kind": dict(sorted(Counter(job.kind for job in record.jobs if job.state is JobState.DONE).items())),
        **final,
        "waiting_at_end": arrived - sum(final.values()),
    }


def _worth(done: Sequence[JobReport]) -> dict[str, Any]:
    value, energy_j = sum(job.value for job in done), sum(job.energy_j for job in done)
    return {
        "value": value,
        "energy_of_done_j": energy_j,
        "value_per_j": _ratio(value, energy_j),
        "prediction_error": _prediction_error(done),
    }


def _prediction_error(done: Iterable[JobReport]) -> float | None:
    """Mean of |measured - predicted| / predicted energy; None when nothing was predicted."""
    errors = [abs(job.energy_j - job.predicted_j) / job.predicted_j for job in done if job.predicted_j > 0.0]
    return sum(errors) / len(errors) if errors else None


def _model(done: Sequence[JobReport]) -> dict[str, Any]:
    variants = {name: _variant(_named(done, "variant", name)) for name in sorted({job.variant for job in done})}
    return {**_variant(done), "variants": variants}


def _variant(done: Sequence[JobReport]) -> dict[str, Any]:
    settings = dict(sorted(Counter(job.setting for job in done).items()))
    return {"done": len(done), **_worth(done), "busy_s": sum(job.seconds for job in done), "by_setting": settings}


def _named(jobs: Iterable[JobReport], attribute: str, name: str) -> list[JobReport]:
    return [job for job in jobs if getattr(job, attribute) == name]


def _eclipse(record: FlightRecord) -> dict[str, Any]:
    dark = [light < PENUMBRA_ILLUMINATION for light in record.trace.illumination]
    entries = sum(now and not before for before, now in zip([False, *dark], dark, strict=False))
    edges = [{"edge": event.edge.value, "time_s": event.time_s} for event in record.eclipses]
    return {"entered": entries, "fraction": sum(dark) / len(dark) if dark else 0.0, "edges": edges}


def _pass(item: Pass) -> dict[str, Any]:
    return {
        "station": item.station,
        "rise_s": item.rise_s,
        "set_s": item.set_s,
        "max_elevation_deg": item.max_elevation_deg,
    }


def _violation(item: Violation) -> dict[str, Any]:
    return {
        "limit": item.limit,
        "first_s": item.first_s,
        "seconds": item.seconds,
        "worst": item.worst,
        "bound": item.bound,
    }


def _approach(item: Approach) -> dict[str, Any]:
    return {
        "limit": item.limit,
        "closest": item.closest,
        "bound": item.bound,
        "margin": margin_of(item),
        "at_s": item.at_s,
    }


def _policies(comparisons: Sequence[Comparison], value: float) -> dict[str, Any]:
    static = best_static(comparisons)
    hysteresis = next((item for item in comparisons if "hysteresis" in item.policy), None)
    flown = [
        {"policy": item.policy, "value": item.value, "energy_j": item.energy_j, "violations": item.violations}
        for item in comparisons
    ]
    return {
        "flown": flown,
        "ratio_over_best_static": _ratio(value, static.value) if static else None,
        "ratio_over_hysteresis": _ratio(value, hysteresis.value) if hysteresis else None,
    }


def _events(record: FlightRecord) -> dict[str, Any]:
    names = Counter(event.name for event in record.events)
    severities = Counter(severity_of(event.name) for event in record.events)
    return {
        "total": len(record.events),
        "by_severity": {severity.name.lower(): severities[severity] for severity in Severity},
        "by_name": dict(sorted(names.items())),
    }


def _modes(modes: Sequence[ModeStatus], duration_s: float) -> dict[str, Any]:
    starts = [status.time_ns / SECOND_NS for status in modes]
    seconds: dict[str, float] = {}
    for status, start, end in zip(modes, starts, [*starts[1:], duration_s], strict=False):
        seconds[status.mode] = seconds.get(status.mode, 0.0) + end - start
    changes = [
        {"time_s": start, "mode": status.mode, "previous": status.previous, "who": status.who, "why": status.why}
        for status, start in zip(modes, starts, strict=True)
    ]
    return {"changes": changes, "seconds": dict(sorted(seconds.items()))}


def _messages(counts: Iterable[TopicCount]) -> dict[str, Any]:
    rows = list(counts)
    topics = sorted({row.topic for row in rows})
    return {
        **_account(rows),
        "topics": {topic: _account([row for row in rows if row.topic == topic]) for topic in topics},
    }


def _account(rows: Sequence[TopicCount]) -> dict[str, int]:
    sent, delivered = sum(row.sent for row in rows), sum(row.delivered for row in rows)
    dropped, in_flight = sum(row.dropped for row in rows), sum(row.in_flight for row in rows)
    return {
        "sent": sent,
        "delivered": delivered,
        "dropped": dropped,
        "in_flight": in_flight,
        "unaccounted": sent - delivered - dropped - in_flight,
    }


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0.0 else None


def _rounded(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _rounded(value) for key, value in item.items()}
    if isinstance(item, list):
        return [_rounded(value) for value in item]
    return float(f"{item:.{DIGITS}g}") if isinstance(item, float) else item
