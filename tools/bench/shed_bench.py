"""The simulated spacecraft of `penumbra bench shed`: crosses a limit when told, and stamps what the flight asks."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from fsw.setting import Setting
from fsw.supervise.child import die_with_parent
from hal.board import find_board
from hal.clock import SECOND_NS, MonotonicClock, ScaledClock
from hal.ports.host import LinkHostEnd, Safing
from hal.ports.link import UdpLink
from hal.ports.remote import PortServer
from hal.priority import claim_real_time
from sim.devices import build
from sim.host import Host, HostEvent
from sim.scenario import load_scenario
from tools.flight.simulator import PRIORITY

SERVE_MS = 2
ANSWER_S = 10.0
OVER_W = 60.0  # what a latch-up adds to the rail: over the largest draw with any margin and sensor error
TASK_W, TASK_S = 20.0, 1e6
MONITOR = 0x44  # of the payload's rail, on both boards
POWER, WATTS_PER_BIT = 0x03, 6.25e-3  # its register of power; 25 times the current's 0.25 mA a bit
SHOWN_W = 6.0 + TASK_W + 0.75 * OVER_W  # the limit is 68 W; what shows less is not over it
GRANT = HostEvent(at_s=0.0, kind="level", mean_w=60.0, peak_w=64.0)

Stamps = tuple[int, int]
"""When the limit was crossed or the line raised, and when a sample first showed it or the rail first obeyed; or 0."""


class Bench:
    """The other end of the simulator's pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def ask(self, verb: str) -> Stamps:
        """Have it done; the stamps so far."""
        self._pipe.send(verb)
        if not self._pipe.poll(ANSWER_S):
            raise TimeoutError(f"the simulator does not answer {verb!r}")
        stamps: Stamps = self._pipe.recv()
        return stamps


class Spacecraft:
    """World, devices and host on the flight's clock."""

    def __init__(self, name: str, setting: Setting) -> None:
        scenario = load_scenario(name)
        self.world = scenario.world(scenario.seed)
        self._clock = ScaledClock(setting.clock_start_ns or 0, setting.speed)
        self._wall = MonotonicClock()
        if scenario.host is not None:
            self._host = _host_end(setting)
            Host(replace(scenario.host, event=(GRANT,)), self.world, self._host)
        self._lowest_w = scenario.limits.lowest_draw_w if scenario.host is not None else 0.0
        board = find_board(setting.load_mission().board)
        ports = build(self.world, 1, board=board)
        devices: dict[str, object] = {port: _Seen(device, self) for port, device in ports.items()}
        self.server = PortServer(setting.ports, devices)
        self._since_ns = self._seen_ns = 0
        self._over_w, self._tasks, self._is_safing = 0.0, 0, False

    def advance(self) -> None:
        self.world.advance_to(max(self._clock.now_ns(), self.world.now_ns))

    def asked(self, arguments: tuple[Any, ...], answer: Any) -> None:
        """A port was used, and is about to answer."""
        if not self._since_ns or self._seen_ns:
            return
        if self._is_safing:
            if self.world.computer.draw_w <= self._lowest_w:
                self._seen_ns = self._wall.now_ns()
        elif arguments[:1] == (MONITOR,) and _watts(arguments[1], answer) > SHOWN_W:
            self._seen_ns = self._wall.now_ns()

    def do(self, verb: str) -> Stamps:
        """One word from the bench."""
        self.advance()
        stamps = self._since_ns, self._seen_ns
        verbs: dict[str, Callable[[], None]] = {
            "task": self._task, "cross": self._cross, "safing": self._safing, "clear": self._clear,
        }  # fmt: skip
        if verb in verbs:
            verbs[verb]()
        return stamps

    def _task(self) -> None:
        self._tasks += 1
        self.world.computer.start(self._tasks, TASK_W, TASK_S, self.world.now_ns)

    def _cross(self) -> None:
        self._over_w = OVER_W
        self.world.computer.latch_up(OVER_W, self.world.now_ns)
        self.world.advance_to(self.world.now_ns + 1)
        self._since_ns, self._seen_ns = self._wall.now_ns(), 0

    def _safing(self) -> None:
        self._host.tell(Safing(on=True))
        self._is_safing = True
        self._since_ns, self._seen_ns = self._wall.now_ns(), 0

    def _clear(self) -> None:
        self.world.computer.latch_up(-self._over_w, self.world.now_ns)
        self.world.computer.stop(self.world.now_ns)
        if self._is_safing:
            self._host.tell(Safing(on=False))
        self._over_w, self._is_safing = 0.0, False
        self._since_ns = self._seen_ns = 0


class _Seen:
    """A port whose every call finds the world at the present moment and is noticed."""

    def __init__(self, port: object, craft: Spacecraft) -> None:
        self._port, self._craft = port, craft

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*arguments: Any) -> Any:
            self._craft.advance()
            answer = method(*arguments)
            self._craft.asked(arguments, answer)
            return answer

        return call


def _host_end(setting: Setting) -> LinkHostEnd:
    """The host's end of the mission's host bus."""
    address = setting.load_mission().host_link
    return LinkHostEnd(UdpLink((address.remote_host, address.remote_port), (address.local_host, address.local_port)))


def _watts(registers: tuple[int, ...], words: tuple[int, ...] | None) -> float:
    """What an INA226's answer says, 0 where it was not asked for power."""
    return dict(zip(registers, words or (), strict=False)).get(POWER, 0) * WATTS_PER_BIT


def serve(scenario: str, setting: Setting, pipe: Connection) -> None:
    """The process: until the bench closes its end."""
    die_with_parent(os.getppid())
    claim_real_time(PRIORITY)
    craft = Spacecraft(scenario, setting)
    pipe.send(SECOND_NS)
    try:
        while True:
            craft.server.serve_pending(SERVE_MS)
            craft.advance()
            if pipe.poll():
                pipe.send(craft.do(pipe.recv()))
    except (EOFError, ConnectionError):
        craft.server.close()
