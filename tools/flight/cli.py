"""`penumbra fly`: a scenario from its file to a summary and a report."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from fsw.catalogue.events import event_text
from fsw.messages import JobState
from sim.scenario import Scenario, load_scenario, shipped
from tools.flight.compare import compare
from tools.flight.live import LiveRow, LiveView
from tools.flight.loop import Options, VirtualFlight
from tools.flight.printout import print_summary
from tools.flight.record import FlightRecord
from tools.flight.report import write_report
from tools.flight.summary import summarise

EVENTS_SHOWN = 5
RUNS = Path("runs")


def _list(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the shipped scenarios, a line each, and end."""
    if not asked or context.resilient_parsing:
        return
    width = max(map(len, shipped()))
    for name in shipped():
        click.echo(f"{name:{width}}  {load_scenario(name).title}")
    context.exit()


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: penumbra fly hot --seed 7     Scenarios: penumbra fly --list",
)
@click.argument("scenario", default="default")
@click.option("--seed", type=int, help="Replaces the scenario's own seed.")
@click.option("--execute/--no-execute", default=True, help="Run the models, or only their modelled cost.")
@click.option("--input", "images", type=click.Path(path_type=Path), help="Your own images (.npz .npy .png .tif).")
@click.option("--compare/--no-compare", "compares", default=True, help="Fly other policies too, for the ratios.")
@click.option("--guard/--no-guard", default=True, help="Fly without the guard, to see what it is for.")
@click.option("--policy", type=click.Choice(["priced", "hysteresis", "static"]), help="Another dispatcher policy.")
@click.option("--duration", "duration_s", type=float, help="Seconds to fly, in place of the scenario's.")
@click.option("--run-folder", type=click.Path(path_type=Path), help="Where the run is kept (default: runs/NAME-SEED).")
@click.option("--realtime", is_flag=True, help="Real processes over ZeroMQ at wall-clock speed.")
@click.option("--speed", type=float, default=1.0, show_default=True, help="With --realtime: times wall-clock speed.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON and nothing else.")
@click.option("--list", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="Name the scenarios.")
@click.pass_context
def fly(
    context: click.Context,
    scenario: str,
    seed: int | None,
    execute: bool,
    images: Path | None,
    compares: bool,
    guard: bool,
    policy: str | None,
    duration_s: float | None,
    run_folder: Path | None,
    realtime: bool,
    speed: float,
    as_json: bool,
) -> None:
    """Fly SCENARIO (a shipped name or a file) and leave summary.json and report.html in a run folder.

    Images: (rows, height, width, 4) or one of them, reflectance in red, green, blue, near infrared; whole numbers
    count as reflectance x 10,000.
    """
    chosen = load_scenario(scenario)
    if duration_s is not None and not 0.0 < duration_s <= 1e8:
        raise click.BadParameter(f"must be in 0..1e8 s, is {duration_s}", param_hint="--duration")
    folder = run_folder or RUNS / f"{chosen.name}-{chosen.seed if seed is None else seed}"
    mission: dict[str, Any] = {} if guard else {"guard": {"enabled": False}}
    if policy:
        mission["governor"] = {"policy": policy}
    if realtime:
        from tools.flight.realtime import fly_realtime

        code = fly_realtime(
            chosen,
            seed=seed,
            speed=speed,
            folder=folder,
            images=images,
            execute=execute,
            mission=mission,
            duration_s=duration_s,
            console=Console(stderr=as_json, quiet=as_json),
        )
        if as_json:
            sys.stdout.write((folder / "summary.json").read_text(encoding="utf-8"))
        context.exit(code)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "store", ignore_errors=True)  # jobs of an earlier run would be taken up again
    options = Options(
        seed=seed, execute=execute, mission=mission, images=images, run_folder=folder, duration_s=duration_s
    )
    console = Console(stderr=as_json, quiet=as_json)
    record = _fly(chosen, options, console)
    if compares:
        with console.status("flying other policies for comparison") as status:
            record.comparisons = compare(chosen, options, lambda text: status.update(f"flown: {text}"))
    _finish(record, folder, console, as_json)


def _fly(scenario: Scenario, options: Options, console: Console) -> FlightRecord:
    flight = VirtualFlight(scenario, options)
    with LiveView(flight.duration_s, console) as view:
        flight.watch = lambda: view.update(live_row(flight))
        return flight.fly()


def live_row(flight: VirtualFlight) -> LiveRow:
    """What the live view shows of a flight now."""
    trace, recorder, limits = flight.recorder.trace, flight.recorder, flight.mission.limits
    plant, queue, envelope = recorder.plant, recorder.queue, recorder.envelope
    return LiveRow(
        time_s=trace.time_s[-1],
        mode=recorder.mode or "BOOT",
        sunlit=trace.illumination[-1] > 0.5,
        soc=plant.soc if plant else None,
        soc_floor=flight.mission.battery.floor_soc if flight.mission.battery else 0.0,
        payload_temp_c=plant.payload_temp_c if plant else None,
        ceiling_c=limits.payload_temp_c,
        array_w=plant.array_power_w if plant else None,
        bus_w=plant.bus_power_w if plant else None,
        payload_w=plant.payload_power_w if plant else None,
        allowed_w=envelope.power_w if envelope and envelope.run else 0.0,
        queued=queue.queued if queue else 0,
        running=recorder.running,
        done=sum(job.state is JobState.DONE for job in recorder.jobs),
        value=recorder.value,
        price=queue.energy_price if queue else 0.0,
        events=tuple(event_text(event.name, event.values) for event in recorder.events[-EVENTS_SHOWN:]),
    )


def _finish(record: FlightRecord, folder: Path, console: Console, as_json: bool) -> None:
    """Write summary and report; show the one that was asked for."""
    summary = json.dumps(summarise(record), indent=2, allow_nan=False) + "\n"
    (folder / "summary.json").write_text(summary, encoding="utf-8")
    report = write_report(record, folder)
    if as_json:
        sys.stdout.write(summary)
        return
    print_summary(record, console)
    console.print(f"report   {report}\nsummary  {folder / 'summary.json'}", highlight=False)
