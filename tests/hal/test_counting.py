"""Counts that grow: totals since the first look and rates between looks, across wraps, gaps and new beginnings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal import registry
from hal.clock import SECOND_NS, SteppedClock
from hal.errors import Denied, PortError
from hal.ports.files import FileNode, MemoryFiles
from hal.reading import Channel, Missing, Reading, Reason, Sample

ZONE = "class/powercap/intel-rapl:0"
RANGE_UJ = 1_000_000_000
STAT, PSI = "cpu.stat", "pressure/memory"


class Counter:
    """A file that shows one content after the other; an error among them is raised."""

    def __init__(self, contents: list[str | PortError]) -> None:
        self._contents = iter(contents)

    def read(self) -> str:
        content = next(self._contents)
        if isinstance(content, PortError):
            raise content
        return content

    def write(self, text: str) -> None:
        raise PortError(Reason.BUS, "read only")


def seen(driver: str, nodes: dict[str, str | FileNode], looks: int, **options: Any) -> list[tuple[Sample, ...]]:
    """What the driver makes of it, all roles, one read a second; its first look is taken when it is made."""
    cls, clock = registry.driver(driver), SteppedClock()
    channels = {role: Channel(name=role, unit="x", low=-1e-9, high=1e12) for role in cls.ROLES}
    made = cls(MemoryFiles(nodes), clock, channels, cls.Options(**options))
    rows = []
    for _ in range(looks):
        clock.advance_to_ns(clock.now_ns() + SECOND_NS)
        rows.append(made.read())
    return rows


def rapl(counts: list[str | PortError]) -> list[tuple[Sample, ...]]:
    """(energy, power) of each read after the first look."""
    files: dict[str, str | FileNode] = {
        f"{ZONE}/name": "package-0\n",
        f"{ZONE}/max_energy_range_uj": f"{RANGE_UJ}\n",
        f"{ZONE}/energy_uj": Counter(counts),
    }
    return seen("powercap", files, len(counts) - 1)


def value(sample: Sample) -> float:
    assert isinstance(sample, Reading), sample
    return sample.value


def reason(sample: Sample) -> Reason:
    assert isinstance(sample, Missing), sample
    return sample.reason


def test_joules_and_watts_are_counted_from_the_first_look() -> None:
    rows = rapl(["5000000", "5000000", "12500000"])
    assert [(value(energy), value(power)) for energy, power in rows] == [(0.0, 0.0), (7.5, 7.5)]


def test_a_wrap_and_a_look_that_failed_lose_nothing() -> None:
    first, second = rapl(["990000000", PortError(Reason.BUS, "Input/output error"), "15000000"])
    assert {reason(sample) for sample in first} == {Reason.BUS}
    assert value(second[0]) == pytest.approx(25.0) and value(second[1]) == pytest.approx(12.5)


@given(st.lists(st.integers(0, RANGE_UJ - 1), min_size=2, max_size=8))
def test_any_steps_add_up_across_wraps(steps: list[int]) -> None:
    count, counts = 0, ["0"]
    for step in steps:
        count = (count + step) % RANGE_UJ
        counts.append(str(count))
    assert value(rapl(counts)[-1][0]) == pytest.approx(sum(steps) * 1e-6)


def test_a_fall_that_no_load_explains_is_a_new_beginning() -> None:
    assert RANGE_UJ - 900_000_000 + 300_000_000 < 2_000e6  # as a wrap it would be credible by default
    files: dict[str, str | FileNode] = {
        f"{ZONE}/name": "package-0\n",
        f"{ZONE}/max_energy_range_uj": f"{RANGE_UJ}\n",
        f"{ZONE}/energy_uj": Counter(["900000000", "300000000", "310000000"]),
    }
    first, second = seen("powercap", files, 2, max_power_w=65.0)
    assert value(first[0]) == pytest.approx(300.0) and reason(first[1]) is Reason.TIMEOUT
    assert value(second[1]) == pytest.approx(10.0)


@pytest.mark.parametrize("content", ["-1", str(RANGE_UJ + 1)])
def test_what_no_counter_shows_is_corrupt(content: str) -> None:
    first, second = rapl(["0", content, "3000000"])
    assert {reason(sample) for sample in first} == {Reason.CORRUPT}
    assert value(second[0]) == pytest.approx(3.0)


def test_a_processor_whose_energy_only_root_may_read_says_the_cure() -> None:
    ((energy, _),) = rapl([Denied("energy_uj: Permission denied")] * 2)
    assert isinstance(energy, Missing) and energy.reason is Reason.BUS
    assert "run as root" in energy.detail and f"/sys/{ZONE}/energy_uj" in energy.detail


def test_parts_of_a_package_are_found_by_the_names_of_both() -> None:
    files: dict[str, str | FileNode] = {}
    names = {"0": "psys", "1": "package-0", "1:0": "core", "1:1": "dram", "2": "package-1", "2:0": "core"}
    for row, (number, name) in enumerate(names.items()):
        folder = f"class/powercap/intel-rapl:{number}"
        files |= {f"{folder}/name": name, f"{folder}/max_energy_range_uj": "9000000000"}
        files[f"{folder}/energy_uj"] = Counter(["0", f"{row}000000"])
    for domain, joules in {"package-0": 1.0, "package-1/core": 5.0, "psys": 0.0}.items():
        ((energy, _),) = seen("powercap", files, 1, domain=domain)
        assert value(energy) == joules
    ((absent, _),) = seen("powercap", files, 1, domain="package-7")
    assert isinstance(absent, Missing) and absent.reason is Reason.ABSENT and "package-0/core" in absent.detail


def test_a_group_shows_its_load_and_its_waiting() -> None:
    texts: list[str | PortError] = [
        f"usage_usec {used}\nthrottled_usec {late}\n" for used, late in ((0, 0), (1_500_000, 250_000))
    ]
    ((time, load, throttled),) = seen("cpu_stat", {STAT: Counter(texts)}, 1, path=STAT)
    assert (value(time), value(load), value(throttled)) == (1.5, 1.5, 0.25)


def test_a_kernel_that_does_not_count_the_waiting_has_none() -> None:
    ((_, load, throttled),) = seen("cpu_stat", {STAT: "usage_usec 5\n"}, 1, path=STAT)
    assert value(load) == 0.0 and reason(throttled) is Reason.ABSENT


@pytest.mark.parametrize(("totals", "share"), [((100, 250_100), 0.25), ((0, 1_000_400), 1.0)])
def test_pressure_is_the_share_of_our_own_interval(totals: tuple[int, int], share: float) -> None:
    texts: list[str | PortError] = [
        f"some avg10=9.99 avg60=0.00 avg300=0.00 total={total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
        for total in totals
    ]
    ((some, full, *_),) = seen("pressure", {PSI: Counter(texts)}, 1, path=PSI)
    assert (value(some), value(full)) == (share, 0.0)


def test_rest_is_of_one_state_or_of_all() -> None:
    def files() -> dict[str, str | FileNode]:
        folder = "devices/system/cpu/cpu0/cpuidle/state"
        return {
            f"{folder}0/name": "C1",
            f"{folder}0/time": Counter(["0", "100000"]),
            f"{folder}1/name": "C6",
            f"{folder}1/time": Counter(["0", "700000"]),
        }

    look: Callable[[str], float] = lambda state: value(seen("cpuidle", files(), 1, state=state)[0][1])  # noqa: E731
    assert look("") == pytest.approx(0.8) and look("C6") == pytest.approx(0.7)
