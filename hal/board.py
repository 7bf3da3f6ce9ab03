"""A board: which devices sit on which ports. `load_board` reads the TOML file, `open_board` makes the drivers.

name = "bench"

[ports.i2c0]                       # may be replaced by a port given to open_board, as a simulator does
kind = "i2c-dev"                   # hal.ports.kinds
bus = 0

[[device]]
name = "rail_monitor"
driver = "ina226"                  # hal.registry.SENSORS
port = "i2c0"
address = 0x40                     # and the other keys of the driver's options

[device.channels.voltage]          # a role of the driver, and the fields of hal.reading.Channel
name = "rail_voltage_v"
unit = "V"
low = 0.0
high = 18.0

[[actuator]]
name = "payload_rail"
driver = "regulator"               # hal.registry.ACTUATORS
port = "sys"
owner = "payload"
path = "devices/payload_rail/state"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from hal import registry
from hal.clock import Clock
from hal.config import ConfigError, build, read_toml
from hal.contract import Limit, PowerCap, Pump, Sensor, Switch, Watchdog
from hal.ports.kinds import KINDS, PortConfig
from hal.ports.samples import Noting, Samples
from hal.reading import SOURCES, Channel

_KINDS = {
    "switches": registry.SWITCHES,
    "caps": registry.CAPS,
    "limits": registry.LIMITS,
    "pumps": registry.PUMPS,
    "watchdogs": registry.WATCHDOGS,
}
BOARDS = Path(__file__).parent / "boards"  # the boards that ship


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceConfig:
    """A sensor: its channels by role, and the driver's own options."""

    name: str
    driver: str
    port: str
    channels: dict[str, Channel]
    options: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorConfig:
    """An actuator, who owns it, and the driver's own options."""

    name: str
    driver: str
    port: str
    owner: str
    options: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardConfig:
    """A board file, checked."""

    file: str
    name: str
    ports: dict[str, PortConfig]
    devices: tuple[DeviceConfig, ...]
    actuators: tuple[ActuatorConfig, ...]

    @property
    def parts(self) -> tuple[DeviceConfig | ActuatorConfig, ...]:
        return (*self.devices, *self.actuators)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What can be sensed and switched. `channels` and the actuators are by name; `own_ports` are those that the board
    file named and no caller gave.
    """

    name: str
    sensors: tuple[Sensor, ...]
    switches: dict[str, Switch]
    caps: dict[str, PowerCap]
    watchdogs: dict[str, Watchdog]
    channels: dict[str, Channel]
    pumps: dict[str, Pump] = field(default_factory=dict)
    limits: dict[str, Limit] = field(default_factory=dict)
    own_ports: tuple[Any, ...] = ()

    def actuator(self, name: str) -> Any:
        """The actuator of that name, of whatever kind; raises KeyError."""
        return {**self.switches, **self.caps, **self.limits, **self.pumps, **self.watchdogs}[name]

    def close(self) -> None:
        """Close the board's own ports; given ones belong to the giver."""
        for port in self.own_ports:
            port.close()


def shipped_board(name: str) -> Path:
    """The file of a board that ships with the package: `satellite`, `satellite.toml`."""
    return BOARDS / f"{name.removesuffix('.toml')}.toml"


def find_board(named: str | Path) -> BoardConfig:
    """The board in a file, or one that ships with the package by its name (`satellite`, `satellite.toml`)."""
    return load_board(board_path(named))


def board_path(named: str | Path) -> Path:
    """The file that `find_board` reads."""
    path = Path(named)
    shipped = shipped_board(path.name)
    is_name = not path.exists() and path.name == str(named) and shipped.exists()
    return shipped if is_name else path


def load_board(path: Path) -> BoardConfig:
    """The board in the TOML file `path`; raises ConfigError naming file, key and what is accepted."""
    return read_board(read_toml(path), path.name)


