"""The I-V curve: its four points, its peak, its shape, and the same curve from other solvers."""

from __future__ import annotations

import json
from itertools import pairwise
from math import exp, log
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.constants import SOLAR_CONSTANT_W_M2
from sim.cell import Cell, Curve, cell_of
from sim.technology import load_technology, shipped

REFERENCE_K = 301.15
CASES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "golden" / "pvlib_cells.json").read_text(encoding="utf-8")
)["cases"]
IDEAL = sorted(name for name in CASES if name.startswith("ideal"))
REAL = sorted(name for name in CASES if name.startswith("real"))

cells = st.builds(
    lambda short_a, share, open_v, part: Cell(
        short_circuit_a=short_a, open_circuit_v=open_v, peak_a=share * short_a, peak_v=part * open_v
    ),
    short_a=st.floats(0.01, 20.0),
    share=st.floats(0.90, 0.98),
    open_v=st.floats(0.5, 4.0),
    part=st.floats(0.80, 0.93),
)


def triple_junction() -> Cell:
    return cell_of(load_technology("gaas-3j").cell)


def pvlib_cell(name: str) -> Cell:
    """From pvlib's four points in full sunlight."""
    case = CASES[f"{name.split(',')[0]}, 1 suns"]
    return Cell(short_circuit_a=case["i_sc"], open_circuit_v=case["v_oc"], peak_a=case["i_mp"], peak_v=case["v_mp"])


@given(cells)
def test_the_curve_goes_through_its_four_points(cell: Cell) -> None:
    curve = Curve(cell, temp_k=REFERENCE_K)
    lost = 1.0 - cell.peak_a / cell.short_circuit_a
    c2 = (cell.peak_v / cell.open_circuit_v - 1.0) / log(lost)
    c1 = lost * exp(-cell.peak_v / (c2 * cell.open_circuit_v))
    assert curve.current_a(0.0) == pytest.approx(cell.short_circuit_a, rel=1e-12)
    assert curve.current_a(cell.peak_v) == pytest.approx(cell.peak_a, rel=1e-9 + 2.0 * c1)
    assert curve.open_circuit_v == pytest.approx(cell.open_circuit_v, rel=1e-9 + 2.0 * c1)
    assert curve.current_a(curve.open_circuit_v) == 0.0
    assert curve.current_a(1.5 * curve.open_circuit_v) == 0.0


@given(cells, st.floats(0.05, 1.1), st.floats(0.0, 1.0))
def test_no_voltage_gives_more_than_the_peak(cell: Cell, suns: float, part: float) -> None:
    curve = Curve(cell, temp_k=REFERENCE_K, flux_w_m2=suns * SOLAR_CONSTANT_W_M2, series=3, parallel=2)
    assert curve.power_w(part * curve.open_circuit_v) <= curve.peak_w() * (1.0 + 1e-12)
    assert 0.0 < curve.peak_v() < curve.open_circuit_v


@given(cells, st.floats(0.05, 1.1))
def test_current_falls_with_voltage_and_power_rises_to_the_peak_alone(cell: Cell, suns: float) -> None:
    curve = Curve(cell, temp_k=REFERENCE_K, flux_w_m2=suns * SOLAR_CONSTANT_W_M2)
    steps = [part / 40.0 * curve.open_circuit_v for part in range(41)]
    assert all(curve.current_a(low) >= curve.current_a(high) for low, high in pairwise(steps))
    rising = [volts for volts in steps if volts <= curve.peak_v()]
    assert all(curve.power_w(low) <= curve.power_w(high) for low, high in pairwise(rising))


@given(cells, st.integers(1, 40), st.integers(1, 40))
def test_strings_add_volts_and_amperes(cell: Cell, series: int, parallel: int) -> None:
    one, many = Curve(cell, temp_k=REFERENCE_K), Curve(cell, temp_k=REFERENCE_K, series=series, parallel=parallel)
    assert many.open_circuit_v == pytest.approx(series * one.open_circuit_v)
    assert many.peak_w() == pytest.approx(series * parallel * one.peak_w())


@pytest.mark.parametrize("name", IDEAL)
def test_an_ideal_diode_is_the_curve_that_pvlib_solves(name: str) -> None:
    case = CASES[name]
    curve = Curve(pvlib_cell(name), temp_k=REFERENCE_K, flux_w_m2=case["suns"] * SOLAR_CONSTANT_W_M2)
    assert curve.open_circuit_v == pytest.approx(case["v_oc"], rel=1e-7)
    assert curve.peak_v() == pytest.approx(case["v_mp"], rel=1e-5)  # pvlib's search ends there
    assert curve.peak_w() == pytest.approx(case["p_mp"], rel=1e-8)
    for volts, amperes in zip(case["volts"], case["amperes"], strict=True):
        assert curve.current_a(volts) == pytest.approx(amperes, abs=1e-7 * case["i_sc"])


