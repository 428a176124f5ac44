"""The net that an estimator's parameters describe."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pybp._common.arguments import count, real, shown
from pybp._common.specs import resolve
from pybp._common.types import Array
from pybp.activations import ActivationFunction
from pybp.errors import ArgumentError
from pybp.layers import (
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    LayerNorm,
    LayerSpec,
    Residual,
)
from pybp.mlp import MLP
from pybp.net.parameters import Parameters
from pybp.net.state import read_state, write_state

__all__ = ["SKLEARN_NAMES", "Architecture", "activation_spec", "hidden_index", "hidden_sizes"]

SKLEARN_NAMES = {"logistic": "sigmoid"}
"""scikit-learn's names of activations that pybp names differently."""


@dataclass(frozen=True)
class Architecture:
    """A net without its weights.

    Attributes
    ----------
    n_in, n_out : int
        Number of inputs and outputs.
    sizes : tuple of int
        Neurons of each hidden layer.
    activations : tuple of ActivationFunction
        Activation of each hidden layer.
    output : ActivationFunction
        Activation of the output.
    dtype : str
        dtype of parameters and computation.
    l2 : float
        Penalty of every weight of a dense layer.
    dropout : tuple of float
        Dropout rate after each hidden layer; 0 for none.
    batch_norm, layer_norm, residual : bool
        Whether each hidden layer has such a part.
    embedding : Embedding or None
        The first layer, if there are columns of categories.
    """

    n_in: int
    n_out: int
    sizes: tuple[int, ...]
    activations: tuple[ActivationFunction, ...]
    output: ActivationFunction
    dtype: Any
    l2: float
    dropout: tuple[float, ...]
    batch_norm: bool
    layer_norm: bool
    residual: bool
    embedding: Embedding | None

    @classmethod
    def of(
        cls, params: Any, n_in: int, n_out: int, output: str, dtype: str, l2: float, names: Any
    ) -> "Architecture":
        """The net that an estimator's parameters describe; `names` are those of the columns of X, or None."""
        sizes = hidden_sizes(params.hidden_layer_sizes)
        activations = _for_each(params.activation, len(sizes), "activation")
        return cls(
            n_in=n_in,
            n_out=n_out,
            sizes=tuple(sizes),
            activations=tuple(map(activation_spec, activations)),
            output=activation_spec(output),
            dtype=dtype,
            l2=l2,
            dropout=_rates(params.dropout, len(sizes)),
            batch_norm=bool(params.batch_norm),
            layer_norm=bool(params.layer_norm),
            residual=bool(params.residual),
            embedding=_embedding(params.embedding, n_in, names),
        )

    def net(self, seed: int) -> MLP:
        """A new net; the weights of its dense layers are 0."""
        last = Dense(self.n_out, self.output, init="zeros", l2=self.l2)
        front: list[LayerSpec] = [] if self.embedding is None else [self.embedding]
        hidden = [layer for i in range(len(self.sizes)) for layer in self._hidden(i)]
        return MLP([self.n_in, *front, *hidden, last], dtype=self.dtype, seed=seed)

    def _hidden(self, index: int) -> list[LayerSpec]:
        """The layers that make up a hidden layer."""
        size, function, rate = self.sizes[index], self.activations[index], self.dropout[index]
        norms: list[LayerSpec] = [BatchNorm()] * self.batch_norm + [LayerNorm()] * self.layer_norm
        if norms:
            dense = Dense(size, init="zeros", l2=self.l2)
            block: list[LayerSpec] = [dense, *norms, Activation(function)]
        else:
            block = [Dense(size, function, init="zeros", l2=self.l2)]
        block += [Dropout(rate)] if rate else []
        return [Residual(block)] if self.residual else block

    def until(self, index: int, net: MLP) -> MLP:
        """The part of a net up to a hidden layer, with its parameters."""
        front: list[LayerSpec] = [] if self.embedding is None else [self.embedding]
        hidden = [layer for i in range(index + 1) for layer in self._hidden(i)]
        part = MLP([self.n_in, *front, *hidden], dtype=self.dtype, seed=0)
        for what, layer, values in Parameters.copy_from(net).arrays:
            if layer < len(part.layers):
                part._net.set(what, layer, values)
        return part

    def rebuilt(self, old: MLP) -> MLP:
        """A new net with the parameters, the optimizer's state and the counters of an old one."""
        new = self.net(old.seed)
        shapes = [(layer.weight_shape, layer.bias_shape) for layer in new.layers]
        if shapes != [(layer.weight_shape, layer.bias_shape) for layer in old.layers]:
            raise ArgumentError(
                "warm_start and partial_fit go on with the net of the call before, but the "
                f"parameters now describe another one: {_widths(new)} instead of {_widths(old)}"
            )
        write_state(new._net, read_state(old._net, old.layers))
        return new


def _widths(net: MLP) -> list[int]:
    return [net.n_in, *(layer.n_out for layer in net.layers if layer.kind == "dense")]


def hidden_index(layer: int, hidden: int) -> int:
    """The index of a hidden layer, from 0; `layer` may be negative and count from the last."""
    if not -hidden <= layer < hidden:
        raise ArgumentError(f"layer is {layer}, but there are {hidden} hidden layers")
    return layer % hidden


def hidden_sizes(hidden_layer_sizes: Any) -> list[int]:
    """Neurons of the hidden layers."""
    one = not hasattr(hidden_layer_sizes, "__iter__")
    given = [hidden_layer_sizes] if one else list(hidden_layer_sizes)
    sizes = [count(size, "hidden_layer_sizes", low=-sys.maxsize) for size in given]
    if any(size <= 0 for size in sizes):
        raise ArgumentError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return sizes


def activation_spec(activation: Any) -> ActivationFunction:
    """An activation by scikit-learn's name, by pybp's, or one of `pybp.activations`."""
    if isinstance(activation, str):
        activation = SKLEARN_NAMES.get(activation, activation)
    return resolve(activation, ActivationFunction, "activation")


def _rates(dropout: Any, layers: int) -> tuple[float, ...]:
    """The dropout rate of each hidden layer."""
    given = enumerate(_for_each(dropout, layers, "dropout"))
    return tuple(
        real(rate, f"dropout[{i}]", low=0.0, high=1.0, high_open=True) for i, rate in given
    )


def _embedding(
    embedding: Mapping[Any, Any] | None, n_in: int, names: Array | None
) -> Embedding | None:
    """The layer for the columns that are embedded, given by index or name."""
    if embedding is None:
        return None
    indices = {} if names is None else {name: i for i, name in enumerate(names)}
    columns: dict[int, Any] = {}
    for column, size in embedding.items():
        if isinstance(column, str) and column not in indices:
            known = f"X has {list(indices)}" if indices else "X has no names"
            raise ArgumentError(f"embedding names the column {column!r}, but {known}")
        if not isinstance(column, str) and column >= n_in:
            raise ArgumentError(f"embedding names column {column}, but X has {n_in} columns")
        columns[indices.get(column, column)] = size
    return Embedding(columns)


def _for_each(value: Any, layers: int, name: str) -> Sequence[Any]:
    """A value for each hidden layer: those of a list, or one for all."""
    if not isinstance(value, list | tuple):
        return [value] * layers
    if len(value) != layers:
        raise ArgumentError(
            f"{name} has {len(value)} entries for {layers} hidden layers: {shown(value)}"
        )
    return value
