"""Seeded faults inside the stated envelope: what the flight software must live through without breaking a limit.

One fault of a sensor at a time, of twenty minutes at most, and beside it, not at the same moment, faults of the
payload. A sensor that says nothing, that freezes where freezing can be seen, that is noisier or later than it should
be, or off by less than the guard's margins, is inside; one that lies by more than that with a steady hand is outside.
The flight computer's idea of its place in orbit is off by as much as elements of some days are: 25 s of flight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from sim.faults import Fault

MEAN_GAP_S = 1_200.0  # between the beginnings of two faults
LONGEST_S = 1_200.0  # of a sensor's fault
CALM_S = 300.0  # at the start: boot and the gauge's first look are another matter
PLACE_DEG = 1.5  # along the orbit: 25 s of flight
TEMPERATURES = ("payload_temp", "battery_temp", "radiator_temp", "die_temp")
POWERS = ("battery_power", "payload_power", "bus_power", "array_power")


def drawn_faults(seed: int, duration_s: float) -> tuple[Fault, ...]:
    """The faults of one flight in time order."""
    return tuple(_draw(np.random.default_rng([seed, 0xFA17]), duration_s))


def misplaced_deg(seed: int) -> float:
    """How far along its orbit the spacecraft is from where it thinks that it is."""
    return float(np.random.default_rng([seed, 0x9B17]).uniform(-PLACE_DEG, PLACE_DEG))


def _draw(rng: np.random.Generator, duration_s: float) -> Iterator[Fault]:
    at_s, well_again_s = CALM_S, 0.0
    while True:
        at_s += float(rng.exponential(MEAN_GAP_S))
        if at_s >= duration_s:
            return
        if at_s < well_again_s or rng.random() < 0.4:
            yield _of_payload(rng, at_s)
        else:
            fault = _of_sensor(rng, at_s)
            well_again_s = at_s + fault.duration_s
            yield fault


def _of_payload(rng: np.random.Generator, at_s: float) -> Fault:
    kind = str(rng.choice(("hang", "hang", "brown_out", "latch_up", "upsets")))
    if kind == "brown_out":
        return Fault(at_s=at_s, kind=kind, duration_s=float(rng.uniform(0.5, 60.0)))
    if kind == "latch_up":  # more would be over the bus's limit at once, beside a job at the highest setting
        return Fault(at_s=at_s, kind=kind, value=float(rng.uniform(5.5, 7.0)))
    if kind == "upsets":
        return Fault(at_s=at_s, kind=kind, target="corrected", value=float(rng.integers(1, 200)))
    return Fault(at_s=at_s, kind=kind)


def _of_sensor(rng: np.random.Generator, at_s: float) -> Fault:
    is_heat = rng.random() < 0.5
    target = str(rng.choice(TEMPERATURES if is_heat else POWERS))
    kind, value = (_HEAT if is_heat else _POWER)[int(rng.integers(0, 5))](rng)
    return Fault(
        at_s=at_s, kind=kind, target=target, duration_s=float(rng.uniform(20.0, LONGEST_S)), value=value
    )  # kelvins, or amperes of a power monitor


_Kind = Callable[[np.random.Generator], tuple[str, float]]
_QUIET: tuple[_Kind, ...] = (lambda rng: ("missing", 0.0), lambda rng: ("silent", 0.0))
_HEAT: tuple[_Kind, ...] = (
    *_QUIET,
    lambda rng: ("stuck", 0.0),
    lambda rng: ("noisy", float(rng.uniform(0.05, 0.2))),
    lambda rng: ("offset", float(rng.uniform(-0.3, 0.3))),
)
_POWER: tuple[_Kind, ...] = (
    *_QUIET,
    lambda rng: ("late", float(rng.uniform(0.5, 2.0))),
    lambda rng: ("noisy", float(rng.uniform(0.01, 0.05))),
    lambda rng: ("offset", float(rng.uniform(-0.01, 0.01))),
)
