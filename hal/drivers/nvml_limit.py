"""The power limit of an NVIDIA graphics processor, in watts. Setting it needs root, and it has a floor.

Confirmed by the limit that the board enforces, which may be under what was asked where another limit holds.
"""

from __future__ import annotations

from hal.contract import Capability, Confirmation
from hal.drivers.nvml import MILLI, NvmlOptions
from hal.errors import Denied, PortError
from hal.ports.nvml import Nvml

STEP_W = 1.0  # boards round to whole watts


class NvmlLimit:
    """A `hal.contract.Limit` in W."""

    Options = NvmlOptions

    def __init__(self, name: str, port: Nvml, options: NvmlOptions) -> None:
        self._name, self._nvml, self._uuid = name, port, options.uuid

    def set_limit(self, value: float) -> Confirmation:
        """W. Raises ValueError for a limit that is not more than 0."""
        if not 0.0 < value < float("inf"):
            raise ValueError(f"a limit must be more than 0 W, is {value}")
        detail = ""
        try:
            self._nvml.set_limit_mw(self._uuid, round(value / MILLI))
        except Denied as error:
            detail = f"{error}: only root may set it"
        except PortError as error:
            detail = str(error)
        kept = self.limit()
        if not detail and (kept is None or abs(kept - value) > STEP_W):
            detail = "the limit cannot be read" if kept is None else f"the board enforces {kept:.6g} W"
        return Confirmation(actuator=self._name, requested=value, confirmed=kept, ok=not detail, detail=detail)

    def limit(self) -> float | None:
        return self._watts("limit_mw")

    def capability(self) -> Capability | None:
        least, most = self._watts("limit_least_mw"), self._watts("limit_most_mw")
        if least is None or most is None:
            return None
        return Capability(unit="W", low=least, high=most, granularity=STEP_W)

    def _watts(self, query: str) -> float | None:
        try:
            return MILLI * self._nvml.number(self._uuid, query)
        except PortError:
            return None
