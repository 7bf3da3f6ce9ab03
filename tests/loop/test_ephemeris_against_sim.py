"""The flight computer's sunrise and sunset against the simulator's: conical shadow, its own orbit and Sun."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from math import degrees, inf

import pytest

from fsw.ephemeris import Ephemeris
from fsw.mission import load_mission, utc_to_tai_ns
from hal.clock import SECOND_NS
from sim.orbit import Orbit, OrbitConfig
from sim.shadow import Shadow, sunlight

DAY_S = 86_400.0
STEP_S = 60.0
EDGE_S = 1.0  # the flight forecast is a cylinder, whose edge is where the cone's light is half
GRAZING_S = 20.0  # where an orbit grazes the shadow, a thousandth of a degree moves its edges by seconds
DATES = ("2026-11-20", "2027-03-20", "2027-06-21", "2026-12-21")


class Pair:
    """One orbit as flight and as the simulator know it; times are seconds since the epoch."""

    def __init__(self, date: str, altitude_km: float, ltan_h: float, latitude_deg: float = 0.0) -> None:
        config = OrbitConfig(altitude_km=altitude_km, ltan_h=ltan_h, latitude_argument_deg=latitude_deg)
        elements = config.elements(datetime.fromisoformat(date).replace(tzinfo=UTC))
        self.orbit = Orbit(elements)
        self.epoch_tai_s = utc_to_tai_ns(date) / SECOND_NS
        self.flight = Ephemeris(
            altitude_m=altitude_km * 1000.0,
            inclination_deg=degrees(elements.inclination_rad),
            ltan_h=ltan_h,
            argument_of_latitude_deg=latitude_deg,
            epoch_tai_s=self.epoch_tai_s,
        )

    def is_sunlit(self, time_s: float) -> bool:
        return self.flight.is_sunlit(self.epoch_tai_s + time_s)


def edges(is_sunlit: Callable[[float], bool], end_s: float) -> Iterator[tuple[float, bool]]:
    """Time of each change of light, to 0.05 s, and whether it is a sunrise."""
    before, time_s = is_sunlit(0.0), 0.0
    while time_s < end_s:
        after = is_sunlit(time_s + STEP_S)
        if after is not before:
            low_s, high_s = time_s, time_s + STEP_S
            while high_s - low_s > 0.05:
                middle_s = 0.5 * (low_s + high_s)
                low_s, high_s = (middle_s, high_s) if is_sunlit(middle_s) is before else (low_s, middle_s)
            yield high_s, after
        before, time_s = after, time_s + STEP_S


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize(
    ("altitude_km", "ltan_h"),
    [(400.0, 10.5), (500.0, 10.5), (600.0, 13.5), (550.0, 22.5), (500.0, 8.0), (550.0, 6.0), (550.0, 18.0)],
)
def test_sunrise_and_sunset_agree_over_a_day(date: str, altitude_km: float, ltan_h: float) -> None:
    pair = Pair(date, altitude_km, ltan_h)
    flown, true = list(edges(pair.is_sunlit, DAY_S)), list(edges(sunlight(pair.orbit), DAY_S))
    assert len(true) >= 28 or ltan_h in (6.0, 18.0)  # some fifteen orbits a day; a dawn orbit may see no night
    assert [rising for _, rising in flown] == [rising for _, rising in true]
    assert all(abs(ours - theirs) < EDGE_S for (ours, _), (theirs, _) in zip(flown, true, strict=True))


@pytest.mark.parametrize("tenth_h", range(65, 85))
def test_an_orbit_that_grazes_the_shadow_is_dark_for_as_long(tenth_h: int) -> None:
    pair = Pair("2027-03-20", 550.0, tenth_h / 10.0)
    truth, seconds = sunlight(pair.orbit), range(0, int(pair.orbit.period_s), 2)
    dark_s = [sum(2.0 for second in seconds if not lit(second)) for lit in (pair.is_sunlit, truth)]
    assert dark_s[0] == pytest.approx(dark_s[1], abs=GRAZING_S)


def test_times_to_the_next_edge_come_true_in_the_simulators_shadow() -> None:
    pair = Pair("2026-11-20", 500.0, 10.5, latitude_deg=70.0)
    truth = list(edges(sunlight(pair.orbit), 3.0 * pair.orbit.period_s))
    for time_s in range(0, int(1.5 * pair.orbit.period_s), 97):
        tai_s = pair.epoch_tai_s + time_s
        sunset_s = next(at for at, rising in truth if not rising and at > time_s)
        sunrise_s = next(at for at, rising in truth if rising and at > time_s)
        if sunset_s < sunrise_s:
            assert pair.flight.until_sunset_s(tai_s) == pytest.approx(sunset_s - time_s, abs=EDGE_S)
        else:
            assert pair.flight.until_sunrise_s(tai_s) == pytest.approx(sunrise_s - time_s, abs=EDGE_S)


def test_the_length_of_the_eclipse_and_of_the_orbit_agree() -> None:
    pair = Pair("2026-11-20", 500.0, 10.5)
    (sunset_s, _), (sunrise_s, _) = list(edges(sunlight(pair.orbit), pair.orbit.period_s))[:2]
    assert pair.flight.dark_s(pair.epoch_tai_s) == pytest.approx(abs(sunrise_s - sunset_s), abs=2.0 * EDGE_S)
    assert pair.flight.period_s == pytest.approx(pair.orbit.period_s, abs=0.001)


def test_the_suns_distance_gives_the_simulators_flux() -> None:
    for date in DATES:
        pair = Pair(date, 500.0, 10.5)
        pair.is_sunlit(0.0)
        shadow = Shadow(pair.orbit)
        assert 1361.0 / pair.flight.distance_au**2 == pytest.approx(shadow.flux_w_m2, rel=1e-4)


def test_the_shipped_missions_forecast_fits_the_default_scenario_orbit() -> None:
    """Inclination in the mission file is rounded; over two days the edges still stay inside the guard's margin."""
    mission = load_mission("owned.toml")
    flight = mission.ephemeris()
    assert flight is not None and mission.orbit is not None
    epoch_s = mission.epoch_tai_ns() / SECOND_NS
    pair = Pair("2026-11-20", mission.orbit.altitude_m / 1000.0, mission.orbit.ltan_h)
    flown = list(edges(lambda time_s: flight.is_sunlit(epoch_s + time_s), 2.0 * DAY_S))
    true = list(edges(sunlight(pair.orbit), 2.0 * DAY_S))
    worst_s = max(abs(ours - theirs) for (ours, _), (theirs, _) in zip(flown, true, strict=True))
    assert worst_s < 0.5 * mission.guard.eclipse_margin_s


def test_an_orbit_that_always_sees_the_sun_says_so() -> None:
    pair = Pair("2026-11-20", 1_800.0, 6.0)
    truth = sunlight(pair.orbit)
    assert all(truth(k * 60.0) for k in range(240))
    assert pair.flight.until_sunset_s(pair.epoch_tai_s) == inf
    assert pair.flight.dark_s(pair.epoch_tai_s) == 0.0
