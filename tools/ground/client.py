"""The operator's verbs for Python: test procedures and notebooks. Blocking, typed; what is sent is in the history.

with connect(comment="commissioning") as client:
    client.send("set_parameter", parameter="temp_margin_c", value="2.5degC")
    client.wait_for("temp_margin_c == 2.5", timeout_s=30.0)

Errors: ArgumentError (not understood), RangeError (refused here), CommandFailed (not as asked), TimeoutError (what
was waited for did not come), LinkDown, SecurityError (keys), HistoryError (nothing is sent that is not written).
"""

from __future__ import annotations

import os
import shlex
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from fsw.catalogue.commands import CommandRow
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.wire import Value
from hal.clock import SECOND_NS
from tools.ground.arguments import RangeError, find_command, find_name, parse_arguments
from tools.ground.awaiting import ask, await_telemetry
from tools.ground.clock import StationClock
from tools.ground.decoder import Happened, Record, Samples
from tools.ground.finding import choose, profiled
from tools.ground.following import Order, Outcome, Sender
from tools.ground.hazard import WINDOW_S, command_of, is_hazardous, token_of
from tools.ground.history import History
from tools.ground.journal import DEFAULT, VERDICTS, Journal, author
from tools.ground.link import TC_PORT, TM_PORT, UdpGroundLink
from tools.ground.predicate import parse_predicate
from tools.ground.session import Session

EVENTS_MOST = 1_000  # that wait to be looked at; older ones go, and are in the archive


