"""What a driver finds when it is asked to look: a part for a board file, with channels as far as they can be known.

`Driver.scan(files) -> tuple[Finding, ...]` is asked by `hal.scan`; `suggest` makes a channel from the quantity alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from hal.reading import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One device, or one actuator where it has no channels. `port` is the tree in which it stands: sys, proc or dev."""

    driver: str
    name: str
    about: str
    port: str = "sys"
    owner: str = "payload"
    options: dict[str, str | int | float] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)


# What a quantity can be where nothing better is known: wide enough for any computer, narrow enough to refuse nonsense.
# The fastest change of an electrical or counted quantity is its whole range in a second; a die can heat by 20 K/s.
_QUANTITIES = {
    "temperature": Channel(name="temp_c", unit="degC", low=-40.0, high=125.0, max_rate_per_s=20.0, worst="high"),
    "voltage": Channel(name="voltage_v", unit="V", low=0.0, high=60.0, max_rate_per_s=60.0),
    "current": Channel(name="current_a", unit="A", low=-100.0, high=100.0, max_rate_per_s=100.0, worst="high"),
    "power": Channel(name="power_w", unit="W", low=0.0, high=2000.0, max_rate_per_s=2000.0, worst="high"),
    "energy": Channel(name="energy_j", unit="J", low=0.0, high=1e12, max_rate_per_s=2000.0),
    "speed": Channel(name="speed_rpm", unit="rpm", low=0.0, high=30e3, max_rate_per_s=10e3, worst="low"),
    "frequency": Channel(name="frequency_hz", unit="Hz", low=0.0, high=10e9, max_rate_per_s=10e9),
    "share": Channel(name="share", unit="share", low=0.0, high=1.0, max_rate_per_s=1.0, worst="high"),
    "load": Channel(name="load_cores", unit="cores", low=0.0, high=1024.0, max_rate_per_s=1024.0, worst="high"),
    "time": Channel(name="time_s", unit="s", low=0.0, high=1e12, max_rate_per_s=1024.0),
    "count": Channel(name="errors", unit="count", low=0.0, high=1e9, max_rate_per_s=1e3, worst="high", period_s=10.0),
}


def suggest(quantity: str, stem: str, high: float | None = None, source: str = "") -> Channel:
    """A channel of the quantity, named `stem` and its unit: `suggest("power", "package 0")` is `package_0_power_w`."""
    channel = _QUANTITIES[quantity]
    wide = replace(channel, name=slug(f"{stem}_{channel.name}"), source=source)
    if high is None:
        return wide
    is_electrical = wide.max_rate_per_s == wide.high  # its rate is its range
    return replace(wide, high=high, max_rate_per_s=high if is_electrical else wide.max_rate_per_s)


def slug(text: str) -> str:
    """`text` as a name: small letters, digits and single underscores."""
    return re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")
