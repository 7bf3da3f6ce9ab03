"""The payload computer as a load: exact ends, exact joules, and every way to lose a task."""

import pytest

from hal.clock import SECOND_NS
from sim.load import Computer, ComputerConfig, ComputerError, LimiterConfig

EXACT = ComputerConfig(watts_noise=0.0, seconds_noise=0.0)


def _computer(**changes) -> Computer:
    return Computer(ComputerConfig(watts_noise=0.0, seconds_noise=0.0, **changes), 1)


def test_a_task_draws_its_watts_and_ends_to_the_nanosecond():
    computer = _computer()
    computer.start(7, 30.0, 2.5, 0)
    assert computer.draw_w == 36.0
    assert computer.next_event_ns() == 2_500_000_000
    computer.settle(2_499_999_999)
    assert computer.running == 7
    computer.settle(2_500_000_000)
    assert computer.running is None
    assert computer.draw_w == 6.0
    assert computer.done() == (7,)
    assert computer.done() == ()


def test_half_duty_draws_half_and_takes_twice_as_long():
    computer = _computer()
    computer.start(1, 40.0, 10.0, 0)
    computer.set_duty(0.5, 4 * SECOND_NS)
    assert computer.draw_w == 26.0
    assert computer.next_event_ns() == 16 * SECOND_NS
    computer.set_duty(0.0, 6 * SECOND_NS)
    assert computer.next_event_ns() is None
    assert computer.draw_w == 6.0
    computer.set_duty(1.0, 10 * SECOND_NS)
    assert computer.next_event_ns() == 15 * SECOND_NS


def test_truth_differs_from_what_was_declared_by_a_seeded_few_per_cent():
    def draws(seed: int) -> list[float]:
        computer, watts = Computer(ComputerConfig(watts_bias=1.1), seed), []
        for task_id in range(400):
            computer.start(task_id, 40.0, 1.0, 0)
            watts.append(computer.draw_w - 6.0)
            computer.stop(0)
        return watts

    first = draws(1)
    mean = sum(first) / len(first)
    spread = (sum((value - mean) ** 2 for value in first) / len(first)) ** 0.5
    assert mean == pytest.approx(44.0, rel=0.01)
    assert spread / mean == pytest.approx(0.03, rel=0.15)
    assert draws(1) == first
    assert draws(2) != first


def test_the_truth_of_a_task_does_not_depend_on_the_order_of_tasks():
    alone, later = Computer(ComputerConfig(), 1), Computer(ComputerConfig(), 1)
    alone.start(9, 40.0, 10.0, 0)
    later.start(3, 5.0, 1.0, 0)
    later.stop(0)
    later.start(9, 40.0, 10.0, 0)
    assert alone.draw_w == later.draw_w
    assert alone.next_event_ns() == later.next_event_ns()


def test_one_task_at_a_time():
    computer = _computer()
    computer.start(1, 1.0, 1.0, 0)
    with pytest.raises(ComputerError, match="task 1 is running"):
        computer.start(2, 1.0, 1.0, 0)


def test_power_off_loses_the_task_and_what_was_unread_and_power_on_boots():
    computer = _computer()
    computer.start(1, 30.0, 1.0, 0)
    computer.settle(SECOND_NS)
    computer.start(2, 30.0, 5.0, SECOND_NS)
    computer.set_power(False, 2 * SECOND_NS)
    assert computer.draw_w == 0.0
    assert computer.done() == ()
    assert computer.lost == 1
    with pytest.raises(ComputerError, match="off"):
        computer.start(3, 1.0, 1.0, 2 * SECOND_NS)
    computer.set_power(True, 10 * SECOND_NS)
    assert computer.draw_w == 6.0
    with pytest.raises(ComputerError, match="booting"):
        computer.start(3, 1.0, 1.0, 10 * SECOND_NS)
    computer.settle(30 * SECOND_NS)
    computer.start(3, 1.0, 1.0, 30 * SECOND_NS)


def test_a_rail_needs_both_its_switch_and_its_source():
    computer = _computer()
    computer.set_supply(False, 0)
    computer.set_power(False, 1)
    computer.set_supply(True, 2)
    assert not computer.is_powered
    computer.set_power(True, 3)
    assert computer.is_powered


def test_a_source_is_back_when_every_cause_is_gone():
    computer = _computer()
    computer.set_supply(False, 0, "brown-out")
    computer.set_supply(False, 1, "host")
    computer.set_supply(True, 2, "brown-out")
    assert not computer.is_supplied
    computer.set_supply(True, 3, "host")
    assert computer.is_powered


