"""Make the layers of a net from the arguments of `MLP`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pybp._common.arguments import shown, width
from pybp._common.specs import resolve
from pybp.activations import ActivationFunction, ActivationLike, Identity
from pybp.errors import ArgumentError
from pybp.initializers import Initializer, InitializerLike
from pybp.layers.builder import LayerBuilder
from pybp.layers.composite import Residual
from pybp.layers.layer import Layer
from pybp.layers.specs import Activation, Dense, LayerLike, LayerSpec, append_entry

__all__ = ["resolve_layers"]


def resolve_layers(
    layers: Sequence[LayerLike],
    activation: ActivationLike,
    output: ActivationLike | None,
    init: InitializerLike,
) -> tuple[Layer, ...]:
    """The layers that the arguments of `MLP` describe."""
    if isinstance(layers, str) or not hasattr(layers, "__len__"):
        raise TypeError(f"layers must be a list such as [784, 128, 10], got {shown(layers)}")
    if len(layers) < 2:
        raise ArgumentError(
            f"layers needs the number of inputs and at least one layer, got {list(layers)!r}"
        )
    builder = LayerBuilder(
        n_in=width(layers[0], "layers[0], the number of inputs,"),
        activation=resolve(activation, ActivationFunction, "activation"),
        init=resolve(init, Initializer, "init"),
    )
    *hidden, last = enumerate(layers[1:], start=1)
    for index, entry in hidden:
        append_entry(builder, entry, f"layers[{index}]")
    chosen = None if output is None else resolve(output, ActivationFunction, "output")
    for entry in _last(*last, chosen):
        append_entry(builder, entry, f"layers[{last[0]}]")
    return tuple(builder.layers)


def _last(index: int, entry: LayerLike, output: ActivationFunction | None) -> list[LayerLike]:
    """The last entry with the activation `output`, as one or two entries."""
    if not isinstance(entry, LayerSpec | type):
        return [Dense(width(entry, f"layers[{index}]"), output or Identity())]
    if output is None:
        return [entry]
    own = entry.activation if isinstance(entry, Dense | Activation | Residual) else None
    if own is not None:
        raise ArgumentError(
            f"the last layer has an activation of its own, {own!r}; leave out output={output!r}"
        )
    if isinstance(entry, Dense):
        return [replace(entry, activation=output)]
    return [entry, Activation(output)]
