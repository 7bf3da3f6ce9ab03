"""The live comparisons are asked for by name: `-m oracle`, or `make oracles`. Without it they are left out."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "oracle: runs an independent program live; left out unless asked for")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "oracle" in config.getoption("markexpr", ""):
        return
    left = [item for item in items if item.get_closest_marker("oracle") and FOLDER in item.path.parents]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


@pytest.fixture(scope="session", autouse=True)
def _basilisk_and_its_thread() -> None:
    """The first simulation of Basilisk starts a thread that stays: before the tests, so that none is blamed for it."""
    if find_spec("Basilisk") is not None:
        from Basilisk.utilities import SimulationBaseClass

        simulation = SimulationBaseClass.SimBaseClass()
        simulation.CreateNewProcess("process").addTask(simulation.CreateNewTask("task", 1))
        simulation.InitializeSimulation()
        simulation.ConfigureStopTime(1)
        simulation.ExecuteSimulation()
