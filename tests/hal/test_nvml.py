"""NVML: the driver on answers in memory, and on a stand-in of the library's C interface, loaded as the real one is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import cast

import pytest

from hal import registry
from hal.clock import SECOND_NS, Clock, SteppedClock
from hal.contract import Limit, Sensor
from hal.errors import Denied, PortError
from hal.ports.nvml import QUERIES, LibraryNvml, MemoryNvml, Nvml
from hal.ports.recorder import HeldClock, Recorder
from hal.ports.replay import load_recording
from hal.reading import Channel, Missing, Reading, Reason

STAND_IN = r"""
static unsigned limit = 300000;
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **d) { *d = (void *)0x7000000000001; return i ? 6 : 0; }
int nvmlDeviceGetHandleByUUID(const char *u, void **d) { *d = (void *)0x7000000000001; return u[4] == '1' ? 0 : 6; }
int nvmlDeviceGetPowerUsage(void *d, unsigned *mw) { *mw = 71250; return d == (void *)0x7000000000001 ? 0 : 2; }
int nvmlDeviceGetTotalEnergyConsumption(void *d, unsigned long long *mj) { *mj = 9000000000123ULL; return 0; }
int nvmlDeviceGetTemperature(void *d, unsigned sensor, unsigned *c) { *c = 33; return sensor ? 2 : 0; }
int nvmlDeviceGetClockInfo(void *d, unsigned which, unsigned *mhz) { *mhz = which == 1 ? 1980 : 2619; return 0; }
int nvmlDeviceGetTotalEccErrors(void *d, unsigned e, unsigned c, unsigned long long *n)
{ *n = 10 * e + c; return 0; }
int nvmlDeviceGetRemappedRows(void *d, unsigned *c, unsigned *u, unsigned *p, unsigned *f)
{ *c = 1; *u = 2; *p = 3; *f = 4; return 0; }
int nvmlDeviceGetCurrentClocksThrottleReasons(void *d, unsigned long long *r) { return 3; }
int nvmlDeviceGetEnforcedPowerLimit(void *d, unsigned *mw) { *mw = limit; return 0; }
int nvmlDeviceGetPowerManagementLimitConstraints(void *d, unsigned *a, unsigned *b)
{ *a = 200000; *b = 700000; return 0; }
int nvmlDeviceSetPowerManagementLimit(void *d, unsigned mw)
{ if (mw < 200000) return 2; if (mw > 600000) return 4; limit = mw; return 0; }
"""

ANSWERS = {query: number for number, query in enumerate(QUERIES, start=1)}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The stand-in, built; without a compiler there is none."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("nvml")
    (folder / "stand_in.c").write_text(STAND_IN)
    command = [compiler, "-shared", "-fPIC", "-o", str(folder / "libstand-in.so"), str(folder / "stand_in.c")]
    subprocess.run(command, check=True, capture_output=True)
    return str(folder / "libstand-in.so")


def device(port: Nvml, clock: Clock, *roles: str, uuid: str = "") -> Sensor:
    cls = registry.driver("nvml")
    channels = {role: Channel(name=role, unit="x", low=0.0, high=1e12) for role in roles or cls.ROLES}
    made: Sensor = cls(port, clock, channels, cls.Options(uuid=uuid))
    return made


def values(made: Sensor) -> dict[str, float | Reason]:
    return {s.channel: s.value if isinstance(s, Reading) else s.reason for s in made.read()}


def limit(port: Nvml) -> Limit:
    cls = registry.driver("nvml_limit")
    made: Limit = cls("board", port, cls.Options())
    return made


def test_the_library_answers_in_si_units(library: str) -> None:
    port, clock = LibraryNvml(library), SteppedClock()
    made = device(port, clock)
    clock.advance_to_ns(SECOND_NS)
    seen = values(made)
    assert (seen["power"], seen["temperature"]) == (71.25, 33.0)
    assert (seen["clock"], seen["memory_clock"]) == (1.98e9, 2.619e9)
    assert (seen["energy"], seen["mean_power"]) == (0.0, 0.0)
    assert [seen[role] for role in ("corrected", "corrected_ever", "uncorrected", "uncorrected_ever")] == [0, 1, 10, 11]
    assert [seen[role] for role in ("rows_corrected", "rows_uncorrected", "rows_pending")] == [1, 2, 3]
    assert seen["throttle_bits"] is Reason.ABSENT  # what the board does not support is not 0
    assert port.number("", "energy_mj") == 9_000_000_000_123  # 64 bits
    port.close()


def test_a_board_is_found_by_its_uuid(library: str) -> None:
    port = LibraryNvml(library)
    assert values(device(port, SteppedClock(), "power", uuid="GPU-1")) == {"power": 71.25}
    assert values(device(port, SteppedClock(), "power", uuid="GPU-2")) == {"power": Reason.ABSENT}
    port.close()


def test_a_limit_is_confirmed_by_what_the_board_enforces(library: str) -> None:
    port = LibraryNvml(library)
    made = limit(port)
    able = made.capability()
    assert able is not None and (able.low, able.high) == (200.0, 700.0)
    assert made.set_limit(250.0).ok and made.limit() == 250.0
    low, denied = made.set_limit(100.0), made.set_limit(650.0)
    assert not low.ok and low.confirmed == 250.0 and "code 2" in low.detail
    assert not denied.ok and "only root may set it" in denied.detail
    with pytest.raises(Denied):
        port.set_limit_mw("", 650_000)
    port.close()


def test_a_library_that_does_not_start_is_tried_again(tmp_path: Path, library: str) -> None:
    late = tmp_path / "late.so"
    port = LibraryNvml(str(late))
    made = device(port, SteppedClock(), "power")
    assert values(made) == {"power": Reason.ABSENT}
    shutil.copy(library, late)
    assert values(made) == {"power": 71.25}
    port.close()
    assert values(made) == {"power": 71.25}  # and after it was given back
    port.close()


def test_without_the_library_everything_is_absent() -> None:
    port = LibraryNvml("libnobody-has-this.so.9")
    made = device(port, SteppedClock())
    assert set(values(made).values()) == {Reason.ABSENT}
    assert limit(port).limit() is None and limit(port).capability() is None and not limit(port).set_limit(100.0).ok
    port.close()


def test_energy_is_counted_and_a_driver_that_was_loaded_anew_begins_at_nothing() -> None:
    nvml, clock = MemoryNvml({"energy_mj": 5_000_000}), SteppedClock()
    made = device(nvml, clock, "energy", "mean_power")
    for count_mj, energy, power in ((5_350_000, 350.0, 350.0), (100_000, 450.0, None), (800_000, 1150.0, 700.0)):
        clock.advance_to_ns(clock.now_ns() + SECOND_NS)
        nvml.answers["energy_mj"] = count_mj
        seen = values(made)
        assert seen["energy"] == pytest.approx(energy)
        assert seen["mean_power"] == (Reason.TIMEOUT if power is None else pytest.approx(power))


@pytest.mark.parametrize("reason", [Reason.BUS, Reason.TIMEOUT, Reason.ABSENT])
def test_a_failure_is_missing_for_its_reason_and_then_over(reason: Reason) -> None:
    nvml, clock = MemoryNvml(dict(ANSWERS)), SteppedClock()
    made = device(nvml, clock, "power", "corrected")
    nvml.fault = lambda query: reason if query == "power_mw" else None
    power, corrected = made.read()
    assert isinstance(power, Missing) and power.reason is reason and isinstance(corrected, Reading)
    nvml.fault = None
    assert values(made)["power"] == pytest.approx(1e-3)


def test_a_function_that_an_old_library_has_not_is_absent() -> None:
    port = LibraryNvml("libc.so.6")  # a library, but none of this kind
    with pytest.raises(PortError) as caught:
        port.number("", "power_mw")
    assert caught.value.reason is Reason.ABSENT and "has no nvmlInit_v2" in caught.value.detail
    port.close()


def test_a_recording_plays_back_as_the_same_samples(tmp_path: Path) -> None:
    nvml = MemoryNvml(dict(ANSWERS))
    with (tmp_path / "run.jsonl").open("w") as sink:
        clock = HeldClock(SteppedClock())
        recorder = Recorder(sink, "", clock)
        made = device(cast(Nvml, recorder.ports({"nvml": nvml})["nvml"]), clock)
        rounds = []
        for reason in (None, Reason.ABSENT, None):
            nvml.fault = lambda query, reason=reason: reason
            nvml.answers["energy_mj"] += 500_000
            clock.sleep_until_ns(clock.now_ns() + SECOND_NS)
            rounds.append(made.read())
            recorder.samples(rounds[-1])
    recording = load_recording(tmp_path / "run.jsonl")
    again = device(recording.ports["nvml"], recording.clock)
    for samples in rounds:
        recording.clock.sleep_until_ns(recording.clock.now_ns() + 1)
        assert again.read() == samples


def test_a_limit_in_memory_is_kept() -> None:
    nvml = MemoryNvml(dict(ANSWERS))
    assert limit(nvml).set_limit(300.0).ok and nvml.answers["limit_mw"] == 300_000
    with pytest.raises(ValueError, match="more than 0"):
        limit(nvml).set_limit(0.0)
