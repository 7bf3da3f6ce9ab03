"""An array's life in an orbit: temperature, sunlight, fluence, and the share that is left."""

from __future__ import annotations

import numpy as np
import pytest

from sim.belts import equivalent_fluence_cm2_year
from sim.lifetime import LifeRequest, Surroundings, carried_share, edge_view, live, sunlit_temp_k, surroundings
from sim.technology import load_technology, radiation_factor, shipped


def around(fluence_cm2_year: float = 5e12, cycles: float = 1_400.0, years: float = 5.0) -> Surroundings:
    """A dawn-dusk orbit at 600 km with the fluence and cycles of a test."""
    return Surroundings(
        request=LifeRequest(years=years),
        inclination_deg=97.8,
        sunlit_mean=0.957,
        sunlit_worst=0.786,
        cycles_per_year=cycles,
        fluence_cm2_year=fluence_cm2_year,
        earth_view=edge_view(600.0),
    )


@pytest.mark.parametrize(("altitude_km", "view"), [(500, 0.267), (600, 0.249), (1_000, 0.194), (2_000, 0.118)])
def test_view_of_the_earth_from_the_edge(altitude_km: float, view: float) -> None:
    assert edge_view(altitude_km) == pytest.approx(view, abs=6e-4)


@pytest.mark.parametrize(
    ("altitude_km", "fluence_cm2"), [(500.0, 2e12), (600.0, 5e12), (1_000.0, 4e13), (2_000.0, 7e14)]
)
def test_the_fluence_scale_of_sun_synchronous_orbits(altitude_km: float, fluence_cm2: float) -> None:
    assert equivalent_fluence_cm2_year(altitude_km, 98.0) == pytest.approx(fluence_cm2, rel=0.4)  # one digit given


def test_surroundings_of_a_dawn_dusk_orbit() -> None:
    found = surroundings(LifeRequest())
    assert found.inclination_deg == pytest.approx(97.79, abs=0.01)
    assert found.cycles_per_year == pytest.approx(1_400.0, abs=50.0)
    assert found.sunlit_worst < 0.8 < 0.95 < found.sunlit_mean
    assert found.fluence_cm2_year == equivalent_fluence_cm2_year(600.0, found.inclination_deg)


def test_a_noon_orbit_has_an_eclipse_each_time() -> None:
    assert surroundings(LifeRequest(ltan_h=12.0)).cycles_per_year == pytest.approx(5_430.0, abs=30.0)


def test_a_panel_is_warmer_the_less_it_turns_into_electricity() -> None:
    gaas, silicon = (sunlit_temp_k(load_technology(name), edge_view(600.0)) for name in ("gaas-3j", "silicon-hjt"))
    assert 310.0 < gaas < silicon < 335.0
    dead = sunlit_temp_k(load_technology("gaas-3j"), edge_view(600.0), share_left=0.0)
    assert dead == pytest.approx((0.92 * 1361.0 / 1.7 / 5.670374e-8 + 0.2491 * 237.0 / 5.670374e-8) ** 0.25, rel=1e-4)


def test_ai1s_250_watts_a_square_metre_are_within_silicons_range_in_the_sun() -> None:
    silicon = load_technology("silicon-hjt")
    bad, good = (live(silicon.at_end(end), around()).begin_w_m2 for end in ("bad", "good"))
    assert bad < 250.0 / 1.02 < good
    assert live(load_technology("gaas-3j").at_end("bad"), around()).begin_w_m2 > 250.0


@pytest.mark.parametrize("name", shipped())
def test_a_life_only_goes_down(name: str) -> None:
    life = live(load_technology(name), around())
    assert life.share[0] == pytest.approx(1.0)
    assert (np.diff(life.share) < 0.0).all()
    assert life.share[-1] < life.mean_share < 1.0
    assert life.end_w_m2 == pytest.approx(life.begin_w_m2 * life.share[-1])


def test_a_first_year_at_2000_km_takes_an_eighth_of_gaas_and_most_of_a_silicon_tandem() -> None:
    gaas = load_technology("gaas-3j")
    share = live(gaas, around(7e14, 0.0, 1.0)).share[-1]
    assert share == pytest.approx(radiation_factor(gaas, 7e14), abs=0.015)  # a little age and warmth besides
    assert live(load_technology("perovskite-silicon"), around(7e14, 0.0, 1.0)).share[-1] < 0.5
    assert live(load_technology("perovskite-tandem"), around(7e14, 0.0, 1.0)).share[-1] > 0.85


def test_what_the_dark_takes_goes_through_the_battery() -> None:
    assert carried_share(1.0) == 1.0
    assert carried_share(0.0) == 0.0
    assert carried_share(0.6) == pytest.approx(0.6 / (0.6 + 0.4 / 0.952))


@pytest.mark.parametrize("wrong", [{"years": 0.0}, {"years": 40.0}, {"solar": "often"}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        LifeRequest(**wrong)
