"""One satellite of a constellation flown by the real flight software, in the same tick as all the others.

The flight's scenario takes orbit, array, battery and heat from the satellite's shell and design, and mission, computer
and demand from the scenario that the shells file names. After every step of the constellation the flown satellite's
stored energy and temperatures are written into its row, so that the statistics contain what the flight software did
with it; beside it flies a twin that follows the shell's load policy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import degrees, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hal.clock import SECOND_NS
from hal.constants import ZERO_CELSIUS_K
from sim.battery import Battery, BatteryConfig
from sim.constellation.campaign import Campaign, Leg, Progress, count, fly_layer
from sim.constellation.design import Design, StorageConfig
from sim.constellation.executors import executor
from sim.constellation.fleet import Fleet
from sim.constellation.layers import Layer, place_of
from sim.constellation.rows import Rows
from sim.constellation.statistics import Counts, Statistics, measure, quantities, reduce
from sim.heat import HeatConfig, NodeConfig
from sim.orbit import OrbitConfig
from sim.scenario import Scenario, load_scenario
from sim.sun import mean_longitude_rad
from sim.world import World
from tools.flight.loop import Options, VirtualFlight
from tools.flight.record import FlightRecord
from tools.flight.summary import summarise

BISECTIONS = 40  # to a million-millionth of the charge
SERIES = ("soc", "array_c", "payload_c", "body_c", "compute_w")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alongside:
    """The flown satellite and its twin: `SERIES` by name at the samples' hours."""

    satellite: int
    shell: str
    scenario: str
    record: FlightRecord
    hours: NDArray[np.float64]
    flown: dict[str, list[float]]
    twin: dict[str, list[float]]

    def answer(self) -> dict[str, Any]:
        """For JSON."""
        summary = summarise(self.record)
        return {
            "satellite": self.satellite,
            "shell": self.shell,
            "scenario": self.scenario,
            "jobs": summary["jobs"],
            "value": summary["value"],
            "violations": summary["limits"]["violations"],
            "series": self.flown,
            "twin": self.twin,
        }


def scenario_of(layer: Layer, index: int, epoch_unix_s: float) -> Scenario:
    """The flight of one satellite of a layer; the scenario's own faults do not happen and it has no host."""
    base, design = load_scenario(layer.scenario), layer.design
    shell, storage = layer.shell, design.storage
    node, latitude = (float(part[0]) for part in shell.phases(epoch_unix_s, np.array([index])))
    ltan_h = ((node - mean_longitude_rad(epoch_unix_s)) * 12.0 / pi + 12.0) % 24.0
    battery = replace(base.battery, capacity_wh=storage.capacity_wh)
    return replace(
        base,
        name=f"{shell.name}-{index}",
        title=f"Satellite {index} of {shell.name}",
        epoch_utc=datetime.fromtimestamp(epoch_unix_s, tz=UTC),
        orbit=OrbitConfig(
            altitude_km=shell.altitude_km,
            ltan_h=ltan_h,
            inclination_deg=shell.inclination_deg,
            latitude_argument_deg=degrees(latitude),
        ),
        array=design.array,
        battery=_like(battery, storage),
        bus=replace(base.bus, avionics_w=_avionics_w(design)),
        heat=design.heat,
        fault=(),
        host=None,
    )


def _avionics_w(design: Design) -> float:
    """The platform without its pumps, which the bench counts apart."""
    pump_w = design.heat.loop.pump_w if design.heat.loop else 0.0
    return max(design.load.platform_w - pump_w, 0.0)


def _like(battery: BatteryConfig, storage: StorageConfig) -> BatteryConfig:
    """The pack with as much energy at the start, and its charge limited to those watts at its mean voltage.

    A design's share is of energy, a pack's of charge, and the voltage rises with the charge.
    """
    mean_v = battery.capacity_wh * 3600.0 / battery.capacity_c
    pack, low, high = Battery(battery), 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        is_less = pack.stored_j(middle) < storage.start_soc * storage.capacity_wh * 3600.0
        low, high = (middle, high) if is_less else (low, middle)
    return replace(battery, start_soc=high, charge_limit_a=storage.charge_limit_w / mean_v)


def fly_alongside(
    campaign: Campaign, satellite: int, workers: int, progress: Progress
) -> tuple[tuple[Statistics, ...], Alongside]:
    """Fly the campaign with one satellite under the flight software; the statistics, and how it fared."""
    number, index = place_of(campaign.layers, satellite)
    found: list[Statistics] = []
    for other in range(len(campaign.layers)):
        if other != number:
            found.append(fly_layer(campaign, other, workers, progress))
            continue
        pair = Pair(campaign, number, index, workers)
        found.append(pair.fly(progress))
    return tuple(found), pair.told(satellite)


