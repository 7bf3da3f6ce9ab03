"""What the sky does during a flight: the edges of every eclipse and the passes over the scenario's ground stations."""

from __future__ import annotations

from sim.eclipses import EclipseEvent, eclipse_events
from sim.passes import Pass, passes
from sim.scenario import Scenario
from sim.world import World


def eclipses_of(world: World, duration_s: float) -> tuple[EclipseEvent, ...]:
    """Entry and exit of penumbra and umbra, in order."""
    return tuple(eclipse_events(world.orbit, 0.0, duration_s, is_oblate=world.config.orbit.is_oblate))


def passes_of(world: World, scenario: Scenario, duration_s: float) -> tuple[Pass, ...]:
    """Passes that rise during the flight, in order of rising."""
    found = (each for station in scenario.station for each in passes(world.orbit, station, 0.0, duration_s))
    return tuple(sorted(found, key=lambda each: each.rise_s))
