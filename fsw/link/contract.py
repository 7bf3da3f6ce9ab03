"""What a profile of the link is to those who drive it, and the reasons why an octet string had no effect."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

from fsw.link.settings import PROFILES
from hal.ports.link import DatagramLink

if TYPE_CHECKING:  # brings the ciphers, which no process but comms needs
    from fsw.packets.security.contingency import Challenge

# Reasons of rejection; each is a parameter of the dictionary. The first three are of packets, the last of frames.
REASONS = (
    "unprotected", "answers_refused", "bad_packet",
    "truncated", "unknown_spi", "stopped", "counter_lost", "forged", "repeated", "beyond_window", "not_kept",
    "no_unit", "bad_checksum", "bad_frame", "not_taken",
)  # fmt: skip
FIGURES = (
    "profile",
    "spi",
    "floor",
    "lost",
    "taken",
    "rejected",
    "control",
    "corrected_bits",
    "frames_sent",
    "unsaved",
)
TOLD_MOST = 16  # rejections that wait to be told; all are counted
NO_EFFECT_MOST = 64  # datagrams without effect that one call takes: a flood costs a step no more


class Rejection(NamedTuple):
    """One received octet string without effect. `floor` is the newest counter refused under `spi`."""

    reason: str
    spi: int
    floor: int


class Recovered(NamedTuple):
    """A channel that has a counter again; `is_kept` says whether that outlives a restart."""

    channel: int
    key: int
    is_kept: bool


class Profile(DatagramLink, Protocol):
    """A link that gives and takes packets in one of the profiles."""

    @property
    def has_packets(self) -> bool:
        """True while packets that were received wait for `receive`."""
        ...

    @property
    def is_waiting(self) -> bool:
        """True while something waits for `flush` or for `news`."""
        ...

    def flush(self) -> None:
        """Let everything go that was sent, in frames that are not full where it must be."""
        ...

    def counts(self) -> Mapping[str, int]:
        """`FIGURES`, and how often each of `REASONS` held."""
        ...

    def news(self) -> list[Rejection | Recovered]:
        """What happened since the last call."""
        ...

    def challenge(self) -> Challenge | None:
        """What to show the ground while the counter is lost."""
        ...

    def set_running(self, spi: int, is_running: bool) -> str:
        """Take commands under an association, or no more; the label of what is wrong, or ""."""
        ...


class Tally:
    """Counts and news of one link."""

    def __init__(self, profile: str) -> None:
        self.counts = dict.fromkeys((*FIGURES, *REASONS), 0)
        self.counts["profile"] = PROFILES.index(profile)
        self._news: deque[Rejection | Recovered] = deque(maxlen=TOLD_MOST)

    @property
    def has_news(self) -> bool:
        return bool(self._news)

    def reject(self, reason: str, spi: int = 0, floor: int = 0, times: int = 1) -> None:
        """Count and note one octet string without effect."""
        self.counts[reason] += times
        self.counts["rejected"] += times
        self._news.append(Rejection(reason, spi, floor))

    def tell(self, recovered: Recovered) -> None:
        """Note a recovery."""
        self._news.append(recovered)

    def news(self) -> list[Rejection | Recovered]:
        """What was noted since the last call."""
        told = list(self._news)
        self._news.clear()
        return told
