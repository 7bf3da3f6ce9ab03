"""The guard's bounds hold against an independent integration, and its state machine fails closed."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.guard.bounds import RollingEnergy, energy_room_j, heat_room, radiated_w
from fsw.guard.guard import Guard
from fsw.guard.latchup import LatchupWatch
from fsw.messages import Allocation, HostStatus, Plant, WorkOrder
from fsw.mission import load_mission
from hal.clock import SECOND_NS

MISSION = load_mission("owned.toml")
HOSTED = load_mission("hosted.toml")
EPOCH_S = MISSION.epoch_tai_ns() / SECOND_NS


def plant(**changes: object) -> Plant:
    base = Plant(
        time_ns=0, soc=0.9, worst_soc=0.895, energy_above_floor_j=70e3, worst_energy_above_floor_j=69e3,
        battery_power_w=0.0, worst_battery_temp_c=20.0, array_power_w=70.0, bus_power_w=21.0, worst_bus_power_w=21.0,
        payload_power_w=6.0, worst_payload_power_w=6.0, payload_temp_c=25.0, worst_payload_temp_c=25.0,
        radiator_temp_c=24.0, dose_rate_ugy_s=0.0, upsets=0,
    )  # fmt: skip
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


ORDER = WorkOrder(
    job_id=1, attempt=1, model="water", variant="full", setting="22W", input_ref="", predicted_s=10.0, predicted_w=22.0,
    kill_ns=30 * SECOND_NS,
)  # fmt: skip


def peak_temp(temp_c: float, radiator_c: float, watts: float, seconds: float, surroundings_w: float) -> float:
    """Two thermal nodes by small explicit steps: the plant that the bound must never be below."""
    payload, peak = MISSION.payload, temp_c
    step_s = 0.25
    for _ in range(int(seconds / step_s)):
        flow_w = payload.conductance_w_k * (temp_c - radiator_c)
        shed_w = radiated_w(payload, radiator_c)
        temp_c += (payload.idle_w + watts - flow_w) * step_s / payload.computer_j_k
        radiator_c += (flow_w + surroundings_w - shed_w) * step_s / payload.radiator_j_k
        peak = max(peak, temp_c)
    return peak


@given(
    temp_c=st.floats(0.0, 43.9),
    gradient_k=st.floats(-3.0, 8.0),
    index=st.integers(0, 3),
    surroundings_w=st.floats(0.0, 18.0),
    share=st.floats(0.05, 1.0),
)
def test_a_job_inside_the_heat_room_never_passes_the_ceiling(
    temp_c: float, gradient_k: float, index: int, surroundings_w: float, share: float
) -> None:
    ceiling_c = 44.0
    heat = heat_room(MISSION.payload, ceiling_c, temp_c, temp_c - gradient_k, surroundings_w)
    watts = MISSION.payload.settings[index].watts
    excess_w = watts - heat.cooling_w
    if heat.room_j[index] <= 0.0:
        return
    seconds = min(500.0, heat.room_j[index] / excess_w if excess_w > 0.0 else 500.0) * share
    assert peak_temp(temp_c, temp_c - gradient_k, watts, seconds, surroundings_w) <= ceiling_c + 0.02


@given(
    above_j=st.floats(0.0, 1e5), sunset_s=st.floats(0.0, 3500.0), array_w=st.floats(0.0, 75.0),
    watts=st.floats(1.0, 52.0),
)  # fmt: skip
def test_a_job_inside_the_energy_room_leaves_enough_for_the_night(
    above_j: float, sunset_s: float, array_w: float, watts: float
) -> None:
    housekeeping_w, dark_s, efficiency = 22.0, 2200.0, 0.95
    sunrise_s = dark_s if sunset_s == 0.0 else 0.0
    room_j = energy_room_j(
        above_floor_j=above_j, housekeeping_w=housekeeping_w, array_w=array_w, charge_efficiency=efficiency,
        until_sunset_s=sunset_s, until_sunrise_s=sunrise_s, dark_s=dark_s,
    )  # fmt: skip
    if room_j <= 0.0:
        return
    stored_j, left_s = above_j, room_j / watts
    for second in range(int(sunset_s + dark_s)):
        job_w = watts if left_s > 0.0 else 0.0
        left_s -= 1.0
        net_w = (array_w if second < sunset_s else 0.0) - housekeeping_w - job_w
        stored_j += net_w * (efficiency if net_w > 0.0 else 1.0)
    assert stored_j >= -2.0 * (housekeeping_w + watts + array_w)


@given(st.lists(st.floats(0.0, 60.0), min_size=1, max_size=120), st.floats(10.0, 60.0))
def test_drawing_the_rolling_room_never_breaks_a_window(history: list[float], mean_w: float) -> None:
    rolling, drawn = RollingEnergy(60.0), [0.0]
    rolling.add(0.0, 0.0)
    for second, wish_w in enumerate(history, start=1):
        power_w = max(0.0, min(wish_w, rolling.room_w(float(second - 1), mean_w)))
        rolling.add(float(second), power_w)
        drawn.append(power_w)
        assert sum(drawn[-60:]) <= mean_w * 60.0 + 1e-6


@given(st.lists(st.tuples(st.integers(1, 90), st.floats(0.0, 60.0)), max_size=12), st.floats(15.0, 50.0))
def test_bursts_inside_the_spare_joules_break_no_window(jobs: list[tuple[int, float]], mean_w: float) -> None:
    idle_w, rolling, drawn = 6.0, RollingEnergy(60.0), [6.0] * 60
    second = 0
    for seconds, watts in jobs:
        fits = watts * seconds <= rolling.spare_j(mean_w) - idle_w * 60.0
        for _ in range(seconds if fits else 5):
            power_w = idle_w + (watts if fits else 0.0)
            rolling.add(float(second), power_w)
            drawn.append(power_w)
            second += 1
            assert sum(drawn[-60:]) <= mean_w * 60.0 + idle_w + watts


def test_what_was_drawn_before_the_guard_came_counts_in_full() -> None:
    rolling = RollingEnergy(60.0, 100.0, 1800.0)
    assert rolling.spare_j(30.0) == 0.0
    rolling.add(161.0, 6.0)
    assert rolling.spare_j(30.0) == 1800.0


def test_the_envelope_closes_without_a_plant_and_when_it_is_old() -> None:
    guard = Guard(MISSION, MISSION.ephemeris())
    assert not guard.step(0, EPOCH_S, None, None, None)[0].run
    envelope, trip = guard.step(10 * SECOND_NS, EPOCH_S, plant(), None, ORDER)
    assert not envelope.run
    assert trip is not None and trip.limit == "plant"


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"worst_payload_temp_c": 44.9}, "payload_temp_c"),
        ({"worst_payload_power_w": 80.0}, "payload_power_w"),
        ({"worst_bus_power_w": 86.0}, "bus_power_w"),
        ({"worst_battery_temp_c": 46.0}, "battery_temp_c"),
        ({"worst_energy_above_floor_j": 100.0, "worst_soc": 0.7003, "array_power_w": 0.0}, "energy_to_sunrise_j"),
        ({"worst_soc": None, "worst_energy_above_floor_j": None}, "energy_to_sunrise_j"),
    ],
)
def test_each_broken_bound_trips_what_runs_and_holds(changes: dict[str, object], limit: str) -> None:
    guard = Guard(MISSION, MISSION.ephemeris())
    envelope, trip = guard.step(0, EPOCH_S, plant(**changes), None, ORDER)
    assert not envelope.run
    assert trip is not None and trip.limit == limit
    assert not guard.step(5 * SECOND_NS, EPOCH_S, plant(time_ns=5 * SECOND_NS), None, None)[0].run
    assert guard.step(11 * SECOND_NS, EPOCH_S, plant(time_ns=11 * SECOND_NS), None, None)[0].run


SUNNY = dataclasses.replace(MISSION.orbit, altitude_m=1_450e3, inclination_deg=101.5, ltan_h=6.0)  # type: ignore[type-var]


@pytest.mark.parametrize(("above_j", "trips"), [(60e3, False), (100.0, True)])
def test_in_a_sun_that_never_sets_work_still_lives_on_what_the_battery_holds_now(above_j: float, trips: bool) -> None:
    """A day of sunlight to come is no charge: a draw above the array's needs the joules for it before it starts."""
    mission = dataclasses.replace(MISSION, orbit=SUNNY)
    guard = Guard(mission, mission.ephemeris())
    soc = 0.705 + above_j / 3.5e5
    seen = plant(
        array_power_w=50.0, worst_energy_above_floor_j=above_j, soc=soc + 0.005, worst_soc=soc, battery_power_w=23.0
    )
    order = dataclasses.replace(ORDER, predicted_w=52.0, predicted_s=100.0)
    envelope, trip = guard.step(0, EPOCH_S, seen, None, order)
    assert (trip is not None and trip.limit == "battery_floor_j") is trips
    if trip is None:
        assert envelope.energy_j > 1e6
        assert envelope.harvest_w * 1.1 == pytest.approx(50.0 - 16.0 - 6.0)
        assert envelope.stored_j * 1.1 <= above_j - 100.0 * (52.0 - 28.0)


