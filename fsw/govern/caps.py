"""Power caps that are not honoured: noticed by the rail, whatever the actuator confirmed, and learnt.

A cap that was refused, or confirmed and not kept, shows in the watts of the jobs that ran under it. Once two in a
row drew far more than the setting says, every point of that setting counts with what was measured; after a while it
is given another chance, for an actuator may come back.
"""

from __future__ import annotations

from dataclasses import dataclass

from fsw.mission import PowerSetting
from hal.clock import SECOND_NS

FAR = 1.25  # times what the setting says: far over the spread of jobs and over what points learn by themselves
IN_A_ROW = 2  # jobs: one may have shared its samples with something else, or straddle the moment that the cap failed
LEAST_S = 3.0  # of a job whose mean watts are to be believed, metered once a second
ANOTHER_CHANCE_NS = 3_600 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Breach:
    """A setting that draws `watts` above idle where it should draw `told_w`."""

    setting: str
    told_w: float
    watts: float


class CapWatch:
    """Pure: `see` takes every metered job."""

    def __init__(self, settings: tuple[PowerSetting, ...]) -> None:
        self._told_w = {row.name: row.watts for row in settings}
        self._seen_w: dict[str, list[float]] = {row.name: [] for row in settings}
        self._until_ns: dict[str, int] = {}

    def see(self, now_ns: int, setting: str, seconds: float, joules: float) -> Breach | None:
        """A job ran under `setting`; what is broken, told once."""
        told_w = self._told_w.get(setting)
        if told_w is None or seconds < LEAST_S or setting in self._until_ns:
            return None
        seen_w = self._seen_w[setting]
        watts = joules / seconds
        if watts <= FAR * told_w:
            seen_w.clear()
            return None
        seen_w.append(watts)
        if len(seen_w) < IN_A_ROW:
            return None
        self._until_ns[setting] = now_ns + ANOTHER_CHANCE_NS
        breach = Breach(setting, told_w, max(seen_w))
        seen_w.clear()
        return breach

    def forgiven(self, now_ns: int) -> list[tuple[str, float]]:
        """Settings that are given another chance now, with what they should draw."""
        over = [name for name, until_ns in self._until_ns.items() if now_ns >= until_ns]
        for name in over:
            del self._until_ns[name]
        return [(name, self._told_w[name]) for name in over]
