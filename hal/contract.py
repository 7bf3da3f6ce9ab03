"""The narrow contracts that drivers fill: at most three methods each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hal.reading import Channel, Sample


class Sensor(Protocol):
    """A device that measures; all its channels are read under one time stamp."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels in the order in which `read` returns them."""
        ...

    def read(self) -> tuple[Sample, ...]:
        """One sample a channel, in order. Never raises: a failure is a `Missing`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What became of a request to an actuator: asked, then read back."""

    actuator: str
    requested: float
    confirmed: float | None
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What an actuator can do: from `low` to `high` in steps of `granularity` (in `unit`), felt after `latency_s`.

    None where the hardware does not tell.
    """

    unit: str
    low: float
    high: float | None
    granularity: float
    latency_s: float | None = None


class Switch(Protocol):
    """Power to something: on or off."""

    def set(self, on: bool) -> Confirmation:
        """Switch, read back, and say whether it was honoured."""
        ...

    def is_on(self) -> bool | None:
        """The state read back; None where it cannot be read."""
        ...


class PowerCap(Protocol):
    """A bound on what the payload computer may draw, as a fraction of full duty."""

    def set_duty(self, duty: float) -> Confirmation:
        """Ask for a duty in [0, 1], read back, and say whether it was honoured."""
        ...

    def duty(self) -> float | None:
        """The duty read back; None where it cannot be read."""
        ...


class Pump(Protocol):
    """The pumps of a liquid loop, by their speed as a fraction of the full one."""

    def set_speed(self, speed: float) -> Confirmation:
        """Ask for a speed in [0, 1], read back what turns, and say whether it was honoured."""
        ...

    def speed(self) -> float | None:
        """The speed at which they turn; None where it cannot be read."""
        ...


class Limit(Protocol):
    """A bound that the hardware keeps by itself: watts of a power domain, hertz of a clock."""

    def set_limit(self, value: float) -> Confirmation:
        """Ask for a bound in the capability's unit, read back, and say whether it was honoured."""
        ...

    def limit(self) -> float | None:
        """The bound read back; None where it cannot be read."""
        ...

    def capability(self) -> Capability | None:
        """What can be asked for; None while the device is not there. Every shipped actuator but a watchdog has this."""
        ...


class Watchdog(Protocol):
    """A hardware timer that resets the computer unless it is kicked."""

    def kick(self) -> Confirmation:
        """Start the timer anew."""
        ...
