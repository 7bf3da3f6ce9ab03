"""A guest plans with what its host granted and announced, and with jobs that a grant lets start."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fsw.govern.grants import HOLDS_S, Grants
from fsw.govern.menu import Menu
from fsw.govern.points import OperatingPoint, OperatingPoints
from fsw.messages import Allocation, HostStatus
from hal.clock import SECOND_NS
from tests.fsw.test_govern_plan import HOSTED
from tests.fsw.test_govern_planner import Planner

MARGIN_W = HOSTED.guard.power_margin_w
POINTS = OperatingPoints(HOSTED)
ROW = next(row for row in HOSTED.demand if row.model == "telemetry-anomaly")


def grant(mean_w: float, peak_w: float = 72.0, from_s: float = 0.0, valid_s: float = 180.0) -> Allocation:
    return Allocation(
        from_ns=int(from_s * SECOND_NS), until_ns=int((from_s + valid_s) * SECOND_NS), mean_w=mean_w, peak_w=peak_w,
        energy_j=mean_w * valid_s,
    )  # fmt: skip


def told(present: Allocation | None, coming: Allocation | None = None) -> HostStatus:
    return HostStatus(time_ns=0, heartbeat_ns=0, allocation=present, next_allocation=coming)


def seen(*granted: tuple[int, HostStatus]) -> Grants:
    """After hearing so at these seconds."""
    grants = Grants(HOSTED)
    for second, host in granted:
        grants.see(second * SECOND_NS, host)
    return grants


def point(variant: str, setting: str) -> OperatingPoint:
    return next(each for each in POINTS.of(ROW.model) if (each.variant, each.setting) == (variant, setting))


def test_the_present_grant_holds_for_a_while_and_then_what_was_granted_in_the_mean() -> None:
    grants = seen((0, told(grant(20.0))), (3_000, told(grant(20.0))), (3_010, told(grant(50.0))))
    ahead_w = grants.mean_w(3_010 * SECOND_NS, 100, 60.0) + MARGIN_W
    assert ahead_w[0] == pytest.approx(50.0, abs=30.0 * 60.0 / HOLDS_S)
    assert np.all(np.diff(ahead_w) < 0.0)
    assert ahead_w[-1] == pytest.approx(20.0, abs=0.5)


def test_an_announced_grant_is_planned_from_its_start_on() -> None:
    grants = seen((0, told(grant(40.0), grant(15.0, from_s=120.0))))
    ahead_w = grants.mean_w(0, 4, 60.0) + MARGIN_W
    assert ahead_w[:2] == pytest.approx([40.0, 40.0])
    assert ahead_w[2] < 20.0


def test_a_renewal_changes_nothing_and_another_level_does() -> None:
    once = seen((0, told(grant(40.0)))).levels
    assert seen((60, told(grant(40.0, from_s=60.0), grant(40.0, from_s=120.0)))).levels == once
    assert seen((60, told(grant(40.0), grant(30.0, from_s=120.0)))).levels != once


def test_a_job_that_no_grant_is_long_enough_for_is_not_planned() -> None:
    grants = seen((0, told(grant(60.0))))
    assert grants.lets(point("tiny", "9W"))
    assert not grants.lets(point("full", "52W"))
    assert max(each.worth for each in Menu(HOSTED, grants.lets).of(ROW)) < 1.0
    assert seen((0, told(grant(60.0, valid_s=3_600.0)))).lets(point("full", "22W"))


def test_a_setting_over_the_peak_or_over_the_mean_of_a_whole_window_is_not_planned() -> None:
    tiny = point("tiny", "42W")
    assert seen((0, told(grant(60.0)))).lets(tiny)
    assert not seen((0, told(grant(40.0, peak_w=45.0)))).lets(tiny)
    assert not seen((0, told(grant(20.0)))).lets(tiny)  # 60 s at 42 W, and 12 W above idle in a window of 60 s


def test_in_a_small_grant_jobs_of_the_usual_one_are_planned_for_later() -> None:
    grants = seen((0, told(grant(60.0))), (3_000, told(grant(60.0))), (3_010, told(grant(12.0))))
    assert grants.lets(point("tiny", "42W"))


def test_valuable_work_that_never_fits_does_not_make_the_rest_dear() -> None:
    def second_at_9_w(valid_s: float) -> float:
        precious = dataclasses.replace(ROW, value=2_000.0, per_minute_sun=1.0)
        rows = tuple(precious if row is ROW else row for row in HOSTED.demand)
        mission = dataclasses.replace(HOSTED, demand=rows)
        plan = Planner(mission).fly(range(0, 20, 10), told(grant(20.0, valid_s=valid_s)))[0]
        return max(9.0 * joule + second for joule, second in zip(plan.joule_price, plan.time_price, strict=True))

    assert 3.0 * second_at_9_w(50.0) < second_at_9_w(3_600.0)


@pytest.mark.parametrize("host", [None, told(None)])
def test_who_was_granted_nothing_still_gets_prices(host: HostStatus | None) -> None:
    (plan,) = Planner(HOSTED).fly(range(0, 20, 10), host)
    assert all(np.isfinite(plan.joule_price))
