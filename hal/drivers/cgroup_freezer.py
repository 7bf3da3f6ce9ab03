"""Freezer: stops and continues all processes of a cgroup at once, wherever they are. A clean SIGSTOP for a whole tree.

Source: Linux Documentation/admin-guide/cgroup-v2.rst, `cgroup.freeze` and `cgroup.events`.
"""

from __future__ import annotations

from dataclasses import dataclass

from hal.clock import SECOND_NS, Clock
from hal.contract import Capability, Confirmation
from hal.drivers.search import our_group
from hal.errors import PortError
from hal.finding import Finding
from hal.ports.files import FileTree

LOOK_PERIOD_NS = 1_000_000  # a process stops when it is next scheduled: milliseconds on a busy computer
STATES = {"frozen 0": True, "frozen 1": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezerOptions:
    """`group` is the folder of the group, as `fs/cgroup/penumbra`; the root group cannot be frozen.

    `wait_s` bounds how long a request waits for its confirmation.
    """

    group: str
    wait_s: float = 0.1

    def __post_init__(self) -> None:
        if not 0.0 <= self.wait_s <= 1.0:
            raise ValueError(f"wait_s must be in 0 to 1, is {self.wait_s}")


class Freezer:
    """A `hal.contract.Switch`: on is running, off is frozen. What the kernel says confirms it."""

    Options = FreezerOptions
    WAITS = True  # takes the board's clock

    def __init__(self, name: str, port: FileTree, options: FreezerOptions, clock: Clock) -> None:
        self._name = name
        self._files = port
        self._group = options.group
        self._wait_s = options.wait_s
        self._clock = clock

    def set(self, on: bool) -> Confirmation:
        detail = ""
        try:
            self._files.write_text(f"{self._group}/cgroup.freeze", "0" if on else "1")
        except PortError as error:
            detail = str(error)
        state = self._settled(on) if not detail else self.is_on()
        if not detail and state is not on:
            detail = "there is no such group" if state is None else "processes are still on their way"
        confirmed = None if state is None else float(state)
        return Confirmation(actuator=self._name, requested=float(on), confirmed=confirmed, ok=not detail, detail=detail)

    def is_on(self) -> bool | None:
        try:
            lines = self._files.read_text(f"{self._group}/cgroup.events").splitlines()
        except PortError:
            return None
        return next((STATES[line] for line in lines if line in STATES), None)

    def capability(self) -> Capability | None:
        """Confirmed within `wait_s`, or it says that processes are on their way; None where there is no such group."""
        if self.is_on() is None:
            return None
        return Capability(unit="on", low=0.0, high=1.0, granularity=1.0, latency_s=self._wait_s)

    def _settled(self, on: bool) -> bool | None:
        """The state, looked at each millisecond until it is what was asked for or the wait is over."""
        end_ns = self._clock.now_ns() + round(self._wait_s * SECOND_NS)
        state = self.is_on()
        while state is (not on) and self._clock.now_ns() < end_ns:
            self._clock.sleep_until_ns(self._clock.now_ns() + LOOK_PERIOD_NS)
            state = self.is_on()
        return state

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """The group `penumbra`, where somebody made it."""
        group = our_group(files, "cgroup.freeze")
        if group is None:
            return ()
        about = "whether the processes of the group penumbra run"
        return (Finding(driver="cgroup_freezer", name="inference_runs", about=about, options={"group": group}),)
