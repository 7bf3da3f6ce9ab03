"""Array, battery and bus: rated watts, round trips, limits in their order, and a balance that always closes."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.array import Array, ArrayConfig
from sim.battery import CELL_VOLTAGE_V, Battery, BatteryConfig
from sim.ledger import LedgerError, check
from sim.power import BusConfig, OwnedPower

WARM_K, COLD_K = 323.15, 220.0


def _power(**battery) -> OwnedPower:
    return OwnedPower(ArrayConfig(), BatteryConfig(**battery), BusConfig())


def test_array_gives_its_rating_warm_and_never_more():
    array = Array(ArrayConfig())
    assert array.available_w(1361.0, WARM_K) == pytest.approx(75.0)
    assert array.available_w(1361.0, COLD_K) == 75.0
    assert array.available_w(680.5, WARM_K) == pytest.approx(37.5)


def test_array_loses_a_fifth_of_a_percent_a_kelvin_and_the_cosine():
    array = Array(ArrayConfig())
    hotter = array.available_w(1361.0, WARM_K + 10.0)
    assert hotter / 75.0 == pytest.approx((1.0 - 0.0022 * 32.0) / (1.0 - 0.0022 * 22.0))
    tilted = Array(ArrayConfig(incidence_deg=60.0))
    assert tilted.available_w(1361.0, WARM_K) == pytest.approx(37.5)


def test_pack_holds_its_rated_energy():
    battery = Battery(BatteryConfig())
    assert battery.stored_j(1.0) == pytest.approx(110.0 * 3600.0)
    assert battery.stored_j(0.0) == 0.0


@pytest.mark.parametrize(("soc", "cell_v"), [(0.2, 3.50), (0.4, 3.64), (0.5, 3.70), (0.6, 3.79), (0.8, 3.96)])
def test_open_circuit_voltage_is_that_of_the_flight_pack(soc, cell_v):
    assert Battery(BatteryConfig(start_soc=soc)).open_circuit_v() == pytest.approx(4.0 * cell_v)


def test_current_follows_from_power_and_resistance():
    battery = Battery(BatteryConfig(start_soc=0.5))
    battery.step(30.0, 0.001)
    ocv_v = 4.0 * 3.70
    expected_a = (ocv_v - sqrt(ocv_v**2 - 4.0 * 0.2 * 30.0)) / (2.0 * 0.2)
    assert battery.current_a == pytest.approx(expected_a, rel=1e-6)
    assert battery.voltage_v * battery.current_a == pytest.approx(30.0)
    assert battery.heat_j == pytest.approx(0.2 * expected_a**2 * 0.001, rel=1e-6)


def test_voltage_falls_under_load_and_rises_on_charge():
    battery = Battery(BatteryConfig(start_soc=0.55))
    rest_v = battery.open_circuit_v()
    battery.step(40.0, 1.0)
    assert battery.voltage_v < rest_v
    battery.step(-40.0, 1.0)
    assert battery.voltage_v > rest_v


def test_round_trip_is_that_of_the_flight_pack():
    """0.952 at 0.18 C between 20 and 80 %: 8.2 Ah cells at 1.48 A; here the same rate on 7.4 Ah."""
    battery = Battery(BatteryConfig(start_soc=0.3))
    power_w = 0.18 * 110.0
    into_j = out_j = 0.0
    while battery.soc < 0.7:
        battery.step(-power_w, 10.0)
        into_j += power_w * 10.0
    while battery.soc > 0.3:
        battery.step(power_w, 10.0)
        out_j += power_w * 10.0
    assert out_j / into_j == pytest.approx(0.952, abs=0.006)


@given(
    soc=st.floats(0.02, 0.98),
    power_w=st.floats(-100.0, 100.0),
    seconds=st.floats(1e-6, 10.0),
)
def test_what_enters_the_battery_is_stored_or_lost(soc, power_w, seconds):
    battery = Battery(BatteryConfig(start_soc=soc))
    power_w = max(-battery.charge_acceptance_w(seconds), min(battery.deliverable_w(seconds), power_w))
    before_j = battery.stored_j(battery.soc)
    battery.step(power_w, seconds)
    gained_j = battery.stored_j(battery.soc) - before_j
    assert battery.heat_j >= 0.0
    assert abs(-power_w * seconds - gained_j - battery.heat_j) <= 1e-9 * abs(power_w) * seconds + 1e-9


@given(row=st.integers(1, len(CELL_VOLTAGE_V) - 2), power_w=st.floats(-80.0, 80.0))
def test_the_balance_closes_across_rows_of_the_voltage_table(row, power_w):
    power = _power(start_soc=row / 10 + 1e-6 * (1.0 if power_w > 0.0 else -1.0))
    power.step(15.0 + max(0.0, power_w), max(0.0, -power_w) * 15.0, WARM_K, 10.0, 0)


def test_a_full_battery_moves_the_tracker_off_its_point():
    power = _power(start_soc=1.0)
    power.step(20.0, 1361.0, WARM_K, 1.0, 0)
    assert power.available_w == pytest.approx(75.0)
    assert power.array_w == pytest.approx(20.0)
    assert power.battery.soc == 1.0


def test_charging_tapers_at_constant_voltage():
    power = _power(start_soc=0.995)
    power.step(0.0, 1361.0, WARM_K, 1.0, 0)
    assert power.battery.voltage_v == pytest.approx(16.8, abs=0.01)
    assert 0.0 < power.array_w < 75.0


def test_an_empty_battery_leaves_loads_unserved_and_says_so():
    power = _power(start_soc=1e-6)
    power.step(60.0, 0.0, COLD_K, 1.0, 0)
    assert power.is_short
    assert power.unserved_w > 50.0


def test_undervoltage_is_short_before_empty():
    power = _power(start_soc=0.03)
    power.step(70.0, 0.0, COLD_K, 1.0, 0)
    assert power.is_short
    assert power.unserved_w == 0.0


def test_a_ledger_that_does_not_close_stops_the_flight():
    check("energy", 1e-8, 100.0, 0.0, 0)
    with pytest.raises(LedgerError, match=r"energy at 7 ns: 2\.000e-07 J unaccounted of 100 J"):
        check("energy", 2e-7, 100.0, 0.0, 7)
    with pytest.raises(LedgerError):
        check("heat", float("nan"), 100.0, 0.0, 0)


@pytest.mark.parametrize(
    ("cls", "bad"),
    [
        (ArrayConfig, {"power_w": -1.0}),
        (ArrayConfig, {"efficiency": 1.5}),
        (ArrayConfig, {"incidence_deg": 90.0}),
        (BatteryConfig, {"start_soc": 1.1}),
        (BatteryConfig, {"resistance_ohm": 0.0}),
        (BatteryConfig, {"coulombic_efficiency": 0.2}),
        (BusConfig, {"avionics_w": -1.0}),
    ],
)
def test_impossible_hardware_is_refused(cls, bad):
    with pytest.raises(ValueError, match="must"):
        cls(**bad)
