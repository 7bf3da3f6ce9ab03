"""The pack in cold, heat and age: what its resistance, its charger and its years do to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.array import ArrayConfig
from sim.battery import Battery, BatteryConfig, aged, charge_share, resistance_factor
from sim.power import BusConfig, OwnedPower

ZERO_K = 273.15
LOW_ORBIT_CYCLES_A_YEAR = 5_400


def _at(celsius: float, **config) -> Battery:
    battery = Battery(BatteryConfig(**config))
    battery.condition(celsius + ZERO_K)
    return battery


def _cycles_to_80_percent(depth: float) -> int:
    for cycles in range(0, 100_000, 500):
        years = cycles / LOW_ORBIT_CYCLES_A_YEAR
        if aged(BatteryConfig(), years=years, cycles=cycles, depth=depth).capacity_wh < 0.8 * 110.0:
            return cycles
    return 100_000


@pytest.mark.parametrize("celsius", [20.0, 22.0, 25.0])
def test_at_room_temperature_the_pack_is_as_rated(celsius):
    rated, conditioned = Battery(BatteryConfig()), _at(celsius)
    rated.step(30.0, 1.0)
    conditioned.step(30.0, 1.0)
    assert conditioned.voltage_v == rated.voltage_v
    assert conditioned.charge_acceptance_w(1.0) == rated.charge_acceptance_w(1.0)


def test_resistance_rises_in_cold_and_towards_empty_and_falls_in_warmth():
    assert resistance_factor(ZERO_K, 0.5) == pytest.approx(1.82, abs=0.02)
    assert resistance_factor(ZERO_K - 20.0, 0.5) > 3.0
    assert resistance_factor(ZERO_K + 45.0, 0.5) == pytest.approx(0.6, abs=0.02)
    assert resistance_factor(ZERO_K + 20.0, 0.0) == 1.5
    assert resistance_factor(ZERO_K + 20.0, 0.1) == 1.25


def test_a_cold_pack_sags_further_and_makes_more_heat():
    warm, cold = _at(20.0), _at(-5.0)
    warm.step(40.0, 1.0)
    cold.step(40.0, 1.0)
    assert cold.voltage_v < warm.voltage_v
    assert cold.heat_j > 1.9 * warm.heat_j


@pytest.mark.parametrize(
    ("celsius", "share"), [(-5.0, 0.0), (0.0, 0.0), (5.0, 0.5), (10.0, 1.0), (45.0, 1.0), (52.5, 0.5), (61.0, 0.0)]
)
def test_charge_current_follows_the_temperature_window(celsius, share):
    assert charge_share(celsius + ZERO_K) == pytest.approx(share)
    battery = _at(celsius, start_soc=0.5)
    assert battery.charge_acceptance_w(1.0) == pytest.approx(
        share * 7.0 * (14.8 + share * 7.0 * 0.2 * resistance_factor(celsius + ZERO_K, 0.5))
    )


def test_below_freezing_the_sun_feeds_the_loads_and_nothing_else():
    power = OwnedPower(ArrayConfig(), BatteryConfig(start_soc=0.5), BusConfig())
    power.step(20.0, 1361.0, 323.15, 1.0, 0, battery_k=ZERO_K - 1.0)
    assert power.array_w == pytest.approx(20.0)
    assert power.battery.soc == 0.5


def test_the_terminals_never_go_under_the_cut_off():
    battery = Battery(BatteryConfig(start_soc=0.02, discharge_limit_a=1e6))
    battery.condition(ZERO_K - 10.0)
    battery.step(battery.deliverable_w(0.1), 0.1)
    assert 4.0 * 2.5 - 0.01 < battery.voltage_v < 10.3


@given(soc=st.floats(0.01, 0.99), celsius=st.floats(-30.0, 65.0), power_w=st.floats(-150.0, 250.0))
def test_the_balance_closes_at_any_temperature(soc, celsius, power_w):
    battery = _at(celsius, start_soc=soc)
    power_w = max(-battery.charge_acceptance_w(1.0), min(battery.deliverable_w(1.0), power_w))
    before_j = battery.stored_j(battery.soc)
    battery.step(power_w, 1.0)
    gained_j = battery.stored_j(battery.soc) - before_j
    assert battery.heat_j >= 0.0
    assert abs(-power_w - gained_j - battery.heat_j) <= 1e-9 * abs(power_w) + 1e-9


def test_thirty_thousand_cycles_at_a_fifth_to_a_quarter_and_half_as_many_at_forty_percent():
    assert 30_000 < _cycles_to_80_percent(0.25) < 40_000
    assert 30_000 < _cycles_to_80_percent(0.20) < 45_000
    assert 10_000 < _cycles_to_80_percent(0.40) < 20_000


def test_years_without_cycles_cost_by_their_root_and_by_warmth():
    fresh = BatteryConfig()
    losses = [
        1.0 - aged(fresh, years=years, cycles=0, depth=0.2, mean_temp_c=celsius).capacity_wh / 110.0
        for years, celsius in ((1.0, 20.0), (4.0, 20.0), (1.0, 30.0))
    ]
    assert losses[0] == pytest.approx(0.02)
    assert losses[1] == pytest.approx(2.0 * losses[0])
    assert losses[2] == pytest.approx(2.0 * losses[0], rel=0.05)


def test_an_old_pack_resists_more_and_a_new_one_is_itself():
    fresh = BatteryConfig(start_soc=0.5)
    old = aged(fresh, years=5.0, cycles=27_000, depth=0.25)
    assert old.resistance_ohm > 1.3 * fresh.resistance_ohm
    assert old.start_soc == fresh.start_soc
    assert aged(fresh, years=0.0, cycles=0, depth=0.0) == fresh


@pytest.mark.parametrize(
    "bad",
    [
        {"years": -1.0, "cycles": 0, "depth": 0.2},
        {"years": 1.0, "cycles": 0, "depth": 1.2},
        {"years": 5.0, "cycles": 30_000, "depth": 1.0},
    ],
)
def test_impossible_ages_are_refused(bad):
    with pytest.raises(ValueError, match="must"):
        aged(BatteryConfig(), **bad)
