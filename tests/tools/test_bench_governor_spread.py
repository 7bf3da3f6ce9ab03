"""The yardstick over Dask's workers: the same as in one process. Dask leaves threads behind, so it runs apart."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tools.bench.governor import workers

CODE = """
from distributed import LocalCluster
from tools.bench.governor.bench import Study, run
from tools.bench.governor.case import Case

if __name__ == "__main__":
    case = Case(family="reference", seed=0, orbits=0.1)
    study = Study(case=case, seeds=(1, 2), policies=("flight", "hysteresis"))
    done = []
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        spread = run(study, address=cluster.scheduler_address, progress=done.append)
    alone = run(study, workers=1)
    for told in (spread, alone):
        del told["bound_seconds"], told["replan_ms_p99"]
    print(spread == alone, sum(done))
"""


def test_machines_find_what_one_process_finds(tmp_path) -> None:
    script = tmp_path / "spread.py"
    script.write_text(CODE)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.stdout.split() == ["True", "6"], done.stderr


def test_without_the_package_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r"pip install .*\[dask\]"):
        workers._distributed()
