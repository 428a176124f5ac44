"""Layers as ONNX operators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.export.onnx.activations import write_activation
from pybp.export.onnx.writer import GraphWriter
from pybp.layers import Layer

__all__ = ["LAYERS", "Arrays", "Written", "write_layers"]


Arrays = tuple[Array | None, Array | None, tuple[Array, Array] | None]
"""Weights, biases, and running mean and variance of a layer, each None if it has none."""


@dataclass(frozen=True)
class Written:
    """A layer that is being written.

    Attributes
    ----------
    graph : GraphWriter
        The graph to add nodes to.
    layer : Layer
        The layer.
    prefix : str
        Begins the names of its arrays: "layers.0".
    inputs : tuple of str
        The values that it reads, in the order of ``layer.inputs``.
    weights, biases : ndarray or None
        Its parameters.
    statistics : (ndarray, ndarray) or None
        Its running mean and variance.
    others : tuple of int
        The columns of the net's input that no embedding reads.
    """

    graph: GraphWriter
    layer: Layer
    prefix: str
    inputs: tuple[str, ...]
    weights: Array | None
    biases: Array | None
    statistics: tuple[Array, Array] | None
    others: tuple[int, ...]

    def constant(self, array: Array, name: str) -> str:
        """Add an array of the layer."""
        return self.graph.constant(array, f"{self.prefix}.{name}")

    def scaled_and_shifted(self, value: str) -> str:
        """``gamma value + beta``, with those of the two that the layer has."""
        if self.weights is not None:
            value = self.graph.node("Mul", value, self.constant(self.weights, "weights"))
        if self.biases is not None:
            value = self.graph.node("Add", value, self.constant(self.biases, "biases"))
        return value


def write_layers(
    graph: GraphWriter,
    layers: tuple[Layer, ...],
    arrays: Iterable[Arrays],
    x: str,
    prefix: str = "",
) -> str:
    """Add the nodes of a net's layers; `arrays` are weights, biases and statistics of each.

    Raises
    ------
    ArgumentError
        A layer or an activation has no form in ONNX; the message names it.
    """
    values: list[str] = []
    embedded = {layer.column for layer in layers if layer.kind == "embedding"}
    others = tuple(column for column in range(layers[0].n_in) if column not in embedded)
    for index, (layer, own) in enumerate(zip(layers, arrays, strict=True)):
        if layer.kind not in LAYERS:
            raise ArgumentError(f"layer {index} is a {layer.kind!r}, which has no form in ONNX")
        inputs = tuple(x if source < 0 else values[source] for source in layer.inputs)
        written = Written(graph, layer, f"{prefix}layers.{index}", inputs, *own, others)
        values.append(LAYERS[layer.kind](written))
    return values[-1]


# ---- one function for each kind --------------------------------------------------------------


def _dense(written: Written) -> str:
    assert written.weights is not None
    inputs = [*written.inputs, written.constant(written.weights, "weights")]
    if written.biases is not None:
        inputs.append(written.constant(written.biases, "biases"))
    z = written.graph.node("Gemm", *inputs, transB=1)
    return write_activation(written.graph, z, written.layer.activation)


def _grouped_dense(written: Written) -> str:
    """A product of matrices for each group."""
    graph, layer = written.graph, written.layer
    assert written.weights is not None
    groups, fan = layer.groups, layer.n_in // layer.groups
    by_group = graph.node("Reshape", written.inputs[0], graph.integers([0, groups, 1, fan]))
    weights = written.weights.reshape(groups, -1, fan).transpose(0, 2, 1)
    product = written.constant(np.ascontiguousarray(weights), "weights")
    z = graph.node("MatMul", by_group, product)
    z = graph.node("Reshape", z, graph.integers([0, layer.n_out]))
    if written.biases is not None:
        z = graph.node("Add", z, written.constant(written.biases, "biases"))
    return write_activation(graph, z, layer.activation)


def _periodic(written: Written) -> str:
    """``cos(w x + b)`` of the column that each output reads."""
    graph, layer = written.graph, written.layer
    assert written.weights is not None
    assert written.biases is not None
    columns = layer.columns or range(layer.n_in)
    each = graph.integers(np.repeat(columns, layer.n_out // len(columns)).tolist())
    x = graph.node("Gather", written.inputs[0], each, axis=1)
    scaled = graph.node("Mul", x, written.constant(written.weights[:, 0].copy(), "weights"))
    phases = graph.node("Add", scaled, written.constant(written.biases, "biases"))
    return graph.node("Cos", phases)


def _concat(written: Written) -> str:
    return written.graph.node("Concat", *written.inputs, axis=1)


def _activation(written: Written) -> str:
    return write_activation(written.graph, written.inputs[0], written.layer.activation)


def _parametric_activation(written: Written) -> str:
    """``x + alpha (f(x) - x)``."""
    graph, (x,) = written.graph, written.inputs
    assert written.weights is not None
    way = graph.node("Sub", write_activation(graph, x, written.layer.activation), x)
    return graph.node(
        "Add", x, graph.node("Mul", way, written.constant(written.weights, "weights"))
    )


def _batch_norm(written: Written) -> str:
    """Scale and shift, computed as the core does outside of training."""
    assert written.statistics is not None
    mean, variance = written.statistics
    gamma = np.ones_like(mean) if written.weights is None else written.weights
    beta = np.zeros_like(mean) if written.biases is None else written.biases
    eps = mean.dtype.type(written.layer.params[1])
    scale = gamma * (1 / np.sqrt(variance + eps))
    shift = (beta.astype(np.float64) - mean.astype(np.float64) * scale).astype(mean.dtype)
    scaled = written.graph.node("Mul", written.inputs[0], written.constant(scale, "scale"))
    return written.graph.node("Add", scaled, written.constant(shift, "shift"))


def _layer_norm(written: Written) -> str:
    graph, (x,), (eps,) = written.graph, written.inputs, written.layer.params
    if graph.dtype == np.float32 and written.weights is not None:
        parameters = [written.constant(written.weights, "weights")]
        if written.biases is not None:
            parameters.append(written.constant(written.biases, "biases"))
        return graph.node("LayerNormalization", x, *parameters, axis=-1, epsilon=eps)
    centred = graph.node("Sub", x, _mean(graph, x))
    return written.scaled_and_shifted(_over_root_mean_square(graph, centred, eps))


def _rms_norm(written: Written) -> str:
    (eps,) = written.layer.params
    return written.scaled_and_shifted(_over_root_mean_square(written.graph, written.inputs[0], eps))


def _over_root_mean_square(graph: GraphWriter, x: str, eps: float) -> str:
    """``x / sqrt(mean(x^2) + eps)``, the mean over the features of a row."""
    square = _mean(graph, graph.node("Mul", x, x))
    root = graph.node("Sqrt", graph.node("Add", square, graph.number(eps)))
    return graph.node("Div", x, root)


def _mean(graph: GraphWriter, x: str) -> str:
    return graph.node("ReduceMean", x, graph.integers([-1]), keepdims=1)


def _scale(written: Written) -> str:
    return written.scaled_and_shifted(written.inputs[0])


def _unchanged(written: Written) -> str:
    """Of layers that do something in training only."""
    return written.inputs[0]


def _add(written: Written) -> str:
    return written.graph.node("Add", *written.inputs)


def _embedding(written: Written) -> str:
    """The row of the table whose number is in the layer's column."""
    graph = written.graph
    assert written.weights is not None
    column = graph.node(
        "Gather", written.inputs[0], graph.number(written.layer.column, np.dtype(np.int64)), axis=1
    )
    table = written.constant(np.ascontiguousarray(written.weights.T), "table")
    return graph.node("Gather", table, graph.node("Cast", column, to=7), axis=0)


def _join(written: Written) -> str:
    """The columns that are not embedded, then the embeddings."""
    x, *embedded = written.inputs
    if not written.others:
        return written.graph.node("Concat", *embedded, axis=1)
    columns = written.graph.integers(written.others)
    others = written.graph.node("Gather", x, columns, axis=1)
    return written.graph.node("Concat", others, *embedded, axis=1)


LAYERS: dict[str, Callable[[Written], str]] = {
    "dense": _dense,
    "grouped_dense": _grouped_dense,
    "periodic": _periodic,
    "concat": _concat,
    "activation": _activation,
    "parametric_activation": _parametric_activation,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "scale": _scale,
    "dropout": _unchanged,
    "alpha_dropout": _unchanged,
    "gaussian_noise": _unchanged,
    "add": _add,
    "embedding": _embedding,
    "join": _join,
}
"""By the kind of the layer."""
