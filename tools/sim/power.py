"""The power of one orbit as an object for JSON and as text."""

from __future__ import annotations

from math import degrees
from typing import Any

import numpy as np

from sim.single import HOUR_S, Single


def answer(flown: Single) -> dict[str, Any]:
    """Eclipse, array, battery, load. `eclipse_s` weighs the penumbra by the hidden part of the Sun."""
    request, light = flown.request, flown.sunlight
    full = light.illumination >= 1.0
    return {
        "altitude_km": request.altitude_km,
        "inclination_deg": degrees(request.inclination_rad),
        "ltan_h": request.ltan_h,
        "date": request.day.isoformat(),
        "lossless": request.is_lossless,
        "period_s": light.period_s,
        "eclipse_s": light.seconds(1.0 - light.illumination),
        "umbra_s": light.seconds((light.illumination <= 0.0).astype(np.float64)),
        "shadow_s": light.seconds((~full).astype(np.float64)),
        "flux_w_m2": float(light.flux_w_m2.mean()),
        "array_peak_w": request.array_m2 * request.efficiency * float((light.flux_w_m2 * light.illumination).max()),
        "array_wh": float(flown.array_w.mean()) * light.period_s / HOUR_S,
        "load_wh": request.load_w * light.period_s / HOUR_S,
        "battery_start_wh": float(flown.stored_wh[0]),
        "battery_min_wh": float(flown.stored_wh.min()),
        "battery_end_wh": float(flown.stored_wh[-1]),
        "unserved_wh": flown.unserved_wh,
        "spilled_wh": flown.spilled_wh,
        "step_s": light.period_s / len(flown.array_w),
    }


def text(found: dict[str, Any]) -> str:
    """The answer for a person at a terminal."""
    battery = "without losses" if found["lossless"] else "with losses"
    return "\n".join(
        [
            f"{found['altitude_km']:g} km, {found['inclination_deg']:.3f} deg, node at {found['ltan_h']:g} h "
            f"local mean time, one orbit from 00:00 UTC of {found['date']}",
            "",
            f"period    {found['period_s']:.2f} s",
            f"eclipse   {found['eclipse_s']:.2f} s; umbra {found['umbra_s']:.1f}, "
            f"with penumbra {found['shadow_s']:.1f}",
            f"array     {found['array_peak_w']:.1f} W at its best, {found['array_wh']:.1f} Wh an orbit "
            f"({found['flux_w_m2']:.1f} W/m2)",
            f"load      {found['load_wh']:.1f} Wh an orbit, {found['unserved_wh']:.1f} of it not served",
            f"battery   {found['battery_start_wh']:.1f} Wh at the start, {found['battery_min_wh']:.1f} at least, "
            f"{found['battery_end_wh']:.1f} at the end, {battery}; {found['spilled_wh']:.1f} Wh not taken",
        ]
    )
