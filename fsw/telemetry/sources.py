"""Where the values of parameters come from: the latest message of each topic, counters, the last settings.

A value is None, never a number, when its topic was silent for longer than `max_age_ns` or its channel's last sample
was `Missing`. Nothing is read from the bus until a structure is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fsw.bus.contract import Bus, Policy, Subscription
from fsw.bus.topics import BUS_STATUS, CONTACT, HEARTBEAT, MODE, PARAMETER, SAMPLES
from fsw.catalogue.parameters import PARAMETERS, ParameterRow
from fsw.catalogue.wire import Value
from fsw.messages import BusStatus, ParameterSet, TopicCount
from fsw.values import LATEST, Health, field_reader
from hal.clock import SECOND_NS
from hal.reading import Reading

SAMPLE_DEPTH = 16  # batches come each second and are read every 10 s; the last ones are enough
HEALTH_DEPTH = 64  # a dozen services beat every 10 s, read every 30 s
COUNTERS_MAX = 1024  # counters of services in other processes; the dictionary has some eighty

NAME = "telemetry"

Counts = Callable[[], Mapping[str, int]]
Counters = Mapping[str, Counts]


class Sources:
    """The present value of every parameter of the dictionary. `own` are telemetry's counters, `counters` those of the
    services beside it."""

    def __init__(
        self, bus: Bus, counters: Counters, settings: Mapping[str, float], max_age_ns: int, own: Counts
    ) -> None:
        self._counters = counters
        self._own = own
        self._max_age_ns = max_age_ns
        self.settings: dict[str, float] = dict(settings)
        self._latest: dict[str, Any] = {}
        self._readings: dict[str, tuple[int, float | None]] = {}
        self._health = Health(max_age_ns)
        self._heard: dict[tuple[str, str], tuple[int, int]] = {}  # counters of other processes, and when they were so
        self._counted: dict[str, Mapping[str, int]] = {}  # what the services beside us said since the last refresh
        self._start_ns: int | None = None
        self._now_ns = 0
        self._topics: list[tuple[str, Subscription[Any]]] = [
            (topic.name, bus.subscribe(topic, NAME, Policy.LATEST)) for topic in LATEST
        ]
        self._samples = bus.subscribe(SAMPLES, NAME, Policy.DROP_OLDEST, SAMPLE_DEPTH)
        self._bus_status = bus.subscribe(BUS_STATUS, NAME, Policy.DROP_OLDEST, HEALTH_DEPTH)
        self._heartbeats = bus.subscribe(HEARTBEAT, NAME, Policy.DROP_OLDEST, HEALTH_DEPTH)
        self._parameters = bus.subscribe(PARAMETER, NAME, Policy.DROP_OLDEST)
        self._getters = {row.name: self._getter(row) for row in PARAMETERS}

    def refresh(self, now_ns: int) -> None:
        """Read what the bus holds; then `value` speaks of `now_ns`."""
        self._now_ns = now_ns
        self._counted.clear()
        if self._start_ns is None:
            self._start_ns = now_ns
        for name, subscription in self._topics:
            message = subscription.take()
            if message is not None:
                self._latest[name] = message
        self._take_samples()
        self._take_health()

    def take_settings(self) -> list[ParameterSet]:
        """The parameters set since the last call; `value` knows them from now on."""
        changes = self._parameters.drain()
        for change in changes:
            self.settings[change.name] = change.value
        return changes

    def value(self, name: str) -> Value | None:
        """The value of a parameter as of the last refresh, or None."""
        return self._getters[name]()

    def values(self, names: Iterable[str]) -> dict[str, Value | None]:
        """The values of many parameters."""
        return {name: self._getters[name]() for name in names}

    def dropping(self) -> list[TopicCount]:
        """The subscriptions of all processes that have dropped messages."""
        counts = [count for status in self._health.accounts for count in status.counts]
        return [count for count in counts if count.dropped]

    def _take_samples(self) -> None:
        for batch in self._samples.drain():
            for sample in batch.samples:
                value = sample.value if isinstance(sample, Reading) else None
                self._readings[sample.channel] = (sample.time_ns, value)

    def _take_health(self) -> None:
        for status in self._bus_status.drain():
            self._health.take_account(status)
            self._hear(status)
        for beat in self._heartbeats.drain():
            self._health.take_beat(beat)

    def _hear(self, status: BusStatus) -> None:
        for service, name, count in status.counters:
            key = (service, name)
            if service not in self._counters and (key in self._heard or len(self._heard) < COUNTERS_MAX):
                self._heard[key] = (status.time_ns, count)

    def _getter(self, row: ParameterRow) -> Callable[[], Value | None]:
        kind, _, path = row.source.partition(".")
        if kind == "set":
            return lambda: self.settings.get(row.name)
        if kind == "samples":
            return lambda: self._reading(path)
        if kind == "count":
            service, _, name = path.partition(".")
            return lambda: self._count(service, name)
        if kind == "bus":
            return lambda: self._health.bus_sum(path)
        if kind == "health":
            return lambda: self._of_health(path)
        return self._topic_getter(kind, path)

    def _topic_getter(self, topic: str, path: str) -> Callable[[], Value | None]:
        read = field_reader(path)
        is_event_driven = topic in (MODE.name, CONTACT.name)

        def get() -> Value | None:
            message = self._latest.get(topic)
            if message is None or (not is_event_driven and self._now_ns - message.time_ns > self._max_age_ns):
                return None
            return read(message)

        return get

    def _reading(self, channel: str) -> float | None:
        time_ns, value = self._readings.get(channel, (0, None))
        return value if self._now_ns - time_ns <= self._max_age_ns else None

    def _count(self, service: str, name: str) -> int | None:
        counts = self._own if service == NAME else self._counters.get(service)
        if counts is not None:
            if service not in self._counted:
                self._counted[service] = counts()
            return self._counted[service].get(name)
        time_ns, count = self._heard.get((service, name), (0, None))
        return count if self._now_ns - time_ns <= self._max_age_ns else None

    def _of_health(self, name: str) -> float:
        if name == "uptime_s":
            return (self._now_ns - (self._start_ns or 0)) / SECOND_NS
        return self._health.alive(self._now_ns) if name == "alive" else self._health.silent(self._now_ns)
