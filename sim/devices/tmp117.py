"""A TMP117 as the bus sees it: 7.8125 m°C a bit. Source: TI SNOSD82, section 7.6."""

from __future__ import annotations

from sim import draws
from sim.devices.supply import Powered
from sim.faults import Faults
from sim.truth import Truth

BITS_PER_CELSIUS = 128.0
DATA_READY = 0x2000
POWER_UP = {0x01: 0x0220, 0x02: 0x6000, 0x03: 0x8000, 0x04: 0, 0x05: 0, 0x06: 0, 0x07: 0, 0x08: 0}
IDENTITY = {0x0F: 0x0117}
SOFT_RESET = 0x0002
OFFSET_C, WORST_OFFSET_C = 0.03, 0.1  # accuracy +/-0.1 degC from -20 to 50 degC
NOISE_LSB = 0.7  # repeatability of one bit at 8 averages


class Tmp117Chip(Powered):
    """One thermometer: `field` names the truth that it sees."""

    __slots__ = ("_faults", "_field", "_noise", "_offset_c", "_registers", "_time_ns", "_truth")

    def __init__(self, name: str, field: str, truth: Truth, faults: Faults, seed: int) -> None:
        stream = draws.key(seed, f"tmp117/{name}")
        super().__init__(name, faults.supply(name))
        self._field, self._truth, self._faults = field, truth, faults
        self._offset_c = max(-WORST_OFFSET_C, min(WORST_OFFSET_C, OFFSET_C * draws.gauss(stream, 0)))
        self._noise = draws.NoiseTable(stream)
        self._power_up()

    def _power_up(self) -> None:
        self._registers = {0x00: 0x8000} | POWER_UP | IDENTITY
        self._time_ns = -1

    def read_register(self, register: int) -> int:
        if self._faults.active:
            self._faults.answer(self._name)
        if self._truth.time_ns != self._time_ns:
            self._check_power()
            self._convert()
        return self._registers.get(register, 0)

    def write_register(self, register: int, value: int) -> None:
        self._check_power()
        if self._faults.active:
            self._faults.answer(self._name)
        if register == 0x01 and value & SOFT_RESET:
            self._registers.update(POWER_UP)
        elif register in POWER_UP:
            self._registers[register] = value
        self._time_ns = -1

    def _convert(self) -> None:
        temp_c = getattr(self._truth, self._field) + self._offset_c
        if self._faults.active:
            temp_c = self._faults.apply(self._name, temp_c)
        word = round(temp_c * BITS_PER_CELSIUS + NOISE_LSB * self._noise.next())
        self._registers[0x00] = max(-32768, min(32767, word)) & 0xFFFF
        self._registers[0x01] |= DATA_READY
        self._time_ns = self._truth.time_ns
