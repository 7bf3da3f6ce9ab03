"""The value of a parameter, out of the message that brings it. Pure: who subscribes to what is the reader's affair.

    plant.payload_temp_c      a field of the latest message of a topic
    samples.battery_temp_c    a channel of the latest batch
    set.owner                 the last setting
    count.service.name        a counter of a service, in its process's account
    bus.dropped               summed over the accounts of all processes: see `Health`
    health.silent             from the services' signs of life: see `Health`

These are the sources of `fsw.catalogue.parameters`.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from fsw.bus.topics import BUS_STATUS, CONTACT, ENVELOPE, HOST, MODE, PARAMETER, PLANT, QUEUE, SAMPLES, Topic
from fsw.catalogue.parameters import ParameterRow
from fsw.catalogue.rows import Wire
from fsw.catalogue.wire import Value
from fsw.messages import BusStatus, Heartbeat
from hal.reading import Reading

# Topics of which each message has all fields: their parameters are read from the latest one.
LATEST: tuple[Topic[Any], ...] = (PLANT, HOST, ENVELOPE, QUEUE, MODE, CONTACT)
TEXTS = (Wire.NAME, Wire.TEXT)
PROCESSES_MAX = 16
SERVICES_MAX = 64

Read = Callable[[Any], Value | None]


def reader_of(row: ParameterRow) -> tuple[Topic[Any], Read] | None:
    """The topic that brings a parameter, and what takes its value out of one message (None: it is not in there).

    None for parameters that no single message holds.
    """
    kind, _, path = row.source.partition(".")
    if kind == SAMPLES.name:
        return SAMPLES, _channel_reader(path)
    if kind == "count":
        return BUS_STATUS, _counter_reader(*path.split(".", 1))
    if kind == "set":
        return PARAMETER, _setting_reader(row.name)
    topic = next((topic for topic in LATEST if topic.name == kind), None)
    return None if topic is None else (topic, field_reader(path))


def field_reader(path: str) -> Read:
    """What takes a field, or a field of a field that may be None, out of a message."""
    outer, _, inner = path.partition(".")
    get_outer: Read = attrgetter(outer)
    if not inner:
        return get_outer
    get_inner: Read = attrgetter(inner)

    def read(message: Any) -> Value | None:
        value = get_outer(message)
        return None if value is None else get_inner(value)

    return read


def number(row: ParameterRow, value: Value | bool | None) -> float | None:
    """A value as a number that limits can be held against: of labels their place; None for what is no number."""
    if isinstance(value, str):
        return float(row.labels.index(value)) if value in row.labels else None
    return None if value is None or row.wire in TEXTS or value != value else float(value)


class Health:
    """Accounts of processes and signs of life of services, and the sums that are parameters."""

    def __init__(self, max_age_ns: int) -> None:
        self._max_age_ns = max_age_ns
        self._processes: dict[str, BusStatus] = {}
        self._beats: dict[str, int] = {}

    @property
    def accounts(self) -> tuple[BusStatus, ...]:
        """The last account of every process."""
        return tuple(self._processes.values())

    def take_account(self, status: BusStatus) -> None:
        """The account of one process."""
        if status.process in self._processes or len(self._processes) < PROCESSES_MAX:
            self._processes[status.process] = status

    def take_beat(self, beat: Heartbeat) -> None:
        """A service took a step."""
        if beat.service in self._beats or len(self._beats) < SERVICES_MAX:
            self._beats[beat.service] = beat.time_ns

    def bus_sum(self, name: str) -> int | None:
        """Of all subscriptions of all processes; None before any account came."""
        if not self._processes:
            return None
        return sum(int(getattr(count, name)) for status in self._processes.values() for count in status.counts)

    def alive(self, now_ns: int) -> int:
        """Services heard of lately."""
        return sum(now_ns - time_ns <= self._max_age_ns for time_ns in self._beats.values())

    def silent(self, now_ns: int) -> int:
        """Services heard of before and not lately."""
        return len(self._beats) - self.alive(now_ns)


def _channel_reader(channel: str) -> Read:
    place = 0  # in the last batch: most often it is there again

    def read(batch: Any) -> float | None:
        nonlocal place
        samples = batch.samples
        if place >= len(samples) or samples[place].channel != channel:
            found = next((at for at, sample in enumerate(samples) if sample.channel == channel), None)
            if found is None:
                return None
            place = found
        sample = samples[place]
        return sample.value if isinstance(sample, Reading) else None

    return read


def _counter_reader(service: str, name: str) -> Read:
    def read(status: Any) -> int | None:
        for told_service, told_name, count in status.counters:
            if told_name == name and told_service == service:
                return int(count)
        return None

    return read


def _setting_reader(name: str) -> Read:
    return lambda change: change.value if change.name == name else None
