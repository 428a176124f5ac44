"""The protobuf wire format: messages as dicts, by tables of their fields.

https://protobuf.dev/programming-guides/encoding describes it. A message is a dict of the fields that
it has, by name; a repeated field is a list.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pybp.errors import FileFormatError

__all__ = ["Field", "Pieces", "Schema", "decode", "encode"]

Kind = Literal["int", "float", "double", "text", "bytes", "message"]
Pieces = list[bytes | memoryview]
"""The encoded message, to be written one after the other."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIRE: dict[str, int] = {
    "int": _VARINT,
    "double": _FIXED64,
    "float": _FIXED32,
    **dict.fromkeys(("text", "bytes", "message"), _BYTES),
}
_LARGEST_COUNT = 100_000
"""Elements of a repeated field, except for packed numbers, which take no more memory than the file."""


@dataclass(frozen=True)
class Field:
    """A field of a message.

    Attributes
    ----------
    number : int
        Its number in the wire format.
    kind : str
        Its type; "int" stands for all integers and enums.
    repeated : bool
        Whether it is a list.
    packed : bool
        Whether numbers are written next to each other, without a tag for each. Both forms are read.
    message : Schema, optional
        The fields of the message, if `kind` is "message".
    """

    number: int
    kind: Kind
    repeated: bool = False
    packed: bool = False
    message: Schema | None = None


Schema = Mapping[str, Field]
"""The fields of a message by name."""


# ---- writing ---------------------------------------------------------------------------------


def encode(message: Mapping[str, Any], schema: Schema) -> Pieces:
    """The bytes of a message. Arrays among its "bytes" fields are not copied."""
    pieces: Pieces = []
    for name, value in message.items():
        field = schema[name]
        values = value if field.repeated else [value]
        if field.packed:
            packed = b"".join(_scalar(field.kind, each) for each in values)
            pieces += [_tag(field.number, _BYTES), _varint(len(packed)), packed]
            continue
        for each in values:
            pieces.append(_tag(field.number, _WIRE[field.kind]))
            pieces += _value(field, each)
    return pieces


def _value(field: Field, value: Any) -> Pieces:
    if field.kind not in ("text", "bytes", "message"):
        return [_scalar(field.kind, value)]
    inner: Pieces
    if field.message is not None:
        inner = encode(value, field.message)
    else:
        inner = [value.encode() if field.kind == "text" else value]
    return [_varint(sum(len(piece) for piece in inner)), *inner]


def _scalar(kind: str, value: Any) -> bytes:
    if kind == "int":
        return _varint(int(value) % (1 << 64))  # two's complement
    return struct.pack("<f" if kind == "float" else "<d", value)


def _tag(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _varint(number: int) -> bytes:
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)


# ---- reading ---------------------------------------------------------------------------------


def decode(data: memoryview, schema: Schema) -> dict[str, Any]:
    """The message in `data`; fields that the schema doesn't name are skipped.

    Nothing is copied but numbers and texts: "bytes" fields are views. Nested messages follow the
    schema, so their depth is bounded.

    Raises
    ------
    FileFormatError
        These bytes are no message of this schema.
    """
    numbers = {field.number: (name, field) for name, field in schema.items()}
    message: dict[str, Any] = {}
    for number, wire, value in _entries(data):
        if number not in numbers:
            continue
        name, field = numbers[number]
        values = _decoded(name, field, wire, value)
        if not field.repeated:
            message[name] = values[0]
            continue
        found = message.setdefault(name, [])
        found += values
        if len(found) > _LARGEST_COUNT and field.kind in ("text", "bytes", "message"):
            raise FileFormatError(f"it has more than {_LARGEST_COUNT} entries of {name!r}")
    return message


def _decoded(name: str, field: Field, wire: int, value: Any) -> list[Any]:
    """The value of a field, or the values if they are packed."""
    if wire == _BYTES and field.repeated and field.kind in ("int", "float", "double"):
        return _unpacked(field.kind, value)
    if wire != _WIRE[field.kind]:
        raise FileFormatError(f"its field {name!r} has the wrong type")
    if field.kind == "int":
        return [_signed(value)]
    if field.kind in ("float", "double"):
        return [struct.unpack("<f" if field.kind == "float" else "<d", value)[0]]
    if field.kind == "bytes":
        return [value]
    if field.message is not None:
        return [decode(value, field.message)]
    try:
        return [str(value, "utf-8")]
    except UnicodeDecodeError:
        raise FileFormatError(f"its field {name!r} is not UTF-8 text") from None


def _unpacked(kind: str, data: memoryview) -> list[Any]:
    if kind == "int":
        values, at = [], 0
        while at < len(data):
            value, at = _read_varint(data, at)
            values.append(_signed(value))
        return values
    dtype = np.dtype("<f4" if kind == "float" else "<f8")
    if len(data) % dtype.itemsize:
        raise FileFormatError("its packed numbers end in the middle of one")
    return list(np.frombuffer(data, dtype).tolist())


def _entries(data: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and raw value of each entry of a message."""
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        number, wire = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise FileFormatError(f"it has a field with number {number}")
        if wire == _VARINT:
            value, at = _read_varint(data, at)
            yield number, wire, value
            continue
        if wire == _BYTES:
            length, at = _read_varint(data, at)
        elif wire in (_FIXED32, _FIXED64):
            length = 4 if wire == _FIXED32 else 8
        else:
            raise FileFormatError(f"it has an entry of wire type {wire}")
        if length > len(data) - at:
            raise FileFormatError(f"an entry of {length} bytes goes beyond the end")
        yield number, wire, data[at : at + length]
        at += length


def _read_varint(data: memoryview, at: int) -> tuple[int, int]:
    """The number at an offset, and the offset behind it."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise FileFormatError("it ends in the middle of a number")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if number >= 1 << 64:
                break
            return number, at
    raise FileFormatError("it has a number of more than 64 bits")


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number
