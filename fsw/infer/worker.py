"""The worker: a process that may be killed for what it does. `python -m fsw.infer.worker`, started by `WorkerClient`.

The only module that imports ONNX Runtime. One session a variant, loaded and warmed up at the start as far as the budget
goes, the others when they are asked for. The main thread takes orders; a second one hears stops (`RunOptions.terminate`
acts between operators) and ends the process when its parent is gone. A job that outlives its time is ended by the
kernel (SIGALRM), whatever the model does.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import onnxruntime

from fsw.infer import check
from fsw.infer.frames import MAX_PACKET_BYTES, MAX_PART_DETAIL, READY, Order, Part, Reply, SharedBuffer
from fsw.infer.options import OptionError, SessionSettings, make_session
from fsw.infer.package import Package, PackageError, TensorSpec, Variant, load_package
from fsw.infer.residency import Key, Residency, resident_bytes
from fsw.messages import Outcome

KILL_GRACE_S = 0.1  # after its time is up a job has this long to hear the soft stop: 25 times the median answer
LOOK_EVERY = 16  # orders between two looks at the memory: a look takes as long as three per cent of a small job
PR_SET_PDEATHSIG = 1  # linux/prctl.h
ONNX_TYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
}


class LoadError(Exception):
    """A variant from which no session can be made."""


class Model:
    """One variant's session. Inputs are read where they lie in the shared buffer; outputs are copied into it.

    Binding outputs to the buffer would save that copy, but a bound run with RunOptions (which a soft stop needs) costs
    25 us more than a plain one (ONNX Runtime 1.31), as much as copying a megabyte.
    """

    def __init__(self, package: Package, variant: Variant, buffer: SharedBuffer, settings: SessionSettings) -> None:
        self._session = make_session(onnxruntime, package.model_bytes(variant), settings)
        self._package = package
        self._buffer = buffer
        self._input_name = _only(self._session.get_inputs(), package.input).name
        _only(self._session.get_outputs(), package.output)
        self._warm_up()

    def run(self, rows: int, options: Any, first: int = 0) -> Any:
        """The output for `rows` rows from `first` on of the input that lies in the buffer; also left there."""
        last = first + rows
        feed = input_view(self._buffer, self._package, last)
        target = output_view(self._buffer, self._package, last)
        if first:
            feed, target = feed[first:], target[first:]
        (output,) = self._session.run(None, {self._input_name: feed}, options)
        target[...] = self._with_shape(output, rows)
        return output

    def _warm_up(self) -> None:
        spec = self._package.input
        rows = spec.fixed_rows or 1
        quiet = np.full((rows, *spec.row_shape), min(max(0.0, spec.low), spec.high)).astype(spec.dtype)
        (output,) = self._session.run(None, {self._input_name: quiet})
        self._with_shape(output, rows)

    def _with_shape(self, output: Any, rows: int) -> Any:
        wanted = (rows, *self._package.output.row_shape)
        if output.shape != wanted:
            raise OptionError(f"model gives {output.shape} for {rows} rows, the manifest says {wanted}")
        return output


class Engine:
    """Executes orders one after another. `stop` may be called from another thread."""

    def __init__(
        self, packages: Sequence[Package], buffer: SharedBuffer, settings: SessionSettings, budget_bytes: int
    ) -> None:
        self._packages = packages
        self._buffer = buffer
        self._settings = settings
        self._running: tuple[int, Any] = (READY, None)
        self._stopped = READY  # orders up to this one are not to run
        self._models: Residency[Model] = Residency(self._load, budget_bytes)
        self._models.fill(
            (place, variant, settings.threads)
            for place, package in enumerate(packages)
            for variant in range(len(package.variants))
        )

    def greeting(self) -> Reply:
        """What the parent hears first."""
        return Reply(READY, Outcome.DONE, resident_bytes=resident_bytes(), loads=self._models.take_loads())

    def stop(self, sequence: int) -> None:
        """Stop that order, and let none before it start. Written before read, as `execute` does the reverse."""
        self._stopped = max(self._stopped, sequence)
        running, options = self._running
        if running <= sequence and options is not None:
            options.terminate = True

    def execute(self, order: Order) -> Reply:
        """Check, run, check; every failure of the model or its data is a reply."""
        used_s = _cpu_s()
        digest, summary, parts = "", tuple[float, ...](), tuple[Part, ...]()
        try:
            output = self._run(order)
            if output is None:
                outcome, detail = Outcome.STOPPED, "stopped before it ran"
            elif order.cuts:
                outcome, detail, parts = Outcome.DONE, "", self._judge_each(order, output)
            else:
                outcome, digest, summary, detail = self._judge(order, output)
        except check.InputError as error:
            outcome, detail = Outcome.BAD_INPUT, str(error)
        except check.OutputError as error:
            outcome, detail = Outcome.BAD_OUTPUT, str(error)
        except Exception as error:  # whatever a model can raise costs its job and nothing else
            outcome = Outcome.STOPPED if self._stopped >= order.sequence else Outcome.MODEL_ERROR
            detail = f"{type(error).__name__}: {error}"
        self._running = (READY, None)
        loads = self._models.take_loads()
        resident = resident_bytes() if loads or order.sequence % LOOK_EVERY == 0 else 0
        return Reply(order.sequence, outcome, _cpu_s() - used_s, digest, summary, detail, resident, loads, parts)

    def _run(self, order: Order) -> Any:
        """The output of all rows; None where it was stopped before."""
        package = self._packages[order.package]
        check.check_input_range(package.input, input_view(self._buffer, package, order.rows))
        model = self._models.get((order.package, order.variant, order.threads))
        options = onnxruntime.RunOptions()
        self._running = (order.sequence, options)
        if self._stopped >= order.sequence:
            return None
        step = order.step or order.rows
        if step >= order.rows:
            return model.run(order.rows, options)
        for first in range(0, order.rows, step):
            if self._stopped >= order.sequence:
                return None
            model.run(min(step, order.rows - first), options, first)
        return output_view(self._buffer, package, order.rows)

    def _judge(self, order: Order, output: Any) -> tuple[Outcome, str, tuple[float, ...], str]:
        """Outcome, digest, summary, detail of one job's output; raises OutputError."""
        extremes = check.check_output_range(self._packages[order.package].output, output)
        digest = check.chained_digest(order.digest, output, order.unit or len(output))
        return Outcome.DONE, digest, check.output_summary(output, extremes), ""

    def _judge_each(self, order: Order, output: Any) -> tuple[Part, ...]:
        """The same for each job of a batch: one that is out of range says nothing of its neighbours."""
        parts, first = [], 0
        for rows in order.cuts:
            try:
                part = Part(*self._judge(order, output[first : first + rows]))
            except check.OutputError as error:
                part = Part(Outcome.BAD_OUTPUT, "", (), str(error)[:MAX_PART_DETAIL])
            parts.append(part)
            first += rows
        return tuple(parts)

    def _load(self, key: Key) -> Model:
        package = self._packages[key[0]]
        variant = package.variants[key[1]]
        try:
            return Model(package, variant, self._buffer, replace(self._settings, threads=key[2]))
        except Exception as error:  # the runtime's exceptions share no other base
            raise LoadError(f"{variant.name} cannot be loaded: {type(error).__name__}: {error}") from error


