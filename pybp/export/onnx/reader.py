"""Read the layers of an ONNX graph, node by node in its order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from pybp._common.types import Array, DType
from pybp.errors import FileFormatError
from pybp.export.layer_graph import INPUT, LayerGraph, Parameters, Plan
from pybp.export.onnx import expressions
from pybp.export.onnx.expressions import Formula, Number, Variable
from pybp.export.onnx.model import Model, OnnxNode, needed_nodes
from pybp.export.onnx.schema import DTYPES
from pybp.export.onnx.values import Complement, Features, Value
from pybp.layers import Activation, Dense, GroupedDense, LayerNorm, LayerSpec, RMSNorm, Scale

__all__ = ["GraphReader", "shortest"]

_SAME_VALUE = ("Cast", "Dropout", "Flatten", "Identity", "Reshape", "ai.onnx.ml.ZipMap")
_MOST_NODES = 20_000
_FREE_WIDTH = 1 << 22
"""Outputs of layers for which a file has no parameters."""
_MOST_USES = 8
"""How often nodes may use the bytes of a file: each use is a copy in the net."""
_MOST_FAILURES = 2_000
"""How often a part of a formula may be compared with the activations without being one."""


def shortest(value: float, dtype: DType) -> float:
    """The shortest decimal number that is `value` after rounding to `dtype`: 1e-5, not 9.9999997e-06."""
    return float(str(np.asarray(value, dtype)[()]))


class GraphReader:
    """The layers that were read so far, and what the names of values stand for.

    Attributes
    ----------
    layers : LayerGraph
        The layers.
    values : dict of str to Value
        What names stand for.
    """

    def __init__(self, model: Model, output: str) -> None:
        self.nodes = list(needed_nodes(model, output))
        if len(self.nodes) > _MOST_NODES:
            raise FileFormatError(f"it has {len(self.nodes)} nodes; pybp reads {_MOST_NODES}")
        self.values: dict[str, Value] = dict(model.constants)
        self.readers = Counter(name for node in self.nodes for name in node.inputs)
        self.readers[output] += 1
        self._parameters: list[Array] = []
        self._input_dtype: DType = np.dtype(np.float32)
        self._variables: dict[int, Variable] = {}
        self._known: dict[Formula, int] = {}
        self._simple: dict[str, LayerSpec | None] = {}
        self._failures, self._n_bytes = 0, model.n_bytes
        n_in, flat = self._input(model)
        self.layers = LayerGraph(n_in)
        self.output = output
        variable = self._variable(INPUT)
        self.values[model.inputs[0].name] = Features(INPUT, variable, flat, layer=INPUT)

    def _input(self, model: Model) -> tuple[int, bool]:
        """The number of inputs, and whether they are a row."""
        if len(model.inputs) != 1:
            names = ", ".join(repr(value.name) for value in model.inputs[:5])
            raise FileFormatError(f"it has {len(model.inputs)} inputs ({names}); expected one")
        shape = model.inputs[0].shape
        if DTYPES.get(model.inputs[0].elem_type) == np.float64:
            self._input_dtype = np.dtype(np.float64)
        if shape is not None and len(shape) > 1 and None not in shape[1:]:
            n_in = int(np.prod([int(size or 0) for size in shape[1:]], dtype=object))
        elif shape is None or len(shape) == 2:
            n_in = self._width_of_first_matrix()
        else:
            raise FileFormatError(f"its input has the shape {shape}; expected (samples, features)")
        if not 0 < n_in < 1 << 31:
            raise FileFormatError(f"its input has {n_in} features")
        return n_in, shape is None or len(shape) == 2

    def _width_of_first_matrix(self) -> int:
        """The number of inputs where the graph doesn't say it: that of the first matrix product."""
        for node in self.nodes:
            if node.op in ("MatMul", "Gemm"):
                matrix = self.values.get(node.inputs[1] if len(node.inputs) > 1 else "")
                if isinstance(matrix, np.ndarray) and matrix.ndim == 2:
                    return int(matrix.shape[1 if node.attributes.get("transB") else 0])
        raise FileFormatError("its input has no number of features")

    def read(self, operators: dict[str, Callable[[GraphReader, OnnxNode], Value]]) -> Plan:
        """Read all nodes, and make a list of layers of them."""
        for node in self.nodes:
            if node.op not in operators:
                raise FileFormatError(
                    f"{node.name}: pybp doesn't read the operator {node.op!r:.60}"
                )
            value = self.values[node.outputs[0]] = operators[node.op](self, node)
            if isinstance(value, Features) and not value.origin:
                value.origin = node.name
            if node.op in _SAME_VALUE:  # who reads the output reads the input
                self.readers[node.outputs[0]] += self.readers[node.inputs[0]] - 1
        found = self.values.get(self.output)
        if isinstance(found, Complement):
            found = found.features
        if not isinstance(found, Features):
            raise FileFormatError(f"the output {self.output!r:.60} is none of a net's layers")
        layer = self.layer_of(found, "the output")
        bytes_read = sum(array.nbytes for array in self._parameters)
        if bytes_read > _FREE_WIDTH + _MOST_USES * self._n_bytes:
            raise FileFormatError("its parameters are used by too many nodes")
        if sum(node.width for node in self.layers.nodes) > _FREE_WIDTH + bytes_read:
            raise FileFormatError("its layers without parameters are too wide for its size")
        return self.layers.plan(layer)

    @property
    def dtype(self) -> DType:
        """The type of the parameters, which all have the same."""
        types = {array.dtype for array in self._parameters} or {self._input_dtype}
        if len(types) > 1:
            raise FileFormatError("its parameters are of float32 and float64")
        return types.pop()

    # ---- what operators read -----------------------------------------------------------------

    def argument(self, node: OnnxNode, index: int) -> Value | None:
        """What an input of a node stands for; None if it is absent."""
        name = node.inputs[index] if index < len(node.inputs) else ""
        if name and name not in self.values:
            raise FileFormatError(f"{node.name} reads {name!r:.60}, which is no first output")
        return self.values.get(name)

    def constant(self, node: OnnxNode, index: int) -> Array:
        """An input that must be an array."""
        value = self.argument(node, index)
        if not isinstance(value, np.ndarray):
            raise FileFormatError(f"{node.name}: input {index} is no constant")
        return value

    def parameter(self, node: OnnxNode, index: int, ndim: int = 1) -> Array:
        """An input that holds parameters of the net."""
        array = self.constant(node, index)
        if array.dtype not in (np.float32, np.float64):
            raise FileFormatError(f"{node.name}: input {index} is of {array.dtype}")
        if ndim == 1 and array.size == max(array.shape, default=1):
            array = array.reshape(-1)  # (1, n) is a vector, too
        if array.ndim != ndim:
            raise FileFormatError(
                f"{node.name}: input {index} has shape {array.shape}; expected {ndim} dimensions"
            )
        self._parameters.append(array)
        return array

    def features(self, node: OnnxNode, index: int = 0, *, flat: bool = True) -> Features:
        """An input that must be features of the samples."""
        value = self.argument(node, index)
        if not isinstance(value, Features) or (flat and not value.flat):
            raise FileFormatError(f"{node.name}: input {index} is not a row of features")
        return value

    def source(self, node: OnnxNode, index: int = 0) -> int:
        """The layer whose outputs a node reads."""
        return self.layer_of(self.features(node, index), node.name)

    def width(self, features: Features) -> int:
        """The number of features."""
        return self.layers.width(features.node)

    def single_reader(self, node: OnnxNode, index: int = 0) -> bool:
        """Whether nothing else reads an input of a node."""
        return self.readers[node.inputs[index]] == 1

    # ---- formulas ----------------------------------------------------------------------------

    def of_layer(self, layer: int) -> Features:
        """The outputs of a layer."""
        return Features(layer, self._variable(layer), layer=layer)

    def _variable(self, layer: int) -> Variable:
        return self._variables.setdefault(layer, Variable())

    def number(self, value: float, dtype: DType) -> Number:
        """A constant of a formula."""
        return Number(value=shortest(value, dtype) if dtype.kind == "f" else float(value))

    def layer_of(self, features: Features, name: str) -> int:
        """The layer that computes these features, added if it is not there."""
        if features.layer is None:
            name = features.origin or name
            features.layer = self.layer_of_formula(features.formula, features.node, name)
        return features.layer

    def layer_of_formula(self, formula: Formula, source: int, name: str) -> int:
        """The same for a formula of the outputs of a layer."""
        if formula not in self._known:
            self._known[formula] = self._layer(formula, source, name)
        return self._known[formula]

    def _layer(self, formula: Formula, source: int, name: str) -> int:
        if isinstance(formula, Variable):
            return source
        spec = self.identify(formula)
        if spec is not None:
            return self._add(spec, source, name)
        for part in expressions.inner_parts(formula):
            spec = self.identify(formula, part)
            if spec is not None:
                return self._add(spec, self.layer_of_formula(part, source, name), name)
        if formula.op in ("Add", "Sub", "Mul", "Div"):
            return self._sum_or_scale(formula, source, name)
        raise FileFormatError(f"{name}: {formula.op} and what it reads are no activation or norm")

    def identify(self, formula: Formula, cut: Formula | None = None) -> LayerSpec | None:
        """The layer that computes a formula, if there is one; `cut` is as in `compute`."""
        alone = formula.arguments == (cut,) or all(
            isinstance(part, Variable) for part in formula.arguments
        )
        key = formula.op if alone and len(formula.arguments) == 1 else None
        if key is not None and key in self._simple:
            return self._simple[key]
        found = expressions.identify(formula, self.dtype, cut)
        if key is not None:
            self._simple[key] = found
        if found is None:
            self._failures += 1
            if self._failures > _MOST_FAILURES:
                raise FileFormatError("its formulas are too many or too long")
        return found

    def _add(self, spec: LayerSpec, source: int, name: str) -> int:
        if isinstance(spec, Activation):
            return self.layers.activation(source, spec.activation, name)  # type: ignore[arg-type]
        return self.layers.layer(source, spec, Parameters(), name)

    def _sum_or_scale(self, formula: Formula, source: int, name: str) -> int:
        one, other = formula.arguments
        numbers = [part.value for part in (one, other) if isinstance(part, Number)]
        if len(numbers) == 1:
            varying = other if isinstance(one, Number) else one
            layer = self.layer_of_formula(varying, source, name)
            constant = np.full(self.layers.width(layer), numbers[0], self.dtype)
            return self.affine(layer, formula.op, constant, isinstance(one, Number), name)
        if formula.op != "Add":
            raise FileFormatError(f"{name}: {formula.op} of two values is no layer")
        return self.layers.add(
            self.layer_of_formula(one, source, name),
            self.layer_of_formula(other, source, name),
            name,
        )

    # ---- scales and shifts -------------------------------------------------------------------

    def affine(
        self, layer: int, op: str, constant: Array, reversed_: bool, name: str, merge: bool = False
    ) -> int:
        """A layer's outputs scaled or shifted by a vector; with `merge` as part of that layer."""
        gamma, beta = _scale_and_shift(op, constant, reversed_, name)
        node = self.layers.nodes[layer]
        own = node.parameters[0] if len(node.parameters) == 1 else Parameters()
        if merge and gamma is None and own.biases is None:
            entry = _with_bias(node.entry)
            if entry is not None:
                self.layers.replace(layer, entry, Parameters(own.weights, beta, own.statistics))
                return layer
        if merge and beta is None and own.weights is None and own.biases is None:
            entry = _with_scale(node.entry)
            if entry is not None:
                self.layers.replace(layer, entry, Parameters(gamma, statistics=own.statistics))
                return layer
        weights = np.ones_like(constant) if gamma is None else gamma
        spec = Scale(bias=beta is not None)
        return self.layers.layer(layer, spec, Parameters(weights, beta), name)