def test_the_penumbra_of_a_sunrise_stops_nothing() -> None:
    """The array gives little for some seconds; the charge that was enough for the night is enough for them."""
    guard, ephemeris = Guard(MISSION, MISSION.ephemeris()), MISSION.ephemeris()
    assert ephemeris is not None
    night_s = next(EPOCH_S + second for second in range(6000) if not ephemeris.is_sunlit(EPOCH_S + second))
    sunrise_s = night_s + ephemeris.until_sunrise_s(night_s)
    for second in (-5, -1, 1, 5, 30):
        now_ns = (second + 100) * SECOND_NS
        little = {"worst_energy_above_floor_j": 12e3, "worst_soc": 0.74, "array_power_w": 1.0, "battery_power_w": 30.0}
        seen = plant(time_ns=now_ns, **little)
        envelope, trip = guard.step(now_ns, sunrise_s + second, seen, None, ORDER)
        assert envelope.run and trip is None, second


def test_a_guest_runs_only_inside_a_living_allocation() -> None:
    grant = Allocation(from_ns=0, until_ns=100 * SECOND_NS, mean_w=40.0, peak_w=60.0, energy_j=4e3)
    alive = HostStatus(time_ns=0, heartbeat_ns=0, allocation=grant)
    cases = {
        "granted": (alive, True),
        "silent": (dataclasses.replace(alive, heartbeat_ns=-20 * SECOND_NS), False),
        "safing": (dataclasses.replace(alive, safing=True), False),
        "power off": (dataclasses.replace(alive, power_off_ns=3 * SECOND_NS), False),
        "expired": (dataclasses.replace(alive, allocation=dataclasses.replace(grant, until_ns=0)), False),
        "nothing granted": (dataclasses.replace(alive, allocation=None), False),
    }
    for name, (host, runs) in cases.items():
        guard = Guard(HOSTED, None)
        assert guard.step(0, EPOCH_S, plant(soc=None), host, None)[0].run is runs, name


