"""The table of topics: type, the one service that writes it, and its nominal period (0: on event)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from fsw import messages as m

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Topic(Generic[T]):
    """One kind of message. `writer` "any" is for topics that every service may write."""

    name: str
    type: type[T]
    writer: str
    period_s: float


SAMPLES = Topic("samples", m.SampleBatch, "sense", 1.0)
PLANT = Topic("plant", m.Plant, "sense", 1.0)
HOST = Topic("host", m.HostStatus, "host", 1.0)
HOST_REPORT = Topic("host_report", m.HostReport, "govern", 10.0)
ENVELOPE = Topic("envelope", m.Envelope, "guard", 1.0)
TRIP = Topic("trip", m.Trip, "guard", 0.0)
BACKLOG = Topic("backlog", m.Backlog, "govern", 60.0)
POINTS = Topic("points", m.LearntPoints, "govern", 60.0)
PRICES = Topic("prices", m.Prices, "plan", 300.0)
JOB = Topic("job", m.Job, "any", 0.0)  # from the intake and from telecommands
JOB_ACCEPTED = Topic("job_accepted", m.Job, "govern", 0.0)
JOB_REPORT = Topic("job_report", m.JobReport, "govern", 0.0)
ORDER = Topic("order", m.WorkOrder, "govern", 0.0)
RESULT = Topic("result", m.WorkResult, "infer", 0.0)
DECISION = Topic("decision", m.Decision, "govern", 0.0)
MODE = Topic("mode", m.ModeStatus, "govern", 0.0)
QUEUE = Topic("queue", m.QueueStatus, "govern", 1.0)
COMMAND = Topic("command", m.Command, "command", 0.0)
COMMAND_REPORT = Topic("command_report", m.CommandReport, "any", 0.0)
PARAMETER = Topic("parameter", m.ParameterSet, "any", 0.0)  # by command, and what it implies
EVENT = Topic("event", m.Event, "any", 0.0)
HEARTBEAT = Topic("heartbeat", m.Heartbeat, "any", 10.0)
BUS_STATUS = Topic("bus_status", m.BusStatus, "any", 10.0)
DURABLE = Topic("durable", m.Durable, "store", 0.0)
RECOVERED = Topic("recovered", m.RecoveredJobs, "store", 0.0)
REPORT = Topic("report", m.Report, "any", 0.0)
STORED_COMMAND = Topic("stored_command", m.StoredCommand, "any", 0.0)
UPLINKED_PDU = Topic("uplinked_pdu", m.FilePdu, "command", 0.0)
DOWNLINKED_PDU = Topic("downlinked_pdu", m.FilePdu, "files", 0.0)
PACKET = Topic("packet", m.TelemetryPacket, "telemetry", 0.0)
RETRIEVED = Topic("retrieved", m.TelemetryPacket, "archive", 0.0)
CONTACT = Topic("contact", m.Contact, "telemetry", 0.0)

TOPICS: tuple[Topic[object], ...] = tuple(value for value in list(vars().values()) if isinstance(value, Topic))
