"""The payload computer as a load: idle watts, one task at a time, a duty limit, a power switch, and ways to fail.

A task is declared with watts above idle and seconds of work. Its real watts and seconds differ by a seeded few per
cent, so that predictions have something to learn. The duty limit's square wave is averaged: at half duty a task draws
half its watts and takes twice as long. The rail's current limiter sees the wave itself: its crest, and every rise.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, inf

from hal.clock import SECOND_NS
from sim import draws

NEVER_NS = 1 << 62
LIMITER = "limiter"  # what withholds the rail's source once it has latched
LOWEST_DUTY = 0.01  # below, a task stands still
UNREAD_LIMIT = 64  # finished tasks kept for the reader


class ComputerError(Exception):
    """The computer cannot do what was asked: it is off, booting or busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimiterConfig:
    """A latching current limiter, in watts: open once the draw, `ripple_w` included, was above `peak_w` for `trip_s`,
    or rose by more than `ramp_w_s` times `trip_s` at once. It closes when the rail's switch is opened and closed again.
    """

    peak_w: float
    trip_s: float
    ramp_w_s: float = inf
    ripple_w: float = 0.0

    def __post_init__(self) -> None:
        if self.peak_w <= 0.0 or self.trip_s <= 0.0 or self.ramp_w_s <= 0.0 or self.ripple_w < 0.0:
            raise ValueError("peak_w, trip_s and ramp_w_s must be positive, ripple_w at least 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputerConfig:
    """The payload computer. `*_bias` are factors of truth on what is declared; `*_noise` one standard deviation.

    Tasks that declare more than `queue_above_w` run from an accelerator's queue: stopped, they go on to their end.
    """

    idle_w: float = 6.0
    boot_s: float = 20.0
    watts_bias: float = 1.0
    seconds_bias: float = 1.0
    watts_noise: float = 0.03
    seconds_noise: float = 0.03
    watchdog_s: float = 60.0  # from the last kick to a reset, once armed
    starts_on: bool = True
    queue_above_w: float = inf
    limiter: LimiterConfig | None = None

    def __post_init__(self) -> None:
        if self.idle_w < 0.0 or self.boot_s < 0.0 or self.watchdog_s <= 0.0:
            raise ValueError("idle_w and boot_s must not be negative, watchdog_s must be positive")
        if self.watts_bias <= 0.0 or self.seconds_bias <= 0.0:
            raise ValueError("watts_bias and seconds_bias must be positive")


@dataclass(slots=True)
class Task:
    """The running task at simulator truth."""

    task_id: int
    watts: float
    remaining_s: float
    is_queued: bool = False
    hung: bool = False


class Computer:
    """State of the payload computer. Every method that changes it takes the time of the change."""

    __slots__ = (
        "_boot_end_ns",
        "_config",
        "_done",
        "_draws",
        "_latch_ns",
        "_least_task_w",
        "_peak_w",
        "_settled_ns",
        "_task",
        "_task_end_ns",
        "_watchdog_ns",
        "_withheld",
        "commanded_on",
        "draw_w",
        "duty",
        "event_ns",
        "finished",
        "is_powered",
        "latch_up_w",
        "limiter_trips",
        "lost",
        "power_cycles",
        "resets",
    )

    def __init__(self, config: ComputerConfig, seed: int) -> None:
        self._config = config
        self._draws = draws.key(seed, "computer/tasks")
        self._task: Task | None = None
        self._done: list[int] = []
        self._settled_ns = 0
        self._task_end_ns = self._boot_end_ns = self._watchdog_ns = self._latch_ns = NEVER_NS
        self._peak_w, self._least_task_w = config.idle_w, 0.0
        self.commanded_on = self.is_powered = config.starts_on
        self._withheld: set[str] = set()
        self.duty, self.latch_up_w = 1.0, 0.0
        self.finished = self.lost = self.resets = self.power_cycles = self.limiter_trips = 0
        self.draw_w, self.event_ns = 0.0, NEVER_NS
        self._refresh()

    @property
    def running(self) -> int | None:
        """The running task's id."""
        return None if self._task is None else self._task.task_id

    @property
    def is_supplied(self) -> bool:
        """The rail has a source, whether its switch is closed or not."""
        return not self._withheld

    @property
    def is_ready(self) -> bool:
        """Powered and booted."""
        return self.is_powered and self._boot_end_ns == NEVER_NS

    def next_event_ns(self) -> int | None:
        """When the computer changes by itself: a task ends, a boot ends, the watchdog bites."""
        return None if self.event_ns == NEVER_NS else self.event_ns

    def start(self, task_id: int, watts: float, seconds: float, now_ns: int) -> None:
        """Start a task of declared watts above idle and seconds of work at full duty. Raises ComputerError."""
        if not self.is_ready:
            raise ComputerError("the computer is off" if not self.is_powered else "the computer is booting")
        if self._task is not None:
            raise ComputerError(f"task {self._task.task_id} is running")
        config = self._config
        noise_w = exp(config.watts_noise * draws.gauss(self._draws, 2 * task_id))
        noise_s = exp(config.seconds_noise * draws.gauss(self._draws, 2 * task_id + 1))
        self._task = Task(
            task_id,
            watts * config.watts_bias * noise_w,
            seconds * config.seconds_bias * noise_s,
            is_queued=watts > config.queue_above_w,
        )
        self._settled_ns = now_ns
        self._plan(now_ns)

    def stop(self, now_ns: int) -> None:
        """Kill the running task, hung or not; nothing when there is none, or when it cannot be recalled."""
        if self._task is not None and not self._task.is_queued:
            self._task = None
            self.lost += 1
            self._plan(now_ns)

    def done(self) -> tuple[int, ...]:
        """Ids of tasks that finished since the last call, in order."""
        ids = tuple(self._done)
        self._done.clear()
        return ids

    def set_duty(self, duty: float, now_ns: int) -> None:
        """Limit the share of time in which a task may run, in [0, 1]."""
        self.settle(now_ns)
        self.duty = min(1.0, max(0.0, duty))
        self._plan(now_ns)

    def set_power(self, on: bool, now_ns: int) -> None:
        """Command the rail's switch; opened, its limiter is reset."""
        self.settle(now_ns)
        self.commanded_on = on
        if not on:
            self._withheld.discard(LIMITER)
        self._follow_power(now_ns)

    def set_supply(self, on: bool, now_ns: int, cause: str = "source") -> None:
        """The rail's source comes or goes. It is there when no cause (brown-out, undervoltage, host) withholds it."""
        self.settle(now_ns)
        if on:
            self._withheld.discard(cause)
        else:
            self._withheld.add(cause)
        self._follow_power(now_ns)

    def reset(self, now_ns: int) -> None:
        """Restart without loss of power: what runs is lost, what is unread is lost."""
        self._forget()
        self.resets += 1
        if self.is_powered:
            self._boot_end_ns = now_ns + round(self._config.boot_s * SECOND_NS)
        self._plan(now_ns)

    def hang(self, now_ns: int) -> None:
        """The running task never ends by itself, and goes on drawing."""
        if self._task is not None:
            self._task.hung = True
            self._plan(now_ns)

    def latch_up(self, watts: float, now_ns: int) -> None:
        """A parasitic path draws `watts` until the rail is cycled; nothing when the rail is off."""
        self.settle(now_ns)
        if self.is_powered:
            self.latch_up_w += watts
            self._plan(now_ns)

    def ignore_caps(self, least_w: float, now_ns: int) -> None:
        """From now on every task draws `least_w` watts at least, whatever was asked; 0: as asked."""
        self.settle(now_ns)
        self._least_task_w = least_w
        self._plan(now_ns)

    def kick_watchdog(self, now_ns: int) -> None:
        """Arm the watchdog, or start it anew."""
        self._watchdog_ns = now_ns + round(self._config.watchdog_s * SECOND_NS)
        self._refresh()

    def disarm_watchdog(self) -> None:
        """Stop the watchdog."""
        self._watchdog_ns = NEVER_NS
        self._refresh()

    def settle(self, now_ns: int) -> None:
        """Bring the state up to `now_ns`; never beyond the next event."""
        task = self._task
        if task is not None and not task.hung:
            if now_ns >= self._task_end_ns:
                self._finish(task)
            else:
                task.remaining_s -= self.duty * (now_ns - self._settled_ns) / SECOND_NS
        self._settled_ns = now_ns
        if now_ns >= self.event_ns:
            self._pass_event(now_ns)

    def _finish(self, task: Task) -> None:
        self._task = None
        self.finished += 1
        self._done.append(task.task_id)
        del self._done[:-UNREAD_LIMIT]

    def _pass_event(self, now_ns: int) -> None:
        if now_ns >= self._boot_end_ns:
            self._boot_end_ns = NEVER_NS
        if now_ns >= self._watchdog_ns:
            self._watchdog_ns = NEVER_NS
            self.reset(now_ns)
        if now_ns >= self._latch_ns:
            self._latch_ns = NEVER_NS
            self.limiter_trips += 1
            self._withheld.add(LIMITER)
            self._follow_power(now_ns)
        self._plan(now_ns)

    def _follow_power(self, now_ns: int) -> None:
        powered = self.commanded_on and self.is_supplied
        if powered and not self.is_powered:
            self.power_cycles += 1
            self._boot_end_ns = now_ns + round(self._config.boot_s * SECOND_NS)
        elif self.is_powered and not powered:
            self._forget()
            self._boot_end_ns = self._watchdog_ns = NEVER_NS
            self.latch_up_w, self.duty = 0.0, 1.0
        self.is_powered = powered
        self._plan(now_ns)

    def _forget(self) -> None:
        if self._task is not None:
            self.lost += 1
        self._task = None
        self._done.clear()

    def _plan(self, now_ns: int) -> None:
        """Work out when the running task ends at the present duty."""
        task = self._task
        self._task_end_ns = NEVER_NS
        if task is not None and not task.hung and self.duty >= LOWEST_DUTY:
            self._task_end_ns = now_ns + max(1, ceil(task.remaining_s / self.duty * SECOND_NS))
        if self._config.limiter is not None:
            self._load_limiter(self._config.limiter, now_ns)
        self._refresh()

    def _load_limiter(self, limiter: LimiterConfig, now_ns: int) -> None:
        """Start its clock when the crest of the draw passes its peak, stop it below; a steep rise opens it at once."""
        before_w, self._peak_w = self._peak_w, 0.0
        if self.is_powered:
            crest_w = 0.0 if self._task is None or self.duty < LOWEST_DUTY else self._task_w(self._task)
            self._peak_w = self._config.idle_w + crest_w + self.latch_up_w + limiter.ripple_w
        if self._peak_w <= limiter.peak_w:
            self._latch_ns = NEVER_NS
        elif self._latch_ns == NEVER_NS:
            self._latch_ns = now_ns + round(limiter.trip_s * SECOND_NS)
        if before_w > 0.0 and self._peak_w - before_w > limiter.ramp_w_s * limiter.trip_s:
            self._latch_ns = now_ns + 1

    def _task_w(self, task: Task) -> float:
        return max(task.watts, self._least_task_w)

    def _refresh(self) -> None:
        self.event_ns = min(self._task_end_ns, self._boot_end_ns, self._watchdog_ns, self._latch_ns)
        self.draw_w = 0.0
        if self.is_powered:
            active_w = 0.0 if self._task is None else self._task_w(self._task) * self.duty
            self.draw_w = self._config.idle_w + active_w + self.latch_up_w
