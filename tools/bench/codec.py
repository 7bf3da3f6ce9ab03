"""Packets a second: ours one by one, spacepackets beside them where it is installed, and NumPy on a million at once.

One packet is made as its object and packed, or unpacked to its object with every check. Telecommands carry 32 octets,
telemetry is 200 octets long. The codecs take turns, and the best turn of each counts: what else the machine does
slows a turn down and never speeds it up.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable
from typing import Any

from fsw.catalogue.structures import STRUCTURE_BY_NAME
from fsw.catalogue.wire import encode_structure
from fsw.packets.cuc import Cuc
from fsw.packets.housekeeping import HousekeepingReport
from fsw.packets.pus import TM_OVERHEAD, Telecommand, Telemetry
from hal.clock import SECOND_NS, MonotonicClock
from tools.ground.bulk import BulkDecoder

TURNS = 15
PACKETS_A_TURN = 2000
BULK_PACKETS = 1_000_000
BULK_STRUCTURE = "power"
APID, SEQUENCE = 0x42, 5
TC_DATA, TM_DATA = bytes(range(32)), bytes(200 - TM_OVERHEAD)
TIME = Cuc(0x30000000, 0x800000)
STAMP = TIME.pack()
Action = Callable[[], object]


def run(turns: int = TURNS, bulk_packets: int = BULK_PACKETS) -> dict[str, Any]:
    """Rates by name; `bulk_decode_per_cpu_s` is what one core does, whatever else runs on the machine."""
    command = Telecommand(APID, SEQUENCE, 8, 1, TC_DATA).pack()
    report = Telemetry(APID, SEQUENCE, 3, 25, TIME, TM_DATA).pack()
    actions = _ours(command, report)
    if importlib.util.find_spec("spacepackets") is not None:
        actions |= {f"spacepackets_{name}": action for name, action in _theirs(command, report).items()}
    best = dict.fromkeys(actions, 0.0)
    for _ in range(turns):
        for name, action in actions.items():
            best[name] = max(best[name], _rate(action))
    return {f"{name}_per_s": round(rate) for name, rate in best.items()} | _bulk(bulk_packets)


def _ours(command: bytes, report: bytes) -> dict[str, Action]:
    return {
        "tc_pack": lambda: Telecommand(APID, SEQUENCE, 8, 1, TC_DATA).pack(),
        "tc_unpack": lambda: Telecommand.unpack(command),
        "tm_pack": lambda: Telemetry(APID, SEQUENCE, 3, 25, TIME, TM_DATA).pack(),
        "tm_unpack": lambda: Telemetry.unpack(report),
    }


def _theirs(command: bytes, report: bytes) -> dict[str, Action]:
    from spacepackets.ecss.tc import PusTc
    from spacepackets.ecss.tm import PusTm

    head = {"apid": APID, "seq_count": SEQUENCE}
    return {
        "tc_pack": lambda: PusTc(service=8, message_subtype=1, app_data=TC_DATA, **head).pack(),
        "tc_unpack": lambda: PusTc.unpack(command),
        "tm_pack": lambda: PusTm(
            service=3, message_subtype=25, timestamp=STAMP, source_data=TM_DATA, **head
        ).pack(),
        "tm_unpack": lambda: PusTm.unpack(report, len(STAMP)),
    }  # fmt: skip


def _rate(action: Action) -> float:
    clock = MonotonicClock()
    start_ns = clock.now_ns()
    for _ in range(PACKETS_A_TURN):
        action()
    return PACKETS_A_TURN * SECOND_NS / (clock.now_ns() - start_ns)


def _bulk(packets: int) -> dict[str, float]:
    decoder, octets = BulkDecoder(BULK_STRUCTURE), _million(packets)
    clock, workers = MonotonicClock(), min(2, os.cpu_count() or 1)
    best, best_cpu = 0.0, 0.0
    for _ in range(5):
        start_ns, start_cpu_ns = clock.now_ns(), time.process_time_ns()
        columns = decoder.decode(octets, workers)
        taken_ns, taken_cpu_ns = clock.now_ns() - start_ns, time.process_time_ns() - start_cpu_ns
        best = max(best, len(columns.sequence) * SECOND_NS / taken_ns)
        best_cpu = max(best_cpu, len(columns.sequence) * SECOND_NS / taken_cpu_ns)
    return {
        "bulk_decode_per_s": round(best),
        "bulk_decode_per_cpu_s": round(best_cpu),
        "bulk_packets": len(columns.sequence),
        "bulk_packet_octets": decoder.packet_octets,
        "workers": workers,
    }


def _million(packets: int) -> bytes:
    """Packets of one structure; a thousand different ones over and over, some values missing."""
    row = STRUCTURE_BY_NAME[BULK_STRUCTURE]
    made = []
    for number in range(1000):
        values = {name: float(place % 2) for place, name in enumerate(row.parameters) if (number + place) % 50}
        data = HousekeepingReport(row.id, encode_structure(row.id, values)).pack()
        made.append(Telemetry(APID, number, 3, 25, Cuc(number, number), data, number).pack())
    return b"".join(made) * (packets // len(made))
