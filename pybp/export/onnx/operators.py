"""The operators that pybp reads: what each makes of the values that it gets."""

from __future__ import annotations

from typing import Any

import numpy as np

from pybp.activations import Softmax
from pybp.export.layer_graph import INPUT, Parameters
from pybp.export.onnx.elementwise import FORMULAS, Operator, expect, wrong
from pybp.export.onnx.model import OnnxNode
from pybp.export.onnx.reader import GraphReader, shortest
from pybp.export.onnx.schema import DTYPES
from pybp.export.onnx.values import (
    Codes,
    Columns,
    Complement,
    Dims,
    Features,
    Groups,
    Phases,
    Value,
    Vectors,
)
from pybp.layers import BatchNorm, LayerNorm, RMSNorm, Scale

__all__ = ["OPERATORS"]

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


# ---- layers ----------------------------------------------------------------------------------


def _gemm(reader: GraphReader, node: OnnxNode) -> Value:
    expect(node, "alpha", 1.0, 1.0)
    expect(node, "transA", 0, 0)
    matrix = reader.parameter(node, 1, ndim=2)
    weights = matrix if node.attributes.get("transB", 0) else matrix.T
    biases = None
    if reader.argument(node, 2) is not None:
        expect(node, "beta", 1.0, 1.0)
        biases = reader.parameter(node, 2)
    return reader.of_layer(reader.layers.dense(reader.source(node), weights, biases, node.name))


def _matmul(reader: GraphReader, node: OnnxNode) -> Value:
    groups = reader.argument(node, 0)
    if isinstance(groups, Groups) and groups.weights is None:
        matrices = reader.parameter(node, 1, ndim=3)
        if len(matrices) != groups.count:
            raise wrong(node, f"it has {len(matrices)} matrices for {groups.count} groups")
        weights = matrices.transpose(0, 2, 1).reshape(-1, matrices.shape[1])
        return Groups(groups.layer, groups.count, weights)
    weights = reader.parameter(node, 1, ndim=2).T
    return reader.of_layer(reader.layers.dense(reader.source(node), weights, None, node.name))


def _batch_norm(reader: GraphReader, node: OnnxNode) -> Value:
    expect(node, "training_mode", 0, 0)
    gamma, beta, mean, variance = (reader.parameter(node, index) for index in range(1, 5))
    eps = shortest(node.attributes.get("epsilon", 1e-5), np.dtype(np.float32))
    momentum = round(1 - float(node.attributes.get("momentum", 0.9)), 6)
    if not 0 <= momentum <= 1:
        raise wrong(node, f"its momentum is {1 - momentum}")
    spec, parameters = BatchNorm(momentum, eps), Parameters(gamma, beta, (mean, variance))
    if (variance < 0).any():
        raise wrong(node, "a variance is negative")
    return reader.of_layer(reader.layers.layer(reader.source(node), spec, parameters, node.name))


def _norm(kind: type[LayerNorm] | type[RMSNorm], reader: GraphReader, node: OnnxNode) -> Value:
    expect(node, "axis", -1, -1, 1)
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
        raise wrong(node, f"expected {width} offsets and scales")
    gamma = np.broadcast_to(scale, (width,)).astype(np.float32)
    beta = np.broadcast_to(-offset * scale, (width,)).astype(np.float32)
    spec, parameters = Scale(bias=True), Parameters(gamma, beta)
    return reader.of_layer(reader.layers.layer(source, spec, parameters, node.name))


def _softmax(reader: GraphReader, node: OnnxNode) -> Value:
    expect(node, "axis", -1, -1, 1)
    source = reader.source(node)
    return reader.of_layer(reader.layers.activation(source, Softmax(), node.name))


# ---- shapes and types ------------------------------------------------------------------------


def _same(reader: GraphReader, node: OnnxNode) -> Value:
    value = reader.argument(node, 0)
    if value is None:
        raise wrong(node, "it has no input")
    return value


def _dropout(reader: GraphReader, node: OnnxNode) -> Value:
    if reader.argument(node, 2) is not None and reader.constant(node, 2).any():
        raise wrong(node, "it drops elements in prediction, too")
    return reader.features(node, flat=False)


