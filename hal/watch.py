"""A board live in the terminal: each channel with its last value and a line of the values before."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from hal.reading import Channel, Reading, Sample

HISTORY = 40  # values kept a channel: a line that still fits beside name and value on 120 columns
BARS = "▁▂▃▄▅▆▇█"
GAP = "·"  # where there was no value
CLEAR = "\x1b[H\x1b[J"  # cursor home, erase to the end: the frame before disappears without a flicker
NAME_WIDTH = 34


class Watch:
    """Takes samples in and gives frames of text."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels
        self._history: dict[str, deque[float | None]] = {name: deque(maxlen=HISTORY) for name in channels}
        self._last: dict[str, Sample] = {}

    def take(self, samples: Iterable[Sample]) -> None:
        for sample in samples:
            self._last[sample.channel] = sample
            self._history[sample.channel].append(sample.value if isinstance(sample, Reading) else None)

    def frame(self) -> str:
        """A line a channel: name, value or reason, unit, and the history between its own least and most."""
        return "\n".join(self._line(name) for name in self._last) + "\n"

    def _line(self, name: str) -> str:
        sample = self._last[name]
        told = f"{sample.value:.6g}" if isinstance(sample, Reading) else sample.reason.name
        return f"{name:{NAME_WIDTH}} {told:>12} {self._channels[name].unit:7} {spark(self._history[name])}"


def spark(values: Iterable[float | None]) -> str:
    """A line of bars between the least and the most of `values`; level values stand at the bottom."""
    row = list(values)
    known = [value for value in row if value is not None]
    low, span = (min(known), max(known) - min(known)) if known else (0.0, 0.0)
    top = len(BARS) - 1
    return "".join(GAP if v is None else BARS[round(top * (v - low) / span) if span > 0.0 else 0] for v in row)
