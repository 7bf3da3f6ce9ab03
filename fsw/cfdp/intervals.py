"""What was received, as a bounded number of disjoint intervals: the gaps are what a NAK asks for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator


class Intervals:
    """Sorted half-open intervals; touching ones are joined. At most `limit` of them are kept.

    >>> received = Intervals(limit=10)
    >>> [received.add(0, 4), received.add(8, 12), received.add(2, 9)]
    [4, 4, 4]
    >>> list(received), list(received.gaps(20))
    ([(0, 12)], [(12, 20)])
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._starts: list[int] = []
        self._ends: list[int] = []
        self.octets = 0

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self._starts, self._ends, strict=True))

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def end(self) -> int:
        """The octet after the last one there is."""
        return self._ends[-1] if self._ends else 0

    def has_room(self, start: int, end: int) -> bool:
        """False when [start, end) would be one interval too many."""
        touches = bisect_left(self._ends, start) < bisect_right(self._starts, end)
        return touches or len(self._starts) < self._limit

    def add(self, start: int, end: int) -> int:
        """Add [start, end); gives how many octets of it are new, 0 also where there is no room."""
        if start >= end or not self.has_room(start, end):
            return 0
        first, last = bisect_left(self._ends, start), bisect_right(self._starts, end)
        there = sum(self._ends[place] - self._starts[place] for place in range(first, last))
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]
        self.octets += end - start - there
        return end - start - there

    def take(self, octets: int) -> tuple[int, int] | None:
        """Remove and give the first interval, or its first `octets`; None when empty."""
        if not self._starts:
            return None
        start = self._starts[0]
        end = min(self._ends[0], start + octets)
        self.octets -= end - start
        if end == self._ends[0]:
            del self._starts[0], self._ends[0]
        else:
            self._starts[0] = end
        return start, end

    def gaps(self, size: int) -> Iterator[tuple[int, int]]:
        """What is missing of [0, size), in order."""
        position = 0
        for start, end in self:
            if start >= size:
                break
            if position < start:
                yield position, start
            position = end
        if position < size:
            yield position, size
