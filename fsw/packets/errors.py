"""Errors of the codecs.

PacketError
|-- TooShort        fewer octets than the layout needs
|-- BadLength       the length field and the octets disagree
|-- BadChecksum     the packet error control does not match
|-- WrongType       a field has a value that this layout does not allow
`-- UnknownService  nobody speaks this service and subtype
"""

from __future__ import annotations


class PacketError(ValueError):
    """Octets that are not the packet asked for."""


class TooShort(PacketError):
    """`actual` octets where at least `expected` are needed."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"{actual} octets, at least {expected} needed")
        self.expected = expected
        self.actual = actual


class BadLength(PacketError):
    """The header declares `expected` octets, `actual` are there."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"{expected} octets declared, {actual} there")
        self.expected = expected
        self.actual = actual


class BadChecksum(PacketError):
    """The packet error control is not that of the octets before it."""

    def __init__(self, remainder: int) -> None:
        super().__init__(f"checksum over the whole packet is {remainder:#06x}, not 0")
        self.remainder = remainder


class WrongType(PacketError):
    """`field` is `actual`, and this layout needs `expected`."""

    def __init__(self, field: str, expected: int, actual: int) -> None:
        super().__init__(f"{field} is {actual}, {expected} needed")
        self.field = field
        self.expected = expected
        self.actual = actual


class UnknownService(PacketError):
    """No layout is known for this service and subtype."""

    def __init__(self, service: int, subtype: int) -> None:
        super().__init__(f"service {service} subtype {subtype} is not known")
        self.service = service
        self.subtype = subtype
