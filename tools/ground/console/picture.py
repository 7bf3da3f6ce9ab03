"""All that the console knows: takes records and the time, keeps what is shown, in bounded memory. Pure.

Every record counts here, however fast they come; the screen looks at the outcome a few times a second. Whoever shares
it between threads holds `lock`.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from threading import RLock

from fsw.packets.verification import Verification
from tools.ground.console.alarms import SEVERITIES, Alarms
from tools.ground.console.hearing import Hearing, Timing
from tools.ground.console.jobs import Jobs
from tools.ground.console.sent import Commands
from tools.ground.console.sunlight import Nights, nights_of
from tools.ground.console.trend import BUCKET_S, BUCKETS_MOST, Trend
from tools.ground.console.values import Values, beyond
from tools.ground.decoder import Happened, Record, Reported, Sampled, Samples
from tools.ground.output import shown

EVENTS_MOST = 2_000
TRENDS = (
    "soc", "worst_soc", "array_power_w", "bus_power_w", "payload_power_w", "battery_power_w", "payload_temp_c",
    "worst_payload_temp_c", "radiator_temp_c", "battery_temp_c", "envelope_power_w", "energy_price", "jobs_queued",
)  # fmt: skip
BINDING = {"envelope_bound_by": "guard", "queue_bound_by": "queue"}
KEYED = ("channel_missing", "fault_raised", "worker_restarted", "service_restarted", "service_failed", "model_refused")
ENDS_OF = {
    "channel_back": "channel_missing", "fault_cleared": "fault_raised", "guard_cleared": "guard_trip",
    "host_back": "host_silent", "store_back": "store_degraded", "worker_ready": "worker_stopped",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event. Times are UTC nanoseconds; `is_late` where it was played back."""

    generated_ns: int
    received_ns: int
    severity: str
    name: str
    text: str
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Now: monotonic, and as UTC."""

    now_ns: int
    utc_ns: int


class Picture:
    """What is known of the spacecraft, of the link, and of what was sent from here."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.revision = 0
        self.values = Values()
        self.trends = {name: Trend() for name in TRENDS}
        self.sunlit = Trend()
        self.forecast_error = Trend()  # measured over predicted energy of jobs, less one, in per cent
        self.events: deque[Entry] = deque(maxlen=EVENTS_MOST)
        self.jobs = Jobs()
        self.alarms = Alarms()
        self.hearing = Hearing()
        self.commands = Commands()
        self.answers: deque[tuple[int, str]] = deque(maxlen=EVENTS_MOST)  # reports of services: when received, what
        self.link: dict[str, object] = {}  # what the ground's end of the link says of itself
        self.trouble = ""  # why nothing can be heard, in a line

    def take(self, record: Record, now_ns: int) -> None:
        """One record, live or played back; `now_ns` is monotonic."""
        self.revision += 1
        timing = self.hearing.take(record, now_ns)
        if timing is Timing.STEPPED:
            self._restart()
        match record.content:
            case Samples():
                self._samples(record.content, record, now_ns, timing is Timing.LATE)
            case Happened():
                self._happened(record.content, record, timing is Timing.LATE)
            case Verification():
                self.commands.take(record.content, record.received_ns)
            case Reported():
                self._reported(record.content, record)

    def tick(self, moment: Moment) -> None:
        """What time alone brings: commands whose outcome is unknown, shelves that end."""
        self.revision += 1
        self.commands.tick(moment.now_ns)
        self.alarms.tick(moment.utc_ns)

    def nights(self) -> Nights:
        """The eclipses of the last hours."""
        end_ns = self.end_ns
        return nights_of(
            self.sunlit, self.trends["array_power_w"], end_ns - BUCKETS_MOST * BUCKET_S * 1_000_000_000, end_ns
        )

    @property
    def end_ns(self) -> int:
        """The newest on-board time that was heard, as UTC; plots end there."""
        newest = self.hearing.newest
        return 0 if newest is None else newest.generated_ns

    def _samples(self, samples: Samples, record: Record, now_ns: int, is_late: bool) -> None:
        for sampled in samples.values:
            self._course(sampled, record.generated_ns)
        if is_late:
            return
        self.values.take(samples, record, now_ns)
        for sampled in samples.values:
            if sampled.name in BINDING and isinstance(sampled.value, str):
                self.jobs.bound(BINDING[sampled.name], sampled.value, record.generated_ns)
            self._judge(sampled, record.generated_ns)

    def _course(self, sampled: Sampled, generated_ns: int) -> None:
        if sampled.name == "host_sunlit" and sampled.value is not None:
            self.sunlit.add(float(sampled.value == "yes"), generated_ns)
        trend = self.trends.get(sampled.name)
        if trend is not None and sampled.value is not None and not isinstance(sampled.value, str):
            trend.add(float(sampled.value), generated_ns)

    def _judge(self, sampled: Sampled, generated_ns: int) -> None:
        if sampled.value is None or isinstance(sampled.value, str):
            return
        words = beyond(sampled.value, *self.values.limits(sampled.name))
        if words:
            text = f"{sampled.name} is {shown(sampled.value)} {sampled.unit}, {words}"
            self.alarms.beyond(sampled.name, text, generated_ns)
        else:
            self.alarms.within(sampled.name, generated_ns)

    def _happened(self, happened: Happened, record: Record, is_late: bool) -> None:
        entry = Entry(
            generated_ns=record.generated_ns,
            received_ns=record.received_ns,
            severity=happened.severity,
            name=happened.name,
            text=happened.text,
            is_late=is_late,
        )
        if is_late and self._is_known(entry):
            return
        self.events.append(entry)
        self.jobs.take(happened, record.generated_ns)
        error = self.jobs.last[-1].energy_error if happened.name == "job_done" and self.jobs.last else None
        if error is not None:
            self.forecast_error.add(100.0 * error, record.generated_ns)
        if is_late:
            return
        if happened.severity in SEVERITIES:
            self.alarms.raised(_key(happened.name, happened), happened.severity, happened.text, record.generated_ns)
        if happened.name in ENDS_OF:
            self.alarms.over(_key(ENDS_OF[happened.name], happened), record.generated_ns)

    def _is_known(self, entry: Entry) -> bool:
        """True where the same event came live before it was played back."""
        return any(
            known.generated_ns == entry.generated_ns and known.name == entry.name and known.text == entry.text
            for known in self.events
        )

    def _reported(self, report: Reported, record: Record) -> None:
        words = " ".join(f"{name}={shown(value)}" for name, value in report.values.items())
        self.answers.append((record.received_ns, f"{report.name} {words}"))
        if report.name == "monitor_definition":
            is_on = report.values["enabled"] == "yes"
            low, high = (float(report.values[name]) if is_on else math.inf for name in ("low", "high"))
            self.values.watch(int(report.values["monitor"]), str(report.values["parameter"]), low, high)

    def _restart(self) -> None:
        """On-board time was set back: values and courses of before would hide what comes now."""
        self.values.restart()
        for trend in (self.sunlit, self.forecast_error, *self.trends.values()):
            trend.restart()


def _key(name: str, happened: Happened) -> str:
    """What makes two events one alarm: their name, and for some what they are about."""
    which = f" {happened.values[0]}" if name in KEYED and happened.values else ""
    return f"event {name}{which}"
