"""`penumbra model`: run a package on a file, check it against its goldens, list those that ship.

Errors are one line and exit code 2; a package that fails its check gives 1. Heavy modules are imported in the commands.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from fsw.infer.client import WorkerClient
    from fsw.infer.package import Package

EXIT_FAILED = 1
EXIT_USAGE = 2


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """What a person can cure is told in one line."""

    @wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> None:
        from fsw.infer.check import TensorError
        from fsw.infer.package import PackageError
        from hal.config import ConfigError

        try:
            command(*arguments, **options)
        except (ConfigError, PackageError, TensorError, OSError) as error:
            click.echo(f"error: {' '.join(str(error).split())}", err=True)
            raise click.exceptions.Exit(EXIT_USAGE) from error

    return wrapped


@click.group(name="model", epilog="Example: penumbra model run water --input chips.npz --output masks.npz")
def model() -> None:
    """Run, check and list model packages. PACKAGE is a folder, or the name of a package that ships."""


@model.command(epilog="Example: penumbra model run telemetry-anomaly --input segments.csv --output scores.npz")
@click.argument("package")
@click.option("--input", "source", type=click.Path(path_type=Path), required=True, help=".npz .npy .csv .png .tif")
@click.option("--output", "target", type=click.Path(path_type=Path), required=True, help=".npz to write")
@click.option("--variant", default="", help="Variant to run; the best one unless given.")
@one_line_errors
def run(package: str, source: Path, target: Path, variant: str) -> None:
    """Run PACKAGE on a file: one output per input row, in order, as the first array of the output file."""
    import numpy as np

    from tools.model.execute import run_rows
    from tools.model.files import read_rows

    loaded = find_package(package)
    name = variant or loaded.variants[0].name
    loaded.variant(name)
    rows = read_rows(source, loaded.input)
    with worker(loaded) as client, progress_bar(len(rows), f"{loaded.name}/{name}") as advance:
        outputs = run_rows(client, loaded, name, rows, advance)
    with target.open("wb") as file:
        np.savez_compressed(file, **{loaded.output.name: outputs})  # type: ignore[arg-type]
    click.echo(f"{len(outputs)} rows of {loaded.output.unit} -> {target}", err=True)


@model.command(epilog="Example: penumbra model check water")
@click.argument("package")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@click.pass_context
@one_line_errors
def check(context: click.Context, package: str, form: str) -> None:
    """Check every hash of PACKAGE, and each variant against its goldens."""
    from tools.model.execute import check_goldens

    loaded = find_package(package)
    with worker(loaded) as client:
        checks = check_goldens(client, loaded)
    show(
        [
            {
                "package": loaded.name,
                "version": loaded.manifest.version,
                "variant": item.variant.name,
                "difference": item.difference if math.isfinite(item.difference) else None,
                "tolerance": item.variant.tolerance,
                "result": "ok" if item.passed else "FAILED",
            }
            for item in checks
        ],
        form,
    )
    context.exit(0 if all(item.passed for item in checks) else EXIT_FAILED)


@model.command(name="list", epilog="Example: penumbra model list --format json")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@one_line_errors
def list_packages(form: str) -> None:
    """The packages that ship, with their variants."""
    from fsw.infer.package import load_package, shipped_packages

    packages = [load_package(folder) for folder in shipped_packages()]
    show(
        [
            {
                "package": package.name,
                "version": package.manifest.version,
                "variant": variant.name,
                "metric": variant.metric,
                "value": variant.metric_value,
                "octets": (package.folder / variant.file).stat().st_size,
                "task": package.manifest.task,
            }
            for package in packages
            for variant in package.variants
        ],
        form,
    )


def find_package(text: str) -> Package:
    """The package in a folder, or the shipped one of that name; raises PackageError or ConfigError."""
    from fsw.infer.package import MANIFEST, PackageError, load_package, shipped_packages

    shipped = {folder.name: folder for folder in shipped_packages()}
    folder = Path(text)
    if (folder / MANIFEST).is_file():
        return load_package(folder)
    if text in shipped:
        return load_package(shipped[text])
    raise PackageError(f"{text}: no folder with a {MANIFEST}, nor one of the shipped packages: {', '.join(shipped)}")


@contextmanager
def worker(package: Package) -> Iterator[WorkerClient]:
    """A worker with one package, gone at the end."""
    from fsw.infer.client import WorkerClient

    client = WorkerClient([package])
    try:
        yield client
    finally:
        client.close()


@contextmanager
def progress_bar(rows: int, label: str) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, where stderr is a terminal; gives what advances it."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=rows)
        yield lambda done: progress.advance(task, done)


def show(rows: list[dict[str, Any]], form: str) -> None:
    """Rows on standard output: JSON, or a table as wide as its texts."""
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        click.echo("none")
        return
    lines = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
