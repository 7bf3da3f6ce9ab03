"""Processes of the flight: the table fits the services, the shell survives what they do, the command line says why."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fsw.bus.account import AccountService
from fsw.bus.contract import Policy
from fsw.bus.inbox import Inbox
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import EVENT, PLANT, TOPICS, Topic
from fsw.bus.wiring import wire
from fsw.bus.zmq import ZmqBus
from fsw.compose import SERVICES, Parts, compose
from fsw.guard.service import GuardService
from fsw.infer.paced import PacedCompute
from fsw.infer.shelf import Shelf, ShelfState
from fsw.infer.slots import Slots
from fsw.link.plain import PlainLink
from fsw.main import FAILURE, SUCCESS, USAGE, main
from fsw.messages import Event, Plant
from fsw.mission import load_mission
from fsw.packets.security.keyring import PACKETS, new_ring, write_ring
from fsw.processes import KEEPERS, PROCESSES, SUPERVISOR, WAKES, wiring, written_by
from fsw.setting import Setting
from fsw.shell import FAILURES_IN_A_ROW, FETCHED_MOST, FetchingHostBus, FetchingLink, ProcessFailed, Shell, topic_wake
from fsw.store.state import NamedState
from fsw.supervise.notify import Notifier
from hal.board import Board
from hal.clock import SECOND_NS, MonotonicClock, OnboardTime, SteppedClock
from hal.ports.files import MemoryFiles
from hal.ports.host import MemoryHostBus, Safing
from hal.ports.intake import MemoryIntake
from hal.ports.link import UdpLink, memory_pair
from hal.ports.memory_disk import MemoryDisk

ROOT = Path(__file__).resolve().parents[2]
MISSION = load_mission("owned.toml")
TIME = OnboardTime(tai_at_zero_ns=0)


class KeepersOf(MemoryBus):
    """Notes which topics a process must have delivered."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[str] = []

    def subscribe(
        self, topic: Topic[Any], subscriber: str, policy: Policy = Policy.DROP_OLDEST, depth: int = 64
    ) -> Inbox[Any]:
        self.kept += [topic.name] if policy is Policy.MUST_DELIVER else []
        return super().subscribe(topic, subscriber, policy, depth)


def parts(bus: MemoryBus) -> Parts:
    """Everything that any service may want, in memory."""
    board = Board(name="none", sensors=(), switches={}, caps={}, watchdogs={}, channels={})
    return Parts(
        bus=bus, mission=MISSION, time=TIME, board=board, host_bus=MemoryHostBus(),
        compute=PacedCompute(None, MemoryFiles({}), SteppedClock()), intake=MemoryIntake(lambda ref: None),  # type: ignore[arg-type, return-value]
        link=PlainLink(memory_pair()[0]), disk=MemoryDisk(), folder=ROOT / "build" / "test-main",
        shelf=Shelf(Slots(MemoryDisk(), ROOT), NamedState(MemoryDisk(), "shelf", ShelfState())),
    )  # fmt: skip


def test_every_service_lives_in_one_process_and_every_process_accounts_for_itself() -> None:
    placed = [name for process in PROCESSES for name in process.services if name != "account"]
    assert sorted([*placed, "account"]) == sorted(SERVICES)
    assert all("account" in process.services for process in PROCESSES)


def test_the_table_of_keepers_is_what_the_services_subscribe_to() -> None:
    kept: dict[str, tuple[str, ...]] = {}
    for process in PROCESSES:
        bus = KeepersOf()
        compose(parts(bus), process.services)
        for topic in dict.fromkeys(bus.kept):
            kept[topic] = (*kept.get(topic, ()), process.name)
    assert {topic: set(names) for topic, names in kept.items()} == {t: set(names) for t, names in KEEPERS.items()}


def test_every_topic_has_its_writer_in_one_process() -> None:
    for topic in TOPICS:
        writers = wiring().writers[topic.name]
        assert len(writers) == (len(PROCESSES) + 1 if topic.writer == "any" else 1), topic.name
    assert "envelope" in written_by("guard") and "envelope" not in written_by("control")
    assert "event" in written_by(SUPERVISOR)


def test_waking_topics_are_those_of_the_table() -> None:
    assert {name for topics in WAKES.values() for name in topics} <= {topic.name for topic in TOPICS}


class Stepped:
    """A service that counts its steps and does what it is told."""

    def __init__(self, period_s: float = 1.0, act: Callable[[], None] = lambda: None) -> None:
        self.name, self.period_ns, self.steps, self._act = "stepped", int(period_s * SECOND_NS), 0, act

    def step(self, now_ns: int) -> None:
        self.steps += 1
        self._act()


