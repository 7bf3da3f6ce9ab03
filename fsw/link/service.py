"""The link's shell: lets frames go, and says what the uplink brought that had no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fsw.bus.contract import Bus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, EVENT, HEARTBEAT, REPORT
from fsw.catalogue.failures import failure_code
from fsw.catalogue.wire import Value
from fsw.link.contract import Profile, Recovered, Rejection
from fsw.link.settings import PROFILES, SECURED
from fsw.messages import Command, CommandReport, Event, Heartbeat, Report, Stage
from hal.clock import SECOND_NS

if TYPE_CHECKING:  # brings the ciphers, which no process but comms needs
    from fsw.packets.security.contingency import Challenge

HEARTBEAT_STEPS = 10
CHALLENGE_NS = 30 * SECOND_NS  # a ground that has just come into view waits no longer for it
OWN_COMMANDS = {"start_key": True, "stop_key": False}


class LinkService:
    """Steps after telemetry, so that what telemetry has sent leaves in the same pass."""

    name = "link"
    period_ns = SECOND_NS

    def __init__(self, bus: Bus, link: Profile) -> None:
        self._bus, self._link = bus, link
        self._commands = bus.subscribe(COMMAND, self.name)
        self._control_frames = 0
        self._challenge: Challenge | None = None
        self._challenge_ns = 0
        self._steps = 0

    def step(self, now_ns: int) -> None:
        """Tell what happened, ask where a counter is lost, obey, and let go what waits."""
        if self._steps == 0:
            self._introduce(now_ns)
        for item in self._link.news():
            self._tell(now_ns, item)
        self._tell_control(now_ns)
        self._ask(now_ns)
        for command in self._commands.drain():
            if command.name in OWN_COMMANDS:
                self._obey(now_ns, command)
        self._link.flush()
        self._steps += 1
        if self._steps % HEARTBEAT_STEPS == 1:
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def _introduce(self, now_ns: int) -> None:
        counts = self._link.counts()
        profile = PROFILES[counts["profile"]]
        if profile in SECURED:
            self._event(now_ns, "link_ready", profile, counts["spi"], counts["floor"])
        else:
            self._event(now_ns, "link_insecure", profile)

    def _tell(self, now_ns: int, item: Rejection | Recovered) -> None:
        if isinstance(item, Recovered):
            kept = "kept" if item.is_kept else "for this session"
            self._event(now_ns, "link_recovered", item.channel, item.key, kept)
        else:
            self._event(now_ns, "link_rejected", item.reason, item.spi, item.floor)

    def _tell_control(self, now_ns: int) -> None:
        frames = self._link.counts()["control"]
        if frames != self._control_frames:
            self._event(now_ns, "link_control_frame", frames - self._control_frames)
            self._control_frames = frames

    def _ask(self, now_ns: int) -> None:
        """Show the challenge at once and every so often, until it is answered."""
        challenge = self._link.challenge()
        if challenge is None:
            self._challenge = None
            return
        if challenge != self._challenge:
            self._challenge, self._challenge_ns = challenge, now_ns
            self._event(now_ns, "link_counter_lost", challenge.channel, challenge.first_key)
        if now_ns >= self._challenge_ns:
            self._challenge_ns = now_ns + CHALLENGE_NS
            high, low = (int.from_bytes(half, "big") for half in (challenge.nonce[:8], challenge.nonce[8:]))
            values = (challenge.channel, challenge.first_key, high, low)
            self._bus.publish(REPORT, Report(time_ns=now_ns, name="link_challenge", values=values))

    def _obey(self, now_ns: int, command: Command) -> None:
        spi, is_running = int(command.arguments[0]), OWN_COMMANDS[command.name]
        label = self._link.set_running(spi, is_running)
        if label:
            self._report(now_ns, command, Stage.STARTED, failure_code(label), (spi,))
            return
        self._event(now_ns, "link_key_changed", spi, "running" if is_running else "stopped")
        self._report(now_ns, command, Stage.STARTED)
        self._report(now_ns, command, Stage.COMPLETED)

    def _report(self, now_ns: int, command: Command, stage: Stage, code: int = 0, values: tuple[int, ...] = ()) -> None:
        report = CommandReport(
            time_ns=now_ns, request=command.request, stage=stage, code=code, values=values, ack=command.ack
        )
        self._bus.publish(COMMAND_REPORT, report)

    def _event(self, now_ns: int, name: str, *values: Value) -> None:
        self._bus.publish(EVENT, Event(time_ns=now_ns, name=name, values=values))
