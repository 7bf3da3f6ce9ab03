"""The flight computer's passes against the simulator's: its own orbit, its own turning Earth, its own search."""

from __future__ import annotations

from datetime import UTC, datetime
from math import degrees

import pytest

from fsw.ephemeris.passes import Passes, Station, Track
from fsw.mission import load_mission, utc_to_tai_ns
from hal.clock import SECOND_NS
from sim.orbit import Orbit, OrbitConfig
from sim.passes import passes
from sim.radio import Station as TrueStation
from sim.scenario import load_scenario

DAY_S = 86_400.0
EDGE_S = 0.1  # both fly the same circle
ROUNDED_S = 3.0  # elements rounded to a tenth of a degree in the mission file
PLACES = (("Svalbard", 78.23, 15.39), ("Nairobi", -1.29, 36.82), ("Punta Arenas", -53.16, -70.91))


@pytest.mark.parametrize("date", ["2026-11-20", "2031-06-21"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[0])
@pytest.mark.parametrize(("altitude_km", "ltan_h", "mask_deg"), [(400.0, 10.5, 5.0), (1390.0, 6.0, 20.0)])
def test_rise_and_set_agree_over_two_days(
    date: str, place: tuple[str, float, float], altitude_km: float, ltan_h: float, mask_deg: float
) -> None:
    elements = OrbitConfig(altitude_km=altitude_km, ltan_h=ltan_h, latitude_argument_deg=40.0).elements(
        datetime.fromisoformat(date).replace(tzinfo=UTC)
    )
    epoch_s = utc_to_tai_ns(date) / SECOND_NS
    track = Track(
        altitude_m=altitude_km * 1e3, inclination_deg=degrees(elements.inclination_rad), ltan_h=ltan_h,
        argument_of_latitude_deg=40.0, epoch_tai_s=epoch_s,
    )  # fmt: skip
    where = {"name": place[0], "latitude_deg": place[1], "longitude_deg": place[2], "mask_deg": mask_deg}
    told = list(Passes(track, [Station(**where)]).between(epoch_s, epoch_s + 2.0 * DAY_S))  # type: ignore[arg-type]
    true = [row for row in passes(Orbit(elements), TrueStation(**where), -3_000.0, 2.0 * DAY_S) if row.set_s > 0.0]  # type: ignore[arg-type]
    assert len(told) == len(true) >= 4
    for ours, theirs in zip(told, true, strict=True):
        assert ours.rise_tai_s - epoch_s == pytest.approx(theirs.rise_s, abs=EDGE_S)
        assert ours.set_tai_s - epoch_s == pytest.approx(theirs.set_s, abs=EDGE_S)


def test_the_shipped_mission_knows_the_passes_of_the_default_scenario() -> None:
    """As told by hand, not by the scenario: its inclination is rounded. Grazing passes move most."""
    mission, scenario = load_mission("owned.toml"), load_scenario("default")
    orbit, epoch_s = scenario.world().orbit, mission.epoch_tai_ns() / SECOND_NS
    known = mission.passes()
    assert known is not None
    told = list(known.between(epoch_s, epoch_s + DAY_S))
    true = sorted(
        (row for place in scenario.station for row in passes(orbit, place, 0.0, DAY_S)), key=lambda r: r.rise_s
    )
    assert [row.station for row in told] == [row.station for row in true]
    for ours, theirs in zip(told, true, strict=True):
        assert ours.rise_tai_s - epoch_s == pytest.approx(theirs.rise_s, abs=ROUNDED_S)
        assert ours.set_tai_s - epoch_s == pytest.approx(theirs.set_s, abs=ROUNDED_S)
