"""The host of a guest payload: a scripted spacecraft that grants power, changes it, goes quiet, and cuts it.

The script is the scenario's `[host]` section. The host keeps its own time on the world's agenda: a beat every
`beat_s` and a renewed grant every `renew_s`, except in silence and while the rail is off. The referee judges the
payload's draw by the grants as they were sent.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from hal.clock import SECOND_NS
from hal.ports.host import Beat, Demand, Grant, HostMessage, PowerOff, Safing
from sim.world import World

EVENT_KINDS = ("level", "silence", "power_off", "cut", "power_on", "safing_on", "safing_off")
LEAST_NOTICE_S = 5.0  # of a grant that takes power away
DEMANDS_KEPT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEvent:
    """One line of the script.

    level: from `at_s` on, grants are `mean_w` and `peak_w`; sent `notice_s` before. silence: neither beat nor grant for
    `duration_s`. power_off: the rail is cut at `at_s`, announced `notice_s` before. cut: the same without a word.
    power_on: the rail comes back. safing_on and safing_off: the safing line.
    """

    at_s: float
    kind: str
    mean_w: float = 0.0
    peak_w: float = 0.0
    duration_s: float = 0.0
    notice_s: float = 10.0

    def __post_init__(self) -> None:
        if self.kind not in EVENT_KINDS:
            raise ValueError(f"no host event {self.kind!r}; there are {', '.join(EVENT_KINDS)}")
        if self.kind == "level" and not 0.0 < self.mean_w <= self.peak_w:
            raise ValueError("level: mean_w must be positive and at most peak_w")
        if self.kind == "level" and self.notice_s < LEAST_NOTICE_S:
            raise ValueError(f"level: notice_s must be at least {LEAST_NOTICE_S:g}")
        if self.kind == "silence" and self.duration_s <= 0.0:
            raise ValueError("silence: duration_s must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConfig:
    """The host and its script. A grant holds for `valid_s` and is renewed every `renew_s`."""

    voltage_v: float = 15.0  # of the payload's rail
    beat_s: float = 1.0
    renew_s: float = 60.0
    valid_s: float = 180.0
    window_s: float = 60.0
    event: tuple[HostEvent, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 < self.renew_s < self.valid_s:
            raise ValueError("renew_s must be positive and less than valid_s")
        if not 0.0 < self.beat_s <= 60.0:
            raise ValueError(f"beat_s must be in 0..60, is {self.beat_s}")
        if not any(event.kind == "level" and event.at_s == 0.0 for event in self.event):
            raise ValueError("the script must begin with a level at_s = 0")


class HostEnd(Protocol):
    """The host's end of the host port."""

    def tell(self, message: HostMessage) -> None: ...
    def heard(self) -> tuple[Demand, ...]: ...


class Host:
    """Plays the script. `is_rail_on` is what the payload computer lives on; `demands` is what the payload last told."""

    def __init__(self, config: HostConfig, world: World, end: HostEnd) -> None:
        self._config, self._world, self._end = config, world, end
        self._level: HostEvent | None = None
        self._granted: Grant | None = None
        self._silent_until_ns = self._renewal_ns = 0
        self.is_rail_on = True
        self.cuts = 0
        self.demands: deque[Demand] = deque(maxlen=DEMANDS_KEPT)
        for event in config.event:
            self._enter(event)
        world.schedule(0, self._beat)

    def _enter(self, event: HostEvent) -> None:
        at_ns = _ns(event.at_s)
        schedule = self._world.schedule
        if event.kind == "level":
            schedule(max(0, at_ns - _ns(event.notice_s)), lambda: self._announce(event, at_ns))
        elif event.kind == "silence":
            schedule(at_ns, lambda: self._fall_silent(at_ns + _ns(event.duration_s)))
        elif event.kind == "power_off":
            schedule(max(0, at_ns - _ns(event.notice_s)), lambda: self._tell(PowerOff(at_ns=at_ns)))
            schedule(at_ns, self._cut)
        elif event.kind == "cut":
            schedule(at_ns, self._cut)
        elif event.kind == "power_on":
            schedule(at_ns, self._power_on)
        else:
            schedule(at_ns, lambda: self._end.tell(Safing(on=event.kind == "safing_on")))  # a line: heard in silence

    def _tell(self, message: HostMessage) -> None:
        """Say it, unless silent."""
        if self._world.now_ns >= self._silent_until_ns:
            self._end.tell(message)

    def _announce(self, level: HostEvent, from_ns: int) -> None:
        self._level = level
        self._grant(from_ns)
        self._renewal_ns = from_ns + _ns(self._config.renew_s)
        self._world.schedule(self._renewal_ns, self._renew)

    def _renew(self) -> None:
        """Grant the same again; a renewal that a new level has replaced does nothing."""
        if self._world.now_ns == self._renewal_ns and self._level is not None:
            self._grant(self._world.now_ns)
            self._renewal_ns += _ns(self._config.renew_s)
            self._world.schedule(self._renewal_ns, self._renew)

    def _grant(self, from_ns: int) -> None:
        level, config, world = self._level, self._config, self._world
        if level is None or not self.is_rail_on or world.now_ns < self._silent_until_ns:
            return
        before = self._granted
        if before is not None and (level.mean_w < before.mean_w or level.peak_w < before.peak_w):
            from_ns = max(from_ns, world.now_ns + _ns(LEAST_NOTICE_S))
        grant = self._granted = Grant(
            from_ns=from_ns,
            until_ns=from_ns + _ns(config.valid_s),
            mean_w=level.mean_w,
            peak_w=level.peak_w,
            energy_j=level.mean_w * config.valid_s,
            window_s=config.window_s,
        )
        self._end.tell(grant)
        world.issue(grant)

    def _beat(self) -> None:
        world = self._world
        self.demands.extend(self._end.heard())
        if self.is_rail_on:
            self._tell(Beat(time_ns=world.now_ns, is_sunlit=world.truth.is_sunlit))
        world.schedule(world.now_ns + _ns(self._config.beat_s), self._beat)

    def _fall_silent(self, until_ns: int) -> None:
        self._silent_until_ns = until_ns

    def _cut(self) -> None:
        self.is_rail_on = False
        self.cuts += 1
        self._world.computer.set_supply(False, self._world.now_ns, "host")

    def _power_on(self) -> None:
        self.is_rail_on = True
        self._granted = None
        self._world.computer.set_supply(True, self._world.now_ns, "host")
        self._grant(self._world.now_ns)


def _ns(seconds: float) -> int:
    return round(seconds * SECOND_NS)
