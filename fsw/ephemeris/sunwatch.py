"""Sun and shadow as forecast, held against what the array shows; when they differ, what was seen decides.

A forecast can be wrong because time was never set, because it was set wrongly, or because the orbit's elements are old.
All three move its edges, and the array shows the true ones. So:

    TRUSTED --light differs from the forecast for longer than the margin--> SEEN
    SEEN --a whole shadow as long as forecast, or a whole orbit that agrees--> TRUSTED, shifted onto what was seen

Without the time it stays in SEEN. There a sunset may come at any moment, and the longest shadow that the altitude
allows with it, until a whole orbit has been watched; from then on the last orbit is expected to repeat itself.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from fsw.ephemeris.contract import Sunlight

LIT_SHARE = 0.08  # of the array's full power: over the monitors' offsets, under any array that still points at all
AGREES_S = 40.0  # between a shadow's length as seen and as forecast: two penumbras and two looks of ten seconds
DEAD_BAND_S = 15.0  # a smaller shift is within the flattening of the Earth and the width of the penumbra
GAP_S = 30.0  # without a look for longer, an edge may have passed unseen
STEP_S = 1.0  # a larger change of time against the monotonic clock is a step, not drift
WATCHED = 1.1  # orbits that must have been watched before the last one is expected to repeat itself


@dataclass(frozen=True, slots=True)
class Ahead:
    """Sunset and sunrise to count on, in seconds: the next sunset no later, the end of its night no earlier.

    `until_sunset_s` is 0 where it is night or may be at any moment. `dark_s` is the length of the next night.
    """

    until_sunset_s: float
    until_sunrise_s: float
    dark_s: float


class Sunwatch:
    """One forecast, watched. Monotonic seconds `now_s`; `tai_s` is None while the time is not known.

    `sigma_s` is what the forecast's edges may be off by when it was made; a shadow seen whole makes it 0.
    """

    def __init__(self, forecast: Sunlight, margin_s: float, sigma_s: float = 0.0) -> None:
        self._forecast, self._margin_s, self._sigma_s = forecast, margin_s, sigma_s
        self._shift_s = 0.0  # added to the time told before the forecast is asked
        self._is_anchored = False
        self._offset_s: float | None = None  # time told less monotonic time
        self._lit: bool | None = None
        self._looked_s = 0.0
        self._watched_s: float | None = None  # since when without a gap
        self._dark_s: float | None = None  # when the present shadow began
        self._is_whole = False  # its beginning was seen
        self._odd_s: float | None = None
        self._agreed_s: float | None = None
        self._nights: deque[tuple[float, float]] = deque(maxlen=8)  # beginning and length
        self.is_trusted = True

    @property
    def margin_s(self) -> float:
        """What an edge of the forecast may be off by."""
        return self._margin_s + self._sigma_s

    def told_s(self, tai_s: float) -> float:
        """The time at which to ask the forecast."""
        return tai_s + self._shift_s

    def is_sunlit(self, tai_s: float | None) -> bool:
        """Light now: by the forecast while it is trusted, else as seen, and by neither the Sun."""
        if tai_s is not None and (self.is_trusted or self._lit is None):
            return self._forecast.is_sunlit(self.told_s(tai_s))
        return self._lit is not False

    def see(self, now_s: float, tai_s: float | None, lit: bool | None) -> None:
        """One look: whether the array shows the Sun; None where no sensor says."""
        self._follow_time(now_s, tai_s)
        if lit is None:
            if now_s - self._looked_s > GAP_S:
                self._lit = self._watched_s = self._odd_s = self._agreed_s = None
            return
        if self._watched_s is None or now_s - self._looked_s > GAP_S:
            self._watched_s, self._lit = now_s, None
        self._looked_s = now_s
        if lit != self._lit:
            self._pass_edge(now_s, tai_s, lit)
        if tai_s is not None:
            self._compare(now_s, lit, self._forecast.is_sunlit(self.told_s(tai_s)))

    def ahead(self, now_s: float, tai_s: float | None) -> tuple[Ahead, ...]:
        """What must be counted on: every one of these, the worst of them in what it is worst in."""
        if tai_s is None:
            return (self._seen(now_s),)
        told = self._told(self.told_s(tai_s))
        return (told,) if self.is_trusted else (told, self._seen(now_s))

    def _told(self, told_s: float) -> Ahead:
        """By the forecast. The night is longer by the margin at both of its ends: in the penumbra of a sunrise the
        array's reading says nothing of the day to come."""
        forecast, margin_s = self._forecast, self.margin_s
        sunset_s, dark_s = forecast.until_sunset_s(told_s), forecast.dark_s(told_s)
        longer_s = dark_s + 2.0 * margin_s
        if sunset_s <= 0.0:
            return Ahead(0.0, forecast.until_sunrise_s(told_s) + margin_s, longer_s)
        risen_s = forecast.period_s - dark_s - sunset_s
        if dark_s > 0.0 and risen_s < margin_s:
            return Ahead(0.0, margin_s - max(0.0, risen_s), longer_s)
        return Ahead(max(0.0, sunset_s - margin_s), dark_s + sunset_s + margin_s, longer_s)

    def _seen(self, now_s: float) -> Ahead:
        """By what was seen alone."""
        night = self._last_night(now_s)
        dark_s = self._forecast.longest_dark_s if night is None else night[1]
        longer_s = dark_s + 2.0 * self._margin_s
        if self._lit is not True:
            begun_s = now_s if self._dark_s is None else self._dark_s
            return Ahead(0.0, max(self._margin_s, longer_s - (now_s - begun_s)), longer_s)
        until_s = 0.0 if night is None else max(0.0, night[0] + self._forecast.period_s - now_s - self._margin_s)
        return Ahead(until_s, until_s + longer_s, longer_s)

    def _last_night(self, now_s: float) -> tuple[float, float] | None:
        """The longest shadow of the last orbit, whole or cut short by nothing but our look; (now, 0) where there was
        none. None before an orbit was watched."""
        reach_s = WATCHED * self._forecast.period_s
        if self._watched_s is None or now_s - self._watched_s < reach_s:
            return None
        nights = [night for night in self._nights if night[0] >= now_s - reach_s]
        return max(nights, key=lambda night: night[1], default=(now_s, 0.0))

    def _follow_time(self, now_s: float, tai_s: float | None) -> None:
        """A step of the time moves the forecast: what was seen holds it in place, else it may be off by as much."""
        if tai_s is None:
            self.is_trusted, self._offset_s, self._agreed_s = False, None, None
            return
        offset_s = tai_s - now_s
        if self._offset_s is None:
            self.is_trusted, self._odd_s = True, None
        elif abs(step_s := offset_s - self._offset_s) > STEP_S:
            if self._is_anchored:
                self._shift_s -= step_s
            else:
                self._sigma_s = min(self._sigma_s + abs(step_s), self._forecast.period_s)
        self._offset_s = offset_s

    def _pass_edge(self, now_s: float, tai_s: float | None, lit: bool) -> None:
        was_lit, self._lit = self._lit, lit
        if not lit:
            self._dark_s, self._is_whole = now_s, was_lit is True
            return
        if self._dark_s is not None and was_lit is False:
            length_s = now_s - self._dark_s
            self._nights.append((self._dark_s, length_s))
            if self._is_whole and tai_s is not None:
                self._match(tai_s, length_s)
        self._dark_s = None

    def _match(self, tai_s: float, length_s: float) -> None:
        """A whole shadow has ended now: if it is the one forecast, its middle says where the forecast belongs."""
        forecast, told_s = self._forecast, self.told_s(tai_s)
        longer_s = length_s - forecast.dark_s(told_s)
        if abs(longer_s) > AGREES_S:
            return
        sunset_s = forecast.until_sunset_s(told_s)
        ahead_s = forecast.until_sunrise_s(told_s)
        if sunset_s > 0.0:
            risen_s = forecast.period_s - forecast.dark_s(told_s) - sunset_s
            ahead_s = -risen_s if risen_s < 0.5 * forecast.period_s else forecast.period_s - risen_s
        off_s = ahead_s - 0.5 * longer_s
        if abs(off_s) > DEAD_BAND_S:
            self._shift_s += off_s
        self._sigma_s, self._is_anchored = 0.0, True
        self.is_trusted, self._odd_s = True, None

    def _compare(self, now_s: float, lit: bool, says_lit: bool) -> None:
        if lit == says_lit:
            self._odd_s = None
            self._agreed_s = now_s if self._agreed_s is None else self._agreed_s
            if now_s - self._agreed_s > self._forecast.period_s:
                self.is_trusted = True
            return
        self._odd_s = now_s if self._odd_s is None else self._odd_s
        if now_s - self._odd_s > self.margin_s:
            self.is_trusted, self._agreed_s = False, None


def shows_sun(full_w: float, array_w: float | None, bus_w: float | None, battery_w: float | None) -> bool | None:
    """Whether the array gives power, by its own monitor and by what bus and battery leave to it; None where neither
    can be read. Both must agree on light: one monitor that is stuck does not turn a night into a day."""
    readings = [] if array_w is None else [array_w]
    if bus_w is not None and battery_w is not None:
        readings.append(bus_w - battery_w)
    return min(readings) > LIT_SHARE * full_w if readings else None
