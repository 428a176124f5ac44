"""What a net holds, as arrays and plain numbers; and who may touch it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from pybp._core import Net
from pybp._types import Array
from pybp.layers import Layer
from pybp.optimizer import Optimizer

__all__ = [
    "PROGRESS",
    "exclusive",
    "read",
    "read_gradients",
    "read_state",
    "state_arrays",
    "updates_done",
    "write_state",
]


PROGRESS = ("epochs", "steps", "optimizer", "n_states", "powers")
"""What the tuple of `Net.get_progress` holds."""


@contextmanager
def exclusive(net: Net) -> Iterator[bool]:
    """Refuse other threads for the length of a block; gives False if this thread already did."""
    acquired = net.acquire()
    try:
        yield acquired
    finally:
        if acquired:
            net.release()


def updates_done(net: Net, optimizer: Optimizer) -> int:
    """The steps since the optimizer's state was new; 0 if it will be new."""
    _, steps, kind, *_ = net.get_progress()
    return steps if kind == optimizer.number else 0


def read(net: Net, what: str, layer: int, shape: tuple[int, ...]) -> Array:
    """A copy of one of the core's arrays."""
    return net.get(what, layer, np.empty(shape, net.dtype))


def read_gradients(net: Net, layers: tuple[Layer, ...]) -> list[tuple[Array, Array | None]]:
    """(dW, db) of each layer from the last backward pass; db None for a layer without bias."""
    return [
        (
            read(net, "weight_gradient", place, (layer.n_out, layer.n_in)),
            read(net, "bias_gradient", place, (layer.n_out,)) if layer.bias else None,
        )
        for place, layer in enumerate(layers)
    ]


def read_state(net: Net, layers: tuple[Layer, ...]) -> dict[str, Any]:
    """Parameters, optimizer state and counters."""
    progress = net.get_progress()
    return {
        "progress": progress,
        "arrays": [
            (what, place, read(net, what, place, shape))
            for what, place, shape in state_arrays(layers, progress)
        ],
    }


def write_state(net: Net, state: dict[str, Any]) -> None:
    """Put back what `read_state` gave."""
    net.set_progress(state["progress"])
    for what, place, values in state["arrays"]:
        net.set(what, place, np.ascontiguousarray(values, dtype=net.dtype))


def state_arrays(
    layers: tuple[Layer, ...], progress: tuple[Any, ...]
) -> list[tuple[str, int, tuple[int, ...]]]:
    """Name, layer and shape of each array that makes up the state."""
    n_states = progress[3]
    states = [f"_state{number}" for number in range(1, n_states + 1)]
    matrices = ["weights", *(f"weight{state}" for state in states)]
    vectors = ["biases", *(f"bias{state}" for state in states)]
    arrays: list[tuple[str, int, tuple[int, ...]]] = []
    for place, layer in enumerate(layers):
        arrays += [(what, place, (layer.n_out, layer.n_in)) for what in matrices]
        arrays += [(what, place, (layer.n_out,)) for what in vectors if layer.bias]
    return arrays
