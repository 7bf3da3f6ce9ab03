"""Commands that were sent from here, each with its eight stages. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from fsw.packets.verification import Verification
from hal.clock import SECOND_NS
from tools.ground.verifier import COMPLETED, FAILED, NOT_ACCEPTED, UNKNOWN, State, Verifier

SENT_MOST = 100
WAIT_S = 15.0  # beyond what the owner may take: two ways through the link and its waits
VERDICTS = {COMPLETED: "completed", NOT_ACCEPTED: "not accepted", FAILED: "failed", UNKNOWN: "outcome unknown"}


@dataclass(slots=True, kw_only=True)
class Sent:
    """One command. `text` is as typed, `deadline_ns` monotonic; `trouble` why it did not leave."""

    text: str
    user: str
    verifier: Verifier
    deadline_ns: int
    trouble: str = ""
    line: int = 0  # of the history

    @property
    def verdict(self) -> str:
        """What became of it, in words."""
        if self.trouble:
            return f"not sent: {self.trouble}"
        verdict = self.verifier.verdict
        return "under way" if verdict is None else VERDICTS[verdict]

    @property
    def detail(self) -> str:
        """Code, label and parameters of a failure; nothing where there is none."""
        failed = [row for row in self.verifier.rows if row.state is State.FAILED]
        return f"{failed[0].stage} {failed[0].code}: {failed[0].text}" if failed else ""


class Commands:
    """The last commands, newest last."""

    def __init__(self) -> None:
        self._sent: deque[Sent] = deque(maxlen=SENT_MOST)

    def __iter__(self) -> Iterator[Sent]:
        return iter(tuple(self._sent))

    def __len__(self) -> int:
        return len(self._sent)

    @property
    def last(self) -> Sent | None:
        """The newest."""
        return self._sent[-1] if self._sent else None

    def add(self, sent: Sent) -> None:
        """One more; the oldest goes when there are too many."""
        self._sent.append(sent)

    def take(self, report: Verification, utc_ns: int) -> None:
        """A report of the spacecraft, about one of ours or not. The newest of one number is meant."""
        for sent in reversed(self._sent):
            if sent.verifier.request == report.request:
                sent.verifier.take(report, utc_ns)
                return

    def acknowledged(self, requests: list[int], utc_ns: int) -> None:
        """Requests that the board has, as the link itself says."""
        for sent in self._sent:
            if sent.verifier.request in requests:
                sent.verifier.mark("LINK-ACK", utc_ns)

    def tick(self, now_ns: int) -> None:
        """Of what was not heard of in time the outcome is unknown; a report that comes later still counts."""
        for sent in self._sent:
            if now_ns >= sent.deadline_ns and sent.verifier.verdict is None:
                sent.verifier.expire()


def deadline_ns(now_ns: int, timeout_s: float) -> int:
    """Until when a command is waited for whose owner may take `timeout_s`."""
    return now_ns + round((timeout_s + WAIT_S) * SECOND_NS)
