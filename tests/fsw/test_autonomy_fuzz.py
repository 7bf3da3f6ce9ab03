"""Whatever the dictionary lets through, schedule and fault table answer it, and no exception leaves them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, EVENT, PLANT, REPORT
from fsw.carried import carry
from fsw.catalogue.commands import COMMANDS
from fsw.catalogue.events import EVENT_BY_NAME, EVENTS
from fsw.catalogue.parameters import PARAMETERS
from fsw.catalogue.rows import CommandRow, Field, Wire
from fsw.catalogue.wire import Value, WireError, decode_arguments, encode_arguments, encode_event, encode_report
from fsw.faults.defaults import default_table
from fsw.faults.service import FaultService
from fsw.messages import Command, Event
from fsw.mission import load_mission
from fsw.packets.pus import Telecommand
from fsw.schedule.activity import ScheduleState
from fsw.schedule.almanac import Almanac
from fsw.schedule.service import ScheduleService
from fsw.store.state import NamedState
from hal.clock import SECOND_NS, OnboardTime
from hal.ports.memory_disk import MemoryDisk
from tests.fsw.autonomy_bench import PLANT_NOW

MISSION = load_mission("owned.toml")
EPOCH_NS = MISSION.epoch_tai_ns()
ROWS = [row for row in COMMANDS if row.owner in ("schedule", "faults")]
PACKETS = [
    *(carry("ping", (), count).hex() for count in range(3)),
    carry("set_mode", ("SAFE",), 3).hex(),
    Telecommand(0x42, 9, 250, 250).pack().hex(),
    Telecommand(0x42, 9, 8, 1, b"\x00").pack().hex(),
    Telecommand(0x11, 9, 17, 1).pack().hex(),
]
NUMBERS = st.sampled_from([-math.inf, -1.0, 0.0, 0.5, 20.0, 45.0, math.inf])
BY_WIRE: dict[Wire, st.SearchStrategy[Value]] = {
    Wire.U8: st.integers(0, 18),
    Wire.U16: st.sampled_from([0, 1, 2, 3, 4, 0x42, 999, 0x3F00, 0xFFFF]),
    Wire.I32: st.sampled_from([-(2**31), -5000, -1, 0, 1, 60, 5000, 2**31 - 1]),
    Wire.F64: NUMBERS,
    Wire.TIME: st.integers(-10, 400).map(lambda after_s: EPOCH_NS + after_s * SECOND_NS) | st.just(0),
    Wire.PARAMETER: st.sampled_from([row.name for row in PARAMETERS]),
    Wire.EVENT: st.sampled_from(["", *(row.name for row in EVENTS)]),
    Wire.PACKET: st.sampled_from(PACKETS),
}


def values_of(field: Field) -> st.SearchStrategy[Value]:
    return st.sampled_from(field.labels) if field.wire is Wire.LABEL else BY_WIRE[field.wire]


@st.composite
def commands(draw: st.DrawFn) -> tuple[CommandRow, tuple[Value, ...]]:
    row = draw(st.sampled_from(ROWS))
    return row, tuple(draw(values_of(field)) for field in row.fields)


@given(st.lists(commands() | st.integers(1, 100), max_size=25))
def test_every_command_that_the_dictionary_takes_is_answered(
    script: list[tuple[CommandRow, tuple[Value, ...]] | int],
) -> None:
    bus, disk = MemoryBus(), MemoryDisk()
    time = OnboardTime(tai_at_zero_ns=EPOCH_NS)
    reports, data = bus.subscribe(COMMAND_REPORT, "test", depth=4096), bus.subscribe(REPORT, "test", depth=4096)
    events = bus.subscribe(EVENT, "test", depth=4096)
    services = (
        ScheduleService(bus, time, Almanac(MISSION), NamedState(disk, "schedule", ScheduleState())),
        FaultService(bus, time, NamedState(disk, "faults", default_table(MISSION))),
    )
    now_s, asked = 0, set()
    for request, item in enumerate(script):
        now_s += item if isinstance(item, int) else 0
        if not isinstance(item, int):
            row, values = item
            try:
                arguments = decode_arguments(row.name, encode_arguments(row.name, values))
            except WireError:
                continue
            asked.add(request)
            command = Command(
                time_ns=now_s * SECOND_NS, name=row.name, arguments=arguments, request=request, ack=15, source=0
            )
            bus.publish(COMMAND, command)
        bus.publish(PLANT, PLANT_NOW)
        for service in services:
            service.step(now_s * SECOND_NS)
    for step in range(20):
        for service in services:
            service.step((now_s + step) * SECOND_NS)
    answered = [report for report in reports.drain() if report.code or report.stage == 7]
    assert sorted(report.request for report in answered) == sorted(asked)
    assert all(encode_report(report.name, report.values) for report in data.drain())
    for event in events.drain():
        encode_event(event.name, event.values)


@pytest.mark.parametrize("name", list(EVENT_BY_NAME)[::5])
def test_any_event_may_come_in_any_shape(name: str) -> None:
    bus = MemoryBus()
    service = FaultService(
        bus, OnboardTime(tai_at_zero_ns=EPOCH_NS), NamedState(MemoryDisk(), "faults", default_table(MISSION))
    )
    for values in ((), ("x",), (1.0, 2, "y", 4.0)):
        bus.publish(EVENT, Event(time_ns=0, name=name, values=values))
        bus.publish(EVENT, Event(time_ns=0, name="no such event", values=values))
        service.step(0)
