"""Writes ONNX model files (onnx.proto3 of the ONNX specification, IR version 8) with no library but numpy."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLOAT, INT8, INT64 = 1, 3, 7
TYPES = {"float32": FLOAT, "int8": INT8, "int64": INT64}
OPSET = 17
IR_VERSION = 8
Attribute = int | float | Sequence[int]


@dataclass
class Graph:
    """A model being written: `constant`, `node` and `add` make names that later nodes take as inputs."""

    nodes: list[bytes] = field(default_factory=list[bytes])
    constants: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def constant(self, name: str, value: "NDArray[Any]") -> str:
        if name not in self.constants:
            kind = TYPES[value.dtype.name]
            dims = b"".join(_integer(1, size) for size in value.shape)
            self.constants[name] = dims + _integer(2, kind) + _text(8, name) + _bytes(9, value.tobytes())
        return name

    def node(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Adds an operation of one output; that output's name."""
        name = f"{operator}_{len(self.nodes)}"
        self.add(operator, inputs, (name,), **attributes)
        return name

    def add(self, operator: str, inputs: Sequence[str], names: Sequence[str], **attributes: Attribute) -> None:
        """Adds an operation whose outputs have these names."""
        message = b"".join(_text(1, one) for one in inputs) + b"".join(_text(2, one) for one in names)
        message += _text(3, names[0]) + _text(4, operator) + b"".join(_bytes(5, _attribute(*pair)) for pair in attributes.items())
        self.nodes.append(message)

    def write(self, path: Path, inputs: Mapping[str, Sequence[str | int]], outputs: Mapping[str, Sequence[str | int]]) -> None:
        """Writes the model. `inputs` (int64) and `outputs` (float) name their axes, or give their sizes."""
        graph = b"".join(_bytes(1, node) for node in self.nodes) + _text(2, "model")
        graph += b"".join(_bytes(11, _value(name, INT64, axes)) for name, axes in inputs.items())
        graph += b"".join(_bytes(12, _value(name, FLOAT, axes)) for name, axes in outputs.items())
        graph += b"".join(_bytes(5, constant) for constant in self.constants.values())
        head = _integer(1, IR_VERSION) + _text(2, "nextcloud-mcp-server") + _bytes(8, _text(1, "") + _integer(2, OPSET))
        path.write_bytes(head + _bytes(7, graph))


def quantised(weight: "NDArray[np.float32]", axis: int) -> "tuple[NDArray[np.int8], NDArray[np.float32]]":
    """Symmetric 8-bit integers and the scales to multiply them by, one for each slice along `axis`."""
    import numpy as np

    scale = np.maximum(np.abs(weight).max(axis=1 - axis, keepdims=True), 1e-12) / 127
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + b"\x15" + struct.pack("<f", value) + _integer(20, 1)
    if isinstance(value, int):
        return _text(1, name) + _integer(3, value) + _integer(20, 2)
    return _text(1, name) + b"".join(_integer(8, one) for one in value) + _integer(20, 7)


def _value(name: str, kind: int, axes: Sequence[str | int]) -> bytes:
    dims = b"".join(_bytes(1, _integer(1, axis) if isinstance(axis, int) else _text(2, axis)) for axis in axes)
    return _text(1, name) + _bytes(2, _bytes(1, _integer(1, kind) + _bytes(2, dims)))


def _varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _integer(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _bytes(tag: int, value: bytes) -> bytes:
    return _varint(tag << 3 | 2) + _varint(len(value)) + value


def _text(tag: int, value: str) -> bytes:
    return _bytes(tag, value.encode())
