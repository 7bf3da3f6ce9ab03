"""The panes with plots and sums: power, temperatures, and what the governor does and why. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from tools.ground.console.drawing import (
    Lines,
    clock,
    course,
    cut,
    mark_of,
    plot,
    sky_line,
    style_of,
    value_line,
    window,
)
from tools.ground.console.jobs import Job
from tools.ground.console.picture import Moment, Picture
from tools.ground.output import shown

PLOT_FROM, PLOT_ROWS = 4, 7  # a plot has at least so many lines, and wants so many
ERROR_FROM, ERROR_LEAST = 24, 10.0  # lines of a pane that has room for errors, and per cent that they span at least
POWER = ("soc", "array_power_w", "payload_power_w"), (
    "worst_soc", "energy_above_floor_j", "battery_power_w", "bus_power_w", "battery_voltage_v", "battery_current_a",
    "allocation_mean_w", "host_safing",
)  # fmt: skip
THERMAL = ("payload_temp_c", "radiator_temp_c", "battery_temp_c"), ("worst_payload_temp_c", "worst_battery_temp_c")


def power(picture: Picture, moment: Moment, width: int, height: int, _back: int) -> Lines:
    """Battery, array and payload over two orbits."""
    return [sky_line(picture, width), *_stacked(picture, moment, POWER, width, height - 1)]


def thermal(picture: Picture, moment: Moment, width: int, height: int, _back: int) -> Lines:
    """Temperatures over two orbits, and at worst."""
    return _stacked(picture, moment, THERMAL, width, height)


def _stacked(
    picture: Picture, moment: Moment, names: tuple[Sequence[str], Sequence[str]], width: int, height: int
) -> Lines:
    """As many plots as have room, then as many values."""
    plotted, listed = names
    plots = max(1, min(len(plotted), height // PLOT_ROWS)) if height >= PLOT_FROM else 0
    values = [*plotted[plots:], *listed]
    values = values[: max(0, height - plots * PLOT_ROWS)] if plots else values[:height]
    rows = (height - len(values)) // plots if plots else 0
    lines: Lines = []
    for name in plotted[:plots]:
        lines += plot(picture, name, moment, width, rows)
    return [*lines, *(value_line(picture, name, moment, width) for name in values)]


def governor(picture: Picture, moment: Moment, width: int, height: int, back: int) -> Lines:
    """What runs, what waits, what holds the next job, and how well energy was foretold."""
    head = _binding(picture, moment, width)
    if height >= ERROR_FROM and len(picture.forecast_error):
        title = Text(cut("energy of jobs: actual over forecast, %".ljust(width), width))
        head += course(picture, picture.forecast_error, title, PLOT_ROWS, ERROR_LEAST)
    room = height - len(head)
    reasons = min(len(picture.jobs.reasons), room // 3)
    jobs = window(list(picture.jobs.last), room - reasons - (reasons > 0), back)
    lines = [*head, *(_job_line(job, width) for job in reversed(jobs))]
    if reasons > 0:
        lines.append(Text("what held jobs, and since when".ljust(width), style="underline dim"))
        for reason in list(picture.jobs.reasons)[: -reasons - 1 : -1]:
            words = f"{clock(reason.since_ns)} {reason.who:<5} {reason.what or 'nothing'}"
            lines.append(Text(cut(words, width)))
    return lines


def _binding(picture: Picture, moment: Moment, width: int) -> Lines:
    values = picture.values
    count = {name: shown(values.number(name)) for name in (
        "jobs_queued", "job_running", "jobs_done", "jobs_failed", "jobs_expired", "jobs_cancelled", "jobs_refused",
        "value_done", "envelope_power_w", "envelope_energy_j",
    )}  # fmt: skip
    mode = values.shown("mode", moment.now_ns)
    runs = {"0": "idle", "-": "no job known"}.get(count["job_running"], f"job {count['job_running']} runs")
    ends = ", ".join(f"{count[f'jobs_{end}']} {end}" for end in ("done", "failed", "expired", "cancelled", "refused"))
    words = (
        f"mode {mode.value or '-'} {mark_of(mode)}".rstrip() + f"; {runs}, {count['jobs_queued']} wait",
        f"next job held by: {_reason(picture, 'queue_bound_by')}",
        f"guard bound by: {_reason(picture, 'envelope_bound_by')}; allows {count['envelope_power_w']} W,"
        f" {count['envelope_energy_j']} J; runs: {values.text('envelope_run') or '-'}",
        f"{ends}; value {count['value_done']}",
        _forecast(picture),
    )
    return [Text(cut(line, width), style=style_of(mode) if place == 0 else "") for place, line in enumerate(words)]


def _reason(picture: Picture, name: str) -> str:
    """What binds; `nothing` is what the spacecraft says, a dash that it has not said."""
    is_told = name in picture.values
    return picture.values.text(name) or ("nothing" if is_told else "-")


def _forecast(picture: Picture) -> str:
    foretold = picture.jobs.forecast()
    mean = shown(picture.values.number("prediction_error"))
    if foretold is None:
        return f"forecast: no job done yet; prediction_error {mean}"
    predicted, measured = foretold
    error = f" ({measured / predicted - 1.0:+.1%})" if predicted else ""
    return f"forecast {predicted:.0f} J, actual {measured:.0f} J{error}; prediction_error {mean}"


def _job_line(job: Job, width: int) -> Text:
    """A job in a line; joules and seconds are measured, and what was foretold stands behind `of`."""
    words = f"{clock(job.generated_ns)[:8]} {job.outcome:<9} {job.number:>4} {job.model}"
    if job.energy_j is not None and job.predicted_j is not None:
        error = "" if job.energy_error is None else f" {job.energy_error:+.1%}"
        words += f" {job.energy_j:.0f} of {job.predicted_j:.0f} J{error}"
        words += f", {job.seconds or 0.0:.1f} of {job.predicted_s or 0.0:.1f} s"
    return Text(cut(f"{words} {job.why}".rstrip(), width), style="" if job.outcome == "done" else "yellow")
