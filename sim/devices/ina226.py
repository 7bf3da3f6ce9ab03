"""An INA226 as the bus sees it: registers that follow the truth. Source: TI SBOS547B, section 7.6.

It converts when it is read, once per instant: the mean current and the voltage that the world keeps since its last
whole step. So a reader at whole steps misses no joule, as with a chip that averages over its read period. Each chip
has its own small offset and gain error, drawn within the datasheet's typical values, and noise of part of a bit.
"""

from __future__ import annotations

from sim import draws
from sim.devices.supply import Powered
from sim.faults import Faults
from sim.truth import Truth

SHUNT_LSB_V, BUS_LSB_V = 2.5e-6, 1.25e-3
POWER_UP = {0x00: 0x4127, 0x05: 0, 0x06: 0, 0x07: 0}
IDENTITY = {0xFE: 0x5449, 0xFF: 0x2260}
RESET = 0x8000
RUNNING = 0x0007  # mode bits; 0 and 4 are power-down
OFFSET_SHUNT_V, OFFSET_BUS_V = 2.5e-6, 1.25e-3  # typical: 2.5 uV and 1.25 mV
GAIN_ERROR = 5e-4  # typical 0.02 % of the chip and 0.05 % of a calibrated shunt
NOISE_LSB = 0.4  # rms at 16 averages of 1.1 ms: engineering value


class Ina226Chip(Powered):
    """One power monitor of a rail (`array`, `battery`, `payload`, `bus`), behind its board's shunt and divider."""

    __slots__ = (
        "_bits_per_v",
        "_bus_offset",
        "_current",
        "_faults",
        "_gain",
        "_noise",
        "_registers",
        "_shunt_offset",
        "_time_ns",
        "_truth",
        "_voltage",
    )

    def __init__(
        self, name: str, rail: str, shunt_ohm: float, bus_divider: float, truth: Truth, faults: Faults, seed: int
    ) -> None:
        stream = draws.key(seed, f"ina226/{name}")
        super().__init__(name, faults.supply(name))
        self._truth, self._faults = truth, faults
        self._current, self._voltage = f"{rail}_current_a", f"{rail}_voltage_v"
        self._gain = shunt_ohm / SHUNT_LSB_V * (1.0 + GAIN_ERROR * draws.gauss(stream, 0))
        self._shunt_offset = OFFSET_SHUNT_V / SHUNT_LSB_V * draws.gauss(stream, 1)
        self._bus_offset = OFFSET_BUS_V / BUS_LSB_V * draws.gauss(stream, 2)
        self._bits_per_v = 1.0 / (BUS_LSB_V * bus_divider)
        self._noise = draws.NoiseTable(stream)
        self._power_up()

    def _power_up(self) -> None:
        self._registers = POWER_UP | IDENTITY | {0x01: 0, 0x02: 0, 0x03: 0, 0x04: 0}
        self._time_ns = -1

    def read_register(self, register: int) -> int:
        if self._faults.active:
            self._faults.answer(self._name)
        if self._truth.time_ns != self._time_ns:
            self._check_power()
            if self._registers[0x00] & 3:
                self._convert()
        return self._registers.get(register, 0)

    def write_register(self, register: int, value: int) -> None:
        self._check_power()
        if self._faults.active:
            self._faults.answer(self._name)
        if register == 0x00 and value & RESET:
            self._registers.update(POWER_UP)
        elif register in POWER_UP:
            self._registers[register] = value | 0x4000 if register == 0x00 else value
        self._time_ns = -1

    def _convert(self) -> None:
        """Measure, and work out current and power as the chip does (equations 3 and 4)."""
        truth, registers = self._truth, self._registers
        current_a = getattr(truth, self._current)
        if self._faults.active:
            current_a = self._faults.apply(self._name, current_a)
        noise = self._noise.next()
        shunt = round(current_a * self._gain + self._shunt_offset + NOISE_LSB * noise)
        shunt = max(-32768, min(32767, shunt))
        volts = getattr(truth, self._voltage) * self._bits_per_v
        bus = min(0x7FFF, max(0, round(volts + self._bus_offset + 0.2 * noise)))
        current = max(-32768, min(32767, int(shunt * registers[0x05] / 2048)))
        registers[0x01], registers[0x02], registers[0x04] = shunt & 0xFFFF, bus, current & 0xFFFF
        registers[0x03] = min(0xFFFF, abs(current) * bus // 20000)
        self._time_ns = truth.time_ns
