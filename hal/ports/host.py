"""The host port: what a hosted payload hears from its spacecraft and tells it.

Fillings: `MemoryHostBus` and `LinkHostBus` (msgpack datagrams over any `DatagramLink`; a CAN bridge would be one
more). Nothing here raises: a silent host is no message, a malformed one is counted.

    payload:  HostBus.receive() <- Grant, Beat, PowerOff, Safing      HostBus.send(Demand) ->
    host:     HostEnd.tell(...) ->                                    HostEnd.heard() <- Demand
"""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

import msgpack

from hal.ports.link import DatagramLink

RECEIVE_LIMIT = 64  # messages a call: a babbling host cannot hold the caller
QUEUE_LIMIT = 256
TEXT_LIMIT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Power that the host grants from `from_ns` until `until_ns`: mean over any `window_s`, peak, and joules."""

    from_ns: int
    until_ns: int
    mean_w: float
    peak_w: float
    energy_j: float
    window_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The host lives; whether it is in sunlight where it says so."""

    time_ns: int
    is_sunlit: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOff:
    """The host will cut the payload's power at `at_ns`."""

    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Safing:
    """The safing line: while on, the payload keeps to its lowest safe draw."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What the payload tells: its draw, what it would use, its mode and health."""

    time_ns: int
    payload_power_w: float | None
    demand_w: float
    mode: str
    healthy: bool


HostMessage = Grant | Beat | PowerOff | Safing


class HostBus(Protocol):
    """The payload's end."""

    def receive(self) -> tuple[HostMessage, ...]:
        """What the host said since the last call, at most 64 messages."""
        ...

    def send(self, demand: Demand) -> None: ...


class MemoryHostBus:
    """Both ends in memory; a full queue drops its oldest message and counts it in `dropped`."""

    def __init__(self, depth: int = QUEUE_LIMIT) -> None:
        self._to_payload: deque[HostMessage] = deque(maxlen=depth)
        self._to_host: deque[Demand] = deque(maxlen=depth)
        self.dropped = 0

    def receive(self) -> tuple[HostMessage, ...]:
        waiting = self._to_payload
        return tuple([waiting.popleft() for _ in range(min(len(waiting), RECEIVE_LIMIT))]) if waiting else ()

    def send(self, demand: Demand) -> None:
        self.dropped += len(self._to_host) == self._to_host.maxlen
        self._to_host.append(demand)

    def tell(self, message: HostMessage) -> None:
        """The host's end: say something to the payload."""
        self.dropped += len(self._to_payload) == self._to_payload.maxlen
        self._to_payload.append(message)

    def heard(self) -> tuple[Demand, ...]:
        """The host's end: what the payload said since the last call."""
        demands = tuple(self._to_host)
        self._to_host.clear()
        return demands


class LinkHostBus:
    """The payload's end over a datagram link; `malformed` counts what was no host message."""

    def __init__(self, link: DatagramLink) -> None:
        self._link = link
        self.malformed = 0

    def receive(self) -> tuple[HostMessage, ...]:
        messages, malformed = _drain(self._link)
        self.malformed += malformed
        return tuple([message for message in messages if not isinstance(message, Demand)])

    def send(self, demand: Demand) -> None:
        self._link.send(encode(demand))


class LinkHostEnd:
    """The host's end over a datagram link, for a simulated or a bench host."""

    def __init__(self, link: DatagramLink) -> None:
        self._link = link
        self.malformed = 0

    def tell(self, message: HostMessage) -> None:
        self._link.send(encode(message))

    def heard(self) -> tuple[Demand, ...]:
        messages, malformed = _drain(self._link)
        self.malformed += malformed
        return tuple([message for message in messages if isinstance(message, Demand)])


def _drain(link: DatagramLink) -> tuple[list[HostMessage | Demand], int]:
    messages: list[HostMessage | Demand] = []
    malformed = 0
    for _ in range(RECEIVE_LIMIT):
        datagram = link.receive()
        if datagram is None:
            break
        try:
            messages.append(decode(datagram))
        except ValueError:
            malformed += 1
    return messages, malformed


_TYPES: tuple[type[HostMessage | Demand], ...] = (Grant, Beat, PowerOff, Safing, Demand)  # the index is on the wire
_NAMES = tuple(tuple(field.name for field in dataclasses.fields(cls)) for cls in _TYPES)


def encode(message: HostMessage | Demand) -> bytes:
    """A msgpack array: the index of the type, then its fields in order."""
    kind = _TYPES.index(type(message))
    packed: bytes = msgpack.packb([kind, *(getattr(message, name) for name in _NAMES[kind])])
    return packed


def decode(datagram: bytes) -> HostMessage | Demand:
    """The message in `datagram`; raises ValueError when it is none."""
    try:
        row = msgpack.unpackb(datagram, max_array_len=16, max_str_len=TEXT_LIMIT)
    except Exception as error:  # msgpack documents no common base of its errors
        raise ValueError(f"not msgpack: {error}") from error
    if not isinstance(row, list) or not row or type(row[0]) is not int or not 0 <= row[0] < len(_TYPES):
        raise ValueError("not a host message")
    names = _NAMES[row[0]]
    if len(row) != 1 + len(names):
        raise ValueError(f"{len(row) - 1} fields where {len(names)} belong")
    return _TYPES[row[0]](**{name: _checked(name, value) for name, value in zip(names, row[1:], strict=True)})


def _checked(name: str, value: Any) -> Any:
    """`value` if it is what the field `name` holds; the ending of a name says its kind. Raises ValueError."""
    if name in ("is_sunlit", "payload_power_w") and value is None:
        return None
    if name.endswith("_ns"):
        is_right = type(value) is int and 0 <= value < 1 << 63
    elif name.endswith(("_w", "_j", "_s")):
        is_right = type(value) in (int, float) and math.isfinite(value) and value >= 0
        value = float(value) if is_right else value
    else:
        is_right = type(value) is (str if name == "mode" else bool)
    if not is_right:
        raise ValueError(f"{name} cannot be {value!r}")
    return value
