"""The map of the belts: its own file, its drift, its means against the table, and doses behind aluminium."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from itertools import pairwise
from math import degrees
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.constants import EARTH_RADIUS_M
from sim.belts import (
    FOLDER,
    SPECIES,
    BeltsError,
    dose_krad_year,
    equivalent_fluence_cm2_year,
    load_belts,
    orbit_means,
)
from sim.orbit import sun_synchronous_inclination_rad
from sim.shielding import ANCHOR_KRAD_YEAR, DEPTHS_MM, dose_weights

UNIX_S = datetime(2026, 7, 1, tzinfo=UTC).timestamp()


def sun_synchronous_deg(altitude_km: float) -> float:
    return degrees(sun_synchronous_inclination_rad(EARTH_RADIUS_M + 1000.0 * altitude_km))


def test_a_map_that_is_not_the_one_told_of_is_refused(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "maps")
    octets = bytearray((tmp_path / "maps" / "belts.npz").read_bytes())
    octets[len(octets) // 2] ^= 1
    (tmp_path / "maps" / "belts.npz").write_bytes(octets)
    with pytest.raises(BeltsError, match="SHA-256 differs"):
        load_belts(tmp_path / "maps")


def test_the_map_says_where_it_is_from_and_is_small() -> None:
    told = load_belts().provenance
    assert told["versions"]["radbelt"] == "0.1.8"
    assert told["radbelt_20_mev_cm2_s"] == pytest.approx(2642.5025, rel=1e-5)  # radbelt's own documented example
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 300_000


@pytest.mark.parametrize("species", range(4))
@pytest.mark.parametrize("activity", range(2))
def test_between_the_nodes_the_map_is_what_the_models_give_there(species: int, activity: int) -> None:
    belts = load_belts()
    places = [belts.probes[f"probe_{name}"] for name in ("altitude_km", "latitude_deg", "longitude_deg")]
    direct = belts.probes["probe_flux_cm2_s"][species, activity]
    mapped = belts.in_epoch(species, activity, *places)
    strong = direct > 10.0
    assert np.median(np.abs(np.log(mapped[strong] / direct[strong]))) < 0.04
    assert mapped.sum() == pytest.approx(direct.sum(), rel=0.05)


@pytest.mark.parametrize(
    ("altitude_km", "protons", "electrons"),
    [(500.0, 17.0, 2.4e3), (600.0, 37.0, 3.2e3), (800.0, 119.0, 5.3e3), (1000.0, 273.0, 8.4e3), (2000.0, 3.7e3, 7.6e4)],
)
def test_orbit_means_are_those_of_the_table(altitude_km: float, protons: float, electrons: float) -> None:
    means = orbit_means(altitude_km, sun_synchronous_deg(altitude_km))
    assert means.protons_30_mev_cm2_s == pytest.approx(protons, rel=0.2)
    assert means.electrons_1_mev_cm2_s == pytest.approx(electrons, rel=0.2)
    assert means.protons_10_mev_cm2_s > means.protons_30_mev_cm2_s > means.protons_100_mev_cm2_s


def test_the_sun_at_maximum_takes_protons_and_brings_electrons() -> None:
    low, high, worst = (orbit_means(600.0, 97.8, solar=solar) for solar in ("min", "max", "worst"))
    assert low.protons_30_mev_cm2_s == worst.protons_30_mev_cm2_s > high.protons_30_mev_cm2_s
    assert low.electrons_1_mev_cm2_s < high.electrons_1_mev_cm2_s == worst.electrons_1_mev_cm2_s
    with pytest.raises(ValueError, match="solar must be min, max, worst"):
        orbit_means(600.0, 97.8, solar="mean")


def test_the_anomaly_drifts_west_and_keeps_its_strength() -> None:
    centres = []
    for year in (1964.0, 2026.0):
        flux = load_belts().shell(550.0, year, "min").fluxes[1, :, :-1]
        columns = flux.sum(axis=0)
        turn = np.exp(2j * np.pi * np.arange(len(columns)) / len(columns))
        centres.append(float(np.degrees(np.angle((columns * turn).sum()))))
    assert (centres[0] - centres[1]) % 360.0 == pytest.approx(0.3 * 62.0, abs=0.2)
    early, late = (orbit_means(550.0, 97.6, year=year) for year in (1964.0, 2026.0))
    assert early.protons_30_mev_cm2_s == pytest.approx(late.protons_30_mev_cm2_s, rel=0.01)


@given(st.floats(250.0, 2_500.0), st.floats(-90.0, 90.0), st.floats(-180.0, 180.0), st.sampled_from(range(4)))
def test_a_shell_gives_what_the_map_gives(altitude_km: float, lat_deg: float, lon_deg: float, species: int) -> None:
    """Within the step of the shell's grid: the map is between the values of the corners' neighbourhood."""
    shell = load_belts().shell(round(altitude_km, -2), 2026.5)
    there = shell.at(lat_deg, lon_deg)[species]
    around = load_belts().flux(
        SPECIES[species],
        round(altitude_km, -2),
        np.clip(lat_deg + np.array([-2.0, 0.0, 2.0]), -90.0, 90.0)[:, None],
        lon_deg + np.array([-2.0, 0.0, 2.0])[None, :],
        UNIX_S,
    )
    assert 0.9 * around.min() - 0.1 <= there <= 1.1 * around.max() + 0.1


def test_the_map_is_whole_across_the_date_line() -> None:
    shell = load_belts().shell(1000.0)
    assert shell.at(-27.0, 179.9999) == pytest.approx(shell.at(-27.0, -179.9999), rel=1e-3)
    np.testing.assert_array_equal(shell.fluxes[:, :, 0], shell.fluxes[:, :, -1])


def test_a_place_beyond_the_map_is_refused() -> None:
    with pytest.raises(ValueError, match=r"altitude_km must be in 200\.\.2500"):
        load_belts().flux("protons_10_mev", 36_000.0, 0.0, 0.0, UNIX_S)


def test_dose_falls_with_the_shield_and_rises_with_the_orbit() -> None:
    depths = np.geomspace(1.0, 10.0, 30)
    doses = [dose_krad_year(550.0, 97.6, float(depth)) for depth in depths]
    assert all(thick < thin for thin, thick in pairwise(doses))
    for depth, expected in zip(DEPTHS_MM, ANCHOR_KRAD_YEAR, strict=True):
        assert dose_krad_year(550.0, 97.6, depth) == pytest.approx(expected, rel=0.1)
    assert dose_krad_year(1500.0, 102.0, 5.0) > 20.0 * dose_krad_year(600.0, 97.8, 5.0)
    with pytest.raises(ValueError, match=r"shield_mm must be in 1\.\.10"):
        dose_weights(0.5)


@pytest.mark.parametrize(("altitude_km", "fluence"), [(500.0, 2e12), (600.0, 5e12), (1000.0, 4e13), (2000.0, 7e14)])
def test_equivalent_fluence_is_of_the_order_told(altitude_km: float, fluence: float) -> None:
    found = equivalent_fluence_cm2_year(altitude_km, sun_synchronous_deg(altitude_km))
    assert found == pytest.approx(fluence, rel=0.35)
