"""One model in three executors, the same for any block, thread count, subset and division of the steps."""

from __future__ import annotations

from datetime import UTC, datetime
from types import ModuleType

import array_api_strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.constellation import arrays, compiled
from sim.constellation.design import Design, Follows, LoadPolicy
from sim.constellation.executors import Name, Piece, available, executor
from sim.constellation.fleet import Calendar, Fleet
from sim.constellation.rows import Rows
from sim.constellation.shells import Shell

EPOCH_UNIX_S = datetime(2026, 3, 20, tzinfo=UTC).timestamp()
EARTH = (0.6, -0.8)
NAMES = available()

shells = st.builds(
    lambda altitude_km, inclination_deg: Shell(
        name="any", altitude_km=altitude_km, satellites=1, inclination_deg=inclination_deg
    ),
    st.floats(300.0, 2000.0),
    st.floats(0.0, 180.0),
)
loads = st.builds(
    lambda follows, compute_w: Design(load=LoadPolicy(follows=follows, compute_w=compute_w)),
    st.sampled_from(["constant", "sun", "price"]),
    st.floats(0.0, 200.0),
)


def shell(satellites: int = 120, **changes: object) -> Shell:
    given_: dict[str, object] = {"altitude_km": 550.0, "planes": 6, "phasing": 1.0, "inclination_deg": 53.0, **changes}
    return Shell(name="test", satellites=satellites, **given_)  # type: ignore[arg-type]


def calendar(satellites: int = 120, follows: Follows = "constant", with_dose: bool = True) -> Calendar:
    return Calendar(
        shell=shell(satellites),
        design=Design(load=LoadPolicy(follows=follows)),
        epoch_unix_s=EPOCH_UNIX_S,
        with_dose=with_dose,
    )


def random_rows(seed: int, design: Design, count: int = 40) -> Rows:
    """States anywhere in their ranges, batteries at both ends and at the reserve among them."""
    draw = np.random.default_rng(seed)
    latitude, node = draw.uniform(0.0, 2.0 * np.pi, (2, count))
    capacity_j = design.storage.capacity_wh * 3600.0
    stored_j = draw.uniform(0.0, capacity_j, count)
    stored_j[:3] = 0.0, capacity_j, design.storage.reserve_soc * capacity_j
    temperatures = draw.uniform(150.0, 380.0, (3, count))
    position = np.cos(latitude), np.sin(latitude), np.cos(node), np.sin(node)
    return np.vstack((*position, stored_j, temperatures, draw.uniform(0.0, 1e6, count)))


def flown(name: Name, rows: Rows, piece: Piece) -> Rows:
    after = rows.copy()
    executor(name).run(after, [piece])
    return after


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), shells, loads, st.integers(0, 10**6), st.integers(0, 5))
def test_the_executors_agree_on_random_states(
    seed: int, any_shell: Shell, design: Design, cell: int, steps: int
) -> None:
    times = Calendar(shell=any_shell, design=design, epoch_unix_s=EPOCH_UNIX_S)
    piece = Piece(coefficients=times.coefficients(cell * times.steps_a_cell), steps=steps, earth=EARTH, ends_cell=True)
    rows = random_rows(seed, design)
    expected = flown("python", rows, piece)
    for name in NAMES[1:]:
        found = flown(name, rows, piece)
        np.testing.assert_array_equal(found, expected, err_msg=name)  # the same operations in the same order


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("follows", ["sun", "price"])
def test_blocks_threads_subsets_and_divisions_change_nothing(name: Name, follows: Follows) -> None:
    whole = Fleet(calendar(follows=follows), executor_=executor(name))
    whole.advance(75)
    pieces = Fleet(calendar(follows=follows), executor_=executor(name), block=7, workers=2)
    for steps in (1, 58, 5, 11):
        pieces.advance(steps)
    np.testing.assert_array_equal(pieces.rows, whole.rows)
    chosen = np.array([3, 41, 119])
    subset = Fleet(calendar(follows=follows), executor_=executor(name), indices=chosen)
    subset.advance(75)
    np.testing.assert_array_equal(subset.rows, whole.rows[:, chosen])


def test_one_of_a_million_is_replayed_alone_by_the_scalar_model() -> None:
    million = calendar(1_200_000, with_dose=False)
    whole = Fleet(million)
    whole.advance(2)
    index = 765_432
    alone = Fleet(million, indices=np.array([index]), executor_=executor("python"))
    alone.advance(2)
    np.testing.assert_array_equal(alone.rows[:, 0], whole.rows[:, index])


@pytest.mark.parametrize("namespace", [array_api_strict, np])
def test_the_functional_form_runs_on_any_namespace(namespace: ModuleType) -> None:
    design = Design(load=LoadPolicy(follows="sun"))
    rows = random_rows(7, design)
    k = calendar(follows="sun").coefficients(0)
    state = tuple(namespace.asarray(row.copy()) for row in rows)
    state = arrays.end_cell(k, arrays.irradiate(namespace, k, arrays.advance(namespace, k, state, 3), EARTH))
    expected = flown("python", rows, Piece(coefficients=k, steps=3, earth=EARTH, ends_cell=True))
    np.testing.assert_allclose(np.stack([np.asarray(row) for row in state]), expected, rtol=1e-12)


def test_without_a_compiler_numpy_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "IS_BUILT", False)
    assert executor().name == "numpy"
    with pytest.raises(ValueError, match="'c' does not run here; there are python, numpy"):
        executor("c")


@pytest.mark.skipif(not compiled.IS_BUILT, reason="no compiler")
@pytest.mark.parametrize("rows", [np.zeros((9, 4), "float32"), np.zeros((8, 4)), np.zeros((9, 8))[:, ::2]])
def test_the_compiled_kernel_refuses_rows_that_it_cannot_read(rows: Rows) -> None:
    with pytest.raises(ValueError, match="nine contiguous rows"):
        compiled.advance(calendar().coefficients(0), rows, 1)


def test_a_fleet_refuses_what_it_cannot_fly() -> None:
    with pytest.raises(ValueError, match="step_s must divide 60"):
        Calendar(shell=shell(), epoch_unix_s=EPOCH_UNIX_S, step_s=7.0)
    with pytest.raises(ValueError, match="at least 1"):
        Fleet(calendar(), workers=0)
