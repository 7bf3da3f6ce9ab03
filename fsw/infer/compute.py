"""The compute port: where a work order becomes watts, heat and a result.

Fillings: `WorkerCompute` (ONNX Runtime in a process of its own; what flies) and `fsw.infer.paced.PacedCompute` (the
same worker, its result held back until the payload computer's time is over as a device tells it).
"""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray

from fsw.infer.client import WorkerClient
from fsw.infer.record import News
from fsw.messages import WorkOrder, WorkResult
from hal.clock import SECOND_NS, Clock


class Compute(Protocol):
    """Runs one order at a time. Nothing here blocks for longer than its filling says."""

    @property
    def busy(self) -> bool:
        """An order runs, or has not yet let go of the computer: no other can start."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether an order would run at once; not while a worker loads."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether `start` wants the array; where it does not, loading one is wasted."""
        ...

    def start(self, order: WorkOrder, array: NDArray[Any] | None, cuts: tuple[int, ...] = ()) -> None:
        """Begin; the result comes from `poll`. Raises TensorError or PackageError for what can never run.

        Of a batch, `cuts` are the rows of each of its jobs, and `poll` gives a result for each, all at once.
        """
        ...

    def room(self, model: str, rows: int) -> NDArray[Any]:
        """Where an input of so many rows may be written, and given to `start` without another copy."""
        ...

    def most_rows(self, model: str) -> int:
        """The most rows that `room` has."""
        ...

    def poll(self, now_ns: int) -> tuple[WorkResult, ...]:
        """Results since the last call."""
        ...

    def news(self) -> tuple[News, ...]:
        """Events since the last call: sessions loaded, a worker replaced."""
        ...

    def stop(self, now_ns: int, hard: bool) -> None:
        """End what runs; its result, STOPPED, comes from `poll`. Hard: at once, whatever it does."""
        ...

    def close(self) -> None:
        """Let go of processes; nothing may be called after it."""
        ...


class WorkerCompute:
    """The worker, at its own speed. `clock` is the flight clock, in which orders are dated and results stamped."""

    needs_input = True

    def __init__(self, client: WorkerClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    @property
    def busy(self) -> bool:
        return self._client.busy

    @property
    def is_ready(self) -> bool:
        return self._client.is_ready

    def start(self, order: WorkOrder, array: NDArray[Any] | None, cuts: tuple[int, ...] = ()) -> None:
        if array is None:
            raise ValueError("the worker needs an array")
        left_s = (order.kill_ns - self._clock.now_ns()) / SECOND_NS
        self._client.submit(order, array, timeout_s=left_s, cuts=cuts)

    def room(self, model: str, rows: int) -> NDArray[Any]:
        return self._client.input_view(model, rows)

    def most_rows(self, model: str) -> int:
        return self._client.most_rows(model)

    def poll(self, now_ns: int) -> tuple[WorkResult, ...]:
        return self._client.poll_all()

    def news(self) -> tuple[News, ...]:
        return self._client.news()

    def stop(self, now_ns: int, hard: bool) -> None:
        self._client.stop(hard)

    def close(self) -> None:
        self._client.close()
