"""The bus between processes: bad frames, restarts of either end, mistakes in the wiring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fsw.bus.codec import encode
from fsw.bus.contract import Policy, Subscription
from fsw.bus.frames import Origin, Parcel
from fsw.bus.sockets import Sockets
from fsw.bus.topics import HEARTBEAT, JOB, MODE
from fsw.bus.wiring import Wiring, wire
from fsw.bus.zmq import ZmqBus
from fsw.messages import Heartbeat, Job
from hal.clock import SECOND_NS, SteppedClock

WIRING = Wiring(writers={"heartbeat": ("control",), "job": ("control",)}, keepers={"job": ("store",)})


def job(job_id: int) -> Job:
    return Job(job_id=job_id, kind="image", model="water", input_ref="", value=1.0, release_ns=0, deadline_ns=1)


class Bench:
    """Processes of a deployment, opened and killed one by one; a killed one says nothing to anybody."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SteppedClock()
        self.up: dict[str, ZmqBus] = {}

    def open(self, process: str) -> ZmqBus:
        self.clock.advance_to_ns(self.clock.now_ns() + 1)  # each start is a newer epoch
        self.up[process] = ZmqBus(process, self.folder, WIRING, self.clock)
        return self.up[process]

    def kill(self, process: str) -> None:
        self.up.pop(process).close()

    def poll_until(self, is_done: Callable[[], bool]) -> None:
        for _ in range(500):
            if is_done():
                return
            self.poll_once()
        raise AssertionError("nothing arrived")

    def poll_once(self) -> None:
        self.clock.advance_to_ns(self.clock.now_ns() + SECOND_NS)
        for bus in self.up.values():
            bus.poll(5)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for process in list(bench.up):
        bench.kill(process)
    assert list(tmp_path.iterdir()) == []


def test_a_keeper_that_starts_late_misses_nothing(bench: Bench) -> None:
    control = bench.open("control")
    control.publish(JOB, job(1))
    inbox = bench.open("store").subscribe(JOB, "store", Policy.MUST_DELIVER)
    bench.poll_until(lambda: inbox.take() == job(1))


def test_a_restarted_keeper_gets_what_its_predecessor_had_not_taken(bench: Bench) -> None:
    control = bench.open("control")
    inbox = bench.open("store").subscribe(JOB, "store", Policy.MUST_DELIVER)
    for job_id in range(3):
        control.publish(JOB, job(job_id))
    bench.poll_until(lambda: bench.up["store"].counts()[0].in_flight == 3)
    assert inbox.take() == job(0)
    bench.poll_until(lambda: control.counts()[0].in_flight == 2)
    bench.kill("store")
    inbox = bench.open("store").subscribe(JOB, "store", Policy.MUST_DELIVER)
    bench.poll_until(lambda: bench.up["store"].counts()[0].in_flight == 2)
    assert inbox.drain() == [job(1), job(2)]
    assert control.flush(0) is False
    bench.poll_until(lambda: control.flush(0))


def test_a_restarted_writer_is_heard_at_once(bench: Bench) -> None:
    inbox = bench.open("store").subscribe(JOB, "store", Policy.MUST_DELIVER)
    seen: list[Job] = []
    for start in range(2):
        control = bench.open("control")
        control.publish(JOB, job(start))
        bench.poll_until(lambda: seen.extend(inbox.drain()) or control.flush(0))  # noqa: B023
        bench.kill("control")
    assert seen == [job(0), job(1)]


def test_losses_while_a_writer_restarts_are_counted(bench: Bench) -> None:
    store = bench.open("store")
    inbox = store.subscribe(HEARTBEAT, "store")
    publish_until_heard(bench, inbox)
    bench.kill("control")
    before = store.counts()[0].sent
    published = publish_until_heard(bench, inbox)
    # The second writer's messages count from its first, also those sent before it was found again.
    bench.poll_until(lambda: store.counts()[0].sent - before == published)
    count = store.counts()[0]
    assert count.sent == count.delivered + count.dropped + count.in_flight


