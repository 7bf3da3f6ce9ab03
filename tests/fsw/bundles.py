"""A dispatcher with one model, a worker that the test speaks for, and jobs for batches and segments."""

from __future__ import annotations

import dataclasses
from typing import Any

from fsw.govern.dispatcher import Dispatcher
from fsw.messages import Envelope, Job, JobReport, JobState, Outcome, Plant, WorkOrder, WorkResult
from fsw.mission import Mission, load_mission
from fsw.payload import Batch, ModelRow, Variant
from hal.clock import SECOND_NS

OWNED = load_mission("owned.toml")
IDLE_W = OWNED.payload.idle_w
UNIT_S, UNIT_ROWS = 0.5, 2
BATCHES = (Batch(size=4, work_s=1.0), Batch(size=16, work_s=2.4))
WIDE = Envelope(
    time_ns=0, run=True, power_w=100.0, energy_j=1e6, seconds=1e6, heat_j=(1e6,) * len(OWNED.payload.settings),
    cooling_w=0.0, bound_by="power",
)  # fmt: skip


def mission(batches: tuple[Batch, ...] = (), rows: int = UNIT_ROWS) -> Mission:
    """One variant at one setting, so that the policy's only choice is whether."""
    variant = Variant(name="full", work_s=UNIT_S, worth=0.8, batches=batches)
    settings = (dataclasses.replace(OWNED.payload.settings[0], speed=1.0),)
    governor = dataclasses.replace(OWNED.governor, policy="static")
    return dataclasses.replace(
        OWNED,
        payload=dataclasses.replace(OWNED.payload, settings=settings),
        models=(ModelRow(name="cloud", variants=(variant,), rows=rows), ModelRow(name="other", variants=(variant,))),
        demand=(),
        governor=governor,
    )


def job(job_id: int = 1, deadline_s: float = 1_000.0, **changes: Any) -> Job:
    base = Job(
        job_id=job_id, kind="screen", model="cloud", input_ref=f"strip-{job_id}", value=2.0, release_ns=0,
        deadline_ns=int(deadline_s * SECOND_NS),
    )  # fmt: skip
    return dataclasses.replace(base, **changes)


def plant(second: float, payload_w: float = IDLE_W) -> Plant:
    return Plant(
        time_ns=int(second * SECOND_NS), soc=0.9, worst_soc=0.895, energy_above_floor_j=70e3,
        worst_energy_above_floor_j=69e3, battery_power_w=0.0, worst_battery_temp_c=20.0, array_power_w=70.0,
        bus_power_w=21.0, worst_bus_power_w=21.0, payload_power_w=payload_w, worst_payload_power_w=6.0,
        payload_temp_c=25.0, worst_payload_temp_c=25.0, radiator_temp_c=24.0, dose_rate_ugy_s=0.0, upsets=0,
    )  # fmt: skip


class Flight:
    """A dispatcher, a worker that the test speaks for, and the rows of each input that were run for good."""

    def __init__(self, mission: Mission, *jobs: Job, rows: dict[int, int] | None = None) -> None:
        self.mission, self.rows = mission, rows or {}
        self.dispatcher = Dispatcher(mission)
        self.dispatcher.settle(plant(0.0))
        self.second, self.drawn_j = 0.0, 0.0
        self.ran: dict[int, list[tuple[int, int]]] = {}
        self.reports: list[JobReport] = []
        for item in jobs:
            assert self.dispatcher.submit(item)

    def choose(self, envelope: Envelope = WIDE) -> WorkOrder | None:
        now_ns = int(self.second * SECOND_NS)
        choice = self.dispatcher.choose(now_ns, plant(self.second), envelope, None, True)
        if choice.job is None or choice.point is None:
            return None
        return self.dispatcher.start(now_ns, choice.job, choice.point)

    def start(self, envelope: Envelope = WIDE) -> WorkOrder:
        order = self.choose(envelope)
        assert order is not None
        return order

    def end(self, order: WorkOrder, *outcomes: Outcome, took_s: float | None = None) -> list[JobReport]:
        """The order ends after its predicted time, as `outcomes` for its jobs; the rail draws what was predicted."""
        took_s = order.predicted_s if took_s is None else took_s
        start_ns, self.second = int(self.second * SECOND_NS), self.second + took_s
        found = []
        parts = [*zip(order.parts, outcomes or (Outcome.DONE,) * len(order.parts), strict=True)]
        for part, outcome in [*parts[1:], parts[0]]:
            of_rows = self.rows.get(part.job_id, 0)
            rows = min(order.rows, of_rows - order.first_row) if of_rows else 0
            if outcome is Outcome.DONE:
                self.ran.setdefault(part.job_id, []).append((order.first_row, rows or order.rows))
            report = self.dispatcher.finish(
                int(self.second * SECOND_NS),
                WorkResult(
                    job_id=part.job_id, attempt=part.attempt, outcome=outcome, start_ns=start_ns,
                    end_ns=int(self.second * SECOND_NS), rows=rows, of_rows=of_rows,
                    digest=f"{order.digest}+{rows or order.rows}", summary=(1.0, 0.0, float(order.first_row), 0.5),
                ),
            )  # fmt: skip
            found += [report] if report is not None else []
        self.drawn_j += took_s * order.predicted_w
        return self._keep(found + self.dispatcher.settle(plant(self.second, IDLE_W + order.predicted_w)))

    def expire(self, second: float) -> list[JobReport]:
        self.second = second
        return self._keep(self.dispatcher.expire(int(second * SECOND_NS)))

    def _keep(self, reports: list[JobReport]) -> list[JobReport]:
        self.reports += reports
        return reports

    def final(self) -> list[JobReport]:
        return [report for report in self.reports if report.state >= JobState.DONE]