class Bench:
    """A shell on a bus of one process and a clock moved by hand."""

    def __init__(self, folder: Path) -> None:
        everything = {"one": tuple({topic.writer for topic in TOPICS})}
        self.clock = SteppedClock()
        self.bus = ZmqBus("one", folder, wire(everything, {}))
        self.events = self.bus.subscribe(EVENT, "test")
        self.notifier = Notifier(None)

    def shell(self, service: Stepped, **more: object) -> Shell:
        return Shell(self.bus, [service], self.clock, self.notifier, speed=1000.0, **more)  # type: ignore[arg-type]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.bus.close()
    bench.notifier.close()


def fail() -> None:
    raise ZeroDivisionError("of all things")


def test_a_service_steps_when_its_period_is_over(bench: Bench) -> None:
    service = Stepped()
    shell = bench.shell(service)
    for second in (0.0, 0.5, 0.9, 1.0, 1.5, 2.1):
        bench.clock.advance_to_ns(int(second * SECOND_NS))
        shell.turn()
    assert service.steps == 3


def test_a_message_on_a_waking_topic_steps_a_service_at_once(bench: Bench) -> None:
    service = Stepped(period_s=1000.0)
    shell = bench.shell(service, wakes={"stepped": [topic_wake(bench.bus, "stepped", ["event"])]})
    shell.turn()
    bench.bus.publish(EVENT, Event(time_ns=0, name="started", values=("x",)))
    shell.turn()
    shell.turn()
    assert service.steps == 2