def _cast(reader: GraphReader, node: OnnxNode) -> Value:
    value, number = _same(reader, node), node.attributes.get("to")
    dtype = DTYPES.get(number) if isinstance(number, int) else None
    if dtype is None:
        raise wrong(node, f"it converts to type {number!r:.40}")
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            raise wrong(node, "it converts texts")
        with np.errstate(all="ignore"):
            return value.astype(dtype.newbyteorder("="))
    if isinstance(value, Columns) and dtype.kind == "i" and _is_input_column(value):
        return Codes(value.columns[0])
    if isinstance(value, Features | Dims | Codes) and dtype.kind in ("i", "f"):
        if isinstance(value, Features) and dtype.kind == "i":
            raise wrong(node, "it rounds features to whole numbers")
        return value
    raise wrong(node, f"it converts to {dtype}")


def _is_input_column(value: Columns) -> bool:
    return value.layer == INPUT and len(value.columns) == 1


def _flatten(reader: GraphReader, node: OnnxNode) -> Value:
    features = reader.features(node, flat=False)
    expect(node, "axis", 1, 1)
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
            raise wrong(node, f"it gives {value.shape} the shape {sizes}") from None
    if isinstance(value, Groups):
        return _joined_groups(reader, node, value, sizes)
    if isinstance(value, Features) and len(sizes) == 4:
        return _groups(reader, node, value, sizes)
    if not isinstance(value, Features):
        if sizes not in _sizes_of_columns(value):
            raise wrong(node, f"it gives columns the shape {sizes}")
        return value
    features = reader.features(node, flat=False)
    if sizes == (-1,) and reader.width(features) == 1:  # one number for each sample
        sizes = (-1, 1)
    if (
        len(sizes) != 2
        or sizes[0] not in (None, 0, -1)
        or sizes[1] not in (-1, reader.width(features))
    ):
        raise wrong(node, f"it gives features the shape {sizes}; expected a row")
    if sizes == (-1, -1):
        raise wrong(node, f"its shape is {sizes}")
    return Features(features.node, features.formula, layer=features.layer)


def _groups(
    reader: GraphReader, node: OnnxNode, value: Features, sizes: tuple[int | None, ...]
) -> Groups:
    """A row cut into groups: of shape (N, groups, 1, inputs of a group)."""
    batch, count, one, fan = sizes
    if batch not in (None, 0) or one != 1 or not count or not fan or count < 1:
        raise wrong(node, f"it gives features the shape {sizes}; expected a row or its groups")
    if not value.flat or count * fan != reader.width(value):
        raise wrong(node, f"it gives {reader.width(value)} features the shape {sizes}")
    return Groups(reader.layer_of(value, node.name), count)


def _joined_groups(
    reader: GraphReader, node: OnnxNode, value: Groups, sizes: tuple[int | None, ...]
) -> Features:
    """The products of all groups as a row."""
    if value.weights is None or len(sizes) != 2 or sizes[1] not in (-1, len(value.weights)):
        raise wrong(node, f"it gives groups of features the shape {sizes}")
    layer = reader.layers.grouped_dense(value.layer, value.weights, value.count, node.name)
    return reader.of_layer(layer)


def _cos(reader: GraphReader, node: OnnxNode) -> Value:
    value = reader.argument(node, 0)
    if not isinstance(value, Phases) or value.biases is None:
        raise wrong(node, "pybp reads cosines of scaled and shifted columns only")
    columns, weights = value.columns, value.weights[:, np.newaxis]
    layer = reader.layers.periodic(columns.layer, columns.columns, weights, value.biases, node.name)
    return reader.of_layer(layer)


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
        raise wrong(node, f"its perm is {order!r:.40}")
    return array.transpose(order)


