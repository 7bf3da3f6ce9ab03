"""PUS ST03: structures and traces of the ground's making, and intervals of the dictionary's own."""

from __future__ import annotations

import pytest

from fsw.bus.topics import COMMAND, PARAMETER, PLANT
from fsw.catalogue.failures import failure_code
from fsw.catalogue.parameters import PARAMETERS
from fsw.catalogue.rows import Wire
from fsw.catalogue.wire import Value, decode_row
from fsw.messages import ParameterSet
from fsw.packets.housekeeping import HousekeepingReport
from fsw.packets.parameters import ParameterReport
from fsw.packets.pus import Telemetry
from fsw.telemetry import structures
from fsw.telemetry.structures import CREATED_MAX
from hal.clock import SECOND_NS
from tests.fsw.telemetry_bench import Bench, command, failure, kinds, reports, rows
from tests.fsw.test_telemetry import plant

NAMES = ("soc", "mode", "payload_temp_c", "uptime_s")
LIST = ",".join(NAMES)


def made(packets: list[Telemetry], number: int, subtype: int = 25) -> list[dict[str, Value | None]]:
    """The rows of a structure of NAMES."""
    wanted = [packet.data for packet in packets if (packet.service, packet.subtype) == (3, subtype)]
    found = [HousekeepingReport.unpack(data) for data in wanted]
    return [decode_row(NAMES, report.row) for report in found if report.structure == number]


def label(packets: list[Telemetry]) -> int | None:
    found = failure(packets)
    return None if found is None else found[0]


def test_a_structure_is_made_disabled_then_reported_at_its_interval_with_what_is_known() -> None:
    bench = Bench()
    assert failure(bench.do("create_structure", 100, 5000, LIST)) is None
    assert made(bench.run(20), 100) == []
    bench.bus.publish(PLANT, plant(bench.now_s * SECOND_NS, soc=0.5, payload_temp_c=None))
    first, *others = made(bench.do("enable_structure", "100") + bench.run(20), 100)
    assert first == {"soc": 0.5, "mode": None, "payload_temp_c": None, "uptime_s": 21.0}
    assert len(others) == 4


def test_a_trace_is_sampled_at_every_step_and_is_a_packet_of_its_own_kind() -> None:
    bench = Bench()
    bench.do("create_trace", 200, 1000, LIST)
    packets = bench.do("enable_trace", "200") + bench.run(9)
    samples = made(packets, 200, subtype=26)
    assert [sample["uptime_s"] for sample in samples] == [float(second) for second in range(1, 11)]
    assert made(packets, 200, subtype=25) == []
    bench.do("disable_trace", "200")
    assert made(bench.run(5), 200, subtype=26) == []


def test_a_description_says_what_it_is() -> None:
    bench = Bench()
    bench.do("create_structure", 100, 5000, LIST)
    bench.do("create_trace", 101, 2000, "soc")
    (made_up,) = reports(bench.do("describe_structure", "100"), 3, 10)
    (trace,) = reports(bench.do("describe_trace", "101"), 3, 12)
    (thermal,) = reports(bench.do("describe_structure", "thermal"), 3, 10)
    assert (made_up, trace) == (("100", "no", 5000, LIST), ("101", "no", 2000, "soc"))
    assert thermal[:3] == ("thermal", "yes", 10_000)


@pytest.mark.parametrize(("kind", "number", "subtype"), [("structure", 100, 25), ("trace", 200, 26)])
def test_one_shot_reports_even_what_is_disabled(kind: str, number: int, subtype: int) -> None:
    bench = Bench()
    bench.do(f"create_{kind}", number, 5000, LIST)
    packets = bench.do(f"shoot_{kind}", str(number))
    assert len(made(packets, number, subtype)) == 1
    assert kinds(packets)[-3:] == [(3, subtype), (1, 3), (1, 7)]


def test_the_dictionary_s_own_can_be_disabled_and_enabled() -> None:
    bench = Bench()
    bench.run(1)
    bench.do("disable_structure", "power")
    assert rows(bench.run(30), 1) == []
    assert len(rows(bench.do("enable_structure", "power") + bench.run(19), 1)) == 2


