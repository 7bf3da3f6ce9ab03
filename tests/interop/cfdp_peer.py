"""cfdp-py as the other end of a CFDP link: its handlers, with PDUs as octets and the time as the tests have it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from fsw.cfdp.checksum import CRC_32

pytest.importorskip("cfdppy")

from cfdppy.exceptions import (
    InvalidPduForDestHandler,
    NoRemoteEntityConfigFound,
    PduIgnoredForDest,
    PduIgnoredForSource,
)
from cfdppy.handler import DestHandler, SourceHandler
from cfdppy.mib import (
    CheckTimerProvider,
    DefaultFaultHandlerBase,
    IndicationConfig,
    LocalEntityConfig,
    RemoteEntityConfig,
    RemoteEntityConfigTable,
)
from cfdppy.user import CfdpUserBase
from spacepackets.cfdp import ChecksumType, TransmissionMode
from spacepackets.cfdp.pdu import EofPdu
from spacepackets.cfdp.pdu.helper import PduFactory
from spacepackets.countdown import Countdown
from spacepackets.seqcount import SeqCountProvider
from spacepackets.util import ByteFieldU16

FIVE_MB = 5_000_000
STEP_MS = 100
ROOM = 100
LIMIT = 30  # with 10 % loss each way nobody gives up
REFUSALS = (PduIgnoredForDest, PduIgnoredForSource, InvalidPduForDestHandler, NoRemoteEntityConfigFound)


class Faults(DefaultFaultHandlerBase):
    """Keeps what cfdp-py complains of."""

    def __init__(self) -> None:
        super().__init__()
        self.conditions: list[Any] = []

    def notice_of_suspension_cb(self, transaction_id: Any, cond: Any, progress: int) -> None:
        self.conditions.append(cond)

    notice_of_cancellation_cb = abandoned_cb = ignore_cb = notice_of_suspension_cb


class User(CfdpUserBase):
    """Keeps how a transaction ended; what else is told changes nothing here."""

    def __init__(self) -> None:
        super().__init__()
        self.finished: list[Any] = []

    def transaction_finished_indication(self, params: Any) -> None:
        self.finished.append(params.finished_params)

    def transaction_indication(self, transaction_indication_params: Any) -> None: ...
    def eof_sent_indication(self, transaction_id: Any) -> None: ...
    def metadata_recv_indication(self, params: Any) -> None: ...
    def file_segment_recv_indication(self, params: Any) -> None: ...
    def report_indication(self, transaction_id: Any, status_report: Any) -> None: ...
    def suspended_indication(self, transaction_id: Any, cond_code: Any) -> None: ...
    def resumed_indication(self, transaction_id: Any, progress: int) -> None: ...
    def fault_indication(self, transaction_id: Any, cond_code: Any, progress: int) -> None: ...
    def abandoned_indication(self, transaction_id: Any, cond_code: Any, progress: int) -> None: ...
    def eof_recv_indication(self, transaction_id: Any) -> None: ...


class Timers(CheckTimerProvider):
    """Check timers of 5 s."""

    def provide_check_timer(self, local_entity_id: Any, remote_entity_id: Any, entity_type: Any) -> Countdown:
        return Countdown.from_seconds(5.0)


class Peer:
    """cfdp-py as entity 1: one handler of each kind, PDUs as octets."""

    def __init__(self, checksum: int = CRC_32, has_crc: bool = False) -> None:
        self.user, self.faults = User(), Faults()
        local = LocalEntityConfig(ByteFieldU16(1), IndicationConfig(), self.faults)
        remote = RemoteEntityConfig(
            entity_id=ByteFieldU16(2), max_file_segment_len=1000, max_packet_len=1100, closure_requested=False,
            crc_on_transmission=has_crc, default_transmission_mode=TransmissionMode.ACKNOWLEDGED,
            crc_type=ChecksumType(checksum), positive_ack_timer_interval_seconds=3.0,
            positive_ack_timer_expiration_limit=LIMIT, check_limit=LIMIT, nak_timer_interval_seconds=3.0,
            nak_timer_expiration_limit=LIMIT, immediate_nak_mode=False,
        )  # fmt: skip
        table = RemoteEntityConfigTable([remote])
        self.source = SourceHandler(local, self.user, table, Timers(), SeqCountProvider(16))
        self.dest = DestHandler(local, self.user, table, Timers())

    def exchange(self, received: list[bytes], room: int) -> list[bytes]:
        """Take what came, give at most about `room` PDUs."""
        sent: list[bytes] = []
        for octets in received:
            pdu = PduFactory.from_raw(octets)
            if isinstance(pdu, EofPdu) and pdu.condition_code > 15:
                pdu.condition_code >>= 4  # spacepackets 0.32 writes it shifted by four bits and reads it unshifted
            self._run(self.dest if pdu.pdu_header.direction == 0 else self.source, pdu, sent)
        for handler in (self.source, self.dest):
            while len(sent) < room and self._run(handler, None, sent):
                pass
        return sent

    @staticmethod
    def _run(handler: Any, pdu: Any, sent: list[bytes]) -> bool:
        """One step of a handler; True when it had something to send."""
        before = len(sent)
        Peer._drain(handler, sent)
        try:
            handler.state_machine(pdu)
        except REFUSALS:
            return False
        Peer._drain(handler, sent)
        return len(sent) > before

    @staticmethod
    def _drain(handler: Any, sent: list[bytes]) -> None:
        while (holder := handler.get_next_packet()) is not None:
            sent.append(bytes(holder.pack()))


def contents(path: Path, octets: int) -> Path:
    path.write_bytes(random.Random(octets).randbytes(octets))
    return path


def restore(peer: Peer, away_ms: int) -> None:
    """Put off what cfdp-py has running by the time that there was no signal."""
    for parameters in (peer.source._params, peer.dest._params):
        timers = [parameters.positive_ack_params.ack_timer, parameters.check_timer]
        timers.append(getattr(getattr(parameters, "acked_params", None), "procedure_timer", None))
        for timer in timers:
            if timer is not None:
                timer._start_time_ms += away_ms