def test_a_shrinking_grant_ends_what_may_start_before_it() -> None:
    grant = Allocation(from_ns=0, until_ns=100 * SECOND_NS, mean_w=40.0, peak_w=60.0, energy_j=4e3)
    smaller = dataclasses.replace(grant, from_ns=8 * SECOND_NS, mean_w=10.0)
    host = HostStatus(time_ns=0, heartbeat_ns=0, allocation=grant, next_allocation=smaller)
    assert Guard(HOSTED, None).step(0, EPOCH_S, plant(), host, None)[0].seconds < 8.0


def test_a_job_that_starts_late_on_a_word_is_over_before_the_grant_shrinks() -> None:
    """The word holds until the next one: what starts just before that must fit too."""
    grant = Allocation(from_ns=0, until_ns=100 * SECOND_NS, mean_w=40.0, peak_w=60.0, energy_j=4e3)
    smaller = dataclasses.replace(grant, from_ns=8 * SECOND_NS, peak_w=30.0)
    host = HostStatus(time_ns=0, heartbeat_ns=0, allocation=grant, next_allocation=smaller)
    assert Guard(HOSTED, None).step(0, EPOCH_S, plant(), host, None)[0].seconds * 1.1 <= 7.0


@pytest.mark.parametrize(
    ("peak_w", "until_s", "limit"), [(27.0, 200, "allocation_peak_w"), (31.0, 200, None), (None, 78, "allocation")]
)
def test_what_runs_is_stopped_before_a_grant_that_does_not_carry_it(
    peak_w: float | None, until_s: int, limit: str | None
) -> None:
    guard, tripped = Guard(HOSTED, None), None
    grant = Allocation(from_ns=0, until_ns=until_s * SECOND_NS, mean_w=40.0, peak_w=60.0, energy_j=8e3)
    coming = None if peak_w is None else dataclasses.replace(grant, from_ns=78 * SECOND_NS, peak_w=peak_w)
    for second in range(78):
        now_ns, draw_w = second * SECOND_NS, 27.5 if second > 70 else 6.0
        host = HostStatus(time_ns=now_ns, heartbeat_ns=now_ns, allocation=grant, next_allocation=coming)
        seen = plant(time_ns=now_ns, payload_power_w=draw_w, worst_payload_power_w=draw_w)
        trip = guard.step(now_ns, EPOCH_S, seen, host, ORDER if second > 69 else None)[1]
        tripped = tripped or (trip and (second, trip.limit))
    assert tripped == (None if limit is None else (77, limit))


