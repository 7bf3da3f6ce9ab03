"""The versions of each model on board, and which one is active: durable, and whole after a power cut at any moment.

An upload is checked and copied into the slot that is not active; one atomic write of the state makes it the candidate,
and one more, after its trial, the active version. The factory's package, which came with the flight software and is
never written, is the last resort. A slot counts only while its manifest has the hash that the state holds for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from fsw.infer.package import SHIPPED, Package, PackageError, usable_packages
from fsw.infer.slots import Slots, sha256_of
from fsw.messages import Outcome
from hal.errors import PortError

FACTORY = "factory"
SLOTS = ("a", "b")
TRIES = 2  # trials that the computer may go down in: once can be chance, twice is the model
MAX_MODELS = 32
BLAMED = (Outcome.MODEL_ERROR, Outcome.BAD_OUTPUT, Outcome.TIMEOUT, Outcome.CRASHED)  # what a model can be to blame for

News = tuple[str, tuple[float | int | str, ...]]
"""An event of the dictionary: its name and values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """One model's versions. `a` and `b` are the hashes of the slots' manifests; `probation` counts jobs to go."""

    model: str
    active: str = FACTORY
    previous: str = FACTORY
    candidate: str = ""
    tries: int = 0
    probation: int = 0
    failures: int = 0
    a: str = ""
    b: str = ""

    @property
    def free(self) -> str:
        """The slot that an upload may have."""
        return next(slot for slot in SLOTS if slot != self.active)

    def digest(self, slot: str) -> str:
        """The hash of a slot's manifest; "" where the slot does not count."""
        return {"a": self.a, "b": self.b}.get(slot, "")

    def fallen_back(self) -> Shelved:
        """The previous version active, with nothing behind it but the factory's."""
        return replace(self, active=self.previous, previous=FACTORY, probation=0, failures=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfState:
    """All models that were ever uploaded, by name."""

    models: tuple[Shelved, ...] = ()


class StateFile(Protocol):
    """Where the state is kept: `fsw.store.state.NamedState` in flight."""

    def load(self) -> tuple[ShelfState, Any]:
        """The last value saved, or the default."""
        ...

    def save(self, value: ShelfState) -> None:
        """Make it durable, whole; raises PortError."""
        ...


class Shelf:
    """With `keys` (public, 64 hex digits each) only packages signed by one of them are installed."""

    def __init__(self, slots: Slots, state: StateFile, *, factory: Path = SHIPPED, keys: Sequence[str] = ()) -> None:
        self.slots = slots
        self._file, self._factory, self._keys = state, factory, tuple(keys)
        self._state = state.load()[0]

    def entry(self, model: str) -> Shelved:
        """What is known of a model."""
        return next((row for row in self._state.models if row.model == model), Shelved(model=model))

    def candidates(self) -> list[str]:
        """Models with a version that waits for its trial."""
        return [row.model for row in self._state.models if row.candidate]

    def install(self, model: str) -> Package:
        """Check what is staged, copy it into the free slot and make it the candidate.

        Raises PackageError (SignatureError among them), ConfigError or PortError; the active version stays as it is.
        """
        manifest, octets = self.slots.staged(model)
        known = {row.model for row in self._state.models}
        if model not in known and len(known) >= MAX_MODELS:
            raise PackageError(f"{model}: {MAX_MODELS} models are kept already")
        entry = self.entry(model)
        slot = entry.free
        # Nothing may point to the slot while it is written over.
        past = FACTORY if entry.previous == slot else entry.previous
        self._save(_with(entry, slot, "", candidate="", tries=0, previous=past))
        package = self.slots.fill(slot, manifest, octets)
        if self._keys:
            from fsw.infer.signature import verify  # its library is loaded only where a mission has keys

            verify(package, self._keys)
        self._save(_with(self.entry(model), slot, sha256_of(octets), candidate=slot))
        self.slots.clear(model)
        return package

    def begin_trial(self, model: str) -> Package | None:
        """The candidate, counted as tried; None where there is none that may be tried. Raises PortError."""
        entry = self.entry(model)
        if not entry.candidate or entry.tries >= TRIES:
            return None
        self._save(replace(entry, tries=entry.tries + 1))
        return self.slots.load(model, entry.candidate, entry.digest(entry.candidate))

    def suspend_trial(self, model: str) -> None:
        """The trial was broken off for reasons of ours, and does not count. Raises PortError."""
        entry = self.entry(model)
        self._save(replace(entry, tries=max(0, entry.tries - 1)))

    def accept(self, model: str, probation: int) -> None:
        """Make the candidate active, on probation for so many jobs; the present version is its fall-back."""
        entry = self.entry(model)
        now = replace(entry, active=entry.candidate, previous=entry.active, candidate="", tries=0)
        self._save(replace(now, probation=probation, failures=0))

    def refuse(self, model: str) -> None:
        """Forget the candidate. Raises PortError."""
        self._save(replace(self.entry(model), candidate="", tries=0))

    def judge(self, model: str, outcome: Outcome, allowed: int) -> bool:
        """Count a job of a version on probation; True once more than `allowed` have failed. Raises PortError."""
        entry = self.entry(model)
        if not entry.probation or outcome not in (Outcome.DONE, *BLAMED):
            return False
        failures = entry.failures + (outcome in BLAMED)
        self._save(replace(entry, probation=entry.probation - 1, failures=failures))
        return failures > allowed

    def roll_back(self, model: str) -> Package | None:
        """Make the previous version active; it, or None where no version works. Raises PortError."""
        self._save(self.entry(model).fallen_back())
        return self.open()[0].get(model)

    def open(self) -> tuple[dict[str, Package], list[News]]:
        """The active version of every model, and what there is to tell of others. Never raises for damage."""
        usable, refused = usable_packages(self._factory)
        news: list[News] = [("model_refused", (name, why)) for name, why in refused.items()]
        for row in self._state.models:
            if row.candidate and row.tries >= TRIES:
                news.append(("model_trial_failed", (row.model, f"the computer went down in it {TRIES} times")))
                self._try_save(replace(row, candidate="", tries=0))
            while (entry := self.entry(row.model)).active != FACTORY:
                package = self.slots.load(row.model, entry.active, entry.digest(entry.active))
                if package is not None:
                    usable[row.model] = package
                    break
                news.append(("model_rolled_back", (row.model, entry.previous, "both copies are damaged")))
                self._try_save(entry.fallen_back())
        return usable, news

    def _save(self, entry: Shelved) -> None:
        state = self._with_entry(entry)
        self._file.save(state)
        self._state = state

    def _try_save(self, entry: Shelved) -> None:
        """Save if the disk takes it; what is in memory counts until the next start, which finds the same damage."""
        try:
            self._save(entry)
        except PortError:
            self._state = self._with_entry(entry)

    def _with_entry(self, entry: Shelved) -> ShelfState:
        others = (row for row in self._state.models if row.model != entry.model)
        return ShelfState(models=tuple(sorted((*others, entry), key=lambda row: row.model)))


def _with(entry: Shelved, slot: str, digest: str, **changes: Any) -> Shelved:
    """`entry` with a slot's hash, and other changes."""
    values: dict[str, Any] = {slot: digest, **changes}
    return replace(entry, **values)
