"""The simulated spacecraft: one fixed order of physics a step, split exactly where something changes by itself.

Order: orbit, Sun, shadow, array, battery, heat, radiation, load. Loads are constant within a step, because steps end
where the payload computer changes state or an action was scheduled. Energy and heat ledgers are checked every step.
What is shed, lost and restored on the bus stands in `events`; whoever hangs on a rail asks for its `supply`.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from math import cos, sin

from hal.clock import SECOND_NS
from hal.constants import ZERO_CELSIUS_K
from sim.array import ArrayConfig
from sim.battery import BatteryConfig
from sim.heat import Heat, HeatConfig
from sim.limits import Grant, LimitsConfig, Referee
from sim.load import Computer, ComputerConfig
from sim.orbit import Orbit, OrbitConfig
from sim.power import BusConfig, OwnedPower
from sim.radiation import INTERVAL_S, Radiation, RadiationConfig, Strike
from sim.rails import AVIONICS, PAYLOAD, RAILS, PowerEvent, Rails, Supply
from sim.sensors import SENSORS, SensorConfig
from sim.shadow import shadow_of
from sim.truth import Truth

RECOVERY_CHECK_S = 10.0  # how often what was shed or lost looks whether it may return


@dataclass(frozen=True, slots=True, kw_only=True)
class RailConfig:
    """The rail on which a host feeds its guest."""

    voltage_v: float = 15.0  # the class of bus for which the payload's monitor is made


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldConfig:
    """A spacecraft and its place. With a `rail` the payload is a guest: no array, battery or avionics of its own."""

    epoch_utc: datetime = datetime(2026, 11, 20, tzinfo=UTC)
    step_s: float = 1.0
    orbit: OrbitConfig = field(default_factory=OrbitConfig)
    array: ArrayConfig = field(default_factory=ArrayConfig)
    battery: BatteryConfig = field(default_factory=BatteryConfig)
    bus: BusConfig = field(default_factory=BusConfig)
    heat: HeatConfig = field(default_factory=HeatConfig)
    computer: ComputerConfig = field(default_factory=ComputerConfig)
    radiation: RadiationConfig = field(default_factory=RadiationConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    rail: RailConfig | None = None
    sensors: dict[str, SensorConfig] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.sensors:
            if name not in SENSORS:
                raise ValueError(f"sensor: must be one of {', '.join(SENSORS)}, is {name!r}")
        object.__setattr__(self, "orbit", self.orbit.resolved(self.epoch_utc))  # a TLE means this epoch's place
        if not 0.01 <= self.step_s <= 10.0:
            raise ValueError(f"step_s must be in 0.01..10, is {self.step_s}")


class World:
    """One spacecraft. `truth` is rewritten in place; `computer` and `referee` are part of it."""

    def __init__(self, config: WorldConfig, seed: int) -> None:
        self.config, self.seed = config, seed
        self.now_ns = 0
        self.orbit = Orbit(config.orbit.elements(config.epoch_utc))
        self.shadow = shadow_of(self.orbit, is_oblate=config.orbit.is_oblate)
        self.power = None if config.rail else OwnedPower(config.array, config.battery, config.bus)
        self.heat = Heat(config.heat, self.power.array_area_m2 if self.power else 0.0)
        self.computer = Computer(config.computer, seed)
        self.radiation = Radiation(config.radiation, self.orbit, seed)
        self.referee = Referee(config.limits, owns_power=self.power is not None)
        self.truth = Truth()
        self.rails = _rails(config.bus) if self.power else Rails(0.0, None, None, ())
        self.array_share = 1.0  # of the sunlight that reaches the array: less while it is turned away
        self._is_rechecking = False
        self._rail_v = config.rail.voltage_v if config.rail else 0.0
        self._step_ns = round(config.step_s * SECOND_NS)
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._scheduled = 0
        self._window_ns = 0
        self._window_payload_j = self._window_bus_j = self._window_array_j = 0.0
        self._window_battery_j = self._window_battery_c = 0.0
        self._start_truth()

    @property
    def events(self) -> deque[PowerEvent]:
        """What was shed, lost and restored, oldest first; the latest few thousand."""
        return self.rails.events

    def supply(self, rail: str) -> Supply:
        """The power of a rail, kept up to date; raises ValueError for a name that is none."""
        if rail not in RAILS:
            raise ValueError(f"no rail {rail!r}; there are {', '.join(RAILS)}")
        return self.computer if rail == PAYLOAD else self.rails.avionics

    def supply_of(self, sensor: str) -> Supply:
        """The power on which a sensor lives."""
        return self.supply(PAYLOAD if sensor in self.config.bus.on_payload_rail else AVIONICS)

    def is_powered(self, rail: str) -> bool:
        """Whether what hangs on a rail has power."""
        return self.supply(rail).is_powered

    def power_cycles(self, rail: str) -> int:
        """How often a rail's power has come back: what hangs on it started that often anew."""
        return self.supply(rail).power_cycles

    def schedule(self, time_ns: int, action: Callable[[], None]) -> None:
        """Have `action` called when the world stands exactly at `time_ns` (at once when that is past)."""
        self._scheduled += 1
        heapq.heappush(self._agenda, (time_ns, self._scheduled, action))

    def advance_to(self, time_ns: int) -> None:
        """Step to `time_ns`. Raises ValueError for a step back and LedgerError when a balance does not close."""
        if time_ns < self.now_ns:
            raise ValueError(f"world at {self.now_ns} ns cannot go back to {time_ns} ns")
        self._run_due()
        step_ns, agenda, computer = self._step_ns, self._agenda, self.computer
        while self.now_ns < time_ns:
            end_ns = self.now_ns - self.now_ns % step_ns + step_ns
            if time_ns < end_ns:
                end_ns = time_ns
            if computer.event_ns < end_ns:
                end_ns = max(computer.event_ns, self.now_ns + 1)
            if agenda and agenda[0][0] < end_ns:
                end_ns = agenda[0][0]
            self._step(end_ns)
            if agenda:
                self._run_due()

    def _run_due(self) -> None:
        while self._agenda and self._agenda[0][0] <= self.now_ns:
            heapq.heappop(self._agenda)[2]()

    def _start_truth(self) -> None:
        shadow, truth = self.shadow, self.truth
        start = self.orbit.start_rad
        truth.sun_cosine = shadow.sun_node * cos(start) + shadow.sun_ahead * sin(start)
        truth.illumination = shadow.illumination(truth.sun_cosine, sin(start))
        truth.is_sunlit = truth.illumination > 0.5
        truth.soc = self.power.battery.soc if self.power else 0.0
        truth.bus_voltage_v = self.power.bus_voltage_v if self.power else self._rail_v
        truth.battery_voltage_v = self.power.bus_voltage_v if self.power else 0.0
        truth.array_voltage_v = truth.battery_voltage_v
        truth.payload_power_w = truth.payload_peak_w = self.computer.draw_w
        truth.bus_power_w = truth.payload_power_w + self.rails.avionics_w
        truth.payload_voltage_v = truth.bus_voltage_v if self.computer.is_powered else 0.0
        truth.payload_current_a = truth.payload_power_w / truth.bus_voltage_v
        truth.bus_current_a = truth.bus_power_w / truth.bus_voltage_v
        self._irradiate()
        self._write_temperatures()

    def _step(self, end_ns: int) -> None:
        """One step of constant loads."""
        start_ns, truth, heat = self.now_ns, self.truth, self.heat
        seconds = (end_ns - start_ns) / SECOND_NS
        end_s = end_ns / SECOND_NS
        payload_w = self.computer.draw_w
        sun_w_m2, albedo_w_m2 = self._look_up(end_s, seconds)
        power = self.power
        if power is not None:
            load_w = self._supply_all(power, payload_w, sun_w_m2, albedo_w_m2, seconds, end_ns)
        else:
            load_w = payload_w
            heat.step(seconds, sun_w_m2, albedo_w_m2, 0.0, payload_w, 0.0, 0.0, end_ns)
        radiation = self.radiation
        truth.dose_ugy = radiation.dose_at(end_s)
        truth.corrected_errors, truth.uncorrected_errors = radiation.corrected, radiation.uncorrected
        self.now_ns = truth.time_ns = end_ns
        self.computer.settle(end_ns)
        self._write_powers(start_ns, seconds, payload_w, load_w)
        self._write_temperatures()
        self.referee.check(truth.soc, load_w, payload_w, heat, start_ns, end_ns)
        if power is not None:
            if power.is_short:
                self._shed_for_want(power)
            elif not self.rails.is_plain and self.rails.shed_low(truth.soc, truth.bus_voltage_v, end_ns):
                self._follow_sheds()

    def _supply_all(
        self,
        power: OwnedPower,
        payload_w: float,
        sun_w_m2: float,
        albedo_w_m2: float,
        seconds: float,
        end_ns: int,
    ) -> float:
        """Array, battery and heat of the step under everything that draws, which is returned in watts.

        The pumps warm the payload's end of the loop, converters and tracker the structure, shunts the array.
        """
        heat, rails = self.heat, self.rails
        load_w = payload_w + rails.avionics_w
        if not rails.is_plain:
            load_w = rails.demand_w(payload_w, self.computer.is_powered, heat.battery_k, heat.structure_k)
        if heat.loop is not None:
            load_w += heat.loop.pump_w
            payload_w += heat.loop.pump_w
        power.step(load_w, sun_w_m2 * self.array_share, heat.array_k, seconds, end_ns, heat.battery_k)
        structure_w = rails.structure_w - power.unserved_w + power.cells_w - power.array_w - power.shunt_w
        battery_w = power.battery.heat_j / seconds + rails.battery_w
        cells_w = power.cells_w - power.shunt_w
        heat.step(seconds, sun_w_m2, albedo_w_m2, cells_w, payload_w, battery_w, structure_w, end_ns)
        return load_w

    def _look_up(self, end_s: float, seconds: float) -> tuple[float, float]:
        """Orbit, Sun and shadow: mean sunlight and albedo of the step in W/m2."""
        orbit, shadow, truth = self.orbit, self.shadow, self.truth
        shadow.refresh(end_s - seconds)
        u = orbit.start_rad + orbit.latitude_rate_rad_s * end_s
        cos_u, sin_u = cos(u), sin(u)
        cosine = shadow.sun_node * cos_u + shadow.sun_ahead * sin_u
        begin, end = truth.illumination, shadow.illumination(cosine, sin_u)
        mean = begin
        if begin != end or 0.0 < end < 1.0:
            mean = shadow.mean_illumination(end_s - seconds, end_s)
        truth.illumination, truth.is_sunlit, truth.sun_cosine = end, end > 0.5, cosine
        flux_w_m2 = shadow.flux_w_m2
        return mean * flux_w_m2, flux_w_m2 * cosine if cosine > 0.0 else 0.0

    def _irradiate(self) -> None:
        """Enter the next interval of radiation; what strikes in it is scheduled to the nanosecond."""
        radiation, truth, now_ns = self.radiation, self.truth, self.now_ns
        for strike in radiation.enter(now_ns / SECOND_NS):
            self.schedule(round(strike.time_s * SECOND_NS), partial(self._suffer, strike))
        truth.latitude_deg, truth.longitude_deg = radiation.latitude_deg, radiation.longitude_deg
        truth.flux_cm2_s, truth.dose_rate_ugy_s = radiation.flux_cm2_s, radiation.dose_rate_ugy_s
        truth.corrected_errors, truth.uncorrected_errors = radiation.corrected, radiation.uncorrected
        self.schedule(now_ns + round(INTERVAL_S * SECOND_NS), self._irradiate)

    def _suffer(self, strike: Strike) -> None:
        """A functional interrupt hangs what runs; a latch-up draws until the rail is cycled."""
        if strike.hazard.effect == "interrupt":
            self.truth.interrupts += 1
            self.computer.hang(self.now_ns)
        else:
            self.computer.latch_up(strike.hazard.watts, self.now_ns)

    def _write_powers(self, start_ns: int, seconds: float, payload_w: float, load_w: float) -> None:
        """Means since the last whole step, so that a reader at whole steps misses nothing in between."""
        truth, power = self.truth, self.power
        if start_ns % self._step_ns == 0:
            self._window_ns = start_ns
            self._window_payload_j = self._window_bus_j = self._window_array_j = 0.0
            self._window_battery_j = self._window_battery_c = truth.payload_peak_w = 0.0
        if payload_w > truth.payload_peak_w:
            truth.payload_peak_w = payload_w
        payload_j, bus_j = payload_w * seconds, load_w * seconds
        self._window_payload_j += payload_j
        self._window_bus_j += bus_j
        truth.payload_energy_j += payload_j
        truth.bus_energy_j += bus_j
        window_s = (self.now_ns - self._window_ns) / SECOND_NS
        truth.payload_power_w = self._window_payload_j / window_s
        truth.bus_power_w = self._window_bus_j / window_s
        bus_v = self._rail_v
        if power is not None:
            battery = power.battery
            bus_v = truth.battery_voltage_v = truth.array_voltage_v = battery.voltage_v
            array_j = power.array_w * seconds
            self._window_array_j += array_j
            self._window_battery_j += power.battery_w * seconds
            self._window_battery_c += battery.current_a * seconds
            truth.array_energy_j += array_j
            truth.array_power_w = self._window_array_j / window_s
            truth.array_current_a = truth.array_power_w / bus_v
            truth.array_available_w = power.available_w
            truth.battery_power_w = self._window_battery_j / window_s
            truth.battery_current_a = self._window_battery_c / window_s
            truth.battery_heat_j += battery.heat_j
            truth.unserved_energy_j += power.unserved_w * seconds
            truth.soc = battery.soc
            if power.shunt_w:
                truth.shunt_energy_j += power.shunt_w * seconds
        truth.bus_voltage_v = bus_v
        truth.bus_current_a = truth.bus_power_w / bus_v
        truth.payload_voltage_v = bus_v if self.computer.is_powered else 0.0
        truth.payload_current_a = truth.payload_power_w / bus_v

    def _write_temperatures(self) -> None:
        truth, heat = self.truth, self.heat
        truth.array_temp_c = heat.array_k - ZERO_CELSIUS_K
        truth.payload_temp_c = heat.payload_k - ZERO_CELSIUS_K
        truth.battery_temp_c = heat.battery_k - ZERO_CELSIUS_K
        truth.radiator_temp_c = heat.radiator_k - ZERO_CELSIUS_K
        truth.structure_temp_c = heat.structure_k - ZERO_CELSIUS_K

    def _shed_for_want(self, power: OwnedPower) -> None:
        """Array and battery cannot carry all: one stage of loads goes, at the end the payload, then the avionics."""
        if self.rails.shed_stage(self.now_ns):
            self._follow_sheds()
        elif power.unserved_w > 0.0 and self.rails.avionics.is_powered:
            self.rails.lose_avionics(self.now_ns)
            self.heat.set_pump(is_powered=False)

    def _follow_sheds(self) -> None:
        """Something was shed: the payload's rail follows, and somebody looks after its return."""
        computer = self.computer
        if self.rails.is_shed(PAYLOAD):
            self.truth.brown_outs += computer.is_powered
            computer.set_supply(False, self.now_ns, "undervoltage")
        if not self._is_rechecking:
            self._recheck()

    def _recheck(self) -> None:
        self._is_rechecking = True
        self.schedule(self.now_ns + round(RECOVERY_CHECK_S * SECOND_NS), self._try_to_return)

    def _try_to_return(self) -> None:
        """Avionics first, then loads by their thresholds; again later while anything is away."""
        power, rails = self.power, self.rails
        self._is_rechecking = False
        if power is None:
            return
        if not rails.avionics.is_powered and power.may_restart():
            rails.return_avionics(self.now_ns)
            self.heat.set_pump(is_powered=True)
        may_feed = rails.avionics.is_powered and power.may_recover()
        is_whole = may_feed and rails.restore(self.truth.soc, self.truth.bus_voltage_v, self.now_ns)
        if not rails.is_shed(PAYLOAD):
            self.computer.set_supply(True, self.now_ns, "undervoltage")
        if not is_whole:
            self._recheck()

    def issue(self, grant: Grant) -> None:
        """A host's grant goes to the referee; steps end where it begins and ends. Only for a guest."""
        if self.referee.grants is None:
            raise ValueError("a spacecraft with its own power takes no grants")
        self.referee.grants.issue(grant)
        self.schedule(grant.from_ns, _nothing)
        self.schedule(grant.until_ns, _nothing)

    def brown_out(self, seconds: float) -> None:
        """The payload's source drops out for a time."""
        if self.computer.is_powered:
            self.truth.brown_outs += 1
        self.computer.set_supply(False, self.now_ns, "brown-out")
        self.schedule(self.now_ns + round(seconds * SECOND_NS), self._end_brown_out)

    def _end_brown_out(self) -> None:
        self.computer.set_supply(True, self.now_ns, "brown-out")


def _rails(bus: BusConfig) -> Rails:
    return Rails(bus.avionics_w, bus.avionics_converter, bus.payload_converter, bus.load)


def _nothing() -> None:
    """An action that only ends a step."""