def read_board(table: dict[str, Any], file: str) -> BoardConfig:
    """The board in a TOML table of the file `file`; raises ConfigError."""
    _check_keys(table, ("name", "ports", "device", "actuator"), file, "")
    config = BoardConfig(
        file=file,
        name=_text(table, "name", file, ""),
        ports={name: _port(row, file, f"ports.{name}") for name, row in _table(table, "ports", file).items()},
        devices=tuple(_device(row, file, f"device[{index}]") for index, row in _rows(table, "device", file)),
        actuators=tuple(_actuator(row, file, f"actuator[{index}]") for index, row in _rows(table, "actuator", file)),
    )
    _check_names(config)
    _check_members(config)
    return config


def open_board(config: BoardConfig, ports: Mapping[str, object] | None, clock: Clock) -> Board:
    """The drivers of the board. Each of `ports` replaces the board file's port of that name.

    Raises ConfigError for a port that is in neither; never fails for the hardware's sake.
    """
    given = ports or {}
    _check_ports(config, {**config.ports, **given})
    own = {name: port.open(name) for name, port in config.ports.items() if name not in given}
    opened: dict[str, Any] = {**given, **own}
    actuators: dict[str, dict[str, Any]] = {kind: {} for kind in _KINDS}
    for row in config.actuators:
        actuators[kind_of(row.driver)][row.name] = _actuated(row, opened[row.port], clock)
    return Board(
        name=config.name,
        sensors=_sensors(config, opened, clock),
        channels={channel.name: channel for row in config.devices for channel in row.channels.values()},
        own_ports=tuple(own.values()),
        **actuators,
    )


def _sensors(config: BoardConfig, opened: Mapping[str, Any], clock: Clock) -> tuple[Sensor, ...]:
    """The drivers of the devices; where a port holds the board's own samples, it gets all of them."""
    sensors = tuple(_sensor(row, opened[row.port], clock) for row in config.devices)
    for port in opened.values():
        if isinstance(port, Samples):
            sensors = tuple(Noting(sensor, port) for sensor in sensors)
    return sensors


def _sensor(row: DeviceConfig, port: object, clock: Clock) -> Sensor:
    sensor: Sensor = registry.driver(row.driver)(port, clock, row.channels, row.options)
    return sensor


def _actuated(row: ActuatorConfig, port: object, clock: Clock) -> object:
    driver = registry.driver(row.driver)
    waits = (clock,) if getattr(driver, "WAITS", False) else ()
    return driver(row.name, port, row.options, *waits)


def kind_of(driver: str) -> str:
    """The field of `Board` in which the actuators of a driver stand."""
    return next(kind for kind, drivers in _KINDS.items() if driver in drivers)


def _port(row: Any, file: str, key: str) -> PortConfig:
    kind = _choice(row, "kind", KINDS, file, key)
    return build(KINDS[kind], {name: value for name, value in row.items() if name != "kind"}, file, key)


def _device(row: Any, file: str, key: str) -> DeviceConfig:
    name = _choice(row, "driver", registry.SENSORS, file, key)
    driver = registry.driver(name)
    options = _options(row, driver, ("name", "driver", "port", "channels"), file, key)
    channels = _table(row, "channels", file, key)
    if not channels:
        raise ConfigError(file, f"{key}.channels", f"is missing; roles of {name}: {', '.join(driver.ROLES)}")
    _check_keys(channels, driver.ROLES, file, f"{key}.channels")
    return DeviceConfig(
        name=_text(row, "name", file, key),
        driver=name,
        port=_text(row, "port", file, key),
        channels={role: _channel(channels[role], file, f"{key}.channels.{role}") for role in channels},
        options=options,
    )


def _channel(row: Any, file: str, key: str) -> Channel:
    channel = build(Channel, row, file, key)
    if not channel.low < channel.high:
        raise ConfigError(file, f"{key}.low", f"must be less than high, is {channel.low} with {channel.high}")
    if channel.worst not in ("", "low", "high"):
        raise ConfigError(file, f"{key}.worst", f"must be '', 'low' or 'high', is {channel.worst!r}")
    if channel.source not in SOURCES:
        raise ConfigError(file, f"{key}.source", f"must be one of {', '.join(SOURCES[1:])}, is {channel.source!r}")
    if not 0.0 <= channel.sigma < float("inf"):
        raise ConfigError(file, f"{key}.sigma", f"must be 0 or more, is {channel.sigma}")
    if channel.max_rate_per_s < 0.0 or channel.period_s <= 0.0:
        raise ConfigError(file, key, "max_rate_per_s must be at least 0 and period_s more than 0")
    return channel


