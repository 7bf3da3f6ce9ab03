"""A scenario: one TOML file that says which spacecraft flies where, what is asked of it, and what goes wrong.

It drives virtual time, real time and hardware alike. Unknown keys are errors that name file, key and what is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from hal.config import ConfigError, build, read_toml
from sim.ageing import LifeConfig, dose_ugy, fluence, worn_array, worn_battery
from sim.array import ArrayConfig
from sim.arrivals import Demand
from sim.battery import BatteryConfig
from sim.faults import Fault
from sim.heat import HeatConfig
from sim.host import HostConfig
from sim.limits import LimitsConfig
from sim.load import ComputerConfig
from sim.orbit import OrbitConfig
from sim.power import BusConfig
from sim.radiation import RadiationConfig
from sim.radio import RadioConfig, Station
from sim.sensors import SensorConfig
from sim.world import RailConfig, World, WorldConfig

SHIPPED = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything about one flight. `flight` holds overrides for the flight mission named `mission`.

    `array` and `battery` are as they were built; `life` ages them before the flight. With `host` the payload is a
    guest, and array, battery and bus are not used.
    """

    name: str
    title: str
    about: str
    epoch_utc: datetime
    mission: str
    duration_orbits: float = 2.0
    seed: int = 1
    step_s: float = 1.0
    flight: dict[str, Any] = field(default_factory=dict)
    orbit: OrbitConfig = field(default_factory=OrbitConfig)
    array: ArrayConfig = field(default_factory=ArrayConfig)
    battery: BatteryConfig = field(default_factory=BatteryConfig)
    life: LifeConfig = field(default_factory=LifeConfig)
    bus: BusConfig = field(default_factory=BusConfig)
    heat: HeatConfig = field(default_factory=HeatConfig)
    computer: ComputerConfig = field(default_factory=ComputerConfig)
    radiation: RadiationConfig = field(default_factory=RadiationConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    radio: RadioConfig = field(default_factory=RadioConfig)
    demand: tuple[Demand, ...] = ()
    fault: tuple[Fault, ...] = ()
    sensor: dict[str, SensorConfig] = field(default_factory=dict)
    station: tuple[Station, ...] = ()
    host: HostConfig | None = None

    def __post_init__(self) -> None:
        if self.epoch_utc.tzinfo is None:
            raise ValueError("epoch_utc must say its zone, as in 2026-11-20T00:00:00Z")
        object.__setattr__(self, "orbit", self.orbit.resolved(self.epoch_utc))  # a TLE means this epoch's place
        worn_array(self.array, self.orbit, self.radiation, self.life)  # raises where it cannot be
        if not 0.0 < self.duration_orbits <= 10_000.0:
            raise ValueError(f"duration_orbits must be in 0..10000, is {self.duration_orbits}")

    def world_config(self) -> WorldConfig:
        """The spacecraft and its place."""
        return WorldConfig(
            epoch_utc=self.epoch_utc,
            step_s=self.step_s,
            orbit=self.orbit,
            array=worn_array(self.array, self.orbit, self.radiation, self.life),
            battery=worn_battery(self.battery, self.life),
            bus=self.bus,
            heat=self.heat,
            computer=self.computer,
            radiation=self.radiation,
            limits=self.limits,
            rail=None if self.host is None else RailConfig(voltage_v=self.host.voltage_v),
            sensors=self.sensor,
        )

    def world(self, seed: int | None = None) -> World:
        """A new world; `seed` replaces the scenario's own."""
        world = World(self.world_config(), self.seed if seed is None else seed)
        world.radiation.dose_ugy = dose_ugy(self.orbit, self.radiation, self.life)
        world.radiation.equivalent_fluence_cm2 = fluence(self.orbit, self.radiation, self.life)
        return world

    def duration_s(self, world: World) -> float:
        """The length of the flight."""
        return self.duration_orbits * world.orbit.period_s


def shipped() -> tuple[str, ...]:
    """Names of the scenarios that come with the simulator."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def load_scenario(name_or_path: str | Path) -> Scenario:
    """A shipped scenario by its name, or any by its path. Raises ConfigError."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = SHIPPED / f"{name_or_path}.toml"
        if not path.is_file():
            raise ConfigError(str(name_or_path), "", f"no such scenario; shipped are {', '.join(shipped())}")
    return build(Scenario, read_toml(path), path.name)
