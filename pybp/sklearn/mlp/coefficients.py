"""Weights and biases in scikit-learn's form: lists of arrays that users may change.

``coefs_[i]`` is (inputs, outputs) and ``intercepts_[i]`` is (outputs,) of the i-th dense layer. The
net has a packed copy; changed lists are written to the net before it is next used.
"""

from collections.abc import Sequence

import numpy as np

from pybp._common.arrays import as_numbers
from pybp._common.types import Array
from pybp.errors import ShapeError
from pybp.mlp import MLP

__all__ = ["Lists", "dense_views", "differ", "draw", "read", "write"]

Lists = tuple[list[Array], list[Array]]
"""(coefs, intercepts)."""


def dense_views(net: MLP, flat: Array) -> Lists:
    """Views of the dense layers' weights and biases in a vector of all parameters."""
    coefs, intercepts, start = [], [], 0
    for layer in net.layers:
        if layer.kind == "dense":
            middle = start + layer.n_out * layer.n_in
            coefs.append(flat[start:middle].reshape(layer.n_out, layer.n_in).T)
            intercepts.append(flat[middle : middle + layer.n_out])
        start += layer.n_parameters
    return coefs, intercepts


def read(net: MLP) -> Lists:
    """Weights and biases of the net's dense layers, in new arrays."""
    return dense_views(net, _vector(net))


def write(net: MLP, coefs: Sequence[object], intercepts: Sequence[object]) -> None:
    """Set weights and biases of the net's dense layers."""
    flat = _vector(net)
    for name, views, given in zip(
        ("coefs_", "intercepts_"), dense_views(net, flat), (coefs, intercepts), strict=True
    ):
        if len(given) != len(views):
            raise ShapeError(f"{name} has {len(given)} arrays; expected {len(views)}")
        for i, (view, value) in enumerate(zip(views, given, strict=True)):
            array = as_numbers(value, f"{name}[{i}]")
            if array.shape != view.shape:
                raise ShapeError(f"{name}[{i}] has shape {array.shape}; expected {view.shape}")
            view[...] = array
    net._net.set_flat("parameters", flat)


def differ(lists: Lists, others: Lists) -> bool:
    """Whether any number differs."""
    return any(
        len(ours) != len(theirs) or not all(map(np.array_equal, ours, theirs))
        for ours, theirs in zip(lists, others, strict=True)
    )


def draw(net: MLP, random_state: np.random.RandomState, factor: float) -> Lists:
    """Random weights and biases, uniform in +-sqrt(factor / (inputs + outputs)), in scikit-learn's order."""
    coefs, intercepts = [], []
    for layer in net.layers:
        if layer.kind == "dense":
            bound = np.sqrt(factor / (layer.n_in + layer.n_out))
            shape = (layer.n_in, layer.n_out)
            coefs.append(random_state.uniform(-bound, bound, shape).astype(net.dtype))
            bias = random_state.uniform(-bound, bound, layer.n_out)
            intercepts.append(bias.astype(net.dtype))
    return coefs, intercepts


def _vector(net: MLP) -> Array:
    return net._net.get_flat("parameters", np.empty(net.n_parameters, net.dtype))