def _squeezed(reader: GraphReader, node: OnnxNode) -> Value:
    """Squeeze and Unsqueeze, of constants and of what describes shapes or columns."""
    value = _same(reader, node)
    if isinstance(value, np.ndarray):
        if value.size == 1:
            return value.reshape(-1 if node.op == "Unsqueeze" else ())
        raise wrong(node, "it changes the dimensions of an array")
    if isinstance(value, Features):
        raise wrong(node, "it changes the dimensions of features")
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
        raise wrong(node, "it has no value that pybp reads")
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
            raise wrong(node, "its table is no matrix of vectors")
        return Vectors(indices.column, reader.parameter(node, 0, ndim=2))
    if not isinstance(indices, np.ndarray) or indices.dtype.kind != "i":
        raise wrong(node, "its indices are no constants")
    numbers = [int(index) for index in indices.ravel()[: 1 << 20]]
    if isinstance(value, Dims):
        size = len(value.sizes)
        if axis == 0 and all(-size <= number < size for number in numbers):
            return Dims(tuple(value.sizes[number] for number in numbers))
    if isinstance(value, Features) and value.flat and axis in (1, -1):
        width = reader.width(value)
        if numbers and all(-width <= number < width for number in numbers):
            layer = reader.layer_of(value, node.name)
            return Columns(layer, tuple(number % width for number in numbers))
    raise wrong(node, "it selects from neither the columns of the input nor a table")


def _concat(reader: GraphReader, node: OnnxNode) -> Value:
    given = [reader.argument(node, index) for index in range(len(node.inputs))]
    if all(isinstance(value, Dims | np.ndarray) for value in given):
        return Dims(tuple(size for value in given for size in _sizes(node, value)))
    first, *others = given
    if isinstance(first, Features) and len(others) == 1 and isinstance(others[0], Features):
        return _side_by_side(reader, node, first, others[0])
    if isinstance(first, Columns) and first.layer == INPUT:
        columns = list(first.columns)
    else:
        columns, others = [], given
    if not others or not all(isinstance(value, Vectors) for value in others):
        raise wrong(node, "it joins values that are no columns and no embeddings of the input")
    tables = {value.column: value.table.T for value in others if isinstance(value, Vectors)}
    embedded = sorted(tables)
    wanted = [c for c in range(reader.layers.width(INPUT)) if c not in tables]
    if [v.column for v in others if isinstance(v, Vectors)] != embedded or columns != wanted:
        raise wrong(
            node, "pybp joins the columns without embedding first, then the others, in order"
        )
    return reader.of_layer(reader.layers.embedding(tables, node.name))


def _sizes(node: OnnxNode, value: Any) -> tuple[int | None, ...]:
    if isinstance(value, Dims):
        return value.sizes
    if value.size > 8 or value.dtype.kind != "i":
        raise wrong(node, "pybp joins constants only where they are shapes")
    return tuple(map(int, value.ravel()))


def _side_by_side(reader: GraphReader, node: OnnxNode, first: Features, second: Features) -> Value:
    """Two layers side by side; or ``[1 - p, p]``, the probabilities of two classes from one output."""
    formula = first.formula
    of_second = formula.op == "Sub" and formula.arguments[1] is second.formula
    if not of_second or getattr(formula.arguments[0], "value", None) != 1.0:
        one, other = (reader.layer_of(value, node.name) for value in (first, second))
        return reader.of_layer(reader.layers.concat(one, other, node.name))
    if reader.width(second) != 1:
        raise wrong(node, "it joins more than two probabilities")
    return Complement(second)


OPERATORS: dict[str, Operator] = {
    **FORMULAS,
    "BatchNormalization": _batch_norm,
    "Cast": _cast,
    "Concat": _concat,
    "Cos": _cos,
    "Constant": _constant,
    "Dropout": _dropout,
    "Flatten": _flatten,
    "Gather": _gather,
    "Gemm": _gemm,
    "Identity": _same,
    "LayerNormalization": lambda reader, node: _norm(LayerNorm, reader, node),
    "MatMul": _matmul,
    "RMSNormalization": lambda reader, node: _norm(RMSNorm, reader, node),
    "Reshape": _reshape,
    "Shape": _shape,
    "Softmax": _softmax,
    "Squeeze": _squeezed,
    "Transpose": _transpose,
    "Unsqueeze": _squeezed,
    "ai.onnx.ml.Scaler": _scaler,
    "ai.onnx.ml.ZipMap": _same,
}
"""By the operator's name."""
