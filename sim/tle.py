"""Two-line elements, which mean something only to SGP4: checked on reading, propagated by the package `sgp4`, in TEME.

The axis, eccentricity and angles in a TLE are fitted to SGP4's own theory. They are shown for what they are and enter
no other formula here: a flight takes place and velocity from SGP4 and makes its mean elements of those.

Errors: `TleError` (a ValueError) names line and column; without the package, `MissingSgp4` names the cure.

Source: Vallado, Crawford, Hujsak and Kelso, Revisiting Spacetrack Report #3 (2006), and its columns of the format.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from sim.frames import OfDate, Teme, of_date_from_teme
from sim.orbit import TURN, MeanElements
from sim.osculating import mean_elements, osculating
from sim.sun import DAY_S

LINE_LENGTH = 69
UNIX_EPOCH_JULIAN = 2_440_587.5  # 1970-01-01T00:00 as a Julian date
PIVOT_YEAR = 57  # two digits of a year from here on are of the 1900s: Sputnik's
MINUTE_S = 60.0

T = TypeVar("T")


class TleError(ValueError):
    """Two-line elements that cannot be read or propagated."""


class MissingSgp4(TleError):
    """The package that propagates two-line elements is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "two-line elements need the package sgp4: pip install 'penumbra-fsw[tools]' or pip install sgp4"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tle:
    """Both lines, checked: length, line number, checksum, the same satellite, and the fields shown here."""

    line1: str
    line2: str
    name: str = ""

    def __post_init__(self) -> None:
        for number, line in enumerate((self.line1, self.line2), start=1):
            _check_line(number, line)
        if self.line1[2:7] != self.line2[2:7]:
            raise TleError(f"line 2, column 3: satellite {self.line2[2:7]} is not that of line 1, {self.line1[2:7]}")
        for name in ("epoch_unix_s", "inclination_deg", "node_deg", "eccentricity", "mean_motion_rev_day"):
            getattr(self, name)

    @property
    def satellite(self) -> str:
        """Catalogue number."""
        return self.line1[2:7].strip()

    @property
    def epoch_unix_s(self) -> float:
        year = self._field(1, 19, 20, int, "two digits of a year")
        day = self._field(1, 21, 32, float, "a day of the year")
        first = datetime(year + (1900 if year >= PIVOT_YEAR else 2000), 1, 1, tzinfo=UTC)
        return first.timestamp() + (day - 1.0) * DAY_S

    @property
    def inclination_deg(self) -> float:
        return self._field(2, 9, 16, float, "an inclination in degrees")

    @property
    def node_deg(self) -> float:
        return self._field(2, 18, 25, float, "a right ascension in degrees")

    @property
    def eccentricity(self) -> float:
        return self._field(2, 27, 33, lambda text: float(f"0.{int(text):07d}"), "seven digits of an eccentricity")

    @property
    def mean_motion_rev_day(self) -> float:
        """Kozai's mean motion, as SGP4 wants it."""
        return self._field(2, 53, 63, float, "revolutions a day")

    def _field(self, line: int, first: int, last: int, read: Callable[[str], T], what: str) -> T:
        text = (self.line1, self.line2)[line - 1][first - 1 : last]
        try:
            return read(text)
        except ValueError as error:
            raise TleError(f"line {line}, column {first}: '{text}' is not {what}") from error


def _check_line(number: int, line: str) -> None:
    if len(line) != LINE_LENGTH:
        raise TleError(f"line {number}, column {len(line) + 1}: {len(line)} characters, must be {LINE_LENGTH}")
    for column, character in enumerate(line, start=1):
        if not " " <= character <= "~":
            raise TleError(f"line {number}, column {column}: {character!r} is not printable ASCII")
    if line[:2] != f"{number} ":
        raise TleError(f"line {number}, column 1: begins with '{line[:2]}', must begin with '{number} '")
    wanted = checksum(line)
    if line[-1] != str(wanted):
        raise TleError(f"line {number}, column {LINE_LENGTH}: checksum is {line[-1]}, the line adds up to {wanted}")


def checksum(line: str) -> int:
    """Last digit of the sum of the first 68 columns: digits for themselves, minus signs for 1."""
    return sum(int(c) if c.isdigit() else c == "-" for c in line[: LINE_LENGTH - 1]) % 10


def read_tle(text: str) -> Tle:
    """One satellite from its two lines, or three with a name before them. Raises TleError."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    if len(lines) not in (2, 3):
        raise TleError(f"expected two lines, or a name and two lines, found {len(lines)}")
    name = lines[0].removeprefix("0 ").strip() if len(lines) == 3 else ""
    return Tle(name=name, line1=lines[-2], line2=lines[-1])


class TleOrbit:
    """A satellite by SGP4. Times are seconds since `epoch_unix_s`, by default those of the lines. A `Trajectory`."""

    __slots__ = ("_satellite", "epoch_unix_s", "tle")

    def __init__(self, tle: Tle, epoch_unix_s: float | None = None) -> None:
        self.tle = tle
        self.epoch_unix_s = tle.epoch_unix_s if epoch_unix_s is None else epoch_unix_s
        self._satellite = _satellite(tle)

    @property
    def period_s(self) -> float:
        """From node to node, by SGP4's secular rates at the epoch of the lines."""
        return float(TURN / (self._satellite.mdot + self._satellite.argpdot) * MINUTE_S)

    @property
    def semi_major_axis_km(self) -> float:
        """SGP4's mean axis (Brouwer's, recovered from Kozai's mean motion)."""
        return float(self._satellite.a * self._satellite.radiusearthkm)

    def state(self, time_s: float) -> tuple[Teme, Teme]:
        """Place in metres and velocity in m/s. Raises TleError where SGP4 gives up, as on a decayed orbit."""
        days, seconds = divmod(self.epoch_unix_s + time_s, DAY_S)
        code, place_km, velocity_km_s = self._satellite.sgp4(UNIX_EPOCH_JULIAN + days, seconds / DAY_S)
        if code:
            from sgp4.api import SGP4_ERRORS

            raise TleError(f"SGP4 on satellite {self.tle.satellite}: {SGP4_ERRORS.get(code, f'error {code}')}")
        return Teme(*(1000.0 * part for part in place_km)), Teme(*(1000.0 * part for part in velocity_km_s))

    def place(self, time_s: float) -> OfDate:
        """Position in metres."""
        return of_date_from_teme(self.state(time_s)[0])

    def mean_elements(self, time_s: float = 0.0) -> MeanElements:
        """The mean elements of this simulation at a time. Raises EccentricOrbit where a circle will not do."""
        place, velocity = self.state(time_s)
        unix_s = self.epoch_unix_s + time_s
        return mean_elements(osculating(of_date_from_teme(place), of_date_from_teme(velocity), unix_s))


def _satellite(tle: Tle) -> Any:
    try:
        from sgp4.api import Satrec
    except ImportError as error:
        raise MissingSgp4 from error
    return Satrec.twoline2rv(tle.line1, tle.line2)
