"""What PDUs say: file data, and the file directives. Source: CCSDS 727.0-B-5, 5.2 and 5.3.

    metadata    7 | closure, checksum type | file size | source name LV | destination name LV
    file data   offset | octets
    EOF         4 | condition 4, 0000 | checksum 32 | file size [| fault location TLV 6]
    finished    5 | condition 4, 0, incomplete 1, file status 2 [| fault location TLV 6]
    ACK         6 | directive 4, subtype 4 | condition 4, 00, transaction status 2
    NAK         8 | scope start | scope end | (start | end) each
    prompt      9 | keep-alive 1, 0000000
    keep-alive 12 | progress

Sizes and offsets have 4 octets, or 8 where the header says "large file".
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from fsw.cfdp.header import Header, Opened, open_pdu
from fsw.packets.errors import BadLength, PacketError, TooShort, UnknownService, WrongType

EOF_CODE, FINISHED_CODE, ACK_CODE, METADATA_CODE, NAK_CODE, PROMPT_CODE, KEEP_ALIVE_CODE = 4, 5, 6, 7, 8, 9, 12
FAULT_LOCATION = 6
NAME_OCTETS_MAX = 255
CFDP_SERVICE = 23  # the number under which errors name the directive that nobody knows


class Condition(IntEnum):
    """Why a transaction ended, or what went wrong (5.2.2)."""

    NO_ERROR = 0
    POSITIVE_ACK_LIMIT = 1
    KEEP_ALIVE_LIMIT = 2
    INVALID_MODE = 3
    FILESTORE_REJECTION = 4
    CHECKSUM_FAILURE = 5
    FILE_SIZE_ERROR = 6
    NAK_LIMIT = 7
    INACTIVITY = 8
    INVALID_STRUCTURE = 9
    CHECK_LIMIT = 10
    UNSUPPORTED_CHECKSUM = 11
    SUSPENDED = 14
    CANCELLED = 15


class FileStatus(IntEnum):
    """What became of the file (5.2.3)."""

    DISCARDED = 0
    REJECTED = 1
    RETAINED = 2
    UNREPORTED = 3


class TransactionStatus(IntEnum):
    """How an ACK sees the transaction (5.2.4)."""

    UNDEFINED = 0
    ACTIVE = 1
    TERMINATED = 2
    UNRECOGNISED = 3


class Metadata(NamedTuple):
    """The file that is to come."""

    size: int
    source_name: str
    destination_name: str
    checksum_type: int
    is_closure_requested: bool = False

    def pack(self, header: Header) -> bytes:
        """The PDU. Raises ValueError for a name over 255 octets."""
        flags = self.is_closure_requested << 6 | self.checksum_type
        names = _lv(self.source_name) + _lv(self.destination_name)
        return header.seal(bytes((METADATA_CODE, flags)) + _size(header, self.size) + names, False)


class FileData(NamedTuple):
    """A segment of the file."""

    offset: int
    data: bytes

    def pack(self, header: Header) -> bytes:
        """The PDU."""
        return header.seal(_size(header, self.offset) + self.data, True)


class Eof(NamedTuple):
    """No more will be sent for the first time; or, with a condition, the sender cancels."""

    condition: Condition
    checksum: int
    size: int

    def pack(self, header: Header) -> bytes:
        """The PDU; the fault is located at the sender."""
        body = struct.pack(">BBI", EOF_CODE, self.condition << 4, self.checksum) + _size(header, self.size)
        return header.seal(body + _fault_location(header, self.condition, header.source), False)


class Finished(NamedTuple):
    """What the receiver has at the end."""

    condition: Condition
    is_complete: bool
    status: FileStatus

    def pack(self, header: Header) -> bytes:
        """The PDU; the fault is located at the receiver."""
        body = bytes((FINISHED_CODE, self.condition << 4 | (not self.is_complete) << 2 | self.status))
        return header.seal(body + _fault_location(header, self.condition, header.destination), False)


class Ack(NamedTuple):
    """EOF (`directive` 4) or finished (5) was received."""

    directive: int
    condition: Condition
    status: TransactionStatus

    def pack(self, header: Header) -> bytes:
        """The PDU."""
        subtype = int(self.directive == FINISHED_CODE)
        return header.seal(
            bytes((ACK_CODE, self.directive << 4 | subtype, self.condition << 4 | self.status)), False
        )  # fmt: skip


class Nak(NamedTuple):
    """What is missing of [start, end): pairs of first octet and the one after the last; (0, 0) is the metadata."""

    start: int
    end: int
    segments: tuple[tuple[int, int], ...]

    def pack(self, header: Header) -> bytes:
        """The PDU."""
        ends = (number for segment in ((self.start, self.end), *self.segments) for number in segment)
        return header.seal(bytes((NAK_CODE,)) + b"".join(_size(header, number) for number in ends), False)


class Prompt(NamedTuple):
    """Asks the receiver for a NAK, or for a keep-alive."""

    is_keep_alive: bool

    def pack(self, header: Header) -> bytes:
        """The PDU."""
        return header.seal(bytes((PROMPT_CODE, self.is_keep_alive << 7)), False)


class KeepAlive(NamedTuple):
    """How far the receiver is."""

    progress: int

    def pack(self, header: Header) -> bytes:
        """The PDU."""
        return header.seal(bytes((KEEP_ALIVE_CODE,)) + _size(header, self.progress), False)


Directive = Metadata | FileData | Eof | Finished | Ack | Nak | Prompt | KeepAlive


def unpack(pdu: bytes) -> tuple[Header, Directive]:
    """Header and meaning of `pdu`; raises a PacketError and nothing else for octets that are no PDU."""
    opened = open_pdu(pdu)
    if opened.is_file_data:
        return opened.header, _file_data(opened)
    if not opened.body:
        raise TooShort(1, 0)
    reader = _READERS.get(opened.body[0])
    if reader is None:
        raise UnknownService(CFDP_SERVICE, opened.body[0])
    return opened.header, reader(opened.body, 8 if opened.header.is_large else 4)


def _file_data(opened: Opened) -> FileData:
    body, width = opened.body, 8 if opened.header.is_large else 4
    start = 1 + (_at(body, 0) & 0x3F) if opened.has_segment_metadata else 0
    return FileData(_number(body, start, width), body[start + width :])


def _metadata(body: bytes, width: int) -> Metadata:
    flags, size = _at(body, 1), _number(body, 2, width)
    source, offset = _text(body, 2 + width)
    destination, _options = _text(body, offset)
    return Metadata(size, source, destination, flags & 0xF, bool(flags & 0x40))


def _eof(body: bytes, width: int) -> Eof:
    return Eof(_condition(_at(body, 1) >> 4), _number(body, 2, 4), _number(body, 6, width))


def _finished(body: bytes, _width: int) -> Finished:
    flags = _at(body, 1)
    return Finished(_condition(flags >> 4), not flags & 4, FileStatus(flags & 3))


def _ack(body: bytes, _width: int) -> Ack:
    directive, flags = _at(body, 1) >> 4, _at(body, 2)
    if directive not in (EOF_CODE, FINISHED_CODE):
        raise WrongType("acknowledged directive", EOF_CODE, directive)
    return Ack(directive, _condition(flags >> 4), TransactionStatus(flags & 3))


def _nak(body: bytes, width: int) -> Nak:
    if (len(body) - 1) % (2 * width) or len(body) == 1:
        raise BadLength(1 + 2 * width, len(body))
    numbers = [_number(body, start, width) for start in range(1, len(body), width)]
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    return Nak(*pairs[0], tuple(pairs[1:]))


def _prompt(body: bytes, _width: int) -> Prompt:
    return Prompt(bool(_at(body, 1) & 0x80))


def _keep_alive(body: bytes, width: int) -> KeepAlive:
    return KeepAlive(_number(body, 1, width))


_READERS: dict[int, Callable[[bytes, int], Directive]] = {
    EOF_CODE: _eof, FINISHED_CODE: _finished, ACK_CODE: _ack, METADATA_CODE: _metadata,
    NAK_CODE: _nak, PROMPT_CODE: _prompt, KEEP_ALIVE_CODE: _keep_alive,
}  # fmt: skip


def _size(header: Header, number: int) -> bytes:
    return number.to_bytes(8 if header.is_large else 4, "big")


def _lv(text: str) -> bytes:
    octets = text.encode()
    if len(octets) > NAME_OCTETS_MAX:
        raise ValueError(f"a file name of {len(octets)} octets, at most {NAME_OCTETS_MAX} fit")
    return bytes((len(octets),)) + octets


def _fault_location(header: Header, condition: Condition, entity: int) -> bytes:
    if condition in (Condition.NO_ERROR, Condition.UNSUPPORTED_CHECKSUM):
        return b""
    return bytes((FAULT_LOCATION, header.id_octets)) + entity.to_bytes(header.id_octets, "big")


def _at(body: bytes, place: int) -> int:
    if place >= len(body):
        raise TooShort(place + 1, len(body))
    return body[place]


def _number(body: bytes, start: int, octets: int) -> int:
    if len(body) < start + octets:
        raise TooShort(start + octets, len(body))
    return int.from_bytes(body[start : start + octets], "big")


def _text(body: bytes, start: int) -> tuple[str, int]:
    end = start + 1 + _at(body, start)
    if len(body) < end:
        raise TooShort(end, len(body))
    try:
        return body[start + 1 : end].decode(), end
    except UnicodeDecodeError as error:
        raise PacketError("a file name is not UTF-8") from error


def _condition(number: int) -> Condition:
    try:
        return Condition(number)
    except ValueError as error:
        raise WrongType("condition code", 0, number) from error
