"""What a worker has cost so far, for telemetry and for the decision to replace it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from fsw.infer.frames import Load, Reply
from fsw.messages import Outcome

News = tuple[str, tuple[float | int | str, ...]]
"""An event of the dictionary: its name and values."""

NEWS_KEPT = 32  # not fetched by anybody: a bench, or virtual time, where what a load took must not be told
MEBIBYTE = 1 << 20


@dataclass(slots=True, kw_only=True)
class WorkerRecord:
    """Counters over all processes of one client, and the state of the present one.

    `options` is the digest of the session options, which goldens and profiles hold for. `loads` has the last load of
    each variant, by package and variant; `first_bytes` is the resident memory at the greeting, `resident_bytes` as last
    told, `runs` the orders since.
    """

    options: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    starts: int = 0
    recycled: int = 0
    evictions: int = 0
    load_s: float = 0.0
    loads: dict[tuple[int, int], Load] = field(default_factory=dict)
    runs: int = 0
    first_bytes: int = 0
    resident_bytes: int = 0
    news: deque[News] = field(default_factory=lambda: deque(maxlen=NEWS_KEPT))

    def start(self) -> None:
        """A process was started."""
        self.starts += 1
        self.runs = self.first_bytes = self.resident_bytes = 0

    def recycle(self) -> None:
        """The process is ended because it has used up its budget."""
        self.recycled += 1
        self.news.append(("worker_recycled", (self.runs, self.grown_bytes / MEBIBYTE)))

    def hear(self, reply: Reply, is_greeting: bool, variants: Sequence[Sequence[str]]) -> None:
        """Note what a reply says of the process; `variants` are the names of variants by package."""
        self.runs += not is_greeting
        self.resident_bytes = reply.resident_bytes or self.resident_bytes
        if is_greeting:
            self.first_bytes = reply.resident_bytes
            seconds = sum(load.seconds for load in reply.loads)
            values = (self.options, len(reply.loads), seconds, reply.resident_bytes / MEBIBYTE)
            self.news.append(("worker_ready", values))
        for load in reply.loads:
            if not is_greeting:
                name = variants[load.package][load.variant]
                self.news.append(("model_loaded", (name, load.seconds, load.size_bytes / MEBIBYTE, load.evicted)))
            self.loads[load[:2]] = load
            self.load_s += load.seconds
            self.evictions += load.evicted

    @property
    def grown_bytes(self) -> int:
        """By how much the process has grown since its greeting."""
        return max(0, self.resident_bytes - self.first_bytes)
