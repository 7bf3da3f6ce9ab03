"""Without the ground, in the closed loop: an over-temperature sheds load, a job runs at its eclipse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from fsw.bus.contract import Subscription
from fsw.bus.topics import COMMAND, QUEUE, STORED_COMMAND
from fsw.carried import carry
from fsw.catalogue.wire import Value
from fsw.messages import Command, Event, QueueStatus, StoredCommand
from hal.clock import SECOND_NS
from sim.eclipses import EclipseEdge
from sim.scenario import load_scenario
from tools.flight.loop import Options, VirtualFlight

Script = dict[int, Callable[["Flight"], None]]
SPARE = 600.0  # C and W: beyond anything that the spacecraft reaches


class Flight:
    """A flight with a script of what the ground does, by second."""

    def __init__(self, duration_s: float, scenario: str = "default", **options: Any) -> None:
        self.loop = VirtualFlight(load_scenario(scenario), Options(execute=False, duration_s=duration_s, **options))
        self.commands: list[tuple[float, str]] = []  # that flight software carried out
        self.queue: list[QueueStatus] = []
        self._count = 0
        self._command_inbox: Subscription[Command]
        self._queue_inbox: Subscription[QueueStatus]

    def send(self, name: str, *values: Value) -> None:
        """A telecommand that is on board already: what the link asks of the ground is not looked at here."""
        self._count += 1
        assert self.loop._bus is not None
        message = StoredCommand(
            time_ns=self.loop.clock.now_ns(), packet=carry(name, values, self._count), origin="test"
        )
        self.loop._bus.publish(STORED_COMMAND, message)

    def fly(self, script: Script) -> list[Event]:
        """Fly to the end; the events of the flight."""
        is_listening = False
        for tick_ns in self.loop.ticks():
            if not is_listening:
                assert self.loop._bus is not None
                self._command_inbox = self.loop._bus.subscribe(COMMAND, "test", depth=256)
                self._queue_inbox = self.loop._bus.subscribe(QUEUE, "test", depth=256)
                is_listening = True
            now_s = tick_ns // SECOND_NS
            if now_s in script:
                script[now_s](self)
            self.commands += [(command.time_ns / SECOND_NS, command.name) for command in self._command_inbox.drain()]
            self.queue += self._queue_inbox.drain()
        return self.loop.record().events


def named(events: list[Event], *names: str) -> Counter[str]:
    return Counter(event.name for event in events if event.name in names)


def hotter_than(limit_c: float) -> Callable[[Flight], None]:
    """The ground sets the first watchpoint lower: what the payload reaches counts as too hot."""

    def send(flight: Flight) -> None:
        flight.send("modify_monitor", 1, "payload_temp_c", 3, -SPARE, "", limit_c, "payload_too_hot", 0.0, 1.0)

    return send


def test_an_over_temperature_sheds_load_without_the_ground() -> None:
    flight = Flight(1200.0)
    events = flight.fly({30: hotter_than(22.0)})
    assert named(events, "payload_too_hot", "response_fired") == {"payload_too_hot": 1, "response_fired": 1}
    hot_s = next(event.time_ns for event in events if event.name == "payload_too_hot") / SECOND_NS
    held_s = next(time_s for time_s, name in flight.commands if name == "hold_jobs")
    assert 0.0 <= held_s - hot_s <= 3.0
    ended_s = held_s + 60.0  # what ran then may end
    busy = [status for status in flight.queue if status.time_ns > ended_s * SECOND_NS and status.running]
    assert flight.queue[-1].queued > 0 and busy == []


def test_in_passive_mode_the_table_only_says_so() -> None:
    def passive(flight: Flight) -> None:
        flight.send("set_parameter", "responses_passive", 1.0)
        hotter_than(22.0)(flight)

    flight = Flight(900.0)
    events = flight.fly({30: passive})
    assert named(events, "payload_too_hot", "response_fired")["response_fired"] >= 1
    assert "hold_jobs" not in [name for _, name in flight.commands]


def test_a_job_that_is_scheduled_at_the_next_eclipse_runs_there() -> None:
    packet = carry("submit_job", ("cloud", "night", 50.0, 600.0), 900).hex()
    flight = Flight(3000.0)
    script: Script = {
        20: lambda flight: flight.send("schedule_at", "eclipse_entry", 1, 30, 0, packet),
        21: lambda flight: flight.send("schedule_at", "eclipse_entry", 1, -60, 0, carry("ping", (), 901).hex()),
    }
    events = flight.fly(script)
    edges = flight.loop.record().eclipses
    entry_s = next(each.time_s for each in edges if each.edge is EclipseEdge.UMBRA_BEGIN)
    times = {name: time_s for time_s, name in flight.commands if name in ("submit_job", "ping")}
    assert times["submit_job"] == pytest.approx(entry_s + 30.0, abs=20.0)
    assert times["ping"] == pytest.approx(entry_s - 60.0, abs=20.0)
    assert named(events, "activity_released", "activity_skipped") == {"activity_released": 2}


@pytest.mark.parametrize("scenario", ["storm", "hot", "guest"])
def test_the_shipped_table_keeps_quiet_where_the_guard_holds(scenario: str) -> None:
    events = Flight(4000.0, scenario).fly({})
    assert named(events, "response_fired", "payload_too_hot", "battery_too_low", "services_quiet") == {}
