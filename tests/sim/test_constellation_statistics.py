"""Statistics of a constellation: what they say, and that nothing but the satellites decides it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.constellation.campaign import Campaign, fly, fly_part, parts, replay
from sim.constellation.design import Design, LoadPolicy, StorageConfig
from sim.constellation.executors import ArrayExecutor, available, executor
from sim.constellation.fleet import Calendar, Fleet
from sim.constellation.layers import Layer, place_of
from sim.constellation.shells import Shell
from sim.constellation.statistics import (
    MAP_COLUMNS,
    NAMES,
    PERCENTILES,
    Counts,
    Growing,
    Quantity,
    Statistics,
    map_cells,
    measure,
    quantities,
    reduce,
)

EPOCH_UNIX_S = datetime(2026, 12, 21, tzinfo=UTC).timestamp()
DAWN = Shell(name="dawn", altitude_km=500.0, satellites=37, ltan_h=(6.0, 9.0))
WALKER = Shell(name="walker", altitude_km=1200.0, satellites=50, planes=7, phasing=1.0, inclination_deg=53.0)
SMALL = Design(storage=StorageConfig(capacity_wh=12.0), load=LoadPolicy(follows="price", share=1.0))


def campaign(**changes: object) -> Campaign:
    layers = (Layer(shell=DAWN, design=SMALL), Layer(shell=WALKER))
    given_: dict[str, object] = {"duration_s": 7_200.0, "step_s": 20.0, "sample_s": 1_200.0, **changes}
    return Campaign(layers=layers, epoch_unix_s=EPOCH_UNIX_S, **given_)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def whole() -> tuple[Statistics, ...]:
    return fly(campaign())


def assert_same(one: tuple[Statistics, ...], other: tuple[Statistics, ...]) -> None:
    for a, b in zip(one, other, strict=True):
        for name in Statistics.__slots__:
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


@settings(max_examples=8)
@given(st.integers(5, 60), st.integers(1, 5), st.sampled_from(available()[-2:]))
def test_blocks_threads_and_executors_change_nothing(
    whole: tuple[Statistics, ...], block: int, workers: int, name: str
) -> None:
    assert_same(fly(campaign(block=block, executor=name), workers), whole)


@settings(max_examples=15)
@given(st.lists(st.integers(0, 50), max_size=4), st.randoms(use_true_random=False))
def test_any_division_merged_in_any_order_is_the_whole(
    whole: tuple[Statistics, ...], cuts: list[int], random: object
) -> None:
    ends = sorted({0, 50, *cuts})
    found = [fly_part(campaign(), 1, first, end) for first, end in pairwise(ends)]
    random.shuffle(found)  # type: ignore[attr-defined]
    total = Counts(quantities(Design()), campaign().samples)
    for counts in found:
        total.merge(counts)
    assert_same((reduce(total),), whole[1:])


@pytest.mark.parametrize("satellite", [0, 36, 37, 86])
def test_one_replayed_alone_is_its_row_in_the_whole(satellite: int) -> None:
    flown = campaign()
    track = replay(flown, satellite)
    number, index = place_of(flown.layers, satellite)
    fleet = Fleet(flown.calendar(number), block=11, workers=2)
    for sample in range(flown.samples):
        measured = measure(fleet.calendar.coefficients(fleet.step), fleet.rows)
        assert track.values[sample].tolist() == [float(values[index]) for values in measured]
        if sample + 1 < flown.samples:
            fleet.advance(flown.steps_a_sample)
    np.testing.assert_array_equal(track.rows[:, 0], fleet.rows[:, index])


def test_the_figures_are_those_of_the_satellites(whole: tuple[Statistics, ...]) -> None:
    flown = campaign()
    tracks = np.stack([replay(flown, satellite).values for satellite in range(37)], axis=1)
    one = whole[0]
    ranges = np.array([1.0, 75.0, 40.0, 1.0, 400.0, 400.0, 400.0])
    np.testing.assert_allclose(one.mean[:, :7], tracks.mean(axis=1)[:, :7], atol=2e-9 * ranges.max())
    np.testing.assert_allclose(one.low[:, :7], tracks.min(axis=1)[:, :7], atol=1e-6)
    np.testing.assert_allclose(one.high[:, :7], tracks.max(axis=1)[:, :7], atol=1e-6)
    for place, percent in enumerate(PERCENTILES):
        exact = np.percentile(tracks, percent, axis=1, method="inverted_cdf")[:, :7]
        below = exact - one.percentiles[:, :7, place]
        assert (below >= -1e-6).all()
        assert (below <= ranges / 2048 + 1e-6).all()
    dose = NAMES.index("dose_ugy")
    np.testing.assert_allclose(one.mean[:, dose], tracks[:, :, dose].mean(axis=1), atol=1.0 / 16.0)
    np.testing.assert_array_equal(one.states[:, 0], (tracks[:, :, 0] < 0.5).sum(axis=1))
    np.testing.assert_array_equal(one.states[:, 1], (tracks[:, :, NAMES.index("soc")] <= 0.2).sum(axis=1))
    assert one.map.sum() == 37
    assert one.map[1].sum() == one.states[-1, 0]


def test_a_worn_array_gives_what_is_left_of_it() -> None:
    worn = replace(Design(), array=replace(Design().array, share_left=0.7))
    for design, expected in ((Design(), 1.0), (worn, 0.7)):
        k = Calendar(shell=DAWN, design=design, epoch_unix_s=EPOCH_UNIX_S).coefficients(0)
        new = Calendar(shell=DAWN, epoch_unix_s=EPOCH_UNIX_S).coefficients(0)
        assert k.array_w + 300.0 * k.array_w_k == pytest.approx(expected * (new.array_w + 300.0 * new.array_w_k))


def test_the_states_are_all_met(whole: tuple[Statistics, ...]) -> None:
    assert (np.sum([one.states.sum(axis=0) for one in whole], axis=0) > 0).all()


@given(st.floats(0.0, 1.0))
def test_a_value_is_kept_to_a_thousand_millionth_and_both_ends_exactly(value: float) -> None:
    quantity = Quantity(name="soc", unit="", low=0.0, high=1.0)
    found = quantity.value(quantity.wholes(np.array([value, 0.0, 1.0, -1.0, 2.0])))
    assert found[0] == pytest.approx(value, abs=1e-9)
    assert found[1:].tolist() == [0.0, 1.0, 0.0, 1.0]


@given(st.floats(0.0, 1e9))
def test_a_dose_is_known_to_a_sixty_fourth(value: float) -> None:
    quantity = Growing(name="dose_ugy", unit="uGy", low=0.0, high=float("inf"))
    values = np.array([value])
    floor = quantity.floors()[quantity.bins(values, quantity.wholes(values))][0]
    assert floor <= value <= floor + (1.0 + floor) / 64.0


def test_the_map_knows_the_ground() -> None:
    one = Shell(name="one", altitude_km=500.0, satellites=4, inclination_deg=90.0)
    fleet = Fleet(Calendar(shell=one, epoch_unix_s=EPOCH_UNIX_S, step_s=1.0))
    k = fleet.calendar.coefficients(0)
    rows, columns = np.divmod(map_cells(k, fleet.rows, (1.0, 0.0)), MAP_COLUMNS)  # Greenwich under the first node
    assert rows.tolist() == [90, 179, 89, 0]  # equator northbound, north pole, equator southbound, south pole
    assert columns[0] in (179, 180)
    assert columns[2] in (0, 359)


@pytest.mark.parametrize("namespace", [array_api_strict, np])
def test_an_array_library_gives_the_same_rows(namespace: object) -> None:
    flown = campaign(duration_s=1_200.0)
    library = ArrayExecutor("any", namespace)
    fleet = Fleet(flown.calendar(0), executor_=library)
    fleet.advance(60)
    expected = Fleet(flown.calendar(0), executor_=executor("numpy"))
    expected.advance(60)
    np.testing.assert_array_equal(fleet.rows, expected.rows)


def test_a_library_that_is_not_there_names_the_cure() -> None:
    with pytest.raises(ValueError, match="pip install cupy array-api-compat"):
        executor("cupy")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sample_s": 50.0}, "whole steps"),
        ({"sample_s": 9_000.0}, "duration"),
        ({"sample_s": 20.0, "duration_s": 1e6}, "more than 1000"),
        ({"map_s": 8_000.0}, "map"),
        ({"layers": ()}, "nothing to fly"),
        ({"step_s": 7.0}, "divide 60"),
    ],
)
def test_a_campaign_that_cannot_be_flown_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        replace(campaign(), **changes)  # type: ignore[arg-type]


def test_spans_cover_all_once() -> None:
    assert parts(10, 3) == [(0, 3), (3, 6), (6, 10)]
    assert parts(2, 5) == [(0, 1), (1, 2)]
