"""The fault table that a mission flies with until the ground changes it.

The guard acts first, at the mission's own limits; what stands here is beyond them, where the guard must have failed.
Silence of a guarded channel is the guard's to extrapolate, so only a silence that outlasts its repair counts here.
"""

from __future__ import annotations

from fsw.carried import carry
from fsw.faults.responses import Response
from fsw.faults.table import FaultState
from fsw.faults.watchpoint import Watchpoint
from fsw.mission import Mission

FIRST_COUNT = 0x3F00  # sequence counts of the packets here: the highest, which a ground system reaches last
SILENCE_S = 900.0  # three times the longest outage of a sensor that flight software has to live with
OVER_C = 3.0  # beyond a limit: over what sensors and the guard's models are off by
OVER_SHARE = 0.10  # of the bus limit: over the guard's allowance for a job that draws more than it declared
UNDER_SOC = 0.05  # below the floor: five times the error of the gauge
COLD_C = -5.0  # no lithium cell is charged below freezing; the heater has failed by then


def default_table(mission: Mission) -> FaultState:
    """Watchpoints and responses for one mission, all enabled."""
    return FaultState(
        watchpoints=(*_payload(mission), *(_battery(mission) if mission.battery else ())),
        responses=tuple(
            Response(event=event, packet=carry(command, arguments, FIRST_COUNT + place), enabled=True)
            for place, (event, command, arguments) in enumerate(_RULES)
        ),
    )


# Jobs are held where to stop working is enough and ends as soon as the ground has looked; SAFE is for what goes on
# without work. A degraded store is told with the whole account, while it can still be told.
_RULES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("payload_too_hot", "hold_jobs", ()),
    ("bus_overloaded", "hold_jobs", ()),
    ("battery_too_hot", "set_mode", ("SAFE",)),
    ("battery_too_low", "set_mode", ("SAFE",)),
    ("service_failed", "set_mode", ("SAFE",)),
    ("store_degraded", "dump_counts", ()),
)


def _payload(mission: Mission) -> tuple[Watchpoint, ...]:
    return (
        Watchpoint(
            number=1,
            parameter="payload_temp_c",
            repetitions=3,
            high=mission.limits.payload_temp_c + OVER_C,
            high_event="payload_too_hot",
            age_limit_s=SILENCE_S,
            hysteresis=2.0 * OVER_C,
            enabled=True,
        ),
        Watchpoint(
            number=2,
            parameter="services_silent",
            repetitions=2,
            high=0.5,
            high_event="services_quiet",
            enabled=True,
        ),
    )


def _battery(mission: Mission) -> tuple[Watchpoint, ...]:
    limits, floor_soc = mission.limits, mission.battery.floor_soc if mission.battery else 0.0
    return (
        Watchpoint(
            number=3,
            parameter="battery_temp_c",
            repetitions=5,
            low=COLD_C,
            low_event="battery_too_cold",
            high=limits.battery_temp_c + OVER_C,
            high_event="battery_too_hot",
            hysteresis=OVER_C,
            enabled=True,
        ),
        Watchpoint(
            number=4,
            parameter="soc",
            repetitions=5,
            low=floor_soc - UNDER_SOC,
            low_event="battery_too_low",
            hysteresis=UNDER_SOC,
            enabled=True,
        ),
        Watchpoint(
            number=5,
            parameter="bus_power_w",
            repetitions=10,
            high=limits.bus_power_w * (1.0 + OVER_SHARE),
            high_event="bus_overloaded",
            hysteresis=limits.bus_power_w * OVER_SHARE,
            enabled=True,
        ),
    )
