"""The safetensors format, read strictly: 8 bytes of length, a JSON header, raw little-endian arrays.

Reading can't run code, and needs no more memory than the file is long and a small multiple of its
header. Whatever is wrong with a file raises `FileFormatError`. The format is described at
https://huggingface.co/docs/safetensors; of its types only F32 and F64 are known here.
"""

import json
import math
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

import numpy as np

from pybp._common.types import Array, DType
from pybp.errors import ArgumentError, FileFormatError

__all__ = ["Reader", "Tensor", "parse_json", "reading", "write"]

MAX_HEADER = 8 << 20
_DTYPES: dict[str, DType] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_METADATA = "__metadata__"


# ---- writing ---------------------------------------------------------------------------------


def write(stream: IO[bytes], tensors: Mapping[str, Array], metadata: Mapping[str, str]) -> None:
    """Write float32 and float64 arrays by name, and texts by name."""
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
    text += b" " * (-len(text) % 8)  # so that the arrays are aligned in the file
    if len(text) > MAX_HEADER:
        raise ArgumentError(f"a net of {len(tensors)} arrays is too large for a file")
    stream.write(len(text).to_bytes(8, "little"))
    stream.write(text)
    for array in tensors.values():
        stream.write(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)


# ---- reading ---------------------------------------------------------------------------------


class Tensor(NamedTuple):
    """Where an array lies in the file."""

    dtype: DType
    shape: tuple[int, ...]
    begin: int
    end: int


class Reader:
    """An open file whose header is checked; the arrays are read one by one.

    Attributes
    ----------
    metadata : dict of str to str
        The texts.
    tensors : dict of str to Tensor
        The arrays.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        size = os.fstat(stream.fileno()).st_size
        self._stream = stream
        self._data, header = _header(stream, size)
        self.metadata = _metadata(header.pop(_METADATA, {}))
        self.tensors = {name: _tensor(name, entry) for name, entry in header.items()}
        _check_layout(self.tensors, size - self._data)

    def read(self, name: str) -> Array:
        """One array, in this machine's byte order."""
        tensor = self.tensors[name]
        array = np.empty(tensor.shape, tensor.dtype)
        self._stream.seek(self._data + tensor.begin)
        if self._stream.readinto(array.reshape(-1).view(np.uint8).data) != array.nbytes:  # type: ignore[attr-defined]
            raise FileFormatError("the file became shorter while it was read")
        return array.astype(tensor.dtype.newbyteorder("="), copy=False)


@contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[Reader]:
    """Open a file for the length of a block."""
    if not stat.S_ISREG(Path(path).stat().st_mode):  # opening a pipe would wait for a writer
        raise FileFormatError("it is not a regular file")
    with Path(path).open("rb") as stream:
        yield Reader(stream)


def parse_json(text: str) -> Any:
    """JSON without repeated keys, NaN and infinity."""
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
    raise ValueError(f"{name} is no JSON")


def _header(stream: IO[bytes], size: int) -> tuple[int, dict[str, Any]]:
    """Where the arrays begin, and the header."""
    length = int.from_bytes(stream.read(8), "little")
    if size < 10 or not 2 <= length <= min(size - 8, MAX_HEADER):
        raise FileFormatError(f"its {size} bytes don't begin with the length of a header")
    raw = stream.read(length)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise FileFormatError("its header is not text") from None
    header = parse_json(text) if text.startswith("{") else None
    if not isinstance(header, dict):
        raise FileFormatError("its header is not a JSON object")
    return 8 + length, header


def _metadata(entries: object) -> dict[str, str]:
    if isinstance(entries, dict) and all(isinstance(text, str) for text in entries.values()):
        return entries
    raise FileFormatError("its metadata are not texts")


def _tensor(name: str, entry: object) -> Tensor:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise FileFormatError(f"array {name!r} is not described by dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise FileFormatError(f"array {name!r} has the unknown dtype {dtype!r:.40}")
    if not _sizes(shape) or len(shape) > 8 or not _sizes(offsets) or len(offsets) != 2:
        raise FileFormatError(f"array {name!r} has no proper shape and data_offsets")
    begin, end = offsets
    if end - begin != math.prod(shape) * _DTYPES[dtype].itemsize:
        raise FileFormatError(f"array {name!r} has {end - begin} bytes, which its shape does not")
    return Tensor(_DTYPES[dtype], tuple(shape), begin, end)


def _sizes(numbers: object) -> bool:
    """Whether it is a list of whole numbers that a file can hold so many bytes of."""
    return isinstance(numbers, list) and all(
        type(number) is int and 0 <= number < 1 << 63 for number in numbers
    )


def _check_layout(tensors: Mapping[str, Tensor], size: int) -> None:
    """The arrays follow each other, without gaps, to the end of the file."""
    end = 0
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.begin != end:
            raise FileFormatError("its arrays overlap or leave gaps")
        end = tensor.end
    if end != size:
        raise FileFormatError(f"its arrays take {end} bytes, but {size} are there")
