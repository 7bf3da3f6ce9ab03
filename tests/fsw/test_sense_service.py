"""What sensing publishes: samples as read, a plant with the worst beside it, and news of channels."""

from __future__ import annotations

import math

import pytest

from fsw.bus.memory import MemoryBus
from fsw.bus.topics import EVENT, HEARTBEAT, PLANT, SAMPLES
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.messages import Event, Plant, SampleBatch
from fsw.mission import load_mission
from fsw.sense.channels import ChannelTrack
from fsw.sense.plant import PlantEstimator
from fsw.sense.service import SenseService
from hal.board import BOARDS, load_board
from hal.clock import SECOND_NS, SteppedClock
from hal.reading import Channel, Missing, Reading, Reason, Sample

MISSION, HOSTED = load_mission("owned.toml"), load_mission("hosted.toml")
VALUES = {
    "battery_voltage_v": 16.0, "battery_current_a": 1.0, "battery_power_w": 16.0, "battery_temp_c": 20.0,
    "array_power_w": 0.0, "bus_power_w": 21.0, "payload_power_w": 6.0, "payload_temp_c": 25.0,
    "radiator_temp_c": 24.0, "dose_rate_ugy_s": 0.1, "corrected_errors": 3.0, "uncorrected_errors": 1.0,
}  # fmt: skip


class Bench:
    """A board whose devices read what the test sets: a value, or the reason for none."""

    def __init__(self, board: str) -> None:
        self.clock = SteppedClock()
        self.values: dict[str, float | Reason] = dict(VALUES)
        devices = load_board(BOARDS / board).devices
        self.sensors = [BenchSensor(self, tuple(device.channels.values())) for device in devices]


class BenchSensor:
    """One device of the bench; its readings carry a little noise, as real ones do."""

    def __init__(self, bench: Bench, channels: tuple[Channel, ...]) -> None:
        self._bench, self._channels = bench, channels
        self.reads = 0
        self.is_noisy = True

    @property
    def channels(self) -> tuple[Channel, ...]:
        return self._channels

    def read(self) -> tuple[Sample, ...]:
        self.reads += 1
        return tuple(self._sample(channel) for channel in self._channels)

    def _sample(self, channel: Channel) -> Sample:
        now_ns, value = self._bench.clock.now_ns(), self._bench.values.get(channel.name, 0.0)
        if isinstance(value, Reason):
            return Missing(channel=channel.name, time_ns=now_ns, reason=value)
        noise = 0.01 * (self.reads % 2) if channel.unit == "degC" and self.is_noisy else 0.0
        return Reading(channel=channel.name, time_ns=now_ns, value=value + noise)


class Flight:
    """The service on a bench, a second a step."""

    def __init__(self, board: str = "satellite.toml") -> None:
        self.bench, self.bus = Bench(board), MemoryBus()
        mission = MISSION if board == "satellite.toml" else HOSTED
        self._plants = self.bus.subscribe(PLANT, "test", depth=4096)
        self._batches = self.bus.subscribe(SAMPLES, "test", depth=4096)
        self._events = self.bus.subscribe(EVENT, "test", depth=4096)
        self.service = SenseService(self.bus, self.bench.sensors, mission)
        self._second = 0

    def fly(self, seconds: int) -> Plant:
        """The plant after so many steps."""
        for _ in range(seconds):
            self.bench.clock.advance_to_ns(self._second * SECOND_NS)
            self.service.step(self._second * SECOND_NS)
            self._second += 1
        return self._plants.drain()[-1]

    def set(self, **values: float | Reason) -> None:
        self.bench.values.update(values)

    def batches(self) -> list[SampleBatch]:
        return self._batches.drain()

    def events(self) -> list[Event]:
        events = self._events.drain()
        for event in events:
            assert len(event.values) == len(EVENT_BY_NAME[event.name].fields)
        return events


@pytest.fixture
def flight() -> Flight:
    return Flight()


def test_a_count_of_joules_is_part_of_the_plant_where_the_board_has_one() -> None:
    counter = Channel(name="payload_energy_j", unit="J", low=0.0, high=1e9)
    track = ChannelTrack(counter)
    estimator = PlantEstimator(HOSTED, {counter.name: track})
    assert estimator.estimate(0).payload_energy_j is None
    track.accept(Reading(channel=counter.name, time_ns=0, value=123.5))
    assert estimator.estimate(SECOND_NS).payload_energy_j == 123.5
    assert estimator.estimate(9 * SECOND_NS).payload_energy_j is None


def test_a_healthy_board_gives_a_plant_that_is_what_it_reads(flight: Flight) -> None:
    plant = flight.fly(5)
    assert plant.stale == ()
    assert (plant.bus_power_w, plant.worst_bus_power_w) == (21.0, 21.0)
    assert (plant.payload_power_w, plant.array_power_w, plant.upsets) == (6.0, 0.0, 4)
    assert plant.worst_payload_temp_c == plant.payload_temp_c
    assert flight.events() == []