def test_interval_by_service_and_by_parameter_are_one_and_the_same() -> None:
    bench = Bench()
    bench.run(1)
    bench.do("set_structure_interval", "power", 2000)
    assert len(rows(bench.run(10), 1)) == 5
    (value,) = [packet for packet in bench.do("get_parameter", "power_interval_s") if packet.service == 20]
    assert ParameterReport.unpack(value.data).values[0][1] == 2.0
    bench.bus.publish(PARAMETER, ParameterSet(time_ns=0, name="power_interval_s", value=5.0))
    bench.bus.publish(COMMAND, command("set_parameter", "power_interval_s", 5.0))
    bench.run(1)
    (definition,) = reports(bench.do("describe_structure", "power"), 3, 10)
    assert definition[2] == 5000


def test_another_interval_holds_at_once_for_what_the_ground_made() -> None:
    bench = Bench()
    bench.do("create_structure", 100, 60_000, LIST)
    bench.do("enable_structure", "100")
    assert len(made(bench.do("set_structure_interval", "100", 2000) + bench.run(9), 100)) == 5


def test_intervals_do_not_drift_with_late_steps() -> None:
    bench = Bench()
    bench.do("create_structure", 100, 2000, LIST)
    bench.bus.publish(COMMAND, command("enable_structure", "100"))
    times: list[int] = []
    for second in range(1, 21):
        late_ns = 40_000_000 * (second % 3)
        bench.service.step(second * SECOND_NS + late_ns)
        times += [second for _ in made(bench.run(0), 100)]
    assert times == list(range(1, 21, 2))


def test_forgetting_needs_it_disabled() -> None:
    bench = Bench()
    bench.do("create_structure", 100, 5000, LIST)
    bench.do("enable_structure", "100")
    assert label(bench.do("delete_structure", "100")) == failure_code("not_deletable")
    bench.do("disable_structure", "100")
    assert label(bench.do("delete_structure", "100")) is None
    assert failure(bench.do("describe_structure", "100")) == (failure_code("no_such_structure"), (100.0,))


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        ("delete_structure", ("power",), "not_deletable"),
        ("describe_structure", ("4711",), "no_such_structure"),
        ("describe_trace", ("power",), "no_such_structure"),
        ("enable_trace", ("100",), "no_such_structure"),
        ("create_structure", (100, 5000, "soc"), "structure_exists"),
        ("create_trace", (100, 5000, "soc"), "structure_exists"),
        ("create_structure", (101, 999, "soc"), "out_of_range"),
        ("create_structure", (101, 86_400_001, "soc"), "out_of_range"),
        ("create_structure", (101, 5000, ""), "bad_argument"),
        ("create_structure", (101, 5000, "soc,soc"), "bad_argument"),
        ("set_structure_interval", ("power", 500), "out_of_range"),
        ("set_structure_interval", ("power", 3_600_001), "out_of_range"),
        ("set_structure_interval", ("100", 999), "out_of_range"),
        ("set_trace_interval", ("100", 5000), "no_such_structure"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason_and_changes_nothing(
    name: str, arguments: tuple[Value, ...], why: str
) -> None:
    bench = Bench()
    bench.do("create_structure", 100, 5000, LIST)
    assert label(bench.do(name, *arguments)) == failure_code(why)
    (unchanged,) = reports(bench.do("describe_structure", "100"), 3, 10)
    assert unchanged == ("100", "no", 5000, LIST)


def test_their_number_is_bounded() -> None:
    bench = Bench()
    codes = [label(bench.do("create_structure", 100 + place, 5000, "soc")) for place in range(CREATED_MAX + 1)]
    assert codes == [None] * CREATED_MAX + [failure_code("no_room")]


def test_one_that_no_packet_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structures, "ROW_OCTETS_MAX", 16)  # the whole dictionary fits a packet, as it is
    bench = Bench()
    doubles = ",".join(row.name for row in PARAMETERS if row.wire is Wire.F64)
    assert label(bench.do("create_structure", 100, 5000, doubles)) == failure_code("no_room")
