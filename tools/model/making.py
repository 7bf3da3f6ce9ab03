"""The commands of `penumbra model` that make a package what it is: build, profile, sign, verify, diff, and keys."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from tools.model.terminal import EXIT_FAILED, find_package, one_line_errors, progress_bar, show

PATH = click.Path(path_type=Path)
FORMS = click.Choice(["table", "json"])
SIGN_AFTER = "its signature, if it had one, is gone: sign it again"


def _range_option(name: str, about: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(name, type=(float, float), default=None, metavar="LOW HIGH", help=about)


@click.command(epilog="Example: penumbra model build kws_int8.onnx kws --golden rows.npz --tolerance 0")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@click.argument("folder", type=PATH)
@click.option("--golden", type=click.Path(path_type=Path, exists=True), required=True, help=".npy rows, or .npz")
@click.option("--name", default="", help="Name of the package; the folder's unless given.")
@click.option("--version", default="1.0.0", show_default=True)
@click.option("--task", default="not told", help="What the model decides, in a sentence.")
@click.option("--licence", default="not told", help="SPDX name.")
@click.option("--input-unit", default="1", show_default=True)
@click.option("--output-unit", default="1", show_default=True)
@_range_option("--input-range", "What an input may be; the golden rows and half their span more unless given.")
@_range_option("--output-range", "What an output may be; likewise.")
@click.option("--tolerance", default=1e-4, show_default=True, help="Allowed from a golden output, on any machine.")
@click.option("--metric", default="none", help="What --value is.")
@click.option("--value", "values", type=(str, float), multiple=True, help="Variant and its metric; may be repeated.")
@click.option("--order", default="", help="Variants best first, separated by commas.")
@one_line_errors
def build(source: Path, folder: Path, golden: Path, name: str, values: Any, order: str, **options: Any) -> None:
    """Make the package FOLDER from SOURCE, an .onnx file or a folder of them (one variant each)."""
    from tools.model.build import Recipe, build_package

    listed = tuple(item for item in order.split(",") if item)
    recipe = Recipe(name=name or folder.name, metric_values=dict(values), order=listed, **options)
    package = build_package(folder, source, golden, recipe)
    names = ", ".join(variant.name for variant in package.variants)
    click.echo(f"{package.name} {package.manifest.version} with {names} -> {folder}", err=True)


@click.command(epilog="Example: penumbra model profile water --quick --json")
@click.argument("package")
@click.option("--threads", default="1,2", show_default=True, help="Thread counts.")
@click.option("--batch", default="1,4", show_default=True, help="Rows a run.")
@click.option("--cap", default="1,0.5,0.25", show_default=True, help="Shares of time that the worker may run.")
@click.option("--period", default=0.05, show_default=True, help="Seconds from one run to the next, at least.")
@click.option("--runs", default=40, show_default=True, help="Runs of a point, at most.")
@click.option("--quick", is_flag=True, help="One thread, one row, two caps, 15 runs: seconds a variant.")
@click.option("--dry-run", is_flag=True, help="Measure and show; leave the package as it is.")
@click.option("--json", "as_json", is_flag=True, help="The whole table on standard output as JSON.")
@one_line_errors
def profile(
    package: str,
    threads: str,
    batch: str,
    cap: str,
    period: float,
    runs: int,
    quick: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Measure each variant of PACKAGE by threads, batch and cap at a spaced pace; write the table into the package.

    A cap is cgroup v2's cpu.max where it can be written, else SIGSTOP and SIGCONT in turn; energy is the processor's
    counter where the kernel shows one, else processor time stands for it. The table says which.
    """
    from tools.model.measure import QUICK, Plan, measure
    from tools.model.write import write_profile

    whole = Plan(
        threads=_numbers(threads, int),
        batches=_numbers(batch, int),
        duties=_numbers(cap, float),
        period_s=period,
        runs=runs,
    )
    loaded, plan = find_package(package), QUICK if quick else whole
    with progress_bar(plan.points(loaded), loaded.name) as advance:
        table = measure(loaded, plan, lambda _point: advance(1))
    if not dry_run:
        write_profile(loaded, table)
        click.echo(f"{len(table.point)} points -> {loaded.folder}; {SIGN_AFTER}", err=True)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(table), indent=2))
    else:
        click.echo(f"{table.machine}; {table.runtime}; energy by {table.energy_source}, cap by {table.duty_source}")
        show([_row(point) for point in table.point], "table")


