"""An ADS1115 converter with the dosimeter on its input 0. Source: TI SBAS444, section 8.1."""

from __future__ import annotations

from sim import draws
from sim.devices.supply import Powered
from sim.faults import Faults
from sim.truth import Truth

CONVERSION, CONFIGURATION = 0x00, 0x01
POWER_UP = {0x00: 0, 0x01: 0x8583, 0x02: 0x8000, 0x03: 0x7FFF}
START = 0x8000  # reads 1 while no conversion is under way
RANGES_V = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)  # bits 11..9
SINGLE_ENDED_0, DIFFERENTIAL_0_1 = 4, 0  # input choices, bits 14..12, that see the dosimeter
NOISE_V = 3e-5  # of the dose-rate amplifier: half a bit at +/-2.048 V


class DosimeterChip(Powered):
    """The converter; `ugy_s_per_v` is the dosimeter's scale."""

    __slots__ = ("_faults", "_noise", "_registers", "_time_ns", "_truth", "_ugy_s_per_v")

    def __init__(self, name: str, ugy_s_per_v: float, truth: Truth, faults: Faults, seed: int) -> None:
        super().__init__(name, faults.supply(name))
        self._truth, self._faults, self._ugy_s_per_v = truth, faults, ugy_s_per_v
        self._noise = draws.NoiseTable(draws.key(seed, f"ads1115/{name}"))
        self._power_up()

    def _power_up(self) -> None:
        self._registers = dict(POWER_UP)
        self._time_ns = -1

    def read_register(self, register: int) -> int:
        if self._faults.active:
            self._faults.answer(self._name)
        if self._truth.time_ns != self._time_ns:
            self._check_power()
            if register == CONVERSION:
                self._convert()
        return self._registers.get(register, 0)

    def write_register(self, register: int, value: int) -> None:
        self._check_power()
        if self._faults.active:
            self._faults.answer(self._name)
        if register in POWER_UP and register != CONVERSION:
            self._registers[register] = value | START if register == CONFIGURATION else value
        self._time_ns = -1

    def _convert(self) -> None:
        configuration = self._registers[CONFIGURATION]
        volts = 0.0
        if configuration >> 12 & 7 in (SINGLE_ENDED_0, DIFFERENTIAL_0_1):
            dose_rate = self._truth.dose_rate_ugy_s
            if self._faults.active:
                dose_rate = self._faults.apply(self._name, dose_rate)
            volts = dose_rate / self._ugy_s_per_v + NOISE_V * self._noise.next()
        word = round(volts / RANGES_V[configuration >> 9 & 7] * 32768.0)
        self._registers[CONVERSION] = max(-32768, min(32767, word)) & 0xFFFF
        self._time_ns = self._truth.time_ns
