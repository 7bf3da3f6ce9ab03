"""The last value of every parameter, when it was made and received, and how far it may be trusted. Pure.

Never, stale and valid are three things: a value that was never received is not a failure, and one that is old is not
news. Limits are those of the dictionary, and those of watchpoints that the board has told.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum

from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.structures import STRUCTURES
from fsw.catalogue.wire import Value
from hal.clock import SECOND_NS
from tools.ground.decoder import Record, Sampled, Samples

STALE_PERIODS = 2  # a structure that was late twice over is no longer news
ALONE_S = 60.0  # a value that was asked for alone has no period: what most structures allow themselves
INTERVALS = 3  # of the last so many the longest counts: packets that come in a burst after a gap shorten nothing
MADE_UP_MOST = 256  # structures that the ground may create
DEFAULT_PERIOD_S = {row.name: PARAMETER_BY_NAME[row.interval].default or ALONE_S for row in STRUCTURES}


class Quality(Enum):
    """How far a value may be trusted."""

    NEVER = "never"
    STALE = "stale"
    MISSING = "missing"  # the spacecraft itself has none
    VALID = "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One parameter as a person sees it. Times are UTC nanoseconds since 1970; `beyond` tells of a limit in words."""

    name: str
    value: Value | None = None
    unit: str = ""
    quality: Quality = Quality.NEVER
    generated_ns: int | None = None
    received_ns: int | None = None
    time_quality: str = ""
    low: float | None = None
    high: float | None = None
    beyond: str = ""


class Values:
    """What was last heard of each parameter. `now_ns` is monotonic."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Sampled, Record, int]] = {}
        self._heard: dict[str, int] = {}
        self._intervals: dict[str, deque[int]] = {}
        self._watched: dict[int, tuple[str, float, float]] = {}
        self._limits: dict[str, tuple[float | None, float | None]] = {}  # narrower than those of the dictionary

    def take(self, samples: Samples, record: Record, now_ns: int) -> None:
        """The samples of a record; one made before what is known of a parameter changes nothing."""
        for sampled in samples.values:
            known = self._last.get(sampled.name)
            if known is None or record.generated_ns >= known[1].generated_ns:
                self._last[sampled.name] = (sampled, record, now_ns)
        if samples.structure:
            self._time(samples.structure, now_ns)

    def restart(self) -> None:
        """On-board time was set back: what comes now is newer whatever its stamp says."""
        self._last.clear()

    def watch(self, monitor: int, parameter: str, low: float, high: float) -> None:
        """Limits of a watchpoint, as the board has told them."""
        if len(self._watched) >= MADE_UP_MOST and monitor not in self._watched:
            return
        self._watched[monitor] = (parameter, low, high)
        self._limits = {name: self._narrowed(name) for name, _, _ in self._watched.values()}

    def __contains__(self, name: str) -> bool:
        """True where it was heard, however long ago."""
        return name in self._last

    def number(self, name: str) -> float | None:
        """The last value where it is a number, however old."""
        known = self._last.get(name)
        value = None if known is None else known[0].value
        return None if value is None or isinstance(value, str) else float(value)

    def text(self, name: str) -> str:
        """The last value where it is a text, else nothing."""
        known = self._last.get(name)
        return known[0].value if known is not None and isinstance(known[0].value, str) else ""

    def shown(self, name: str, now_ns: int) -> Shown:
        """All that is known of a parameter."""
        low, high = self.limits(name)
        known = self._last.get(name)
        unit = PARAMETER_BY_NAME[name].unit
        if known is None:
            return Shown(name=name, unit=unit, low=low, high=high)
        sampled, record, heard_ns = known
        return Shown(
            name=name,
            value=sampled.value,
            unit=unit,
            quality=self._quality(sampled, record, now_ns - heard_ns),
            generated_ns=record.generated_ns,
            received_ns=record.received_ns,
            time_quality=record.time_quality,
            low=low,
            high=high,
            beyond=beyond(sampled.value, low, high),
        )

    def limits(self, name: str) -> tuple[float | None, float | None]:
        """Low and high limit: the dictionary's, narrowed by the watchpoints that are known."""
        if name in self._limits:
            return self._limits[name]
        row = PARAMETER_BY_NAME[name]
        return row.low, row.high

    def _narrowed(self, name: str) -> tuple[float | None, float | None]:
        row = PARAMETER_BY_NAME[name]
        told = [(low, high) for parameter, low, high in self._watched.values() if parameter == name]
        lows = [row.low, *(low for low, _ in told if math.isfinite(low))]
        highs = [row.high, *(high for _, high in told if math.isfinite(high))]
        return max((v for v in lows if v is not None), default=None), min(
            (v for v in highs if v is not None), default=None
        )

    def _time(self, structure: str, now_ns: int) -> None:
        if len(self._heard) >= MADE_UP_MOST and structure not in self._heard:
            return
        if structure in self._heard:
            intervals = self._intervals.setdefault(structure, deque(maxlen=INTERVALS))
            intervals.append(now_ns - self._heard[structure])
        self._heard[structure] = now_ns

    def _quality(self, sampled: Sampled, record: Record, age_ns: int) -> Quality:
        structure = record.content.structure if isinstance(record.content, Samples) else ""
        default_ns = round(DEFAULT_PERIOD_S.get(structure, ALONE_S) * SECOND_NS)
        period_ns = max((default_ns, *self._intervals.get(structure, ())))
        if age_ns > (STALE_PERIODS * period_ns if structure else default_ns):
            return Quality.STALE
        return Quality.MISSING if sampled.value is None else Quality.VALID


def beyond(value: Value | None, low: float | None, high: float | None) -> str:
    """Which limit a value is beyond, in words; nothing where it is within, or no number.

    >>> beyond(151.0, -100.0, 150.0), beyond(20.0, -100.0, 150.0)
    ('above 150', '')
    """
    if value is None or isinstance(value, str):
        return ""
    if low is not None and value < low:
        return f"below {low:g}"
    return f"above {high:g}" if high is not None and value > high else ""
