"""What an ONNX file holds, read straight from its protobuf, so that no ONNX library is needed.

Source: onnx/onnx.proto of ONNX 1.14; protobuf wire format: a field is the varint `number << 3 | kind`, kind 0 a varint,
1 eight octets, 2 a length and that many octets, 5 four octets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.infer.package import PackageError
from tools.model.tiny_onnx import ELEMENT_TYPES

DTYPES = {number: name for name, number in ELEMENT_TYPES.items()} | {9: "bool", 10: "float16"}
TYPED_DATA = {"float32": (4, "<f4"), "float64": (10, "<f8")}  # field and type where the numbers are not in raw_data
VARINT_DATA = {"uint8": 5, "int8": 5, "int32": 5, "bool": 5, "float16": 5, "int64": 7}


class OnnxError(PackageError):
    """Octets that are no ONNX model, or one that cannot be understood here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An input or output of the graph; a free axis is "n"."""

    name: str
    dtype: str
    shape: tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxModel:
    """One model: how often each operator occurs, its weights by name, and its edges (weights are no inputs)."""

    producer: str
    operator_set: int
    operators: dict[str, int]
    weights: dict[str, NDArray[Any]]
    inputs: tuple[Edge, ...]
    outputs: tuple[Edge, ...]


def read_onnx(content: bytes) -> OnnxModel:
    """The model in the octets of a file; raises OnnxError."""
    try:
        return _model(memoryview(content))
    except (IndexError, ValueError, KeyError, StopIteration, TypeError) as error:
        raise OnnxError(f"is no ONNX model that can be read here: {error}") from error


def _model(content: memoryview) -> OnnxModel:
    found = dict(_fields(content))
    graph = list(_fields(found[7]))
    sets = [dict(_fields(item)) for number, item in _fields(content) if number == 8]
    weights = dict(_tensor(item) for number, item in graph if number == 5)
    nodes = [dict(_fields(item)) for number, item in graph if number == 1]
    edges = {number: tuple(_edge(item) for kind, item in graph if kind == number) for number in (11, 12)}
    return OnnxModel(
        producer=_text(found.get(2, b"")),
        operator_set=next((row.get(2, 1) for row in sets if not row.get(1)), 0),
        operators=dict(sorted(Counter(_text(node[4]) for node in nodes).items())),
        weights=weights,
        inputs=tuple(edge for edge in edges[11] if edge.name not in weights),
        outputs=edges[12],
    )


def _fields(content: memoryview) -> Iterator[tuple[int, Any]]:
    """Number and value of each field: a whole number, or the octets."""
    at = 0
    while at < len(content):
        head, at = _varint(content, at)
        number, kind = head >> 3, head & 7
        if kind == 0:
            value, at = _varint(content, at)
            yield number, value
            continue
        size = 8 if kind == 1 else 4
        if kind == 2:
            size, at = _varint(content, at)
        elif kind not in (1, 5):
            raise ValueError(f"field {number} has kind {kind}")
        if at + size > len(content):
            raise ValueError(f"field {number} is longer than the file")
        yield number, content[at : at + size]
        at += size


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """The number at `at`, and where it ends."""
    number = shift = 0
    while True:
        octet = content[at]
        number |= (octet & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if octet < 0x80:
            return number, at
        if shift > 63:
            raise ValueError("a number has more than ten octets")


def _text(content: memoryview | bytes) -> str:
    return bytes(content).decode()


def _varints(values: list[Any]) -> list[int]:
    """Repeated whole numbers, packed or not, as signed 64-bit."""
    numbers: list[int] = []
    for value in values:
        if isinstance(value, int):
            numbers.append(value)
            continue
        at = 0
        while at < len(value):
            number, at = _varint(value, at)
            numbers.append(number)
    return [number - (1 << 64) if number >= 1 << 63 else number for number in numbers]


def _tensor(content: memoryview) -> tuple[str, NDArray[Any]]:
    """Name and values of a TensorProto."""
    fields = list(_fields(content))
    found = dict(fields)
    dtype = DTYPES[found[2]]
    shape = _varints([value for number, value in fields if number == 1])
    if found.get(14) == 1:
        raise ValueError("weights lie outside the file")
    if 9 in found:
        array = np.frombuffer(found[9], np.dtype(dtype).newbyteorder("<"))
    elif dtype in TYPED_DATA:
        number, kind = TYPED_DATA[dtype]
        array = np.frombuffer(b"".join(bytes(value) for field, value in fields if field == number), kind)
    else:
        numbers = _varints([value for field, value in fields if field == VARINT_DATA[dtype]])
        array = np.array(numbers, np.uint16).view(np.float16) if dtype == "float16" else np.array(numbers, dtype)
    return _text(found.get(8, b"")), array.reshape(shape)


def _edge(content: memoryview) -> Edge:
    found = dict(_fields(content))
    tensor = dict(_fields(dict(_fields(found[2]))[1]))
    axes = [dict(_fields(item)) for number, item in _fields(tensor[2]) if number == 1]
    shape = tuple(axis.get(1, "n") for axis in axes)
    return Edge(name=_text(found[1]), dtype=DTYPES[tensor[1]], shape=shape)