def _row(point: Any) -> dict[str, object]:
    """A point of a profile in the units of a person."""
    row: dict[str, object] = {"variant": point.variant, "threads": point.threads, "batch": point.batch}
    row |= {"cap": point.duty, "mean ms": 1e3 * point.time_mean_s, "p50 ms": 1e3 * point.time_p50_s}
    row |= {"p95 ms": 1e3 * point.time_p95_s, "cpu ms": 1e3 * point.cpu_s}
    row |= {"J": "-" if point.joules is None else point.joules, "MiB": point.peak_bytes / 2**20}
    return row | {"load ms": 1e3 * point.load_s}


def _numbers(text: str, kind: type[Any]) -> tuple[Any, ...]:
    """Different positive numbers from "1,2"."""
    try:
        numbers = tuple(dict.fromkeys(kind(item) for item in text.split(",")))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a list of numbers") from error
    if not all(number > 0 for number in numbers):
        raise click.BadParameter(f"{text!r}: every number must be above 0")
    return numbers


@click.command(epilog="Example: penumbra model key mission.key")
@click.argument("path", type=PATH)
@one_line_errors
def key(path: Path) -> None:
    """Make a signing key at PATH, which only you may read, and PATH.pub for the mission."""
    from tools.model.keys import make_key

    public = make_key(path)
    click.echo(f"{path} (keep it), {public} (for the mission's table uploads)", err=True)


@click.command(epilog="Example: penumbra model sign water --key mission.key")
@click.argument("package")
@click.option("--key", "path", type=click.Path(path_type=Path, exists=True), required=True, help="Private key file.")
@one_line_errors
def sign(package: str, path: Path) -> None:
    """Sign PACKAGE with an Ed25519 key: every file's hash, in signature.toml."""
    from fsw.infer.package import SIGNATURE
    from fsw.infer.signature import sign as make_signature
    from fsw.infer.signature import signature_text
    from hal.ports.disk import RealDisk
    from tools.model.keys import load_key

    loaded = find_package(package)
    signature = make_signature(loaded, load_key(path))
    RealDisk(loaded.folder).write_file_atomic(SIGNATURE, signature_text(signature).encode())
    click.echo(f"{loaded.name} {loaded.manifest.version} signed by {signature.key}", err=True)


@click.command(epilog="Example: penumbra model verify water --key mission.key.pub")
@click.argument("package")
@click.option("--key", "paths", type=click.Path(path_type=Path, exists=True), multiple=True, required=True)
@click.pass_context
@one_line_errors
def verify(context: click.Context, package: str, paths: tuple[Path, ...]) -> None:
    """Check that PACKAGE is whole and signed by one of the public keys; exit code 1 if not."""
    from fsw.infer.signature import SignatureError, load_public_key
    from fsw.infer.signature import verify as verify_package

    keys = [load_public_key(path) for path in paths]
    loaded = find_package(package)
    try:
        signer = verify_package(loaded, keys)
    except SignatureError as error:
        click.echo(str(error), err=True)
        context.exit(EXIT_FAILED)
    click.echo(f"{loaded.name} {loaded.manifest.version} signed by {signer}")


@click.command(epilog="Example: penumbra model diff old/water new/water")
@click.argument("before")
@click.argument("after")
@click.option("--format", "form", type=FORMS, default="table")
@click.pass_context
@one_line_errors
def diff(context: click.Context, before: str, after: str, form: str) -> None:
    """What differs between two packages; exit code 1 if anything does."""
    from tools.model.difference import compare

    changes = compare(find_package(before), find_package(after))
    show([dataclasses.asdict(change) for change in changes], form)
    context.exit(EXIT_FAILED if changes else 0)


COMMANDS = (build, profile, key, sign, verify, diff)