class Pair:
    """A layer, one satellite of it under the flight software, and that satellite's twin."""

    def __init__(self, campaign: Campaign, number: int, index: int, workers: int = 1) -> None:
        self.campaign, self.layer, self.index = campaign, campaign.layers[number], index
        calendar, runner = campaign.calendar(number), executor(campaign.executor)
        scenario = scenario_of(self.layer, index, campaign.epoch_unix_s)
        duration_s = campaign.steps * campaign.step_s
        self.flight = VirtualFlight(scenario, Options(execute=False, lean=True, duration_s=duration_s))
        self.fleet = Fleet(calendar, executor_=runner, block=campaign.block, workers=workers)
        self._twin = Fleet(calendar, executor_=runner, indices=np.array([index]))
        self._row: Rows = self.fleet.rows[:, index]  # a view: what is written here is the fleet's
        self._legs = campaign.legs(number)
        self._shares = _node_shares(self.layer.design.heat)
        self._ours: dict[str, list[float]] = {name: [] for name in SERIES}
        self._twins: dict[str, list[float]] = {name: [] for name in SERIES}

    def fly(self, progress: Progress) -> Statistics:
        """Tick by tick to the end."""
        campaign, fleet = self.campaign, self.fleet
        counts = Counts(quantities(self.layer.design), campaign.samples)
        counts.satellites = self.layer.shell.satellites
        step_ns, due_ns = round(campaign.step_s * SECOND_NS), 0
        self._write_row()
        for tick_ns in self.flight.ticks():
            while due_ns <= tick_ns:
                if fleet.step:
                    self._write_row()
                if fleet.step % campaign.steps_a_sample == 0:
                    self._sample(counts, fleet.step // campaign.steps_a_sample)
                if fleet.step == campaign.steps:
                    return reduce(counts)
                fleet.advance(1)
                self._twin.advance(1)
                progress(counts.satellites)
                due_ns += step_ns
        raise RuntimeError("the flight ended before the constellation")

    def _sample(self, counts: Counts, sample: int) -> None:
        leg, rows, block = self._legs[sample], self.fleet.rows, self.fleet.block
        for start in range(0, rows.shape[1], block):
            count(self.campaign, counts, sample, leg, rows[:, start : start + block])
        self._note(leg)

    def _note(self, leg: Leg) -> None:
        for series, row in ((self._ours, self._row[:, None]), (self._twins, self._twin.rows)):
            _, _, compute_w, soc, array_c, payload_c, body_c, _ = measure(leg.coefficients, row)
            measured = (soc, array_c, payload_c, body_c, compute_w)
            for name, values in zip(SERIES, measured, strict=True):
                series[name].append(float(values[0]))
        self._ours["compute_w"][-1] = self.flight.world.truth.payload_power_w

    def _write_row(self) -> None:
        """The flown satellite's energy and temperatures into its row; its place is the constellation's own."""
        world = self.flight.world
        self._row[4] = stored_j(world)
        self._row[5:8] = lumped_k(world, self._shares)

    def told(self, satellite: int) -> Alongside:
        """How the two fared."""
        return Alongside(
            satellite=satellite,
            shell=self.layer.shell.name,
            scenario=self.layer.scenario,
            record=self.flight.record(),
            hours=self.campaign.hours(),
            flown=self._ours,
            twin=self._twins,
        )


def stored_j(world: World) -> float:
    """Energy in the battery."""
    if world.power is None:
        raise ValueError("a guest has no battery of its own")
    battery = world.power.battery
    return battery.stored_j(battery.soc)


def _node_shares(heat: HeatConfig) -> tuple[float, float]:
    """How much of a lump's heat capacity is the payload's (of payload and radiator) and the battery's (of the body)."""

    def share(node: NodeConfig, other: NodeConfig) -> float:
        return node.capacity_j_k / (node.capacity_j_k + other.capacity_j_k)

    return share(heat.payload, heat.radiator), share(heat.battery, heat.structure)


def lumped_k(world: World, shares: tuple[float, float]) -> tuple[float, float, float]:
    """The five nodes of the bench as the three of a row, by heat capacity: array, payload, body."""
    truth, (payload, battery) = world.truth, shares
    payload_c = payload * truth.payload_temp_c + (1.0 - payload) * truth.radiator_temp_c
    body_c = battery * truth.battery_temp_c + (1.0 - battery) * truth.structure_temp_c
    return truth.array_temp_c + ZERO_CELSIUS_K, payload_c + ZERO_CELSIUS_K, body_c + ZERO_CELSIUS_K
