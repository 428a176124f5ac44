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

from pybp._common.types import Array, DType
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
_MOST_ENTRIES = 200_000
"""Entries of a message and of all messages in it. The models that pybp reads have thousands."""
_NUMBERS: dict[str, DType] = {
    "int": np.dtype("<i8"),
    "float": np.dtype("<f4"),
    "double": np.dtype("<f8"),
}


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

    "bytes" fields are views; repeated numbers become arrays. Nested messages follow the schema, so their
    depth is bounded, and so is the number of entries.

    Raises
    ------
    FileFormatError
        These bytes are no message of this schema.
    """
    return _Decoder().message(data, schema)


class _Decoder:
    """Decodes messages, and counts entries: each takes much more memory than its two bytes."""

    def __init__(self) -> None:
        self._left = _MOST_ENTRIES

    def message(self, data: memoryview, schema: Schema) -> dict[str, Any]:
        numbers = {field.number: (name, field) for name, field in schema.items()}
        message: dict[str, Any] = {}
        for number, wire, raw in self._entries(data):
            if number not in numbers:
                continue
            name, field = numbers[number]
            value = self._value(name, field, wire, raw)
            if field.repeated:
                message.setdefault(name, []).append(value)
            else:
                message[name] = value
        for name, values in message.items():
            if schema[name].repeated and schema[name].kind in _NUMBERS:
                message[name] = np.concatenate(values)
        return message

    def _value(self, name: str, field: Field, wire: int, raw: Any) -> Any:
        """The value of an entry; an array if the field repeats numbers."""
        dtype = _NUMBERS.get(field.kind)
        if dtype is not None and field.repeated:
            return self._numbers(field.kind, dtype, wire, raw, name)
        if wire != _WIRE[field.kind]:
            raise FileFormatError(f"its field {name!r} has the wrong type")
        if dtype is not None:
            return _signed(raw) if field.kind == "int" else float(np.frombuffer(raw, dtype)[0])
        if field.message is not None:
            return self.message(raw, field.message)
        if field.kind == "bytes":
            return raw
        try:
            return str(raw, "utf-8")
        except UnicodeDecodeError:
            raise FileFormatError(f"its field {name!r} is not UTF-8 text") from None

    def _numbers(self, kind: str, dtype: DType, wire: int, raw: Any, name: str) -> Array:
        """One number, or packed ones."""
        if wire != _BYTES and wire != _WIRE[kind]:
            raise FileFormatError(f"its field {name!r} has the wrong type")
        if kind == "int":
            return np.array([_signed(raw)] if wire == _VARINT else self._varints(raw), np.int64)
        if len(raw) % dtype.itemsize:
            raise FileFormatError("its packed numbers end in the middle of one")
        return np.frombuffer(raw, dtype)

    def _varints(self, data: memoryview) -> list[int]:
        numbers, at = [], 0
        while at < len(data):
            number, at = _read_varint(data, at)
            numbers.append(_signed(number))
            self._count()
        return numbers

    def _entries(self, data: memoryview) -> Iterator[tuple[int, int, Any]]:
        """Number, wire type and raw value of each entry of a message."""
        at = 0
        while at < len(data):
            self._count()
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

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise FileFormatError(f"it has more than {_MOST_ENTRIES} entries")


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
