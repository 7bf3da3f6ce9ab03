"""How classes of electronic parts answer to particles: upsets, functional interrupts, latch-ups, each with its source.

Rates scale with the local flux of protons above 30 MeV, and a share of each with that of galactic ions over the
magnetic cut-off. Rates a day are those of the mean at 600 km, sun-synchronous (`MEAN_PROTONS_CM2_S`); elsewhere they
follow the map: seven times as many at 1,000 km, a hundred times at 2,000 km.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MEAN_PROTONS_CM2_S = 37.0  # above 30 MeV at 600 km, sun-synchronous, solar minimum, field of the map's epoch
MEAN_GALACTIC_CM2_S = 0.53  # on the same orbit by the cut-off of sim.belts
DAY_S = 86_400.0

Confidence = Literal["cited", "derived", "engineering"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number, where it is from and how good it is."""

    value: float
    source: str
    confidence: Confidence


def _engineering(value: float, source: str) -> Figure:
    return Figure(value=value, source=source, confidence="engineering")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartClass:
    """A class of parts, for one device of it."""

    bits: float
    upset_cm2_per_bit: Figure  # protons above 30 MeV
    uncorrected_share: Figure  # of the upsets: beyond the correction that the class usually has
    interrupts_a_day: Figure  # functional: the device hangs until it is started again
    latch_ups_a_day: Figure
    latch_up_w: Figure  # what one draws until the rail is cycled
    ion_upset_share: Figure  # of the upsets on the orbit of reference
    ion_event_share: Figure  # of interrupts and latch-ups there


_SAA = "97.5 % of SRAM upsets inside the anomaly (Xu et al. 2025): the rest to ions"
_IONS = Figure(value=0.025, source=_SAA, confidence="cited")
_DAYS = "class value: 1e-3 to 1e-2 interrupts and 1e-5 to 1e-3 latch-ups a device and day"
_EVENT_IONS = _engineering(0.2, "interrupts and latch-ups need more charge than an upset; no flight figure found")
_NONE = _engineering(0.0, "on the die of the processor, whose events are counted there")