def test_the_worst_charge_is_below_the_estimate_and_so_is_its_energy(flight: Flight) -> None:
    plant = flight.fly(5)
    assert plant.soc is not None and plant.worst_soc is not None
    assert 0.8 < plant.worst_soc < plant.soc < 1.0
    assert plant.energy_above_floor_j is not None and plant.worst_energy_above_floor_j is not None
    assert 0.0 < plant.worst_energy_above_floor_j < plant.energy_above_floor_j


def test_every_sample_is_published_as_read_and_slow_channels_less_often(flight: Flight) -> None:
    flight.fly(21)
    samples = [sample.channel for batch in flight.batches() for sample in batch.samples]
    assert samples.count("payload_temp_c") == 21
    assert samples.count("dose_rate_ugy_s") == 3


def test_a_silent_thermometer_heats_up_in_the_plant_until_it_is_back(flight: Flight) -> None:
    flight.fly(3)
    flight.set(payload_temp_c=Reason.BUS)
    plant = flight.fly(200)
    assert plant.payload_temp_c is None
    assert plant.worst_payload_temp_c == pytest.approx(25.0 + 0.05 * 200, abs=0.2)
    assert "payload_temp_c" in plant.stale
    flight.set(payload_temp_c=26.0)
    plant = flight.fly(1)
    assert plant.worst_payload_temp_c == plant.payload_temp_c
    assert plant.stale == ()
    assert [(event.name, event.values) for event in flight.events()] == [
        ("channel_missing", ("payload_temp_c", "BUS")),
        ("channel_back", ("payload_temp_c",)),
    ]


def test_a_single_failed_read_is_bridged_by_the_last_value(flight: Flight) -> None:
    flight.fly(3)
    flight.set(bus_power_w=Reason.TIMEOUT)
    plant = flight.fly(1)
    assert (plant.bus_power_w, plant.stale) == (21.0, ())


def test_a_kernels_rounded_reading_that_stands_still_is_no_fault(flight: Flight) -> None:
    """Of the guarded thermometers the noise is known; of others a value may well stay the same for minutes."""
    for sensor in flight.bench.sensors:
        sensor.is_noisy = False
    flight.fly(120)
    stuck = {event.values[0] for event in flight.events() if event.name == "channel_missing"}
    assert stuck == {"payload_temp_c", "battery_temp_c"}


def test_an_implausible_leap_is_told_as_such(flight: Flight) -> None:
    flight.fly(3)
    flight.set(battery_temp_c=-20.0)
    flight.fly(2)
    assert ("channel_missing", ("battery_temp_c", "IMPLAUSIBLE")) in [
        (event.name, event.values) for event in flight.events()
    ]


def test_without_its_current_sensor_the_battery_is_taken_to_drain(flight: Flight) -> None:
    before = flight.fly(5).soc
    flight.set(battery_current_a=Reason.BUS, array_power_w=70.0)
    plant = flight.fly(300)
    assert before is not None and plant.soc is not None
    assert plant.soc < before - 0.01
    assert "battery_current_a" in plant.stale


def test_a_battery_that_was_never_read_has_no_charge_and_no_energy_figure(flight: Flight) -> None:
    flight.set(battery_voltage_v=Reason.ABSENT, battery_current_a=Reason.ABSENT)
    plant = flight.fly(3)
    assert (plant.soc, plant.worst_soc, plant.worst_energy_above_floor_j) == (None, None, None)
    assert {"battery_voltage_v", "battery_current_a"} <= set(plant.stale)


def test_a_dead_board_still_gives_a_plant_and_all_of_it_at_its_worst(flight: Flight) -> None:
    flight.set(**{name: Reason.BUS for sensor in flight.bench.sensors for name in (c.name for c in sensor.channels)})
    plant = flight.fly(5)
    assert plant.payload_temp_c is plant.bus_power_w is plant.payload_power_w is None
    assert plant.worst_payload_temp_c == 100.0
    assert plant.worst_bus_power_w == 260.0
    assert plant.worst_payload_power_w == 130.0
    assert len(plant.stale) == 6


def test_a_mission_without_the_channels_is_never_taken_for_healthy() -> None:
    plant = PlantEstimator(MISSION, {}).estimate(0)
    assert plant.worst_payload_temp_c == plant.worst_payload_power_w == math.inf
    assert {"payload_temp_c", "bus_power_w", "battery_voltage_v"} <= set(plant.stale)


def test_a_guest_has_no_battery_and_misses_none() -> None:
    plant = Flight("hosted.toml").fly(5)
    assert (plant.soc, plant.worst_battery_temp_c, plant.worst_bus_power_w) == (None, None, None)
    assert plant.stale == ()


def test_the_service_proves_that_it_lives(flight: Flight) -> None:
    beats = flight.bus.subscribe(HEARTBEAT, "test")
    flight.fly(21)
    assert [beat.steps for beat in beats.drain()] == [1, 11, 21]
