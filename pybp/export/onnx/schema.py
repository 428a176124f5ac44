"""The messages of ONNX: the fields that pybp writes or reads.

Source: onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from typing import Any

import numpy as np

from pybp._common.types import Array, DType
from pybp.export.onnx.wire import Field, Schema

__all__ = ["DTYPES", "MODEL", "TENSOR", "attribute", "number_of_dtype", "tensor", "value_info"]

DTYPES: dict[int, DType] = {
    1: np.dtype("<f4"),
    6: np.dtype("<i4"),
    7: np.dtype("<i8"),
    9: np.dtype("bool"),
    11: np.dtype("<f8"),
}
"""The numbers of element types (TensorProto.DataType), without strings."""
_STRING = 8

_TEXT_ENTRY: Schema = {"key": Field(1, "text"), "value": Field(2, "text")}
TENSOR: Schema = {
    "dims": Field(1, "int", repeated=True),
    "data_type": Field(2, "int"),
    "segment": Field(3, "bytes"),
    "float_data": Field(4, "float", repeated=True, packed=True),
    "int32_data": Field(5, "int", repeated=True, packed=True),
    "string_data": Field(6, "bytes", repeated=True),
    "int64_data": Field(7, "int", repeated=True, packed=True),
    "name": Field(8, "text"),
    "raw_data": Field(9, "bytes"),
    "double_data": Field(10, "double", repeated=True, packed=True),
    "external_data": Field(13, "message", repeated=True, message=_TEXT_ENTRY),
    "data_location": Field(14, "int"),
}
_ATTRIBUTE: Schema = {
    "name": Field(1, "text"),
    "f": Field(2, "float"),
    "i": Field(3, "int"),
    "s": Field(4, "bytes"),
    "t": Field(5, "message", message=TENSOR),
    "g": Field(6, "bytes"),
    "floats": Field(7, "float", repeated=True),
    "ints": Field(8, "int", repeated=True),
    "strings": Field(9, "bytes", repeated=True),
    "graphs": Field(11, "bytes", repeated=True),
    "type": Field(20, "int"),
    "ref_attr_name": Field(21, "text"),
}
_NODE: Schema = {
    "input": Field(1, "text", repeated=True),
    "output": Field(2, "text", repeated=True),
    "name": Field(3, "text"),
    "op_type": Field(4, "text"),
    "attribute": Field(5, "message", repeated=True, message=_ATTRIBUTE),
    "domain": Field(7, "text"),
}
_DIMENSION: Schema = {"dim_value": Field(1, "int"), "dim_param": Field(2, "text")}
_SHAPE: Schema = {"dim": Field(1, "message", repeated=True, message=_DIMENSION)}
_TENSOR_TYPE: Schema = {
    "elem_type": Field(1, "int"),
    "shape": Field(2, "message", message=_SHAPE),
}
_TYPE: Schema = {"tensor_type": Field(1, "message", message=_TENSOR_TYPE)}
_VALUE_INFO: Schema = {
    "name": Field(1, "text"),
    "type": Field(2, "message", message=_TYPE),
}
_GRAPH: Schema = {
    "node": Field(1, "message", repeated=True, message=_NODE),
    "name": Field(2, "text"),
    "initializer": Field(5, "message", repeated=True, message=TENSOR),
    "doc_string": Field(10, "text"),
    "input": Field(11, "message", repeated=True, message=_VALUE_INFO),
    "output": Field(12, "message", repeated=True, message=_VALUE_INFO),
    "sparse_initializer": Field(15, "bytes", repeated=True),
}
_OPERATOR_SET: Schema = {"domain": Field(1, "text"), "version": Field(2, "int")}
MODEL: Schema = {
    "ir_version": Field(1, "int"),
    "producer_name": Field(2, "text"),
    "producer_version": Field(3, "text"),
    "graph": Field(7, "message", message=_GRAPH),
    "opset_import": Field(8, "message", repeated=True, message=_OPERATOR_SET),
    "metadata_props": Field(14, "message", repeated=True, message=_TEXT_ENTRY),
    "functions": Field(25, "bytes", repeated=True),
}


def number_of_dtype(dtype: DType) -> int:
    """The number of an element type; that of strings for other dtypes than numbers and bool."""
    numbers = {known: number for number, known in DTYPES.items()}
    return numbers.get(dtype.newbyteorder("<"), _STRING)


def tensor(name: str, array: Array) -> dict[str, Any]:
    """A TensorProto of numbers or strings."""
    number = number_of_dtype(array.dtype)
    message: dict[str, Any] = {"dims": array.shape, "data_type": number, "name": name}
    if number == _STRING:
        return message | {"string_data": [str(text).encode() for text in array.ravel()]}
    little = np.ascontiguousarray(array, DTYPES[number])
    return message | {"raw_data": little.reshape(-1).view(np.uint8).data}


def attribute(name: str, value: Any) -> dict[str, Any]:
    """An AttributeProto of a number, a text, an array, or a list of numbers or texts."""
    several = isinstance(value, list)
    sample = value[0] if several else value
    if isinstance(sample, np.ndarray):
        return {"name": name, "t": tensor("", sample), "type": 4}
    if isinstance(sample, str):
        encoded = [text.encode() for text in (value if several else [value])]
        field, number = ("strings", 8) if several else ("s", 3)
        return {"name": name, field: encoded if several else encoded[0], "type": number}
    if isinstance(sample, float):
        return {"name": name, "floats" if several else "f": value, "type": 6 if several else 1}
    return {"name": name, "ints" if several else "i": value, "type": 7 if several else 2}


def value_info(name: str, dtype: DType, shape: tuple[int | str, ...]) -> dict[str, Any]:
    """A ValueInfoProto; a text in the shape names a dimension of any size."""
    dims = [{"dim_param" if isinstance(d, str) else "dim_value": d} for d in shape]
    kind = {"elem_type": number_of_dtype(dtype), "shape": {"dim": dims}}
    return {"name": name, "type": {"tensor_type": kind}}