def test_a_guard_that_is_off_bounds_nothing() -> None:
    off = dataclasses.replace(MISSION, guard=dataclasses.replace(MISSION.guard, enabled=False))
    envelope, trip = Guard(off, None).step(0, EPOCH_S, None, None, ORDER)
    assert envelope.run and envelope.power_w == math.inf and trip is None


def test_a_latchup_is_cycled_off_and_on_again_once() -> None:
    watch = LatchupWatch(6.0, 9.0)
    wishes = [(second, watch.step(second * SECOND_NS, 18.0, None)) for second in range(40)]
    assert [(second, wish) for second, wish in wishes if wish is not None] == [(8, False), (11, True)]


def test_a_running_job_or_an_unread_rail_is_no_latchup() -> None:
    watch = LatchupWatch(6.0, 9.0)
    assert all(watch.step(second * SECOND_NS, 30.0, 22.0) is None for second in range(40))
    assert not watch.wants_look
    assert all(watch.step(second * SECOND_NS, None, None) is None for second in range(40))


def test_a_switch_that_does_not_obey_is_asked_for_a_while_and_the_draw_looked_at_anew() -> None:
    watch, asked = LatchupWatch(6.0, 9.0), []
    for second in range(200):
        wish = watch.step(second * SECOND_NS, 18.0, None)
        if wish is not None:
            asked.append((second, wish))
        if wish is False or (asked and not asked[-1][1]):
            watch.not_off(second * SECOND_NS)
            assert watch.wants_look or asked[-1][1]
    assert [wish for _, wish in asked] == [False, True, False, True]
    assert asked[1][0] - asked[0][0] > 30


def test_a_draw_that_nothing_explains_leaves_less_room_and_a_learnt_one_explains_nothing() -> None:
    guard, learnt = Guard(MISSION, MISSION.ephemeris()), dataclasses.replace(ORDER, predicted_w=34.0)
    rooms_w = []
    for second, drawn_w in enumerate((6.0, 18.0, 6.0 + 22.0, 6.0 + 22.0 + 12.0)):
        order = learnt if second > 1 else None
        seen = plant(
            time_ns=second * SECOND_NS, payload_power_w=drawn_w, worst_payload_power_w=drawn_w,
            bus_power_w=15.0 + drawn_w, worst_bus_power_w=15.0 + drawn_w,
        )  # fmt: skip
        rooms_w.append(guard.step(second * SECOND_NS, EPOCH_S + second, seen, None, order)[0].power_w)
    assert rooms_w[1] == pytest.approx(rooms_w[0] - 12.0 / 1.1)
    assert rooms_w[2] == pytest.approx(rooms_w[0])
    assert rooms_w[3] == pytest.approx(rooms_w[0] - (12.0 - 2.2) / 1.1)


def test_a_job_that_is_over_before_the_next_look_explains_the_draw_of_its_second() -> None:
    guard = Guard(MISSION, MISSION.ephemeris())
    idle = plant()
    before_w = guard.step(0, EPOCH_S, idle, None, None)[0].power_w
    guard.hear(ORDER)
    seen = plant(time_ns=SECOND_NS, payload_power_w=28.0, worst_payload_power_w=28.0, bus_power_w=43.0)
    assert guard.step(SECOND_NS, EPOCH_S + 1, seen, None, None)[0].power_w == pytest.approx(before_w)


