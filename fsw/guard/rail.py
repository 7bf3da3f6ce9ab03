"""Bounds of the payload's rail: the peak, the step and the time that its latching current limiter allows.

A duty cycle is a square wave, so what counts is what is drawn while it is on. Above the peak the limiter waits for its
trip time and then opens for good: a draw above it is a burst that must be over before, and one burst at a time.
"""

from __future__ import annotations

from dataclasses import replace

from fsw.guard.common import Broken, Look, Running
from fsw.messages import Envelope
from fsw.mission import Mission

REACTION_PERIODS = 3.0  # control periods from a burst's beginning unseen to its end: seen, stopped, both late


class RailBounds:
    """Nothing where no limiter is declared."""

    def __init__(self, mission: Mission, running: Running) -> None:
        payload, guard = mission.payload, mission.guard
        self._running, self._limiter = running, payload.limiter
        self._margin = 1.0 + guard.draw_margin
        self._peaks_w = {row.name: row.peak_w for row in payload.settings}
        if self._limiter is not None:
            self._peak_w = (self._limiter.peak_w - self._limiter.ripple_w - payload.idle_w) / self._margin
            self._burst_s = max(0.0, self._limiter.trip_s - REACTION_PERIODS * mission.control_period_s)
            self._most_w = self._limiter.peak_w - self._limiter.ripple_w

    def broken(self, look: Look) -> Broken | None:
        """A burst that has lasted as long as it may, or one that nobody ordered."""
        order = look.order
        if self._limiter is None or order is None or look.plant.worst_payload_power_w <= self._most_w:
            return None
        ran_s = self._running.ran_s(look.now_ns)
        return ("rail_peak_s", ran_s, self._burst_s) if ran_s >= self._burst_s else None

    def bound(self, envelope: Envelope, look: Look) -> Envelope:
        """`envelope` with what the limiter allows."""
        if self._limiter is None:
            return envelope
        order, most_w = look.order, self._most_w
        ordered_w = 0.0 if order is None else self._peaks_w.get(order.setting, order.predicted_w / order.duty)
        is_above = ordered_w > self._peak_w or look.plant.worst_payload_power_w > most_w
        burst_s = 0.0 if is_above else self._burst_s / self._margin
        step_w = self._limiter.step_w / self._margin
        return replace(envelope, peak_w=self._peak_w, peak_s=burst_s, step_w=step_w)
