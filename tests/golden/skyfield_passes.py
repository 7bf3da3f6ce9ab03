"""Makes skyfield_passes.json: passes by skyfield, precession by ERFA. Run by hand with sgp4, skyfield and pyerfa there:

python -m tests.golden.skyfield_passes
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sim.orbit import Orbit, OrbitConfig
from sim.radio import Station

GOLDEN = Path(__file__).with_suffix(".json")
# The space station, as in the article "Two-line element set" of Wikipedia: a real one, in a 51.6 degree orbit.
LINES = (
    "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927",
    "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537",
)
STATIONS = (
    Station(name="Maspalomas", latitude_deg=27.7629, longitude_deg=-15.6338, altitude_m=205.0),
    Station(name="Redu", latitude_deg=50.0015, longitude_deg=5.1453, altitude_m=385.0, mask_deg=10.0),
    Station(name="Svalbard", latitude_deg=78.23, longitude_deg=15.39, altitude_m=450.0),
)
J2_EPOCH = datetime(2026, 3, 20, tzinfo=UTC)
HOURS = 48.0


def main() -> None:
    """Write the golden file."""
    import erfa
    from sgp4.api import Satrec
    from skyfield.api import EarthSatellite, load, wgs84
    from skyfield.constants import AU_M
    from skyfield.functions import mxv
    from skyfield.sgp4lib import TEME
    from skyfield.vectorlib import VectorFunction

    scale = load.timescale(builtin=True)

    class Circle(VectorFunction):  # type: ignore[misc]
        """This simulation's orbit, taken as TEME, for skyfield's geometry and event search."""

        center, target = 399, -1
        orbit = Orbit(OrbitConfig(altitude_km=600.0, ltan_h=10.5).elements(J2_EPOCH))

        def _at(self, t: Any) -> Any:
            import numpy as np

            unix_s = np.atleast_1d((t.tt - scale.from_datetime(J2_EPOCH).tt) * 86_400.0)
            places = [self.orbit.place(float(when)) for when in unix_s]
            teme = np.array([(p.x, p.y, p.z) for p in places]).T / AU_M
            rotated = mxv(np.swapaxes(np.atleast_3d(TEME.rotation_at(t)), 0, 1), teme)
            rotated = rotated[:, 0] if np.ndim(t.tt) == 0 else rotated
            return rotated, np.zeros_like(rotated), None, None

    def found(satellite: Any, begin: datetime) -> list[dict[str, Any]]:
        rows = []
        for station in STATIONS:
            ground = wgs84.latlon(station.latitude_deg, station.longitude_deg, elevation_m=station.altitude_m)
            difference = satellite - ground

            def altitude_deg(t: Any, difference: Any = difference) -> Any:
                return difference.at(t).altaz()[0].degrees

            for rise, top, fall in _passes(scale, altitude_deg, station.mask_deg, begin):
                rows.append({"station": station.name, "rise": rise, "top": top[0], "set": fall, "deg": top[1]})
        return rows

    satellite = EarthSatellite(*LINES, ts=scale)
    begin = datetime(2008, 9, 21, tzinfo=UTC)
    raw = Satrec.twoline2rv(*LINES)
    first, second = erfa.cal2jd(2026, 6, 1)
    told = {
        "source": f"skyfield {version('skyfield')} and sgp4 {version('sgp4')} (MIT), pyerfa {version('pyerfa')} (BSD)",
        "made": "2026-11-21",
        "lines": LINES,
        "stations": [asdict(station) for station in STATIONS],
        "hours": HOURS,
        "tle_start_unix_s": begin.timestamp(),
        "tle_passes": found(satellite, begin),
        "tle_states_km": [[minutes, *raw.sgp4_tsince(minutes)[1:]] for minutes in (0.0, 100.0, 1440.0)],
        "j2_start_unix_s": J2_EPOCH.timestamp(),
        "j2_passes": found(Circle(), J2_EPOCH),
        "precession_unix_s": datetime(2026, 6, 1, tzinfo=UTC).timestamp(),
        "precession": erfa.bp06(first, second + 69.184 / 86_400.0)[1].tolist(),
    }
    GOLDEN.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def _passes(scale: Any, altitude_deg: Any, mask_deg: float, begin: datetime) -> Any:
    """Rises, culminations and sets by skyfield's own searches, each to 1 ms; times as Unix seconds."""
    from skyfield.searchlib import find_discrete, find_maxima

    def is_up(t: Any) -> Any:
        return altitude_deg(t) >= mask_deg

    is_up.step_days = 1.0 / 8640.0  # 10 s
    t0, t1 = scale.from_datetime(begin), scale.from_datetime(begin + timedelta(hours=HOURS))
    edges, ups = find_discrete(t0, t1, is_up, epsilon=1e-3 / 86_400.0)
    altitude_deg.step_days = 1.0 / 96.0
    tops, highs = find_maxima(t0, t1, altitude_deg, epsilon=1e-2 / 86_400.0)
    unix = [time.utc_datetime().timestamp() for time in edges]
    for rise, fall, up in zip(unix, unix[1:], ups, strict=False):
        if up:
            inside = [(t.utc_datetime().timestamp(), float(h)) for t, h in zip(tops, highs, strict=True)]
            yield rise, next(row for row in inside if rise <= row[0] <= fall), fall


if __name__ == "__main__":
    main()
