"""Real-time priority is claimed where it may be, and is no error where it may not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLAIM = """
import os
from hal.priority import claim_real_time
allowed = claim_real_time(7)
policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
assert allowed == (policy == os.SCHED_FIFO)
assert not allowed or os.sched_getparam(0).sched_priority == 7
"""


def test_claimed_or_refused_without_an_error() -> None:
    subprocess.run([sys.executable, "-c", CLAIM], cwd=ROOT, check=True)
