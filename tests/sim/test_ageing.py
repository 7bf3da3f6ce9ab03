"""Years before the flight: each of array, battery and dose moves the right way, and a new spacecraft is untouched."""

import pytest

from sim.ageing import LifeConfig, dose_ugy, inclination_deg, worn_array, worn_battery
from sim.array import ArrayConfig
from sim.battery import BatteryConfig
from sim.orbit import OrbitConfig
from sim.radiation import RadiationConfig

LOW, HIGH = OrbitConfig(altitude_km=500.0, ltan_h=6.0), OrbitConfig(altitude_km=2000.0, ltan_h=6.0)
ARRAY = ArrayConfig(power_w=60.0, technology="gaas-3j")
YEAR, PARTS = LifeConfig(years=1.0), RadiationConfig()


def test_without_a_life_nothing_changes():
    new = LifeConfig()
    assert worn_array(ARRAY, HIGH, PARTS, new) is ARRAY
    assert worn_battery(BatteryConfig(), new) == BatteryConfig()
    assert dose_ugy(HIGH, PARTS, new) == 0.0


def test_the_inner_belt_costs_an_array_and_the_low_shell_hardly():
    low, high = (worn_array(ARRAY, orbit, PARTS, YEAR).share_left for orbit in (LOW, HIGH))
    assert 0.97 < low < 1.0
    assert 0.80 < high < 0.90  # about 13 % in the first year at 2,000 km by radiation alone


def test_dose_grows_with_height_and_years_and_falls_with_shield():
    low, high = dose_ugy(LOW, PARTS, YEAR), dose_ugy(HIGH, PARTS, YEAR)
    assert high > 20.0 * low > 0.0
    assert dose_ugy(HIGH, PARTS, LifeConfig(years=2.0)) == pytest.approx(2.0 * high)
    assert dose_ugy(HIGH, RadiationConfig(shield_mm=10.0), YEAR) < high


def test_nights_wear_the_pack():
    worn = worn_battery(BatteryConfig(), LifeConfig(years=7.0, cycles=39_000.0, depth=0.15))
    assert 0.80 < worn.capacity_wh / BatteryConfig().capacity_wh < 0.95
    assert worn.resistance_ohm > BatteryConfig().resistance_ohm


def test_an_array_of_no_technology_cannot_age():
    with pytest.raises(ValueError, match="technology must say what ages"):
        worn_array(ArrayConfig(), LOW, PARTS, YEAR)


def test_an_inclination_is_the_orbits_own_or_the_sun_synchronous_one():
    assert inclination_deg(HIGH) == pytest.approx(104.89, abs=0.01)
    assert inclination_deg(OrbitConfig(inclination_deg=30.0)) == 30.0


@pytest.mark.parametrize("wrong", [{"years": 31.0}, {"cycles": -1.0}, {"depth": 1.5}, {"told_factor": 0.1}])
def test_a_life_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="must be in"):
        LifeConfig(**wrong)
