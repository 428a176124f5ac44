"""The base class of `MLP`: layers, parameters, copies."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, ClassVar, Self, get_args

import numpy as np

from pybp._common.arguments import count, shown, unknown_name
from pybp._common.arrays import as_numbers, finite_matrix, plain
from pybp._common.explain import explained
from pybp._common.types import Array, DType, DTypeName
from pybp._core import Net
from pybp.activations import ActivationLike
from pybp.errors import ArgumentError, ShapeError
from pybp.initializers import InitializerLike
from pybp.layers import Layer, LayerLike, resolve_layers
from pybp.net.callback_states import CallbackState, CallbackStates, StateSource
from pybp.net.state import (
    STATISTICS,
    core_net,
    read_optional,
    read_parameters,
    read_state,
    write_state,
)
from pybp.net.summary import Summary, net_repr, summary

__all__ = ["Network"]

_OWN = {"_net", "_layers", "_seed", "_callbacks", "history"}

_DTYPES = get_args(DTypeName)


class Network:
    """Base class of `MLP`: layers, parameters, copies and pickling."""

    _FORMAT: ClassVar[int] = 3  # of the pickled state

    _net: Net
    _layers: tuple[Layer, ...]
    _seed: int
    history: Any = None  # the `History` of the last fit
    _callbacks: StateSource  # what the callbacks of the last fit remember

    @explained
    def __init__(
        self,
        layers: Sequence[LayerLike],
        *,
        activation: ActivationLike = "relu",
        output: ActivationLike | None = None,
        init: InitializerLike = "auto",
        dtype: DTypeName | type[np.floating[Any]] | DType = "float32",
        seed: int | None = None,
    ) -> None:
        resolved = resolve_layers(layers, activation, output, init)
        seed = secrets.randbits(32) if seed is None else count(seed, "seed", low=0, high=2**64 - 1)
        self._adopt(core_net(resolved, _dtype_name(dtype), seed), resolved, seed)

    def _adopt(
        self,
        net: Net,
        layers: tuple[Layer, ...],
        seed: int,
        callbacks: StateSource = CallbackStates(),  # noqa: B008  # immutable
    ) -> None:
        self._net = net
        self._layers = layers
        self._seed = seed
        self._callbacks = callbacks

    # ---- layers ------------------------------------------------------------------------------

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of the core, first to last.

        A `Residual` consists of several of them: its layers, its projection if it has one, and an
        "add" layer. An `Embedding` consists of one for each column and a "join" layer.
        """
        return self._layers

    @property
    def n_in(self) -> int:
        """Number of inputs."""
        return self._layers[0].n_in

    @property
    def n_out(self) -> int:
        """Number of outputs."""
        return self._layers[-1].n_out

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases, including those of layers with ``trainable=False``."""
        return self._net.n_parameters

    @property
    def penalty(self) -> float:
        """The sum of the layers' l1 and l2 penalties, which every reported loss includes."""
        return self._net.penalty()

    @property
    def dtype(self) -> DType:
        """The NumPy dtype of parameters and outputs."""
        return self._net.dtype

    @property
    def seed(self) -> int:
        """The seed of all random numbers of the net: the given one, or one drawn at random."""
        return self._seed

    @property
    def epochs_done(self) -> int:
        """Number of epochs trained so far, over all calls of `fit`."""
        return self._net.get_progress()[0]

    def summary(self) -> Summary:
        """The layers as a table.

        Returns
        -------
        Summary
            Prints as text; notebooks show it as an HTML table.
        """
        return summary(self._layers, self.dtype.name, self._seed)

    def __repr__(self) -> str:
        return net_repr(self._layers, self.dtype.name, self._seed)

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    # ---- parameters --------------------------------------------------------------------------

    @property
    def weights(self) -> tuple[Array | None, ...]:
        """Weights of each layer, as read-only copies; None for a layer without weights.

        For a dense layer the shape is (n_out, n_in); row j holds the weights of neuron j. For a norm
        and for `Scale` the weights are gamma, shape (n_out,). For an embedding the shape is
        (dim, n_categories); column k is the vector of category k.

        Assign a list with one entry per layer to set them. The optimizer's state is kept.

        Raises
        ------
        ShapeError, NotFiniteError, TypeError
            An assigned array is wrong; the net is not changed.
        """
        return tuple(_read_only(weights) for weights, _ in self._parameters())

    @weights.setter
    def weights(self, values: Sequence[object]) -> None:
        self._assign("weights", values, [layer.weight_shape for layer in self._layers])

    @property
    def biases(self) -> tuple[Array | None, ...]:
        """Biases of each layer, as read-only copies of shape (n_out,); None for a layer without.

        For a norm and for `Scale` they are beta. Assign a list to set them, as for `weights`.
        """
        return tuple(_read_only(biases) for _, biases in self._parameters())

    @biases.setter
    def biases(self, values: Sequence[object]) -> None:
        self._assign("biases", values, [layer.bias_shape for layer in self._layers])

    @property
    def running_statistics(self) -> tuple[tuple[Array, Array] | None, ...]:
        """Running (mean, variance) of each `BatchNorm`, of shape (n_out,); None for other layers.

        Assign a list to set them, as for `weights`; a variance must be >= 0.
        """
        net = self._net.copy()  # all of one moment, whatever other threads do
        found: list[tuple[Array, Array] | None] = []
        for index, shape in enumerate(self._statistics_shapes()):
            pair = [read_optional(net, what, index, shape) for what in STATISTICS]
            mean, variance = (None if array is None else _read_only(array) for array in pair)
            found.append(None if mean is None or variance is None else (mean, variance))
        return tuple(found)

    @running_statistics.setter
    def running_statistics(self, values: Sequence[object]) -> None:
        name, shapes = "running_statistics", self._statistics_shapes()
        given = self._one_per_layer(name, values, shapes)
        arrays = [
            self._mean_and_variance(f"{name}[{index}]", pair, shape)
            for index, (pair, shape) in enumerate(zip(given, shapes, strict=True))
        ]
        self._set_all(arrays)

    def _mean_and_variance(
        self, name: str, given: object, shape: tuple[int, ...] | None
    ) -> dict[str, Array | None]:
        if shape is None:
            return {name: self._checked_parameter(name, given, None)}
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise TypeError(f"{name} must be (mean, variance), got {shown(given)}")
        mean = self._checked_parameter(f"{name}[0]", given[0], shape)
        variance = self._checked_parameter(f"{name}[1]", given[1], shape)
        if variance is not None and (variance < 0).any():
            worst = float(variance[int(np.argmax(variance < 0))])
            raise ArgumentError(f"{name}[1], a variance, holds {worst!r}; expected >= 0")
        return dict(zip(STATISTICS, (mean, variance), strict=True))

    def _statistics_shapes(self) -> list[tuple[int, ...] | None]:
        return [(layer.n_out,) if layer.keeps_statistics else None for layer in self._layers]

    def _parameters(self) -> list[tuple[Array | None, Array | None]]:
        return read_parameters(self._net, self._layers, "parameters")

    def _assign(
        self, what: str, values: Sequence[object], shapes: Sequence[tuple[int, ...] | None]
    ) -> None:
        """Check all arrays, then set them in one call: no thread sees the new ones of some layers only."""
        given = self._one_per_layer(what, values, shapes)
        arrays = [
            self._checked_parameter(f"{what}[{index}]", value, shape)
            for index, (value, shape) in enumerate(zip(given, shapes, strict=True))
        ]
        self._set_all([{what: array} for array in arrays])

    def _set_all(self, arrays: Sequence[dict[str, Array | None]]) -> None:
        self._net.set_arrays(
            [
                (what, index, array)
                for index, named in enumerate(arrays)
                for what, array in named.items()
                if array is not None
            ]
        )

    def _one_per_layer(
        self, what: str, values: Sequence[object], shapes: Sequence[tuple[int, ...] | None]
    ) -> Sequence[object]:
        if isinstance(values, str) or not hasattr(values, "__len__"):
            raise TypeError(f"{what} must be a list of arrays, one per layer, got {shown(values)}")
        if len(values) != len(shapes):
            raise ShapeError(
                f"{what} has {len(values)} arrays, but the net has {len(shapes)} layers"
            )
        return values

    def _checked_parameter(
        self, name: str, value: object, shape: tuple[int, ...] | None
    ) -> Array | None:
        if shape is None:
            if value is not None:
                raise ShapeError(f"{name} must be None: that layer has no such array")
            return None
        array = np.array(as_numbers(value, name))  # a copy, which nobody else changes
        if array.shape != shape:
            raise ShapeError(f"{name} has shape {array.shape}; expected {shape}")
        matrix = finite_matrix(array.reshape(shape[0], -1), name, self.dtype)
        return plain(matrix.reshape(shape), self.dtype)

    def reset_optimizer(self) -> None:
        """Reset the optimizer's state, and that of callbacks, to that of an untrained net."""
        self._net.reset_optimizer()
        self._callbacks = CallbackStates()

    # ---- copies ------------------------------------------------------------------------------

    def copy(self) -> Self:
        """A copy with the same parameters, optimizer state and counters.

        Attributes that were set on the net are the same objects in the copy; `copy.deepcopy` copies
        them too. Activations and gradients that `forward` and `backward` stored are not copied.
        """
        copied = type(self).__new__(type(self))
        net, callbacks = self._copied_state()
        copied._adopt(net, self._layers, self._seed, callbacks)
        vars(copied).update(self._attributes())
        return copied

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = memo[id(self)] = self.copy()
        vars(copied).update(deepcopy(self._attributes(), memo))
        return copied

    def _copied_state(self) -> tuple[Net, CallbackStates]:
        """A copy of the core's net, and what callbacks remember, of one moment: no fit was between them."""
        while True:
            source, net = self._callbacks, self._net.copy()
            if self._callbacks is source:
                return net, source.states_now()

    def _attributes(self) -> dict[str, Any]:
        """What was set on the net besides its own attributes."""
        return {name: value for name, value in vars(self).items() if name not in _OWN}

    def __getstate__(self) -> dict[str, Any]:
        net, callbacks = self._copied_state()
        return {
            "format": self._FORMAT,
            "dtype": self.dtype.name,
            "seed": self._seed,
            "layers": [layer.description for layer in self._layers],
            **read_state(net, self._layers),
            "callbacks": {**vars(callbacks), "states": [vars(state) for state in callbacks.states]},
            "attributes": self._attributes(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        if state.get("format") not in (2, self._FORMAT):
            raise ArgumentError(
                f"this pickle has format {state.get('format')!r}; this pybp reads 2 and {self._FORMAT}"
            )
        layers = tuple(map(Layer.from_description, state["layers"]))
        net = core_net(layers, state["dtype"], state["seed"], zeroed=True)
        write_state(net, state)
        callbacks = dict(state.get("callbacks", {}))
        callbacks["states"] = tuple(CallbackState(**one) for one in callbacks.get("states", ()))
        self._adopt(net, layers, state["seed"], CallbackStates(**callbacks))
        vars(self).update(state.get("attributes", {}))


def _read_only(array: Array | None) -> Array | None:
    if array is not None:
        array.flags.writeable = False
    return array


def _dtype_name(dtype: DTypeName | type[np.floating[Any]] | DType) -> str:
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    if name not in _DTYPES:
        raise ArgumentError(unknown_name("dtype", name, _DTYPES))
    return name
