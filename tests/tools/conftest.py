"""A made-up flight with the shape of a real one: two orbits, eclipses, a mode change, jobs of three models."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from fsw.messages import Event, JobReport, JobState, ModeStatus, TopicCount
from hal.clock import SECOND_NS
from tools.flight.record import Approach, Comparison, FlightRecord, Picture, Trace

ORBIT_S, DARK_S, STEP_S = 5_670.0, 2_130.0, 10.0
MODELS = {"water": ("full", "small", "int8"), "cloud": ("wide", "narrow"), "telemetry-anomaly": ("full",)}


@pytest.fixture
def flight_record() -> FlightRecord:
    return _record()


@pytest.fixture(scope="session")
def make_record() -> Callable[[], FlightRecord]:
    return _record


def _record(seed: int = 1, duration_s: float = 2 * ORBIT_S) -> FlightRecord:
    """Two orbits of a small satellite, as a closed loop might have left them."""
    random = np.random.default_rng(seed)
    record = FlightRecord(
        scenario="default",
        title="Two orbits of a small satellite",
        about="500 km, 97.4 degrees. A battery of 110 Wh, a 45 degree ceiling, half as much energy again asked for.",
        seed=seed,
        duration_s=duration_s,
        executed=True,
        epoch_utc="2026-03-20T00:00:00Z",
        limits={"soc_truth": 0.7, "payload_temp_c": 45.0, "battery_temp_c": 45.0, "bus_w": 80.0},
        jobs=_jobs(random, duration_s),
        offered_value=260.0,
    )
    record.trace = _trace(random, record.jobs, duration_s)
    _add_account(record)
    return record


def _jobs(random: np.random.Generator, duration_s: float) -> list[JobReport]:
    jobs: list[JobReport] = []
    time_s = 40.0
    while time_s < duration_s:
        model = str(random.choice(list(MODELS), p=[0.6, 0.25, 0.15]))
        variant = str(random.choice(MODELS[model]))
        seconds, watts = float(random.uniform(2.0, 25.0)), float(random.uniform(15.0, 50.0))
        state = JobState.EXPIRED if random.random() < 0.15 else JobState.DONE
        jobs.append(
            JobReport(
                time_ns=int(time_s * SECOND_NS),
                job_id=len(jobs) + 1,
                kind={"water": "image", "cloud": "screen", "telemetry-anomaly": "segment"}[model],
                model=model,
                state=state,
                variant=variant,
                setting="duty 0.6",
                value=1.0 if state is JobState.DONE else 0.0,
                energy_j=seconds * watts if state is JobState.DONE else 0.0,
                predicted_j=seconds * watts * float(random.normal(1.0, 0.04)),
                seconds=seconds,
                attempts=1,
            )
        )
        time_s += seconds + float(random.exponential(40.0))
    return jobs


def _trace(random: np.random.Generator, jobs: list[JobReport], duration_s: float) -> Trace:
    trace, soc, temp_c, value = Trace(), 0.93, 12.0, 0.0
    busy = [(job.time_ns / SECOND_NS - job.seconds, job.time_ns / SECOND_NS, job) for job in jobs]
    for step in range(int(duration_s / STEP_S)):
        time_s = step * STEP_S
        into_s = time_s % ORBIT_S - 2_000.0
        lit = 1.0 if not 0.0 <= into_s < DARK_S else 0.0
        running = [job for start, end, job in busy if start <= time_s + STEP_S and time_s < end]
        payload_w = 6.0 + sum(job.energy_j / job.seconds for job in running[:1])
        array_w = 75.0 * lit * (0.75 + 0.25 * math.cos(2.0 * math.pi * time_s / ORBIT_S))
        soc = min(0.98, soc + (array_w - 15.0 - payload_w) * STEP_S / 396_000.0)
        temp_c += STEP_S * ((payload_w - 6.0) / 900.0 - (temp_c - 4.0) / 2_500.0)
        value += sum(job.value for job in jobs if time_s <= job.time_ns / SECOND_NS < time_s + STEP_S)
        row = {
            "time_s": time_s,
            "illumination": lit,
            "soc_truth": soc,
            "soc_sensed": None if 3_000.0 < time_s < 3_200.0 else soc + float(random.normal(0.0, 0.002)),
            "array_w": array_w,
            "bus_w": 15.0 + payload_w,
            "payload_w": payload_w,
            "allowed_w": 52.0 if lit else 20.0,
            "payload_temp_c": temp_c,
            "radiator_temp_c": temp_c - 9.0,
            "battery_temp_c": 14.0 + 3.0 * lit,
            "array_temp_c": 60.0 if lit else -60.0,
            "energy_price": 0.0008 if lit else 0.004,
            "queued": step % 7,
            "value": value,
            "flux_cm2_s": 120.0 * math.exp(-(((into_s - 3_000.0) / 300.0) ** 2)),
            "grant_w": None,
        }
        for column, entry in row.items():
            getattr(trace, column).append(entry)
    return trace


def _add_account(record: FlightRecord) -> None:
    """Events, modes, messages, comparisons and one picture."""
    minutes = 60 * SECOND_NS
    changes = (
        ("BOOT", "", 0),
        ("NOMINAL", "BOOT", 1),
        ("ECLIPSE_SAVE", "NOMINAL", 34),
        ("NOMINAL", "ECLIPSE_SAVE", 69),
    )
    for mode, previous, at in changes:
        why = f"condition {at} & <energy> to the end of the eclipse"
        record.modes.append(
            ModeStatus(
                time_ns=at * minutes, mode=mode, previous=previous, who="govern", why=why, exit_condition="sunlight"
            )
        )
        record.events.append(
            Event(time_ns=at * minutes, name="mode_changed", values=(previous, mode, "govern", why)),
        )
    record.events.append(Event(time_ns=50 * minutes, name="channel_missing", values=("battery.soc", "TIMEOUT")))
    record.events.append(Event(time_ns=51 * minutes, name="made_up", values=()))
    record.counts = (
        TopicCount(topic="plant", subscriber="guard", sent=11_340, delivered=11_340, dropped=0, in_flight=0),
        TopicCount(topic="plant", subscriber="govern", sent=11_340, delivered=11_330, dropped=9, in_flight=1),
        TopicCount(topic="job", subscriber="govern", sent=270, delivered=270, dropped=0, in_flight=0),
    )
    record.arrived = {"image": 180, "screen": 70, "segment": 50}
    record.packets = {"telemetry_sent": 812, "commands_accepted": 2}
    record.approaches = [
        Approach(limit="battery_floor_soc", closest=0.742, bound=0.7, at_s=4_100.0),
        Approach(limit="payload_high_c", closest=43.1, bound=45.0, at_s=2_000.0),
        Approach(limit="payload_low_c", closest=3.0, bound=-20.0, at_s=0.0),
        Approach(limit="bus_power_w", closest=64.0, bound=80.0, at_s=900.0),
    ]
    record.comparisons = [
        Comparison(policy="best static", value=140.0, energy_j=120_000.0, violations=0, detail="water/small at 0.6"),
        Comparison(policy="static, full power", value=210.0, energy_j=190_000.0, violations=3),
        Comparison(policy="three-band hysteresis", value=120.0, energy_j=115_000.0, violations=0),
    ]
    record.energy = {"harvested": 480_000.0, "bus": 170_000.0, "payload_idle": 68_000.0, "payload_jobs": 150_000.0}
    record.pictures = [make_picture("job 12, water/full", with_label=True), make_picture("job 31, water/int8")]


def make_picture(title: str, *, with_label: bool = False) -> Picture:
    """A lake with a blurred mask."""
    rows, columns = np.mgrid[0:256, 0:256].astype(np.float32)
    distance = np.hypot(rows - 120.0, columns - 140.0) + 12.0 * np.sin(columns / 17.0)
    water = distance < 70.0
    image = np.stack(
        [np.where(water, low, high) for low, high in ((0.06, 0.2), (0.05, 0.18), (0.04, 0.1), (0.02, 0.4))]
    )
    mask = 1.0 / (1.0 + np.exp((distance - 72.0) / 6.0))
    tile = np.moveaxis(image, 0, -1).astype(np.float32)
    return Picture(title=title, image=tile, mask=mask.astype(np.float32), label=water if with_label else None)
