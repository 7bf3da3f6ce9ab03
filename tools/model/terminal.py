"""What the commands of `penumbra model` share: packages by name, a worker, progress, tables, errors in one line."""

from __future__ import annotations

import json
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
