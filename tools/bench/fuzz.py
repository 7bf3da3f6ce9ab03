"""`penumbra bench fuzz`: mutated and random octets to every entrance; nothing may escape, and every reject is counted.

An escape is an exception that leaves an entrance. A reject is an input without effect. `rejects_counted` are those at
which the entrance's own counters went up: both numbers must be equal. Inputs depend on `seed` alone: runs of as many
inputs are the same. `grown_bytes` is how much more memory the process holds than after the first tenth of the run.
"""

from __future__ import annotations

import gc
import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tools.bench.fuzz_entrances import Entrance, FileUnits, GroundTelemetry, Telecommands, TelemetryFrames
from tools.bench.fuzz_guided import corpus_of
from tools.bench.fuzz_link import BusMessages, SecuredLink
from tools.bench.fuzz_services import Services

ENTRANCES: dict[str, Callable[[], Entrance]] = {
    "telecommands": Telecommands,
    "telemetry": GroundTelemetry,
    "telemetry_frames": TelemetryFrames,
    "files": FileUnits,
    "packets+mac": lambda: SecuredLink("packets+mac"),
    "frames": lambda: SecuredLink("frames"),
    "frames+sdls": lambda: SecuredLink("frames+sdls"),
    "bus": BusMessages,
    "services": Services,
}
GUIDED = 1 / 3  # of the time, for the search for seeds
ROUND = 250  # inputs to one entrance before it is the next one's turn
FEWER = {"bus": 100, "services": 50}  # where an input takes several times as long
WARM_UP = 0.1  # of the run: caches and pools are filled by then
LONGEST = 2048  # octets of an input; more says nothing new
EXAMPLES = 5  # of escapes and uncounted rejects, in the result
SOUND, CHANGED, NOISE = 0.5, 0.8, 0.1  # shares: made sound; of those, changed before; of the others, not from a seed
INTERESTING = bytes((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
Progress = Callable[[float], object]


@dataclass(slots=True)
class Tally:
    """What became of the inputs to one entrance."""

    inputs: int = 0
    escapes: int = 0
    rejects: int = 0
    rejects_counted: int = 0
    examples: list[str] = field(default_factory=list)

    def note(self, text: str, octets: bytes) -> None:
        """Keep the first few of a kind."""
        if sum(example.startswith(text[:8]) for example in self.examples) < EXAMPLES:
            self.examples.append(f"{text}: {octets.hex()}")


class Mutator:
    """Makes inputs from seeds: one change or a few, two seeds joined, or noise; then and again made sound."""

    def __init__(self, entrance: Entrance, more: Sequence[bytes], source: random.Random) -> None:
        self._seeds, self._inner = (*entrance.seeds, *more), entrance.inner
        self._repair, self._random = entrance.repair, source

    def next(self) -> bytes:
        """One more input."""
        roll = self._random.random
        if roll() < SOUND:
            return self._repair(self._mutated(self._inner) if roll() < CHANGED else self._one_of(self._inner))
        if roll() < NOISE:
            return self._random.randbytes(int(roll() * 80))
        return self._mutated(self._seeds)

    def _one_of(self, seeds: Sequence[bytes]) -> bytes:
        return seeds[int(self._random.random() * len(seeds))]

    def _mutated(self, seeds: Sequence[bytes]) -> bytes:
        roll, octets = self._random.random, bytearray(self._one_of(seeds))
        for _ in range(1 + int(roll() ** 3 * 6)):
            kind, place = int(roll() * 8), int(roll() * (len(octets) + 1))
            if kind < 3 and place < len(octets):
                octets[place] ^= 1 << int(roll() * 8)
            elif kind == 3 and place < len(octets):
                octets[place] = INTERESTING[int(roll() * len(INTERESTING))]
            elif kind == 4:
                octets[place:place] = self._random.randbytes(1 + int(roll() * 4))
            elif kind == 5:
                del octets[place : place + 1 + int(roll() * 8)]
            elif kind == 6:
                other = self._one_of(seeds)
                octets[place:] = other[int(roll() * len(other)) :]
            elif kind == 7:
                octets += octets[place:]
        return bytes(octets[:LONGEST])


class Campaign:
    """All entrances in turn, in one process."""

    def __init__(self, seed: int, names: Sequence[str], corpus: dict[str, Sequence[bytes]]) -> None:
        self._entrances = {name: ENTRANCES[name]() for name in names}
        self.tallies = {name: Tally() for name in names}
        self._mutators = {
            name: Mutator(entrance, corpus.get(name, ()), random.Random(f"{seed} {name}"))
            for name, entrance in self._entrances.items()
        }
        self._warm_bytes = 0

    def run(self, share: Callable[[int], float], progress: Progress) -> int:
        """Until `share` of the inputs made is 1; gives by how many octets the process has grown."""
        done, is_warm = 0, False
        while (part := share(done)) < 1.0:
            for name in self._entrances:
                done += self._round(name)
            progress(part)
            if not is_warm and part >= WARM_UP:
                is_warm, self._warm_bytes = True, resident_bytes()
        return max(0, resident_bytes() - self._warm_bytes) if is_warm else 0

    def close(self) -> None:
        for entrance in self._entrances.values():
            entrance.close()

    def _round(self, name: str) -> int:
        """Some inputs to one entrance; how many."""
        inputs = FEWER.get(name, ROUND)
        entrance, tally, mutator = self._entrances[name], self.tallies[name], self._mutators[name]
        for _ in range(inputs):
            octets = mutator.next()
            before = entrance.counted()
            tally.inputs += 1
            try:
                has_effect = entrance.feed(octets)
            except Exception as error:  # whatever it is: that is what we look for
                tally.escapes += 1
                tally.note(f"{type(error).__name__} {error}", octets)
                continue
            is_counted = entrance.counted() > before
            tally.rejects += is_counted or has_effect is False
            tally.rejects_counted += is_counted
            if has_effect is False and not is_counted:
                tally.note("uncounted", octets)
        return inputs


def run(
    seconds: float,
    seed: int,
    workers: int = 1,
    inputs: int | None = None,
    only: Sequence[str] = (),
    progress: Progress = lambda part: None,
    guided: bool = False,
) -> dict[str, Any]:
    """For `seconds`, or for about `inputs` in all; the JSON object of the bench.

    With `guided` atheris looks for more seeds first, for a third of `seconds`.
    """
    names = tuple(only) or tuple(ENTRANCES)
    corpus = corpus_of(names, GUIDED * seconds, seed) if guided else {}
    start = time.perf_counter()
    share = None if inputs is None else inputs / workers
    left_s = seconds * (1.0 - GUIDED) if guided else seconds
    jobs = [(left_s, seed + number, share, names, corpus) for number in range(workers)]
    if workers == 1:
        results = [_campaign(*jobs[0], progress)]
    else:
        with ProcessPoolExecutor(workers - 1, mp_context=get_context("spawn")) as pool:
            others = [pool.submit(_campaign, *job) for job in jobs[1:]]
            results = [_campaign(*jobs[0], progress), *(other.result() for other in others)]
    return {**_summary(results, names, seed, time.perf_counter() - start), "guided": guided}


def resident_bytes() -> int:
    """Memory of this process, after what is garbage is gone; 0 where the system does not tell."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _campaign(
    seconds: float,
    seed: int,
    inputs: float | None,
    names: Sequence[str],
    corpus: dict[str, Sequence[bytes]],
    progress: Progress = lambda part: None,
) -> tuple[dict[str, Tally], int]:
    campaign = Campaign(seed, names, corpus)
    start = time.perf_counter()

    def share(done: int) -> float:
        return done / inputs if inputs is not None else (time.perf_counter() - start) / seconds

    try:
        grown = campaign.run(share, progress)
    finally:
        campaign.close()
    return campaign.tallies, grown


def _summary(
    results: list[tuple[dict[str, Tally], int]], names: Sequence[str], seed: int, wall_s: float
) -> dict[str, Any]:
    figures = ("inputs", "escapes", "rejects", "rejects_counted")
    by_entrance = {
        name: {figure: sum(getattr(tallies[name], figure) for tallies, _ in results) for figure in figures}
        for name in names
    }
    totals = {figure: sum(rows[figure] for rows in by_entrance.values()) for figure in figures}
    examples = [f"{name}: {text}" for tallies, _ in results for name in names for text in tallies[name].examples]
    return {
        **totals,
        "grown_bytes": max(grown for _, grown in results),
        "inputs_per_s": round(totals["inputs"] / wall_s),
        "seed": seed,
        "workers": len(results),
        "entrances": by_entrance,
        "examples": examples[: 4 * EXAMPLES],
    }
