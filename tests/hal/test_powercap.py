"""Energy that a processor counts: joules since the first look, across the wraps of its counter."""

from __future__ import annotations

import pytest

from hal.clock import SECOND_NS, SteppedClock
from hal.drivers.powercap import Powercap, PowercapOptions
from hal.errors import PortError
from hal.ports.files import MemoryFiles
from hal.reading import Channel, Reading, Reason

ZONE = "class/powercap/intel-rapl:0"
ENERGY = Channel(name="payload_energy_j", unit="J", low=0.0, high=1e12)


class _Counter:
    """`energy_uj`: shows one count after the other; None is a file that cannot be read."""

    def __init__(self, counts: list[int | None]) -> None:
        self._counts = iter(counts)

    def read(self) -> str:
        count = next(self._counts)
        if count is None:
            raise PortError(Reason.BUS, "not permitted")
        return f"{count}\n"

    def write(self, text: str) -> None:
        raise PortError(Reason.BUS, "read only")


def _seen(counts: list[int | None]) -> list[float | None]:
    """What the driver makes of a counter; None where it is missing."""
    clock, rows = SteppedClock(), []
    files = MemoryFiles({f"{ZONE}/max_energy_range_uj": "1000000000\n", f"{ZONE}/energy_uj": _Counter(counts)})
    driver = Powercap(files, clock, {"energy": ENERGY}, PowercapOptions())
    for _ in counts:
        clock.advance_to_ns(clock.now_ns() + SECOND_NS)
        (sample,) = driver.read()
        rows.append(sample.value if isinstance(sample, Reading) else None)
    return rows


def test_it_counts_joules_from_the_first_look() -> None:
    assert _seen([5_000_000, 5_000_000, 12_500_000]) == pytest.approx([0.0, 0.0, 7.5])


def test_it_goes_on_across_a_wrap_and_a_look_that_failed() -> None:
    rows = _seen([990_000_000, None, 15_000_000])
    assert rows[:2] == [0.0, None]
    assert rows[2] == pytest.approx(25.0)
