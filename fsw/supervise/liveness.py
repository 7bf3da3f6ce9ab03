"""The hardware watchdog is fed for work done, not for being awake.

A token counts as gone through when every stage of the path sensor -> bus -> telemetry frame has shown a heartbeat
newer than the last feed. A process that runs but senses, guards or reports nothing does not keep the computer on.
"""

from __future__ import annotations

from collections.abc import Iterable

from fsw.messages import Heartbeat
from hal.contract import Confirmation, Watchdog

STAGES = ("sense", "guard", "telemetry")


class LivenessToken:
    """Pure: heartbeats in, permission to feed out."""

    def __init__(self, stages: tuple[str, ...] = STAGES) -> None:
        self._stages = stages
        self._newest_ns: dict[str, int] = {}
        self._fed_ns = -1

    def heard(self, beats: Iterable[Heartbeat]) -> None:
        """Heartbeats that arrived."""
        for beat in beats:
            if beat.service in self._stages:
                self._newest_ns[beat.service] = max(beat.time_ns, self._newest_ns.get(beat.service, -1))

    def missing(self) -> tuple[str, ...]:
        """Stages that have shown nothing since the last feed."""
        return tuple(stage for stage in self._stages if self._newest_ns.get(stage, -1) <= self._fed_ns)

    def take(self) -> bool:
        """True once for every passage of the token."""
        if self.missing():
            return False
        self._fed_ns = max(self._newest_ns.values())
        return True


class WatchdogFeeder:
    """Kicks the watchdog once a passage, until `withhold`: then it runs out and resets the computer."""

    def __init__(self, watchdog: Watchdog, token: LivenessToken | None = None) -> None:
        self._watchdog = watchdog
        self._token = token or LivenessToken()
        self._withheld = False
        self.feeds = 0

    def step(self, beats: Iterable[Heartbeat]) -> Confirmation | None:
        """Feed if the token has gone through; what the watchdog answered, or None."""
        self._token.heard(beats)
        if self._withheld or not self._token.take():
            return None
        self.feeds += 1
        return self._watchdog.kick()

    def withhold(self) -> None:
        """Never feed again: the last rung of the ladder where there is no host to ask for a power cycle."""
        self._withheld = True
