"""The radio: passes where geometry puts them, delay, loss and damage that a seed repeats."""

import itertools
from datetime import UTC, datetime

import pytest

from hal.clock import SECOND_NS, SteppedClock
from hal.ports.link import memory_pair
from sim.orbit import Orbit, OrbitConfig
from sim.radio import RadioConfig, RadioLink, Station, View

SVALBARD = Station(name="Svalbard", latitude_deg=78.23, longitude_deg=15.39, altitude_m=450.0)
EQUATOR = Station(name="Equator", latitude_deg=0.0, longitude_deg=0.0)


def _view(*stations: Station) -> tuple[View, Orbit]:
    orbit = Orbit(OrbitConfig().elements(datetime(2026, 11, 20, tzinfo=UTC)))
    return View(orbit, stations), orbit


def _link(config: RadioConfig, seed: int = 1, is_in_view=lambda now_ns: True):
    near, far = memory_pair()
    clock = SteppedClock()
    return RadioLink(near, clock, config, seed, is_in_view), far, clock


def test_a_polar_station_sees_nearly_every_orbit_for_some_minutes():
    view, orbit = _view(SVALBARD)
    seen = [view.station(10.0 * k) is SVALBARD for k in range(8640)]
    passes = sum(now and not before for before, now in itertools.pairwise(seen))
    assert 86_400 / orbit.period_s - 6 < passes <= 86_400 / orbit.period_s
    assert 4.0 < sum(seen) / 6.0 / passes < 11.0


def test_a_station_on_the_equator_sees_few():
    view, _ = _view(EQUATOR)
    seen = [view.station(10.0 * k) is not None for k in range(8640)]
    assert 1 <= sum(now and not before for before, now in itertools.pairwise(seen)) <= 5


def test_the_highest_station_is_chosen_and_none_without_stations():
    view, _ = _view(SVALBARD, EQUATOR)
    for k in range(2000):
        elevations = view.elevations_deg(5.0 * k)
        assert all(-90.0 <= elevation <= 90.0 for elevation in elevations)
        station = view.station(5.0 * k)
        assert station is None or elevations[(SVALBARD, EQUATOR).index(station)] == max(elevations)
    assert _view()[0].station(0.0) is None


def test_a_datagram_takes_its_time_both_ways():
    radio, far, clock = _link(RadioConfig(delay_s=0.25))
    radio.send(b"down")
    assert far.receive() is None
    far.send(b"up")
    assert radio.receive() is None
    clock.advance_to_ns(SECOND_NS // 4)
    assert radio.receive() == b"up"
    assert far.receive() == b"down"
    assert (radio.sent, radio.received, radio.dropped) == (1, 1, 0)


def test_out_of_view_everything_is_lost_and_counted():
    radio, far, clock = _link(RadioConfig(), is_in_view=lambda now_ns: now_ns >= SECOND_NS)
    radio.send(b"too early")
    clock.advance_to_ns(SECOND_NS)
    radio.send(b"in view")
    clock.advance_to_ns(2 * SECOND_NS)
    radio.deliver()
    assert far.receive() == b"in view"
    assert far.receive() is None
    assert radio.dropped == 1


def test_loss_and_bit_errors_have_their_rates():
    radio, far, clock = _link(RadioConfig(loss=0.1, bit_error_rate=1e-3))
    wrong_bits = arrived = 0
    for k in range(1000):
        radio.send(bytes(125))
        clock.advance_to_ns((k + 1) * SECOND_NS)
        radio.deliver()
        datagram = far.receive()
        if datagram is not None:
            arrived += 1
            wrong_bits += sum(octet.bit_count() for octet in datagram)
    assert arrived == pytest.approx(900, abs=40)
    assert wrong_bits / arrived == pytest.approx(1.0, rel=0.15)
    assert radio.dropped == 1000 - arrived


def test_a_seed_repeats_the_damage():
    def through(seed: int) -> list[bytes | None]:
        radio, far, clock = _link(RadioConfig(loss=0.3, bit_error_rate=0.01), seed)
        for _ in range(50):
            radio.send(bytes(20))
        clock.advance_to_ns(SECOND_NS)
        radio.deliver()
        return [far.receive() for _ in range(50)]

    assert through(1) == through(1)
    assert through(1) != through(2)


@pytest.mark.parametrize("bad", [{"delay_s": -1.0}, {"loss": 2.0}, {"bit_error_rate": 0.7}])
def test_impossible_radios_are_refused(bad):
    with pytest.raises(ValueError, match="must"):
        RadioConfig(**bad)


def test_impossible_places_are_refused():
    with pytest.raises(ValueError, match="no such place"):
        Station(name="Nowhere", latitude_deg=91.0, longitude_deg=0.0)
