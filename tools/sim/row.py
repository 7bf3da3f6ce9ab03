"""One comparison of the physics with a number from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

OK, OFF, SKIP = "ok", "off", "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was expected, by whom, and what came out. `tolerance` is absolute; a skipped row says why."""

    section: str
    name: str
    source: str
    unit: str = ""
    expected: float | None = None
    got: float | None = None
    tolerance: float = 0.0
    reason: str = ""

    @property
    def status(self) -> str:
        """`ok` inside the tolerance, `off` outside, `skip` where nothing could be compared."""
        if self.expected is None or self.got is None:
            return SKIP
        return OK if abs(self.got - self.expected) <= self.tolerance else OFF


def skipped(section: str, name: str, source: str, reason: str) -> Row:
    """A row whose inputs are not to be had here."""
    return Row(section=section, name=name, source=source, reason=reason)
