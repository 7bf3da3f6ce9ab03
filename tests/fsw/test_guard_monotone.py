"""The guard gives less, never more, for less charge, more heat, more draw, a smaller grant, older or missing input."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fsw.guard.guard import Guard
from fsw.messages import Allocation, Envelope, HostStatus, Plant
from fsw.mission import Mission, load_mission
from fsw.sense.channels import ChannelTrack
from hal.clock import SECOND_NS
from hal.reading import Channel, Reading

OWNED, HOSTED = load_mission("owned.toml"), load_mission("hosted.toml")
EPOCH_S = OWNED.epoch_tai_ns() / SECOND_NS
ORBIT_S = 5_677
SPAN_J = 118e3
PLANT = Plant(
    time_ns=0, soc=0.9, worst_soc=0.9, energy_above_floor_j=70e3, worst_energy_above_floor_j=70e3,
    battery_power_w=-30.0, worst_battery_temp_c=20.0, array_power_w=51.0, bus_power_w=21.0, worst_bus_power_w=21.0,
    payload_power_w=6.0, worst_payload_power_w=6.0, payload_temp_c=25.0, worst_payload_temp_c=25.0,
    radiator_temp_c=24.0, dose_rate_ugy_s=0.0, upsets=0,
)  # fmt: skip
GRANT = Allocation(from_ns=0, until_ns=900 * SECOND_NS, mean_w=40.0, peak_w=64.0, energy_j=36e3)
GUARDED = (
    "worst_soc", "worst_energy_above_floor_j", "worst_battery_temp_c", "worst_bus_power_w", "bus_power_w",
    "payload_power_w", "array_power_w", "battery_power_w", "radiator_temp_c",
)  # fmt: skip


def charged(share: float) -> dict[str, Any]:
    return {"worst_soc": 0.7 + 0.3 * share, "worst_energy_above_floor_j": SPAN_J * share}


def word(mission: Mission, plant: Plant | None, second: float, host: HostStatus | None = None) -> Envelope:
    guard = Guard(mission, mission.ephemeris())
    for now_s in range(0, 62, 61 if host else 62):  # a guest's guard knows no window of the mean before that
        now_ns = now_s * SECOND_NS
        seen = None if plant is None else dataclasses.replace(plant, time_ns=plant.time_ns + now_ns)
        heard = None if host is None else dataclasses.replace(host, heartbeat_ns=host.heartbeat_ns + now_ns)
        envelope = guard.step(now_ns, EPOCH_S + second, seen, heard, None)[0]
    return envelope


def is_within(less: Envelope, more: Envelope) -> bool:
    """Whether nothing is in `less` that is not in `more`."""
    if not less.run:
        return True
    fields = ("power_w", "energy_j", "seconds", "cooling_w", "burst_w", "burst_j", "harvest_w", "stored_j", "peak_s")
    rooms = zip(less.heat_j, more.heat_j, strict=True)
    return (
        more.run
        and all(getattr(less, name) <= getattr(more, name) + 1e-6 for name in fields)
        and all(a <= b + 1e-6 for a, b in rooms)
    )


def without(plant: Plant, *names: str) -> Plant:
    """`plant` with some inputs missing."""
    gone: dict[str, Any] = dict.fromkeys(names)
    return dataclasses.replace(plant, **gone)


plants = st.fixed_dictionaries(
    {
        "share": st.floats(0.0, 0.85),
        "worst_payload_temp_c": st.floats(0.0, 46.0),
        "array_power_w": st.floats(0.0, 75.0),
        "bus_power_w": st.floats(10.0, 80.0),
        "worst_battery_temp_c": st.floats(-10.0, 50.0),
    }
)
seconds = st.integers(0, ORBIT_S)


def built(values: dict[str, float]) -> Plant:
    rest = {name: value for name, value in values.items() if name != "share"}
    return dataclasses.replace(PLANT, worst_bus_power_w=values["bus_power_w"], **charged(values["share"]), **rest)  # type: ignore[arg-type]


@given(
    plants, seconds, st.sampled_from(["share", "worst_payload_temp_c", "array_power_w", "bus_power_w"]), st.floats(0, 1)
)
def test_worse_in_one_input_never_gives_more(values: dict[str, float], second: int, name: str, by: float) -> None:
    worse = {"share": -0.5, "array_power_w": -75.0, "worst_payload_temp_c": 20.0, "bus_power_w": 40.0}[name] * by
    after = dict(values)
    after[name] = max(0.0, values[name] + worse)
    assert is_within(word(OWNED, built(after), second), word(OWNED, built(values), second))


@given(plants, seconds)
def test_missing_input_never_gives_more_than_any_value_of_it(values: dict[str, float], second: int) -> None:
    plant = built(values)
    before = word(OWNED, plant, second)
    for name in ("worst_soc", "worst_energy_above_floor_j", "worst_battery_temp_c", "worst_bus_power_w"):
        assert not word(OWNED, without(plant, name), second).run, name
    for name in ("array_power_w", "bus_power_w", "payload_power_w"):
        assert is_within(word(OWNED, without(plant, name), second), before), name


def test_every_set_of_missing_inputs_gives_no_more_than_each_smaller_set() -> None:
    """All 512 sets of what may be missing, by night and by day."""
    for second in (100, 3000):
        words = {}
        for missing in itertools.product((False, True), repeat=len(GUARDED)):
            gone: dict[str, Any] = {name: None for name, is_gone in zip(GUARDED, missing, strict=True) if is_gone}
            words[missing] = word(OWNED, dataclasses.replace(PLANT, **gone), second)
        for missing, envelope in words.items():
            for index, is_gone in enumerate(missing):
                if is_gone and GUARDED[index] != "radiator_temp_c":  # an unknown radiator has its own worst
                    fewer = words[(*missing[:index], False, *missing[index + 1 :])]
                    assert is_within(envelope, fewer), missing


@given(plants, seconds, st.integers(0, 10 * SECOND_NS))
def test_an_older_plant_never_gives_more(values: dict[str, float], second: int, age_ns: int) -> None:
    plant = built(values)
    aged = word(OWNED, dataclasses.replace(plant, time_ns=-age_ns), second)
    assert is_within(aged, word(OWNED, plant, second))
    assert not (aged.run and age_ns > OWNED.guard.envelope_s * SECOND_NS)


@given(st.sampled_from(["mean_w", "peak_w", "energy_j"]), st.floats(0.0, 1.0), st.integers(0, 20))
def test_a_smaller_grant_or_an_older_heartbeat_never_gives_more(name: str, share: float, quiet_s: int) -> None:
    host = HostStatus(time_ns=0, heartbeat_ns=0, allocation=GRANT)
    smaller = dataclasses.replace(GRANT, **{name: getattr(GRANT, name) * share})
    less = dataclasses.replace(host, allocation=smaller, heartbeat_ns=-quiet_s * SECOND_NS)
    assert is_within(word(HOSTED, PLANT, 0, less), word(HOSTED, PLANT, 0, host))
    assert word(HOSTED, PLANT, 0, host).run


def test_a_guest_is_closed_by_each_thing_that_its_host_may_say_or_not_say() -> None:
    alive = HostStatus(time_ns=0, heartbeat_ns=0, allocation=GRANT)
    for bits in itertools.product((False, True), repeat=4):
        quiet, safing, off, ended = bits
        host = dataclasses.replace(
            alive,
            heartbeat_ns=-20 * SECOND_NS if quiet else 0,
            safing=safing,
            power_off_ns=63 * SECOND_NS if off else None,
            allocation=dataclasses.replace(GRANT, until_ns=0) if ended else GRANT,
        )
        assert word(HOSTED, PLANT, 0, host).run is not any(bits), bits


@given(st.floats(-40.0, 100.0), st.lists(st.integers(0, 600), min_size=2, max_size=6), st.sampled_from(["low", "high"]))
def test_a_silent_channel_only_gets_worse(value: float, ages_s: list[int], worst: str) -> None:
    channel = Channel(name="payload_temp_c", unit="degC", low=-40.0, high=100.0, max_rate_per_s=0.5, worst=worst)
    track = ChannelTrack(channel)
    track.accept(Reading(channel=channel.name, time_ns=0, value=value))
    seen = [track.worst(age_s * SECOND_NS) for age_s in sorted(ages_s)]
    assert seen == sorted(seen, reverse=worst == "low")