class CommandFailed(Exception):
    """A command that did not end as asked; `outcome` has code, label and parameters."""

    def __init__(self, typed: str, outcome: Outcome) -> None:
        super().__init__(f"{typed}: {VERDICTS[outcome.verdict]}; {outcome.failure or 'no report came in time'}")
        self.outcome = outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One parameter. `quality` is valid, missing (the board has none) or never (no answer came). Times are UTC."""

    name: str
    value: Value | None
    unit: str
    quality: str
    generated_ns: int | None = None
    received_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHeard:
    """One event; `values` in the order of the dictionary, `text` its sentence. Times are UTC."""

    name: str
    severity: str
    values: tuple[Value, ...]
    text: str
    generated_ns: int
    received_ns: int


class Client:
    """One conversation. Events that come while something else is waited for are kept until they are asked for."""

    def __init__(self, session: Session, journal: Journal | None) -> None:
        self._session, self._sender = session, Sender(session, journal)
        self._events: deque[EventHeard] = deque(maxlen=EVENTS_MOST)
        session.on_record = self._hear

    def send(
        self, name: str, /, *, wait: str = "completed", timeout_s: float = 15.0, comment: str = "", check: bool = True,
        **arguments: Value,
    ) -> Outcome:  # fmt: skip
        """Send one command and wait for it. Numbers are in the dictionary's units, texts may carry theirs.

        Raises CommandFailed unless `check` is False; RangeError for a hazardous one: see `arm` and `fire`.
        """
        row, values, typed = _understood(name, arguments)
        if is_hazardous(row):
            raise RangeError(f"{row.name} is hazardous: fire(arm({row.name!r}, ...))")
        order = Order(row=row, values=values, typed=typed, wait=wait, timeout_s=timeout_s, comment=comment)
        return self._send(order, check)

    def arm(self, name: str, /, *, window_s: float = WINDOW_S, comment: str = "", **arguments: Value) -> str:
        """Arm a hazardous command on board; gives the token that `fire` takes, once, within the window."""
        row, values, typed = _understood(name, arguments)
        if not is_hazardous(row):
            raise RangeError(f"{row.name} needs no arming")
        until_s = self._session.clock.utc_ns() / SECOND_NS + window_s
        order = Order(row=find_command("arm"), values=(row.name, window_s), typed=f"arm {typed}", comment=comment)
        self._send(order, check=True)
        return token_of(row, values, until_s, os.getuid())

    def fire(self, token: str, *, timeout_s: float = 15.0, comment: str = "", check: bool = True) -> Outcome:
        """Send the command that was armed."""
        row, values = command_of(token, self._session.clock.utc_ns() / SECOND_NS, os.getuid())
        order = Order(row=row, values=values, typed=f"fire {token}", timeout_s=timeout_s, comment=comment)
        return self._send(order, check)

    def get(self, *names: str, timeout_s: float = 10.0) -> dict[str, Reading]:
        """Ask for parameters now."""
        wanted = [find_name(name, PARAMETER_BY_NAME, "parameter") for name in names]
        found: dict[str, Reading] = {}
        ask(self._session, wanted)
        for record in self._session.records(self._deadline_ns(timeout_s)):
            if record is not None:
                found |= {reading.name: reading for reading in _readings(record) if reading.name in wanted}
            if len(found) == len(wanted):
                break
        return {name: found.get(name) or _never(name) for name in wanted}

    def wait_for(self, predicate: str, timeout_s: float) -> None:
        """Wait until telemetry from now on says so: `mode == SAFE and soc > 0.6`. Raises TimeoutError with what is."""
        wanted = parse_predicate(predicate)
        if not await_telemetry(self._session, wanted, timeout_s):
            raise TimeoutError(f"within {timeout_s:g} s: {wanted.state()}")

    def wait_for_event(
        self, name: str, timeout_s: float, where: Callable[[EventHeard], bool] = lambda _event: True
    ) -> EventHeard:
        """The next event of that name, among those not yet looked at; it and those before count as looked at then.

        Raises TimeoutError.
        """
        wanted = find_name(name, EVENT_BY_NAME, "event")
        for _record in chain((None,), self._session.records(self._deadline_ns(timeout_s))):
            while self._events:
                event = self._events.popleft()
                if event.name == wanted and where(event):
                    return event
        raise TimeoutError(f"within {timeout_s:g} s no event {wanted}")

    def events(self, seconds: float = 0.0) -> list[EventHeard]:
        """The events not yet looked at, after listening for so long."""
        self.listen(seconds)
        heard = list(self._events)
        self._events.clear()
        return heard

    def listen(self, seconds: float) -> None:
        """Let time pass; events are kept."""
        for _record in self._session.records(self._deadline_ns(seconds)):
            pass

    def close(self) -> None:
        """End the conversation."""
        self._session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _send(self, order: Order, check: bool) -> Outcome:
        outcome = self._sender.send(order)
        if check and outcome.verdict:
            raise CommandFailed(order.typed, outcome)
        return outcome

    def _deadline_ns(self, seconds: float) -> int:
        return self._session.clock.now_ns() + round(seconds * SECOND_NS)

    def _hear(self, record: Record) -> None:
        happened = record.content
        if isinstance(happened, Happened):
            self._events.append(
                EventHeard(
                    name=happened.name,
                    severity=happened.severity,
                    values=happened.values,
                    text=happened.text,
                    generated_ns=record.generated_ns,
                    received_ns=record.received_ns,
                )
            )


def connect(
    *, tm_port: int = TM_PORT, tc_host: str = "127.0.0.1", tc_port: int = TC_PORT, link: str | None = None,
    keys: Path | None = None, operator: str | None = None, comment: str = "", history: Path = DEFAULT,
) -> Client:  # fmt: skip
    """A client over UDP; `link` and `keys` as of `penumbra gnd --link --keys`. Raises LinkDown, SecurityError."""
    clock = StationClock()
    session = Session(profiled(UdpGroundLink(tm_port, tc_host, tc_port), choose(link, keys, tc_port), clock), clock)
    return Client(session, Journal(History(history), author(operator, comment), clock))


def _understood(name: str, arguments: dict[str, Value]) -> tuple[CommandRow, tuple[Value, ...], str]:
    """Row, values, and the command as it would be typed; raises ArgumentError, RangeError."""
    row = find_command(name)
    words = [f"{key}={value}" for key, value in arguments.items()]
    return row, parse_arguments(row, words), shlex.join([row.name, *words])


def _readings(record: Record) -> list[Reading]:
    if not isinstance(record.content, Samples):
        return []
    return [
        Reading(
            name=sampled.name,
            value=sampled.value,
            unit=sampled.unit,
            quality=sampled.quality,
            generated_ns=record.generated_ns,
            received_ns=record.received_ns,
        )
        for sampled in record.content.values
    ]


def _never(name: str) -> Reading:
    return Reading(name=name, value=None, unit=PARAMETER_BY_NAME[name].unit, quality="never")
