"""ONNX files of a few operators, encoded by hand, so that tests and benchmarks need no ONNX library.

Source: onnx/onnx.proto of ONNX 1.14 (IR version 8, operator set 17); protobuf wire format: a field is the varint
`number << 3 | kind`, kind 0 a varint, kind 2 a length and that many octets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ELEMENT_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "float64": 11}
IR_VERSION = 8
OPERATOR_SET = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One operator with the names of what it takes and gives."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A tensor at the edge of the graph; a text in `shape` is a free axis."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A one-dimensional int64 tensor inside the graph."""

    name: str
    values: tuple[int, ...]


def onnx_bytes(
    nodes: Sequence[Node], inputs: Sequence[Value], outputs: Sequence[Value], constants: Sequence[Constant] = ()
) -> bytes:
    """A ModelProto with one graph."""
    graph = b"".join(_field(1, _node(node)) for node in nodes) + _field(2, b"graph")
    graph += b"".join(_field(5, _constant(constant)) for constant in constants)
    graph += b"".join(_field(11, _value(value)) for value in inputs)
    graph += b"".join(_field(12, _value(value)) for value in outputs)
    return _integer(1, IR_VERSION) + _field(7, graph) + _field(8, _integer(2, OPERATOR_SET))


def one_operator(operator: str = "Relu", width: int = 16) -> bytes:
    """y = operator(x), x and y float32 of shape (n, width)."""
    node = Node(operator=operator, inputs=("x",), outputs=("y",))
    edge = {"dtype": "float32", "shape": ("n", width)}
    return onnx_bytes([node], [Value(name="x", **edge)], [Value(name="y", **edge)])  # type: ignore[arg-type]


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _integer(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _node(node: Node) -> bytes:
    names = b"".join(_field(1, name.encode()) for name in node.inputs)
    names += b"".join(_field(2, name.encode()) for name in node.outputs)
    return names + _field(4, node.operator.encode())


def _value(value: Value) -> bytes:
    axes = b"".join(
        _field(1, _field(2, axis.encode()) if isinstance(axis, str) else _integer(1, axis)) for axis in value.shape
    )
    tensor = _integer(1, ELEMENT_TYPES[value.dtype]) + _field(2, axes)
    return _field(1, value.name.encode()) + _field(2, _field(1, tensor))


def _constant(constant: Constant) -> bytes:
    content = b"".join(value.to_bytes(8, "little", signed=True) for value in constant.values)
    head = _integer(1, len(constant.values)) + _integer(2, ELEMENT_TYPES["int64"])
    return head + _field(8, constant.name.encode()) + _field(9, content)
