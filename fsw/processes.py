"""The table of processes: one fault domain each, in the order in which they start; they stop in the reverse order.

What a process writes follows from its services: `fsw.bus.topics` names the one writing service of every topic.
"""

from __future__ import annotations

from dataclasses import dataclass

from fsw.bus.topics import (
    COMMAND,
    COMMAND_REPORT,
    CONTACT,
    DOWNLINKED_PDU,
    DURABLE,
    EVENT,
    HOST,
    JOB,
    JOB_ACCEPTED,
    JOB_REPORT,
    ORDER,
    PLANT,
    RECOVERED,
    REPORT,
    RESULT,
    RETRIEVED,
    STORED_COMMAND,
    TOPICS,
    TRIP,
    UPLINKED_PDU,
)
from fsw.bus.wiring import Wiring, wire
from hal.priority import GUARD_PRIORITY

SUPERVISOR = "supervise"  # starts the others; itself started by the system's init, or by a bench


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """One process. It is restarted when it ends or when it goes `watchdog_s` without a completed pass.

    `priority` above 0 is real-time, where the system allows it.
    """

    name: str
    services: tuple[str, ...]
    watchdog_s: float
    about: str
    priority: int = 0


# Watchdogs are ten times the longest pass measured on two busy cores, so that a busy moment is no failure.
PROCESSES: tuple[ProcessSpec, ...] = (
    ProcessSpec(
        name="guard",
        services=("host", "sense", "guard", "account"),
        watchdog_s=3.0,
        about="sensing, bounds, actuators, the worker's lease; no solver, no model library",
        priority=GUARD_PRIORITY,
    ),
    ProcessSpec(
        name="store",
        services=("store", "archive", "account"),
        watchdog_s=15.0,
        about="the recorder and the packet stores: their disk may stall",
    ),
    ProcessSpec(name="control", services=("govern", "account"), watchdog_s=5.0, about="dispatcher, mode, commands"),
    ProcessSpec(name="plan", services=("plan", "account"), watchdog_s=60.0, about="the planner, killable at any time"),
    ProcessSpec(
        name="comms", services=("command", "telemetry", "link", "account"), watchdog_s=5.0, about="the space link"
    ),
    ProcessSpec(
        name="infer",
        services=("intake", "infer", "models", "memory", "account"),
        watchdog_s=15.0,
        about="inputs, orders, model packages, and the worker that alone imports the model library",
    ),
    ProcessSpec(
        name="autonomy",
        services=("schedule", "faults", "account"),
        watchdog_s=15.0,
        about="stored commands and the fault table: both keep their state on the disk",
    ),
    ProcessSpec(name="files", services=("files", "account"), watchdog_s=15.0, about="files up and down"),
)
PROCESS_BY_NAME = {process.name: process for process in PROCESSES}

# By topic, the processes with a must-deliver subscription to it.
KEEPERS: dict[str, tuple[str, ...]] = {
    JOB.name: ("control",),
    RESULT.name: ("control",),
    ORDER.name: ("infer",),
    COMMAND.name: ("control", "store"),
    JOB_ACCEPTED.name: ("store",),
    JOB_REPORT.name: ("store",),
    RECOVERED.name: ("control", "infer", "guard"),
    DURABLE.name: ("control", "comms"),
    STORED_COMMAND.name: ("comms",),
    RETRIEVED.name: ("comms",),
    DOWNLINKED_PDU.name: ("comms",),
}

# By service, the topics that it does not leave waiting until its period is over.
WAKES: dict[str, tuple[str, ...]] = {
    "command": (STORED_COMMAND.name, DURABLE.name),
    "guard": (PLANT.name, HOST.name),
    "govern": (JOB.name, RESULT.name, COMMAND.name, TRIP.name, RECOVERED.name, DURABLE.name),
    "infer": (ORDER.name, TRIP.name, COMMAND.name),
    "models": (TRIP.name, COMMAND.name),
    "memory": (COMMAND.name,),
    "archive": (COMMAND.name,),
    "schedule": (COMMAND.name,),
    "faults": (COMMAND.name, EVENT.name),
    "files": (COMMAND.name, UPLINKED_PDU.name, CONTACT.name),
    "intake": (RECOVERED.name,),
    "telemetry": (
        COMMAND.name,
        COMMAND_REPORT.name,
        EVENT.name,
        REPORT.name,
        RETRIEVED.name,
        DOWNLINKED_PDU.name,
    ),
    "store": (JOB_ACCEPTED.name, JOB_REPORT.name, COMMAND.name, ORDER.name),
}


def wiring() -> Wiring:
    """Who sends what to whom in this deployment."""
    services = {process.name: process.services for process in PROCESSES}
    return wire({**services, SUPERVISOR: (SUPERVISOR,)}, KEEPERS)


def written_by(process: str) -> tuple[str, ...]:
    """The topics that a process may publish, in the order of the table of topics."""
    writers = wiring().writers
    return tuple(topic.name for topic in TOPICS if process in writers[topic.name])
