"""The operators that pybp reads: what each makes of the values that it gets."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.activations import Softmax
from pybp.errors import FileFormatError
from pybp.export.layer_graph import INPUT, Parameters
from pybp.export.onnx.expressions import ELEMENTWISE, REDUCTIONS, Formula, number_of_arguments
from pybp.export.onnx.model import OnnxNode
from pybp.export.onnx.reader import GraphReader, shortest
from pybp.export.onnx.schema import DTYPES
from pybp.export.onnx.values import Codes, Columns, Complement, Dims, Features, Value, Vectors
from pybp.layers import BatchNorm, LayerNorm, RMSNorm, Scale

__all__ = ["OPERATORS"]

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def _wrong(node: OnnxNode, what: str) -> FileFormatError:
    return FileFormatError(f"{node.name}: {what}")


def _expect(node: OnnxNode, name: str, default: Any, *allowed: Any) -> None:
    """Raise unless an attribute has one of the values that pybp reads."""
    value = node.attributes.get(name, default)
    if value not in allowed:
        raise _wrong(node, f"{name} is {value!r:.40}; pybp reads {allowed[0]!r}")


# ---- layers ----------------------------------------------------------------------------------


def _gemm(reader: GraphReader, node: OnnxNode) -> Value:
    _expect(node, "alpha", 1.0, 1.0)
    _expect(node, "transA", 0, 0)
    matrix = reader.parameter(node, 1, ndim=2)
    weights = matrix if node.attributes.get("transB", 0) else matrix.T
    biases = None
    if reader.argument(node, 2) is not None:
        _expect(node, "beta", 1.0, 1.0)
        biases = reader.parameter(node, 2)
    return reader.of_layer(reader.layers.dense(reader.source(node), weights, biases, node.name))


def _matmul(reader: GraphReader, node: OnnxNode) -> Value:
    weights = reader.parameter(node, 1, ndim=2).T
    return reader.of_layer(reader.layers.dense(reader.source(node), weights, None, node.name))


def _batch_norm(reader: GraphReader, node: OnnxNode) -> Value:
    _expect(node, "training_mode", 0, 0)
    gamma, beta, mean, variance = (reader.parameter(node, index) for index in range(1, 5))
    eps = shortest(node.attributes.get("epsilon", 1e-5), np.dtype(np.float32))
    spec, parameters = BatchNorm(eps=eps), Parameters(gamma, beta, (mean, variance))
    if (variance < 0).any():
        raise _wrong(node, "a variance is negative")
    return reader.of_layer(reader.layers.layer(reader.source(node), spec, parameters, node.name))


def _norm(kind: type[LayerNorm] | type[RMSNorm], reader: GraphReader, node: OnnxNode) -> Value:
    _expect(node, "axis", -1, -1, 1)
    gamma = reader.parameter(node, 1)
    beta = None if reader.argument(node, 2) is None else reader.parameter(node, 2)
    eps = shortest(node.attributes.get("epsilon", 1e-5), np.dtype(np.float32))
    spec, parameters = kind(eps=eps, bias=beta is not None), Parameters(gamma, beta)
    return reader.of_layer(reader.layers.layer(reader.source(node), spec, parameters, node.name))


def _scaler(reader: GraphReader, node: OnnxNode) -> Value:
    """``(x - offset) scale`` of ai.onnx.ml."""
    source = reader.source(node)
    width = reader.layers.width(source)
    offset, scale = (
        np.array(node.attributes.get(name, default), np.float64)
        for name, default in (("offset", [0.0]), ("scale", [1.0]))
    )
    if any(values.size not in (1, width) for values in (offset, scale)):
        raise _wrong(node, f"it has not {width} offsets and scales")
    gamma = np.broadcast_to(scale, (width,)).astype(np.float32)
    beta = np.broadcast_to(-offset * scale, (width,)).astype(np.float32)
    spec, parameters = Scale(bias=True), Parameters(gamma, beta)
    return reader.of_layer(reader.layers.layer(source, spec, parameters, node.name))


def _softmax(reader: GraphReader, node: OnnxNode) -> Value:
    _expect(node, "axis", -1, -1, 1)
    source = reader.source(node)
    return reader.of_layer(reader.layers.activation(source, Softmax(), node.name))


# ---- operators on each element ---------------------------------------------------------------


def _elementwise(reader: GraphReader, node: OnnxNode, op: str, *parameters: float) -> Value:
    """An operator of `ELEMENTWISE`, whose parameters follow its inputs."""
    if len(node.inputs) + len(parameters) != number_of_arguments(op):
        raise _wrong(node, f"it has {len(node.inputs)} inputs")
    given = [reader.argument(node, index) for index in range(len(node.inputs))]
    if all(isinstance(value, np.ndarray) for value in given):
        return _of_constants(node, op, given, parameters)
    rows = [value for value in given if isinstance(value, Features)]
    if len(rows) + sum(isinstance(value, np.ndarray) for value in given) < len(given):
        raise _wrong(node, "an input is neither features nor a constant")
    if op in ("Add", "Sub", "Mul", "Div") and len(given) == 2:
        found = _affine_or_sum(reader, node, op, rows)
        if found is not None:
            return found
    if any(value.node != rows[0].node or value.flat != rows[0].flat for value in rows):
        raise _wrong(node, "it combines two layers; pybp reads sums of two only")
    numbers = [reader.number(value, np.dtype(np.float32)) for value in parameters]
    arguments = [_part(reader, node, value) for value in given]
    formula = Formula(op, (*arguments, *numbers))
    return Features(rows[0].node, formula, rows[0].flat)


def _part(reader: GraphReader, node: OnnxNode, value: Any) -> Formula:
    """A part of a formula: that of features, or a number."""
    if isinstance(value, Features):
        return value.formula
    if value.size != 1 or value.dtype.kind not in "fiub":
        raise _wrong(node, f"a constant has shape {value.shape}; expected one number")
    return reader.number(float(value.ravel()[0]), value.dtype)


def _affine_or_sum(
    reader: GraphReader, node: OnnxNode, op: str, rows: list[Features]
) -> Value | None:
    """The node as a scale or shift by a vector, or as the sum of two layers; else None."""
    if len(rows) == 2:
        if rows[0].node == rows[1].node and None in (rows[0].layer, rows[1].layer):
            return None
        if op != "Add" or not (rows[0].flat and rows[1].flat):
            return None
        one, other = (reader.layer_of(value, node.name) for value in rows)
        return reader.of_layer(reader.layers.add(one, other, node.name))
    index = 0 if isinstance(reader.argument(node, 1), Features) else 1  # of the constant
    constant = reader.constant(node, index)
    features, width = rows[0], reader.width(rows[0])
    if constant.ndim == 0 or constant.size != width or constant.shape[-1] != width:
        return None
    trivial = features.layer is not None
    if width == 1 and not (op == "Add" and trivial and _lacks_bias(reader, features)):
        return None
    if not features.flat:
        raise _wrong(node, "it scales or shifts an input of more than two dimensions")
    merge = trivial and reader.single_reader(node, 1 - index)
    layer = reader.layer_of(features, node.name)
    merge = merge or (not trivial and reader.single_reader(node, 1 - index))
    vector = reader.parameter(node, index)
    return reader.of_layer(reader.affine(layer, op, vector, index == 0, node.name, merge))


def _lacks_bias(reader: GraphReader, features: Features) -> bool:
    entry = reader.layers.nodes[reader.layer_of(features, "")].entry
    return entry is not None and getattr(entry, "bias", True) is False


def _of_constants(node: OnnxNode, op: str, given: Any, parameters: tuple[float, ...]) -> Array:
    """The operator on constants, where the result is not larger than they are."""
    try:
        shape = np.broadcast_shapes(*(array.shape for array in given))
    except ValueError:
        raise _wrong(node, "its constants have shapes that don't match") from None
    if math.prod(shape) > max(array.size for array in given):
        raise _wrong(node, "its constants have shapes that don't match")
    if any(array.dtype.kind not in "fib" for array in given):
        raise _wrong(node, "its constants are no numbers")
    with np.errstate(all="ignore"):
        try:
            return np.asarray(ELEMENTWISE[op](*given, *parameters)).astype(given[-1].dtype)
        except (TypeError, ValueError):
            raise _wrong(node, "it can't compute its constants") from None


def _plain(op: str, *attributes: tuple[str, float]) -> Operator:
    """An operator on each element, with its attributes and their defaults."""

    def read(reader: GraphReader, node: OnnxNode) -> Value:
        values = [float(node.attributes.get(name, default)) for name, default in attributes]
        return _elementwise(reader, node, op, *values)

    return read


def _gelu(reader: GraphReader, node: OnnxNode) -> Value:
    _expect(node, "approximate", "none", "none", "tanh")
    by_tanh = node.attributes.get("approximate") == "tanh"
    return _elementwise(reader, node, "GeluTanh" if by_tanh else "Gelu")


def _clip(reader: GraphReader, node: OnnxNode) -> Value:
    """``min(max(x, low), high)``; the bounds are inputs, before opset 11 attributes."""
    features = reader.features(node, flat=False)
    formula = features.formula
    for index, (name, op) in enumerate((("min", "Max"), ("max", "Min")), start=1):
        value: Any = node.attributes.get(name)
        if value is None and reader.argument(node, index) is not None:
            value = reader.constant(node, index)
        if value is not None:
            formula = Formula(op, (formula, _part(reader, node, np.asarray(value))))
    return Features(features.node, formula, features.flat)


def _reduction(reader: GraphReader, node: OnnxNode) -> Value:
    """A mean, sum or maximum over the features of each row, which keeps the dimension."""
    features = reader.features(node)
    _expect(node, "keepdims", 1, 1)
    axes = node.attributes.get("axes")
    if axes is None and reader.argument(node, 1) is not None:
        axes = reader.constant(node, 1).tolist()
    if axes not in ([-1], [1], -1, 1):
        raise _wrong(node, f"its axes are {axes!r:.40}; expected the features")
    return Features(features.node, Formula(node.op, (features.formula,)))


# ---- shapes and types ------------------------------------------------------------------------


def _same(reader: GraphReader, node: OnnxNode) -> Value:
    value = reader.argument(node, 0)
    if value is None:
        raise _wrong(node, "it has no input")
    return value


def _dropout(reader: GraphReader, node: OnnxNode) -> Value:
    if reader.argument(node, 2) is not None and reader.constant(node, 2).any():
        raise _wrong(node, "it drops elements in prediction, too")
    return reader.features(node, flat=False)


def _cast(reader: GraphReader, node: OnnxNode) -> Value:
    value, number = _same(reader, node), node.attributes.get("to")
    dtype = DTYPES.get(number) if isinstance(number, int) else None
    if dtype is None:
        raise _wrong(node, f"it converts to type {number!r:.40}")
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            raise _wrong(node, "it converts texts")
        with np.errstate(all="ignore"):
            return value.astype(dtype.newbyteorder("="))
    if isinstance(value, Columns) and dtype.kind == "i" and len(value.columns) == 1:
        return Codes(value.columns[0])
    if isinstance(value, Features | Dims | Codes) and dtype.kind in ("i", "f"):
        if isinstance(value, Features) and dtype.kind == "i":
            raise _wrong(node, "it rounds features to whole numbers")
        return value
    raise _wrong(node, f"it converts to {dtype}")


def _flatten(reader: GraphReader, node: OnnxNode) -> Value:
    features = reader.features(node, flat=False)
    _expect(node, "axis", 1, 1)
    return Features(features.node, features.formula, layer=features.layer)


def _reshape(reader: GraphReader, node: OnnxNode) -> Value:
    value, target = _same(reader, node), reader.argument(node, 1)
    sizes: tuple[int | None, ...]
    if isinstance(target, Dims):
        sizes = target.sizes
    else:
        sizes = tuple(map(int, reader.constant(node, 1).ravel()[:8]))
    if isinstance(value, np.ndarray):
        try:
            return value.reshape([-1 if size is None else size for size in sizes])
        except ValueError:
            raise _wrong(node, f"it gives {value.shape} the shape {sizes}") from None
    if not isinstance(value, Features):
        if sizes not in _sizes_of_columns(value):
            raise _wrong(node, f"it gives columns the shape {sizes}")
        return value
    features = reader.features(node, flat=False)
    if (
        len(sizes) != 2
        or sizes[0] not in (None, 0, -1)
        or sizes[1] not in (-1, reader.width(features))
    ):
        raise _wrong(node, f"it gives features the shape {sizes}; expected a row")
    if sizes == (-1, -1):
        raise _wrong(node, f"its shape is {sizes}")
    return Features(features.node, features.formula, layer=features.layer)


def _sizes_of_columns(value: Value) -> list[tuple[int, ...]]:
    """The shapes that leave columns of the input, or their vectors, as they are."""
    if isinstance(value, Vectors):
        return [(-1, value.table.shape[1])]
    width = len(value.columns) if isinstance(value, Columns) else 1
    return [(-1, width), *([(-1,)] if width == 1 else [])]


def _transpose(reader: GraphReader, node: OnnxNode) -> Value:
    array = reader.constant(node, 0)
    order = node.attributes.get("perm", list(range(array.ndim))[::-1])
    if sorted(order) != list(range(array.ndim)):
        raise _wrong(node, f"its perm is {order!r:.40}")
    return array.transpose(order)


def _squeezed(reader: GraphReader, node: OnnxNode) -> Value:
    """Squeeze and Unsqueeze, of constants and of what describes shapes or columns."""
    value = _same(reader, node)
    if isinstance(value, np.ndarray):
        if value.size == 1:
            return value.reshape(-1 if node.op == "Unsqueeze" else ())
        raise _wrong(node, "it changes the dimensions of an array")
    if isinstance(value, Features):
        raise _wrong(node, "it changes the dimensions of features")
    return value


def _constant(reader: GraphReader, node: OnnxNode) -> Value:
    for name, dtype in (
        *(("value_float", np.float32), ("value_floats", np.float32)),
        *(("value_int", np.int64), ("value_ints", np.int64)),
    ):
        if name in node.attributes:
            return np.array(node.attributes[name], dtype)
    value = node.attributes.get("value")
    if not isinstance(value, np.ndarray):
        raise _wrong(node, "it has no value that pybp reads")
    return value


def _shape(reader: GraphReader, node: OnnxNode) -> Value:
    features = reader.features(node, flat=False)
    return Dims((None, reader.width(features)) if features.flat else (None,))


def _gather(reader: GraphReader, node: OnnxNode) -> Value:
    """Columns of the input, rows of a table, or entries of a shape."""
    value, indices = _same(reader, node), reader.argument(node, 1)
    axis = node.attributes.get("axis", 0)
    if isinstance(value, np.ndarray) and isinstance(indices, Codes):
        if axis != 0 or value.ndim != 2 or value.dtype not in _FLOATS:
            raise _wrong(node, "its table is no matrix of vectors")
        return Vectors(indices.column, reader.parameter(node, 0, ndim=2))
    if not isinstance(indices, np.ndarray) or indices.dtype.kind != "i":
        raise _wrong(node, "its indices are no constants")
    numbers = [int(index) for index in indices.ravel()[: 1 << 20]]
    if isinstance(value, Dims):
        size = len(value.sizes)
        if axis == 0 and all(-size <= number < size for number in numbers):
            return Dims(tuple(value.sizes[number] for number in numbers))
    if isinstance(value, Features) and value.layer in (None, INPUT) and value.node == INPUT:
        width = reader.width(value)
        inside = all(-width <= number < width for number in numbers)
        if value.flat and axis in (1, -1) and inside and value.formula.op == "variable":
            return Columns(tuple(number % width for number in numbers))
    raise _wrong(node, "it selects from neither the columns of the input nor a table")


def _concat(reader: GraphReader, node: OnnxNode) -> Value:
    given = [reader.argument(node, index) for index in range(len(node.inputs))]
    if all(isinstance(value, Dims | np.ndarray) for value in given):
        return Dims(tuple(size for value in given for size in _sizes(node, value)))
    first, *others = given
    if isinstance(first, Features) and len(others) == 1 and isinstance(others[0], Features):
        return _two_classes(reader, node, first, others[0])
    if isinstance(first, Columns):
        columns = list(first.columns)
    else:
        columns, others = [], given
    if not others or not all(isinstance(value, Vectors) for value in others):
        raise _wrong(node, "it joins values that are no columns and no embeddings of the input")
    tables = {value.column: value.table.T for value in others if isinstance(value, Vectors)}
    embedded = sorted(tables)
    wanted = [c for c in range(reader.layers.width(INPUT)) if c not in tables]
    if [v.column for v in others if isinstance(v, Vectors)] != embedded or columns != wanted:
        raise _wrong(
            node, "pybp joins the columns without embedding first, then the others, in order"
        )
    return reader.of_layer(reader.layers.embedding(tables, node.name))


def _sizes(node: OnnxNode, value: Any) -> tuple[int | None, ...]:
    if isinstance(value, Dims):
        return value.sizes
    if value.size > 8 or value.dtype.kind != "i":
        raise _wrong(node, "pybp joins constants only where they are shapes")
    return tuple(map(int, value.ravel()))


def _two_classes(reader: GraphReader, node: OnnxNode, first: Features, second: Features) -> Value:
    """``[1 - p, p]``: the probabilities of two classes from a net with one output."""
    formula = first.formula
    of_second = formula.op == "Sub" and formula.arguments[1] is second.formula
    if not of_second or getattr(formula.arguments[0], "value", None) != 1.0:
        raise _wrong(node, "pybp joins the outputs of two layers only where they are 1 - p and p")
    if reader.width(second) != 1:
        raise _wrong(node, "it joins more than two probabilities")
    return Complement(second)


Operator = Callable[[GraphReader, OnnxNode], Value]

OPERATORS: dict[str, Operator] = {
    **{op: _plain(op) for op in ELEMENTWISE if op not in ("Gelu", "GeluTanh")},
    **dict.fromkeys(REDUCTIONS, _reduction),
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": _concat,
    "Constant": _constant,
    "Dropout": _dropout,
    "Elu": _plain("Elu", ("alpha", 1.0)),
    "Flatten": _flatten,
    "Gather": _gather,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "HardSigmoid": _plain("HardSigmoid", ("alpha", 0.2), ("beta", 0.5)),
    "Identity": _same,
    "LayerNormalization": lambda reader, node: _norm(LayerNorm, reader, node),
    "LeakyRelu": _plain("LeakyRelu", ("alpha", 0.01)),
    "MatMul": _matmul,
    "RMSNormalization": lambda reader, node: _norm(RMSNorm, reader, node),
    "Reshape": _reshape,
    "Selu": _plain("Selu", ("alpha", 1.6732632423543772), ("gamma", 1.0507009873554805)),
    "Shape": _shape,
    "Softmax": _softmax,
    "Squeeze": _squeezed,
    "Sum": _plain("Add"),
    "Transpose": _transpose,
    "Unsqueeze": _squeezed,
    "ai.onnx.ml.Scaler": _scaler,
    "ai.onnx.ml.ZipMap": _same,
    "com.microsoft.Gelu": _gelu,
}
"""By the operator's name."""
