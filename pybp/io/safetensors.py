"""Read and write the safetensors format: 8 bytes of length, a JSON header, raw little-endian arrays.

Reading runs no code from the file. It needs memory for the size of the file and a small multiple of
the header. A file that is wrong in any way raises `FileFormatError`. The format is described at
https://huggingface.co/docs/safetensors; some of its types are supported here.
"""

import json
import math
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn
from zlib import crc32

import numpy as np

from pybp._common.types import Array, DType
from pybp.errors import ArgumentError, FileFormatError

__all__ = ["DTYPES", "Reader", "Tensor", "checksum", "encode", "open_reader", "parse_json"]

MAX_HEADER = 8 << 20
_PIECE = 16 << 20
_DTYPES: dict[str, DType] = {
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
    "U8": np.dtype("u1"),
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
DTYPES = tuple(dtype.name for dtype in _NAMES)
"""Names of the types of arrays that a file can hold."""
_METADATA = "__metadata__"


# ---- writing ---------------------------------------------------------------------------------


def encode(
    tensors: Mapping[str, Array], metadata: Mapping[str, str]
) -> Iterable[bytes | memoryview]:
    """The contents of a file with named arrays, and named strings as metadata, piece by piece."""
    header: dict[str, Any] = {_METADATA: dict(metadata)}
    end = 0
    for name, array in tensors.items():
        begin, end = end, end + array.nbytes
        header[name] = {
            "dtype": _NAMES[array.dtype.newbyteorder("<")],
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 8)  # aligns the arrays in the file
    if len(text) > MAX_HEADER:
        raise ArgumentError(
            f"a net of {len(tensors)} arrays is too large: its header has {len(text)} bytes, the limit is {MAX_HEADER}"
        )
    return chain(
        [len(text).to_bytes(8, "little"), text],
        (
            data[begin : begin + _PIECE]
            for data in map(_bytes_of, tensors.values())
            for begin in range(0, len(data), _PIECE)
        ),
    )


def checksum(data: Array | str) -> str:
    """The CRC-32 of an array's bytes in a file, or of a string's in UTF-8, as 8 hexadecimal digits."""
    return f"{crc32(data.encode() if isinstance(data, str) else _bytes_of(data)):08x}"


def _bytes_of(array: Array) -> memoryview:
    """The bytes of an array in a file."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return little.reshape(-1).view(np.uint8).data


# ---- reading ---------------------------------------------------------------------------------


class Tensor(NamedTuple):
    """Type and shape of an array, and its first and last byte offset after the header."""

    dtype: DType
    shape: tuple[int, ...]
    begin: int
    end: int


class Reader:
    """An open file. The header is checked on opening; arrays are read one by one.

    Attributes
    ----------
    metadata : dict of str to str
        The named strings.
    tensors : dict of str to Tensor
        The named arrays.
    data_bytes : int
        The bytes of all arrays.
    checksums : dict of str
        The expected `checksum` of arrays; at first empty.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        size = os.fstat(stream.fileno()).st_size
        self._stream = stream
        self._data, header = _header(stream, size)
        self.metadata = _metadata(header.pop(_METADATA, {}))
        self.tensors = {name: _tensor(name, entry) for name, entry in header.items()}
        self.data_bytes = size - self._data
        self.checksums: Mapping[str, object] = {}
        _check_layout(self.tensors, self.data_bytes)

    def read(self, name: str) -> Array:
        """Read one array, into the native byte order, and compare its checksum if that is known."""
        tensor = self.tensors[name]
        array = np.empty(tensor.shape, tensor.dtype)
        self._stream.seek(self._data + tensor.begin)
        if self._stream.readinto(array.reshape(-1).view(np.uint8).data) != array.nbytes:  # type: ignore[attr-defined]
            raise FileFormatError("it became shorter while it was read")
        if name in self.checksums and checksum(array) != self.checksums[name]:
            raise FileFormatError(f"array {name!r} is damaged: its checksum is another")
        return array.astype(tensor.dtype.newbyteorder("="), copy=False)


@contextmanager
def open_reader(path: str | os.PathLike[str]) -> Iterator[Reader]:
    """Open a file for the duration of a ``with`` block."""
    if not stat.S_ISREG(Path(path).stat().st_mode):  # opening a pipe waits for a writer
        raise FileFormatError("it is not a regular file")
    with Path(path).open("rb") as stream:
        yield Reader(stream)


def parse_json(text: str) -> Any:
    """Parse JSON; repeated keys, NaN and infinity are refused."""
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
        )
    except RecursionError:
        raise FileFormatError("its header is nested too deeply") from None
    except ValueError as error:
        raise FileFormatError(f"its header is not JSON: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise ValueError("a key occurs twice")
    return entries


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_constant(text)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _header(stream: IO[bytes], size: int) -> tuple[int, dict[str, Any]]:
    """The offset of the first array, and the parsed header."""
    length = int.from_bytes(stream.read(8), "little")
    if size < 10 or not 2 <= length <= min(size - 8, MAX_HEADER):
        raise FileFormatError(
            f"its first 8 bytes are not the length of a header (file size {size} bytes)"
        )
    raw = stream.read(length)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise FileFormatError("its header is not UTF-8 text") from None
    header = parse_json(text) if text.startswith("{") else None
    if not isinstance(header, dict):
        raise FileFormatError("its header is not a JSON object")
    return 8 + length, header


def _metadata(entries: object) -> dict[str, str]:
    if isinstance(entries, dict) and all(isinstance(text, str) for text in entries.values()):
        return entries
    raise FileFormatError("its metadata is not an object of strings")


def _tensor(name: str, entry: object) -> Tensor:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise FileFormatError(
            f"array {name!r} doesn't have exactly the fields dtype, shape and data_offsets"
        )
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise FileFormatError(f"array {name!r} has the unknown dtype {dtype!r:.40}")
    if not _sizes(shape) or len(shape) > 8 or not _sizes(offsets) or len(offsets) != 2:
        raise FileFormatError(f"array {name!r} has a wrong shape or wrong data_offsets")
    begin, end = offsets
    if end - begin != math.prod(shape) * _DTYPES[dtype].itemsize:
        raise FileFormatError(
            f"array {name!r} has {end - begin} bytes, which doesn't match its shape"
        )
    return Tensor(_DTYPES[dtype], tuple(shape), begin, end)


def _sizes(numbers: object) -> bool:
    """Whether `numbers` is a list of integers from 0 to 2^63 - 1."""
    return isinstance(numbers, list) and all(
        type(number) is int and 0 <= number < 1 << 63 for number in numbers
    )


def _check_layout(tensors: Mapping[str, Tensor], size: int) -> None:
    """Check that the arrays follow each other without gaps, to the end of the file."""
    end = 0
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.begin != end:
            raise FileFormatError("its arrays overlap or leave gaps")
        end = tensor.end
    if end != size:
        raise FileFormatError(f"its arrays take {end} bytes, but the file has {size} for them")
