"""What every actuator driver does on every file tree: ask, read back, and tell the truth."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hal import registry
from hal.contract import PowerCap, Pump, Switch, Watchdog
from hal.errors import PortError
from hal.ports.files import FileNode, FileTree, MemoryFiles
from hal.reading import Reason

Make = Callable[[dict[str, str]], FileTree]


class Deaf:
    """A file that keeps its content whatever is written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def read(self) -> str:
        return self._text

    def write(self, text: str) -> None:
        """Heard and ignored, as clamping kernels do."""


class Refusing(Deaf):
    def write(self, text: str) -> None:
        raise PortError(Reason.BUS, "Invalid argument")


def regulator(files: FileTree) -> Switch:
    driver = registry.driver("regulator")
    made: Switch = driver("payload_rail", files, driver.Options(path="state"))
    return made


def cpu_max(files: FileTree, **options: float) -> PowerCap:
    driver = registry.driver("cpu_max")
    made: PowerCap = driver("payload_duty", files, driver.Options(path="cpu.max", **options))
    return made


def watchdog(files: FileTree, state_path: str = "") -> Watchdog:
    driver = registry.driver("watchdog")
    made: Watchdog = driver("dog", files, driver.Options(path="watchdog", state_path=state_path))
    return made


PUMP = {"class/hwmon/hwmon3/name": "coolant_pump\n", "class/hwmon/hwmon3/pwm1": "0\n"}
TACHOMETER = "class/hwmon/hwmon3/fan1_input"


def pump(files: FileTree) -> Pump:
    driver = registry.driver("pump")
    made: Pump = driver("loop", files, driver.Options(chip="coolant_pump", full_rpm=6000.0))
    return made


def test_switch_is_set_and_confirmed(file_filling: Make) -> None:
    files = file_filling({"state": "disabled\n"})
    switch = regulator(files)
    assert switch.is_on() is False
    confirmation = switch.set(True)
    assert confirmation.ok and confirmation.confirmed == 1.0 and confirmation.actuator == "payload_rail"
    assert files.read_text("state") == "enabled"
    assert switch.set(False).ok and switch.is_on() is False


@pytest.mark.parametrize("node", [Deaf("disabled\n"), Refusing("disabled\n")])
def test_switch_that_does_not_follow_is_not_confirmed(node: FileNode) -> None:
    confirmation = regulator(MemoryFiles({"state": node})).set(True)
    assert not confirmation.ok and confirmation.requested == 1.0 and confirmation.confirmed == 0.0


def test_absent_or_odd_switch_has_no_state(file_filling: Make) -> None:
    switch = regulator(file_filling({"other": "1"}))
    assert switch.is_on() is None
    assert not switch.set(True).ok
    assert regulator(MemoryFiles({"state": "unknown"})).is_on() is None


@pytest.mark.parametrize(("duty", "text"), [(1.0, "50000 50000"), (0.5, "25000 50000"), (0.333, "16650 50000")])
def test_cap_is_written_as_quota_and_period(file_filling: Make, duty: float, text: str) -> None:
    files = file_filling({"cpu.max": "max 100000\n"})
    cap = cpu_max(files)
    assert cap.duty() == 1.0
    confirmation = cap.set_duty(duty)
    assert files.read_text("cpu.max") == text
    assert confirmation.ok and confirmation.confirmed == pytest.approx(duty)


def test_full_duty_is_the_cores_of_the_group() -> None:
    files = MemoryFiles({"cpu.max": "max 100000"})
    assert cpu_max(files, cores=4.0).set_duty(0.5).ok
    assert files.read_text("cpu.max") == "100000 50000"


def test_cap_tells_the_least_duty_there_is() -> None:
    confirmation = cpu_max(MemoryFiles({"cpu.max": "max 100000"})).set_duty(0.0)
    assert not confirmation.ok and confirmation.confirmed == pytest.approx(0.02)


@pytest.mark.parametrize("text", ["", "50000", "50000 0", "-1 50000", "half 50000"])
def test_cap_without_sense_is_none(text: str) -> None:
    cap = cpu_max(MemoryFiles({"cpu.max": Deaf(text)}))
    assert cap.duty() is None
    assert not cap.set_duty(0.5).ok


def test_cap_that_was_clamped_is_not_confirmed() -> None:
    confirmation = cpu_max(MemoryFiles({"cpu.max": Deaf("10000 50000")})).set_duty(0.5)
    assert not confirmation.ok and confirmation.confirmed == pytest.approx(0.2)


@pytest.mark.parametrize("duty", [-0.1, 1.1, float("nan")])
def test_cap_refuses_what_is_no_duty(duty: float) -> None:
    with pytest.raises(ValueError, match="duty must be in"):
        cpu_max(MemoryFiles({"cpu.max": "max 100000"})).set_duty(duty)


def test_pump_is_set_and_confirmed_by_what_turns(file_filling: Make) -> None:
    files = file_filling(PUMP | {TACHOMETER: "4200\n"})
    driver = pump(files)
    assert driver.speed() == pytest.approx(0.7)
    confirmation = driver.set_speed(0.7)
    assert files.read_text("class/hwmon/hwmon3/pwm1") == "178"
    assert confirmation.ok and confirmation.confirmed == pytest.approx(0.7) and confirmation.actuator == "loop"


def test_pump_that_turns_too_slowly_is_not_confirmed(file_filling: Make) -> None:
    confirmation = pump(file_filling(PUMP | {TACHOMETER: "3000\n"})).set_speed(1.0)
    assert not confirmation.ok and confirmation.confirmed == pytest.approx(0.5)
    assert confirmation.detail == "turns at 0.50 of full speed"


def test_pump_that_is_absent_or_refuses_is_not_confirmed(file_filling: Make) -> None:
    absent = pump(file_filling({"other": "1"}))
    assert absent.speed() is None
    assert not absent.set_speed(0.5).ok
    refusing: dict[str, str | FileNode] = {**PUMP, "class/hwmon/hwmon3/pwm1": Refusing("0"), TACHOMETER: "3000"}
    confirmation = pump(MemoryFiles(refusing)).set_speed(0.5)
    assert not confirmation.ok and "Invalid argument" in confirmation.detail


def test_pump_is_found_again_under_another_number() -> None:
    files = MemoryFiles({**PUMP, TACHOMETER: "6000"})
    driver = pump(files)
    assert driver.speed() == 1.0
    for path in list(files.nodes):
        files.nodes[path.replace("hwmon3", "hwmon5")] = files.nodes.pop(path)
    files.nodes[TACHOMETER.replace("hwmon3", "hwmon5")] = "3000"
    assert driver.speed() is None
    assert driver.speed() == 0.5


@pytest.mark.parametrize("speed", [-0.1, 1.1, float("nan")])
def test_pump_refuses_what_is_no_speed(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be in"):
        pump(MemoryFiles({**PUMP})).set_speed(speed)


def test_watchdog_is_kicked_but_never_told_to_stop(file_filling: Make) -> None:
    files = file_filling({"watchdog": "", "state": "active\n"})
    confirmation = watchdog(files, "state").kick()
    assert confirmation.ok and confirmation.confirmed == 1.0
    assert "V" not in files.read_text("watchdog")


def test_watchdog_that_does_not_run_is_not_confirmed() -> None:
    assert not watchdog(MemoryFiles({"watchdog": "", "state": "inactive\n"}), "state").kick().ok
    assert not watchdog(MemoryFiles({})).kick().ok
    unknown = watchdog(MemoryFiles({"watchdog": ""})).kick()
    assert unknown.ok and unknown.confirmed is None
