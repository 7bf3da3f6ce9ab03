"""Sun and shadow by a timetable: the same questions as to an orbit, answered without one."""

from __future__ import annotations

import pytest

from fsw.ephemeris import Timetable
from fsw.mission import Shadow

TABLE = Timetable(period_s=5_700.0, dark_each_s=2_140.0, epoch_tai_s=1e9)


@pytest.mark.parametrize(
    ("into_s", "sunlit", "sunset_s", "sunrise_s"),
    [(0.0, False, 0.0, 2_140.0), (2_139.0, False, 0.0, 1.0), (2_140.0, True, 3_560.0, 0.0), (5_699.0, True, 1.0, 0.0)],
)
@pytest.mark.parametrize("orbit", [0, 3])
def test_times_to_sunset_and_sunrise(
    into_s: float, sunlit: bool, sunset_s: float, sunrise_s: float, orbit: int
) -> None:
    tai_s = 1e9 + orbit * 5_700.0 + into_s
    assert TABLE.is_sunlit(tai_s) is sunlit
    assert TABLE.until_sunset_s(tai_s) == pytest.approx(sunset_s)
    assert TABLE.until_sunrise_s(tai_s) == pytest.approx(sunrise_s)
    assert TABLE.dark_s(tai_s) == 2_140.0


def test_a_shadow_longer_than_its_period_is_refused() -> None:
    with pytest.raises(ValueError, match="dark_s must be in"):
        Shadow(period_s=5_700.0, dark_s=5_700.0)
