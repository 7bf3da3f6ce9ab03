"""The guard, model-checked: every reachable state of a small plant in whole numbers, under every choice of a dispatcher
that keeps to the envelope and every disturbance that the margins are for.

Time goes in slots of ten seconds, energy in units of 100 J; all flows are whole units, so nothing is rounded. The
satellite's orbit has 30 slots, ten of them dark. A job may draw twice what its table says and last twice as long, the
forecast may be a slot early or late, the array may be a third weaker than told, it may be turned away for a slot a
day, and any sensor may say nothing at any time. Work may stop in every slot; what must hold is the floor.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from functools import cache

import pytest

from fsw.guard.bounds import heat_room, radiated_w
from fsw.guard.guard import Guard
from fsw.messages import Envelope, Plant, WorkOrder
from fsw.mission import Array, PowerSetting, Shadow, load_mission
from hal.clock import SECOND_NS

SLOT_S, UNIT_J = 10, 100
ORBIT, DARK = 30, 10  # slots
FULL = 40  # units above the floor
BUS_W, IDLE_W, ARRAY_W = 8, 2, 30
WATTS, SLOTS = (10, 20), (1, 3)  # of jobs
SETTINGS = tuple(PowerSetting(name=f"{watts}W", watts=float(watts), speed=1.0) for watts in WATTS)
OWNED = load_mission("owned.toml")
SMALL = dataclasses.replace(
    OWNED,
    orbit=None,
    shadow=Shadow(period_s=ORBIT * SLOT_S, dark_s=DARK * SLOT_S),
    array=Array(power_w=ARRAY_W, derate=1.0),
    battery=dataclasses.replace(OWNED.battery, charge_efficiency=1.0),  # type: ignore[type-var]
    payload=dataclasses.replace(OWNED.payload, idle_w=IDLE_W, settings=SETTINGS),
    guard=dataclasses.replace(
        OWNED.guard, soc_margin=0.06, power_margin_w=0.0, draw_margin=1.0, eclipse_margin_s=SLOT_S, bus_w=BUS_W,
        outage_s=SLOT_S,
    ),
    control_period_s=SLOT_S,
)  # fmt: skip
EPOCH_S = SMALL.epoch_tai_ns() / SECOND_NS
HEALTHS = ("well", "no array", "no battery", "no bus", "no plant")

Job = tuple[int, int, int, bool]  # watts, slots predicted, slots run, draws twice as much
State = tuple[int, int, Job | None, bool]  # energy, phase, what runs, the array was turned away this day


def seen(energy: int, array_w: int, draw_w: int, health: str, now_ns: int) -> Plant | None:
    """What the sensors say."""
    if health == "no plant":
        return None
    known, has_bus = health != "no battery", health != "no bus"
    soc, above_j = 0.7 + 0.3 * energy / FULL, float(energy * UNIT_J)
    payload_w, bus_w = float(IDLE_W + draw_w), float(BUS_W + IDLE_W + draw_w)
    return Plant(
        time_ns=now_ns, soc=soc if known else None, worst_soc=soc if known else None,
        energy_above_floor_j=above_j if known else None, worst_energy_above_floor_j=above_j if known else None,
        battery_power_w=bus_w - array_w if known else None, worst_battery_temp_c=20.0,
        array_power_w=float(array_w) if health != "no array" else None, bus_power_w=bus_w if has_bus else None,
        worst_bus_power_w=bus_w, payload_power_w=payload_w if has_bus else None, worst_payload_power_w=payload_w,
        payload_temp_c=20.0, worst_payload_temp_c=20.0, radiator_temp_c=20.0, dose_rate_ugy_s=0.0, upsets=0,
    )  # fmt: skip


@cache
def word(energy: int, phase: int, array_w: int, job: Job | None, health: str) -> Envelope:
    """The guard's word, from a guard that has held nothing against anybody yet: the most lenient that there is."""
    guard, order, ran, draw_w = Guard(SMALL, SMALL.ephemeris()), None, 0, 0
    if job is not None:
        watts, slots, ran, twice = job
        draw_w = watts * (1 + twice)
        order = WorkOrder(
            job_id=1, attempt=1, model="", variant="", setting=f"{watts}W", input_ref="", predicted_w=float(watts),
            predicted_s=float(slots * SLOT_S), kill_ns=1 << 62,
        )  # fmt: skip
        told_s = EPOCH_S + (phase - ran) % ORBIT * SLOT_S
        guard.step(0, told_s, seen(FULL, ARRAY_W, 0, "well", 0), None, order)
        if guard._closed_until_ns:  # what it would have stopped long ago is not what is asked about here
            guard._closed_until_ns = 0
    now_ns = ran * SLOT_S * SECOND_NS
    return guard.step(now_ns, EPOCH_S + phase * SLOT_S, seen(energy, array_w, draw_w, health, now_ns), None, order)[0]


