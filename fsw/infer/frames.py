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

MAX_PACKET_BYTES = 8192  # an order has under 64 octets, a reply some hundred with its detail text
MAX_DETAIL = 400
MAX_LOADS = 128  # of a greeting: sixteen variants of eight packages, some 30 octets each
READY = 0  # the sequence number of the worker's greeting; orders count from 1
CACHED_VIEWS = 64


@dataclass(frozen=True, slots=True)
class Order:
    """Run a variant on `rows` rows that lie in the buffer. Ends within `timeout_s`, by SIGALRM if need be."""

    sequence: int
    package: int
    variant: int
    rows: int
    timeout_s: float
    threads: int = 1

    def pack(self) -> bytes:
        return _pack((self.sequence, self.package, self.variant, self.rows, self.timeout_s, self.threads))

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


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of an order. `digest` and `summary` are of `fsw.infer.check`; `cpu_s` is its processor time.

    `resident_bytes` is the worker's memory after it, 0 where it is not told; `loads` are the sessions that it loaded.
    """

    sequence: int
    outcome: Outcome
    cpu_s: float = 0.0
    digest: str = ""
    summary: tuple[float, ...] = ()
    detail: str = ""
    resident_bytes: int = 0
    loads: tuple[Load, ...] = ()

    def pack(self) -> bytes:
        detail, loads = self.detail[:MAX_DETAIL], self.loads[-MAX_LOADS:]
        head = (self.sequence, int(self.outcome), self.cpu_s, self.digest, self.summary, detail)
        return _pack((*head, self.resident_bytes, loads))

    @classmethod
    def unpack(cls, packet: bytes) -> Reply:
        sequence, outcome, cpu_s, digest, summary, detail, resident_bytes, loads = msgpack.unpackb(packet)
        told = tuple([Load(*load) for load in loads])
        return cls(sequence, Outcome(outcome), cpu_s, digest, tuple(summary), detail, resident_bytes, told)


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
