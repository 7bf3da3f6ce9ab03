"""What the worker and its parent say to each other, and the memory that they share.

One message is one packet of a SOCK_SEQPACKET socket: a msgpack list. Tensors never travel: the parent writes the input
into the first half of a shared buffer, the worker leaves the output in the second. A second socket carries stops
alone, so that a thread of the worker hears them while the model runs.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgpack
import numpy as np
from numpy.typing import NDArray

from fsw.messages import Outcome

MAX_PACKET_BYTES = 16_384  # an order has under 64 octets, a reply some hundred, and 200 for each job of a batch
MAX_DETAIL = 400
MAX_PART_DETAIL = 100
MAX_LOADS = 128  # of a greeting: sixteen variants of eight packages, some 30 octets each
READY = 0  # the sequence number of the worker's greeting; orders count from 1
CACHED_VIEWS = 64


@dataclass(frozen=True, slots=True)
class Order:
    """Run a variant on `rows` rows that lie in the buffer. Ends within `timeout_s`, by SIGALRM if need be.

    `step` rows go into one inference (0: all). `cuts` are the rows of each job of a batch, in order; the rows of one
    job are hashed `unit` by `unit` (0: all together), on from `digest`.
    """

    sequence: int
    package: int
    variant: int
    rows: int
    timeout_s: float
    threads: int = 1
    step: int = 0
    unit: int = 0
    digest: str = ""
    cuts: tuple[int, ...] = ()

    def pack(self) -> bytes:
        head = (self.sequence, self.package, self.variant, self.rows, self.timeout_s, self.threads)
        return _pack((*head, self.step, self.unit, self.digest, self.cuts))

    @classmethod
    def unpack(cls, packet: bytes) -> Order:
        return cls(*msgpack.unpackb(packet))


class Load(NamedTuple):
    """A session that was loaded: a variant of a package on so many threads, what that took, how many made room for it.

    `size_bytes` is by how much the process grew (its resident set), which it does not give back.
    """

    package: int
    variant: int
    threads: int
    seconds: float
    size_bytes: int
    evicted: int


class Part(NamedTuple):
    """What came of one job of a batch that ran."""

    outcome: int
    digest: str
    summary: tuple[float, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of an order. `digest` and `summary` are of `fsw.infer.check`; `cpu_s` is its processor time.

    `resident_bytes` is the worker's memory after it, 0 where it is not told; `loads` are the sessions that it loaded;
    `parts` are the jobs of a batch.
    """

    sequence: int
    outcome: Outcome
    cpu_s: float = 0.0
    digest: str = ""
    summary: tuple[float, ...] = ()
    detail: str = ""
    resident_bytes: int = 0
    loads: tuple[Load, ...] = ()
    parts: tuple[Part, ...] = ()

    def pack(self) -> bytes:
        detail, loads = self.detail[:MAX_DETAIL], self.loads[-MAX_LOADS:]
        head = (self.sequence, int(self.outcome), self.cpu_s, self.digest, self.summary, detail)
        return _pack((*head, self.resident_bytes, loads, self.parts))

    @classmethod
    def unpack(cls, packet: bytes) -> Reply:
        sequence, outcome, cpu_s, digest, summary, detail, resident_bytes, loads, parts = msgpack.unpackb(packet)
        told = tuple([Load(*load) for load in loads])
        of_batch = tuple([Part(ended, own, tuple(numbers), why) for ended, own, numbers, why in parts])
        return cls(sequence, Outcome(outcome), cpu_s, digest, tuple(summary), detail, resident_bytes, told, of_batch)


class SharedBuffer:
    """A mapped memory file: inputs in its first half, outputs in its second. Views stay mapped and are used again."""

    def __init__(self, descriptor: int, size_bytes: int) -> None:
        self._memory = mmap.mmap(descriptor, size_bytes)
        self._half = size_bytes // 2
        self._views: dict[tuple[int, str, tuple[int, ...]], NDArray[Any]] = {}

    @property
    def capacity_bytes(self) -> int:
        """The largest input, and the largest output."""
        return self._half

    def input(self, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
        """The input's memory as an array; raises ValueError where it does not fit."""
        return self._view(0, dtype, shape)

    def output(self, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
        """The output's memory as an array; raises ValueError where it does not fit."""
        return self._view(self._half, dtype, shape)

    def _view(self, offset: int, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
        key = (offset, dtype, shape)
        view = self._views.get(key)
        if view is None:
            view = np.ndarray(shape, dtype, self._memory, offset)
            if view.nbytes > self._half:
                raise ValueError(f"{view.nbytes} octets do not fit into a buffer of {self._half}")
            if len(self._views) >= CACHED_VIEWS:
                self._views.clear()
            self._views[key] = view
        return view


_pack: Callable[[object], bytes] = msgpack.Packer().pack
