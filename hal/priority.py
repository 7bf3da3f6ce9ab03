"""Real-time priority for what must act within milliseconds however busy the computer is.

60 the worker's lease   50 the guard   below: what a bench observes with   none: everything else
"""

from __future__ import annotations

import os

GUARD_PRIORITY = 50  # of 1..99: before everything that computes, after the lease that it takes back


def claim_real_time(priority: int) -> bool:
    """Serve this thread, and those that it starts from now on, before all ordinary ones; children are ordinary again.

    False where the system does not allow it (no CAP_SYS_NICE, no RLIMIT_RTPRIO): everything works, less promptly.
    The kernel keeps five per cent of the processor for others, so that a loop that never waits cannot hold it.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except PermissionError:
        return False
    return True
