"""The parent's end of a worker: orders out, results in, and a process that is replaced when it dies or hangs."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgpack
from numpy.typing import NDArray

from fsw.infer.check import input_shape, write_input
from fsw.infer.frames import MAX_PACKET_BYTES, READY, Order, Reply, SharedBuffer
from fsw.infer.options import SessionSettings
from fsw.infer.outcomes import Keep, results_from
from fsw.infer.package import MAX_ROW_BYTES, Package, UnknownVariant
from fsw.infer.record import News, WorkerRecord
from fsw.messages import Outcome, WorkOrder, WorkResult
from hal.clock import SECOND_NS, Clock, MonotonicClock

ROOT = Path(__file__).resolve().parents[2]  # where `fsw` and `hal` lie, for the child's import path
SOFT_GRACE_NS = 50_000_000  # between the soft and the hard stop: ten times the median answer to a soft one
REAP_S = 5.0  # a killed process is gone within milliseconds; more means a kernel in trouble
START_S = 60.0  # to load and warm up: a minute on a busy flight computer is ten times what it takes
FOREVER_S = 1e6  # eleven days: a bound for orders without one that still fits a timer

OutputSink = Callable[[WorkOrder, NDArray[Any]], str]
"""Takes an order and a view of its output, which holds during the call only; gives the name it was kept under.

The order is that of the one job whose output it is: its `first_row` and `rows` say which segment of a long input.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """How a worker is started. `memory_bytes` bounds its private memory, shared tensors apart.

    `threads` is what sessions are loaded with ahead, and the least that an order gets. Sessions are kept within
    `session_bytes`. A worker that has grown by `growth_bytes` since its start, has had `runs` orders or is `age_s` old
    is replaced between two orders. `program` is what serves; a bench may put a faulty one there.
    """

    threads: int = 1
    memory_bytes: int = 2 << 30
    session_bytes: int = 512 << 20
    growth_bytes: int = 256 << 20
    runs: int = 1_000_000  # a fresh process every day or so of the busiest flight, whatever else has gone unnoticed
    age_s: float = 21_600.0  # weights in memory come anew from files that the scrub has been round meanwhile
    program: str = "fsw.infer.worker"
    buffer_bytes: int = 4 * MAX_ROW_BYTES  # half for inputs, half for outputs; pages exist once touched
    lease: Path | None = None


@dataclass(slots=True)
class _Flight:
    """The order in flight."""

    order: WorkOrder
    package: Package
    sequence: int
    start_ns: int
    deadline_ns: int
    kill_ns: int
    cuts: tuple[int, ...]  # rows of each of its jobs
    ended_as: Outcome | None = None  # set by whoever stops it


