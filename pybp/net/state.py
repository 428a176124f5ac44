"""Read and write the state of a net as arrays and numbers.

Other threads may change a net between two calls. What is read in several calls is therefore read from a
copy, and what belongs together is written by one call.
"""

import math
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp._core import Net
from pybp.layers import Layer
from pybp.optimizers import Optimizer

__all__ = [
    "PROGRESS",
    "STATISTICS",
    "core_net",
    "end_epoch",
    "in_float64",
    "read",
    "read_optional",
    "read_parameters",
    "read_state",
    "scale_states",
    "set_training_passes",
    "state_arrays",
    "training_passes",
    "updates_done",
    "write_state",
]

PROGRESS = ("epochs", "steps", "optimizer", "states", "powers", "passes")
"""The fields of the tuple that `Net.get_progress` returns."""
STATISTICS = ("running_mean", "running_var")


def core_net(layers: tuple[Layer, ...], dtype: str, seed: int, *, zeroed: bool = False) -> Net:
    """A net of the core with these layers; if `zeroed`, without initial weights."""
    described = [layer.core(index) for index, layer in enumerate(layers)]
    return Net(dtype, layers[0].n_in, described, seed, zeroed)


def updates_done(net: Net, optimizer: Optimizer) -> int:
    """Number of updates since the optimizer's state was initialized; 0 if `optimizer` is of another kind."""
    _, steps, kind, *_ = net.get_progress()
    return steps if kind == optimizer.number else 0


def read(net: Net, what: str, layer: int, shape: tuple[int, ...]) -> Array:
    """A copy of the array `what` of a layer."""
    return net.get(what, layer, np.empty(shape, net.dtype))


def read_parameters(
    net: Net, layers: tuple[Layer, ...], what: str
) -> list[tuple[Array | None, Array | None]]:
    """(weights, biases) of each layer from a vector of `Net.get_flat`; None for those a layer lacks."""
    flat = net.get_flat(what, np.empty(net.n_parameters, net.dtype))
    start = 0
    pairs = []
    for layer in layers:
        pair: list[Array | None] = []
        for shape in (layer.weight_shape, layer.bias_shape):
            size = 0 if shape is None else math.prod(shape)
            pair.append(None if shape is None else flat[start : start + size].reshape(shape).copy())
            start += size
        pairs.append((pair[0], pair[1]))
    return pairs


def read_optional(net: Net, what: str, layer: int, shape: tuple[int, ...] | None) -> Array | None:
    """The same for an array that not every layer has: None if `shape` is None."""
    return None if shape is None else read(net, what, layer, shape)


def read_state(net: Net, layers: tuple[Layer, ...]) -> dict[str, Any]:
    """Parameters, optimizer state and counters of a net that no other thread changes meanwhile."""
    progress = net.get_progress()
    return {
        "progress": progress,
        "arrays": [
            (what, index, read(net, what, index, shape))
            for what, index, shape in state_arrays(layers, progress)
        ],
    }


def write_state(net: Net, state: dict[str, Any]) -> None:
    """Restore a state that `read_state` returned."""
    arrays = [
        (what, index, np.ascontiguousarray(values, dtype=net.dtype))
        for what, index, values in state["arrays"]
    ]
    net.set_progress(state["progress"])
    net.set_arrays(arrays)


def scale_states(net: Net, layers: tuple[Layer, ...], factor: float) -> None:
    """Multiply the arrays of the optimizer's state, such as velocities, by `factor`."""
    arrays = []
    for what, index, shape in state_arrays(layers, net.get_progress()):
        if "_state" in what:
            values = read(net, what, index, shape)
            values *= factor
            arrays.append((what, index, values))
    net.set_arrays(arrays)


def training_passes(net: Net) -> int:
    """Number of forward passes in training so far; it selects the dropout masks of the next one."""
    return net.get_progress()[-1]


def set_training_passes(net: Net, number: int) -> None:
    """Set the number that selects the dropout masks of the next forward pass in training."""
    net.set_progress((*net.get_progress()[:-1], number))


def end_epoch(net: Net) -> None:
    """Count an epoch whose steps were taken one by one: the next one's shuffle is another."""
    progress = net.get_progress()
    net.set_progress((progress[0] + 1, *progress[1:]))


def in_float64(net: Net, layers: tuple[Layer, ...], seed: int) -> Net:
    """A float64 copy without optimizer state."""
    copied = core_net(layers, "float64", seed, zeroed=True)
    state = read_state(net.copy(), layers)
    for what, index, values in state["arrays"]:
        if "_state" not in what:
            copied.set(what, index, values.astype(copied.dtype))
    set_training_passes(copied, state["progress"][-1])
    return copied


def state_arrays(
    layers: tuple[Layer, ...], progress: tuple[Any, ...]
) -> list[tuple[str, int, tuple[int, ...]]]:
    """Name, layer and shape of each array of the state.

    Bit i of ``progress[3]`` says whether the optimizer keeps its state array i + 1.
    """
    kept = progress[3]
    states = [f"_state{index + 1}" for index in range(kept.bit_length()) if kept >> index & 1]
    matrices = ["weights", *(f"weight{state}" for state in states)]
    vectors = ["biases", *(f"bias{state}" for state in states)]
    arrays: list[tuple[str, int, tuple[int, ...]]] = []
    for index, layer in enumerate(layers):
        if layer.weight_shape is not None:
            arrays += [(what, index, layer.weight_shape) for what in matrices]
        if layer.bias_shape is not None:
            arrays += [(what, index, layer.bias_shape) for what in vectors]
        if layer.keeps_statistics:
            arrays += [(what, index, (layer.n_out,)) for what in STATISTICS]
    return arrays
