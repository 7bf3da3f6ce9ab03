"""What every driver does with a decoded value or a failed transfer."""

from __future__ import annotations

from collections.abc import Iterable

from hal.errors import PortError
from hal.reading import Channel, Missing, Quality, Reading, Reason, Sample


def sample(channel: Channel, time_ns: int, value: float, quality: Quality = Quality.GOOD) -> Sample:
    """`value` as a reading, or IMPLAUSIBLE outside what the channel can be (NaN is outside of everything)."""
    if channel.low <= value <= channel.high:
        return Reading(channel=channel.name, time_ns=time_ns, value=value, quality=quality)
    detail = f"{value:.6g} {channel.unit} is outside {channel.low:g} to {channel.high:g}"
    return Missing(channel=channel.name, time_ns=time_ns, reason=Reason.IMPLAUSIBLE, detail=detail)


def all_missing(channels: Iterable[Channel], time_ns: int, error: PortError) -> tuple[Sample, ...]:
    """A transfer failed: none of its channels has a value."""
    return tuple([missing(channel, time_ns, error) for channel in channels])


def missing(channel: Channel, time_ns: int, error: PortError) -> Missing:
    return Missing(channel=channel.name, time_ns=time_ns, reason=error.reason, detail=error.detail)


def signed_word(word: int) -> int:
    """A 16-bit register as two's complement."""
    return word - 0x10000 if word & 0x8000 else word
