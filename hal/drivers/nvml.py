"""An NVIDIA graphics processor: power, energy, temperature, clocks, why it throttles, and errors of its memory.

Energy comes from the board's own counter (Volta and later), so what happens between two looks is in it; `mean_power` is
its rate. `power` is what the library averages itself, over 25 ms to a second, which depends on the board.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.counting import Tally
from hal.drivers.sampling import missing, sample
from hal.errors import PortError
from hal.ports.nvml import Nvml
from hal.reading import Channel, Reason, Sample

MILLI, MEGA = 1e-3, 1e6
MAX_POWER_W = 5_000.0  # of one board: a fall of the counter is its driver's new beginning, since it does not wrap
ROLES = {  # role: query and scale
    "power": ("power_mw", MILLI),
    "energy": ("energy_mj", MILLI),
    "mean_power": ("energy_mj", MILLI),
    "temperature": ("temperature_c", 1.0),
    "clock": ("clock_mhz", MEGA),
    "memory_clock": ("memory_clock_mhz", MEGA),
    "throttle_bits": ("throttle_bits", 1.0),
    "corrected": ("ecc_corrected", 1.0),
    "uncorrected": ("ecc_uncorrected", 1.0),
    "corrected_ever": ("ecc_corrected_ever", 1.0),
    "uncorrected_ever": ("ecc_uncorrected_ever", 1.0),
    "rows_corrected": ("rows_corrected", 1.0),
    "rows_uncorrected": ("rows_uncorrected", 1.0),
    "rows_pending": ("rows_pending", 1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NvmlOptions:
    """`uuid` is what `nvidia-smi -L` prints, as `GPU-...`; empty for the first: indices change between boots."""

    uuid: str = ""


class NvmlDevice:
    """Roles: `power` and `mean_power` (W), `energy` (J since the first look), `temperature` (degC), `clock` and
    `memory_clock` (Hz), `throttle_bits` (NVML's reasons as a number), errors since the driver was loaded and ever, rows
    of memory that were remapped or wait for it.
    """

    ROLES = tuple(ROLES)
    Options = NvmlOptions

    def __init__(self, port: Nvml, clock: Clock, channels: Mapping[str, Channel], options: NvmlOptions) -> None:
        self._nvml, self._clock, self._uuid = port, clock, options.uuid
        self._rows = tuple((role, channels[role]) for role in self.ROLES if role in channels)
        self.channels = tuple(channel for _, channel in self._rows)
        self._energy = Tally(MAX_POWER_W / MILLI)
        self.read()  # the first look at the counter

    def read(self) -> tuple[Sample, ...]:
        now_ns = self._clock.now_ns()
        return tuple([self._read_one(role, channel, now_ns) for role, channel in self._rows])

    def _read_one(self, role: str, channel: Channel, now_ns: int) -> Sample:
        query, scale = ROLES[role]
        try:
            number: float = self._nvml.number(self._uuid, query)
            if query == "energy_mj":
                number = self._counted(role, int(number), now_ns)
        except PortError as error:
            if query == "energy_mj" and error.reason is Reason.ABSENT:
                self._energy.begin_anew()
            return missing(channel, now_ns, error)
        return sample(channel, now_ns, number * scale)

    def _counted(self, role: str, count_mj: int, now_ns: int) -> float:
        """Millijoules since the first look, or a second of them."""
        self._energy.look(count_mj, now_ns, None)
        if role == "energy":
            return self._energy.total
        if self._energy.rate_per_s is None:
            raise PortError(Reason.TIMEOUT, "the first interval is not over")
        return self._energy.rate_per_s
