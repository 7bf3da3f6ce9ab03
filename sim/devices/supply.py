"""A chip that lives on a rail: without power it does not acknowledge, and with power again it starts anew."""

from __future__ import annotations

from abc import ABC, abstractmethod

from hal.errors import PortError
from hal.reading import Reason
from sim.rails import Supply


class Powered(ABC):
    """Base of the emulated chips. They check before they convert: at the same instant nothing can have changed."""

    __slots__ = ("_cycles", "_name", "_supply")

    def __init__(self, name: str, supply: Supply) -> None:
        self._name, self._supply = name, supply
        self._cycles = supply.power_cycles

    def _check_power(self) -> None:
        """Raises PortError as a bus without an answer does; resets the registers once after each power cycle."""
        supply = self._supply
        if not supply.is_powered:
            raise PortError(Reason.BUS, f"{self._name} does not acknowledge: no power")
        if supply.power_cycles != self._cycles:
            self._cycles = supply.power_cycles
            self._power_up()

    @abstractmethod
    def _power_up(self) -> None:
        """The registers as they are after power-on."""
