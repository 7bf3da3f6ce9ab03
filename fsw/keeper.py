"""Supervision of the flight's processes: starts them all, restarts what fails, feeds the hardware watchdog for work.

The watchdog is fed only when a token has gone from sensing through the guard to a telemetry frame since the last feed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress

from fsw.bus.contract import Policy
from fsw.bus.topics import EVENT, HEARTBEAT
from fsw.bus.zmq import ZmqBus
from fsw.messages import Event, Heartbeat
from fsw.process import LEASE, PORT_TIMEOUT_MS, Opening
from fsw.processes import PROCESSES, SUPERVISOR, wiring
from fsw.setting import Setting
from fsw.store.state import NamedState
from fsw.supervise.child import ProcessRow
from fsw.supervise.ladder import PAYLOAD_SAFE, POWER_CYCLE, Budgets
from fsw.supervise.liveness import WatchdogFeeder
from fsw.supervise.notify import Notifier
from fsw.supervise.supervisor import Failure, Supervisor
from hal.clock import Clock, MonotonicClock
from hal.errors import PortError
from hal.ports.disk import RealDisk

TURN_MS = 50  # a heartbeat, a request to end and a frame for the bus wait no longer than this
WATCHDOG = "payload_watchdog"  # in the board files
HEARTBEAT_DEPTH = 256


def keep_processes(setting: Setting, may_go_on: Callable[[], bool]) -> None:
    """Run all processes while it may go on, then stop them and remove what they leave. Raises as `run_process`."""
    setting.volatile.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.callback(_clear, setting)
        bus = ZmqBus(SUPERVISOR, setting.volatile, wiring())
        stack.callback(bus.close)
        opening = Opening(setting, bus, stack)
        notifier = Notifier(setting.notify)
        stack.callback(notifier.close)
        keeper = Keeper(setting, bus, opening.clock, _feeder(opening))
        stack.callback(keeper.close)
        notifier.ready()
        while may_go_on():
            keeper.turn()
            notifier.watchdog()
        notifier.stopping()


class Keeper:
    """The supervisor on the bus."""

    def __init__(self, setting: Setting, bus: ZmqBus, clock: Clock, feeder: WatchdogFeeder | None) -> None:
        self._bus, self._clock, self._feeder = bus, clock, feeder
        self._beats = bus.subscribe(HEARTBEAT, SUPERVISOR, Policy.DROP_OLDEST, HEARTBEAT_DEPTH)
        self._budgets = NamedState(RealDisk(setting.run_folder / "store"), "ladders", Budgets())
        notify = setting.volatile / "notify"
        self._supervisor = Supervisor(
            [_row(setting, process.name, process.watchdog_s) for process in PROCESSES],
            notify,
            MonotonicClock(),
            load=lambda: self._budgets.load()[0],
            save=self._save,
            on_failure=self._failed,
        )

    def turn(self) -> None:
        """See to the processes, the bus and the watchdog."""
        self._supervisor.turn(TURN_MS)
        self._bus.poll(0)
        self._feed(self._beats.drain())

    def close(self) -> None:
        """Stop all processes."""
        self._supervisor.close()

    def _feed(self, beats: Iterable[Heartbeat]) -> None:
        if self._feeder is not None:
            self._feeder.step(beats)

    def _save(self, budgets: Budgets) -> None:
        with suppress(PortError):  # without a disk the budgets last as long as this process
            self._budgets.save(budgets)

    def _failed(self, failure: Failure) -> None:
        now_ns, rung = self._clock.now_ns(), failure.response.rung
        values = (failure.process, failure.times, failure.why)
        self._bus.publish(EVENT, Event(time_ns=now_ns, name="service_restarted", values=values))
        if rung in (PAYLOAD_SAFE, POWER_CYCLE):
            why = f"{failure.why}; {rung.replace('_', ' ')}"
            self._bus.publish(EVENT, Event(time_ns=now_ns, name="service_failed", values=(failure.process, why)))
        if rung == POWER_CYCLE and self._feeder is not None:
            self._feeder.withhold()


def _row(setting: Setting, name: str, watchdog_s: float) -> ProcessRow:
    notify = ("--notify", str(setting.volatile / "notify"), "--parent", str(os.getpid()))
    command = (sys.executable, "-m", "fsw", "run", name, *setting.arguments(), *notify)
    return ProcessRow(name=name, command=command, watchdog_s=watchdog_s)


def _feeder(opening: Opening) -> WatchdogFeeder | None:
    """Feeds the board's watchdog, where it has one."""
    watchdog = opening.board(opening.remote(PORT_TIMEOUT_MS)).watchdogs.get(WATCHDOG)
    return None if watchdog is None else WatchdogFeeder(watchdog)


def _clear(setting: Setting) -> None:
    """Remove the files of processes that could not do so themselves."""
    names = [process.name for process in PROCESSES] + [SUPERVISOR]
    files = [f"{name}.{ending}" for name in names for ending in ("pub", "in")] + [LEASE, "notify"]
    for file in files:
        (setting.volatile / file).unlink(missing_ok=True)
    with suppress(OSError):  # somebody else's file is in it
        setting.volatile.rmdir()
