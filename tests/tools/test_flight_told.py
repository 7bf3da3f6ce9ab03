"""What a flight in real time leaves for the ground tool is enough to speak with it and to draw its map; no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsw.mission import MISSIONS, load_mission
from tools.flight.keys import link_file, write_link_file
from tools.ground.finding import choose, mission_told
from tools.ground.web.sky import sky_of


def test_the_ground_finds_profile_keys_orbit_and_stations(tmp_path: Path) -> None:
    mission = load_mission(MISSIONS / "owned.toml")
    runs = tmp_path / "runs"
    (runs / "default-1").mkdir(parents=True)
    write_link_file(mission, runs / "default-1")
    port = mission.link.tc_port
    choice = choose(None, None, port, runs)
    assert (choice.profile, choice.keys) == (mission.link.profile, runs / "default-1" / mission.link.keys)
    told = mission_told(port, runs)
    assert told is not None and mission.orbit is not None
    sky = sky_of(told, "the flight")
    assert sky.altitude_m(mission.epoch_tai_ns() / 1e9) == pytest.approx(mission.orbit.altitude_m, rel=0.1)
    assert [station.name for station in sky.stations] == [station.name for station in mission.station]
    assert mission_told(port + 1, runs) is None


def test_a_guest_has_no_orbit_to_tell(tmp_path: Path) -> None:
    mission = load_mission(MISSIONS / "hosted.toml")
    write_link_file(mission, tmp_path / "guest-1")
    told = mission_told(mission.link.tc_port, tmp_path)
    assert told is not None and "orbit" not in told
    assert link_file(mission.link, tmp_path / "guest-1").parent == tmp_path
