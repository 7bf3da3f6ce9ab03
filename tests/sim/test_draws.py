"""Counter-based draws: uniform, independent of order, different for every stream."""

from statistics import fmean, pstdev

import pytest

from sim import draws


def test_moments():
    stream = draws.key(1, "test")
    assert fmean(draws.uniform(stream, k) for k in range(20_000)) == pytest.approx(0.5, abs=0.01)
    assert fmean(draws.exponential(stream, k) for k in range(20_000)) == pytest.approx(1.0, abs=0.03)
    normal = [draws.gauss(stream, k) for k in range(20_000)]
    assert fmean(normal) == pytest.approx(0.0, abs=0.03)
    assert pstdev(normal) == pytest.approx(1.0, abs=0.03)


def test_neighbours_are_not_alike():
    stream = draws.key(1, "test")
    pairs = [(draws.uniform(stream, k) - 0.5) * (draws.uniform(stream, k + 1) - 0.5) for k in range(20_000)]
    assert fmean(pairs) * 12.0 == pytest.approx(0.0, abs=0.03)


def test_streams_differ_by_seed_and_name():
    assert len({draws.key(seed, name) for seed in (0, 1, -1) for name in ("a", "b", "ab", "ba")}) == 12


def test_a_noise_table_goes_round():
    table = draws.NoiseTable(3)
    first = [table.next() for _ in range(draws.NoiseTable.LENGTH)]
    assert [table.next() for _ in range(10)] == first[:10]
    assert pstdev(first) == pytest.approx(1.0, abs=0.05)
