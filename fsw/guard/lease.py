"""The guard's end of the worker lease in real processes; see `hal.lease`."""

from __future__ import annotations

from pathlib import Path

from hal.clock import Clock, MonotonicClock
from hal.lease import LeaseHolder

LEASE_NS = 300_000_000  # the bound of the design: a worker outlives its guard by no more than this
REVOKED_NS = 1  # a time that is always past


class WorkerLease:
    """Lets one worker run a lease at a time. Runs on the computer's own clock, whatever the mission's clock does."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._holder = LeaseHolder(path)
        self._clock = clock or MonotonicClock()

    def renew(self) -> None:
        """The worker may run for one more lease."""
        self._holder.renew(self._clock.now_ns() + LEASE_NS)

    def revoke(self) -> None:
        """The worker stops within its watcher's poll."""
        self._holder.renew(REVOKED_NS)

    def close(self) -> None:
        """Remove the lease."""
        self._holder.close()
