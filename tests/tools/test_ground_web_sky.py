"""Where the mission page says the spacecraft, the Sun and the stations are."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.clock import SECOND_NS
from tools.ground.clock import parse_iso, tai_of_utc_ns
from tools.ground.web.sky import MissionError, Sky, night, read_sky, sky_of, sun_place, unwrapped

MISSION = {
    "name": "made-up",
    "epoch_utc": "2026-11-20T00:00:00Z",
    "orbit": {"altitude_m": 500e3, "inclination_deg": 97.4, "ltan_h": 10.5},
    "station": [{"name": "Svalbard", "latitude_deg": 78.23, "longitude_deg": 15.39}],
}
EPOCH_S = tai_of_utc_ns(parse_iso("2026-11-20T00:00:00Z")) / SECOND_NS


@pytest.fixture(scope="module")
def sky() -> Sky:
    return sky_of(MISSION, "here")


def test_a_flight_begins_at_its_ascending_node_at_its_local_time(sky: Sky) -> None:
    longitude, latitude = sky.place(EPOCH_S)
    assert latitude == pytest.approx(0.0, abs=0.01)
    assert longitude == pytest.approx(10.5 * 15.0 - 360.0 + 360.0, abs=0.5)  # it is midnight in Greenwich
    assert sky.place(EPOCH_S + 60.0)[1] > 3.0
    assert sky.altitude_m(EPOCH_S) == pytest.approx(500e3, abs=1.0)


@pytest.mark.parametrize(
    ("utc", "longitude", "latitude"),
    [
        ("2026-06-21T12:00:00Z", 0.4, 23.43),
        ("2026-11-20T00:00:00Z", 176.4, -19.6),
        ("2026-03-20T14:46:00Z", -39.6, 0.0),
    ],
)  # fmt: skip
def test_the_sun_stands_where_the_almanac_has_it(utc: str, longitude: float, latitude: float) -> None:
    here = sun_place(tai_of_utc_ns(parse_iso(utc)) / SECOND_NS)
    assert here == (pytest.approx(longitude, abs=0.3), pytest.approx(latitude, abs=0.1))


@given(longitude=st.floats(-180.0, 180.0), latitude=st.floats(0.1, 23.4), is_north=st.booleans())
def test_the_edge_of_the_night_is_a_quarter_turn_from_the_sun(
    longitude: float, latitude: float, is_north: bool
) -> None:
    sun = (longitude, latitude if is_north else -latitude)
    *edge, _corner, last = night(sun)
    for place in edge[::10]:
        assert abs(_cosine(place, sun)) < 0.002
    assert last[1] == (-90.0 if is_north else 90.0)


def test_eclipses_come_once_an_orbit_and_are_dark(sky: Sky) -> None:
    spans = sky.eclipses(EPOCH_S, EPOCH_S + 3 * sky.track.period_s)
    assert len(spans) == 3
    for entry_s, exit_s in spans:
        assert 30 * 60.0 < exit_s - entry_s < 37 * 60.0
        assert not sky.track.is_sunlit(entry_s + 5.0) and not sky.track.is_sunlit(exit_s - 5.0)
        assert sky.track.is_sunlit(entry_s - 5.0) and sky.track.is_sunlit(exit_s + 5.0)


def test_an_orbit_over_the_terminator_has_none() -> None:
    sunny = sky_of(MISSION | {"orbit": {"altitude_m": 1_390e3, "inclination_deg": 101.0, "ltan_h": 6.0}}, "here")
    assert sunny.eclipses(EPOCH_S, EPOCH_S + 3 * sunny.track.period_s) == []


def test_the_ground_track_is_in_one_piece_but_for_the_edges_of_map_and_shadow(sky: Sky) -> None:
    runs = sky.ground_track(EPOCH_S, EPOCH_S + sky.track.period_s)
    assert {is_sunlit for is_sunlit, _line in runs} == {True, False}
    for _is_sunlit, line in runs:
        assert all(abs(after[0] - before[0]) <= 180.0 for before, after in pairwise(line))
    ends = [(line[-1], after[0]) for (_, line), (_, after) in pairwise(runs)]
    assert all(one == two or abs(one[0]) == abs(two[0]) == 180.0 for one, two in ends)


def test_a_station_sees_the_spacecraft_at_the_edge_of_its_circle(sky: Sky) -> None:
    coming = sky.passes(EPOCH_S, EPOCH_S + 6 * 3600.0)
    assert coming and {each.station for each in coming} == {"Svalbard"}
    circle = [place for line in sky.ring(sky.stations[0], EPOCH_S) for place in line]
    edge = _cosine(sky.place(coming[0].rise_tai_s), (15.39, 78.23))
    assert all(_cosine(place, (15.39, 78.23)) == pytest.approx(edge, abs=0.01) for place in circle)


@given(
    line=st.lists(st.tuples(st.floats(-180.0, 180.0), st.floats(-90.0, 90.0)), min_size=2, max_size=20),
)  # fmt: skip
def test_no_piece_of_a_line_crosses_the_map(line: list[tuple[float, float]]) -> None:
    for piece in unwrapped(line):
        assert all(abs(after[0] - before[0]) <= 180.0 for before, after in pairwise(piece))
        assert all(-180.0 <= longitude <= 180.0 for longitude, _ in piece)


def test_a_second_mission_file_is_laid_over_the_first(tmp_path: Path) -> None:
    shipped, flown = tmp_path / "mission.toml", tmp_path / "flown.json"
    shipped.write_text(
        'name = "shipped"\nepoch_utc = "2020-01-01T00:00:00Z"\n[orbit]\naltitude_m = 4e5\ninclination_deg = 50.0\n'
        'ltan_h = 1.0\n[[station]]\nname = "Here"\nlatitude_deg = 1.0\nlongitude_deg = 2.0\n',
        encoding="utf-8",
    )
    flown.write_text(json.dumps({"epoch_utc": "2026-11-20T00:00:00+00:00", "orbit": {"altitude_m": 5e5}}))
    both = read_sky([shipped, flown])
    assert (both.name, both.stations[0].name) == ("shipped", "Here")
    assert both.altitude_m(EPOCH_S) == pytest.approx(5e5, abs=1.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "mission.json"),
        ("[]", "is a table"),
        ('{"epoch_utc": "2026-11-20T00:00:00Z"}', "there is no 'orbit'"),
        ('{"epoch_utc": "noon", "orbit": {"altitude_m": 1, "inclination_deg": 1, "ltan_h": 1}}', "noon"),
        (json.dumps(MISSION | {"station": [{"name": "Nowhere"}]}), "latitude_deg"),
    ],
)
def test_a_mission_that_cannot_be_used_says_why(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mission.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MissionError, match=words):
        read_sky([path])


def _cosine(one: tuple[float, float], two: tuple[float, float]) -> float:
    """Of the angle between two places, seen from the middle of the Earth."""
    (east, north), (other_east, other_north) = (tuple(map(math.radians, place)) for place in (one, two))
    level = math.cos(north) * math.cos(other_north) * math.cos(east - other_east)
    return math.sin(north) * math.sin(other_north) + level
