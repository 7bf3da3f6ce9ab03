"""Prices by charge and orbit phase: filled by the planner's own, near enough where it was not, refused when damaged."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.govern.table import CHARGES, PHASES, Cell, Phase, PhaseTable, Place, SavedPrices
from fsw.messages import Plant
from fsw.mission import load_mission
from fsw.store.state import NamedState, Origin
from hal.clock import SECOND_NS
from hal.ports.memory_disk import MemoryDisk

MISSION = load_mission("owned.toml")
KINDS = ("screen", "detect")
PLANT = Plant(
    time_ns=0, soc=0.9, worst_soc=0.895, energy_above_floor_j=70e3, worst_energy_above_floor_j=69e3,
    battery_power_w=0.0, worst_battery_temp_c=20.0, array_power_w=70.0, bus_power_w=21.0, worst_bus_power_w=21.0,
    payload_power_w=6.0, worst_payload_power_w=6.0, payload_temp_c=25.0, worst_payload_temp_c=25.0,
    radiator_temp_c=24.0, dose_rate_ugy_s=0.0, upsets=0,
)  # fmt: skip


def place(sunlit: bool = True, phase: int | None = 3, charge: float = 0.55) -> Place:
    return Place(sunlit=sunlit, phase=phase, charge=charge)


def filled() -> PhaseTable:
    table = PhaseTable(KINDS)
    table.learn(place(), 0.01, 0.02, (0.3, 4.0))
    table.learn(place(sunlit=False, phase=2), 0.05, 0.0, (0.1, 2.0))
    return table


def joule(table: PhaseTable, where: Place) -> float:
    found = table.at(0, where, 60.0)
    assert found is not None
    return found.joule_price[0]


def test_what_was_learnt_in_a_place_is_what_it_says_there() -> None:
    found = filled().at(7, place(), 60.0)
    assert found is not None
    assert (found.start_ns, found.kinds, found.job_price) == (7, KINDS, ((0.3,), (4.0,)))
    assert (found.joule_price, found.time_price) == ((pytest.approx(0.01),), (0.02,))
    assert joule(filled(), place(sunlit=False, phase=2)) == pytest.approx(0.05)


def test_an_empty_table_and_one_that_never_saw_this_light_say_nothing() -> None:
    assert PhaseTable(KINDS).at(0, place(), 60.0) is None
    table = PhaseTable(KINDS)
    table.learn(place(sunlit=True), 0.01, 0.0, (0.0, 0.0))
    assert table.at(0, place(sunlit=False), 60.0) is None


def test_a_place_between_two_has_something_of_both_and_more_of_the_nearer() -> None:
    table = PhaseTable(KINDS)
    table.learn(place(phase=1), 0.01, 0.0, (0.0, 0.0))
    table.learn(place(phase=4), 0.04, 0.0, (0.0, 0.0))
    assert 0.01 < joule(table, place(phase=2)) < 0.02
    assert 0.03 < joule(table, place(phase=3)) < 0.04


def test_an_emptier_battery_makes_a_joule_dearer_and_a_fuller_one_cheaper() -> None:
    table = filled()
    prices = [joule(table, place(charge=share)) for share in (0.0, 0.3, 0.55, 0.8, 1.0)]
    assert prices == sorted(prices, reverse=True) and prices[0] > 1.2 * prices[-1]


def test_without_a_phase_the_light_alone_counts_and_nothing_is_learnt() -> None:
    table = filled()
    assert joule(table, place(phase=None)) == pytest.approx(0.01)
    table.learn(place(phase=None), 9.0, 9.0, (9.0, 9.0))
    assert joule(table, place(phase=None)) == pytest.approx(0.01)


def test_the_mean_follows_and_one_odd_plan_does_not_rule_it() -> None:
    table = PhaseTable(KINDS)
    for _ in range(50):
        table.learn(place(), 0.01, 0.0, (0.0, 0.0))
    table.learn(place(), 0.1, 0.0, (0.0, 0.0))
    assert 0.01 < joule(table, place()) < 0.016
    for _ in range(80):
        table.learn(place(), 0.1, 0.0, (0.0, 0.0))
    assert joule(table, place()) > 0.095


@given(
    rows=st.lists(
        st.tuples(st.booleans(), st.integers(0, PHASES - 1), st.floats(0.0, 1.0), st.floats(0.0, 10.0)), max_size=30
    ),
    sunlit=st.booleans(),
    phase=st.none() | st.integers(0, PHASES - 1),
    charge=st.floats(-0.5, 1.5),
)
def test_whatever_was_learnt_prices_are_finite_and_a_kept_table_says_the_same(
    rows: list[tuple[bool, int, float, float]], sunlit: bool, phase: int | None, charge: float
) -> None:
    table = PhaseTable(KINDS)
    for lit, step, share, price in rows:
        table.learn(place(lit, step, share), price, price, (price, price))
    found = table.at(0, place(sunlit, phase, charge), 60.0)
    assert found == PhaseTable.of_saved(table.saved, KINDS).at(0, place(sunlit, phase, charge), 60.0)
    if found is not None:
        assert all(0.0 <= price < math.inf for price in (*found.joule_price, *found.time_price))


def test_a_table_survives_in_its_file_and_damage_to_the_file_is_noticed() -> None:
    disk = MemoryDisk()
    NamedState(disk, "prices", SavedPrices()).save(filled().saved)
    saved, origin = NamedState(disk, "prices", SavedPrices()).load()
    assert origin is Origin.NEWEST
    assert joule(PhaseTable.of_saved(saved, KINDS), place()) == pytest.approx(0.01)
    name = next(name for name in ("state/prices.0", "state/prices.1") if disk.read_file(name) is not None)
    content = disk.read_file(name)
    assert content is not None
    disk.write_file_atomic(name, content[:-9] + b"\xff" + content[-8:])
    assert NamedState(disk, "prices", SavedPrices()).load() == (SavedPrices(), Origin.LOST)


@pytest.mark.parametrize(
    "wrong",
    [
        {"joule": math.nan}, {"second": -1.0}, {"jobs": (1.0, math.inf)}, {"jobs": (1.0,)}, {"phase": PHASES},
        {"bin": CHARGES}, {"bin": -1}, {"seen": 0},
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_makes_the_table_damaged(wrong: dict[str, object]) -> None:
    cell = Cell(sunlit=True, phase=1, bin=2, seen=3, joule=0.1, second=0.1, jobs=(0.1, 0.1))
    damaged = dataclasses.replace(cell, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cannot be"):
        PhaseTable.of_saved(SavedPrices(kinds=KINDS, cells=(cell, damaged)), KINDS)


def test_a_table_for_other_jobs_is_not_taken() -> None:
    with pytest.raises(ValueError, match="other kinds"):
        PhaseTable.of_saved(filled().saved, ("screen", "other"))


def test_the_phase_is_known_from_the_first_edge_on_and_counts_from_each() -> None:
    phase = Phase(MISSION)
    ephemeris = MISSION.ephemeris()
    assert ephemeris is not None
    step_s = ephemeris.period_s / PHASES

    def see(second: float, sunlit: bool) -> int | None:
        return phase.see(int(second * SECOND_NS), sunlit, PLANT).phase

    assert see(0.0, True) is None and see(100.0, True) is None
    assert see(110.0, False) == 0
    assert see(105.0 + 0.5 * step_s, False) == 0 and see(106.0 + step_s, False) == 1
    assert see(107.0 + step_s, True) == 0


def test_what_was_not_looked_for_is_not_known() -> None:
    phase = Phase(MISSION)
    phase.see(0, True, PLANT)
    assert phase.see(10 * SECOND_NS, False, PLANT).phase == 0
    assert phase.see(3_000 * SECOND_NS, False, PLANT).phase is None


def test_the_charge_is_the_share_over_the_floor_and_half_where_unknown() -> None:
    phase = Phase(MISSION)
    assert phase.see(0, True, dataclasses.replace(PLANT, soc=0.85)).charge == 0.5
    assert phase.see(0, True, dataclasses.replace(PLANT, soc=None)).charge == 0.5
    assert phase.see(0, True, dataclasses.replace(PLANT, soc=1.0)).charge == 1.0
