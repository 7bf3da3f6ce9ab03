"""Seeded faults inside the stated envelope: what the flight software must live through without breaking a limit.

Four groups, each with one fault at a time, run beside each other without knowing of each other: faults of sensors, of
the payload, of actuators, and of time or host. So every pair across groups is met, by chance; a sensor's fault may have
a second, silent sensor beside it. `drawn_faults` has those that the simulator knows; the host's and what the worker
gives back are `drawn_host_events` and `spoiled_s`.

A sensor that says nothing, that freezes where freezing can be seen, that is noisier or later than it should be, or off
by less than the guard's margins, is inside; one that lies by more than that with a steady hand is outside. The flight
computer's idea of its place in orbit is off by as much as elements of some days are: 25 s of flight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import merge

import numpy as np

from sim.faults import Fault
from sim.host import HostEvent

CALM_S = 300.0  # at the start: boot and the gauge's first look are another matter
PLACE_DEG = 1.5  # along the orbit: 25 s of flight
SENSOR_GAP_S, LONGEST_S = 1_800.0, 1_200.0  # between the beginnings of two in the mean; of one at most
PAYLOAD_GAP_S = 2_400.0
ACTUATOR_GAP_S, LONGEST_DEAF_S, LATEST_S = 4_800.0, 300.0, 10.0  # deaf for so long; later by so much
STEP_GAP_S, STEP_S = 12_000.0, 30.0  # of on-board time
LONGEST_WITHOUT_TIME_S = 6_000.0  # after boot: an orbit
SPOILED_GAP_S = 6_000.0  # between two outputs that are no numbers
HOST_GAP_S = 2_400.0
KEPT_W, MOST_W, LEAST_LATCH_W = 8.0, 12.0, 0.5
LATCH_APART_S = 900.0  # longer than a switch is deaf and a rail takes to be cycled
PLAIN_LATCH_W = 7.0  # what the limit of the bus leaves beside a job at full power, drawn 9 % over its table
UNCAPPED_W = (15.0, 42.0)
TEMPERATURES = ("payload_temp", "battery_temp", "radiator_temp", "die_temp")
POWERS = ("battery_power", "payload_power", "bus_power", "array_power")
OF_GUEST = ("payload_temp", "die_temp", "payload_power")  # all that a guest senses and lives on


def kept_w(seed: int) -> float | None:
    """Watts that a mission keeps free on its bus for a latch-up, `guard.power_margin_w`; None: as it comes."""
    return KEPT_W if seed % 2 else None


def misplaced_deg(seed: int) -> float:
    """How far along its orbit the spacecraft is from where it thinks that it is."""
    return float(_stream(seed, 0x9B17).uniform(-PLACE_DEG, PLACE_DEG))


def host_late_s(seed: int) -> float:
    """By how much what the host says arrives late, all flight long: less than the notice of what takes power away."""
    return float(_stream(seed, 0x1A7E).uniform(0.0, 2.0))


def spoiled_s(seed: int, duration_s: float) -> tuple[float, ...]:
    """Times after each of which the next output of the worker is not a number."""
    return tuple(_times(_stream(seed, 0x0A0), SPOILED_GAP_S, duration_s))


def drawn_faults(seed: int, duration_s: float, *, guest: bool = False) -> tuple[Fault, ...]:
    """The faults of one flight in time order. A guest has no rail to cycle and no time to lose."""
    groups = [_sensors(seed, duration_s, guest), _payload(seed, duration_s, guest), _caps(seed, duration_s, guest)]
    if not guest:
        groups += [_rails(seed, duration_s), _clock(seed, duration_s)]
    return tuple(_apart(merge(*groups, key=lambda fault: fault.at_s)))


def drawn_host_events(seed: int, duration_s: float) -> tuple[HostEvent, ...]:
    """What a host does that its guest can only live through, one at a time."""
    rng, free_s, rows = _stream(seed, 0x4057), 0.0, []
    for at_s in _times(rng, HOST_GAP_S, duration_s):
        if at_s > free_s:
            rows += _of_host(rng, at_s)
            free_s = rows[-1].at_s + rows[-1].duration_s + 60.0
    return tuple(rows)


def _apart(faults: Iterable[Fault]) -> Iterator[Fault]:
    """Without the latch-ups that would strike before the one before is over: their watts would add up."""
    clear_s = 0.0
    for fault in faults:
        if fault.kind == "latch_up":
            if fault.at_s < clear_s:
                continue
            clear_s = fault.at_s + LATCH_APART_S
        yield fault


def _stream(seed: int, group: int) -> np.random.Generator:
    return np.random.default_rng([seed, group])


def _times(rng: np.random.Generator, gap_s: float, duration_s: float) -> Iterator[float]:
    at_s = CALM_S
    while (at_s := at_s + float(rng.exponential(gap_s))) < duration_s:
        yield at_s


def _sensors(seed: int, duration_s: float, guest: bool) -> Iterator[Fault]:
    """One at a time, a third of them with a second sensor that says nothing for as long."""
    rng, well_again_s = _stream(seed, 0x5E15), 0.0
    for at_s in _times(rng, SENSOR_GAP_S, duration_s):
        if at_s < well_again_s:
            continue
        fault = _of_sensor(rng, at_s, guest)
        well_again_s = at_s + fault.duration_s
        yield fault
        if rng.random() < 1.0 / 3.0:
            other = [name for name in (OF_GUEST if guest else TEMPERATURES + POWERS) if name != fault.target]
            kind, target = str(rng.choice(("missing", "silent"))), str(rng.choice(other))
            yield Fault(at_s=at_s, kind=kind, target=target, duration_s=fault.duration_s)


def _of_sensor(rng: np.random.Generator, at_s: float, guest: bool) -> Fault:
    is_heat = rng.random() < 0.5
    known = [name for name in (TEMPERATURES if is_heat else POWERS) if not guest or name in OF_GUEST]
    kind, value = (_HEAT if is_heat else _POWER)[int(rng.integers(0, 5))](rng)
    duration_s = float(rng.uniform(20.0, LONGEST_S))  # kelvins, or amperes of a power monitor
    return Fault(at_s=at_s, kind=kind, target=str(rng.choice(known)), duration_s=duration_s, value=value)


def _payload(seed: int, duration_s: float, guest: bool) -> Iterator[Fault]:
    rng = _stream(seed, 0xFA17)
    most_w = PLAIN_LATCH_W if kept_w(seed) is None else MOST_W
    kinds = ["hang", "killed", "restart", "brown_out", "upsets"] + ["latch_up"] * (not guest)
    for at_s in _times(rng, PAYLOAD_GAP_S, duration_s):
        kind = str(rng.choice(kinds))
        if kind == "brown_out":
            yield Fault(at_s=at_s, kind=kind, duration_s=float(rng.uniform(0.5, 60.0)))
        elif kind == "latch_up":
            yield Fault(at_s=at_s, kind=kind, value=float(rng.uniform(LEAST_LATCH_W, most_w)))
        elif kind == "upsets":
            yield Fault(at_s=at_s, kind=kind, target="corrected", value=float(rng.integers(1, 200)))
        else:
            yield Fault(at_s=at_s, kind=kind)


def _caps(seed: int, duration_s: float, guest: bool) -> Iterator[Fault]:
    """The cap does not obey, obeys late, or does and nothing keeps to it, which breaks a guest's grant at once."""
    rng, well_again_s = _stream(seed, 0xCA9), 0.0
    kinds = ("deaf", "sluggish") if guest else ("deaf", "sluggish", "uncapped")
    for at_s in _times(rng, ACTUATOR_GAP_S, duration_s):
        if at_s < well_again_s:
            continue
        kind, lasts_s = str(rng.choice(kinds)), float(rng.uniform(20.0, LONGEST_S))
        well_again_s = at_s + lasts_s
        if kind == "uncapped":
            yield Fault(at_s=at_s, kind=kind, duration_s=lasts_s, value=float(rng.uniform(*UNCAPPED_W)))
        else:
            yield _unruly(rng, at_s, kind, "duty", lasts_s)


