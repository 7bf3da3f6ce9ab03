"""Power switch: a rail behind a userspace-consumer regulator. Source: Linux drivers/regulator/userspace-consumer.c."""

from __future__ import annotations

from dataclasses import dataclass

from hal.contract import Capability, Confirmation
from hal.errors import PortError
from hal.ports.files import FileTree

STATES = {"enabled": True, "disabled": False}
_WORDS = {is_on: word for word, is_on in STATES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegulatorOptions:
    """`path` is the `state` file of the consumer."""

    path: str


class Regulator:
    """A `hal.contract.Switch`: writes `enabled` or `disabled` and reads it back."""

    Options = RegulatorOptions

    def __init__(self, name: str, port: FileTree, options: RegulatorOptions) -> None:
        self._name = name
        self._files = port
        self._path = options.path

    def set(self, on: bool) -> Confirmation:
        detail = ""
        try:
            self._files.write_text(self._path, _WORDS[on])
        except PortError as error:
            detail = str(error)
        state = self.is_on()
        confirmed = None if state is None else float(state)
        is_honoured = state is on and not detail
        return Confirmation(
            actuator=self._name, requested=float(on), confirmed=confirmed, ok=is_honoured, detail=detail
        )

    def is_on(self) -> bool | None:
        try:
            return STATES.get(self._files.read_text(self._path))
        except PortError:
            return None

    def capability(self) -> Capability | None:
        """How soon it follows is not told; None where it cannot be read."""
        if self.is_on() is None:
            return None
        return Capability(unit="on", low=0.0, high=1.0, granularity=1.0)
