"""Write the safetensors format: 8 bytes of length, a JSON header, raw little-endian arrays.

The format is described at https://huggingface.co/docs/safetensors; some of its types are supported
here. The core reads it: csrc/io.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any
from zlib import crc32

import numpy as np

from pybp._common.types import Array, DType
from pybp.errors import ArgumentError

__all__ = ["DTYPES", "checksum", "encode"]

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
