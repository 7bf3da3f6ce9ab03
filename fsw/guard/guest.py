"""Bounds of a guest: the host's word, and what it granted as peak, as mean over a window, and as joules."""

from __future__ import annotations

import math
from dataclasses import replace

from fsw.guard.bounds import RollingEnergy
from fsw.guard.common import Broken, Look, Running, Tightened, heat_now, open_envelope
from fsw.messages import Allocation, Envelope, HostStatus, WorkOrder
from fsw.mission import Mission
from hal.clock import SECOND_NS

LEAD = 1.25  # control periods: what ends before the next look, with its jitter, must be met now
METER_NS = 2 * SECOND_NS  # from the start of a job until a sample of the rail shows nothing else


class GuestBounds:
    """`look` meters what was drawn; `broken` and `envelope` then speak of the same look."""

    def __init__(self, mission: Mission, running: Running, tightened: Tightened) -> None:
        self._mission, self._guard = mission, mission.guard
        self._running, self._tightened = running, tightened
        payload = mission.payload
        self._lead_ns = int(LEAD * mission.control_period_s * SECOND_NS)
        self._unseen_j = (payload.most_w - payload.idle_w) * 2.0 * mission.control_period_s  # since and until a sample
        self._rolling: RollingEnergy | None = None
        self._granted: Allocation | None = None
        self._used_j = 0.0
        self._last_ns = 0

    def look(self, look: Look) -> None:
        """Count what was drawn under the present grant; an unread rail counts at its worst."""
        grant, drawn_w = look.host.allocation if look.host else None, look.plant.worst_payload_power_w
        if grant is not None and grant == self._granted:
            self._used_j += drawn_w * (look.now_ns - self._last_ns) / SECOND_NS
        else:
            self._granted, self._used_j = grant, 0.0
        if grant is not None and self._rolling is None:
            self._rolling = RollingEnergy(grant.window_s, look.now_s, grant.mean_w * grant.window_s)
        if self._rolling is not None:
            self._rolling.add(look.now_s, drawn_w)
        self._last_ns = look.now_ns

    def broken(self, look: Look) -> Broken | None:
        """What forbids everything."""
        return self._host_gone(look) or self._over_grant(look) or self._over_next(look) or self._over_mean(look)

    def envelope(self, look: Look) -> Envelope | None:
        """What the grant leaves: peak, rolling mean, joules, and the time until it changes; None for nothing."""
        host, rolling, guard = look.host, self._rolling, self._guard
        if host is None or host.allocation is None or rolling is None:
            return None
        grant, idle_w, margin = host.allocation, self._mission.payload.idle_w, 1.0 + guard.draw_margin
        seconds = _seconds_granted(look.now_ns + self._lead_ns, host, guard.power_off_quiet_s)
        mean_w, peak_w = grant.mean_w - guard.power_margin_w, grant.peak_w - guard.power_margin_w
        limit_w = self._tightened.payload_power_limit_w
        granted_j = grant.energy_j - self._used_j - idle_w * (grant.until_ns - look.now_ns) / SECOND_NS
        if granted_j <= 0.0 or peak_w <= idle_w:
            return None
        steady_w = max(0.0, min(peak_w, rolling.room_w(look.now_s, mean_w)) - idle_w)
        heat = heat_now(self._mission, self._tightened, look.plant, is_sunny=True)
        envelope = open_envelope(look.now_ns, min(steady_w, limit_w), granted_j, seconds, heat, margin)
        burst_j = max(0.0, rolling.spare_j(mean_w) - self._unseen_j)
        return replace(envelope, burst_w=min(peak_w - idle_w, limit_w) / margin, burst_j=burst_j / margin)

    def _host_gone(self, look: Look) -> Broken | None:
        host, now_ns, guard = look.host, look.now_ns, self._guard
        quiet_s = math.inf if host is None else (now_ns - host.heartbeat_ns) / SECOND_NS
        if host is None or quiet_s > guard.host_silence_s:
            return ("host_silence_s", quiet_s, guard.host_silence_s)
        if host.safing:
            return ("host_safing", 1.0, 0.0)
        if host.power_off_ns is not None and host.power_off_ns - now_ns < guard.power_off_quiet_s * SECOND_NS:
            return ("power_off_notice", (host.power_off_ns - now_ns) / SECOND_NS, guard.power_off_quiet_s)
        return None

    def _over_grant(self, look: Look) -> Broken | None:
        grant = look.host.allocation if look.host else None
        if grant is None or look.now_ns >= grant.until_ns:
            return ("allocation", 0.0, 0.0)
        drawn_w = look.plant.worst_payload_power_w
        return ("allocation_peak_w", drawn_w, grant.peak_w) if drawn_w > grant.peak_w else None

    def _over_next(self, look: Look) -> Broken | None:
        """What runs, and may not any more before the next look: the grant runs out, or a lower one takes its place."""
        host, order, soon_ns = look.host, look.order, look.now_ns + self._lead_ns
        if order is None or host is None or host.allocation is None:
            return None
        coming = host.next_allocation
        if coming is None or coming.from_ns > min(soon_ns, host.allocation.until_ns):
            return ("allocation", 0.0, 0.0) if soon_ns >= host.allocation.until_ns else None
        draw_w = self._mission.payload.idle_w + self._running.declared_w(order)
        draw_w = max(draw_w, look.plant.worst_payload_power_w)
        return ("allocation_peak_w", draw_w, coming.peak_w) if draw_w > coming.peak_w else None

    def _over_mean(self, look: Look) -> Broken | None:
        """The mean granted, broken if what runs goes on: by its draw for ever, and by what is left of it."""
        order, host, rolling = look.order, look.host, self._rolling
        if order is None or host is None or host.allocation is None or rolling is None:
            return None
        mean_w = host.allocation.mean_w
        room_w, draw_w = rolling.room_w(look.now_s, mean_w), look.plant.worst_payload_power_w
        if self._running.ran_s(look.now_ns) * SECOND_NS < METER_NS:  # the sample is of what ran before
            draw_w = min(draw_w, self._mission.payload.idle_w + order.predicted_w)
        if draw_w <= room_w or self._ends_within(look, order, rolling.spare_j(mean_w)):
            return None
        return ("allocation_mean_w", draw_w, room_w)

    def _ends_within(self, look: Look, order: WorkOrder, spare_j: float) -> bool:
        """Whether what runs is sure to end on so many joules: it has time left, and the next look is not too late."""
        left_j = self._running.left_j(look.now_ns, order)
        return left_j > 0.0 and left_j + self._running.declared_w(order) * self._lead_ns / SECOND_NS <= spare_j


def _seconds_granted(now_ns: int, host: HostStatus, quiet_s: float) -> float:
    """Seconds for which the present grant is sure to hold; `now_ns` is when the last job may start on this word."""
    until_ns = host.allocation.until_ns if host.allocation else now_ns
    if host.next_allocation is not None:
        until_ns = min(until_ns, host.next_allocation.from_ns)
    if host.power_off_ns is not None:
        until_ns = min(until_ns, host.power_off_ns - int(quiet_s * SECOND_NS))
    return max(0.0, (until_ns - now_ns) / SECOND_NS)
