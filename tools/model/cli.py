"""`penumbra model`: run a package on a file, check it against its goldens, list those that ship.

Errors are one line and exit code 2; a package that fails its check gives 1. Heavy modules are imported in the commands.
The commands that make packages are in `tools.model.making`.
"""

from __future__ import annotations

import math
from pathlib import Path

import click

from tools.model.making import COMMANDS
from tools.model.terminal import EXIT_FAILED, find_package, one_line_errors, progress_bar, show, worker


@click.group(name="model", epilog="Example: penumbra model run water --input chips.npz --output masks.npz")
def model() -> None:
    """Build, run, check, profile, sign and compare packages. PACKAGE is a folder, or the name of one that ships."""


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


for command in COMMANDS:
    model.add_command(command)
