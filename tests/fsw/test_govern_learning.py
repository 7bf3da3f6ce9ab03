"""One measured job corrects every operating point; one odd measurement corrects none."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.govern.learning import Factor
from fsw.govern.points import OperatingPoint, OperatingPoints
from fsw.mission import load_mission

NOISE = 0.03


def _points() -> tuple[OperatingPoints, list[OperatingPoint]]:
    points = OperatingPoints(load_mission("owned.toml"))
    return points, [point for model in points.models() for point in points.of(model)]


def test_a_computer_that_throttles_is_known_on_every_point_after_two_jobs() -> None:
    points, every = _points()
    told_s = [point.seconds for point in every]
    ran = points.of("water")[0]
    for _ in range(2):
        points.learn(ran, 1.25 * told_s[every.index(ran)], 1.25 * told_s[every.index(ran)] * ran.watts)
    for point, seconds in zip(every, told_s, strict=True):
        assert point.seconds == pytest.approx(1.25 * seconds, rel=0.05)


def test_a_setting_that_draws_more_is_known_on_every_point_under_it_and_no_other() -> None:
    points, every = _points()
    ran = points.of("water")[0]
    told_w = ran.watts
    for _ in range(2):
        points.learn(ran, ran.seconds, 1.25 * told_w * ran.seconds)
    for point in every:
        factor = 1.25 if point.setting == ran.setting else 1.0
        declared_w = float(point.setting.removesuffix("W"))
        assert point.watts == pytest.approx(factor * declared_w, rel=0.05)


def test_one_odd_measurement_moves_the_others_not_at_all() -> None:
    points, every = _points()
    ran, other = points.of("water")[0], points.of("cloud")[0]
    before_s = other.seconds
    points.learn(ran, 1.8 * ran.seconds, 1.8 * ran.seconds * ran.watts)
    assert other.seconds == before_s
    assert all(point.seconds > 0.0 for point in every)


def test_prediction_error_of_a_slow_computer_falls_to_what_its_noise_is() -> None:
    """A computer 13 % slower than declared, jobs of all models in turn: by the twentieth only noise is left."""
    rng = Random(7)
    points, every = _points()
    true_s = {id(point): 1.13 * point.seconds for point in every}
    errors = []
    for _ in range(120):
        point = rng.choice(every)
        took_s = true_s[id(point)] * rng.gauss(1.0, NOISE)
        errors.append(abs(took_s - point.seconds) / point.seconds)
        points.learn(point, took_s, took_s * point.watts)
    assert sum(errors[20:]) / 100.0 < 0.04


def test_a_correction_of_a_setting_forgets_what_was_learnt_of_it() -> None:
    points, _ = _points()
    ran = points.of("water")[0]
    for _ in range(3):
        points.learn(ran, ran.seconds, 1.4 * ran.seconds * ran.watts)
    points.correct(ran.setting, 9.0)
    assert {point.watts for model in points.models() for point in points.of(model) if point.setting == ran.setting} == {
        9.0
    }


def test_a_meter_that_reads_low_teaches_nothing_of_the_peak() -> None:
    points, _ = _points()
    ran = points.of("cloud")[2]
    declared_w = ran.watts
    for _ in range(30):
        points.learn(ran, ran.seconds, 0.6 * declared_w * ran.seconds)
    assert ran.watts < 0.8 * declared_w
    assert ran.watts * ran.crest == pytest.approx(declared_w)
    points.correct(ran.setting, 50.0)
    assert ran.watts * ran.crest == pytest.approx(50.0)


@given(st.lists(st.floats(min_value=1e-6, max_value=1e6), max_size=200), st.floats(min_value=0.0, max_value=1.0))
def test_the_factor_stays_within_its_bounds_whatever_is_measured(ratios: list[float], noise: float) -> None:
    factor = Factor()
    for ratio in ratios:
        factor.see(ratio, noise)
        assert 0.249 <= factor.value <= 4.001


@given(st.floats(min_value=0.5, max_value=2.0))
def test_the_factor_settles_on_the_truth(truth: float) -> None:
    factor = Factor()
    for _ in range(40):
        factor.see(truth / factor.value)
    assert factor.value == pytest.approx(truth, rel=0.02)


def test_odd_measurements_that_disagree_are_never_believed() -> None:
    factor = Factor()
    for ratio in (2.0, 0.5) * 20:
        factor.see(ratio)
    assert factor.value == 1.0


def test_it_takes_measurements_of_positive_time_only() -> None:
    with pytest.raises(ValueError):
        Factor().see(0.0)