def _scale_and_shift(
    op: str, constant: Array, reversed_: bool, name: str
) -> tuple[Array | None, Array | None]:
    """gamma and beta of an operator on x and a constant, in reversed order if `reversed_`."""
    if op == "Add":
        return None, constant
    if op == "Mul":
        return constant, None
    if op == "Sub":
        return (-np.ones_like(constant), constant) if reversed_ else (None, -constant)
    if reversed_ or (constant == 0).any():
        raise FileFormatError(f"{name} divides by a value that depends on the input, or by 0")
    return np.asarray(1 / constant), None


def _with_bias(entry: Any) -> LayerSpec | None:
    """The layer with biases, if it can have them and has none yet."""
    if isinstance(entry, Dense) and not entry.bias and entry.activation is None:
        return Dense(entry.n_out)
    if isinstance(entry, GroupedDense) and not entry.bias and entry.activation is None:
        return GroupedDense(entry.n_in, entry.n_out)
    if isinstance(entry, LayerNorm | RMSNorm) and entry.affine and not entry.bias:
        return type(entry)(eps=entry.eps, bias=True)
    return Scale(bias=True) if isinstance(entry, Scale) and not entry.bias else None


def _with_scale(entry: Any) -> LayerSpec | None:
    """The norm with factors, if it has none yet."""
    if isinstance(entry, LayerNorm | RMSNorm) and not entry.affine:
        return type(entry)(eps=entry.eps, bias=False)
    return None