def allowed(envelope: Envelope) -> Iterator[tuple[int, int]]:
    """Every job that may start: watts and slots."""
    if not envelope.run:
        return
    for watts, slots in itertools.product(WATTS, SLOTS):
        joules, seconds = watts * slots * SLOT_S, slots * SLOT_S
        if (
            watts <= envelope.power_w
            and joules <= envelope.energy_j
            and (watts - envelope.harvest_w) * seconds <= envelope.stored_j
        ):
            yield watts, slots


def successors(state: State, array_w: int, late: int) -> Iterator[State]:
    """Every state a slot later. `late` is how many slots the truth is behind the forecast."""
    energy, phase, job, was_away = state
    true = (phase - late) % ORBIT
    was_lit, is_lit = (true - 1) % ORBIT >= DARK, true >= DARK
    runs: set[Job | None] = set()
    for health in HEALTHS:
        envelope = word(energy, phase, array_w if was_lit else 0, job, health)
        runs.add(job if envelope.run else None)
        if job is None:
            runs.update((watts, slots, 0, twice) for watts, slots in allowed(envelope) for twice in (False, True))
    for run, is_away in itertools.product(runs, (False, True) if is_lit and not was_away else (False,)):
        draw_w = 0 if run is None else run[0] * (1 + run[3])
        brings_w = array_w if is_lit and not is_away else 0
        left = min(FULL, energy + (brings_w - BUS_W - IDLE_W - draw_w) * SLOT_S // UNIT_J)
        away = (was_away or is_away) and is_lit
        for after in ends(run):
            yield left, (phase + 1) % ORBIT, after, away


def ends(job: Job | None) -> Iterator[Job | None]:
    """What may run after one more slot of a job: it ends no earlier than predicted and takes twice as long at most."""
    if job is None:
        yield None
        return
    watts, slots, ran, twice = job
    if ran + 1 >= slots:
        yield None
    if ran + 1 < 2 * slots:
        yield watts, slots, ran + 1, twice


@pytest.mark.parametrize("late", [-1, 0, 1])
@pytest.mark.parametrize("array_w", [ARRAY_W, 20])
def test_no_choice_and_no_disturbance_leads_below_the_floor(array_w: int, late: int) -> None:
    begin: State = (FULL, 0, None, False)
    reached, waiting, worked = {begin}, [begin], 0
    while waiting:
        state = waiting.pop()
        for following in successors(state, array_w, late):
            assert following[0] >= 0, f"{state} -> {following}"
            if following not in reached:
                reached.add(following)
                waiting.append(following)
                worked += following[2] is not None
    assert len(reached) > 3_000 and worked > 1_000  # the plant was really explored, and work was let run


def test_the_check_itself_finds_a_guard_that_counts_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without margins the same search finds its way below the floor."""
    bare = dataclasses.replace(SMALL.guard, soc_margin=0.0, outage_s=0.0, eclipse_margin_s=0.0, draw_margin=0.0)
    monkeypatch.setitem(globals(), "SMALL", dataclasses.replace(SMALL, guard=bare))
    word.cache_clear()
    with pytest.raises(AssertionError):
        test_no_choice_and_no_disturbance_leads_below_the_floor(20, -1)
    word.cache_clear()


def test_from_every_temperature_every_job_that_fits_ends_below_the_ceiling_and_idling_stays_there() -> None:
    """Every grid point of both thermal nodes, with a tenth more draw and time, and radiation known to three per cent:
    no job takes the payload over its ceiling, and neither does what follows, so no sequence of jobs does."""
    payload, ceiling_c, worst_w = OWNED.payload, 44.0, OWNED.payload.environment_sun_w
    hot = [temp_c / 2.0 for temp_c in range(40, 89)]
    for temp_c, gradient_k in itertools.product(hot, (-2.0, 0.0, 1.0, 2.5, 4.0)):
        room = heat_room(payload, ceiling_c, temp_c, temp_c - gradient_k, worst_w)
        for setting, room_j in zip(payload.settings, room.room_j, strict=True):
            excess_w = setting.watts - room.cooling_w / 1.1
            if room_j <= 0.0 or excess_w <= 0.0:
                continue
            seconds = min(600.0, room_j / 1.1 / excess_w)
            draw_w = setting.watts * 1.1
            peak_c = peak(temp_c, temp_c - gradient_k, draw_w, seconds, worst_w)
            assert peak_c <= ceiling_c + 0.5, (temp_c, gradient_k, setting.name)  # half the margin of temperature


def peak(temp_c: float, radiator_c: float, watts: float, seconds: float, surroundings_w: float) -> float:
    """Two nodes under a job and two minutes of idling after it."""
    payload, highest, step_s, passed_s = OWNED.payload, temp_c, 2.0, 0.0
    while passed_s < seconds + 120.0:
        flow_w = payload.conductance_w_k * (temp_c - radiator_c)
        draw_w = payload.idle_w + (watts if passed_s < seconds else 0.0)
        temp_c += (draw_w - flow_w) * step_s / payload.computer_j_k
        radiator_c += (flow_w + surroundings_w - 0.97 * radiated_w(payload, radiator_c)) * step_s / payload.radiator_j_k
        highest, passed_s = max(highest, temp_c), passed_s + step_s
    return highest
