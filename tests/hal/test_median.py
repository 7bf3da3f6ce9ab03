"""Redundant channels: the median of three, who is out, and what is said when nobody can know."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.board import Board, load_board, open_board
from hal.clock import SECOND_NS, SteppedClock
from hal.config import ConfigError
from hal.drivers.median import vote
from hal.errors import PortError
from hal.ports.files import MemoryFiles
from hal.reading import Missing, Quality, Reading, Reason, Sample

CHIPS = ("upper", "middle", "lower")
BOARD = (
    'name = "three"\n[ports.sys]\nkind = "files"\nroot = "/sys"\n[ports.samples]\nkind = "samples"\n'
    + "".join(
        f'[[device]]\nname = "{chip}"\ndriver = "thermal"\nport = "sys"\nzone = "{chip}"\n'
        f'[device.channels.temperature]\nname = "{chip}_temp_c"\nunit = "degC"\nlow = -40.0\nhigh = 125.0\n'
        for chip in CHIPS
    )
    + '[[device]]\nname = "plate"\ndriver = "median"\nport = "samples"\n'
    + 'of = ["upper_temp_c", "middle_temp_c", "lower_temp_c"]\ntolerance = 2.0\n'
    + '[device.channels.median]\nname = "plate_temp_c"\nunit = "degC"\nlow = -40.0\nhigh = 125.0\n'
    + '[device.channels.outlier]\nname = "plate_outlier"\nunit = "member"\nlow = -1.0\nhigh = 3.0\n'
)


class Bench:
    """A board of three thermometers and their vote; None takes a thermometer away."""

    def __init__(self, path: Path) -> None:
        (path / "three.toml").write_text(BOARD)
        self.files, self.clock = MemoryFiles({}), SteppedClock()
        for index, chip in enumerate(CHIPS):
            self.files.nodes[f"class/thermal/thermal_zone{index}/type"] = chip
            self.files.nodes[f"class/thermal/thermal_zone{index}/temp"] = "20000"
        self.board: Board = open_board(load_board(path / "three.toml"), {"sys": self.files}, self.clock)

    def read(self, *degrees: float | None) -> tuple[Sample, Sample]:
        for index, value in enumerate(degrees):
            text = "none" if value is None else str(round(1000 * value))
            self.files.nodes[f"class/thermal/thermal_zone{index}/temp"] = text
        self.clock.advance_to_ns(self.clock.now_ns() + SECOND_NS)
        samples = {sample.channel: sample for sensor in self.board.sensors for sample in sensor.read()}
        return samples["plate_temp_c"], samples["plate_outlier"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def told(samples: tuple[Sample, Sample]) -> tuple[float, float, Quality]:
    median, outlier = samples
    assert isinstance(median, Reading) and isinstance(outlier, Reading), samples
    return median.value, outlier.value, median.quality


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        ((20.0, 21.0, 20.5), (20.5, 0.0, Quality.GOOD)),
        ((90.0, 21.0, 20.5), (21.0, 1.0, Quality.SUSPECT)),
        ((20.0, -39.0, 20.5), (20.0, 2.0, Quality.SUSPECT)),
        ((20.0, 21.0, None), (20.5, 0.0, Quality.SUSPECT)),
        ((None, 21.0, None), (21.0, 0.0, Quality.SUSPECT)),
    ],
)
def test_the_median_holds_and_the_outlier_is_named(
    bench: Bench, degrees: tuple[float | None, ...], expected: tuple[float, float, Quality]
) -> None:
    assert told(bench.read(*degrees)) == expected


@pytest.mark.parametrize("degrees", [(0.0, 50.0, 100.0), (20.0, 60.0, None)])
def test_where_no_two_agree_nobody_knows(bench: Bench, degrees: tuple[float | None, ...]) -> None:
    median, outlier = bench.read(*degrees)
    assert isinstance(median, Missing) and isinstance(outlier, Missing) and median.reason is Reason.IMPLAUSIBLE
    assert "no two agree: upper_temp_c" in median.detail
    assert (None not in degrees) or "lower_temp_c CORRUPT" in median.detail


def test_without_members_there_is_no_value(bench: Bench) -> None:
    (median, _) = bench.read(None, None, None)
    assert isinstance(median, Missing) and median.reason is Reason.ABSENT and "upper_temp_c CORRUPT" in median.detail


def test_a_member_that_was_not_read_for_long_is_silent(bench: Bench) -> None:
    bench.read(20.0, 20.0, 20.0)
    bench.clock.advance_to_ns(bench.clock.now_ns() + 3 * SECOND_NS)
    median, _ = bench.board.sensors[-1].read()  # the vote alone
    assert isinstance(median, Missing) and "middle_temp_c SILENT" in median.detail


@given(st.lists(st.floats(-40.0, 125.0), min_size=3, max_size=7), st.floats(0.1, 5.0))
def test_the_value_is_near_most_members_or_there_is_none(values: list[float], tolerance: float) -> None:
    members = {str(index): value for index, value in enumerate(values)}
    try:
        result = vote(members, tolerance)
    except PortError:
        return
    near = [value for value in values if abs(value - result.value) <= tolerance]
    assert len(near) >= 2 and len(near) + len(result.out) == len(values)


@given(st.floats(-40.0, 125.0), st.floats(-1e6, 1e6), st.floats(0.0, 0.9))
def test_one_liar_moves_the_median_by_no_more_than_the_others_differ(true: float, lie: float, spread: float) -> None:
    result = vote({"a": true, "b": true + spread, "c": lie}, 1.0)
    assert true <= result.value <= true + spread


def test_a_member_must_stand_before_the_vote(tmp_path: Path) -> None:
    (tmp_path / "late.toml").write_text(BOARD.replace('"lower_temp_c"]', '"nobody_temp_c"]'))
    with pytest.raises(ConfigError, match=r"late.toml: plate.of: no device before it has a channel 'nobody_temp_c'"):
        load_board(tmp_path / "late.toml")


@pytest.mark.parametrize("of", ['["a", "b"]', '["a", "a", "b"]', "[]"])
def test_two_members_are_too_few(tmp_path: Path, of: str) -> None:
    (tmp_path / "few.toml").write_text(
        BOARD.replace('["upper_temp_c", "middle_temp_c", "lower_temp_c"]', of), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"few.toml: device\[3\]: of must name at least 3"):
        load_board(tmp_path / "few.toml")
