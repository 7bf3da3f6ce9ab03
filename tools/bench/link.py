"""The space link end to end: the real comms process with its keys, UDP on loopback, the ground tool's own code.

    up     ground -- UDP --> comms: link, command, telemetry
    down   here, in the place of the other processes -- bus --> comms: telemetry, link -- UDP --> ground

`command_ms` is from a command sent to its completion seen, one command at a time. `tm_packets_per_s` is how many
reports come down a second, sustained. `lost` are gaps in the packets' sequence; `uncounted` is what was sent, up or
down, and neither arrived nor stands in a count of the telemetry or of the bus.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fsw.bus.contract import Policy
from fsw.bus.topics import BUS_STATUS, COMMAND, REPORT
from fsw.bus.zmq import ZmqBus
from fsw.catalogue.commands import COMMAND_BY_NAME
from fsw.link.settings import PROFILES, Link
from fsw.messages import BusStatus, Report
from fsw.packets.verification import Verification
from fsw.processes import KEEPERS, wiring
from hal.clock import SECOND_NS
from tools.flight.keys import BENCH_LINK, make_keys
from tools.ground.clock import StationClock
from tools.ground.decoder import Record, Reported
from tools.ground.finding import Choice, profiled
from tools.ground.link import LinkDown, UdpGroundLink
from tools.ground.session import Session

ROOT = Path(__file__).resolve().parents[2]
ALL = "all"
COMMANDS, REPORTS = 300, 20_000
WARM_UP = 20  # commands that are not measured
PATIENCE_NS = 60 * SECOND_NS
BURST = 64  # reports between two looks at what came down: a quarter of what waits on board at most
IN_FLIGHT = 192  # reports that have not been seen come down yet
ANSWER_NS = 2 * SECOND_NS
REPORTED = "monitor_status"  # a report of ordinary length
EXAMPLE = (1, "within", 0)
COMPLETED = 7  # subtype of service 1


def run(profile: str = "packets+mac", commands: int = COMMANDS, reports: int = REPORTS) -> dict[str, Any]:
    """The figures of one profile; with "all" one object a profile, by its name."""
    if profile == ALL:
        return {name: _bench(name, commands, reports) for name in PROFILES}
    return _bench(profile, commands, reports)


def _bench(profile: str, commands: int, reports: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        bench = Bench(Path(folder), profile, stack)
        bench.warm_up()
        times_ms = sorted(bench.round_trip_ms() for _ in range(commands))
        rate = bench.sustain(reports)
        return {
            "profile": profile,
            "command_ms": {"p50": _quantile(times_ms, 0.5), "p99": _quantile(times_ms, 0.99)},
            "commands": len(times_ms),
            "tm_packets_per_s": round(rate, 1),
            "tm_packets": reports,
            "lost": bench.session.decoder.missed,
            "uncounted": bench.uncounted(),
        }


class Bench:
    """One comms process in one profile, and both its sides. What is opened is given back by `stack`."""

    def __init__(self, folder: Path, profile: str, stack: ExitStack) -> None:
        probe = UdpGroundLink(tm_port=0, tc_port=9)
        port = probe.port
        probe.close()
        table = {"profile": profile, "tc_port": port, **BENCH_LINK["link"]}
        settings = Link(**table)  # type: ignore[arg-type]
        make_keys(settings, folder)
        self.clock = StationClock()
        (folder / "run").mkdir()
        self._buses = [ZmqBus(name, folder / "run", wiring()) for name in KEEPERS[COMMAND.name]]
        for bus in self._buses:
            stack.callback(bus.close)
        self._commands = [bus.subscribe(COMMAND, "bench", Policy.MUST_DELIVER) for bus in self._buses]
        self._statuses = self._buses[0].subscribe(BUS_STATUS, "bench", Policy.DROP_OLDEST, 256)
        self._process = _comms(folder, table, stack)
        keys = folder / settings.keys if settings.is_secured else None
        link = profiled(UdpGroundLink(0, "127.0.0.1", port), Choice(profile=profile, keys=keys), self.clock)
        self.session = Session(link, self.clock)
        stack.callback(self.session.close)
        self._sent = self._completed = self._published = self._arrived = 0
        self._status: BusStatus | None = None

    def warm_up(self) -> None:
        """Until commands complete and reports come down; nothing of it is measured."""
        end_ns = self.clock.now_ns() + PATIENCE_NS
        while not (self._completed >= WARM_UP and self._arrived):
            if self._process.poll() is not None or self.clock.now_ns() > end_ns:
                raise LinkDown("comms does not answer")
            try:
                self._command()
                self._publish(1)
                self._listen(SECOND_NS // 10)
            except LinkDown:
                self.clock.sleep_until_ns(self.clock.now_ns() + SECOND_NS // 10)
        self._listen(SECOND_NS)
        self._sent = self._completed = self._published = self._arrived = 0

    def round_trip_ms(self) -> float:
        """A ping, from sent to completed. Raises LinkDown when nobody answers."""
        before, start_ns = self._completed, self.clock.now_ns()
        self._command()
        while self._completed == before:
            if self.clock.now_ns() > start_ns + ANSWER_NS:
                raise LinkDown("a command was not answered")
            self._take(ANSWER_NS // 10)
        took_ms = (self.clock.now_ns() - start_ns) / 1e6
        self._poll()
        return took_ms

    def sustain(self, reports: int) -> float:
        """Reports a second that come down, from the first published to the last heard."""
        start_ns = self.clock.now_ns()
        quiet_ns = start_ns
        while self._arrived < reports and self.clock.now_ns() < quiet_ns + ANSWER_NS:
            room = min(BURST, reports - self._published, IN_FLIGHT - (self._published - self._arrived))
            if room > 0:
                self._publish(room)
            before = self._arrived
            self._take(1_000_000)
            quiet_ns = self.clock.now_ns() if self._arrived > before else quiet_ns
        return self._arrived / ((self.clock.now_ns() - start_ns) / SECOND_NS)

    def uncounted(self) -> int:
        """Commands that were not answered, and reports that neither came down nor were dropped by a count."""
        self._listen(SECOND_NS // 2)
        missing = self._published - self._arrived - self._dropped() - self.session.decoder.missed
        return self._sent - self._completed + max(0, missing)

    def _command(self) -> None:
        self._sent += 1
        self.session.send(self.session.build(COMMAND_BY_NAME["ping"], ()))

    def _publish(self, count: int) -> None:
        for _ in range(count):
            self._published += 1
            self._buses[0].publish(REPORT, Report(time_ns=self.clock.now_ns(), name=REPORTED, values=EXAMPLE))
        self._poll()

    def _listen(self, duration_ns: int) -> None:
        end_ns = self.clock.now_ns() + duration_ns
        while (left_ns := end_ns - self.clock.now_ns()) > 0:
            self._take(left_ns)
            self._poll()

    def _take(self, timeout_ns: int) -> None:
        """All that has come down, after waiting for the first of it."""
        record = self.session.take(timeout_ns)
        while record is not None:
            self._note(record)
            record = self.session.take(0)

    def _note(self, record: Record) -> None:
        content = record.content
        if isinstance(content, Verification):
            self._completed += content.subtype == COMPLETED
        elif isinstance(content, Reported) and content.name == REPORTED:
            self._arrived += 1

    def _poll(self) -> None:
        for bus, commands in zip(self._buses, self._commands, strict=True):
            bus.poll(0)
            commands.drain()
        for status in self._statuses.drain():
            if status.process == "comms":
                self._status = status

    def _dropped(self) -> int:
        counts = self._status.counts if self._status else ()
        return sum(count.dropped for count in counts if count.topic == REPORT.name)


def _comms(folder: Path, table: dict[str, object], stack: ExitStack) -> subprocess.Popen[bytes]:
    """The flight's own process."""
    overrides = folder / "overrides.json"
    overrides.write_text(json.dumps({"link": table}), encoding="utf-8")
    command = [sys.executable, "-m", "fsw", "run", "comms", "--mission", "owned.toml"]
    process = subprocess.Popen([*command, "--run-folder", str(folder), "--overrides", str(overrides)], cwd=ROOT)
    stack.callback(process.wait)
    stack.callback(process.kill)
    return process


def _quantile(ordered: list[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)
