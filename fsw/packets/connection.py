"""Service 17, test: are you alive [17,1], I am [17,2]. Neither has data. Source: ECSS-E-ST-70-41C, service 17."""

from __future__ import annotations

from fsw.packets.pus import ACK_ALL, Telecommand

SERVICE = 17
ARE_YOU_ALIVE = 1
ALIVE = 2


def are_you_alive(apid: int, sequence: int, ack: int = ACK_ALL, source: int = 0) -> Telecommand:
    """The telecommand that asks a process for a sign of life.

    >>> are_you_alive(apid=0x42, sequence=5).pack().hex()
    '1842c00500062f110100009d76'
    """
    return Telecommand(apid, sequence, SERVICE, ARE_YOU_ALIVE, b"", ack, source)
