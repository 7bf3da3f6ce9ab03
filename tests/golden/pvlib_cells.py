"""I-V curves solved by pvlib (BSD licence): the oracle behind `pvlib_cells.json`.

Run as a program it writes that file anew: python tests/golden/pvlib_cells.py. It needs the package pvlib and nothing of
Penumbra. Two kinds of case. `ideal`: a single diode without resistances, whose peak and open circuit pvlib finds by the
Lambert W function and Bishop's method; Penumbra's four points follow from the same diode and must give the same curve.
`real`: a diode with series and shunt resistance, which the four-parameter form can only approximate.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).with_suffix(".json")
INFINITE_OHM = float("inf")  # pvlib then takes its explicit forms; a large number loses all digits
SUNS = (1.0, 0.5, 0.1)
POINTS = 21
# photocurrent A, saturation current A, series ohm, shunt ohm, n N_s V_th in V
CASES: dict[str, tuple[float, float, float, float, float]] = {
    "ideal triple junction": (0.5196, 1e-15, 0.0, INFINITE_OHM, 0.079),
    "ideal silicon": (6.3, 3e-12, 0.0, INFINITE_OHM, 0.0259),
    "ideal perovskite": (2.97, 5e-13, 0.0, INFINITE_OHM, 0.039),
    "real triple junction": (0.5196, 2e-16, 0.04, 4_000.0, 0.0755),
    "real silicon": (6.3, 3e-12, 0.0025, 60.0, 0.0259),
}


def solve(light_a: float, dark_a: float, series_ohm: float, shunt_ohm: float, scale_v: float) -> dict[str, Any]:
    """The four points and `POINTS` of the curve from short to open circuit."""
    import numpy as np
    from pvlib import pvsystem

    points = pvsystem.singlediode(light_a, dark_a, series_ohm, shunt_ohm, scale_v)
    volts = np.linspace(0.0, float(points["v_oc"]), POINTS)
    amperes = pvsystem.i_from_v(volts, light_a, dark_a, series_ohm, shunt_ohm, scale_v)
    return {
        **{name: float(points[name]) for name in ("i_sc", "v_oc", "i_mp", "v_mp", "p_mp")},
        "volts": volts.tolist(),
        "amperes": np.asarray(amperes).tolist(),
    }


def main() -> None:
    """Write the golden file."""
    cases = {
        f"{name}, {sun:g} suns": {"suns": sun, **solve(sun * values[0], *values[1:])}
        for name, values in CASES.items()
        for sun in (SUNS if name.startswith("ideal") else SUNS[:1])
    }
    told = {
        "source": f"pvlib {version('pvlib')} (BSD-3-Clause), pvsystem.singlediode and i_from_v",
        "made": datetime.now(UTC).date().isoformat(),
        "cases": cases,
    }
    GOLDEN.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
