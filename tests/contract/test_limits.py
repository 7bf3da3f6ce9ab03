"""Limits and the freezer: ask, read back, say what can be asked for, and tell the truth when it was not honoured."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hal import registry
from hal.clock import SteppedClock
from hal.contract import Capability, Limit, Switch
from hal.errors import Denied, PortError
from hal.ports.files import FileNode, FileTree, MemoryFiles
from hal.reading import Reason

Make = Callable[[dict[str, str]], FileTree]

CPU = "devices/system/cpu/cpufreq"
CLOCKS = {
    f"{CPU}/policy{number}/{file}": f"{value}\n"
    for number, top in ((0, 4_700_000), (4, 3_500_000))
    for file, value in {
        "scaling_max_freq": top,
        "cpuinfo_min_freq": 400_000,
        "cpuinfo_max_freq": top,
        "cpuinfo_transition_latency": 20_000,
    }.items()
}
ZONE = "class/powercap/intel-rapl:0"
RAPL = {
    f"{ZONE}/name": "package-0\n",
    f"{ZONE}/enabled": "1\n",
    f"{ZONE}/constraint_0_power_limit_uw": "65000000\n",
    f"{ZONE}/constraint_0_max_power_uw": "65000000\n",
    f"{ZONE}/constraint_0_time_window_us": "27983872\n",
}
GROUP = "fs/cgroup/penumbra"


class Clamped:
    """A limit that takes what is written, but never more than `high` nor less than `low`."""

    def __init__(self, text: str, low: int, high: int) -> None:
        self._text, self._low, self._high = text, low, high

    def read(self) -> str:
        return self._text

    def write(self, text: str) -> None:
        self._text = str(max(self._low, min(self._high, int(text))))


class Shut(Clamped):
    def __init__(self, text: str) -> None:
        super().__init__(text, 0, 0)

    def write(self, text: str) -> None:
        raise Denied("Permission denied")


class Group:
    """A cgroup: what is written to `cgroup.freeze` shows in `cgroup.events` after some looks."""

    def __init__(self, looks: int) -> None:
        self._looks = looks
        self._wanted = self._state = "0"

    def read(self) -> str:
        self._looks -= 1
        if self._looks < 0:
            self._state = self._wanted
        return f"populated 1\nfrozen {self._state}\n"

    def write(self, text: str) -> None:
        self._wanted = text


def limit(driver: str, files: FileTree, **options: object) -> Limit:
    cls = registry.driver(driver)
    made: Limit = cls("limit", files, cls.Options(**options))
    return made


def freezer(files: FileTree) -> Switch:
    cls = registry.driver("cgroup_freezer")
    made: Switch = cls("work", files, cls.Options(group=GROUP), SteppedClock())
    return made


def test_a_ceiling_is_set_on_all_clocks_and_confirmed(file_filling: Make) -> None:
    files = file_filling(CLOCKS)
    ceiling = limit("cpufreq_ceiling", files)
    assert ceiling.limit() == 4.7e9
    confirmation = ceiling.set_limit(2.4e9)
    assert confirmation.ok and confirmation.confirmed == 2.4e9 and confirmation.actuator == "limit"
    assert {files.read_number(f"{CPU}/policy{number}/scaling_max_freq") for number in (0, 4)} == {2_400_000}


def test_a_ceiling_says_what_it_can_do() -> None:
    capability = limit("cpufreq_ceiling", MemoryFiles({**CLOCKS})).capability()
    assert capability == Capability(unit="Hz", low=4e8, high=4.7e9, granularity=1e3, latency_s=pytest.approx(20e-6))  # type: ignore[arg-type]
    steps = {f"{CPU}/policy0/scaling_available_frequencies": "400000 800000 2400000 4700000\n"}
    stepped = limit("cpufreq_ceiling", MemoryFiles({**CLOCKS, **steps})).capability()
    assert stepped is not None and stepped.granularity == pytest.approx(2.3e9)


def test_a_small_cluster_keeps_its_own_lower_ceiling_and_a_clamped_one_is_told() -> None:
    clamped: dict[str, str | FileNode] = {
        f"{CPU}/policy{number}/scaling_max_freq": Clamped(str(top), 400_000, top)
        for number, top in ((0, 4_700_000), (4, 3_500_000))
    }
    ceiling = limit("cpufreq_ceiling", MemoryFiles({**CLOCKS, **clamped}))
    assert ceiling.set_limit(4.0e9).ok
    confirmation = ceiling.set_limit(1e8)
    assert not confirmation.ok and confirmation.confirmed == 4e8 and "the kernel keeps 4e+08 Hz" in confirmation.detail


def test_a_power_limit_is_set_and_confirmed_with_its_window(file_filling: Make) -> None:
    files = file_filling(RAPL)
    power = limit("powercap_limit", files)
    assert power.limit() == 65.0
    assert power.set_limit(28.5).ok and files.read_number(f"{ZONE}/constraint_0_power_limit_uw") == 28_500_000
    capability = power.capability()
    assert capability is not None and capability.latency_s == pytest.approx(27.98, abs=0.01)
    assert (capability.low, capability.high, capability.granularity) == (1.0, 65.0, 0.125)


def test_a_power_limit_that_is_not_kept_is_not_confirmed() -> None:
    path = f"{ZONE}/constraint_0_power_limit_uw"
    clamped = limit("powercap_limit", MemoryFiles({**RAPL, path: Clamped("65000000", 0, 45_000_000)})).set_limit(50.0)
    assert not clamped.ok and clamped.confirmed == 45.0
    off = limit("powercap_limit", MemoryFiles({**RAPL, f"{ZONE}/enabled": "0"})).set_limit(50.0)
    assert not off.ok and "not kept" in off.detail
    denied = limit("powercap_limit", MemoryFiles({**RAPL, path: Shut("65000000")})).set_limit(50.0)
    assert not denied.ok and denied.confirmed == 65.0 and "only root may set it" in denied.detail


@pytest.mark.parametrize("driver", ["cpufreq_ceiling", "powercap_limit"])
def test_what_is_absent_cannot_do_anything(driver: str, file_filling: Make) -> None:
    made = limit(driver, file_filling({"other": "1"}))
    assert made.limit() is None and made.capability() is None
    confirmation = made.set_limit(10.0)
    assert not confirmation.ok and confirmation.confirmed is None and confirmation.detail


@pytest.mark.parametrize("driver", ["cpufreq_ceiling", "powercap_limit"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_limit_refuses_what_is_none(driver: str, value: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        limit(driver, MemoryFiles({**CLOCKS, **RAPL})).set_limit(value)


def test_a_group_is_frozen_and_thawed_and_the_kernel_confirms_it() -> None:
    group = Group(looks=3)
    switch = freezer(MemoryFiles({f"{GROUP}/cgroup.freeze": group, f"{GROUP}/cgroup.events": group}))
    assert switch.is_on() is True
    confirmation = switch.set(False)
    assert confirmation.ok and confirmation.confirmed == 0.0 and switch.is_on() is False
    assert switch.set(True).ok and switch.is_on() is True


def test_a_group_that_does_not_freeze_or_is_not_there_is_not_confirmed() -> None:
    slow = Group(looks=100_000)
    files = MemoryFiles({f"{GROUP}/cgroup.freeze": slow, f"{GROUP}/cgroup.events": slow})
    confirmation = freezer(files).set(False)
    assert not confirmation.ok and confirmation.confirmed == 1.0 and "on their way" in confirmation.detail
    absent = freezer(MemoryFiles({})).set(False)
    assert not absent.ok and absent.confirmed is None and freezer(MemoryFiles({})).is_on() is None
    broken: dict[str, str | FileNode] = {f"{GROUP}/cgroup.freeze": "0", f"{GROUP}/cgroup.events": "odd"}
    assert freezer(MemoryFiles(broken)).is_on() is None


def test_the_other_actuators_say_what_they_can_do_as_well() -> None:
    files = MemoryFiles({"cpu.max": "max 100000", "state": "enabled"}, fault=None)
    duty = registry.driver("cpu_max")
    rail = registry.driver("regulator")
    capability = duty("duty", files, duty.Options(path="cpu.max", cores=2.0)).capability()
    assert capability == Capability(unit="duty", low=0.01, high=1.0, granularity=1e-5, latency_s=0.05)
    assert rail("rail", files, rail.Options(path="state")).capability().granularity == 1.0
    files.fault = lambda path: Reason.BUS
    assert duty("duty", files, duty.Options(path="cpu.max")).capability() is None
    assert rail("rail", files, rail.Options(path="state")).capability() is None
    with pytest.raises(PortError):
        files.read_text("state")
