"""Read the state of a PyTorch module from a safetensors file into a net."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from pybp._common.optional import require
from pybp._common.types import Array
from pybp.errors import ArgumentError, FileFormatError
from pybp.io.paths import checked_path
from pybp.net.network import Network

__all__ = ["read_state_dict"]

_IGNORED = "num_batches_tracked"


def read_state_dict(
    net: Network, path: str | os.PathLike[str], names: Sequence[str] | None
) -> None:
    """Set a net's parameters; see `MLP.read_state_dict`."""
    arrays = _read(path)
    layers = {i: layer for i, layer in enumerate(net.layers) if layer.weight_shape or layer.bias}
    layers |= {i: layer for i, layer in enumerate(net.layers) if layer.keeps_statistics}
    chosen = _in_order(arrays) if names is None else list(names)
    if len(chosen) != len(layers):
        raise ArgumentError(
            f"the file has modules {chosen[:20]}, but the net has {len(layers)} layers with "
            "parameters; names=... gives their modules in order"
        )
    weights: list[Array | None] = [None] * len(net.layers)
    biases, statistics = weights.copy(), [None] * len(net.layers)
    for name, index in zip(chosen, sorted(layers), strict=True):
        layer = layers[index]
        weights[index] = _take(arrays, name, "weight", layer.weight_shape is not None)
        if layer.kind == "embedding":
            weights[index] = weights[index].T  # type: ignore[union-attr]  # as it has weights
        biases[index] = _take(arrays, name, "bias", layer.bias)
        if layer.keeps_statistics:
            pair = (_take(arrays, name, what, True) for what in ("running_mean", "running_var"))
            statistics[index] = tuple(pair)  # type: ignore[call-overload]
    if arrays:
        raise ArgumentError(f"the net has no place for {sorted(arrays)[:10]} of the file")
    twin = net.copy()  # takes what is wrong
    for each in (twin, net):
        each.weights, each.biases, each.running_statistics = weights, biases, statistics


def _read(path: str | os.PathLike[str]) -> dict[str, Array]:
    """The arrays of the file."""
    target = checked_path(path)
    numpy = require("safetensors.numpy", "read_state_dict")
    if not target.stat().st_size or not target.is_file():
        raise FileFormatError(f"{os.fspath(path)} is empty, or no regular file")
    try:
        arrays: dict[str, Array] = numpy.load_file(target)
    except Exception as error:  # of the package, which has a class of its own
        raise FileFormatError(f"{os.fspath(path)} can't be read: {error}") from error
    return {name: array for name, array in arrays.items() if not name.endswith(_IGNORED)}


def _in_order(arrays: dict[str, Array]) -> list[str]:
    """The modules of a Sequential, by their numbers."""
    modules = {name.rpartition(".")[0] for name in arrays}
    if not all(module.isdecimal() for module in modules):
        some = sorted(modules)[:10]
        raise ArgumentError(
            f"the modules {some} have no order; names=... gives them in the net's order"
        )
    return sorted(modules, key=int)


def _take(arrays: dict[str, Array], module: str, what: str, expected: bool) -> Array | None:
    """An array, which is removed from `arrays`; None if the layer has no such array."""
    if not expected:
        return None
    name = f"{module}.{what}"
    if name not in arrays:
        raise ArgumentError(f"the file has no array {name!r}")
    return np.asarray(arrays.pop(name))
