"""Application process identifiers (CCSDS 133.0-B-2, 4.1.3.3.4). 0 is for time packets, 0x7FF for idle ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApidRow:
    """One application process as the ground sees it."""

    id: int
    name: str
    meaning: str


APIDS: tuple[ApidRow, ...] = (
    ApidRow(0x42, "payload", "commands to, and telemetry from, the payload computer"),
    ApidRow(0, "time", "time packets, ECSS-E-ST-70-41C service 9; without secondary header"),
    ApidRow(0x7FD, "file", "one protocol data unit of CFDP a packet, both ways; without secondary header"),
)

PAYLOAD_APID = APIDS[0].id
TIME_APID = APIDS[1].id
FILE_APID = APIDS[2].id