def _rails(seed: int, duration_s: float) -> Iterator[Fault]:
    """The rail's switch does not obey, or obeys late, and half of the time just when it is needed."""
    rng, well_again_s = _stream(seed, 0x2A11), 0.0
    for at_s in _times(rng, ACTUATOR_GAP_S, duration_s):
        if at_s < well_again_s:
            continue
        lasts_s = float(rng.uniform(20.0, LONGEST_DEAF_S))
        well_again_s = at_s + lasts_s
        yield _unruly(rng, at_s, str(rng.choice(("deaf", "sluggish"))), "rail", lasts_s)
        if rng.random() < 0.5:
            yield Fault(at_s=at_s, kind="latch_up", value=float(rng.uniform(LEAST_LATCH_W, PLAIN_LATCH_W)))


def _unruly(rng: np.random.Generator, at_s: float, kind: str, target: str, lasts_s: float) -> Fault:
    value = float(rng.uniform(0.5, LATEST_S)) if kind == "sluggish" else 0.0
    return Fault(at_s=at_s, kind=kind, target=target, duration_s=lasts_s, value=value)


def _clock(seed: int, duration_s: float) -> Iterator[Fault]:
    """One flight in four boots without the time; in the others it jumps now and then."""
    rng = _stream(seed, 0x71AE)
    if rng.random() < 0.25:
        yield Fault(at_s=0.0, kind="no_time", duration_s=float(rng.uniform(60.0, LONGEST_WITHOUT_TIME_S)))
        return
    for at_s in _times(rng, STEP_GAP_S, duration_s):
        yield Fault(at_s=at_s, kind="clock_step", value=float(rng.choice((-STEP_S, STEP_S))))


def _of_host(rng: np.random.Generator, at_s: float) -> list[HostEvent]:
    """A grant that runs out, a cut with and without a word, a line pulled for a while."""
    kind, lasts_s = str(rng.choice(("silence", "power_off", "cut", "safing"))), float(rng.uniform(20.0, 600.0))
    if kind == "silence":
        return [HostEvent(at_s=at_s, kind=kind, duration_s=lasts_s)]
    if kind == "safing":
        return [HostEvent(at_s=at_s, kind="safing_on"), HostEvent(at_s=at_s + lasts_s, kind="safing_off")]
    notice_s = float(rng.uniform(10.0, 60.0))
    return [HostEvent(at_s=at_s, kind=kind, notice_s=notice_s), HostEvent(at_s=at_s + lasts_s, kind="power_on")]


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
