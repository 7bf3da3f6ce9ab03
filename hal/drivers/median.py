"""Redundant channels vote: the median of three or more, and which of them is out.

Put the device after its members in the board file: it reads their samples of the same round, on a port of kind
`samples`. With a member missing or out the median is SUSPECT. Two that are left must agree, and their mean is taken;
one alone is SUSPECT; where no two agree, nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from hal.clock import SECOND_NS, Clock
from hal.drivers.sampling import missing, sample
from hal.errors import PortError
from hal.ports.samples import Samples
from hal.reading import Channel, Missing, Quality, Reading, Reason, Sample

LEAST = 3  # members: two cannot say which of them is wrong
NONE, SEVERAL = 0, -1  # of the role `outlier`


@dataclass(frozen=True, slots=True, kw_only=True)
class MedianOptions:
    """`of` are the members' channels, `tolerance` (in their unit) how far one may be from the median.

    A member's sample older than `max_age_s` counts as missing.
    """

    of: tuple[str, ...]
    tolerance: float
    max_age_s: float = 2.0

    def __post_init__(self) -> None:
        if len(set(self.of)) < LEAST or len(set(self.of)) != len(self.of):
            raise ValueError(f"of must name at least {LEAST} different channels, are {', '.join(self.of) or 'none'}")
        if self.tolerance <= 0.0 or self.max_age_s <= 0.0:
            raise ValueError(f"tolerance and max_age_s must be more than 0, are {self.tolerance}, {self.max_age_s}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """The value that the members agree on, and the members that do not, by channel."""

    value: float
    out: tuple[str, ...]


def vote(values: Mapping[str, float], tolerance: float) -> Vote:
    """The median of `values` and who is further from it than `tolerance`; raises PortError where no two agree.

    Of an even number the median lies between the middle two, so those must agree with each other.
    """
    if not values:
        raise PortError(Reason.ABSENT, "no member has a value")
    middle = median(values.values())
    out = tuple(name for name, value in values.items() if abs(value - middle) > tolerance)
    if len(values) > 1 and len(values) - len(out) < 2:
        told = ", ".join(f"{name} {value:.6g}" for name, value in values.items())
        raise PortError(Reason.IMPLAUSIBLE, f"no two agree: {told}")
    return Vote(value=middle, out=out)


class Median:
    """Roles: `median`, in the members' unit, and `outlier`: which member of `of` is out, counted from 1.

    0 is none of them, -1 more than one.
    """

    ROLES = ("median", "outlier")
    Options = MedianOptions

    def __init__(self, port: Samples, clock: Clock, channels: Mapping[str, Channel], options: MedianOptions) -> None:
        self._samples, self._clock, self._options = port, clock, options
        self._rows = tuple((role, channels[role]) for role in self.ROLES if role in channels)
        self.channels = tuple(channel for _, channel in self._rows)

    def read(self) -> tuple[Sample, ...]:
        """Names who is out in the detail of a `Missing`, and by number in `outlier`."""
        now_ns = self._clock.now_ns()
        readings, lost = self._members(now_ns)
        try:
            result = vote({reading.channel: reading.value for reading in readings}, self._options.tolerance)
        except PortError as error:
            told = PortError(error.reason, "; ".join([error.detail, *lost]))
            return tuple([missing(channel, now_ns, told) for channel in self.channels])
        is_sure = not lost and not result.out and all(reading.quality is Quality.GOOD for reading in readings)
        quality = Quality.GOOD if is_sure else Quality.SUSPECT
        values = {"median": result.value, "outlier": float(self._number(result.out))}
        return tuple([sample(channel, now_ns, values[role], quality) for role, channel in self._rows])

    def _members(self, now_ns: int) -> tuple[list[Reading], list[str]]:
        """What the members read, and who has nothing, with the reason."""
        readings, lost = [], []
        for name in self._options.of:
            last = self._samples.last(name)
            if last is None or now_ns - last.time_ns > self._options.max_age_s * SECOND_NS:
                lost.append(f"{name} SILENT")
            elif isinstance(last, Missing):
                lost.append(f"{name} {last.reason.name}")
            else:
                readings.append(last)
        return readings, lost

    def _number(self, out: tuple[str, ...]) -> int:
        if len(out) > 1:
            return SEVERAL
        return self._options.of.index(out[0]) + 1 if out else NONE
