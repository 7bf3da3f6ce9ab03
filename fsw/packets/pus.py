"""Telecommand and telemetry packets of the packet utilisation standard, PUS-C: headers, data, packet error control.

Source: ECSS-E-ST-70-41C, 7.4.3 (telemetry), 7.4.4 (telecommand), Annex B (CRC-16-CCITT, here `binascii.crc_hqx`
with 0xFFFF to start). The check over a whole packet, its two last octets included, is 0.

    TC: primary 6 | PUS version 4 = 2, ack flags 4 | service 8 | subtype 8 | source 16 | data | CRC 16
    TM: primary 6 | PUS version 4 = 2, time status 4 | service 8 | subtype 8 | counter 16 | destination 16 |
        time 64 (CUC with P-field) | data | CRC 16
"""

from __future__ import annotations

import struct
from binascii import crc_hqx
from typing import NamedTuple

from fsw.packets.cuc import AGENCY_EPOCH, TAI_1958, Cuc
from fsw.packets.errors import BadChecksum, BadLength, TooShort, WrongType
from fsw.packets.space_packet import check_length

PUS_C = 2
ACK_ACCEPTANCE, ACK_START, ACK_PROGRESS, ACK_COMPLETION = 1, 2, 4, 8  # which ST01 reports a telecommand asks for
ACK_ALL = 0xF
_TC = struct.Struct(">HHHBBBH")
_TM = struct.Struct(">HHHBBBHHBIHB")  # the time in parts: numbers beyond 30 bits cost Python twice as much
_CRC = struct.Struct(">H")
TC_OVERHEAD = _TC.size + _CRC.size
TM_OVERHEAD = _TM.size + _CRC.size
_TC_LENGTH_BASE = TC_OVERHEAD - 7  # the length field counts what follows the primary header, less one
_TM_LENGTH_BASE = TM_OVERHEAD - 7
_LENGTH_LESS = 7  # octets of a packet beyond its length field
_PUS = PUS_C << 4
_TC_FIRST, _TM_FIRST, _COUNT_FIRST = 0x1800, 0x0800, 0xC000  # version 0, type, secondary header; unsegmented
_TC_DATA, _TM_DATA = _TC.size, _TM.size
# Bound once: a packet costs a microsecond or two, and every look-up of an attribute some percent of that.
_pack_tc, _pack_tm, _pack_crc = _TC.pack, _TM.pack, _CRC.pack
_unpack_tc, _unpack_tm = _TC.unpack_from, _TM.unpack_from
_new, _join = tuple.__new__, b"".join


class Telecommand(NamedTuple):
    """One telecommand packet.

    >>> Telecommand(apid=0x42, sequence=5, service=17, subtype=1).pack().hex()
    '1842c00500062f110100009d76'
    """

    apid: int
    sequence: int
    service: int
    subtype: int
    data: bytes = b""
    ack: int = ACK_ALL
    source: int = 0

    @property
    def request(self) -> int:
        """The request identifier of ST01: the first four octets of the packet."""
        return (_TC_FIRST | self.apid) << 16 | _COUNT_FIRST | self.sequence & 0x3FFF

    def pack(self) -> bytes:
        """The whole packet; the sequence count is taken modulo 16,384. Raises struct.error for a field out of range."""
        apid, sequence, service, subtype, data, ack, source = self
        header = _pack_tc(
            _TC_FIRST | apid,
            _COUNT_FIRST | sequence & 0x3FFF,
            _TC_LENGTH_BASE + len(data),
            _PUS | ack,
            service,
            subtype,
            source,
        )
        return _join((header, data, _pack_crc(crc_hqx(data, crc_hqx(header, 0xFFFF)))))

    @classmethod
    def unpack(cls, packet: bytes) -> Telecommand:
        """The telecommand in `packet`; raises a PacketError for anything but exactly one sound one."""
        octets = len(packet)
        if octets < TC_OVERHEAD:
            raise TooShort(TC_OVERHEAD, octets)
        first, second, length, status, service, subtype, source = _unpack_tc(packet)
        if length + _LENGTH_LESS != octets:
            raise BadLength(length + _LENGTH_LESS, octets)
        if remainder := crc_hqx(packet, 0xFFFF):
            raise BadChecksum(remainder)
        if first & 0xF800 != _TC_FIRST or status >> 4 != PUS_C or second < _COUNT_FIRST:
            raise _wrong_header(first, second, status, _TC_FIRST)
        data = packet[_TC_DATA:-2]
        return _new(cls, (first & 0x7FF, second & 0x3FFF, service, subtype, data, status & 0xF, source))


