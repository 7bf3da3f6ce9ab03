"""How fast power is shed: a limit is crossed in a sensor register, or the host raises its safing line.

    simulator (world, devices, host; serves the ports) <-registers, host bus- guard (the flight's own process)
                                  ^ crosses, stamps                             |  lease
                                 here (orders, observes) -- starts, watches --> worker, inside a long operator

All are real processes. When inference has ended is seen from outside: the kernel reports that the worker has stopped,
and its processor clock stands still afterwards. The flight's clock runs `SPEED` times as fast, because the guard holds
for ten seconds after each trip; what is measured are milliseconds of the computer's own clock.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from fsw.bus.contract import Policy
from fsw.bus.topics import ENVELOPE, ORDER
from fsw.bus.zmq import ZmqBus
from fsw.guard.lease import WorkerLease
from fsw.infer.client import WorkerClient, WorkerConfig
from fsw.infer.package import InputSpec, Package, TensorSpec
from fsw.messages import Envelope, WorkOrder
from fsw.mission import load_mission, merge
from fsw.processes import wiring
from fsw.setting import Setting
from hal.board import shipped_board
from hal.clock import SECOND_NS, MonotonicClock, ScaledClock
from hal.priority import claim_real_time
from sim.scenario import load_scenario
from tools.bench.shed_bench import Bench, serve
from tools.flight.briefing import briefing
from tools.flight.realtime import OVERRIDES, ROOT, allowances
from tools.model.tiny_onnx import Node, Value, onnx_bytes
from tools.model.write import write_package

SPEED = 40.0
TRIALS, HOST_TRIALS = 200, 50
SIDE = 2048  # one product of two such matrices takes some 200 ms: nothing inside hears a soft stop
OPERATORS = 4
TASK_W = 20.0  # of the simulated computer, above idle
PATIENCE_S = 60.0  # for what takes a second on an idle computer
RUNNING_NS = 20_000_000  # of processor time that an inference has had before it counts as running
LOOK_S = 5e-5
SIGNAL_NS = 200_000  # of processor time: what the worker's threads take at most to take note of a stop
STILL_S = 0.005  # the worker's clock must stand still at least so long
TURN_S = 0.02
OBSERVER_PRIORITY = 40  # below the guard: an observer must not be served before what it observes


class ShedFailed(Exception):
    """A process did not do what the measurement needs."""


def run(trials: int = TRIALS, host_trials: int = HOST_TRIALS, seed: int = 1) -> dict[str, Any]:
    """Milliseconds: `after_sample_ms` from the register's first answer over the limit to no inference running;
    `host_line_to_rail_ms` from the host's safing line to rail watts below the limit. Raises ShedFailed.

    `sample_period_ms` is the longest that a crossing waits for its sample here, `flight_sample_period_ms` in flight.
    """
    rng = np.random.default_rng(seed)
    with _rig("default") as rig:
        crossings, spoiled = list[tuple[float, float, bool]](), 0
        while len(crossings) < trials:
            crossing = rig.cross(rng)
            if crossing is not None:
                crossings.append(crossing)
            elif (spoiled := spoiled + 1) > trials:
                raise ShedFailed("the worker keeps stopping before the register shows why")
    with _rig("guest") as rig:
        lines = [rig.safe(rng) for _ in range(host_trials)]
    flight_period_ms = load_mission(load_scenario("default").mission).control_period_s * 1e3
    return {
        "after_sample_ms": _spread([after for after, _, _ in crossings]),
        "after_crossing_ms": _spread([total for _, total, _ in crossings]),
        "sample_period_ms": flight_period_ms / SPEED,
        "flight_sample_period_ms": flight_period_ms,
        "host_line_to_rail_ms": _spread(lines),
        "trials": trials,
        "host_trials": host_trials,
        "spoiled": spoiled,
        "still_running": sum(went_on for _, _, went_on in crossings),
        "load_average": round(os.getloadavg()[0], 1),
    }


def _spread(values_ms: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(values_ms, (50, 99))
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3), "max": round(max(values_ms), 3)}


class Rig:
    """Simulator, guard and worker of one measurement."""

    def __init__(self, bench: Bench, client: WorkerClient, package: Package, bus: ZmqBus, start_ns: int) -> None:
        self._bench, self._client, self._package, self._bus = bench, client, package, bus
        self._clock, self._flight = MonotonicClock(), ScaledClock(start_ns, SPEED)
        self._envelopes = bus.subscribe(ENVELOPE, "control", Policy.LATEST)
        self._job_id = 0

    def cross(self, rng: np.random.Generator) -> tuple[float, float, bool] | None:
        """Milliseconds from the sample and from the crossing to the stop; whether the worker computed after it.

        None where the worker stopped before the register showed why.
        """
        self._prepare(rng)
        self._bench.ask("cross")
        stop_ns = self._stopped_ns()
        went_on = self._computes_on()
        crossed_ns, sample_ns = self._bench.ask("clear")
        if not sample_ns:  # stopped for another reason, which lies within what the guard may do
            return None
        return max(0, stop_ns - sample_ns) / 1e6, max(0, stop_ns - crossed_ns) / 1e6, went_on

    def safe(self, rng: np.random.Generator) -> float:
        """Milliseconds from the safing line to rail watts below the limit."""
        self._prepare(rng)
        self._bench.ask("safing")
        self._stopped_ns()
        end_ns = self._clock.now_ns() + int(PATIENCE_S * SECOND_NS)
        while not (stamps := self._bench.ask("stamps"))[1]:
            self._expire(end_ns, "the rail never went below its limit")
            self._listen()
        self._bench.ask("clear")
        return (stamps[1] - stamps[0]) / 1e6

    def _prepare(self, rng: np.random.Generator) -> None:
        """Wait until the guard lets run, until an inference runs, and then some part of a sample period."""
        end_ns, since_ns = self._clock.now_ns() + int(PATIENCE_S * SECOND_NS), self._flight.now_ns()
        while not self._may_run(since_ns):
            self._expire(end_ns, "the guard never lets anything run")
        self._client.resume()
        self._bench.ask("task")
        self._job_id += 1
        self._bus.publish(ORDER, _order(self._job_id, self._flight.now_ns()))
        self._compute(end_ns)
        wait_ns = self._clock.now_ns() + int(rng.uniform(1.0, 3.0) * SECOND_NS / SPEED)
        while self._clock.now_ns() < wait_ns:
            self._listen()
        self._compute(end_ns)
        signal.sigtimedwait({signal.SIGCHLD}, 0)  # what was reported before the crossing

    def _compute(self, end_ns: int) -> None:
        """Until an inference is in flight and uses the processor."""
        start_ns = _cpu_ns(self._client.pid)
        while not self._client.busy or _cpu_ns(self._client.pid) - start_ns < RUNNING_NS:
            self._client.poll()
            if not self._client.busy:
                view = self._client.input_view(self._package.name, 1)
                self._client.submit(_order(self._job_id, 0), view, timeout_s=1e6)
                start_ns = _cpu_ns(self._client.pid)
            self._expire(end_ns, "no inference runs")
            word = self._listen()
            if word is not None and word.run:
                self._client.resume()  # as the flight does: a lease that ran out on a busy computer stopped it

    def _may_run(self, since_ns: int) -> bool:
        """The guard has said so after `since_ns`; what it said before its last trip may still lie in the queue."""
        word = self._listen()
        return word is not None and word.time_ns > since_ns and word.run and word.power_w >= TASK_W

    def _listen(self) -> Envelope | None:
        self._bus.poll(int(TURN_S * 1e3))
        return self._envelopes.take()

    def _expire(self, end_ns: int, what: str) -> None:
        if self._clock.now_ns() >= end_ns:
            raise ShedFailed(what)

    def _stopped_ns(self) -> int:
        """Since when the worker has had no more of the processor than a signal takes; it is stopped on return.

        The kernel reports a stop only after each thread has had a turn to take note, which says more about who else
        waits for the processor than about the inference.
        """
        looks: list[tuple[int, int]] = []
        end_ns = self._clock.now_ns() + int(PATIENCE_S * SECOND_NS)
        while not looks or signal.sigtimedwait({signal.SIGCHLD}, LOOK_S) is None:
            looks.append((self._clock.now_ns(), _cpu_ns(self._client.pid)))
            self._expire(end_ns, "the worker was not stopped")
        if os.waitid(os.P_PID, self._client.pid, os.WSTOPPED | os.WNOHANG) is None:
            raise ShedFailed("a process ended")
        spent_ns = _cpu_ns(self._client.pid) - SIGNAL_NS
        looks.append((self._clock.now_ns(), spent_ns))
        return next(time_ns for time_ns, cpu_ns in looks if cpu_ns >= spent_ns) + SIGNAL_NS

    def _computes_on(self) -> bool:
        before_ns = _cpu_ns(self._client.pid)
        signal.sigtimedwait({signal.SIGCHLD}, STILL_S)
        return _cpu_ns(self._client.pid) != before_ns


@contextmanager
def _rig(scenario: str) -> Iterator[Rig]:
    """All processes of one measurement, ended at the end. SIGCHLD is waited for, not handled."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "run").mkdir()
        loaded = load_scenario(scenario)
        overrides = merge(allowances(SPEED), briefing(loaded, {"host_link": _free_ports()}))
        (folder / OVERRIDES).write_text(json.dumps(overrides), encoding="utf-8")
        mission, start_ns = load_mission(loaded.mission, overrides), MonotonicClock().now_ns()
        setting = Setting(
            mission=loaded.mission,
            run_folder=folder,
            overrides=folder / OVERRIDES,
            board=shipped_board(mission.board),
            ports=f"ipc://{folder}/run/ports",
            clock_start_ns=start_ns,
            speed=SPEED,
            host_link=True,
        )
        bench = stack.enter_context(_simulator(scenario, setting))
        lease = WorkerLease(setting.volatile / "worker.lease")
        stack.callback(lease.close)
        lease.revoke()
        package = _long_operator(folder)
        client = WorkerClient([package], config=WorkerConfig(lease=setting.volatile / "worker.lease"))
        stack.callback(client.close)
        stack.enter_context(_guard(setting))
        bus = ZmqBus("control", setting.volatile, wiring())
        stack.callback(bus.close)
        claim_real_time(OBSERVER_PRIORITY)
        stack.callback(os.sched_setscheduler, 0, os.SCHED_OTHER, os.sched_param(0))
        kept = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        stack.callback(signal.pthread_sigmask, signal.SIG_SETMASK, kept)
        yield Rig(bench, client, package, bus, start_ns)


