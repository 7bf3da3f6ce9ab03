"""Two-line elements: checked to the column, propagated by SGP4 alone, flown as mean elements."""

import json
import sys
from datetime import UTC, datetime
from math import degrees
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.config import ConfigError
from sim.frames import Teme
from sim.orbit import Orbit, OrbitConfig
from sim.osculating import EccentricOrbit
from sim.scenario import SHIPPED, load_scenario
from sim.shadow import OblateShadow
from sim.tle import MissingSgp4, Tle, TleError, TleOrbit, checksum, read_tle
from sim.world import World, WorldConfig

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "skyfield_passes.json").read_text("utf-8"))
FIRST, SECOND = GOLDEN["lines"]
EPOCH = datetime(2008, 9, 20, 12, 25, 40, 104192, tzinfo=UTC)


def _with(line: str, column: int, text: str) -> str:
    """The line with something written at a column, and its checksum made right."""
    line = line[: column - 1] + text + line[column - 1 + len(text) :]
    return line[:-1] + str(checksum(line))


def test_a_published_tle_says_what_its_columns_say():
    tle = read_tle(f"0 ISS (ZARYA)\n{FIRST}\n{SECOND}\r\n")
    assert (tle.name, tle.satellite) == ("ISS (ZARYA)", "25544")
    assert tle.epoch_unix_s == pytest.approx(EPOCH.timestamp(), abs=1e-3)
    assert (tle.inclination_deg, tle.node_deg) == (51.6416, 247.4627)
    assert (tle.eccentricity, tle.mean_motion_rev_day) == (0.0006703, 15.72125391)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((FIRST[:-1] + "8", SECOND), r"line 1, column 69: checksum is 8, the line adds up to 7"),
        ((FIRST, SECOND[:40] + "1" + SECOND[41:]), r"line 2, column 69: checksum"),
        ((FIRST[:50], SECOND), r"line 1, column 51: 50 characters, must be 69"),
        ((FIRST, SECOND + "0"), r"line 2, column 71: 70 characters"),
        ((SECOND, FIRST), r"line 1, column 1: begins with '2 '"),
        ((FIRST, _with(SECOND, 3, "25545")), r"line 2, column 3: satellite 25545 is not that of line 1, 25544"),
        ((_with(FIRST, 21, "26x"), SECOND), r"line 1, column 21: '26x.51782528' is not a day"),
        ((FIRST, _with(SECOND, 27, "00 67.3")), r"line 2, column 27: '00 67.3' is not seven digits"),
        ((FIRST[:9] + "é" + FIRST[10:], SECOND), r"line 1, column 10: 'é' is not printable"),
    ],
)
def test_a_damaged_line_is_told_by_line_and_column(lines, said):
    with pytest.raises(TleError, match=said):
        Tle(line1=lines[0], line2=lines[1])


@pytest.mark.parametrize("text", ["", FIRST, "\n".join(["a", "b", FIRST, SECOND])])
def test_another_number_of_lines_is_refused(text):
    with pytest.raises(TleError, match="expected two lines"):
        read_tle(text)


@given(st.integers(0, 67), st.integers(1, 9))
def test_a_changed_digit_never_goes_unseen(index, more):
    if not SECOND[index].isdigit():
        return
    changed = SECOND[:index] + str((int(SECOND[index]) + more) % 10) + SECOND[index + 1 :]
    with pytest.raises(TleError):
        Tle(line1=FIRST, line2=changed)


def test_without_the_package_the_cure_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sgp4.api", None)
    with pytest.raises(MissingSgp4, match="pip install"):
        TleOrbit(read_tle(f"{FIRST}\n{SECOND}"))


def _orbit(first: str = FIRST, second: str = SECOND) -> TleOrbit:
    pytest.importorskip("sgp4")
    return TleOrbit(Tle(line1=first, line2=second))


