"""Time correlation finds offset and drift through queues that only ever delay, and never smooths over a jump."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.clock import SECOND_NS
from tools.ground.clock import tai_of_utc_ns
from tools.ground.correlation import Correlation

START_NS = 1_795_000_000 * SECOND_NS


def fly(
    correlation: Correlation, delays_s: list[float], offset_s: float, drift_ppm: float, step_s: float = 16.0
) -> None:
    """Time packets of a clock that is `offset_s` behind at the last of them, and loses `drift_ppm`."""
    for place, delay_s in enumerate(delays_s):
        sent_ns = START_NS + round(place * step_s * SECOND_NS)
        behind_s = offset_s + drift_ppm * 1e-6 * (place - len(delays_s) + 1) * step_s
        correlation.add(tai_of_utc_ns(sent_ns - round(behind_s * SECOND_NS)), sent_ns + round(delay_s * SECOND_NS))


@given(
    offset_s=st.floats(-1e4, 1e4), drift_ppm=st.floats(-50.0, 50.0),
    queues_s=st.lists(st.floats(0.0, 0.2), min_size=30, max_size=200),
)  # fmt: skip
def test_packets_that_met_a_queue_do_not_bend_the_line(
    offset_s: float, drift_ppm: float, queues_s: list[float]
) -> None:
    delays_s = [0.01 + queue_s * (place % 2) for place, queue_s in enumerate(queues_s)]  # every other one is quick
    correlation = Correlation(delay_s=0.01)
    fly(correlation, delays_s, offset_s, drift_ppm)
    found = correlation.estimate()
    assert found is not None and found.drift_ppm is not None
    assert found.offset_s == pytest.approx(offset_s, abs=0.02)
    assert found.drift_ppm == pytest.approx(drift_ppm, abs=60.0 / len(queues_s))


def test_a_quiet_link_gives_the_clock_to_a_microsecond() -> None:
    correlation = Correlation(delay_s=0.004)
    fly(correlation, [0.004] * 100, -37.25, 2.0)
    found = correlation.estimate()
    assert found is not None
    assert found.offset_s == pytest.approx(-37.25, abs=2e-6)
    assert found.drift_ppm == pytest.approx(2.0, abs=1e-2)
    assert found.sigma_s < 1e-6 and found.packets == 100 and found.jumps == 0


def test_a_jump_of_the_clock_begins_again() -> None:
    correlation = Correlation()
    fly(correlation, [0.0] * 20, 0.0, 0.0)
    for place in range(2):
        moment_ns = START_NS + (400 + place) * SECOND_NS
        correlation.add(tai_of_utc_ns(moment_ns - 30 * SECOND_NS), moment_ns)
    assert correlation.estimate() is None
    moment_ns = START_NS + 402 * SECOND_NS
    correlation.add(tai_of_utc_ns(moment_ns - 30 * SECOND_NS), moment_ns)
    found = correlation.estimate()
    assert found is not None
    assert (found.offset_s, found.drift_ppm, found.jumps) == (pytest.approx(30.0), None, 1)