@pytest.mark.parametrize("name", REAL)
def test_a_diode_with_resistances_is_met_to_a_percent_below_the_peak_and_worse_beyond(name: str) -> None:
    case, curve = CASES[name], Curve(pvlib_cell(name), temp_k=REFERENCE_K)
    assert curve.peak_w() == pytest.approx(case["p_mp"], rel=2e-3)
    for volts, amperes in zip(case["volts"], case["amperes"], strict=True):
        part = 0.01 if volts <= case["v_mp"] else 0.06
        assert curve.current_a(volts) == pytest.approx(amperes, abs=part * case["i_sc"])


def test_the_printed_array_of_another_program() -> None:
    """24 in series, 12 in parallel of AZUR 3G30A at 80 C, as the README of amosborne/solarcell prints it."""
    curve = Curve(triple_junction(), temp_k=353.15, series=24, parallel=12)
    assert curve.light_a == pytest.approx(6.459840, rel=2e-4)
    assert curve.open_circuit_v == pytest.approx(56.82240, rel=1e-6)
    assert curve.peak_w() == pytest.approx(305.8513, rel=2e-4)
    assert curve.peak_v() == pytest.approx(49.42809, rel=4e-3)


def test_warmth_takes_volts_and_light_takes_amperes() -> None:
    cell = triple_junction()
    cold, warm = (Curve(cell, temp_k=kelvin) for kelvin in (273.15, 343.15))
    assert warm.open_circuit_v < cold.open_circuit_v
    assert warm.light_a > cold.light_a
    assert warm.peak_w() < cold.peak_w()
    half = Curve(cell, temp_k=273.15, flux_w_m2=0.5 * SOLAR_CONSTANT_W_M2)
    assert half.light_a == pytest.approx(0.5 * cold.light_a)
    assert half.open_circuit_v == pytest.approx(cold.open_circuit_v, rel=0.03)


def test_dark_cells_give_nothing_and_break_nothing() -> None:
    dark = Curve(triple_junction(), temp_k=200.0, flux_w_m2=0.0, series=10)
    assert (dark.current_a(0.0), dark.current_a(15.0), dark.open_circuit_v) == (0.0, 0.0, 0.0)
    assert dark.peak_w() == 0.0


@given(cells, st.floats(0.05, 1.0))
def test_wear_leaves_its_share_of_the_power(cell: Cell, share: float) -> None:
    new, old = Curve(cell, temp_k=REFERENCE_K), Curve(cell.worn(share), temp_k=REFERENCE_K)
    assert old.peak_w() == pytest.approx(share * new.peak_w(), rel=1e-9)
    assert old.open_circuit_v <= new.open_circuit_v


@pytest.mark.parametrize("name", shipped())
def test_cells_of_the_shipped_files_agree_with_their_efficiency_and_slope(name: str) -> None:
    technology = load_technology(name)
    cell = cell_of(technology.cell)
    gain = [Curve(cell, temp_k=REFERENCE_K + warmer).peak_w() for warmer in (0.0, 30.0)]
    told = technology.efficiency.value * SOLAR_CONSTANT_W_M2 * technology.cell.area_m2.value
    assert gain[0] == pytest.approx(told, rel=0.012)
    assert (gain[1] / gain[0] - 1.0) / 30.0 == pytest.approx(technology.temp_coefficient_per_k.value, abs=1.5e-4)


@pytest.mark.parametrize(("peak_a", "peak_v"), [(1.0, 2.0), (1.1, 2.0), (0.9, 2.7), (0.0, 2.0), (0.9, -1.0)])
def test_what_is_no_cell_is_refused(peak_a: float, peak_v: float) -> None:
    with pytest.raises(ValueError, match="peak current and voltage"):
        Cell(short_circuit_a=1.0, open_circuit_v=2.7, peak_a=peak_a, peak_v=peak_v)


def test_what_is_no_array_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Curve(triple_junction(), temp_k=300.0, series=0)
    with pytest.raises(ValueError, match="must not be negative"):
        Curve(triple_junction(), temp_k=300.0, flux_w_m2=-1.0)
    with pytest.raises(ValueError, match="share_left"):
        triple_junction().worn(0.0)
