"""Checks of a board that anybody may run on it: does each part keep its contract? Nothing is left changed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from hal.board import Board, BoardConfig
from hal.clock import Clock
from hal.contract import PowerCap, Pump, Sensor, Switch
from hal.reading import Missing, Reading, Sample

PASSED, FAILED, ABSENT, UNTRIED = "ok", "failed", "absent", "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The outcome for one part: `result` is ok, failed, absent (it has no value to give) or not tried."""

    part: str
    result: str
    detail: str = ""


def check_board(config: BoardConfig, board: Board, clock: Clock) -> Iterator[Check]:
    """One check for each device and actuator, in the order of the board file."""
    for row, sensor in zip(config.devices, board.sensors, strict=True):
        yield check_sensor(row.name, sensor, clock)
    for actuator in config.actuators:
        if actuator.name in board.switches:
            yield check_switch(actuator.name, board.switches[actuator.name], actuator.owner)
        elif actuator.name in board.caps:
            yield check_cap(actuator.name, board.caps[actuator.name])
        elif actuator.name in board.pumps:
            yield check_pump(actuator.name, board.pumps[actuator.name])
        else:
            yield Check(part=actuator.name, result=UNTRIED, detail="a kick would arm the timer")


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
    confirmation = switch.set(state)
    return Check(part=part, result=PASSED if confirmation.ok else FAILED, detail=confirmation.detail or told)


def check_cap(part: str, cap: PowerCap) -> Check:
    """Read the duty and set it again; full duty is only read, since there may be no bound at all."""
    duty = cap.duty()
    if duty is None:
        return Check(part=part, result=ABSENT, detail="the duty cannot be read")
    if duty >= 1.0:
        return Check(part=part, result=PASSED, detail="full duty; not set")
    confirmation = cap.set_duty(duty)
    return Check(part=part, result=PASSED if confirmation.ok else FAILED, detail=confirmation.detail or f"duty {duty}")


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
