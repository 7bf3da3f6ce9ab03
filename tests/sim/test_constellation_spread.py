"""A campaign over Dask's workers: the same to the last bit. Dask leaves threads behind, so it runs apart."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sim.constellation import spread

CODE = """
import numpy as np
from distributed import LocalCluster
from sim.constellation.campaign import Campaign, fly
from sim.constellation.layers import FILING, load_layers, with_total
from sim.constellation.spread import fly_spread

if __name__ == "__main__":
    campaign = Campaign(
        layers=with_total(load_layers(FILING), 301), epoch_unix_s=1.8e9, duration_s=3600.0, step_s=60.0
    )
    flown = []
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes={processes}, dashboard_address=None, silence_logs=50
    ) as cluster:
        found = fly_spread(campaign, cluster.scheduler_address, flown.append)
    for one, other in zip(found, fly(campaign), strict=True):
        for name in one.__slots__:
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
    print(sum(flown) == campaign.satellites * campaign.steps)
"""


def test_machines_give_what_one_process_gives(tmp_path) -> None:
    script = tmp_path / "spread.py"
    script.write_text(CODE.replace("{processes}", "True"))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.stdout.strip() == "True", done.stderr


def test_without_the_package_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ValueError, match=r"pip install .*\[dask\]"):
        spread._distributed()
