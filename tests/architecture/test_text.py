"""What no file of the repository may say: where it was written, and from where packages were fetched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUFFIXES = {"", ".py", ".md", ".toml", ".txt", ".in", ".sh", ".c", ".h", ".yml", ".yaml", ".service", ".html", ".csv"}
NOT_OURS = {".git", "build", "runs", "htmlcov", "__pycache__"}  # and every hidden folder but .ci
MAX_OCTETS = 1 << 20

# Written in halves, so that this file does not say what it forbids.
PACKAGE_HOSTS: tuple[str, ...] = (
    "py" + r"pi\.",
    "python" + r"hosted\.",
    "anaconda" + r"\.org",
    "npm" + r"js\.",
    "crates" + r"\.io",
)
PACKAGE_HOSTS += ("deb" + r"\.debian\.org", "proxy" + r"\.golang\.org", "extra-" + r"index-url[ =]", "arti" + "factory")
MACHINE_PATHS = ("/ro" + "ot/", "/ho" + r"me/\w", "/wo" + r"rk/\w", "/Us" + r"ers/\w", r"/tmp/\w+\.\w+")


def texts() -> list[Path]:
    """The text files of the repository, without what is built or fetched."""
    found = []
    for path in sorted(ROOT.rglob("*")):
        folders = path.relative_to(ROOT).parts[:-1]
        is_hidden = any(part in NOT_OURS or (part.startswith(".") and part != ".ci") for part in folders)
        if is_hidden or path.suffix not in SUFFIXES or not path.is_file() or path.name == "_native.c":
            continue
        if path.stat().st_size <= MAX_OCTETS and not path.name.startswith(".coverage"):
            found.append(path)
    return found


def lines_with(patterns: tuple[str, ...]) -> list[str]:
    wanted = re.compile("|".join(patterns), re.IGNORECASE)
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if wanted.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    assert lines_with(PACKAGE_HOSTS) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert lines_with(MACHINE_PATHS) == []


@pytest.mark.parametrize("lock", ["flight.txt", "tools.txt", "dev.txt"])
def test_locks_hold_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    assert "://" not in text
    pins = re.split(r"\n(?=\S)", text.strip())
    assert [pin.split()[0] for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []
