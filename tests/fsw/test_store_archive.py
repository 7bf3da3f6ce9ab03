"""The archive keeps telemetry through power cuts and failing disks, and gives it back while the ground hears us."""

from __future__ import annotations

import pytest

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, CONTACT, EVENT, HOST, PACKET, REPORT, RETRIEVED
from fsw.catalogue.commands import COMMAND_BY_NAME
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.failures import FAILURE_BY_CODE
from fsw.catalogue.services import STORES as STORE_NAMES
from fsw.catalogue.wire import decode_arguments, encode_arguments, encode_report
from fsw.messages import Command, Contact, Event, HostStatus, Stage, TelemetryPacket
from fsw.packets.cuc import Cuc
from fsw.packets.pus import Telemetry
from fsw.store.archive import GROUP_NS, OVERLAP, OWN, PACKETS_A_STEP, RETRY_NS, STORES, ArchiveService, StoreSize
from hal.clock import SECOND_NS
from tests.fsw.failing_disk import FAILURES, FailingDisk

SIZES = tuple(StoreSize(name=name, segment_bytes=1024, segments=3) for name in ("events", "results", "housekeeping"))
EPOCH_NS = 2_173_824_037 * SECOND_NS
EVER_NS = 1 << 62


def tai_ns(number: int) -> int:
    """On-board time of the packet `number`, as a packet holds it."""
    return Cuc.from_ns(EPOCH_NS + number * SECOND_NS).to_ns()


def packet(number: int) -> bytes:
    time = Cuc.from_ns(EPOCH_NS + number * SECOND_NS)
    return Telemetry(apid=0x42, sequence=number, service=5, subtype=1, time=time).pack()


class Run:
    """One life of the archive on a disk that outlives it."""

    def __init__(self, disk: FailingDisk, sizes: tuple[StoreSize, ...] = SIZES, depth: int = 1000) -> None:
        self.disk, self.bus = disk, MemoryBus()
        self.archive = ArchiveService(self.bus, disk, sizes)
        self._retrieved = self.bus.subscribe(RETRIEVED, "test", Policy.MUST_DELIVER, depth)
        self._reports = self.bus.subscribe(REPORT, "test")
        self._answers = self.bus.subscribe(COMMAND_REPORT, "test")
        self._events = self.bus.subscribe(EVENT, "test")
        self.now_ns = 0
        self.step()

    def step(self, seconds: float = 1.0) -> None:
        self.now_ns += int(seconds * SECOND_NS)
        self.archive.step(self.now_ns)

    def store(self, numbers: range, store: str = "events") -> None:
        for number in numbers:
            self.bus.publish(PACKET, TelemetryPacket(time_ns=0, store=store, octets=packet(number)))
        self.step()

    def hear(self, in_contact: bool = True, until_ns: int = EVER_NS) -> None:
        self.bus.publish(CONTACT, Contact(time_ns=self.now_ns, in_contact=in_contact, until_ns=until_ns))

    def order(self, name: str, *arguments: str | int) -> str:
        """Carry out a command as it comes from the ground; "" or the label of its failure."""
        values = decode_arguments(name, encode_arguments(name, arguments))
        self.bus.publish(COMMAND, Command(time_ns=0, name=name, arguments=values, request=7, ack=15, source=0))
        self.step()
        started, completed = self._answers.drain()
        assert (started.stage, started.code, completed.stage) == (Stage.STARTED, 0, Stage.COMPLETED)
        return FAILURE_BY_CODE[completed.code].label if completed.code else ""

    def reports(self) -> list[tuple[str, tuple[object, ...]]]:
        reports = self._reports.drain()
        assert all(encode_report(report.name, report.values) for report in reports)
        return [(report.name, report.values) for report in reports]

    def retrieved(self) -> list[int]:
        return [Telemetry.unpack(item.octets).sequence for item in self._retrieved.drain()]

    def events(self) -> list[str]:
        return [event.name for event in self._events.drain()]


def test_packets_are_written_in_groups_and_survive_the_power() -> None:
    disk = FailingDisk()
    run = Run(disk)
    run.store(range(3))
    assert run.archive.counts()["waiting"] == 3
    run.step(GROUP_NS / SECOND_NS)
    assert run.archive.counts()["waiting"] == 0
    disk.power_cut()
    again = Run(disk)
    again.hear()
    again.order("retrieve_range", "events", tai_ns(1), tai_ns(9))
    assert again.retrieved() == [1, 2]


def test_an_announced_cut_and_an_orderly_end_leave_nothing_in_memory() -> None:
    disk = FailingDisk()
    run = Run(disk)
    power_off_ns = run.now_ns + 2 * SECOND_NS
    run.bus.publish(HOST, HostStatus(time_ns=0, heartbeat_ns=0, power_off_ns=power_off_ns))
    run.store(range(2))
    assert run.archive.counts()["waiting"] == 0
    disk.power_cut()
    run = Run(disk)
    run.bus.publish(PACKET, TelemetryPacket(time_ns=0, store="events", octets=packet(2)))
    run.archive.close(run.now_ns)
    again = Run(disk)
    again.hear()
    again.order("retrieve_range", "events", 0, tai_ns(9))
    assert again.retrieved() == [0, 1, 2]


def test_open_retrieval_goes_on_where_the_ground_was() -> None:
    disk = FailingDisk()
    run = Run(disk)
    run.store(range(5))
    run.order("resume_open_retrieval", "events")
    assert run.retrieved() == []  # nobody hears us
    run.hear()
    run.step()
    assert run.retrieved() == [0, 1, 2, 3, 4]
    run.store(range(5, 7))
    assert run.retrieved() == [5, 6]
    run.hear(in_contact=False)
    run.store(range(7, 9))
    run.step(GROUP_NS / SECOND_NS)
    assert run.retrieved() == []
    run.hear()
    run.step()
    assert run.retrieved() == [7, 8]
    run.order("suspend_open_retrieval", "events")
    run.store(range(9, 10))
    assert run.retrieved() == []


@pytest.mark.parametrize("what_went", ["power", "comms"])
def test_what_may_have_waited_in_comms_is_retrieved_once_more(what_went: str) -> None:
    disk = FailingDisk()
    run = Run(disk, STORES)
    run.hear()
    run.order("resume_open_retrieval", "events")
    run.store(range(1000))
    for _ in range(4):
        run.step()
    run.step(GROUP_NS / SECOND_NS)
    assert run.retrieved() == list(range(1000))
    if what_went == "power":
        disk.power_cut()
        run = Run(disk, STORES)
        run.hear()
    else:
        values = (what_went, 1, "killed by SIGKILL")
        run.bus.publish(EVENT, Event(time_ns=0, name="service_restarted", values=values))
    run.step()
    assert run.retrieved() == list(range(1000 - OVERLAP, 1000))


def test_retrieval_ends_with_the_contact() -> None:
    run = Run(FailingDisk(), depth=2)
    run.store(range(9))
    run.hear(until_ns=run.now_ns + int(2.5 * SECOND_NS))
    run.order("resume_open_retrieval", "events")
    assert run.retrieved() == [0, 1]
    run.step()
    assert run.retrieved() == [2, 3]
    run.step()
    assert run.retrieved() == []


def test_the_bus_sets_the_pace_and_no_step_does_more_than_its_share() -> None:
    run = Run(FailingDisk(), STORES, depth=10_000)
    run.store(range(1000))
    run.hear()
    run.order("retrieve_range", "events", 0, tai_ns(2000))
    assert run.retrieved() == list(range(PACKETS_A_STEP))
    assert run.archive.is_retrieving
    for _ in range(4):
        run.step()
    assert run.retrieved() == list(range(PACKETS_A_STEP, 1000))
    assert run.events() == ["retrieval_ended"]
    run.step()
    assert not run.archive.is_retrieving
    assert run.archive.counts()["retrieved"] == 1000


def test_one_retrieval_by_range_at_a_time_and_it_can_be_aborted() -> None:
    run = Run(FailingDisk())
    run.store(range(5))
    assert run.order("retrieve_range", "events", 0, tai_ns(9)) == ""
    assert run.order("retrieve_range", "events", 0, tai_ns(9)) == "busy"
    assert run.order("retrieve_range", "results", 0, tai_ns(9)) == ""
    assert run.order("abort_retrieval", "events") == ""
    run.hear()
    run.step()
    assert run.retrieved() == []


def test_a_store_is_emptied_up_to_a_time_and_says_what_it_holds() -> None:
    run = Run(FailingDisk())
    run.store(range(8))
    run.order("delete_stored", "events", tai_ns(2))
    run.order("set_open_retrieval", "events", tai_ns(5))
    run.order("summarise_store", "events")
    octets = 5 * len(packet(0))
    assert run.reports() == [("store_summary", ("events", tai_ns(3), tai_ns(7), tai_ns(5), 5, octets, 0))]


