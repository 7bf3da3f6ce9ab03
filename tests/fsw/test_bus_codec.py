"""Messages survive the trip as octets; anything else is refused, never an exception of another kind."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any, get_args, get_origin, get_type_hints

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.bus.codec import CodecError, decode, encode
from fsw.bus.topics import TOPICS, Topic
from fsw.messages import (
    Allocation,
    Event,
    Heartbeat,
    HostStatus,
    Job,
    JobReport,
    JobState,
    RecoveredJobs,
    SampleBatch,
)
from hal.reading import Missing, Reading, Reason

JOB = Job(job_id=7, kind="image", model="water", input_ref="a.npz", value=1.5, release_ns=0, deadline_ns=9)

NESTED = [
    SampleBatch(
        time_ns=5,
        samples=(
            Reading(channel="bus.power", time_ns=4, value=12.5),
            Missing(channel="t", time_ns=5, reason=Reason.BUS, detail="NACK"),
        ),
    ),
    HostStatus(
        time_ns=1,
        heartbeat_ns=1,
        allocation=Allocation(from_ns=0, until_ns=9, mean_w=20.0, peak_w=58.0, energy_j=1e4),
        is_sunlit=True,
    ),
    HostStatus(time_ns=1, heartbeat_ns=0),
    RecoveredJobs(time_ns=0, jobs=(JOB,), attempts=(2,), next_job_id=8, unclean=True),
    Event(time_ns=1, name="boot", values=(1, 2.5, "cold")),
    JobReport(time_ns=1, job_id=7, kind="image", model="water", state=JobState.DONE, summary=(0.5, 0.1)),
]


@pytest.mark.parametrize("message", NESTED, ids=lambda message: type(message).__name__)
def test_a_message_comes_back_equal(message: object) -> None:
    assert decode(type(message), encode(message)) == message


WORDS = {
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    str: st.text(max_size=20),
    bytes: st.binary(max_size=20),
    type(None): st.none(),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of the type."""
    args = get_args(hint)
    if hint in WORDS:
        return WORDS[hint]
    if get_origin(hint) is tuple and args[-1] is Ellipsis:
        return st.lists(values_of(args[0]), max_size=3).map(tuple)
    if get_origin(hint) is tuple:
        return st.tuples(*map(values_of, args))
    if args:
        return st.one_of(*map(values_of, args))
    if dataclasses.is_dataclass(hint):
        return st.builds(hint, **{name: values_of(field) for name, field in get_type_hints(hint).items()})
    return st.sampled_from(list(hint))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_every_message_of_every_topic_comes_back_equal(topic: Topic[Any], data: st.DataObject) -> None:
    message = data.draw(values_of(topic.type))
    assert decode(topic.type, encode(message)) == message


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_an_empty_list_is_no_message(topic: Topic[Any]) -> None:
    with pytest.raises(CodecError):
        decode(topic.type, msgpack.packb([]))


def test_trailing_fields_with_defaults_may_be_absent() -> None:
    fields = msgpack.unpackb(encode(JOB))
    assert decode(Job, msgpack.packb(fields[:7])) == JOB
    with pytest.raises(CodecError):
        decode(Job, msgpack.packb(fields[:6]))


@pytest.mark.parametrize(
    ("position", "wrong"),
    [(0, "7"), (0, True), (0, 7.0), (1, 5), (1, None), (4, "1"), (4, True), (8, "x"), (2, [])],
)
def test_a_field_of_another_type_is_refused(position: int, wrong: object) -> None:
    fields = msgpack.unpackb(encode(JOB))
    fields[position] = wrong
    with pytest.raises(CodecError):
        decode(Job, msgpack.packb(fields))


def test_whole_numbers_are_numbers() -> None:
    fields = msgpack.unpackb(encode(JOB))
    fields[4] = 2
    assert decode(Job, msgpack.packb(fields)) == dataclasses.replace(JOB, value=2.0)


def test_an_unknown_enumeration_value_or_tag_is_refused() -> None:
    for plain in ([1, [[0, ["c", 1, 1.0, 9]]]], [1, [[2, ["c", 1, 1.0]]]], [1, [["c", 1, 1.0, 0]]], [1, [7]]):
        with pytest.raises(CodecError):
            decode(SampleBatch, msgpack.packb(plain))


@given(st.binary(max_size=200))
def test_noise_is_refused_or_is_a_heartbeat(octets: bytes) -> None:
    try:
        message = decode(Heartbeat, octets)
    except CodecError:
        return
    assert isinstance(message.time_ns, int)


@given(st.data())
def test_a_damaged_message_never_raises_anything_else(data: st.DataObject) -> None:
    octets = bytearray(encode(data.draw(st.sampled_from(NESTED))))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    for cls in [type(message) for message in NESTED]:
        with contextlib.suppress(CodecError):
            decode(cls, bytes(octets))