def _free_ports() -> dict[str, int]:
    """A host bus of its own for each measurement that runs."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(2)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        local_port, remote_port = (probe.getsockname()[1] for probe in probes)
    return {"local_port": local_port, "remote_port": remote_port}


@contextmanager
def _simulator(scenario: str, setting: Setting) -> Iterator[Bench]:
    here, there = get_context("fork").Pipe()
    process = get_context("fork").Process(target=serve, args=(scenario, setting, there), name="simulator")
    process.start()
    there.close()
    try:
        if not here.poll(PATIENCE_S):
            raise ShedFailed("the simulator does not start")
        here.recv()
        yield Bench(here)
    finally:
        here.close()
        process.join(1.0)
        process.kill()
        process.join()


@contextmanager
def _guard(setting: Setting) -> Iterator[None]:
    command = [sys.executable, "-m", "fsw", "run", "guard", *setting.arguments(), "--parent", str(os.getpid())]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def _long_operator(folder: Path) -> Package:
    """A model of a few products of matrices, none of which can be interrupted from inside."""
    names = ["x", *(f"p{index}" for index in range(1, OPERATORS)), "y"]
    nodes = [
        Node(operator="MatMul", inputs=(names[index], "x"), outputs=(names[index + 1],)) for index in range(OPERATORS)
    ]
    shape = ("n", SIDE, SIDE)
    edges = [Value(name=name, dtype="float32", shape=shape) for name in "xy"]
    tensor = {"dtype": "float32", "shape": shape, "unit": "1", "low": -1.0, "high": 1.0}
    zeros = np.zeros((1, SIDE, SIDE), np.float32)
    return write_package(
        folder / "long",
        identity={"name": "long", "version": "1", "task": "measure", "licence": "Apache-2.0"},
        input_spec=InputSpec(name="x", **tensor),  # type: ignore[arg-type]
        output_spec=TensorSpec(name="y", **tensor),  # type: ignore[arg-type]
        variants={"full": {"metric": "none", "metric_value": 0.0, "tolerance": 0.0}},
        models={"full": onnx_bytes(nodes, edges[:1], edges[1:])},
        goldens={"input": zeros, "full": zeros},
    )


def _order(job_id: int, now_ns: int) -> WorkOrder:
    return WorkOrder(
        job_id=job_id,
        attempt=1,
        model="long",
        variant="full",
        setting="",
        input_ref="",
        predicted_s=20.0,
        predicted_w=TASK_W,
        kill_ns=now_ns + 10_000 * SECOND_NS,
    )


def _cpu_ns(pid: int) -> int:
    """Processor time of a process, all its threads, as of now. Source: clock_getcpuclockid(3), the kernel's numbering
    in include/linux/posix-timers_types.h: CPUCLOCK_SCHED (2) of a process."""
    return time.clock_gettime_ns(~pid << 3 | 2)
