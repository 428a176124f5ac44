"""A net as a graph of few kinds of nodes, with norms folded into the layers before them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from pybp._common.types import Array
from pybp.activations import ActivationFunction, Identity
from pybp.errors import ArgumentError
from pybp.export.c.floating import made_by_layer, read_layers
from pybp.layers import Layer
from pybp.net.network import Network

__all__ = ["Blend", "Columns", "Elementwise", "Linear", "Node", "graph"]

_REMEDIES = {
    "periodic": "; models for tables have none if trained with n_frequencies=0 (pybp train --plain-numbers)"
}


@dataclass(frozen=True)
class Node:
    """Base class; `inputs` are the numbers of the nodes that it reads, `n` that of its outputs."""

    inputs: tuple[int, ...]
    n: int
    activation: ActivationFunction = field(default_factory=Identity, kw_only=True)

    def sums(self, *values: Array) -> Array:
        """What the activation is applied to, in float64, for rows of what the node reads."""
        raise NotImplementedError

    def outputs(self, z: Array) -> Array:
        """The outputs."""
        return np.asarray(self.activation(z))


@dataclass(frozen=True)
class Columns(Node):
    """The net's inputs: numbers, then the vectors of columns of categories."""

    numbers: tuple[int, ...]
    tables: tuple[tuple[int, Array], ...]  # column, (n_categories, n)

    def sums(self, *values: Array) -> Array:
        (X,) = values
        vectors = [table[X[:, column].astype(np.intp)] for column, table in self.tables]
        return np.concatenate([X[:, list(self.numbers)], *vectors], axis=1).astype(np.float64)


@dataclass(frozen=True)
class Linear(Node):
    """``f(W x + b)``, or ``f(w * x + b)`` if W has one dimension."""

    weights: Array
    biases: Array

    def sums(self, *values: Array) -> Array:
        (x,) = values
        product = x @ self.weights.T if self.weights.ndim == 2 else x * self.weights
        return np.asarray(product + self.biases)

    def scaled(self, gamma: Array, beta: Array) -> Linear:
        """This, then ``gamma z + beta``."""
        columns = gamma[:, np.newaxis] if self.weights.ndim == 2 else gamma
        return replace(self, weights=self.weights * columns, biases=self.biases * gamma + beta)


@dataclass(frozen=True)
class Elementwise(Node):
    """``f(x)``."""

    def sums(self, *values: Array) -> Array:
        return values[0]


@dataclass(frozen=True)
class Blend(Node):
    """``p x + q skip``, p and q one number for each output."""

    p: Array
    q: Array

    def sums(self, *values: Array) -> Array:
        x, skip = values
        return np.asarray(self.p * x + self.q * skip)


def graph(net: Network) -> tuple[list[Node], int]:
    """The nodes, first to last, and the number of the one that gives the net's outputs.

    The first one reads the net's inputs.

    Raises
    ------
    ArgumentError
        A layer can't be computed in integers.
    """
    folding = _Folding(net)
    return folding.nodes, folding.last


class _Folding:
    def __init__(self, net: Network) -> None:
        layers, self.weights, self.biases = net.layers, net.weights, net.biases
        self.statistics = net.running_statistics
        numbers, tables = self._columns(layers)
        n = len(numbers) + sum(table.shape[1] for _, table in tables)
        self.nodes: list[Node] = [Columns((), n, tuple(numbers), tuple(tables))]
        self.place = {0: 0}  # of the outputs of layer i - 1: the node
        made_by = [0, *(made_by_layer(layers, index) for index in range(len(layers)))]
        reads = [[made_by[r + 1] for r in read_layers(layers, i)] for i in range(len(layers))]
        self.readers = [
            source for step, read in enumerate(reads, 1) for source in read if made_by[step] == step
        ]
        for index, layer in enumerate(layers):
            if layer.kind not in ("embedding", "join") and made_by[index + 1] == index + 1:
                self._add(index, layer, reads[index])
            elif layer.kind == "join":
                self.place[index + 1] = 0
        self.last = self.place[made_by[-1]]

    def _columns(self, layers: tuple[Layer, ...]) -> tuple[list[int], list[tuple[int, Array]]]:
        tables = []
        for layer, weights in zip(layers, self.weights, strict=True):
            if layer.kind == "embedding":
                assert weights is not None
                tables.append((layer.column, weights.T.astype(np.float64)))
        read = {column for column, _ in tables}
        return [c for c in range(layers[0].n_in) if c not in read], tables

    def _add(self, index: int, layer: Layer, read: list[int]) -> None:
        inputs = tuple(self.place[source] for source in read)
        alone = self.readers.count(read[0]) == 1
        before = self.nodes[inputs[0]]
        foldable = alone and isinstance(before, Linear) and before.activation == Identity()
        node: Node
        if layer.kind == "dense":
            node = self._dense(index, layer, inputs)
        elif layer.kind == "add":
            ones = np.ones(layer.n_out)
            node = Blend(inputs, layer.n_out, ones, ones)
        elif layer.kind in ("batch_norm", "scale"):
            gamma, beta = self._gamma_beta(index, layer)
            if foldable and isinstance(before, Linear):
                self.nodes[inputs[0]] = before.scaled(gamma, beta)
                self.place[index + 1] = inputs[0]
                return
            node = Linear(inputs, layer.n_out, gamma, beta)
        elif layer.kind == "activation":
            if foldable:
                self.nodes[inputs[0]] = replace(before, activation=layer.activation)
                self.place[index + 1] = inputs[0]
                return
            node = Elementwise(inputs, layer.n_out, activation=layer.activation)
        elif layer.kind == "parametric_activation":
            self.nodes.append(Elementwise(inputs, layer.n_out, activation=layer.activation))
            alpha, _ = self._gamma_beta(index, layer)
            node = Blend((inputs[0], len(self.nodes) - 1), layer.n_out, 1 - alpha, alpha)
        else:
            raise ArgumentError(
                f"layers of the kind {layer.kind!r} can't be computed in int8"
                + _REMEDIES.get(layer.kind, "")
            )
        self.place[index + 1] = len(self.nodes)
        self.nodes.append(node)

    def _dense(self, index: int, layer: Layer, inputs: tuple[int, ...]) -> Linear:
        weights, biases = self.weights[index], self.biases[index]
        assert weights is not None
        zeros = np.zeros(layer.n_out)
        given = zeros if biases is None else biases.astype(np.float64)
        return Linear(
            inputs, layer.n_out, weights.astype(np.float64), given, activation=layer.activation
        )

    def _gamma_beta(self, index: int, layer: Layer) -> tuple[Array, Array]:
        weights, biases = self.weights[index], self.biases[index]
        gamma = np.ones(layer.n_out) if weights is None else weights.astype(np.float64)
        beta = np.zeros(layer.n_out) if biases is None else biases.astype(np.float64)
        found = self.statistics[index]
        if found is not None:
            mean, variance = (values.astype(np.float64) for values in found)
            gamma = gamma / np.sqrt(variance + layer.params[1])
            beta = beta - mean * gamma
        return gamma, beta
