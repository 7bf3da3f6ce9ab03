"""What prices serve: fresh ones, the last ones, the table, none; and prices that cannot be are none at all."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from fsw.govern.menu import Menu
from fsw.govern.plan import BREACH, dearest_joule
from fsw.govern.prices import LATE, PriceChain, PriceTable
from fsw.govern.table import Cell, SavedPrices
from fsw.messages import Prices
from fsw.mission import load_mission
from hal.clock import SECOND_NS
from tests.fsw.test_govern_table import PLANT

MISSION = load_mission("owned.toml")
KINDS = tuple(row.kind for row in MISSION.demand)
SLOTS, SLOT_S = 20, 120.0
LATE_S = LATE * MISSION.governor.replan_s


def prices(at_s: float = 0.0, joule: float = 0.01, **changes: Any) -> Prices:
    base = Prices(
        time_ns=int(at_s * SECOND_NS),
        start_ns=int(at_s * SECOND_NS),
        slot_s=SLOT_S,
        joule_price=(joule,) * SLOTS,
        time_price=(0.001,) * SLOTS,
        kinds=KINDS,
        job_price=((0.1,) * SLOTS,) * len(KINDS),
    )
    return dataclasses.replace(base, **changes)


class Watcher:
    """The chain, asked second by second; the light changes at 1,000 s, so that the phase is known."""

    def __init__(self) -> None:
        self.chain = PriceChain(MISSION)
        self.notices: list[str] = []

    def look(self, second: float, told: PriceTable | None = None) -> float | None:
        table = self.chain.at(int(second * SECOND_NS), told, PLANT, second >= 1_000.0)
        if self.chain.notice is not None:
            self.notices.append(self.chain.notice.fallback)
            self.chain.notice = None
        return None if table is None else table.joule_price(int(second * SECOND_NS))


def test_fresh_prices_serve_without_a_word() -> None:
    watcher = Watcher()
    told = PriceTable(prices())
    assert [watcher.look(second, told) for second in (1.0, 300.0, LATE_S)] == [0.01] * 3
    assert watcher.notices == []


def test_old_prices_serve_while_they_cover_now_and_it_is_said_once() -> None:
    watcher = Watcher()
    told = PriceTable(prices())
    assert [watcher.look(second, told) for second in (1.0, LATE_S + 1.0, SLOTS * SLOT_S - 1.0)] == [0.01] * 3
    assert watcher.notices == ["the last prices"]


def test_then_the_table_that_they_filled_and_it_is_said() -> None:
    watcher = Watcher()
    for start in range(0, 3_000, 300):
        told = PriceTable(prices(at_s=start, joule=0.02 if start >= 1_000 else 0.01))
        for second in range(start, start + 300, 60):
            watcher.look(second, told)
    for second in range(3_000, 9_000, 300):
        price = watcher.look(second, told)
    assert price == pytest.approx(0.02, rel=0.3)
    assert watcher.notices == ["the last prices", "the table by charge and orbit phase"]


def test_without_prices_and_without_a_table_there_are_none_and_that_is_said_when_they_are_late() -> None:
    watcher = Watcher()
    assert watcher.look(0.0) is None and watcher.notices == []
    assert watcher.look(0.5 * LATE_S) is None and watcher.notices == []
    assert watcher.look(LATE_S + 1.0) is None
    assert watcher.notices == ["hysteresis: there is no table"]


@pytest.mark.parametrize(
    "saved",
    [
        None,
        SavedPrices(kinds=("other",), cells=(Cell(sunlit=True, phase=0, bin=0, seen=1, joule=0, second=0, jobs=(0,)),)),
    ],
)
def test_a_damaged_table_is_said_and_not_used(saved: SavedPrices | None) -> None:
    watcher = Watcher()
    watcher.chain.recall(saved)
    watcher.look(0.0)
    assert watcher.look(LATE_S + 1.0) is None
    assert watcher.notices[0].startswith("the table that was kept is not used")
    assert watcher.notices[1:] == ["hysteresis: the table is damaged"]


def test_a_kept_table_serves_before_the_planner_ever_spoke() -> None:
    watcher = Watcher()
    cell = Cell(sunlit=False, phase=0, bin=6, seen=5, joule=0.03, second=0.0, jobs=(0.0,) * len(KINDS))
    watcher.chain.recall(SavedPrices(kinds=KINDS, cells=(cell,)))
    assert watcher.look(1.0) == pytest.approx(0.03, rel=0.1)


@pytest.mark.parametrize(
    "lie",
    [
        {"joule_price": (math.nan,) * SLOTS},
        {"joule_price": (-0.01,) * SLOTS},
        {"joule_price": (math.inf,) * SLOTS},
        {"joule_price": (1e6,) * SLOTS},
        {"time_price": (1e9,) * SLOTS},
        {"time_price": (0.0,) * (SLOTS - 1)},
        {"job_price": ((0.1,) * SLOTS,)},
        {"job_price": ((1e9,) * SLOTS,) * len(KINDS)},
        {"slot_s": 0.0},
        {"slot_s": math.nan},
        {"start_ns": 10**15},
        {"start_ns": -(10**15)},
        {"joule_price": (), "time_price": (), "job_price": ((),) * len(KINDS)},
    ],
)
def test_lies_are_refused_and_the_last_true_prices_go_on(lie: dict[str, Any]) -> None:
    watcher = Watcher()
    watcher.look(1.0, PriceTable(prices()))
    lying = PriceTable(prices(at_s=300.0, **({"joule_price": (0.05,) * SLOTS} | lie)))
    assert watcher.look(301.0, lying) == 0.01
    assert watcher.look(LATE_S + 301.0, lying) == 0.01
    assert watcher.notices == ["the last prices"]


def test_the_dearest_prices_of_a_plan_outside_every_limit_are_believed() -> None:
    """Below the floor a joule costs ten times what the dearest job pays for one; over the ceiling as much again."""
    highest = 2.0 * BREACH * dearest_joule(MISSION, Menu(MISSION))
    assert Watcher().look(1.0, PriceTable(prices(joule=highest))) == highest
