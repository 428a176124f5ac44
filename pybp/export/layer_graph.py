"""Layers and what each reads, as in models of other libraries, and the list of pybp's layers that equals them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.activations import ActivationFunction
from pybp.errors import ArgumentError
from pybp.layers import (
    Activation,
    Concat,
    Dense,
    Embedding,
    GroupedDense,
    LayerSpec,
    Periodic,
    Residual,
    Scale,
)
from pybp.net.network import Network

__all__ = ["INPUT", "LayerGraph", "Parameters", "Plan"]

INPUT = 0
"""The number of the node that stands for the net's input."""
_MOST_BLOCKS = 100
"""Depth of residual blocks in one another, as of `Residual`."""


@dataclass(frozen=True)
class Parameters:
    """What a layer of the core holds; None for what it has not."""

    weights: Array | None = None
    biases: Array | None = None
    statistics: tuple[Array, Array] | None = None


@dataclass(frozen=True)
class Node:
    """A layer, or two side by side or added.

    Attributes
    ----------
    name : str
        Its name in the library that it comes from.
    sources : tuple of int
        The nodes whose outputs it reads; two for a sum, and for two side by side.
    width : int
        The number of its outputs.
    entry : LayerSpec or None
        The layer; None for a sum, and for two side by side.
    parameters : tuple of Parameters
        Those of the core's layers that the entry consists of.
    side_by_side : bool
        Whether two sources are put side by side, not added.
    """

    name: str
    sources: tuple[int, ...]
    width: int
    entry: LayerSpec | None = None
    parameters: tuple[Parameters, ...] = ()
    side_by_side: bool = False


@dataclass(frozen=True)
class Plan:
    """A list of layers, and the parameters of each layer of the core."""

    entries: tuple[Any, ...]
    parameters: tuple[Parameters, ...]

    def write_to(self, net: Network) -> None:
        """Give a net that has these layers the parameters."""
        own = self.parameters
        net.weights = [each.weights for each in own]
        net.biases = [each.biases for each in own]
        net.running_statistics = [each.statistics for each in own]