def _actuator(row: Any, file: str, key: str) -> ActuatorConfig:
    name = _choice(row, "driver", registry.ACTUATORS, file, key)
    return ActuatorConfig(
        name=_text(row, "name", file, key),
        driver=name,
        port=_text(row, "port", file, key),
        owner=_text(row, "owner", file, key) if "owner" in row else "payload",
        options=_options(row, registry.driver(name), ("name", "driver", "port", "owner"), file, key),
    )


def _options(row: dict[str, Any], driver: Any, common: tuple[str, ...], file: str, key: str) -> Any:
    """The driver's options: what is left of the row without the keys that every row has."""
    names = tuple(option.name for option in fields(driver.Options))
    _check_keys(row, (*common, *names), file, key)
    return build(driver.Options, {name: row[name] for name in names if name in row}, file, key)


def _check_names(config: BoardConfig) -> None:
    """Names must be unique: channels among themselves, devices and actuators among themselves."""
    channels = [channel.name for row in config.devices for channel in row.channels.values()]
    parts = [row.name for row in config.parts]
    for names, key in ((channels, "device.channels"), (parts, "device, actuator")):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(config.file, key, f"the name {twice[0]!r} stands twice")


def _check_members(config: BoardConfig) -> None:
    """What a device takes from others (`of`) must be channels of devices before it: it reads their newest samples."""
    before: set[str] = set()
    for row in config.devices:
        unknown = [name for name in getattr(row.options, "of", ()) if name not in before]
        if unknown:
            raise ConfigError(config.file, f"{row.name}.of", f"no device before it has a channel {unknown[0]!r}")
        before |= {channel.name for channel in row.channels.values()}


def _check_ports(config: BoardConfig, ports: Mapping[str, object]) -> None:
    for row in config.parts:
        if row.port not in ports:
            known = ", ".join(sorted(ports)) or "none"
            raise ConfigError(config.file, f"{row.name}.port", f"no port {row.port!r}; there are: {known}")


def _check_keys(table: Mapping[str, Any], accepted: tuple[str, ...], file: str, key: str) -> None:
    for name in table:
        if name not in accepted:
            where = f"{key}.{name}" if key else name
            raise ConfigError(file, where, f"unknown key; accepted here: {', '.join(accepted)}")


def _choice(row: Any, name: str, accepted: Mapping[str, object], file: str, key: str) -> str:
    value = _text(row, name, file, key)
    if value not in accepted:
        raise ConfigError(file, f"{key}.{name}", f"unknown {name} {value!r}; accepted here: {', '.join(accepted)}")
    return value


def _text(row: Any, name: str, file: str, key: str) -> str:
    if not isinstance(row, dict):
        raise ConfigError(file, key, f"must be a table, is {type(row).__name__}")
    value = row.get(name)
    if not isinstance(value, str) or not value:
        problem = "is missing" if value is None else f"must be a text, is {value!r}"
        raise ConfigError(file, f"{key}.{name}" if key else name, problem)
    return value


def _table(row: dict[str, Any], name: str, file: str, key: str = "") -> dict[str, Any]:
    value = row.get(name, {})
    if not isinstance(value, dict):
        raise ConfigError(file, f"{key}.{name}" if key else name, f"must be a table, is {type(value).__name__}")
    return value


def _rows(table: dict[str, Any], name: str, file: str) -> list[tuple[int, Any]]:
    value = table.get(name, [])
    if not isinstance(value, list):
        raise ConfigError(file, name, f"must be a list of tables: [[{name}]]")
    return list(enumerate(value))
