"""One satellite of a constellation flown by the flight software in the same tick as the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from sim.constellation import arrays
from sim.constellation.campaign import Campaign, replay
from sim.constellation.fleet import Fleet
from sim.constellation.layers import Layer
from sim.constellation.shells import Shell
from sim.constellation.statistics import observe
from tools.flight.alongside import Pair, fly_alongside, scenario_of

EPOCH_UNIX_S = datetime(2026, 12, 21, tzinfo=UTC).timestamp()
WALKER = Layer(
    shell=Shell(name="walker", altitude_km=550.0, satellites=30, planes=5, phasing=1.0, inclination_deg=53.0)
)
MORNING = Layer(shell=Shell(name="morning", altitude_km=500.0, satellites=8, ltan_h=(10.5, 13.5)))


def campaign(duration_s: float = 1_200.0) -> Campaign:
    return Campaign(layers=(WALKER, MORNING), epoch_unix_s=EPOCH_UNIX_S, duration_s=duration_s, sample_s=300.0)


@pytest.mark.parametrize(("layer", "index"), [(WALKER, 17), (MORNING, 5)])
def test_the_world_that_is_flown_stands_where_the_row_says(layer: Layer, index: int) -> None:
    """Sun and node are a minute old in one and ten minutes in the other: 0.01 degrees, and 0.02 of a penumbra."""
    world = scenario_of(layer, index, EPOCH_UNIX_S).world()
    flown = replace(campaign(6_000.0), layers=(layer,))
    fleet = Fleet(flown.calendar(0), indices=np.array([index]))
    was_dark = was_lit = False
    for step in range(0, 600, 5):
        world.advance_to((step * 10 + 5) * 10**9)  # a row holds the middle of the coming step
        k = fleet.calendar.coefficients(fleet.step)
        sun_node, sun_ahead = arrays.sun_products(k, fleet.rows[2], fleet.rows[3])
        cosine = float((sun_node * fleet.rows[0] + sun_ahead * fleet.rows[1])[0])
        lit = float(observe(k, fleet.rows)[0][0])
        assert world.truth.sun_cosine == pytest.approx(cosine, abs=3e-4)
        assert world.truth.illumination == pytest.approx(lit, abs=0.05)
        was_dark, was_lit = was_dark or lit < 0.01, was_lit or lit > 0.99
        fleet.advance(5)
    assert was_dark
    assert was_lit


def test_the_row_is_the_flown_satellite_and_the_others_are_as_they_were() -> None:
    flown = campaign()
    pair = Pair(flown, 0, 17)
    found = pair.fly(lambda steps: None)
    alone = Fleet(flown.calendar(0))
    alone.advance(flown.steps)
    others = np.arange(30) != 17
    np.testing.assert_array_equal(pair.fleet.rows[:, others], alone.rows[:, others])
    np.testing.assert_array_equal(pair.fleet.rows[:4, 17], alone.rows[:4, 17])
    world = pair.flight.world
    assert world.power is not None
    assert pair.fleet.rows[4, 17] == world.power.battery.stored_j(world.power.battery.soc)
    assert pair.fleet.rows[5, 17] == pytest.approx(world.heat.array_k)
    assert pair.fleet.rows[4, 17] != alone.rows[4, 17]
    assert found.satellites == 30
    assert world.now_ns == 1_200 * 10**9


def test_the_statistics_contain_it_and_the_twin_follows_its_policy() -> None:
    flown = campaign()
    found, pair = fly_alongside(flown, 30 + 5, 1, lambda steps: None)
    assert [one.satellites for one in found] == [30, 8]
    assert pair.shell == "morning"
    twin = replay(flown, 35)
    assert pair.twin["soc"] == twin.values[:, 3].tolist()
    assert pair.flown["soc"][0] == pytest.approx(pair.twin["soc"][0])
    assert pair.flown["soc"][-1] != pair.twin["soc"][-1]
    assert found[1].low[-1, 3] <= pair.flown["soc"][-1] + 1e-9
    assert pair.answer()["jobs"]["arrived"] > 0
    assert pair.record.trace.time_s
