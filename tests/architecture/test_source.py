"""Rules that the source keeps; what import-linter can say stands in pyproject.toml instead.

Every exemption is a row with its reason. A path that ends in a slash exempts a folder.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("hal", "fsw", "sim", "tools")
MAX_LINES = 400

TIME_NAMES = ("time", "monotonic", "perf_counter", "clock_gettime")
TIME_CALLS = (
    {"time.sleep"}
    | {f"time.{name}{unit}" for name in TIME_NAMES for unit in ("", "_ns")}
    | {f"{owner}.{name}" for owner in ("datetime", "datetime.datetime", "date") for name in ("now", "utcnow", "today")}
)
TIME_ALLOWED = {
    "hal/clock.py": "the clock itself",
    "tools/bench/": "measures what a run costs in wall time",
    "tools/model/train/": "training at the desk, no part of a flight",
}
ONNXRUNTIME_ALLOWED = {
    "fsw/infer/worker.py": "the process that may be killed for an inference",
    "fsw/infer/options.py": "the one factory of session options, called by the worker",
    "tools/bench/": "measures what the worker adds to a plain session",
    "tools/model/train/": "makes the golden outputs of a package",
}
ENVIRONMENT_PACKAGES = ("hal", "fsw", "sim")


def sources(*folders: str) -> list[Path]:
    """The Python files under `folders`, sorted."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_allowed(path: Path, allowed: dict[str, str]) -> bool:
    return any(name(path) == row or (row.endswith("/") and name(path).startswith(row)) for row in allowed)


@cache
def references(path: Path) -> tuple[tuple[int, str], ...]:
    """Every dotted name that a file mentions, with its line; `from a import b` counts as `a.b`, an import as itself."""
    return tuple(_references(path))


def _references(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def offences(paths: list[Path], forbidden: set[str]) -> list[str]:
    """Where `paths` mention a forbidden name or something under it."""
    return [
        f"{name(path)}:{line}: {mention}"
        for path in paths
        for line, mention in references(path)
        if any(mention == item or mention.startswith(f"{item}.") for item in forbidden)
    ]


def test_only_the_clock_asks_the_time_or_sleeps() -> None:
    paths = [path for path in sources(*PACKAGES) if not is_allowed(path, TIME_ALLOWED)]
    assert offences(paths, TIME_CALLS) == []


def test_no_test_sleeps() -> None:
    assert offences(sources("tests"), {"time.sleep"}) == []


def test_onnxruntime_is_imported_where_a_process_may_be_killed_for_it() -> None:
    paths = [path for path in sources(*PACKAGES) if not is_allowed(path, ONNXRUNTIME_ALLOWED)]
    assert offences(paths, {"onnxruntime"}) == []


def test_flight_code_reads_no_environment() -> None:
    assert offences(sources(*ENVIRONMENT_PACKAGES), {"os.environ", "os.getenv", "os.putenv"}) == []


def test_no_file_is_too_long_to_read() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in sources(*PACKAGES, "tests")}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is_for(package: str) -> None:
    folders = {path.parent for path in sources(package)}
    silent = [name(folder) for folder in sorted(folders) if not _docstring(folder / "__init__.py")]
    assert silent == []


def _docstring(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "") if path.is_file() else ""


def test_the_search_finds_what_it_forbids(tmp_path: Path) -> None:
    path = tmp_path / "late.py"
    path.write_text("from time import sleep\nimport time\nimport onnxruntime.capi\nnow = time.time()\n")
    found = {mention for _, mention in references(path)}
    assert found == {"time.sleep", "time", "onnxruntime.capi", "time.time"}
