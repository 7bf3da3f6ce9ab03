"""Checks of a board that anybody may run on it: does each part keep its contract? Nothing is left changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hal.board import ActuatorConfig, Board, BoardConfig
from hal.clock import Clock
from hal.contract import Confirmation, Limit, PowerCap, Pump, Sensor, Switch
from hal.errors import is_denied
from hal.reading import Missing, Reading, Sample

PASSED, FAILED, ABSENT, UNTRIED = "ok", "failed", "absent", "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The outcome for one part: `result` is ok, failed, absent (it has no value to give) or not tried."""

    part: str
    result: str
    detail: str = ""


def check_board(
    config: BoardConfig, board: Board, clock: Clock, restore: Callable[[], tuple[str, ...]] = lambda: ()
) -> Iterator[Check]:
    """One check for each device and actuator, in the order of the board file.

    `restore` puts back what was written and gives what could not be; it is called after each actuator.
    """
    for row, sensor in zip(config.devices, board.sensors, strict=True):
        yield check_sensor(row.name, sensor, clock)
    for actuator in config.actuators:
        check = _check_actuator(actuator, board)
        left = restore()
        yield Check(part=check.part, result=FAILED, detail=f"not put back: {', '.join(left)}") if left else check


def _check_actuator(actuator: ActuatorConfig, board: Board) -> Check:
    name, owner = actuator.name, actuator.owner
    if name in board.switches:
        return check_switch(name, board.switches[name], owner)
    if name in board.caps:
        return check_cap(name, board.caps[name], owner)
    if name in board.limits:
        return check_limit(name, board.limits[name], owner)
    if name in board.pumps:
        return check_pump(name, board.pumps[name])
    return Check(part=name, result=UNTRIED, detail="a kick would arm the timer")


def check_sensor(part: str, sensor: Sensor, clock: Clock) -> Check:
    """Two reads: a sample a channel, in order, times that do not go back, readings finite and in range."""
    first = sensor.read()
    samples = sensor.read()
    problem = _problem(sensor, first, clock.now_ns()) or _problem(sensor, samples, clock.now_ns())
    if not problem and any(b.time_ns < a.time_ns for a, b in zip(first, samples, strict=True)):
        problem = "the time of the second read is before the first"
    if problem:
        return Check(part=part, result=FAILED, detail=problem)
    missing = [sample for sample in samples if isinstance(sample, Missing)]
    if not missing:
        return Check(part=part, result=PASSED, detail=", ".join(_told(sample) for sample in samples))
    if all(is_denied(sample.detail) for sample in missing):
        return Check(part=part, result=UNTRIED, detail=_told(missing[0]))
    is_absent = all(sample.reason.name == "ABSENT" for sample in missing)
    return Check(part=part, result=ABSENT if is_absent else FAILED, detail=_told(missing[0]))


def check_switch(part: str, switch: Switch, owner: str) -> Check:
    """Read the state; where the payload owns the switch, set it to the state that it has."""
    state = switch.is_on()
    if state is None:
        return Check(part=part, result=ABSENT, detail="the state cannot be read")
    told = "on" if state else "off"
    if owner != "payload":
        return Check(part=part, result=PASSED, detail=f"{told}; not set, the {owner} owns it")
    return _outcome(part, switch.set(state), told)


def check_limit(part: str, limit: Limit, owner: str) -> Check:
    """Where the payload owns it, ask for two steps less (one may be rounding), and for what it was: both confirmed."""
    value, able = limit.limit(), limit.capability()
    if value is None or able is None:
        return Check(part=part, result=ABSENT, detail="the limit cannot be read")
    told = f"{value:.6g} {able.unit}"
    if owner != "payload":
        return Check(part=part, result=PASSED, detail=f"{told}; not set, the {owner} owns it")
    lower = limit.set_limit(max(able.low, value - 2.0 * able.granularity))
    again = limit.set_limit(value) if lower.ok else lower
    return _outcome(part, again, f"{told}; less was confirmed, and put back")


def _outcome(part: str, confirmation: Confirmation, told: str) -> Check:
    """Passed, failed, or not tried because this user may not."""
    if confirmation.ok:
        return Check(part=part, result=PASSED, detail=told)
    return Check(part=part, result=UNTRIED if is_denied(confirmation.detail) else FAILED, detail=confirmation.detail)


def check_cap(part: str, cap: PowerCap, owner: str) -> Check:
    """Read the duty and set it again; full duty is only read, since there may be no bound at all."""
    duty = cap.duty()
    if duty is None:
        return Check(part=part, result=ABSENT, detail="the duty cannot be read")
    if duty >= 1.0 or owner != "payload":
        return Check(part=part, result=PASSED, detail=f"duty {duty:g}; not set")
    return _outcome(part, cap.set_duty(duty), f"duty {duty:g}")


def check_pump(part: str, pump: Pump) -> Check:
    """Read the speed; it is not set, since the loop may be cooling."""
    speed = pump.speed()
    if speed is None:
        return Check(part=part, result=ABSENT, detail="the speed cannot be read")
    return Check(part=part, result=PASSED, detail=f"turns at {speed:.2f} of full speed; not set")


def _problem(sensor: Sensor, samples: tuple[Sample, ...], now_ns: int) -> str:
    if [sample.channel for sample in samples] != [channel.name for channel in sensor.channels]:
        return "the samples are not those of the channels, in order"
    for sample, channel in zip(samples, sensor.channels, strict=True):
        if sample.time_ns > now_ns:
            return f"{channel.name} is stamped in the future"
        if isinstance(sample, Reading) and not (
            math.isfinite(sample.value) and channel.low <= sample.value <= channel.high
        ):
            return f"{channel.name} is {sample.value}, outside {channel.low} to {channel.high}"
    return ""


def _told(sample: Sample) -> str:
    if isinstance(sample, Reading):
        return f"{sample.channel} {sample.value:.6g}"
    return f"{sample.channel} {sample.reason.name}: {sample.detail}"