class LayerGraph:
    """Nodes, each of which reads earlier ones. Node 0 is the net's input."""

    def __init__(self, n_in: int) -> None:
        self.nodes = [Node("the input", (), n_in)]
        self._activations: dict[tuple[int, ActivationFunction], int] = {}

    def width(self, node: int) -> int:
        """The number of outputs of a node."""
        return self.nodes[node].width

    def dense(self, source: int, weights: Array, biases: Array | None, name: str) -> int:
        """A dense layer; `weights` is (n_out, n_in)."""
        n_out, n_in = weights.shape
        if n_in != self.width(source):
            raise ArgumentError(f"{name} expects {n_in} inputs and gets {self.width(source)}")
        if biases is not None and biases.shape != (n_out,):
            raise ArgumentError(f"{name} has biases of shape {biases.shape}; expected ({n_out},)")
        entry = Dense(n_out, bias=biases is not None)
        return self._push(Node(name, (source,), n_out, entry, (Parameters(weights, biases),)))

    def grouped_dense(self, source: int, weights: Array, groups: int, name: str) -> int:
        """A dense layer for each group of inputs, without biases; `weights` is (n_out, inputs of a group)."""
        n_out, fan = weights.shape
        if fan * groups != self.width(source) or n_out % groups:
            raise ArgumentError(
                f"{name} has weights of shape {weights.shape} for {groups} groups of the "
                f"{self.width(source)} inputs"
            )
        entry = GroupedDense(fan, n_out // groups, bias=False)
        return self._push(Node(name, (source,), n_out, entry, (Parameters(weights),)))

    def periodic(
        self, source: int, columns: Sequence[int], weights: Array, biases: Array, name: str
    ) -> int:
        """Cosines of some columns; `columns` has the column of each output, `weights` is (n_out, 1)."""
        different = sorted(set(columns))
        n_frequencies = len(columns) // len(different)
        wanted = [column for column in different for _ in range(n_frequencies)]
        if list(columns) != wanted or different[-1] >= self.width(source):
            raise ArgumentError(
                f"{name}: pybp reads equally many cosines of each column, ordered by column"
            )
        every = different == list(range(self.width(source)))
        entry = Periodic(n_frequencies, None if every else different)
        own = Parameters(weights, biases)
        return self._push(Node(name, (source,), len(columns), entry, (own,)))

    def concat(self, source: int, branch: int, name: str) -> int:
        """A node beside what was made of it."""
        width = self.width(source) + self.width(branch)
        return self._push(Node(name, (source, branch), width, side_by_side=True))

    def activation(self, source: int, activation: ActivationFunction, name: str) -> int:
        """An activation; the same one of the same node is added once."""
        key = source, activation
        if key not in self._activations:
            self._activations[key] = self.layer(source, Activation(activation), Parameters(), name)
        return self._activations[key]

    def layer(self, source: int, entry: LayerSpec, parameters: Parameters, name: str) -> int:
        """A layer that has as many outputs as inputs."""
        width = self.width(source)
        shapes = [parameters.weights, parameters.biases, *(parameters.statistics or ())]
        for array in shapes:
            if array is not None and array.shape != (width,):
                raise ArgumentError(
                    f"{name} has parameters of shape {array.shape}; expected ({width},)"
                )
        return self._push(Node(name, (source,), width, entry, (parameters,)))

    def add(self, one: int, other: int, name: str) -> int:
        """The sum of two nodes."""
        widths = self.width(one), self.width(other)
        if widths[0] != widths[1]:
            raise ArgumentError(f"{name} adds {widths[0]} and {widths[1]} features")
        if one == other:
            return self.layer(one, Scale(), Parameters(np.full(widths[0], 2.0)), name)
        return self._push(Node(name, (one, other), widths[0]))

    def embedding(self, tables: dict[int, Array], name: str) -> int:
        """The net's input with vectors instead of some columns; a table is (dim, n_categories)."""
        n_in = self.width(INPUT)
        columns = {column: table.shape[::-1] for column, table in tables.items()}
        if len(columns) > n_in or any(column >= n_in for column in columns):
            raise ArgumentError(f"{name} embeds a column that the input doesn't have")
        width = n_in - len(columns) + sum(dim for _, dim in columns.values())
        parameters = [*(Parameters(tables[column]) for column in sorted(tables)), Parameters()]
        return self._push(Node(name, (INPUT,), width, Embedding(columns), tuple(parameters)))

    def replace(self, node: int, entry: LayerSpec, parameters: Parameters) -> None:
        """Give a node that nothing reads yet other parameters."""
        self.nodes[node] = replace(self.nodes[node], entry=entry, parameters=(parameters,))

    def _push(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    # ---- the list of layers ------------------------------------------------------------------

    def plan(self, output: int) -> Plan:
        """The list of layers that computes a node.

        Raises
        ------
        ArgumentError
            A sum is not that of a residual block; the message names it.
        """
        dominators = self._dominators()
        readers = Counter(source for node in self.nodes for source in node.sources)
        items = _Items(self.nodes, dominators, readers).between(output, INPUT, 0)
        if not items:
            raise ArgumentError("there is no layer between input and output")
        entries = (self.width(INPUT), *(entry for entry, _ in items))
        return Plan(entries, tuple(_flat(items)))

    def _dominators(self) -> list[int]:
        """For each node the last other node that is on every path from the input to it."""
        found, depths = [INPUT], [0]
        for node in self.nodes[1:]:
            one, other = node.sources[0], node.sources[-1]
            while one != other:
                if depths[one] >= depths[other]:
                    one = found[one]
                else:
                    other = found[other]
            found.append(one)
            depths.append(depths[one] + 1)
        return found


Item = tuple[LayerSpec, tuple[Parameters, ...]]
"""An entry of a list of layers, with the parameters of its layers of the core."""


@dataclass(frozen=True)
class _Items:
    nodes: Sequence[Node]
    dominators: Sequence[int]
    readers: Counter[int]

    def between(self, end: int, begin: int, depth: int) -> list[Item]:
        """The entries that lead from node `begin`, which dominates `end`, to it."""
        items: list[Item] = []
        while end != begin:
            node = self.nodes[end]
            if node.entry is None:
                block = self._concat if node.side_by_side else self._residual
                items.append(block(end, depth))
                end = self.dominators[end]
                continue
            (end,) = node.sources
            dense = self._dense_read(node.entry, end, begin)
            if dense is None:
                items.append((node.entry, node.parameters))
                continue
            items.append((dense, self.nodes[end].parameters))
            (end,) = self.nodes[end].sources
        items.reverse()
        return items

    def _dense_read(self, reader: LayerSpec, source: int, begin: int) -> LayerSpec | None:
        """The dense layer that an activation alone reads, with that activation; else None."""
        entry = self.nodes[source].entry
        if source == begin or self.readers[source] != 1 or not isinstance(reader, Activation):
            return None
        if not isinstance(entry, Dense | GroupedDense) or entry.activation is not None:
            return None
        return replace(entry, activation=reader.activation)

    def _concat(self, end: int, depth: int) -> Item:
        node, begin = self.nodes[end], self.dominators[end]
        self._check_depth(node, depth)
        source, branch = node.sources
        items = self.between(branch, begin, depth + 1)
        if source != begin or not items:
            raise ArgumentError(
                f"{node.name} puts two values side by side; pybp has a layer's input, then its output"
            )
        return Concat([e for e, _ in items]), (*_flat(items), Parameters())

    def _check_depth(self, node: Node, depth: int) -> None:
        if depth >= _MOST_BLOCKS:
            raise ArgumentError(
                f"{node.name} is the end of blocks nested more than {_MOST_BLOCKS} deep"
            )

    def _residual(self, end: int, depth: int) -> Item:
        node, begin = self.nodes[end], self.dominators[end]
        self._check_depth(node, depth)
        first, second = (self.between(s, begin, depth + 1) for s in node.sources)
        if not first or not second:
            branch = first or second
            entry = Residual([e for e, _ in branch], projection=False)
            return entry, (*_flat(branch), Parameters())
        for projection, branch in ((first, second), (second, first)):
            if len(projection) == 1 and isinstance(projection[0][0], Dense):
                entry = Residual([e for e, _ in branch], projection=projection[0][0])
                return entry, (*_flat(branch), *_flat(projection), Parameters())
        raise ArgumentError(
            f"{node.name} adds two branches; one of them must be empty or one dense layer"
        )


def _flat(items: Sequence[Item]) -> Iterator[Parameters]:
    """The parameters of the core's layers of several entries."""
    for _, parameters in items:
        yield from parameters
