"""Hardware watchdog: resets the computer unless it is kicked. Source: Linux Documentation/watchdog/watchdog-api.rst."""

from __future__ import annotations

from dataclasses import dataclass

from hal.contract import Confirmation
from hal.drivers.search import paths_of
from hal.errors import PortError
from hal.finding import Finding
from hal.ports.files import FileTree

KICK = "1"  # any octet but `V`, which is the leave to stop


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchdogOptions:
    """`path` is the device; `state_path` a file that says `active`, such as class/watchdog/watchdog0/state."""

    path: str
    state_path: str = ""


class DeviceWatchdog:
    """A `hal.contract.Watchdog`. The first kick arms the timer."""

    Options = WatchdogOptions

    def __init__(self, name: str, port: FileTree, options: WatchdogOptions) -> None:
        self._name = name
        self._files = port
        self._options = options

    def kick(self) -> Confirmation:
        """Confirmed 1 when the state file says that the timer runs, None where there is no such file."""
        try:
            self._files.write_text(self._options.path, KICK)
        except PortError as error:
            return Confirmation(actuator=self._name, requested=1.0, confirmed=None, ok=False, detail=str(error))
        state = self._state()
        if state is None:
            return Confirmation(actuator=self._name, requested=1.0, confirmed=None, ok=True)
        is_active = state == "active"
        return Confirmation(actuator=self._name, requested=1.0, confirmed=float(is_active), ok=is_active, detail=state)

    def _state(self) -> str | None:
        if not self._options.state_path:
            return None
        try:
            return self._files.read_text(self._options.state_path)
        except PortError:
            return None

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """The first timer."""
        if not paths_of(files, "watchdog"):
            return ()
        about = "resets this machine; the first kick arms it"
        options: dict[str, str | int | float] = {"path": "watchdog"}
        return (Finding(driver="watchdog", name="machine_watchdog", about=about, port="dev", options=options),)
