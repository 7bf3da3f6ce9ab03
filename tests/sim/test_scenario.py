"""Scenarios: the shipped ones fly, and a wrong file says what is wrong."""

import pytest

from hal.clock import SECOND_NS
from hal.config import ConfigError
from sim.faults import Faults
from sim.host import Host
from sim.scenario import SHIPPED, load_scenario, shipped


@pytest.fixture
def edited(tmp_path):
    """The default scenario with one text replaced."""

    def edit(old: str, new: str):
        text = (SHIPPED / "default.toml").read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "mine.toml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return edit


def test_there_is_a_scenario_of_every_kind():
    small = {"default", "guest", "hot", "small-battery", "storm", "end-of-life", "cubesat"}
    shells = {"filing-500", "filing-1000", "filing-2000", "sunrise-1390", "shell-30", "year-2000"}
    assert set(shipped()) == small | shells | {"ai1-eclipse", "ai1-sun", "ai1-pump"}


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_scenario_flies_and_idle_breaks_nothing(name):
    scenario = load_scenario(name)
    world = scenario.world()
    faults = Faults(scenario.fault, world)
    if scenario.host is not None:
        from hal.ports.host import MemoryHostBus

        Host(scenario.host, world, MemoryHostBus())
    world.advance_to(round(scenario.duration_s(world) * SECOND_NS))
    assert scenario.name == name
    assert world.referee.broken == 0
    assert faults.struck == len(scenario.fault)
    assert scenario.title
    assert scenario.about.endswith(".\n")


def test_the_default_is_the_satellite_of_the_reference_study():
    scenario = load_scenario("default")
    assert (scenario.array.power_w, scenario.battery.capacity_wh, scenario.bus.avionics_w) == (75.0, 110.0, 15.0)
    assert [row.kind for row in scenario.demand] == ["screen", "detect", "vip", "digest"]
    assert scenario.duration_s(scenario.world()) == pytest.approx(2 * 5684.39, abs=0.1)
    assert scenario.world(9).seed == 9


def test_unrestrained_load_breaks_the_small_battery_and_the_hot_case():
    """The harder scenarios are hard: a computer that never rests goes under the floor and over the ceiling."""
    for name, limit in (("small-battery", "battery_floor_soc"), ("hot", "payload_high_c")):
        scenario = load_scenario(name)
        world = scenario.world()
        world.computer.start(1, 52.0, 1e6, 0)
        world.advance_to(5700 * SECOND_NS)
        assert {row.name: row.broken for row in world.referee.report()}[limit] > 0


def test_an_unknown_key_names_file_key_and_what_is_accepted(edited):
    with pytest.raises(
        ConfigError, match=r"mine\.toml: battery\.capacity_kwh: unknown key; accepted here: .*capacity_wh"
    ):
        load_scenario(edited("capacity_wh", "capacity_kwh"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("start_soc = 0.90", "start_soc = 1.5", "battery: start_soc must be in 0..1"),
        ("altitude_km = 500.0", 'altitude_km = "500"', "orbit.altitude_km: must be float"),
        ("2026-11-20T00:00:00Z", "2026-11-20T00:00:00", "must say its zone"),
        ("duration_orbits = 2.0", "duration_orbits = 0.0", "duration_orbits must be in"),
        ("payload = 45.0,", "antenna = 45.0,", "no node named antenna"),
        ('title = "', 'titel = "', "titel: unknown key"),
    ],
)
def test_a_wrong_value_is_named(edited, old, new, message):
    with pytest.raises(ConfigError) as failure:
        load_scenario(edited(old, new))
    assert message in str(failure.value)
    assert failure.value.file == "mine.toml"


def test_no_such_scenario_names_those_there_are():
    with pytest.raises(ConfigError, match="no such scenario; shipped are ai1-eclipse"):
        load_scenario("defualt")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_scenario("/nowhere/at-all.toml")