def test_a_hung_task_draws_for_ever_and_can_be_killed():
    computer = _computer()
    computer.start(1, 30.0, 1.0, 0)
    computer.hang(SECOND_NS // 2)
    computer.settle(100 * SECOND_NS)
    assert computer.running == 1
    assert computer.draw_w == 36.0
    computer.stop(100 * SECOND_NS)
    assert computer.draw_w == 6.0
    assert computer.done() == ()


def test_a_latch_up_lasts_until_the_rail_is_cycled():
    computer = _computer()
    computer.start(1, 30.0, 10.0, 0)
    computer.latch_up(5.0, 4 * SECOND_NS)
    assert computer.draw_w == 41.0
    assert computer.next_event_ns() == 10 * SECOND_NS
    computer.stop(5 * SECOND_NS)
    assert computer.draw_w == 11.0
    computer.set_power(False, 6 * SECOND_NS)
    computer.latch_up(5.0, 7 * SECOND_NS)
    computer.set_power(True, 8 * SECOND_NS)
    assert computer.draw_w == 6.0


def test_the_watchdog_resets_unless_it_is_kicked():
    computer = _computer(watchdog_s=10.0)
    assert computer.next_event_ns() is None
    computer.kick_watchdog(0)
    computer.start(1, 30.0, 100.0, 0)
    computer.settle(9 * SECOND_NS)
    computer.kick_watchdog(9 * SECOND_NS)
    assert computer.next_event_ns() == 19 * SECOND_NS
    computer.settle(19 * SECOND_NS)
    assert computer.resets == 1
    assert computer.running is None
    assert not computer.is_ready
    assert computer.next_event_ns() == 39 * SECOND_NS


def test_a_disarmed_watchdog_does_nothing():
    computer = _computer(watchdog_s=10.0)
    computer.kick_watchdog(0)
    computer.disarm_watchdog()
    assert computer.next_event_ns() is None


@pytest.mark.parametrize("bad", [{"idle_w": -1.0}, {"watts_bias": 0.0}, {"watchdog_s": 0.0}])
def test_impossible_computers_are_refused(bad):
    with pytest.raises(ValueError, match="must"):
        ComputerConfig(**bad)


def limited(**limiter: float) -> Computer:
    config = ComputerConfig(watts_noise=0.0, seconds_noise=0.0, limiter=LimiterConfig(**limiter))
    return Computer(config, 1)


def test_the_limiter_opens_after_its_trip_time_and_stays_open_until_the_rail_is_cycled() -> None:
    computer = limited(peak_w=40.0, trip_s=2.0)
    computer.start(1, 50.0, 100.0, 0)
    assert computer.event_ns == 2 * SECOND_NS
    computer.settle(2 * SECOND_NS)
    assert (computer.is_powered, computer.limiter_trips, computer.lost) == (False, 1, 1)
    computer.set_supply(True, 3 * SECOND_NS)
    assert not computer.is_powered
    computer.set_power(False, 4 * SECOND_NS)
    computer.set_power(True, 5 * SECOND_NS)
    assert computer.is_powered


def test_the_limiter_forgets_a_draw_that_ends_in_time() -> None:
    computer = limited(peak_w=40.0, trip_s=2.0)
    computer.start(1, 50.0, 1.9, 0)
    computer.settle(computer.event_ns)
    computer.start(2, 20.0, 100.0, computer.event_ns if computer.event_ns < SECOND_NS else 2 * SECOND_NS)
    assert computer.limiter_trips == 0 and computer.event_ns > 90 * SECOND_NS


def test_the_limiter_sees_the_crest_of_a_duty_cycle_and_a_steep_rise() -> None:
    crest = limited(peak_w=40.0, trip_s=2.0)
    crest.set_duty(0.5, 0)
    crest.start(1, 50.0, 100.0, 0)
    assert crest.draw_w == pytest.approx(31.0)
    assert crest.event_ns == 2 * SECOND_NS
    steep = limited(peak_w=90.0, trip_s=0.02, ramp_w_s=2000.0)
    steep.start(1, 39.0, 1.0, 0)
    assert steep.event_ns > 0
    steep.stop(10)
    steep.start(2, 41.0, 1.0, 20)
    assert steep.event_ns == 21


def test_what_runs_from_a_queue_goes_on_when_it_is_stopped() -> None:
    computer = Computer(ComputerConfig(watts_noise=0.0, seconds_noise=0.0, queue_above_w=30.0), 1)
    computer.start(1, 50.0, 10.0, 0)
    computer.stop(SECOND_NS)
    assert (computer.running, computer.draw_w) == (1, 56.0)
    with pytest.raises(ComputerError):
        computer.start(2, 5.0, 1.0, SECOND_NS)


def test_caps_that_are_ignored_cost_watts() -> None:
    computer = Computer(ComputerConfig(watts_noise=0.0), 1)
    computer.ignore_caps(52.0, 0)
    computer.start(1, 9.0, 10.0, 0)
    assert computer.draw_w == pytest.approx(58.0)
