"""What a person does at the console: each line that is entered, and what comes of it. No screen, no thread.

A hazardous command takes Enter twice: the first arms it on board and shows what it does, the second fires it, once the
board has said that it is armed, within the window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from hal.clock import SECOND_NS
from tools.ground.arguments import ArgumentError, find_command
from tools.ground.console.alarms import Action, AlarmError
from tools.ground.console.conversation import Desk, Order
from tools.ground.console.language import Acknowledge, Command, Quit, Said, Shelve, Turn, understand
from tools.ground.console.picture import Picture
from tools.ground.console.sent import Sent
from tools.ground.hazard import WINDOW_S, is_hazardous
from tools.ground.history import HistoryError

ARM = find_command("arm")
Note = Callable[[Action], None]  # writes down what a person does with an alarm; raises HistoryError


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the screen does next: say `notice`, keep or clear the line, turn to a page, or end."""

    notice: str = ""
    keeps_line: bool = False
    page: str = ""
    is_end: bool = False


@dataclass(slots=True, kw_only=True)
class Armed:
    """A hazardous command between its two Enters. `sent` is the arming, once it has left; `until_ns` is monotonic."""

    command: Command
    until_ns: int
    sent: Sent | None = None


class Operator:
    """One person at one console. What is done with alarms is given to `note`."""

    def __init__(self, picture: Picture, desk: Desk, user: str, note: Note = lambda _action: None) -> None:
        self.user = user
        self._note = note
        self.armed: Armed | None = None
        self._picture, self._desk = picture, desk

    def enter(self, line: str) -> Outcome:
        """A line was entered. What is wrong with it is told, and the line kept to be mended."""
        if not line.strip():
            return Outcome()
        if self.armed is not None and line.strip() == self.armed.command.text:
            return self._second(self.armed)
        self.armed = None
        try:
            return self._do(understand(line))
        except (ArgumentError, AlarmError) as error:
            return Outcome(notice=f"refused here: {error}", keeps_line=True)
        except HistoryError as error:
            return Outcome(notice=f"done, and not written down: {error}")

    def forget(self) -> None:
        """The line was changed or cleared: nothing is fired any more."""
        self.armed = None

    def state(self) -> str:
        """How far an arming is, for the person who waits to fire; nothing where nothing is armed."""
        armed = self.armed
        if armed is None:
            return ""
        row = armed.command.row
        left_s = (armed.until_ns - self._desk.moment().now_ns) / SECOND_NS
        if left_s <= 0.0:
            words = "the window is over: Enter arms it again"
        elif armed.sent is None or armed.sent.verdict == "under way":
            words = "being armed on board: Esc leaves it"
        elif armed.sent.verifier.verdict == 0:
            words = f"ARMED for {left_s:.0f} s: Enter again FIRES it, Esc leaves it"
        else:
            words = f"arming {armed.sent.verdict} {armed.sent.detail}: Enter arms it again"
        return f"{words} - {row.name} ({row.hazard.name.lower()}): {row.meaning}"

    def _do(self, said: Said) -> Outcome:
        match said:
            case Command():
                return self._arm(said) if is_hazardous(said.row) else self._send(said)
            case Acknowledge():
                return self._acknowledge(said)
            case Shelve():
                return self._shelve(said)
            case Turn():
                return Outcome(page=said.page)
            case Quit():
                return Outcome(is_end=True)

    def _send(self, command: Command) -> Outcome:
        order = self._order(command.text, command)
        return Outcome() if self._desk.order(order) else _too_many()

    def _arm(self, command: Command) -> Outcome:
        moment = self._desk.moment()
        armed = Armed(command=command, until_ns=moment.now_ns + round(WINDOW_S * SECOND_NS))
        order = Order(
            text=f"arm {command.row.name}",
            row=ARM,
            values=(command.row.name, WINDOW_S),
            user=self.user,
            queued_ns=moment.utc_ns,
            on_sent=partial(setattr, armed, "sent"),
        )
        if not self._desk.order(order):
            return _too_many()
        self.armed = armed
        return Outcome(keeps_line=True)

    def _second(self, armed: Armed) -> Outcome:
        sent = armed.sent
        with self._picture.lock:
            verdict = None if sent is None else sent.verifier.verdict
            is_under_way = sent is None or (verdict is None and not sent.trouble)
        is_over = self._desk.moment().now_ns >= armed.until_ns
        if is_under_way and not is_over:
            return Outcome(notice="not armed yet: the board has not said so", keeps_line=True)
        if is_over or verdict != 0:
            return self._arm(armed.command)
        self.armed = None
        return self._send(armed.command)

    def _acknowledge(self, said: Acknowledge) -> Outcome:
        picture, utc_ns = self._picture, self._desk.moment().utc_ns
        with picture.lock:
            numbers = [said.number] if said.number is not None else [alarm.number for alarm in picture.alarms.new]
            for number in numbers:
                self._note(picture.alarms.acknowledge(number, self.user, said.comment, utc_ns))
        return Outcome(notice=f"acknowledged by {self.user}: {', '.join(map(str, numbers)) or 'there is no new alarm'}")

    def _shelve(self, said: Shelve) -> Outcome:
        utc_ns = self._desk.moment().utc_ns
        with self._picture.lock:
            if said.seconds is None:
                self._note(self._picture.alarms.unshelve(said.number, self.user, utc_ns))
                return Outcome(notice=f"alarm {said.number} is back from the shelf")
            self._note(self._picture.alarms.shelve(said.number, self.user, said.comment, utc_ns, said.seconds))
        return Outcome(notice=f"alarm {said.number} is shelved for {said.seconds:g} s by {self.user}")

    def _order(self, text: str, command: Command) -> Order:
        queued_ns = self._desk.moment().utc_ns
        return Order(text=text, row=command.row, values=command.values, user=self.user, queued_ns=queued_ns)


def _too_many() -> Outcome:
    return Outcome(notice="not sent: too many commands wait for the link", keeps_line=True)
