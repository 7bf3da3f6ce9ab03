"""The port on which a board's own samples stand: what other sensors of the same board last gave.

`open_board` puts a `Noting` around each sensor of a board that has such a port. A driver on it reads no hardware.
"""

from __future__ import annotations

from hal.contract import Sensor
from hal.reading import Channel, Sample


class Samples:
    """The last sample of each channel that was read."""

    def __init__(self) -> None:
        self._last: dict[str, Sample] = {}

    def last(self, channel: str) -> Sample | None:
        """None while the channel was never read."""
        return self._last.get(channel)

    def take(self, samples: tuple[Sample, ...]) -> None:
        for sample in samples:
            self._last[sample.channel] = sample

    def close(self) -> None:
        """Nothing is held."""


class Noting:
    """A `hal.contract.Sensor` whose samples are kept in `samples`."""

    def __init__(self, sensor: Sensor, samples: Samples) -> None:
        self._sensor = sensor
        self._samples = samples

    @property
    def channels(self) -> tuple[Channel, ...]:
        return self._sensor.channels

    def read(self) -> tuple[Sample, ...]:
        samples = self._sensor.read()
        self._samples.take(samples)
        return samples