CLASSES: dict[str, PartClass] = {
    "sram": PartClass(
        bits=6.7e7,
        upset_cm2_per_bit=_engineering(1e-15, "1e-9 to 1e-7 a bit and day at 600 km; old parts 7e-14 (Alsat-1)"),
        uncorrected_share=Figure(
            value=0.014, source="98.6 % of the upsets of Alsat-1 in single bits", confidence="cited"
        ),
        interrupts_a_day=_NONE,
        latch_ups_a_day=_NONE,
        latch_up_w=_NONE,
        ion_upset_share=_IONS,
        ion_event_share=_EVENT_IONS,
    ),
    "dram": PartClass(
        bits=6.9e10,
        upset_cm2_per_bit=_engineering(1e-17, "1e-12 to 1e-10 a bit and day at 600 km; 8 GiB"),
        uncorrected_share=_engineering(0.02, "rows and columns that single-bit correction does not mend"),
        interrupts_a_day=_engineering(1e-3, _DAYS),
        latch_ups_a_day=_engineering(1e-5, _DAYS),
        latch_up_w=_engineering(2.0, "a bank of memory at its supply's limit"),
        ion_upset_share=_IONS,
        ion_event_share=_EVENT_IONS,
    ),
    "nand": PartClass(
        bits=1e12,
        upset_cm2_per_bit=_engineering(3e-19, "1e-13 to 1e-11 a bit and day at 600 km; 128 GB"),
        uncorrected_share=_engineering(1e-3, "page codes mend tens of bits; control errors remain"),
        interrupts_a_day=_engineering(1e-3, _DAYS),
        latch_ups_a_day=_engineering(1e-5, _DAYS),
        latch_up_w=_engineering(2.0, "a flash controller at its supply's limit"),
        ion_upset_share=_IONS,
        ion_event_share=_EVENT_IONS,
    ),
    "logic": PartClass(
        bits=1e6,
        upset_cm2_per_bit=_engineering(1e-17, "flip-flops of a FinFET process, 1e8 of which one in a hundred matters"),
        uncorrected_share=_engineering(1.0, "nothing corrects a flip-flop"),
        interrupts_a_day=_engineering(3e-3, _DAYS),
        latch_ups_a_day=_engineering(1e-4, _DAYS),
        latch_up_w=_engineering(5.0, "a core at its regulator's limit"),
        ion_upset_share=_IONS,
        ion_event_share=_EVENT_IONS,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartConfig:
    """Devices of one class in a payload. What is left out is the class's; `name` tells two entries of a class apart."""

    part: str
    name: str = ""
    count: int = 1
    bits: float | None = None  # a device
    upset_cm2_per_bit: float | None = None
    uncorrected_share: float | None = None
    interrupts_a_day: float | None = None  # a device, at 600 km
    latch_ups_a_day: float | None = None
    latch_up_w: float | None = None

    def __post_init__(self) -> None:
        if self.part not in CLASSES:
            raise ValueError(f"no class {self.part!r} of parts; there are {', '.join(CLASSES)}")
        given = (self.bits, self.upset_cm2_per_bit, self.interrupts_a_day, self.latch_ups_a_day, self.latch_up_w)
        if self.count < 1 or any(value is not None and value < 0.0 for value in given):
            raise ValueError("count must be at least 1, and no rate may be negative")
        if self.uncorrected_share is not None and not 0.0 <= self.uncorrected_share <= 1.0:
            raise ValueError("uncorrected_share must be in 0..1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """Expected events of one kind: cm2 times protons above 30 MeV, and times galactic protons."""

    device: str
    effect: Literal["corrected", "uncorrected", "interrupt", "latch_up"]
    proton_cm2: float
    galactic_cm2: float
    watts: float = 0.0  # of a latch-up


def hazards(config: PartConfig) -> tuple[Hazard, ...]:
    """What can happen to the devices of an entry, without what cannot."""
    part, device = CLASSES[config.part], config.name or config.part
    upsets_cm2 = _given(config.upset_cm2_per_bit, part.upset_cm2_per_bit) * config.count
    upsets_cm2 *= part.bits if config.bits is None else config.bits
    lost = _given(config.uncorrected_share, part.uncorrected_share)
    daily = config.count / DAY_S / MEAN_PROTONS_CM2_S
    interrupts_cm2 = _given(config.interrupts_a_day, part.interrupts_a_day) * daily
    latch_ups_cm2 = _given(config.latch_ups_a_day, part.latch_ups_a_day) * daily
    watts = _given(config.latch_up_w, part.latch_up_w)
    upset_ions, event_ions = part.ion_upset_share.value, part.ion_event_share.value
    found = (
        _hazard(device, "corrected", upsets_cm2 * (1.0 - lost), upset_ions),
        _hazard(device, "uncorrected", upsets_cm2 * lost, upset_ions),
        _hazard(device, "interrupt", interrupts_cm2, event_ions),
        _hazard(device, "latch_up", latch_ups_cm2, event_ions, watts),
    )
    return tuple(hazard for hazard in found if hazard.proton_cm2 > 0.0)


def _given(value: float | None, figure: Figure) -> float:
    return figure.value if value is None else value


def _hazard(
    device: str,
    effect: Literal["corrected", "uncorrected", "interrupt", "latch_up"],
    cm2: float,
    ion_share: float,
    watts: float = 0.0,
) -> Hazard:
    """`cm2` is the whole rate in the mean over the mean flux; the ions' part of it follows the cut-off instead."""
    return Hazard(
        device=device,
        effect=effect,
        proton_cm2=cm2 * (1.0 - ion_share),
        galactic_cm2=cm2 * ion_share * MEAN_PROTONS_CM2_S / MEAN_GALACTIC_CM2_S,
        watts=watts,
    )
