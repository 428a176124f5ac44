"""Weights and biases in scikit-learn's form: lists of arrays that users may change.

``coefs_[i]`` is (inputs, outputs) and ``intercepts_[i]`` is (outputs,) of the i-th dense layer. The
net has a packed copy. The lists are made when they are first asked for; from then on they are
compared with the net's weights before each use of the net, and written to it if they differ.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pybp._common.arrays import as_numbers
from pybp._common.types import Array
from pybp.errors import ShapeError
from pybp.mlp import MLP

__all__ = ["Lists", "WeightLists", "dense_views", "draw", "read", "write"]

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


class WeightLists:
    """The lists that a user sees, and copies of what was last written to the net.

    Attributes
    ----------
    coefs, intercepts : list of ndarray, or None
        As in scikit-learn; None while the user has assigned only the other one.
    """

    def __init__(self, coefs: Any = None, intercepts: Any = None) -> None:
        self.coefs = coefs
        self.intercepts = intercepts
        self._known: list[Array] = []

    @classmethod
    def of(cls, net: MLP) -> "WeightLists":
        """The lists of a net."""
        lists = cls(*read(net))
        lists._remember()
        return lists

    def write_to(self, net: MLP) -> None:
        """Set the net's weights and biases, if the lists have been changed."""
        arrays = [*self.coefs, *self.intercepts]
        same = len(arrays) == len(self._known) and all(map(np.array_equal, arrays, self._known))
        if not same:
            write(net, self.coefs, self.intercepts)
            self._remember()

    def update_from(self, net: MLP) -> bool:
        """Set the arrays to the net's weights and biases in place, if they fit; return whether they do."""
        new = read(net)
        if not (_assignable(self.coefs, new[0]) and _assignable(self.intercepts, new[1])):
            return False
        arrays = [*self.coefs, *self.intercepts]
        for array, values in zip(arrays, [*new[0], *new[1]], strict=True):
            array[...] = values
        self._remember()
        return True

    def _remember(self) -> None:
        """Keep copies to compare with, in the same layout, as that is fast."""
        self._known = [np.array(array, order="K") for array in (*self.coefs, *self.intercepts)]


def _assignable(old: Any, new: list[Array]) -> bool:
    """Whether the new values fit into the old arrays."""
    return len(old) == len(new) and all(
        isinstance(array, np.ndarray)
        and array.shape == values.shape
        and array.dtype == values.dtype
        and array.flags.writeable
        for array, values in zip(old, new, strict=True)
    )


def _vector(net: MLP) -> Array:
    return net._net.get_flat("parameters", np.empty(net.n_parameters, net.dtype))
