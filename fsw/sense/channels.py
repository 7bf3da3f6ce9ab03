"""What is known of each channel: last good reading, last failure, extremes, counts, and the worst it may be now."""

from __future__ import annotations

from hal.clock import SECOND_NS
from hal.reading import Channel, Missing, Reading, Reason, Sample

LATE_PERIODS = 2.5  # a channel is silent once this many of its periods passed without a good reading
LEAP_ALLOWANCE = 0.02  # of the channel's span: noise and quantisation allowed on top of the fastest credible rate
RESYNC_COUNT = 20  # leaping readings in a row after which the new level is believed
FROZEN_COUNT = 30  # equal readings in a row after which a noisy analogue channel counts as stuck


class ChannelTrack:
    """The history of one channel that decisions need. A guarded temperature is also watched for freezing and leaping:
    its chip resolves less than its own noise, which a kernel's rounded reading does not."""

    __slots__ = (
        "_allowance",
        "_late_ns",
        "_rate_per_ns",
        "_watched",
        "channel",
        "failure",
        "failures",
        "frozen",
        "good_ns",
        "highest",
        "leaps",
        "lowest",
        "missing",
        "value",
    )

    def __init__(self, channel: Channel, *, is_guarded: bool = True) -> None:
        self.channel = channel
        self.value: float | None = None
        self.good_ns = 0
        self.failure: Missing | None = None
        self.failures = dict.fromkeys(Reason, 0)
        self.lowest = float("inf")
        self.highest = float("-inf")
        self.missing: bool | None = None  # None until the first sample
        self.leaps = 0
        self.frozen = 0
        self._watched = is_guarded and channel.unit == "degC" and channel.max_rate_per_s > 0.0
        self._allowance = LEAP_ALLOWANCE * (channel.high - channel.low)
        self._rate_per_ns = channel.max_rate_per_s / SECOND_NS
        self._late_ns = int(LATE_PERIODS * channel.period_s * SECOND_NS)

    def accept(self, sample: Sample) -> bool:
        """Take one sample; returns True when the channel went missing, or came back."""
        if isinstance(sample, Reading):
            if not self._watched or self._is_credible(sample):
                return self._take(sample)
            sample = Missing(channel=self.channel.name, time_ns=sample.time_ns, reason=Reason.IMPLAUSIBLE)
        self.failure = sample
        self.failures[sample.reason] += 1
        changed = self.missing is not True
        self.missing = True
        return changed

    def is_silent(self, now_ns: int) -> bool:
        """True when no good reading came for longer than the channel allows."""
        return self.value is None or now_ns - self.good_ns > self._late_ns

    def current(self, now_ns: int) -> float | None:
        """The last good value while it is fresh, else None."""
        return None if self.value is None or now_ns - self.good_ns > self._late_ns else self.value

    def worst(self, now_ns: int) -> float:
        """The most harmful value that the quantity may have by now."""
        channel = self.channel
        if self.value is None:
            return channel.low if channel.worst == "low" else channel.high
        if now_ns - self.good_ns <= self._late_ns:
            return self.value
        drift = (now_ns - self.good_ns) * self._rate_per_ns
        if channel.worst == "low":
            return max(channel.low, self.value - drift)
        return min(channel.high, self.value + drift)

    def _take(self, reading: Reading) -> bool:
        value = reading.value
        self.value = value
        self.good_ns = reading.time_ns
        if value < self.lowest:
            self.lowest = value
        if value > self.highest:
            self.highest = value
        changed = self.missing is True
        self.missing = False
        return changed

    def _is_credible(self, reading: Reading) -> bool:
        """False for a value that leaps faster than the quantity can, or that has not moved at all for long."""
        if self.value is None:
            return True
        if reading.value == self.value:
            self.frozen += 1
            self.leaps = 0
            return self.frozen < FROZEN_COUNT
        self.frozen = 0
        allowed = self._allowance + self._rate_per_ns * (reading.time_ns - self.good_ns)
        if abs(reading.value - self.value) <= allowed or self._is_new_level(reading):
            self.leaps = 0
            return True
        self.leaps += 1
        return False

    def _is_new_level(self, reading: Reading) -> bool:
        """A leap towards harm is believed at once, one towards relief only after a run of them."""
        towards_harm = (reading.value > (self.value or 0.0)) == (self.channel.worst != "low")
        return towards_harm or self.leaps >= RESYNC_COUNT