class Telemetry(NamedTuple):
    """One telemetry packet. `counter` runs per (destination, service, subtype), modulo 65,536.

    >>> from fsw.packets.cuc import AGENCY_EPOCH
    >>> time = Cuc(0x30000000, 0x800000, AGENCY_EPOCH)
    >>> Telemetry(apid=0x42, sequence=0, service=17, subtype=2, time=time).pack().hex()
    '0842c0000010201102000000002f30000000800000342a'
    """

    apid: int
    sequence: int
    service: int
    subtype: int
    time: Cuc
    data: bytes = b""
    counter: int = 0
    destination: int = 0
    time_status: int = 0

    def pack(self) -> bytes:
        """The whole packet; counts are taken modulo their size. Raises struct.error for a field out of range."""
        apid, sequence, service, subtype, (seconds, fraction, p_field), data, counter, destination, time_status = self
        header = _pack_tm(
            _TM_FIRST | apid,
            _COUNT_FIRST | sequence & 0x3FFF,
            _TM_LENGTH_BASE + len(data),
            _PUS | time_status,
            service,
            subtype,
            counter & 0xFFFF,
            destination,
            p_field,
            seconds,
            fraction >> 8,
            fraction & 0xFF,
        )
        return _join((header, data, _pack_crc(crc_hqx(data, crc_hqx(header, 0xFFFF)))))

    @classmethod
    def unpack(cls, packet: bytes) -> Telemetry:
        """The telemetry in `packet`; raises a PacketError for anything but exactly one sound one."""
        octets = len(packet)
        if octets < TM_OVERHEAD:
            raise TooShort(TM_OVERHEAD, octets)
        first, second, length, status, service, subtype, counter, destination, p_field, seconds, high, low = _unpack_tm(
            packet
        )
        if length + _LENGTH_LESS != octets:
            raise BadLength(length + _LENGTH_LESS, octets)
        if remainder := crc_hqx(packet, 0xFFFF):
            raise BadChecksum(remainder)
        if first & 0xF800 != _TM_FIRST or status >> 4 != PUS_C or second < _COUNT_FIRST:
            raise _wrong_header(first, second, status, _TM_FIRST)
        if p_field != TAI_1958 and p_field != AGENCY_EPOCH:
            raise WrongType("time P-field", TAI_1958, p_field)
        stamp, data = _new(Cuc, (seconds, high << 8 | low, p_field)), packet[_TM_DATA:-2]
        apid, sequence = first & 0x7FF, second & 0x3FFF
        return _new(cls, (apid, sequence, service, subtype, stamp, data, counter, destination, status & 0xF))


def check_packet(packet: bytes, least: int) -> None:
    """Raises TooShort, BadLength or BadChecksum unless `packet` is one whole packet of at least `least` octets."""
    if len(packet) < least:
        raise TooShort(least, len(packet))
    check_length(packet)
    remainder = crc_hqx(packet, 0xFFFF)
    if remainder:
        raise BadChecksum(remainder)


def _wrong_header(first: int, second: int, status: int, expected: int) -> WrongType:
    if first & 0xF800 != expected:
        return WrongType("version, type and secondary header flag", expected >> 11, first >> 11)
    if second < _COUNT_FIRST:
        return WrongType("sequence flags", 3, second >> 14)
    return WrongType("PUS version", PUS_C, status >> 4)