def publish_until_heard(bench: Bench, inbox: Subscription[Heartbeat]) -> int:
    """Starts a writer; returns how many it published."""
    control = bench.open("control")
    published = 0
    while inbox.take() is None:
        control.publish(HEARTBEAT, beat(published))
        published += 1
        bench.poll_once()
    return published


def beat(steps: int) -> Heartbeat:
    return Heartbeat(time_ns=0, service="govern", steps=steps)


ORIGIN = encode(Origin(process="control", epoch=1, sequence=0))


@pytest.mark.parametrize(
    "parts",
    [
        (b"heartbeat\0",),
        (b"heartbeat\0", b"\xc1", b""),
        (b"heartbeat\0", encode(Origin(process="nobody", epoch=1, sequence=0)), encode(beat(1))),
        (b"heartbeat\0", encode(Origin(process="control", epoch=1, sequence=-1)), encode(beat(1))),
        (b"heartbeat\0", ORIGIN, b"noise"),
        (b"heartbeat\0", ORIGIN, encode(job(1))),
        (b"\0", ORIGIN, b"noise"),
    ],
)
def test_a_malformed_published_frame_is_counted_and_flight_goes_on(bench: Bench, parts: tuple[bytes, ...]) -> None:
    inbox = bench.open("store").subscribe(HEARTBEAT, "store")
    stranger = Sockets("control", bench.folder, 16)
    bench.poll_until(lambda: stranger.publish(*parts) or bench.up["store"].malformed > 0)
    stranger.close()
    control = bench.open("control")
    bench.poll_until(lambda: control.publish(HEARTBEAT, beat(1)) or inbox.take() == beat(1))


@pytest.mark.parametrize(
    "parts",
    [
        (b"noise",),
        (b"noise", b""),
        (encode(Parcel(process="control", topic="mode", epoch=1, sequence=0)), encode(job(1))),
        (encode(Parcel(process="control", topic="job", epoch=1, sequence=0)), encode(beat(1))),
        (encode(Parcel(process="control", topic="job", epoch=1, sequence=0, oldest=-5)), encode(job(1))),
    ],
)
def test_a_malformed_pushed_frame_is_counted_and_flight_goes_on(bench: Bench, parts: tuple[bytes, ...]) -> None:
    inbox = bench.open("store").subscribe(JOB, "store", Policy.MUST_DELIVER)
    stranger = Sockets("stranger", bench.folder, 16)
    bench.poll_until(lambda: stranger.push("store", *parts))
    bench.poll_until(lambda: bench.up["store"].malformed == 1)
    stranger.close()
    control = bench.open("control")
    control.publish(JOB, job(2))
    bench.poll_until(lambda: inbox.take() == job(2))
    count = bench.up["store"].counts()[0]
    assert count.sent == count.delivered + count.dropped


def test_mistakes_in_the_wiring_are_refused(bench: Bench) -> None:
    store = bench.open("store")
    with pytest.raises(ValueError, match="does not write job"):
        store.publish(JOB, job(1))
    with pytest.raises(ValueError, match="does not deliver heartbeat"):
        store.subscribe(HEARTBEAT, "store", Policy.MUST_DELIVER)
    with pytest.raises(ValueError, match="107 octets"):
        ZmqBus("control", bench.folder / ("x" * 100), WIRING)


def test_the_wiring_follows_from_the_services_of_each_process() -> None:
    services = {"guard": ("sense", "guard"), "control": ("govern",)}
    wiring = wire(services, {"mode": ("guard",)})
    assert wiring.writers["plant"] == ("guard",)
    assert wiring.writers[MODE.name] == ("control",)
    assert wiring.writers["event"] == ("guard", "control")
    assert wiring.writers["result"] == ()
    assert wiring.keepers == {"mode": ("guard",)}


def test_services_of_one_process_meet_on_the_same_bus(bench: Bench) -> None:
    control = bench.open("control")
    inbox = control.subscribe(HEARTBEAT, "telemetry")
    control.publish(HEARTBEAT, beat(3))
    assert inbox.drain() == [beat(3)]
