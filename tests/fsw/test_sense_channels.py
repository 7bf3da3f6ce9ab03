"""A channel is a reading, or the worst that it may have become since; a broken thermometer is not believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.sense.channels import ChannelTrack
from hal.board import BOARDS, load_board
from hal.clock import SECOND_NS
from hal.reading import Channel, Missing, Reading, Reason

CHANNELS = {
    channel.name: channel
    for device in load_board(BOARDS / "satellite.toml").devices
    for channel in device.channels.values()
}
THERMOMETER = CHANNELS["payload_temp_c"]  # harmful high, 0.05 K/s at most


def track_of(channel: Channel, *values: float) -> ChannelTrack:
    """A track that has read `values`, one a second from 0 s on."""
    track = ChannelTrack(channel)
    for second, value in enumerate(values):
        track.accept(Reading(channel=channel.name, time_ns=second * SECOND_NS, value=value))
    return track


def read(track: ChannelTrack, second: float, value: float) -> bool:
    return track.accept(Reading(channel=track.channel.name, time_ns=int(second * SECOND_NS), value=value))


def fail(track: ChannelTrack, second: float, reason: Reason = Reason.BUS) -> bool:
    return track.accept(Missing(channel=track.channel.name, time_ns=int(second * SECOND_NS), reason=reason))


def test_a_channel_never_read_is_at_its_most_harmful() -> None:
    assert ChannelTrack(THERMOMETER).worst(0) == THERMOMETER.high
    assert ChannelTrack(CHANNELS["array_power_w"]).worst(0) == CHANNELS["array_power_w"].low
    assert ChannelTrack(THERMOMETER).current(0) is None
    assert ChannelTrack(THERMOMETER).is_silent(0)


def test_a_fresh_reading_is_taken_as_it_is() -> None:
    track = track_of(THERMOMETER, 25.0)
    assert (track.current(SECOND_NS), track.worst(SECOND_NS)) == (25.0, 25.0)


@pytest.mark.parametrize("name", [name for name, row in CHANNELS.items() if row.worst and row.max_rate_per_s > 0.0])
@given(share=st.floats(0.0, 1.0), silent_s=st.floats(0.0, 3600.0))
def test_silence_runs_towards_harm_and_covers_the_fastest_credible_change(
    name: str, share: float, silent_s: float
) -> None:
    channel = CHANNELS[name]
    start = channel.low + share * (channel.high - channel.low)
    track, late_s = track_of(channel, start), 4.0 * channel.period_s
    now_s = late_s + silent_s
    worst = track.worst(int(now_s * SECOND_NS))
    towards_harm = 1.0 if channel.worst == "high" else -1.0
    bound = channel.high if channel.worst == "high" else channel.low
    fastest = start + towards_harm * channel.max_rate_per_s * now_s
    assert channel.low <= worst <= channel.high
    assert towards_harm * (worst - min(max(fastest, channel.low), channel.high)) >= -1e-6
    assert towards_harm * (bound - worst) >= 0.0
    assert track.current(int(now_s * SECOND_NS)) is None


def test_a_channel_that_never_comes_back_ends_at_its_bound_and_stays_there() -> None:
    track = track_of(THERMOMETER, 20.0)
    assert track.worst(10_000 * SECOND_NS) == THERMOMETER.high
    assert track.worst(20_000 * SECOND_NS) == THERMOMETER.high


def test_failed_reads_are_counted_by_reason_and_are_never_a_number() -> None:
    track = track_of(THERMOMETER, 20.0, 20.5)
    for second, reason in ((2, Reason.BUS), (3, Reason.BUS), (4, Reason.TIMEOUT)):
        fail(track, second, reason)
    assert (track.value, track.good_ns) == (20.5, SECOND_NS)
    assert track.failures[Reason.BUS] == 2
    assert track.failures[Reason.TIMEOUT] == 1
    assert track.failure is not None and track.failure.reason is Reason.TIMEOUT
    assert (track.lowest, track.highest) == (20.0, 20.5)


def test_going_missing_and_coming_back_are_told_once_each() -> None:
    track = ChannelTrack(THERMOMETER)
    assert not read(track, 0, 20.0)  # the first good reading is no news
    assert [fail(track, 1), fail(track, 2), fail(track, 3)] == [True, False, False]
    assert [read(track, 4, 20.1), read(track, 5, 20.2)] == [True, False]


def test_a_channel_that_is_absent_from_the_start_is_told() -> None:
    track = ChannelTrack(THERMOMETER)
    assert fail(track, 0, Reason.ABSENT)
    assert not fail(track, 1, Reason.ABSENT)


def test_a_leap_towards_relief_is_not_believed_and_the_extrapolation_goes_on() -> None:
    track = track_of(THERMOMETER, 44.0)
    assert read(track, 1, 10.0)  # goes missing: nothing cools 34 K in a second
    for second in range(2, 10):
        assert not read(track, second, 10.0 + 0.01 * second)
    assert track.current(10 * SECOND_NS) is None
    assert track.worst(10 * SECOND_NS) > 44.0
    assert track.failures[Reason.IMPLAUSIBLE] == 9


def test_a_leap_towards_harm_is_believed_at_once() -> None:
    track = track_of(THERMOMETER, 20.0)
    read(track, 1, 60.0)
    assert track.worst(SECOND_NS) == 60.0


def test_a_new_level_is_believed_after_a_run_of_readings() -> None:
    track = track_of(THERMOMETER, 44.0)
    for second in range(1, 60):
        read(track, second, 30.0 + 0.01 * second)
    assert track.current(59 * SECOND_NS) == pytest.approx(30.59)


def test_odd_leaps_between_good_readings_never_add_up_to_a_new_level() -> None:
    """A thermometer that often reads a constant wrong value must not get it believed in the end."""
    track = track_of(THERMOMETER, 44.0)
    for second in range(1, 200, 2):
        read(track, second, 44.0 + 0.01 * (second % 4))
        read(track, second + 1, 10.0)
        assert track.worst((second + 1) * SECOND_NS) >= 43.9


def test_a_frozen_thermometer_ends_as_missing_and_moves_again_as_good() -> None:
    track = track_of(THERMOMETER, *[30.0] * 120)
    assert track.is_silent(120 * SECOND_NS)
    assert track.worst(120 * SECOND_NS) > 30.0
    assert read(track, 121, 30.1)
    assert track.current(121 * SECOND_NS) == 30.1


def test_a_thermometer_with_a_little_noise_is_never_called_frozen_or_leaping() -> None:
    bit = 0.0078125  # one bit of the TMP117
    track = track_of(THERMOMETER, *[30.0 + bit * (second // 10 % 2) for second in range(600)])
    assert not any(track.failures.values())


def test_electrical_channels_may_jump_and_may_stand_still() -> None:
    track = track_of(CHANNELS["payload_power_w"], 6.0, 58.0, *[6.0] * 120)
    assert not any(track.failures.values())
    assert (track.lowest, track.highest) == (6.0, 58.0)
