"""Operators on each element and on the features of a row: they become formulas, scales or sums."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.errors import FileFormatError
from pybp.export.layer_graph import Parameters
from pybp.export.onnx.expressions import (
    ELEMENTWISE,
    REDUCTIONS,
    Formula,
    Variable,
    number_of_arguments,
)
from pybp.export.onnx.model import OnnxNode
from pybp.export.onnx.reader import GraphReader
from pybp.export.onnx.values import Columns, Features, Phases, Step, Value
from pybp.layers import Activation, ParametricActivation

__all__ = ["FORMULAS", "Operator", "expect", "wrong"]

Operator = Callable[[GraphReader, OnnxNode], Value]
"""What an operator makes of the values that a node reads."""


def wrong(node: OnnxNode, what: str) -> FileFormatError:
    return FileFormatError(f"{node.name}: {what}")


def expect(node: OnnxNode, name: str, default: Any, *allowed: Any) -> None:
    """Raise unless an attribute has one of the values that pybp reads."""
    value = node.attributes.get(name, default)
    if value not in allowed:
        raise wrong(node, f"{name} is {value!r:.40}; pybp reads {allowed[0]!r}")


def _elementwise(reader: GraphReader, node: OnnxNode, op: str, *parameters: float) -> Value:
    """An operator of `ELEMENTWISE`, whose parameters follow its inputs."""
    if len(node.inputs) + len(parameters) != number_of_arguments(op):
        raise wrong(node, f"it has {len(node.inputs)} inputs")
    given = [reader.argument(node, index) for index in range(len(node.inputs))]
    if all(isinstance(value, np.ndarray) for value in given):
        return _of_constants(node, op, given, parameters)
    if op == "Add" and len(given) == 2 and isinstance(given[1], Step):
        return _parametric_activation(reader, node, given[1])
    if len(given) == 2 and isinstance(given[0], Columns | Phases):
        return _phases(reader, node, op, given[0])
    rows = [value for value in given if isinstance(value, Features)]
    if len(rows) + sum(isinstance(value, np.ndarray) for value in given) < len(given):
        raise wrong(node, "an input is neither features nor a constant")
    if op in ("Add", "Sub", "Mul", "Div") and len(given) == 2:
        found = _affine_or_sum(reader, node, op, rows)
        if found is not None:
            return found
    if any(value.node != rows[0].node or value.flat != rows[0].flat for value in rows):
        raise wrong(node, "it combines two layers; pybp reads sums of two only")
    numbers = [reader.number(value, np.dtype(np.float32)) for value in parameters]
    arguments = [_part(reader, node, value) for value in given]
    formula = Formula(op, (*arguments, *numbers))
    return Features(rows[0].node, formula, rows[0].flat)


def _part(reader: GraphReader, node: OnnxNode, value: Any) -> Formula:
    """A part of a formula: that of features, or a number."""
    if isinstance(value, Features):
        return value.formula
    if value.size != 1 or value.dtype.kind not in "fiub":
        raise wrong(node, f"a constant has shape {value.shape}; expected one number")
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
    if op == "Mul" and features.formula.op == "Sub":
        step = _step(reader, node, features, index)
        if step is not None:
            return step
    trivial = features.layer is not None
    if width == 1 and not (op == "Add" and trivial and _lacks_bias(reader, features)):
        return None
    if not features.flat:
        raise wrong(node, "it scales or shifts an input of more than two dimensions")
    merge = trivial and reader.single_reader(node, 1 - index)
    layer = reader.layer_of(features, node.name)
    merge = merge or (not trivial and reader.single_reader(node, 1 - index))
    vector = reader.parameter(node, index)
    return reader.of_layer(reader.affine(layer, op, vector, index == 0, node.name, merge))


def _step(reader: GraphReader, node: OnnxNode, features: Features, index: int) -> Step | None:
    """``alpha (f(x) - x)``, of the difference and alpha."""
    whole, x = features.formula.arguments
    spec = reader.identify(whole, None if isinstance(x, Variable) else x)
    if not isinstance(spec, Activation):
        return None
    layer = reader.layer_of_formula(x, features.node, node.name)
    alpha = reader.parameter(node, index)
    return Step(layer, spec.activation, alpha)  # type: ignore[arg-type]  # a spec, as found


def _phases(reader: GraphReader, node: OnnxNode, op: str, value: Columns | Phases) -> Phases:
    """``w x``, then ``w x + b`` of columns."""
    array = reader.parameter(node, 1)
    columns = value if isinstance(value, Columns) else value.columns
    if array.size != len(columns.columns):
        raise wrong(node, f"it has {array.size} numbers for {len(columns.columns)} columns")
    if isinstance(value, Columns) and op == "Mul":
        return Phases(value, array)
    if isinstance(value, Phases) and op == "Add" and value.biases is None:
        return Phases(columns, value.weights, array)
    raise wrong(node, "pybp scales, then shifts columns of which it takes the cosine")


def _parametric_activation(reader: GraphReader, node: OnnxNode, step: Step) -> Value:
    """``x + alpha (f(x) - x)``."""
    if reader.source(node) != step.layer:
        raise wrong(node, "it adds a part of the activation of another layer")
    spec, parameters = ParametricActivation(step.activation), Parameters(step.alpha)
    return reader.of_layer(reader.layers.layer(step.layer, spec, parameters, node.name))


def _lacks_bias(reader: GraphReader, features: Features) -> bool:
    entry = reader.layers.nodes[reader.layer_of(features, "")].entry
    return entry is not None and getattr(entry, "bias", True) is False


def _of_constants(node: OnnxNode, op: str, given: Any, parameters: tuple[float, ...]) -> Array:
    """The operator on constants, where the result is not larger than they are."""
    try:
        shape = np.broadcast_shapes(*(array.shape for array in given))
    except ValueError:
        raise wrong(node, "its constants have shapes that don't match") from None
    if math.prod(shape) > max(array.size for array in given):
        raise wrong(node, "its constants have shapes that don't match")
    if any(array.dtype.kind not in "fib" for array in given):
        raise wrong(node, "its constants are no numbers")
    with np.errstate(all="ignore"):
        try:
            return np.asarray(ELEMENTWISE[op](*given, *parameters)).astype(given[-1].dtype)
        except (TypeError, ValueError):
            raise wrong(node, "it can't compute its constants") from None


def _plain(op: str, *attributes: tuple[str, float]) -> Operator:
    """An operator on each element, with its attributes and their defaults."""

    def read(reader: GraphReader, node: OnnxNode) -> Value:
        values = [float(node.attributes.get(name, default)) for name, default in attributes]
        return _elementwise(reader, node, op, *values)

    return read


def _gelu(reader: GraphReader, node: OnnxNode) -> Value:
    expect(node, "approximate", "none", "none", "tanh")
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
    expect(node, "keepdims", 1, 1)
    axes = node.attributes.get("axes")
    if axes is None and reader.argument(node, 1) is not None:
        axes = reader.constant(node, 1).tolist()
    if axes not in ([-1], [1], -1, 1):
        raise wrong(node, f"its axes are {axes!r:.40}; expected the features")
    return Features(features.node, Formula(node.op, (features.formula,)))


FORMULAS: dict[str, Operator] = {
    **{op: _plain(op) for op in ELEMENTWISE if op not in ("Gelu", "GeluTanh")},
    **dict.fromkeys(REDUCTIONS, _reduction),
    "Clip": _clip,
    "Elu": _plain("Elu", ("alpha", 1.0)),
    "Gelu": _gelu,
    "HardSigmoid": _plain("HardSigmoid", ("alpha", 0.2), ("beta", 0.5)),
    "LeakyRelu": _plain("LeakyRelu", ("alpha", 0.01)),
    "Selu": _plain("Selu", ("alpha", 1.6732632423543772), ("gamma", 1.0507009873554805)),
    "Sum": _plain("Add"),
    "com.microsoft.Gelu": _gelu,
}
"""By the operator's name."""
