"""The downlink queue: what goes first, never faster than the link, nothing lost uncounted, and when the rest goes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.telemetry.downlink import BURST_S, Deferred, Downlink, Rank, Window
from hal.clock import SECOND_NS

RANKS = st.sampled_from(list(Rank))
PACKETS = st.lists(st.tuples(RANKS, st.integers(20, 1000), st.integers(0, 5)), max_size=60)
RATES = st.integers(100, 20_000)


def packet(number: int, octets: int = 8) -> bytes:
    """A packet that is told from others."""
    return number.to_bytes(4, "big").ljust(octets, b"\x00")


def number(octets: bytes) -> int:
    return int.from_bytes(octets[:4], "big")


def filled(*offers: tuple[Rank, float], depth: int = 1024) -> Downlink:
    downlink = Downlink(depth)
    for place, (rank, value) in enumerate(offers):
        downlink.offer(rank, packet(place), value)
    return downlink


def test_nothing_goes_while_the_ground_does_not_hear() -> None:
    downlink = filled((Rank.ALARM, 0.0))
    assert downlink.take(10 * SECOND_NS) == []
    downlink.open(10 * SECOND_NS, 0.0)
    assert [number(octets) for octets in downlink.take(10 * SECOND_NS)] == [0]
    downlink.offer(Rank.ALARM, packet(1))
    downlink.shut()
    assert downlink.take(20 * SECOND_NS) == []
    assert downlink.queued == 1


def test_alarms_before_news_before_results_by_value_before_the_rest() -> None:
    downlink = filled(
        (Rank.FILE, 0.0), (Rank.HOUSEKEEPING, 0.0), (Rank.RESULT, 1.0), (Rank.RESULT, 7.0), (Rank.NEWS, 0.0),
        (Rank.ALARM, 0.0), (Rank.RESULT, 7.0), (Rank.VERIFICATION, 0.0), (Rank.RETRIEVED, 0.0), (Rank.ALARM, 0.0),
    )  # fmt: skip
    downlink.open(0, 0.0)
    assert [number(octets) for octets in downlink.take(0)] == [5, 9, 7, 4, 3, 6, 2, 1, 8, 0]


def test_with_no_limit_it_is_free_only_when_nothing_waits() -> None:
    downlink = filled((Rank.NEWS, 0.0))
    assert not downlink.is_free
    downlink.open(0, 0.0)
    assert not downlink.is_free
    downlink.take(0)
    assert downlink.is_free
    downlink.open(1, 1e6)
    assert not downlink.is_free


def test_a_full_rank_gives_up_its_oldest_and_results_their_least_valuable() -> None:
    news = filled(*[(Rank.NEWS, 0.0)] * 4, depth=3)
    results = filled((Rank.RESULT, 2.0), (Rank.RESULT, 1.0), (Rank.RESULT, 3.0), (Rank.RESULT, 1.5), depth=3)
    worthless = filled((Rank.RESULT, 2.0), (Rank.RESULT, 1.0), (Rank.RESULT, 1.0), depth=2)
    for downlink, left in ((news, [1, 2, 3]), (results, [2, 0, 3]), (worthless, [0, 1])):
        downlink.open(0, 0.0)
        assert downlink.dropped == 1
        assert [number(octets) for octets in downlink.take(0)] == left


def test_the_bucket_begins_empty_and_holds_two_seconds() -> None:
    downlink = filled(*[(Rank.NEWS, 0.0)] * 10)
    downlink.open(0, 64.0)  # one packet of 8 octets a second
    assert [len(downlink.take(second * SECOND_NS)) for second in range(4)] == [0, 1, 1, 1]
    assert len(downlink.take(60 * SECOND_NS)) == BURST_S


def test_a_packet_larger_than_the_bucket_goes_when_the_bucket_is_full_and_is_paid_for() -> None:
    downlink = Downlink()
    for place in range(2):
        downlink.offer(Rank.NEWS, packet(place, octets=100))
    downlink.open(0, 100.0)
    went = [second for second in range(30) if downlink.take(second * SECOND_NS)]
    assert went == [2, 10]


def test_what_is_worth_nothing_later_goes_first_or_not_at_all() -> None:
    downlink = filled((Rank.NEWS, 0.0))
    assert not downlink.passes(0, bytes(8))
    downlink.open(0, 64.0)
    assert not downlink.passes(0, bytes(8))
    assert downlink.passes(SECOND_NS, bytes(8))
    assert downlink.take(SECOND_NS) == []
    assert len(downlink.take(2 * SECOND_NS)) == 1


def test_no_more_is_fetched_than_goes_down_soon() -> None:
    downlink = Downlink()
    assert not downlink.wants(Rank.FILE)
    downlink.open(0, 640.0)
    fetched = 0
    while downlink.wants(Rank.FILE):
        downlink.offer(Rank.FILE, packet(fetched, octets=40))
        fetched += 1
    assert fetched == 4
    assert downlink.wants(Rank.RETRIEVED)
    downlink.shut()
    assert not downlink.wants(Rank.RETRIEVED)


def test_what_a_pass_does_not_carry_is_told_with_the_time_when_it_goes() -> None:
    downlink = filled(*[(Rank.ALARM, 0.0)] * 3, *[(Rank.NEWS, 0.0)] * 3, *[(Rank.REPORT, 0.0)] * 4)
    windows = [
        Window(0, 4 * SECOND_NS, 64),  # carries four packets
        Window(100 * SECOND_NS, 104 * SECOND_NS, 64),
        Window(200 * SECOND_NS, 201 * SECOND_NS, 64),
    ]
    deferred = downlink.defer(0, windows)
    assert deferred == [
        Deferred(Rank.NEWS, 2, 100 * SECOND_NS),
        Deferred(Rank.REPORT, 4, 102 * SECOND_NS),
    ]
    assert downlink.defer(0, windows[:1])[-1] == Deferred(Rank.REPORT, 4, None)
    assert downlink.defer(0, [Window(0, 1, 0)]) == []


def test_housekeeping_that_a_pass_did_not_carry_is_let_go_for_newer() -> None:
    downlink = filled((Rank.HOUSEKEEPING, 0.0), (Rank.REPORT, 0.0), (Rank.HOUSEKEEPING, 0.0))
    assert [item.rank for item in downlink.defer(0, [])] == [Rank.REPORT]
    assert downlink.shut() == 2
    assert downlink.queued == 1


def test_between_passes_everything_that_waits_is_deferred() -> None:
    downlink = filled((Rank.ALARM, 0.0))
    assert downlink.defer(0, [Window(SECOND_NS, 9 * SECOND_NS, 0)]) == [Deferred(Rank.ALARM, 1, SECOND_NS)]
    assert downlink.defer(0, []) == [Deferred(Rank.ALARM, 1, None)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(PACKETS, st.booleans(), st.integers(0, 3 * SECOND_NS)), max_size=25), RATES)
def test_nothing_is_lost_uncounted_and_the_rate_is_never_exceeded(
    turns: list[tuple[list[tuple[Rank, int, int]], bool, int]], rate_bps: int
) -> None:
    downlink, offered, let_go, now_ns = Downlink(depth=20), 0, 0, 0
    sent: list[tuple[int, int]] = []
    for packets, hears, wait_ns in turns:
        now_ns += wait_ns
        if hears:
            downlink.open(now_ns, rate_bps)
        else:
            let_go += downlink.shut()
        for rank, octets, value in packets:
            downlink.offer(rank, packet(offered, octets), float(value))
            offered += 1
        taken = downlink.take(now_ns)
        assert hears or not taken
        sent += [(now_ns, 8 * len(octets)) for octets in taken]
    assert offered == len(sent) + downlink.queued + downlink.dropped + let_go
    largest = max((bits for _, bits in sent), default=0)
    for first, (start_ns, _) in enumerate(sent):
        total = 0
        for end_ns, bits in sent[first:]:
            total += bits
            allowed = rate_bps * (end_ns - start_ns) / SECOND_NS + BURST_S * rate_bps + largest
            assert total <= allowed


@settings(max_examples=60, deadline=None)
@given(PACKETS)
def test_order_is_by_rank_then_value_then_age(packets: list[tuple[Rank, int, int]]) -> None:
    downlink = Downlink()
    for place, (rank, octets, value) in enumerate(packets):
        downlink.offer(rank, packet(place, octets), float(value) if rank is Rank.RESULT else 0.0)
    downlink.open(0, 0.0)
    order = [number(octets) for octets in downlink.take(0)]
    keys = [(packets[at][0], -packets[at][2] if packets[at][0] is Rank.RESULT else 0, at) for at in order]
    assert keys == sorted(keys)
    assert len(order) == len(packets)


@settings(max_examples=60, deadline=None)
@given(PACKETS, RATES, st.integers(1, 60))
def test_what_was_told_to_go_in_this_pass_goes_in_it(
    packets: list[tuple[Rank, int, int]], rate_bps: int, seconds: int
) -> None:
    downlink = Downlink()
    packets = [each for each in packets if each[0] is not Rank.HOUSEKEEPING]
    for place, (rank, octets, _) in enumerate(packets):
        downlink.offer(rank, packet(place, octets))
    downlink.open(0, rate_bps)
    told = sum(item.packets for item in downlink.defer(0, [Window(0, seconds * SECOND_NS, rate_bps)]))
    for second in range(seconds + 1):
        downlink.take(second * SECOND_NS)
    full = BURST_S * rate_bps
    if all(8 * octets <= full for _, octets, _ in packets):
        assert downlink.queued <= told


@pytest.mark.parametrize("rate_bps", [0.4, 1.0])
def test_the_slowest_link_is_not_taken_for_one_without_limit(rate_bps: float) -> None:
    downlink = filled((Rank.NEWS, 0.0))
    downlink.open(0, rate_bps)
    assert downlink.take(0) == []
