"""The referee: which limits were approached and which were broken, at simulator truth and at every step."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from hal.clock import SECOND_NS
from hal.constants import ZERO_CELSIUS_K
from sim.heat import NODES, Heat

MOST_GRANTS = 64  # issued and not yet over
SLACK_J = 1e-6  # rounding of sums of joules


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsConfig:
    """What must never happen. Node limits by the names of `sim.heat`."""

    battery_floor_soc: float = 0.7
    bus_power_w: float = 80.0
    node_high_c: dict[str, float] = field(default_factory=lambda: {"payload": 45.0, "battery": 45.0, "radiator": 60.0})
    node_low_c: dict[str, float] = field(default_factory=lambda: {"payload": -20.0, "battery": 0.0})
    lowest_draw_w: float = 8.0  # of a guest without a valid grant: idle, with a margin

    def __post_init__(self) -> None:
        for name in (*self.node_high_c, *self.node_low_c):
            if name not in NODES:
                raise ValueError(f"no node named {name}; there are {', '.join(NODES)}")


class Grant(Protocol):
    """A host's grant, as `hal.ports.host` has it."""

    @property
    def from_ns(self) -> int: ...
    @property
    def until_ns(self) -> int: ...
    @property
    def mean_w(self) -> float: ...
    @property
    def peak_w(self) -> float: ...
    @property
    def energy_j(self) -> float: ...
    @property
    def window_s(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReport:
    """One limit after a flight. `closest` is the smallest margin, negative when broken; None when never tried."""

    name: str
    bound: float
    broken: int  # times
    first_ns: int | None
    worst: float | None
    closest: float | None
    broken_s: float


class Limit:
    """One limit and its record."""

    __slots__ = ("_end_ns", "bound", "broken", "broken_ns", "closest", "first_ns", "name", "threshold", "worst")

    def __init__(self, name: str, bound: float) -> None:
        self.name, self.bound = name, bound
        self.broken, self.broken_ns, self._end_ns = 0, 0, -1
        self.first_ns: int | None = None
        self.worst: float | None = None
        self.closest: float | None = None
        self.threshold = float("inf")  # margins at or above it need no note

    def note(self, margin: float, value: float, start_ns: int, end_ns: int) -> None:
        """A margin below `threshold`, held from `start_ns` to `end_ns`."""
        if self.closest is None or margin < self.closest:
            self.closest, self.worst = margin, value
            self.threshold = margin if margin > 0.0 else 0.0
        if margin < 0.0:
            if start_ns > self._end_ns:
                self.broken += 1
            if self.first_ns is None:
                self.first_ns = start_ns
            self.broken_ns += end_ns - start_ns
            self._end_ns = end_ns

    def report(self) -> LimitReport:
        return LimitReport(
            name=self.name,
            bound=self.bound,
            broken=self.broken,
            first_ns=self.first_ns,
            worst=self.worst,
            closest=self.closest,
            broken_s=self.broken_ns / SECOND_NS,
        )


class GrantReferee:
    """A guest's draw against the grants as issued: peak at every instant, mean over each whole window, energy."""

    def __init__(self, lowest_draw_w: float) -> None:
        self.peak = Limit("grant_peak_w", 0.0)
        self.mean = Limit("grant_mean_w", 0.0)
        self.energy = Limit("grant_energy_j", 0.0)
        self.expired = Limit("no_grant_w", lowest_draw_w)
        self._grants: deque[Grant] = deque(maxlen=MOST_GRANTS)
        self._active: Grant | None = None
        self._drawn_j = 0.0
        self._history: deque[tuple[int, float]] = deque()

    @property
    def limits(self) -> tuple[Limit, ...]:
        return (self.peak, self.mean, self.energy, self.expired)

    def issue(self, grant: Grant) -> None:
        """A grant that the host sent. Of two that hold at once, the one that began later counts."""
        self._grants.append(grant)

    def check(self, power_w: float, start_ns: int, end_ns: int) -> None:
        """A constant draw from `start_ns` to `end_ns`, with no grant beginning or ending between."""
        grant = self._holding(start_ns)
        if grant is not self._active:
            self._active, self._drawn_j = grant, 0.0
            self._history.clear()
            self._history.append((start_ns, 0.0))
        if grant is None:
            self._note(self.expired, self.expired.bound, power_w, start_ns, end_ns)
            return
        self._drawn_j += power_w * (end_ns - start_ns) / SECOND_NS
        self._history.append((end_ns, self._drawn_j))
        self._note(self.peak, grant.peak_w, power_w, start_ns, end_ns)
        self._note(self.energy, grant.energy_j + SLACK_J, self._drawn_j, start_ns, end_ns)
        self._check_window(grant, start_ns, end_ns)

    def _holding(self, time_ns: int) -> Grant | None:
        holding = [grant for grant in self._grants if grant.from_ns <= time_ns < grant.until_ns]
        return max(reversed(holding), key=lambda grant: grant.from_ns, default=None)

    def _check_window(self, grant: Grant, start_ns: int, end_ns: int) -> None:
        opened_ns = end_ns - round(grant.window_s * SECOND_NS)
        history = self._history
        if history[0][0] > opened_ns:
            return
        while history[1][0] <= opened_ns:
            history.popleft()
        (before_ns, before_j), (after_ns, after_j) = history[0], history[1]
        opened_j = before_j + (after_j - before_j) * (opened_ns - before_ns) / (after_ns - before_ns)
        mean_w = (self._drawn_j - opened_j) / grant.window_s
        self._note(self.mean, grant.mean_w + SLACK_J, mean_w, start_ns, end_ns)

    @staticmethod
    def _note(limit: Limit, bound: float, value: float, start_ns: int, end_ns: int) -> None:
        if limit.closest is None or bound - value <= limit.closest:
            limit.bound = bound
        if bound - value < limit.threshold:
            limit.note(bound - value, value, start_ns, end_ns)


class Referee:
    """All limits of one flight."""

    def __init__(self, config: LimitsConfig, *, owns_power: bool) -> None:
        self._owns_power = owns_power
        self._soc = Limit("battery_floor_soc", config.battery_floor_soc)
        self._bus = Limit("bus_power_w", config.bus_power_w)
        self._high = tuple(
            (f"{name}_k", bound + ZERO_CELSIUS_K, Limit(f"{name}_high_c", bound))
            for name, bound in config.node_high_c.items()
        )
        self._low = tuple(
            (f"{name}_k", bound + ZERO_CELSIUS_K, Limit(f"{name}_low_c", bound))
            for name, bound in config.node_low_c.items()
        )
        self.grants = None if owns_power else GrantReferee(config.lowest_draw_w)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """All that is refereed here."""
        nodes = tuple(limit for _, _, limit in (*self._high, *self._low))
        if self.grants is None:
            return (self._soc, self._bus, *nodes)
        return (self._bus, *nodes, *self.grants.limits)

    @property
    def broken(self) -> int:
        """How many times any limit was broken."""
        return sum(limit.broken for limit in self.limits)

    def report(self) -> tuple[LimitReport, ...]:
        """Every limit with its record; the smallest `closest` is how near the flight came."""
        return tuple(limit.report() for limit in self.limits)

    def check(self, soc: float, bus_w: float, payload_w: float, heat: Heat, start_ns: int, end_ns: int) -> None:
        """The end of one step with constant draws."""
        if self._owns_power:
            limit = self._soc
            margin = soc - limit.bound
            if margin < limit.threshold:
                limit.note(margin, soc, start_ns, end_ns)
        limit = self._bus
        margin = limit.bound - bus_w
        if margin < limit.threshold:
            limit.note(margin, bus_w, start_ns, end_ns)
        for name, bound_k, limit in self._high:
            temp_k = getattr(heat, name)
            if bound_k - temp_k < limit.threshold:
                limit.note(bound_k - temp_k, temp_k - ZERO_CELSIUS_K, start_ns, end_ns)
        for name, bound_k, limit in self._low:
            temp_k = getattr(heat, name)
            if temp_k - bound_k < limit.threshold:
                limit.note(temp_k - bound_k, temp_k - ZERO_CELSIUS_K, start_ns, end_ns)
        if self.grants is not None:
            self.grants.check(payload_w, start_ns, end_ns)