def test_the_state_of_every_store_is_told_and_kept() -> None:
    disk = FailingDisk()
    run = Run(disk)
    run.hear()
    run.order("disable_storage", "results")
    run.order("resume_open_retrieval", "events")
    disk.power_cut()
    run = Run(disk)
    run.hear()
    run.step()
    run.order("retrieve_range", "housekeeping", 0, tai_ns(0))
    run.hear(in_contact=False)
    run.order("report_stores")
    assert run.reports() == [
        ("store_status", ("events", "on", "suspended", "idle")),
        ("store_status", ("results", "off", "suspended", "idle")),
        ("store_status", ("housekeeping", "on", "suspended", "idle")),
    ]
    run.store(range(3), "results")
    assert run.archive.counts()["waiting"] == 0


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failing_disk_stops_nothing_and_is_tried_again(failure: str) -> None:
    disk = FailingDisk()
    run = Run(disk)
    run.store(range(3))
    run.step(GROUP_NS / SECOND_NS)
    disk.failure = failure
    run.store(range(3, 6))
    run.step(GROUP_NS / SECOND_NS)
    run.step()
    assert run.events() == ["store_degraded"]
    assert (run.archive.counts()["waiting"], run.archive.counts()["degraded"]) == (3, 1)
    assert run.order("enable_storage", "events") == ""
    run.hear()
    assert run.order("retrieve_range", "events", tai_ns(3), tai_ns(9)) == ""
    assert run.retrieved() == [3, 4, 5]
    disk.failure = ""
    run.step(RETRY_NS / SECOND_NS)
    assert run.events() == ["retrieval_ended", "store_back"]
    disk.power_cut()
    again = Run(disk)
    again.hear()
    again.order("retrieve_range", "events", 0, tai_ns(9))
    assert again.retrieved() == list(range(6))


def test_a_disk_that_goes_on_failing_is_asked_less_and_less_often() -> None:
    disk = FailingDisk()
    run = Run(disk)
    disk.failure = "I/O error"
    run.store(range(3))
    refused = []
    for _ in range(20):
        disk.refused = 0
        for _ in range(30):
            run.step()
        refused.append(disk.refused)
    assert sum(refused[:4]) > 0
    assert sum(refused) < 10
    assert run.archive.counts()["waiting"] == 3


def test_a_stall_of_two_seconds_loses_nothing() -> None:
    run = Run(FailingDisk(), STORES)
    run.store(range(900))  # one step takes what came while the disk held the one before it up
    run.step(GROUP_NS / SECOND_NS)
    assert (run.archive.counts()["stored"], run.archive.counts()["waiting"]) == (900, 0)
    assert all(count.dropped == 0 for count in run.bus.counts() if count.subscriber == "archive")


@pytest.mark.parametrize("failure", ["", *FAILURES])
@pytest.mark.parametrize("name", sorted(OWN))
def test_every_command_is_answered_on_any_disk(name: str, failure: str) -> None:
    disk = FailingDisk()
    run = Run(disk)
    run.store(range(100))
    run.step(GROUP_NS / SECOND_NS)
    disk.failure = failure
    times = len(COMMAND_BY_NAME[name].fields) - 1
    for store in STORE_NAMES:
        arguments = (store, tai_ns(50), tai_ns(40))[: times + 1]
        assert run.order(name, *arguments) in (("", "store_degraded") if failure else ("",))


def test_what_has_no_store_is_counted() -> None:
    run = Run(FailingDisk())
    run.bus.publish(PACKET, TelemetryPacket(time_ns=0, store="nowhere", octets=packet(0)))
    run.bus.publish(PACKET, TelemetryPacket(time_ns=0, store="events", octets=b"no time in it"))
    run.step()
    assert (run.archive.counts()["lost"], run.archive.counts()["waiting"]) == (1, 1)


def test_stores_and_events_are_those_of_the_dictionary() -> None:
    assert {size.name for size in STORES} == set(STORE_NAMES)
    assert "retrieval_ended" in EVENT_BY_NAME


def test_two_equal_runs_leave_equal_disks() -> None:
    disks = []
    for _ in range(2):
        run = Run(FailingDisk())
        run.hear()
        run.order("resume_open_retrieval", "events")
        for number in range(0, 200, 4):
            run.store(range(number, number + 4))
        run.archive.close(run.now_ns)
        disks.append([run.disk.read_file(f"packets/events-v1/{index:02d}") for index in range(3)])
    assert disks[0] == disks[1]