def test_a_latchup_behind_one_job_after_another_is_looked_at_and_ended() -> None:
    """Eight watts too many beside jobs that leave no gap: the next one waits, and the rail is seen and cycled."""
    watch = LatchupWatch(6.0, 9.0)
    now_s = 7
    assert all(watch.step(second * SECOND_NS, 6.0 + 22.0 + 8.0, 22.0) is None for second in range(now_s))
    assert watch.wants_look
    wishes = [watch.step((now_s + second) * SECOND_NS, 6.0 + 8.0, None) for second in range(20)]
    assert [wish for wish in wishes if wish is not None] == [False, True]
    assert not watch.wants_look


def test_a_look_that_finds_the_rail_at_idle_ends_at_once() -> None:
    watch = LatchupWatch(6.0, 9.0)
    for second in range(10):
        watch.step(second * SECOND_NS, 40.0, 22.0)
    assert watch.wants_look
    watch.step(10 * SECOND_NS, None, None)
    assert watch.wants_look
    watch.step(11 * SECOND_NS, 6.2, None)
    assert not watch.wants_look


def test_what_runs_is_stopped_when_a_smaller_grant_cannot_carry_its_rest() -> None:
    guard = Guard(HOSTED, None)
    wide = Allocation(from_ns=0, until_ns=900 * SECOND_NS, mean_w=40.0, peak_w=60.0, energy_j=36e3)
    order = dataclasses.replace(ORDER, predicted_s=300.0, kill_ns=900 * SECOND_NS)
    trips = []
    for second in range(130):
        now_ns = second * SECOND_NS
        grant = wide if second < 120 else dataclasses.replace(wide, from_ns=120 * SECOND_NS, mean_w=15.0)
        host = HostStatus(time_ns=now_ns, heartbeat_ns=now_ns, allocation=grant)
        draw_w = 28.0 if second >= 60 else 6.0
        seen = plant(time_ns=now_ns, payload_power_w=draw_w, worst_payload_power_w=draw_w)
        trip = guard.step(now_ns, EPOCH_S, seen, host, order if second >= 60 else None)[1]
        trips += [(second, trip.limit)] if trip else []
    assert trips[0] == (120, "allocation_mean_w")


def test_a_guest_may_draw_more_than_its_mean_for_a_while() -> None:
    guard = Guard(HOSTED, None)
    grant = Allocation(from_ns=0, until_ns=900 * SECOND_NS, mean_w=30.0, peak_w=60.0, energy_j=27e3)
    for second in range(120):
        now_ns = second * SECOND_NS
        host = HostStatus(time_ns=now_ns, heartbeat_ns=now_ns, allocation=grant)
        envelope, _ = guard.step(now_ns, EPOCH_S, plant(time_ns=now_ns), host, None)
        assert envelope.burst_j * 1.1 <= (30.0 - 6.0) * 60.0
    assert envelope.power_w < 30.0 < envelope.burst_w
    assert envelope.burst_j > 800.0


@pytest.mark.parametrize("temp_c", [41.0, 42.0, 43.0])
@pytest.mark.parametrize("index", [2, 3])
def test_a_job_that_takes_all_the_heat_room_ends_just_under_the_ceiling(temp_c: float, index: int) -> None:
    """The bound is no looser than it must be: a model that forgets a little heat would break the ceiling here."""
    payload, ceiling_c, surroundings_w = MISSION.payload, 44.0, 18.0
    watts = payload.settings[index].watts
    gradient_k = (payload.idle_w + watts) / payload.conductance_w_k
    heat = heat_room(payload, ceiling_c, temp_c, temp_c - gradient_k, surroundings_w)
    seconds = heat.room_j[index] / (watts - heat.cooling_w)
    peak_c = peak_temp(temp_c, temp_c - gradient_k, watts, seconds, surroundings_w)
    assert ceiling_c - 0.7 < peak_c <= ceiling_c  # the longer the job, the more the bound leaves to the radiator