def input_view(buffer: SharedBuffer, package: Package, rows: int) -> Any:
    """The input of `rows` rows in the buffer."""
    return buffer.input(package.input.dtype, (rows, *package.input.row_shape))


def output_view(buffer: SharedBuffer, package: Package, rows: int) -> Any:
    """The output of `rows` rows in the buffer."""
    return buffer.output(package.output.dtype, (rows, *package.output.row_shape))


def serve(orders: socket.socket, engine: Engine) -> None:
    """Take orders until the parent closes its end."""
    orders.send(engine.greeting().pack())
    while packet := orders.recv(MAX_PACKET_BYTES):
        order = Order.unpack(packet)
        signal.setitimer(signal.ITIMER_REAL, order.timeout_s + KILL_GRACE_S)
        reply = engine.execute(order)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        orders.send(reply.pack())


def listen_for_stops(control: socket.socket, engine: Engine) -> None:
    """Pass stops on; end the process at once when the parent is gone."""
    with contextlib.suppress(OSError):
        while packet := control.recv(MAX_PACKET_BYTES):
            engine.stop(int(msgpack.unpackb(packet)))
    os._exit(0)


def limit_process(memory_bytes: int, parent: int) -> None:
    """Bound the private memory, ask the kernel for SIGKILL when the parent dies, and leave Ctrl-C to the parent."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def main(arguments: Sequence[str] | None = None) -> None:
    """Load the packages, say that they are ready, serve."""
    options = _parser().parse_args(arguments)
    limit_process(options.memory_bytes, options.parent)
    if options.lease is not None:
        from hal import lease

        lease.watch(options.lease)
    buffer = SharedBuffer(options.buffer, options.buffer_bytes)
    packages = [load_package(folder) for folder in options.package]
    engine = Engine(packages, buffer, SessionSettings(threads=options.threads), options.session_bytes)
    gc.collect()
    gc.freeze()  # what was loaded stays: no job pays for looking it through again
    control = socket.socket(fileno=options.control)
    threading.Thread(target=listen_for_stops, args=(control, engine), daemon=True).start()
    with contextlib.suppress(ConnectionError):
        serve(socket.socket(fileno=options.orders), engine)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fsw.infer.worker", description="Runs model packages for its parent process.")
    parser.add_argument("--package", type=Path, action="append", required=True, help="folder of a model package")
    for name in ("orders", "control", "buffer"):
        parser.add_argument(f"--{name}", type=int, required=True, help="inherited file descriptor")
    parser.add_argument("--buffer-bytes", type=int, required=True)
    parser.add_argument("--memory-bytes", type=int, required=True)
    parser.add_argument("--session-bytes", type=int, required=True, help="memory for sessions that are kept")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--parent", type=int, required=True, help="process id that must live on")
    parser.add_argument("--lease", type=Path, help="run only while this lease is renewed")
    return parser


def _only(nodes: Sequence[Any], spec: TensorSpec) -> Any:
    """The one input or output of a session, if it fits the manifest."""
    if len(nodes) != 1:
        raise OptionError(f"model has {len(nodes)} tensors where one is expected")
    if ONNX_TYPES.get(nodes[0].type) != spec.dtype:
        raise OptionError(f"{nodes[0].name} is {nodes[0].type}, the manifest says {spec.dtype}")
    return nodes[0]


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    try:
        main()
    except PackageError as error:
        sys.exit(str(error))