class WorkerClient:
    """One worker process. Not for threads; make it in a thread that lives as long (the kernel ties the child to it)."""

    def __init__(
        self,
        packages: Sequence[Package],
        *,
        config: WorkerConfig | None = None,
        clock: Clock | None = None,
        output_sink: OutputSink | None = None,
    ) -> None:
        self._set_packages(packages)
        self._config = config or WorkerConfig()
        self._clock = clock or MonotonicClock()
        self._output_sink = output_sink
        self._descriptor = os.memfd_create("penumbra-tensors")
        os.ftruncate(self._descriptor, self._config.buffer_bytes)
        self._buffer = SharedBuffer(self._descriptor, self._config.buffer_bytes)
        self._sequence = READY
        self._flight: _Flight | None = None
        self._ready = False
        self.record = WorkerRecord(options=SessionSettings(threads=self._config.threads).digest())
        self._process: subprocess.Popen[bytes] | None = None
        self._start()

    @property
    def pid(self) -> int:
        """Process id of the worker, 0 while there is none."""
        return self._process.pid if self._process is not None else 0

    @property
    def busy(self) -> bool:
        """An order is in flight."""
        return self._flight is not None

    @property
    def is_ready(self) -> bool:
        """Whether an order would run at once: a worker is there and has loaded. Starts one where there is none."""
        self._start()
        if not self._ready and self._flight is None:
            self._receive()
            if not self._ready and self._clock.now_ns() >= self._start_ns + int(START_S * SECOND_NS):
                self._kill()
                self._start()
        return self._ready

    def input_shape(self, model: str, array: NDArray[Any]) -> tuple[int, ...]:
        """The shape that `array` gets as input of a model; raises InputError or UnknownVariant."""
        return input_shape(self._package(model).input, array)

    def input_view(self, model: str, rows: int) -> NDArray[Any]:
        """Where the input of `rows` rows goes: fill this and give it to `submit`, and nothing is copied."""
        spec = self._package(model).input
        return self._buffer.input(spec.dtype, (rows, *spec.row_shape))

    def most_rows(self, model: str) -> int:
        """Rows of a model's input, and of its output, that fit into the shared memory."""
        package = self._package(model)
        return self._buffer.capacity_bytes // max(package.input.row_bytes, package.output.row_bytes, 1)

    def submit(
        self, order: WorkOrder, array: NDArray[Any], timeout_s: float | None = None, cuts: tuple[int, ...] = ()
    ) -> None:
        """Start an attempt; it ends within `timeout_s`, or by `order.kill_ns` of this client's clock.

        `cuts` are the rows of each job where the order is a batch, in the order of its parts. Raises InputError (shape
        or type), UnknownVariant, RuntimeError while another is in flight.
        """
        if self._flight is not None:
            raise RuntimeError(f"job {self._flight.order.job_id} is in flight")
        package = self._package(order.model)
        variant = package.variant_index(order.variant)
        shape = input_shape(package.input, array)
        target = self._buffer.input(package.input.dtype, shape)
        if array is not target:
            write_input(package.input, array, target)
        now_ns = self._clock.now_ns()
        deadline_ns = order.kill_ns if timeout_s is None else now_ns + int(timeout_s * SECOND_NS)
        self._sequence += 1
        rows, kill_ns = shape[0], deadline_ns + SOFT_GRACE_NS
        self._flight = _Flight(order, package, self._sequence, now_ns, deadline_ns, kill_ns, cuts or (rows,))
        left_s = min(max(deadline_ns - now_ns, 0) / SECOND_NS, FOREVER_S)
        place, threads = self._index[order.model], max(order.threads, self._config.threads)
        step = package.input.fixed_rows or (order.unit * order.batch if order.rows else 0)
        unit = order.unit if order.rows else 0
        packet = Order(self._sequence, place, variant, rows, left_s, threads, step, unit, order.digest, cuts)
        self._send(packet.pack())

    def poll(self) -> WorkResult | None:
        """The result of the order in flight, once it is there. Never blocks; stops what is past its deadline."""
        results = self.poll_all()
        return results[0] if results else None

    def poll_all(self) -> tuple[WorkResult, ...]:
        """As `poll`, the results of all jobs of a batch."""
        flight = self._flight
        if flight is None:
            return ()
        reply = self._receive() if self._process is not None else None
        if reply is None and not self._is_over(flight):
            return ()
        return self._finish(flight, reply or Reply(flight.sequence, flight.ended_as or Outcome.STOPPED))

    def wait(self, timeout_s: float) -> WorkResult | None:
        """The result of the order in flight; None after `timeout_s` or when there is no order."""
        results = self.wait_all(timeout_s)
        return results[0] if results else None

    def wait_all(self, timeout_s: float) -> tuple[WorkResult, ...]:
        """As `wait`, the results of all jobs of a batch."""
        now_ns = self._clock.now_ns()
        until_ns = now_ns + int(timeout_s * SECOND_NS)
        while (flight := self._flight) is not None:
            due_ns = flight.deadline_ns if flight.ended_as is None else flight.kill_ns
            self._wait_readable(min(until_ns, due_ns) - now_ns)
            results = self.poll_all()
            now_ns = self._clock.now_ns()
            if results or now_ns >= until_ns:
                return results
        return ()

    def wait_ready(self, timeout_s: float) -> bool:
        """Whether the worker has loaded and warmed up everything, waiting at most `timeout_s` for it."""
        until_ns = self._clock.now_ns() + int(timeout_s * SECOND_NS)
        self._start()
        while not self._ready and self._flight is None and (now_ns := self._clock.now_ns()) < until_ns:
            self._wait_readable(until_ns - now_ns)
            if self._receive() is not None:  # the worker died at its start
                return False
        return self._ready

    def stop(self, hard: bool) -> None:
        """Stop the order in flight; its result (STOPPED) comes from `poll`.

        Soft: between two operators, the worker lives on. Hard: the process stops using power within a millisecond
        and is killed; a new one starts with the next order.
        """
        if self._flight is not None and self._flight.ended_as is None:
            self._stop_flight(self._flight, Outcome.STOPPED)
        if hard:
            self._kill()

    def resume(self) -> None:
        """Let a worker that stopped itself, its lease over, go on; start one where it was killed for that."""
        self._start()
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def adopt(self, package: Package) -> None:
        """Serve `package`, in place of the one of its name, in a fresh process; raises RuntimeError while busy."""
        if self._flight is not None:
            raise RuntimeError(f"job {self._flight.order.job_id} is in flight")
        others = (row for row in self._packages if row.name != package.name)
        self._set_packages((*others, package))
        self._kill()
        self._start()

    def news(self) -> tuple[News, ...]:
        """What there is to tell of the process since the last call, as events."""
        news = tuple(self.record.news)
        self.record.news.clear()
        return news

    def output(self, model: str, rows: int) -> NDArray[Any]:
        """A view of the last output; holds until the next `submit`."""
        spec = self._package(model).output
        return self._buffer.output(spec.dtype, (rows, *spec.row_shape))

    def close(self) -> None:
        """End the process; the order in flight is forgotten. May be called twice."""
        self._flight = None
        self._kill()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _set_packages(self, packages: Sequence[Package]) -> None:
        self._packages = tuple(packages)
        self._names = [[f"{package.name}/{row.name}" for row in package.variants] for package in packages]
        self._index = {package.name: index for index, package in enumerate(packages)}

    def _package(self, model: str) -> Package:
        if model not in self._index:
            raise UnknownVariant(f"no model {model!r}; there are {', '.join(self._index)}")
        return self._packages[self._index[model]]

    def _start(self) -> None:
        if self._process is not None:
            return
        self._orders, child_orders = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control, child_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._orders.setblocking(False)
        inherited = (child_orders.fileno(), child_control.fileno(), self._descriptor)
        self._ready = False
        with child_orders, child_control:
            self._process = subprocess.Popen(
                self._command(*inherited), pass_fds=inherited, stdin=subprocess.DEVNULL, cwd=ROOT
            )
        self.record.start()
        self._start_ns = self._clock.now_ns()
        self._readable = select.poll()
        self._readable.register(self._orders, select.POLLIN)

    def _command(self, orders: int, control: int, buffer: int) -> list[str]:
        config = self._config
        command = [sys.executable, "-m", config.program, "--orders", str(orders), "--control", str(control)]
        command += ["--buffer", str(buffer), "--buffer-bytes", str(config.buffer_bytes)]
        command += ["--memory-bytes", str(config.memory_bytes), "--threads", str(config.threads)]
        command += ["--session-bytes", str(config.session_bytes)]
        command += ["--parent", str(os.getpid())]
        command += [item for package in self._packages for item in ("--package", str(package.folder))]
        return command + (["--lease", str(config.lease.resolve())] if config.lease is not None else [])

    def _send(self, packet: bytes) -> None:
        self._start()
        try:
            self._orders.send(packet)
        except ConnectionError:  # it died while idle: nothing is lost
            self._kill()
            self._start()
            self._orders.send(packet)

    def _receive(self) -> Reply | None:
        """The reply to the order in flight, or CRASHED when the worker is gone; others are dropped."""
        try:
            while packet := self._orders.recv(MAX_PACKET_BYTES):
                reply = Reply.unpack(packet)
                self.record.hear(reply, not self._ready, self._names)
                self._ready = True
                if self._flight is not None and reply.sequence == self._flight.sequence:
                    return reply
        except BlockingIOError:
            return None
        except ConnectionError:
            pass
        return self._bury()

    def _bury(self) -> Reply:
        """What the death of the worker means to the order in flight; its successor is started."""
        code = self._kill()
        self._start()
        outcome = Outcome.TIMEOUT if code == -signal.SIGALRM else Outcome.CRASHED
        return Reply(self._sequence, outcome, detail=f"worker ended with {_exit_text(code)}")

    def _finish(self, flight: _Flight, reply: Reply) -> tuple[WorkResult, ...]:
        self._flight = None
        if flight.ended_as is not None and reply.outcome is not Outcome.DONE:
            reply = replace(reply, outcome=flight.ended_as)
        keep = self._keep(flight) if self._output_sink is not None else None
        results = results_from(flight.order, reply, flight.cuts, flight.start_ns, self._clock.now_ns(), keep)
        self.record.outcomes[reply.outcome] += 1
        self._recycle()
        return results

    def _keep(self, flight: _Flight) -> Keep:
        """Gives the sink its view of one job's output."""
        sink, output = self._output_sink, self.output(flight.package.name, sum(flight.cuts))
        return lambda order, first, last: "" if sink is None else sink(order, output[first:last])

    def _recycle(self) -> None:
        """Replace a worker that has used up its budget; the next order waits for its successor to load."""
        record, config = self.record, self._config
        is_old = self._clock.now_ns() - self._start_ns >= int(config.age_s * SECOND_NS)
        is_used_up = record.grown_bytes > config.growth_bytes or record.runs >= config.runs
        if self._process is not None and (is_old or is_used_up):
            record.recycle()
            self._kill()
            self._start()

    def _is_over(self, flight: _Flight) -> bool:
        """Stop what is past its deadline; True once nothing more is to be expected of it."""
        now_ns = self._clock.now_ns()
        if flight.ended_as is None and now_ns >= flight.deadline_ns:
            self._stop_flight(flight, Outcome.TIMEOUT)
        if flight.ended_as is not None and now_ns >= flight.kill_ns and self._ready:
            self._kill()
        # A worker that is still loading heard the stop and will drop the order: it need not be killed for it.
        return self._process is None or (flight.ended_as is not None and not self._ready)

    def _stop_flight(self, flight: _Flight, ended_as: Outcome) -> None:
        flight.ended_as = ended_as
        flight.kill_ns = self._clock.now_ns() + SOFT_GRACE_NS
        with contextlib.suppress(OSError):  # a worker that is gone or hangs is met by the hard stop
            self._control.send(msgpack.packb(flight.sequence), socket.MSG_DONTWAIT)

    def _kill(self) -> int:
        """Freeze, kill and reap the process; its exit code."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        process.send_signal(signal.SIGSTOP)
        process.kill()
        code = process.wait(timeout=REAP_S)
        self._orders.close()
        self._control.close()
        return code

    def _wait_readable(self, duration_ns: int) -> None:
        self._readable.poll(max(0, -(-duration_ns // 1_000_000)))


def _exit_text(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
