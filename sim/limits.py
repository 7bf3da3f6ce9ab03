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
    bus_power_w: float = 85.0
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
    closest_ns: int | None
    broken_s: float


class Limit:
    """One limit and its record."""

    __slots__ = (
        "_end_ns",
        "bound",
        "broken",
        "broken_ns",
        "closest",
        "closest_ns",
        "first_ns",
        "name",
        "threshold",
        "worst",
    )

    def __init__(self, name: str, bound: float) -> None:
        self.name, self.bound = name, bound
        self.broken, self.broken_ns, self._end_ns = 0, 0, -1
        self.first_ns: int | None = None
        self.worst: float | None = None
        self.closest: float | None = None
        self.closest_ns: int | None = None
        self.threshold = float("inf")  # margins at or above it need no note

    def note(self, margin: float, value: float, start_ns: int, end_ns: int) -> None:
        """A margin below `threshold`, held from `start_ns` to `end_ns`."""
        if self.closest is None or margin < self.closest:
            self.closest, self.worst, self.closest_ns = margin, value, end_ns
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
            closest_ns=self.closest_ns,
            broken_s=self.broken_ns / SECOND_NS,
        )


class GrantReferee:
    """A guest's draw against the grants as issued: peak and energy at every instant, mean over every whole window.

    Of two grants that hold at once, the one that begins later counts. A window that touches several grants may have
    the largest of their means; without a grant the lowest draw is the bound.
    """

    def __init__(self, lowest_draw_w: float) -> None:
        self._peak, self._mean = Limit("grant_peak_w", 0.0), Limit("grant_mean_w", 0.0)
        self._energy, self._ungranted = Limit("grant_energy_j", 0.0), Limit("no_grant_w", lowest_draw_w)
        self._lowest_draw_w = lowest_draw_w
        self._grants: deque[Grant] = deque(maxlen=MOST_GRANTS)
        self._active: Grant | None = None
        self._begun_j = self._drawn_j = 0.0
        self._drawn: deque[tuple[int, float]] = deque([(0, 0.0)])  # joules up to a time, over the last window
        self._means: deque[tuple[int, float]] = deque()  # bound on the mean from a time on

    @property
    def limits(self) -> tuple[Limit, ...]:
        return (self._peak, self._mean, self._energy, self._ungranted)

    def issue(self, grant: Grant) -> None:
        """A grant that the host sent."""
        self._grants.append(grant)

    def check(self, power_w: float, start_ns: int, end_ns: int) -> None:
        """A constant draw from `start_ns` to `end_ns`, with no grant beginning or ending between."""
        grant = self._holding(start_ns)
        if grant is not self._active:
            self._change(grant, start_ns)
        if grant is None:
            self._note(self._ungranted, self._lowest_draw_w, power_w, start_ns, end_ns)
            return
        self._drawn_j += power_w * (end_ns - start_ns) / SECOND_NS
        self._drawn.append((end_ns, self._drawn_j))
        self._note(self._peak, grant.peak_w, power_w, start_ns, end_ns)
        self._note(self._energy, grant.energy_j + SLACK_J, self._drawn_j - self._begun_j, start_ns, end_ns)
        self._check_mean(grant.window_s, start_ns, end_ns)

    def _change(self, grant: Grant | None, time_ns: int) -> None:
        """Another grant holds. After a time without any, windows begin anew: that time has a bound of its own."""
        if self._active is None:
            self._drawn.clear()
            self._drawn.append((time_ns, self._drawn_j))
            self._means.clear()
        if grant is not None:
            self._means.append((time_ns, grant.mean_w))
        self._active, self._begun_j = grant, self._drawn_j

    def _holding(self, time_ns: int) -> Grant | None:
        while self._grants and self._grants[0].until_ns <= time_ns:
            self._grants.popleft()
        holding = [grant for grant in self._grants if grant.from_ns <= time_ns < grant.until_ns]
        return max(reversed(holding), key=lambda grant: grant.from_ns, default=None)

    def _check_mean(self, window_s: float, start_ns: int, end_ns: int) -> None:
        opened_ns = end_ns - round(window_s * SECOND_NS)
        drawn, means = self._drawn, self._means
        if opened_ns < drawn[0][0]:
            return
        while drawn[1][0] <= opened_ns:
            drawn.popleft()
        while len(means) > 1 and means[1][0] <= opened_ns:
            means.popleft()
        (before_ns, before_j), (after_ns, after_j) = drawn[0], drawn[1]
        opened_j = before_j + (after_j - before_j) * (opened_ns - before_ns) / (after_ns - before_ns)
        bound_w = max(mean_w for _, mean_w in means) + SLACK_J
        self._note(self._mean, bound_w, (self._drawn_j - opened_j) / window_s, start_ns, end_ns)

    @staticmethod
    def _note(limit: Limit, bound: float, value: float, start_ns: int, end_ns: int) -> None:
        if limit.closest is None or bound - value < limit.closest:
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
