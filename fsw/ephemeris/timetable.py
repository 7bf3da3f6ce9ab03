"""Sun and shadow by a timetable, for a payload that is told when it is dark but not where it flies."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """A shadow of `dark_s` at the beginning of every `period_s`. Times are seconds since `epoch_tai_s` in TAI."""

    period_s: float
    dark_each_s: float
    epoch_tai_s: float
    distance_au: float = field(default=1.0, init=False)

    @property
    def longest_dark_s(self) -> float:
        """All are equally long."""
        return self.dark_each_s

    def is_sunlit(self, tai_s: float) -> bool:
        """True outside the shadow."""
        return self._into_s(tai_s) >= self.dark_each_s

    def dark_s(self, tai_s: float) -> float:
        """Length of the shadow, the same in every period."""
        return self.dark_each_s

    def until_sunset_s(self, tai_s: float) -> float:
        """Seconds to the next shadow; 0 inside it."""
        into_s = self._into_s(tai_s)
        return 0.0 if into_s < self.dark_each_s else self.period_s - into_s

    def until_sunrise_s(self, tai_s: float) -> float:
        """Seconds to the end of the shadow; 0 in the Sun."""
        return max(0.0, self.dark_each_s - self._into_s(tai_s))

    def _into_s(self, tai_s: float) -> float:
        return (tai_s - self.epoch_tai_s) % self.period_s