def test_states_are_those_of_sgp4_in_teme():
    orbit = _orbit()
    for minutes, place_km, velocity_km_s in GOLDEN["tle_states_km"]:
        place, velocity = orbit.state(60.0 * minutes)
        assert isinstance(place, Teme) and isinstance(velocity, Teme)
        assert (place.x, place.y, place.z) == pytest.approx([1000.0 * part for part in place_km], abs=1.0)
        assert (velocity.x, velocity.y, velocity.z) == pytest.approx(
            [1000.0 * part for part in velocity_km_s], abs=1e-3
        )


def test_the_mean_elements_of_a_real_satellite_follow_sgp4_for_a_day():
    """Within the 2 a e of its eccentricity of 0.0007, 9 km, and the terms that J2 alone leaves out."""
    orbit = _orbit()
    for start_s in (0.0, 1000.0, 3000.0):
        mean = orbit.mean_elements(start_s)
        ours = Orbit(mean)
        assert mean.semi_major_axis_m / 1000.0 == pytest.approx(orbit.semi_major_axis_km, abs=0.03)
        assert degrees(mean.inclination_rad) == pytest.approx(51.64, abs=0.01)
        assert ours.period_s == pytest.approx(orbit.period_s, abs=0.1)
        for time_s in range(0, 86_400, 1_000):
            assert (ours.place(time_s) - orbit.place(start_s + time_s)).length < 25e3


def test_a_flight_from_a_tle_begins_where_the_satellite_is():
    orbit = _orbit()
    config = OrbitConfig(tle=(FIRST, SECOND))
    mean = config.elements(EPOCH)
    assert (Orbit(mean).place(0.0) - orbit.place(0.0)).length < 25e3
    plain = config.resolved(EPOCH)
    assert plain.tle == () and plain.altitude_km == pytest.approx(353.3, abs=0.5)
    assert plain.elements(EPOCH).node_rad == pytest.approx(mean.node_rad, abs=1e-9)
    world = World(WorldConfig(epoch_utc=EPOCH, orbit=config), seed=1)
    world.advance_to(60 * 10**9)
    assert abs(world.truth.latitude_deg) < 52.0
    assert world.config.orbit.altitude_km == plain.altitude_km


def _scenario(folder: Path, second: str) -> Path:
    text = (SHIPPED / "default.toml").read_text("utf-8").replace("2026-11-20T00:00:00Z", EPOCH.isoformat())
    head, rest = text.split("[orbit]")
    path = folder / "real.toml"
    path.write_text(
        f'{head}[orbit]\ntle = ["{FIRST}", "{second}"]\nis_oblate = true\n[array]{rest.split("[array]")[1]}'
    )
    return path


def test_a_scenario_takes_a_tle_and_everyone_who_asks_sees_a_plain_orbit(tmp_path):
    pytest.importorskip("sgp4")
    scenario = load_scenario(_scenario(tmp_path, SECOND))
    assert scenario.orbit.tle == () and scenario.orbit.is_oblate
    assert scenario.orbit.inclination_deg == pytest.approx(51.64, abs=0.01)
    assert isinstance(scenario.world().shadow, OblateShadow)


def test_a_scenario_with_a_damaged_tle_names_file_key_and_column(tmp_path):
    with pytest.raises(ConfigError, match=r"real\.toml: orbit: line 2, column 69: checksum"):
        load_scenario(_scenario(tmp_path, SECOND[:-1] + "0"))


def test_an_orbit_is_given_once():
    with pytest.raises(ValueError, match="altitude_km comes from the tle; leave it out"):
        OrbitConfig(tle=(FIRST, SECOND), altitude_km=600.0)
    with pytest.raises(TleError, match="line 2, column 69"):
        OrbitConfig(tle=(FIRST, SECOND[:-1] + "0"))


def test_an_eccentric_satellite_is_refused_by_name():
    with pytest.raises(EccentricOrbit, match=r"mean eccentricity 0\.0[12]"):
        _orbit(second=_with(SECOND, 27, "0200000")).mean_elements()


def test_where_sgp4_gives_up_its_reason_is_told():
    with pytest.raises(TleError, match="SGP4 on satellite 25544"):
        _orbit(first=_with(FIRST, 54, "90000-1")).state(2e7)
