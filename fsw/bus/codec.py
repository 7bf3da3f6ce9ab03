"""Messages as octets and back: msgpack of plain lists, validated on the way in.

A dataclass is the list of its fields in order; trailing fields with defaults may be absent, so that a record
written by an older version still reads. A field of a union of dataclasses is `[index, fields]`. Enumerations are
their numbers, tuples are lists.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgpack

T = TypeVar("T")
Convert = Callable[[Any], Any]

SCALARS = (bool, int, float, str, bytes)
_PACKERS: dict[Any, Convert] = {}  # by type; as many as there are types in `fsw.messages`
_READERS: dict[Any, Convert] = {}


class CodecError(Exception):
    """Octets that are not the message they should be."""


def encode(message: object) -> bytes:
    """The octets of a message (an instance of a dataclass)."""
    octets: bytes = msgpack.packb(_packer(type(message))(message))
    return octets


def decode(cls: type[T], octets: bytes) -> T:
    """The `cls` in `octets`; raises CodecError for anything else."""
    return restore(cls, unpack(octets))


def unpack(octets: bytes) -> Any:
    """The plain value in `octets`; raises CodecError when they are not msgpack."""
    try:
        return msgpack.unpackb(octets)
    except (ValueError, RecursionError, msgpack.UnpackException) as error:
        raise CodecError(f"not msgpack: {error!r}") from error


def restore(cls: type[T], plain: Any) -> T:
    """The `cls` from its plain value (see `plain`); raises CodecError."""
    message: T = _reader(cls)(plain)
    return message


def plain(message: object) -> Any:
    """The message as lists and scalars, as msgpack takes them."""
    return _packer(type(message))(message)


def _packer(hint: Any) -> Convert:
    """What turns a value of the type `hint` into a plain one."""
    packer = _PACKERS.get(hint)
    if packer is None:
        packer = _PACKERS[hint] = _make_packer(hint)
    return packer


def _make_packer(hint: Any) -> Convert:
    origin = get_origin(hint)
    if dataclasses.is_dataclass(hint):
        return _dataclass_packer(hint)
    if origin is tuple:
        return _tuple_packer(get_args(hint))
    if origin in (Union, types.UnionType):
        return _union_packer(get_args(hint))
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return int
    return _same


def _same(value: Any) -> Any:
    return value


def _dataclass_packer(cls: Any) -> Convert:
    hints = get_type_hints(cls)
    fields = [(field.name, _packer(hints[field.name])) for field in dataclasses.fields(cls)]

    def pack(message: Any) -> list[Any]:
        return [
            getattr(message, name) if packer is _same else packer(getattr(message, name)) for name, packer in fields
        ]

    return pack


def _tuple_packer(args: tuple[Any, ...]) -> Convert:
    if args[-1] is Ellipsis:
        item = _packer(args[0])
        return list if item is _same else lambda values: [item(value) for value in values]
    items = [_packer(arg) for arg in args]
    return lambda values: [pack(value) for pack, value in zip(items, values, strict=True)]


def _union_packer(args: tuple[Any, ...]) -> Convert:
    members = [arg for arg in args if dataclasses.is_dataclass(arg)]
    if len(members) < 2:
        packer = _packer(members[0]) if members else _same
        return _same if packer is _same else lambda value: None if value is None else packer(value)
    indices = {member: (index, _packer(member)) for index, member in enumerate(members)}

    def pack(value: Any) -> Any:
        if value is None:
            return None
        index, packer = indices[type(value)]
        return [index, packer(value)]

    return pack


def _reader(hint: Any) -> Convert:
    """What turns a plain value into one of the type `hint`, or raises CodecError."""
    reader = _READERS.get(hint)
    if reader is None:
        reader = _READERS[hint] = _make_reader(hint)
    return reader


def _make_reader(hint: Any) -> Convert:
    origin = get_origin(hint)
    if dataclasses.is_dataclass(hint):
        return _dataclass_reader(hint)
    if origin is tuple:
        return _tuple_reader(get_args(hint))
    if origin in (Union, types.UnionType):
        return _union_reader(get_args(hint))
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return _enum_reader(hint)
    if hint is float:
        return _read_float
    if hint in SCALARS:
        return _scalar_reader((hint,))
    raise TypeError(f"no codec for a field of type {hint!r}")


def _dataclass_reader(cls: Any) -> Convert:
    hints = get_type_hints(cls)
    fields = dataclasses.fields(cls)
    readers = [(field.name, _reader(hints[field.name])) for field in fields]
    required = sum(
        field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING for field in fields
    )

    def read(value: Any) -> Any:
        if type(value) is not list or not required <= len(value) <= len(readers):
            raise CodecError(f"{cls.__name__}: not a list of {required} to {len(readers)} fields")
        present = zip(readers, value, strict=False)
        try:
            return cls(**{name: reader(item) for (name, reader), item in present})
        except ValueError as error:
            raise CodecError(f"{cls.__name__}: {error}") from error

    return read


def _tuple_reader(args: tuple[Any, ...]) -> Convert:
    endless = args[-1] is Ellipsis
    readers = [_reader(arg) for arg in (args[:1] if endless else args)]

    def read(value: Any) -> tuple[Any, ...]:
        if type(value) is not list or not (endless or len(value) == len(readers)):
            raise CodecError(f"not a list of {'items' if endless else len(readers)}")
        if endless:
            return tuple([readers[0](item) for item in value])
        return tuple([reader(item) for reader, item in zip(readers, value, strict=True)])

    return read


def _union_reader(args: tuple[Any, ...]) -> Convert:
    members = [arg for arg in args if arg is not type(None)]
    is_optional = len(members) < len(args)
    if len(members) == 1:
        inner = _reader(members[0])
    elif all(dataclasses.is_dataclass(member) for member in members):
        inner = _tagged_reader([_reader(member) for member in members])
    else:
        inner = _scalar_reader(tuple(members))

    def read(value: Any) -> Any:
        return None if value is None and is_optional else inner(value)

    return read


def _tagged_reader(readers: list[Convert]) -> Convert:
    def read(value: Any) -> Any:
        if type(value) is not list or len(value) != 2:
            raise CodecError("not a tagged value")
        index, fields = value
        if type(index) is not int or not 0 <= index < len(readers):
            raise CodecError(f"unknown tag {index!r}")
        return readers[index](fields)

    return read


def _enum_reader(enum: type[IntEnum]) -> Convert:
    members = {member.value: member for member in enum}

    def read(value: Any) -> Any:
        if type(value) is not int or value not in members:
            raise CodecError(f"{value!r} is no {enum.__name__}")
        return members[value]

    return read


def _read_float(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value)
    raise CodecError(f"{value!r} is no number")


def _scalar_reader(accepted: tuple[Any, ...]) -> Convert:
    def read(value: Any) -> Any:
        if type(value) not in accepted:
            raise CodecError(f"{value!r} is no {' or '.join(scalar.__name__ for scalar in accepted)}")
        return value

    return read
