"""Heat against textbook temperatures, and against the one-node plant of the reference study."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.constants import STEFAN_BOLTZMANN_W_M2K4
from sim.heat import Heat, HeatConfig, Loop, LoopConfig, NodeConfig

SUN_W_M2 = 1361.0


def _alone(node: NodeConfig) -> Heat:
    """A network in which the radiator is `node` and touches nothing."""
    return Heat(
        HeatConfig(
            radiator=node,
            payload_radiator_w_k=0.0,
            payload_structure_w_k=0.0,
            battery_structure_w_k=0.0,
            radiator_structure_w_k=0.0,
            array_structure_w_k=0.0,
        ),
        0.0,
    )


def _settle(heat: Heat, sun_w_m2: float) -> float:
    for step in range(4000):
        heat.step(1.0, sun_w_m2, 0.0, 0.0, 0.0, 0.0, 0.0, step)
    return heat.radiator_k


def test_black_sphere_at_one_au():
    node = NodeConfig(capacity_j_k=500.0, area_m2=1.0, emissivity=1.0, absorptivity=1.0, sun_cosine=0.25)
    assert _settle(_alone(node), SUN_W_M2) == pytest.approx(278.3, rel=1e-3)


def test_flat_plate_facing_the_sun():
    node = NodeConfig(capacity_j_k=500.0, area_m2=1.0, emissivity=1.7, absorptivity=0.92, sun_cosine=1.0)
    assert _settle(_alone(node), SUN_W_M2) - 273.15 == pytest.approx(64.4, abs=0.1)


@pytest.mark.parametrize(("celsius", "w_m2"), [(20.0, 376.9), (60.0, 628.7)])
def test_radiator_rejects_what_the_textbook_says(celsius, w_m2):
    node = NodeConfig(capacity_j_k=1e6, area_m2=1.0, emissivity=0.9, start_c=celsius)
    heat = _alone(node)
    before_k = heat.radiator_k
    heat.step(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)
    assert (before_k - heat.radiator_k) * 1e6 == pytest.approx(w_m2, rel=1e-3)


def test_surroundings_are_about_those_of_the_reference_plant():
    heat = Heat(HeatConfig(), 0.2)
    assert heat.environment_w(0.0, 0.0) == pytest.approx(8.0, abs=0.2)
    assert heat.environment_w(1380.0, 0.35 * 1380.0) == pytest.approx(16.0, abs=0.6)


def test_payload_and_radiator_behave_like_one_node_of_2500_j_k():
    """The reference study: 0.085 m2 of emissivity 0.85, 16 W of surroundings in the Sun, 45 C in sight."""
    heat, one_node_k = Heat(HeatConfig(), 0.0), 298.15
    for step in range(3600):
        heat.step(1.0, 1380.0, 0.35 * 1380.0, 0.0, 36.0, 0.0, 15.0, step)
        out_w = 0.85 * 0.085 * STEFAN_BOLTZMANN_W_M2K4 * one_node_k**4
        one_node_k += (36.0 + 16.0 - out_w) / 2500.0
    assert heat.payload_k == pytest.approx(one_node_k, abs=2.0)
    assert heat.payload_k - heat.radiator_k < 2.0


def test_full_load_heats_at_a_few_kelvin_a_minute():
    """A flown payload of this class: at most about 7 K a minute at its surface."""
    heat = Heat(HeatConfig(), 0.0)
    start_k = heat.payload_k
    for step in range(60):
        heat.step(1.0, 0.0, 0.0, 0.0, 58.0, 0.0, 0.0, step)
    assert 1.0 < heat.payload_k - start_k < 7.0


@given(
    payload_w=st.floats(0.0, 100.0),
    sun_w_m2=st.floats(0.0, 1420.0),
    seconds=st.floats(1e-3, 10.0),
    cells_w=st.floats(0.0, 80.0),
)
def test_heat_is_conserved(payload_w, sun_w_m2, seconds, cells_w):
    heat = Heat(HeatConfig(), 0.2)
    for step in range(5):
        heat.step(seconds, sun_w_m2, 0.5 * sun_w_m2, cells_w, payload_w, 1.0, 15.0, step)  # raises if it is not


def test_long_steps_are_split():
    long, short = Heat(HeatConfig(), 0.2), Heat(HeatConfig(), 0.2)
    long.step(10.0, 1361.0, 300.0, 70.0, 50.0, 1.0, 15.0, 0)
    for step in range(10):
        short.step(1.0, 1361.0, 300.0, 70.0, 50.0, 1.0, 15.0, step)
    assert long.payload_k == pytest.approx(short.payload_k, abs=1e-9)


def test_impossible_nodes_are_refused():
    with pytest.raises(ValueError, match="capacity_j_k"):
        NodeConfig(capacity_j_k=0.0)
    with pytest.raises(ValueError, match="emissivity"):
        NodeConfig(capacity_j_k=1.0, emissivity=3.0)


def _ai1(earth_view: float, loop: LoopConfig) -> Heat:
    """A class of 120 kW: a radiator of 110 m2 seen from both sides, edge-on to the Sun, fed by a liquid loop."""
    return Heat(
        HeatConfig(
            payload=NodeConfig(capacity_j_k=300e3),
            radiator=NodeConfig(capacity_j_k=500e3, area_m2=110.0, emissivity=1.8, earth_view=earth_view),
            payload_structure_w_k=0.0,
            radiator_structure_w_k=0.0,
            loop=loop,
        ),
        0.0,
    )


BIG_LOOP = LoopConfig(flow_kg_s=2.0, specific_heat_j_kg_k=3500.0, effectiveness=0.9, pump_w=1200.0)
EDGE_ON_600_KM = 0.2493


@pytest.mark.parametrize(
    ("load_w", "earth_view", "celsius"),
    [(150e3, 0.0, 66.8), (150e3, EDGE_ON_600_KM, 73.3), (120e3, 0.0, 48.4), (120e3, EDGE_ON_600_KM, 55.9)],
)
def test_a_radiator_of_110_m2_settles_where_the_closed_form_says(load_w, earth_view, celsius):
    heat = _ai1(earth_view, BIG_LOOP)
    for step in range(3000):
        heat.step(10.0, 1361.0, 0.0, 0.0, load_w, 0.0, 0.0, step)
    assert heat.radiator_k - 273.15 == pytest.approx(celsius, abs=0.1)
    assert heat.payload_k - heat.radiator_k == pytest.approx(load_w / 6300.0, rel=1e-6)


def test_a_dead_pump_of_two_doubles_the_step_from_payload_to_radiator():
    heat = _ai1(EDGE_ON_600_KM, BIG_LOOP)
    heat.set_pump(share=0.5)
    for step in range(3000):
        heat.step(10.0, 0.0, 0.0, 0.0, 120e3, 0.0, 0.0, step)
    assert heat.radiator_k - 273.15 == pytest.approx(55.9, abs=0.1)
    assert heat.payload_k - heat.radiator_k == pytest.approx(120e3 / 3150.0, rel=1e-6)


def test_flow_follows_the_pumps_speed_and_their_power_its_cube():
    loop = Loop(LoopConfig(flow_kg_s=0.01, specific_heat_j_kg_k=4000.0, effectiveness=0.5, pump_w=8.0))
    assert (loop.conductance_w_k, loop.pump_w, loop.rpm) == (pytest.approx(20.0), 8.0, 6000.0)
    loop.set(speed=0.5)
    assert (loop.conductance_w_k, loop.pump_w, loop.rpm) == (pytest.approx(10.0), 1.0, 3000.0)
    loop.set(share=0.5)
    assert (loop.conductance_w_k, loop.pump_w, loop.rpm) == (pytest.approx(5.0), 0.5, 1500.0)


def test_pumps_without_power_stand_and_start_anew():
    loop = Loop(LoopConfig(start_speed=0.8))
    loop.set(speed=0.2)
    loop.set(is_powered=False)
    assert (loop.conductance_w_k, loop.pump_w, loop.rpm) == (0.0, 0.0, 0.0)
    loop.set(is_powered=True)
    assert loop.speed == 0.8


@settings(max_examples=30)
@given(
    payload_j_k=st.floats(100.0, 1e6),
    radiator_j_k=st.floats(100.0, 1e6),
    conductance_w_k=st.floats(1.0, 5000.0),
    seconds=st.floats(0.1, 2.0),
)
def test_steps_are_stable_for_any_capacity(payload_j_k, radiator_j_k, conductance_w_k, seconds):
    """A hot payload and a cold radiator alone may meet, never pass each other."""
    config = HeatConfig(
        payload=NodeConfig(capacity_j_k=payload_j_k, start_c=80.0),
        radiator=NodeConfig(capacity_j_k=radiator_j_k, start_c=0.0),
        payload_radiator_w_k=conductance_w_k,
        payload_structure_w_k=0.0,
        radiator_structure_w_k=0.0,
    )
    heat = Heat(config, 0.0)
    between_k = 80.0
    for step in range(3):
        heat.step(seconds, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, step)
        assert -1e-9 <= heat.payload_k - heat.radiator_k <= between_k
        between_k = heat.payload_k - heat.radiator_k


def test_a_short_transient_is_met_within_a_few_percent():
    node = NodeConfig(capacity_j_k=20.0)
    config = HeatConfig(payload=node, radiator=NodeConfig(capacity_j_k=1e9), payload_radiator_w_k=200.0)
    heat = Heat(config, 0.0)
    heat.step(0.1, 0.0, 0.0, 0.0, 1000.0, 0.0, 0.0, 0)
    assert heat.payload_k - heat.radiator_k == pytest.approx(5.0 * (1.0 - 2.718281828**-1.0), rel=0.03)


def test_a_network_faster_than_any_hardware_is_refused():
    with pytest.raises(ValueError, match="time constant"):
        Heat(HeatConfig(payload=NodeConfig(capacity_j_k=0.01)), 0.0)


@pytest.mark.parametrize("bad", [{"flow_kg_s": 0.0}, {"effectiveness": 1.5}, {"pump_w": -1.0}, {"start_speed": 2.0}])
def test_impossible_loops_are_refused(bad):
    with pytest.raises(ValueError, match="must"):
        LoopConfig(**bad)
