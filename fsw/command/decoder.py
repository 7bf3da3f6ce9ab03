"""One packet to one command, or the reason why not: no I/O, no clock. Remembers what it accepted a minute ago.

A packet that is no sound telecommand cannot be answered (its request identifier may be wrong) and is only counted.
One that is, and is refused, gets a failure code. The same packet again is carried out once.
"""

from __future__ import annotations

from dataclasses import dataclass

from fsw.catalogue.apids import FILE_APID, PAYLOAD_APID
from fsw.catalogue.commands import COMMAND_BY_FUNCTION, COMMAND_BY_SERVICE, FUNCTION_SERVICE, CommandRow
from fsw.catalogue.failures import failure_code, failure_text
from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.rows import Wire
from fsw.catalogue.wire import Value, WireError, check_range, decode_arguments
from fsw.messages import Command, Stage
from fsw.packets.errors import PacketError
from fsw.packets.functions import FunctionRequest
from fsw.packets.pus import Telecommand
from fsw.packets.space_packet import HEADER_OCTETS, check_length
from hal.clock import SECOND_NS

MEMORY_NS = 60 * SECOND_NS  # a repeat comes within the round trip and its retries; counts wrap after 16,384
MEMORY_DEPTH = 64  # commands a minute that an operator's stack may send
_FILE_FIRST = 0x1000 | FILE_APID  # version 0, telecommand, no secondary header


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A sound telecommand that is not carried out."""

    request: int
    ack: int
    name: str
    code: int
    values: tuple[float, ...]
    stage: Stage = Stage.ACCEPTED

    @property
    def text(self) -> str:
        """What a person reads."""
        return failure_text(self.code, self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage:
    """Octets that are no telecommand."""

    octets: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A telecommand that was accepted before, octet for octet."""

    request: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """One protocol data unit of the file transfer."""

    octets: bytes


Decoded = Command | Refusal | Garbage | Repeat | FilePart


class CommandDecoder:
    """Decodes the telecommands of one application process."""

    def __init__(self, apid: int = PAYLOAD_APID) -> None:
        self._apid = apid
        self._accepted: dict[int, tuple[int, bytes]] = {}

    def decode(self, now_ns: int, packet: bytes, mode: str | None = None, is_stored: bool = False) -> Decoded:
        """What `packet` asks for while the payload is in `mode` (None: not known, so the owner decides).

        One that was stored on board (`is_stored`) may act as often as its time or its cause comes.
        """
        if is_file_part(packet):
            return _file_part(packet)
        try:
            telecommand = Telecommand.unpack(packet)
        except PacketError as error:
            return Garbage(octets=len(packet), text=str(error))
        name = ""
        try:
            if not is_stored and self._is_repeat(now_ns, telecommand.request, packet):
                return Repeat(request=telecommand.request)
            row, data = self._row(telecommand)
            name = row.name
            arguments = self._arguments(row, data)
            _check_mode(row, mode)
        except WireError as error:
            return Refusal(
                request=telecommand.request,
                ack=telecommand.ack,
                name=name,
                code=failure_code(error.label),
                values=error.values,
                stage=Stage.ROUTED if error.label == "wrong_apid" else Stage.ACCEPTED,
            )
        if not is_stored:
            self._remember(now_ns, telecommand.request, packet)
        return Command(
            time_ns=now_ns,
            name=row.name,
            arguments=arguments,
            request=telecommand.request,
            ack=telecommand.ack,
            source=telecommand.source,
        )

    def forget(self, request: int) -> None:
        """A command that was accepted but could not be handed on may come again."""
        self._accepted.pop(request, None)

    def _is_repeat(self, now_ns: int, request: int, packet: bytes) -> bool:
        accepted_ns, before = self._accepted.get(request, (0, b""))
        age_ns = now_ns - accepted_ns
        if not before or age_ns > MEMORY_NS:
            return False
        if before == packet:
            return True
        raise WireError(0, "sequence count used before", "sequence_reused", (age_ns / SECOND_NS,))

    def _remember(self, now_ns: int, request: int, packet: bytes) -> None:
        self._accepted.pop(request, None)
        if len(self._accepted) >= MEMORY_DEPTH:
            del self._accepted[next(iter(self._accepted))]
        self._accepted[request] = (now_ns, packet)

    def _row(self, telecommand: Telecommand) -> tuple[CommandRow, bytes]:
        """The dictionary's row and the octets after its prefix."""
        if telecommand.apid != self._apid:
            raise WireError(0, "APID", "wrong_apid", (float(telecommand.apid),))
        key = (telecommand.service, telecommand.subtype)
        row = _function(telecommand.data) if key == FUNCTION_SERVICE else COMMAND_BY_SERVICE.get(key)
        if row is None:
            raise WireError(0, "service", "unknown_service", (float(key[0]), float(key[1])))
        if not telecommand.data.startswith(row.prefix):
            raise WireError(0, "prefix", "bad_length", (float(len(telecommand.data)),))
        return row, telecommand.data[len(row.prefix) :]

    @staticmethod
    def _arguments(row: CommandRow, data: bytes) -> tuple[Value, ...]:
        arguments = decode_arguments(row.name, data)
        if row.name == "set_parameter":
            _check_setting(str(arguments[0]), float(arguments[1]))
        elif row.name == "get_parameter" and PARAMETER_BY_NAME[str(arguments[0])].wire is Wire.NAME:
            number = PARAMETER_BY_NAME[str(arguments[0])].id
            raise WireError(0, "a text", "not_reportable", (float(number),))
        return arguments


def is_file_part(packet: bytes) -> bool:
    """True for a telecommand packet without secondary header of the file transfer's application process."""
    return len(packet) > HEADER_OCTETS and packet[0] << 8 | packet[1] == _FILE_FIRST


def _file_part(packet: bytes) -> FilePart | Garbage:
    try:
        check_length(packet)
    except PacketError as error:
        return Garbage(octets=len(packet), text=str(error))
    return FilePart(octets=packet[HEADER_OCTETS:])


def _function(data: bytes) -> CommandRow:
    try:
        number = FunctionRequest.unpack(data).function
    except PacketError as error:
        raise WireError(0, str(error), "bad_length", (float(len(data)),)) from error
    if number not in COMMAND_BY_FUNCTION:
        raise WireError(0, "function", "unknown_function", (float(number),))
    return COMMAND_BY_FUNCTION[number]


def _check_setting(name: str, value: float) -> None:
    row = PARAMETER_BY_NAME[name]
    if not row.is_settable:
        raise WireError(0, f"{name} cannot be set", "not_settable", (float(row.id),))
    check_range(1, row, value)


def _check_mode(row: CommandRow, mode: str | None) -> None:
    if mode is not None and mode not in row.modes:
        raise WireError(0, f"not in {mode}", "illegal_in_mode", (0.0,))