def test_a_step_that_raises_is_told_and_counted_and_the_process_goes_on(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Stepped(period_s=0.0, act=fail)
    shell = bench.shell(service)
    shell.turn()
    shell.turn()
    told = [(event.name, event.values) for event in bench.events.drain()]
    assert told == [("step_failed", ("stepped", "ZeroDivisionError: of all things"))] * 2
    assert shell.counts() == {"stepped": 2}
    assert capsys.readouterr().err.count("Traceback") == 1  # the first of them only: a log is bounded


def test_a_service_that_fails_at_every_step_ends_its_process(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    shell = bench.shell(Stepped(period_s=0.0, act=fail))
    for _ in range(FAILURES_IN_A_ROW - 1):
        shell.turn()
    with pytest.raises(ProcessFailed, match="stepped: ZeroDivisionError"):
        shell.turn()
    capsys.readouterr()


def test_beats_are_called_at_every_pass_until_the_end(bench: Bench) -> None:
    beats: list[int] = []
    shell = bench.shell(Stepped(), beats=[beats.append])
    shell.run(lambda: len(beats) < 3)
    assert beats == [0, 0, 0]


def test_a_link_says_what_waits_and_loses_nothing_over_its_bound() -> None:
    ours, theirs = memory_pair(1000)
    link = FetchingLink(ours)
    assert not link.fetch()
    for number in range(FETCHED_MOST + 5):
        theirs.send(bytes([number]))
    assert link.fetch()
    received = [link.receive() for _ in range(FETCHED_MOST + 5)]
    assert received == [bytes([number]) for number in range(FETCHED_MOST + 5)]
    assert link.receive() is None and not link.fetch()


class CountingLease:
    """Counts what the guard does with it."""

    def __init__(self) -> None:
        self.renewals = self.revocations = 0

    def renew(self) -> None:
        self.renewals += 1

    def revoke(self) -> None:
        self.revocations += 1


GOOD_PLANT = Plant(
    time_ns=0, soc=0.9, worst_soc=0.895, energy_above_floor_j=70e3, worst_energy_above_floor_j=69e3,
    battery_power_w=0.0, worst_battery_temp_c=20.0, array_power_w=70.0, bus_power_w=21.0, worst_bus_power_w=21.0,
    payload_power_w=6.0, worst_payload_power_w=6.0, payload_temp_c=25.0, worst_payload_temp_c=25.0,
    radiator_temp_c=24.0, dose_rate_ugy_s=0.0, upsets=0,
)  # fmt: skip


def test_the_lease_is_renewed_between_steps_only_while_a_fresh_word_lets_it() -> None:
    bus, lease = MemoryBus(), CountingLease()
    guard = GuardService(bus, MISSION, OnboardTime(tai_at_zero_ns=MISSION.epoch_tai_ns()), lease=lease)
    void_ns = int(MISSION.guard.envelope_s * SECOND_NS)
    bus.publish(PLANT, GOOD_PLANT)
    guard.step(0)
    guard.beat(1)
    assert lease.renewals == 0, "what ran under a predecessor is stopped first"
    guard.step(void_ns)
    guard.beat(void_ns + 1)
    guard.beat(2 * void_ns)
    assert lease.renewals == 3
    guard.beat(2 * void_ns + 1)
    assert lease.renewals == 3, "the word is void"


def test_every_closed_word_takes_the_lease_back_whatever_runs() -> None:
    bus, lease = MemoryBus(), CountingLease()
    guard = GuardService(bus, MISSION, OnboardTime(tai_at_zero_ns=MISSION.epoch_tai_ns()), lease=lease)
    guard.step(0)
    assert (lease.renewals, lease.revocations) == (0, 1), "no plant, and no order that a trip would be for"


def test_what_the_host_says_waits_for_whoever_asks() -> None:
    port = MemoryHostBus()
    fetching = FetchingHostBus(port)
    assert not fetching.fetch()
    port.tell(Safing(on=True))
    assert fetching.fetch() and fetching.fetch()
    port.tell(Safing(on=False))
    assert fetching.receive() + fetching.receive() == (Safing(on=True), Safing(on=False))
    assert not fetching.fetch()


def test_the_bus_waits_no_longer_than_until_a_watched_socket_is_readable(tmp_path: Path) -> None:
    clock, bus = MonotonicClock(), ZmqBus("guard", tmp_path, wiring())
    link = UdpLink(("127.0.0.1", 0), None)
    try:
        bus.watch(link.fileno())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
            host.sendto(b"safing", link.local)
        end_ns = clock.now_ns() + 30 * SECOND_NS
        bus.poll(60_000)
        assert clock.now_ns() < end_ns
        assert link.receive() == b"safing"
    finally:
        link.close()
        bus.close()


def test_a_setting_survives_its_own_command_line(tmp_path: Path) -> None:
    from argparse import ArgumentParser

    from fsw.setting import add_options, setting_of

    setting = Setting(
        mission="hosted.toml", run_folder=tmp_path, overrides=tmp_path / "o.json", ports="ipc:///x", clock_start_ns=7,
        speed=2.5, compute="paced", execute=False, host_link=True,
    )  # fmt: skip
    parser = ArgumentParser()
    add_options(parser)
    assert setting_of(parser.parse_args(setting.arguments())) == setting


def test_overrides_may_be_toml_or_json_and_must_be_a_table(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text(json.dumps({"limits": {"payload_temp_c": 40.0}}))
    (tmp_path / "o.toml").write_text("[limits]\npayload_temp_c = 41.0\n")
    loaded = [
        Setting(mission="owned.toml", run_folder=tmp_path, overrides=tmp_path / name).load_mission()
        for name in ("o.json", "o.toml")
    ]
    assert [mission.limits.payload_temp_c for mission in loaded] == [40.0, 41.0]


@pytest.mark.parametrize("content", ["[1]", "{", None])
def test_bad_overrides_are_one_line_and_a_usage_error(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "o.json").write_text(content)
    argv = ["run", "plan", "--mission", "owned.toml", "--run-folder", str(tmp_path), "--overrides"]
    assert main([*argv, str(tmp_path / "o.json")], bool) == USAGE
    assert capsys.readouterr().err.startswith("fsw: o.json: ")


def test_an_unknown_mission_is_one_line_and_a_guest_needs_no_bench(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--run-folder", str(tmp_path)]
    assert main(["run", "plan", "--mission", "nowhere.toml", *common], bool) == USAGE
    assert main(["run", "guard", "--mission", "hosted.toml", *common], bool) == SUCCESS  # its host bus is UDP then
    assert (
        main(["run", "infer", "--mission", "owned.toml", "--no-execute", *common], bool) == FAILURE
    )  # nothing to pace by
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert list((tmp_path / "run").glob("*.pub")) == []


def test_a_flight_without_the_keys_that_its_mission_wants_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--mission", "owned.toml", "--run-folder", str(tmp_path)]
    for verb in (["supervise"], ["run", "comms"], ["launch"]):
        assert main([*verb, *common], bool) == USAGE
    told = capsys.readouterr().err.splitlines()
    assert [line.startswith("fsw: owned.toml: link.profile: packets+mac needs keys") for line in told] == [True] * 3


def test_the_counters_of_new_keys_are_begun_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_ring(tmp_path / "keys", PACKETS, new_ring(PACKETS, os.urandom))
    common = ["--mission", "owned.toml", "--run-folder", str(tmp_path)]
    assert main(["launch", *common], bool) == SUCCESS
    assert main(["launch", *common], bool) == FAILURE
    assert "have begun already" in capsys.readouterr().err


def test_nobody_looks_into_the_memory_of_who_holds_keys() -> None:
    script = (
        "import ctypes, resource; from fsw.link.secrecy import keep_memory_to_ourselves; keep_memory_to_ourselves(); "
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))"  # PR_GET_DUMPABLE
    )
    shown = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "0 (0, 0)"


def test_no_process_but_comms_brings_the_ciphers() -> None:
    script = "import sys, fsw.main, fsw.compose; print('cryptography' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"


def test_flight_processes_need_no_simulator_and_the_guard_no_solver() -> None:
    script = (
        "import sys, fsw.main; "
        "bad = {'sim', 'tools', 'highspy', 'onnxruntime', 'sqlite3', 'matplotlib', 'rich', 'click'}; "
        "print(sorted(bad & {name.partition('.')[0] for name in sys.modules}))"
    )
    shown = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_account_of_a_process_bears_its_name(bench: Bench) -> None:
    assert isinstance(compose(parts(MemoryBus()), ("account",))[0], AccountService)
