"""The NVML port: numbers of NVIDIA graphics processors, from the library that their driver brings.

Fillings: `LibraryNvml` over libnvidia-ml.so.1 and `MemoryNvml`. Source: NVML API reference; the return codes and the
function names are its own. On a Jetson the library starts and then supports no power query at all: ABSENT.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from hal.errors import Denied, PortError
from hal.reading import Reason

LIBRARY = "libnvidia-ml.so.1"

SUCCESS, NOT_SUPPORTED, NO_PERMISSION, TIMEOUT = 0, 3, 4, 10
_ABSENT = {NOT_SUPPORTED, 6, 9, 12, 13, 15}  # not found, no driver, no library, no function, fallen off the bus


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A function of the library: what it is given after the device, how many numbers it gives, and which one counts."""

    function: str
    given: tuple[int, ...] = ()
    gives: int = 1
    index: int = 0
    is_long: bool = False


QUERIES = {
    "power_mw": Query(function="nvmlDeviceGetPowerUsage"),
    "energy_mj": Query(function="nvmlDeviceGetTotalEnergyConsumption", is_long=True),
    "temperature_c": Query(function="nvmlDeviceGetTemperature", given=(0,)),
    "clock_mhz": Query(function="nvmlDeviceGetClockInfo", given=(1,)),
    "memory_clock_mhz": Query(function="nvmlDeviceGetClockInfo", given=(2,)),
    "throttle_bits": Query(function="nvmlDeviceGetCurrentClocksThrottleReasons", is_long=True),
    "ecc_corrected": Query(function="nvmlDeviceGetTotalEccErrors", given=(0, 0), is_long=True),
    "ecc_uncorrected": Query(function="nvmlDeviceGetTotalEccErrors", given=(1, 0), is_long=True),
    "ecc_corrected_ever": Query(function="nvmlDeviceGetTotalEccErrors", given=(0, 1), is_long=True),
    "ecc_uncorrected_ever": Query(function="nvmlDeviceGetTotalEccErrors", given=(1, 1), is_long=True),
    "rows_corrected": Query(function="nvmlDeviceGetRemappedRows", gives=4, index=0),
    "rows_uncorrected": Query(function="nvmlDeviceGetRemappedRows", gives=4, index=1),
    "rows_pending": Query(function="nvmlDeviceGetRemappedRows", gives=4, index=2),
    "limit_mw": Query(function="nvmlDeviceGetEnforcedPowerLimit"),
    "limit_least_mw": Query(function="nvmlDeviceGetPowerManagementLimitConstraints", gives=2, index=0),
    "limit_most_mw": Query(function="nvmlDeviceGetPowerManagementLimitConstraints", gives=2, index=1),
}


class Nvml(Protocol):
    """Graphics processors by UUID; an empty one is the first. Every method raises PortError."""

    def number(self, uuid: str, query: str) -> int:
        """The answer to a query of `QUERIES`; ABSENT where the device or the quantity is not there."""
        ...

    def set_limit_mw(self, uuid: str, milliwatts: int) -> None:
        """Ask for a power limit; Denied for anybody but root."""
        ...


class LibraryNvml:
    """NVML from the shared library `library`, opened at the first call and again after a device was lost."""

    def __init__(self, library: str = LIBRARY) -> None:
        self._name = library
        self._library: Any = None
        self._devices: dict[str, ctypes.c_void_p] = {}

    def number(self, uuid: str, query: str) -> int:
        asked = QUERIES[query]
        kind = ctypes.c_ulonglong if asked.is_long else ctypes.c_uint
        answers = [kind() for _ in range(asked.gives)]
        self._call(asked.function, self._device(uuid), *asked.given, *(ctypes.byref(answer) for answer in answers))
        return int(answers[asked.index].value)

    def set_limit_mw(self, uuid: str, milliwatts: int) -> None:
        self._call("nvmlDeviceSetPowerManagementLimit", self._device(uuid), ctypes.c_uint(milliwatts))

    def close(self) -> None:
        """Give the library back; the port may be used again."""
        if self._library is not None:
            self._library.nvmlShutdown()
        self._library = None
        self._devices.clear()

    def _device(self, uuid: str) -> ctypes.c_void_p:
        if uuid not in self._devices:
            self._open()
            device = ctypes.c_void_p()
            if uuid:
                self._call("nvmlDeviceGetHandleByUUID", uuid.encode(), ctypes.byref(device))
            else:
                self._call("nvmlDeviceGetHandleByIndex_v2", 0, ctypes.byref(device))
            self._devices[uuid] = device
        return self._devices[uuid]

    def _open(self) -> None:
        if self._library is None:
            try:
                self._library = ctypes.CDLL(self._name)
            except OSError as error:
                raise PortError(Reason.ABSENT, f"no {self._name}") from error
            try:
                self._call("nvmlInit_v2")
            except PortError:
                self._library = None  # to be started again at the next call
                raise

    def _call(self, function: str, *arguments: Any) -> None:
        try:
            code = int(getattr(self._library, function)(*arguments))
        except AttributeError as error:
            raise PortError(Reason.ABSENT, f"{self._name} has no {function}") from error
        if code == SUCCESS:
            return
        if code != NOT_SUPPORTED and code in _ABSENT:
            self.close()  # the driver may come back with other handles
        if code == NO_PERMISSION:
            raise Denied(f"{function}: Operation not permitted")
        reason = Reason.ABSENT if code in _ABSENT else Reason.TIMEOUT if code == TIMEOUT else Reason.BUS
        raise PortError(reason, f"{function}: NVML code {code}")


class MemoryNvml:
    """Answers by query, for each device alike; a query that is not in `answers` is not supported.

    `fault(query)` is asked before each call; a Reason makes it fail.
    """

    def __init__(self, answers: dict[str, int], fault: Callable[[str], Reason | None] | None = None) -> None:
        self.answers = answers
        self.fault = fault

    def number(self, uuid: str, query: str) -> int:
        reason = self.fault(query) if self.fault else None
        if reason is not None or query not in self.answers:
            raise PortError(reason or Reason.ABSENT, query)
        return self.answers[query]

    def set_limit_mw(self, uuid: str, milliwatts: int) -> None:
        if "limit_mw" in self.answers:
            self.answers["limit_mw"] = milliwatts
