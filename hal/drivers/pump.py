"""Coolant pump: the speed of a hwmon fan controller that drives the pumps of a liquid loop.

Source: Linux Documentation/hwmon/sysfs-interface.rst (pwm 0-255, fan input in revolutions a minute).
"""

from __future__ import annotations

from dataclasses import dataclass

from hal.contract import Capability, Confirmation
from hal.errors import PortError
from hal.ports.files import FileTree
from hal.reading import Reason

NAMES = "class/hwmon/hwmon*/name"
SEARCH_LIMIT = 64  # chips looked at
FULL_PWM = 255
TOLERANCE = 0.05  # of full speed: a tachometer's and a pump curve's error, well under the loss of one pump of several


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpOptions:
    """`chip` is what the controller's `name` file says; `full_rpm` is what its tachometer says at full speed."""

    chip: str
    full_rpm: float
    number: int = 1

    def __post_init__(self) -> None:
        if self.full_rpm <= 0.0 or self.number < 1:
            raise ValueError(f"full_rpm and number must be positive, are {self.full_rpm} and {self.number}")


class Pump:
    """A `hal.contract.Pump`: writes the speed and confirms it by the tachometer, which a dead pump does not fool."""

    Options = PumpOptions

    def __init__(self, name: str, port: FileTree, options: PumpOptions) -> None:
        self._name, self._files, self._options = name, port, options
        self._folder: str | None = None

    def set_speed(self, speed: float) -> Confirmation:
        """Raises ValueError for a speed outside [0, 1]."""
        if not 0.0 <= speed <= 1.0:
            raise ValueError(f"speed must be in [0, 1], is {speed}")
        detail = ""
        try:
            self._files.write_text(f"{self._found()}/pwm{self._options.number}", str(round(FULL_PWM * speed)))
        except PortError as error:
            detail = str(error)
        turning = self.speed()
        is_honoured = not detail and turning is not None and abs(turning - speed) <= TOLERANCE
        if not is_honoured and not detail and turning is not None:
            detail = f"turns at {turning:.2f} of full speed"
        return Confirmation(actuator=self._name, requested=speed, confirmed=turning, ok=is_honoured, detail=detail)

    def speed(self) -> float | None:
        """What the tachometer says, as a fraction of full speed."""
        try:
            return self._files.read_number(f"{self._found()}/fan{self._options.number}_input") / self._options.full_rpm
        except PortError as error:
            if error.reason is Reason.ABSENT:  # the controller may come back under another number
                self._folder = None
            return None

    def capability(self) -> Capability | None:
        """How soon it follows is not told; None where it cannot be read."""
        if self.speed() is None:
            return None
        return Capability(unit="speed", low=0.0, high=1.0, granularity=1.0 / FULL_PWM)

    def _found(self) -> str:
        """The controller's folder, found by its chip's name. Raises PortError."""
        if self._folder is None:
            for path in self._files.glob(NAMES)[:SEARCH_LIMIT]:
                if self._files.read_text(path) == self._options.chip:
                    self._folder = path.removesuffix("/name")
                    break
            else:
                raise PortError(Reason.ABSENT, f"no hwmon chip {self._options.chip!r}")
        return self._folder
