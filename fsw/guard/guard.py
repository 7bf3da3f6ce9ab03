"""The guard's state machine.

    CLOSED --all bounds hold for HOLD_NS--> OPEN --a bound is broken--> CLOSED

It starts CLOSED. In OPEN the envelope says what may start; in CLOSED nothing runs. A bound that is broken while
something runs is a `Trip`: the worker is stopped first and questions are asked later. Missing input closes it.

The bounds are in `owned` or `guest`, `rail`, and below; each says what is broken, and what it leaves. None of them
learns, and each leaves less, never more, for less charge, more heat, more draw, and older or missing input.
"""

from __future__ import annotations

import math
from typing import Protocol

from fsw.ephemeris import Sunlight
from fsw.guard.common import (
    Broken,
    Look,
    Running,
    Tightened,
    closed_envelope,
    unbounded_envelope,
)
from fsw.guard.guest import GuestBounds
from fsw.guard.owned import OwnedBounds
from fsw.guard.rail import RailBounds
from fsw.messages import Envelope, HostStatus, Plant, Trip, WorkOrder
from fsw.mission import Mission
from hal.clock import SECOND_NS

HOLD_NS = 10 * SECOND_NS  # after a trip: longer than the sensors' and the rail's settling, shorter than most jobs
TRIP_S = 13.0  # below the ceiling by what the payload warms in this time at full load: ten seconds and the stop
DRAW_TOLERANCE = 0.07  # of the largest draw: the rail's reading against what should draw, before it is overdrawn


class Bounds(Protocol):
    """Where power comes from, as the guard sees it."""

    def look(self, look: Look) -> None:
        """Take one look; the other two then speak of it."""
        ...

    def broken(self, look: Look) -> Broken | None:
        """The limit that is broken, with its value and bound."""
        ...

    def envelope(self, look: Look) -> Envelope | None:
        """What may start; None for nothing."""
        ...


class Guard:
    """Pure: `step` maps what is known now to the envelope and, where something must stop, a trip."""

    def __init__(self, mission: Mission, sunlight: Sunlight | None) -> None:
        self._mission = mission
        payload = mission.payload
        self._ceiling_c = mission.limits.payload_temp_c - TRIP_S * payload.most_w / (
            payload.computer_j_k + payload.radiator_j_k
        )
        self._most_w = payload.most_w * (1.0 + mission.guard.draw_margin + DRAW_TOLERANCE)
        self._word_ns = mission.guard.envelope_s * SECOND_NS
        self._settings = len(payload.settings)
        self._closed_until_ns = 0
        self._running = Running(mission)
        self.tightened = Tightened()
        self._bounds: Bounds = (
            GuestBounds(mission, self._running, self.tightened)
            if mission.profile == "hosted"
            else OwnedBounds(mission, sunlight, self._running, self.tightened)
        )
        self._rail = RailBounds(mission, self._running)

    def hear(self, order: WorkOrder) -> None:
        """An order that was given since the last step, whether it still runs or not."""
        self._running.hear(order)

    def declared_w(self, order: WorkOrder) -> float:
        """Watts above idle that an order may draw, by what the mission declares."""
        return self._running.declared_w(order)

    def step(
        self, now_ns: int, tai_s: float | None, plant: Plant | None, host: HostStatus | None, order: WorkOrder | None
    ) -> tuple[Envelope, Trip | None]:
        """The envelope at `now_ns`; `order` is what runs, and `tai_s` None where the time is not known."""
        if not self._mission.guard.enabled:
            return unbounded_envelope(now_ns, self._settings), None
        self._running.see(now_ns, order)
        if plant is None or now_ns - plant.time_ns > self._word_ns:
            return self._close(now_ns, ("plant", math.inf, self._mission.guard.envelope_s), order)
        look = Look(now_ns, tai_s, plant, host, order)
        self._bounds.look(look)
        broken = self._bounds.broken(look) or self._broken_always(plant) or self._rail.broken(look)
        envelope = None if broken else self._bounds.envelope(look)
        if envelope is None:
            return self._close(now_ns, broken or ("allocation", 0.0, 0.0), order)
        if now_ns < self._closed_until_ns:
            return closed_envelope(now_ns, self._settings, "holding after a trip"), None
        return self._rail.bound(envelope, look), None

    def _close(self, now_ns: int, broken: Broken, order: WorkOrder | None) -> tuple[Envelope, Trip | None]:
        """Closed for what broke; a hold starts only where something had to be stopped."""
        trip = None
        if order is not None:
            self._closed_until_ns = now_ns + HOLD_NS
            trip = Trip(time_ns=now_ns, limit=broken[0], value=broken[1], bound=broken[2])
        return closed_envelope(now_ns, self._settings, broken[0]), trip

    def _broken_always(self, plant: Plant) -> Broken | None:
        """The payload's own limits. Written so that a value that is no number is broken too."""
        if not plant.worst_payload_temp_c < self._ceiling_c:
            return ("payload_temp_c", plant.worst_payload_temp_c, self._ceiling_c)
        if not plant.worst_payload_power_w <= self._most_w:
            return ("payload_power_w", plant.worst_payload_power_w, self._most_w)
        return None
