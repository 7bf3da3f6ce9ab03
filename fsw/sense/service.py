"""The sensing shell: reads what is due, publishes samples and the plant, says which channels came and went."""

from __future__ import annotations

from collections.abc import Sequence

from fsw.bus.contract import Bus
from fsw.bus.topics import EVENT, HEARTBEAT, PLANT, SAMPLES
from fsw.messages import Event, Heartbeat, SampleBatch
from fsw.mission import Mission
from fsw.sense.channels import ChannelTrack
from fsw.sense.plant import GUARDED, PlantEstimator
from hal.clock import SECOND_NS
from hal.contract import Sensor
from hal.reading import Missing, Reason, Sample

HEARTBEAT_STEPS = 10


class _Poll:
    """When a sensor is read next."""

    __slots__ = ("due_ns", "period_ns", "read")

    def __init__(self, sensor: Sensor) -> None:
        self.due_ns = 0
        self.period_ns = int(min(channel.period_s for channel in sensor.channels) * SECOND_NS)
        self.read = sensor.read


class SenseService:
    """Samples the board's sensors, each at its own period."""

    name = "sense"

    def __init__(self, bus: Bus, sensors: Sequence[Sensor], mission: Mission) -> None:
        self.period_ns = int(mission.control_period_s * SECOND_NS)
        self._bus = bus
        channels = [channel for sensor in sensors for channel in sensor.channels]
        self.tracks = {channel.name: ChannelTrack(channel, is_guarded=channel.name in GUARDED) for channel in channels}
        self._polls = [_Poll(sensor) for sensor in sensors if sensor.channels]
        self._estimator = PlantEstimator(mission, self.tracks)
        self._steps = 0

    def step(self, now_ns: int) -> None:
        """Read the sensors that are due and publish."""
        samples: list[Sample] = []
        for poll in self._polls:
            if now_ns >= poll.due_ns:
                poll.due_ns = now_ns + poll.period_ns
                samples += poll.read()
        for sample in samples:
            if self.tracks[sample.channel].accept(sample):
                self._report_change(now_ns, sample)
        self._bus.publish(SAMPLES, SampleBatch(time_ns=now_ns, samples=tuple(samples)))
        self._bus.publish(PLANT, self._estimator.estimate(now_ns))
        self._steps += 1
        if self._steps % HEARTBEAT_STEPS == 1:
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def _report_change(self, now_ns: int, sample: Sample) -> None:
        if self._steps == 0:  # a chip's first conversion is not ready yet: what is still missing next time is told
            self.tracks[sample.channel].missing = None
            return
        if self.tracks[sample.channel].missing:
            reason = sample.reason if isinstance(sample, Missing) else Reason.IMPLAUSIBLE
            event = Event(time_ns=now_ns, name="channel_missing", values=(sample.channel, reason.name))
        else:
            event = Event(time_ns=now_ns, name="channel_back", values=(sample.channel,))
        self._bus.publish(EVENT, event)
