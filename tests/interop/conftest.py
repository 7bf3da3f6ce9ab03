"""`make interop` calls with `--peers`: then a test that is skipped for want of a Python peer is a failure.

tshark is no Python package: without it its tests are skipped, and `.ci/run` installs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

MISSING = "could not import"  # as pytest.importorskip puts it
_SKIPPED = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--peers", action="store_true", help="Fail where a peer is missing.")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    report = yield
    if report.skipped and MISSING in str(report.longrepr):
        collector.config.stash.setdefault(_SKIPPED, []).append(report.nodeid)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.skipped and MISSING in str(report.longrepr):
        item.config.stash.setdefault(_SKIPPED, []).append(report.nodeid)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--peers", default=False) and session.config.stash.get(_SKIPPED, []):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def peer_time(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock of cfdp-py, which otherwise reads the wall's: `milliseconds` is what it shows."""
    countdown = pytest.importorskip("spacepackets.countdown")
    time = SimpleNamespace(milliseconds=0)
    monkeypatch.setattr(countdown, "time_ms", lambda: time.milliseconds)
    return time
