"""Backpropagation against central differences.

The derivative dL/dw of the loss by each number w is compared with ``(L(w + h) - L(w - h)) / 2h`` on
a float64 copy of the net. If the two differ, the reason is an error or a kink (of relu, for example)
between w - h and w + h. The one-sided differences tell which: at a kink they differ from each other
by twice as much as the two derivatives do; at an error they agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from pybp._common.html import document, table
from pybp._common.optional import require
from pybp._common.text import aligned
from pybp._common.types import Array
from pybp._core import Net
from pybp.data.dataset import Data
from pybp.layers import Layer
from pybp.losses import Loss
from pybp.net.state import read, read_parameters, set_training_passes, training_passes
from pybp.training.epoch import backward, evaluate

__all__ = ["BlockCheck", "GradientCheck", "check_gradients"]

STEP = 1e-5
TOLERANCE = 1e-5
MAX_SKIPPED = 0.05  # fraction of the entries

Assign = Callable[..., object]
"""``assign(*index, value)`` sets one entry of an array."""


@dataclass(frozen=True)
class BlockCheck:
    """The comparison for one array: a layer's weights, its biases, or the input.

    Attributes
    ----------
    name : str
        ``"layer 1 W"``, ``"layer 1 b"``, ``"layer 2 gamma"``, ``"layer 2 beta"``, ...,
        ``"input"``; layers are counted from 1.
    checked, skipped : int
        Number of entries compared, and how many of them were skipped because of a kink.
    max_relative_error : float
        The largest difference of the two derivatives d1, d2 of an entry, divided by
        ``max(|d1|, |d2|, m / 1000)``; m is the largest absolute derivative of the array.
    worst : tuple of int
        Index of the entry with that error.
    """

    name: str
    checked: int
    skipped: int
    max_relative_error: float
    worst: tuple[int, ...]


@dataclass(frozen=True)
class GradientCheck:
    """The result of `MLP.check_gradients`; prints as a table.

    Attributes
    ----------
    blocks : tuple of BlockCheck
        One for each weight matrix and each vector of parameters, and one for the input without its
        columns of categories.
    tolerance : float
        The largest relative error that is accepted.
    """

    blocks: tuple[BlockCheck, ...]
    tolerance: float = TOLERANCE

    @property
    def max_relative_error(self) -> float:
        """The largest relative error of all blocks."""
        return max(block.max_relative_error for block in self.blocks)

    @property
    def skipped(self) -> int:
        """Number of entries skipped because of a kink."""
        return sum(block.skipped for block in self.blocks)

    @property
    def checked(self) -> int:
        """Number of entries compared, the skipped ones included."""
        return sum(block.checked for block in self.blocks)

    @property
    def ok(self) -> bool:
        """Whether all errors are within the tolerance and at most 5% of the entries were skipped."""
        few = self.skipped <= MAX_SKIPPED * self.checked
        return few and bool(self.max_relative_error <= self.tolerance)

    @property
    def _verdict(self) -> str:
        return "ok" if self.ok else "FAILED"

    @property
    def _note(self) -> str:
        return (
            f"largest relative error {self.max_relative_error:.1e} (tolerance "
            f"{self.tolerance:.0e}), {self.skipped} of {self.checked} entries skipped"
        )

    def _table(self) -> list[list[str]]:
        rows = [
            [
                block.name,
                str(block.checked),
                str(block.skipped),
                f"{block.max_relative_error:.1e}",
                f"[{', '.join(map(str, block.worst))}]",
            ]
            for block in self.blocks
        ]
        return [["block", "checked", "skipped", "error", "at"], *rows]

    def __str__(self) -> str:
        lines = aligned(self._table(), str.ljust)
        title = f"Gradient check: {self._verdict}, {self._note}"
        return "\n".join([title, *(f"  {line}" for line in lines)])

    def _repr_html_(self) -> str:
        head, *body = self._table()
        kind = "pybp-good" if self.ok else "pybp-bad"
        return document(
            "Gradient check",
            f'<div class="{kind}"><b>{self._verdict}</b></div>',
            table(head, body, text=(0,)),
            note=self._note,
        )

    def to_frame(self) -> Any:
        """The blocks as a pandas DataFrame, one row for each.

        Raises
        ------
        MissingExtraError
            pandas is not installed.
        """
        pandas = require("pandas", "GradientCheck.to_frame")
        return pandas.DataFrame([asdict(block) for block in self.blocks])

    __repr__ = __str__


def check_gradients(
    net: Net,
    layers: tuple[Layer, ...],
    data: Data,
    loss: Loss,
    max_entries: int,
    seed: int,
    training: bool = False,
) -> GradientCheck:
    """Compare the derivatives of `net`, a float64 net; its parameters are changed, then restored."""
    start = training_passes(net)
    base, gradients, dx = analytic_gradients(net, layers, data, loss, training)
    random = np.random.default_rng(seed)
    output = np.empty((len(data), layers[-1].n_out), net.dtype)

    def loss_now() -> float:
        if not training:
            return evaluate(net, data, loss, layers[-1], 0)[0]
        set_training_passes(net, start)
        net.forward(data.X, False, output, 0, training=True)
        return backward(net, data, loss, output, None, 0)

    def check(
        name: str, values: Array, gradient: Array, assign: Assign, entries: Array
    ) -> BlockCheck:
        chosen = random.permutation(entries)[:max_entries]
        return _check(name, values, gradient, chosen, assign, loss_now, base)

    blocks = []
    for layer_index, (layer, (dW, db)) in enumerate(zip(layers, gradients, strict=True)):
        weight_name, bias_name = ("gamma", "beta") if layer.scale else ("W", "b")
        for what, name, gradient in (("weights", weight_name, dW), ("biases", bias_name, db)):
            if gradient is not None:
                values = read(net, what, layer_index, gradient.shape)
                column = None if gradient.ndim == 2 else layer.fan if what == "biases" else 0
                assign = partial(_set_parameter, net, layer_index, column)
                entries = np.arange(gradient.size)
                blocks.append(
                    check(f"layer {layer_index + 1} {name}", values, gradient, assign, entries)
                )
    X = data.X
    assert isinstance(X, np.ndarray)
    entries = np.arange(dx.size).reshape(dx.shape)[:, _numeric_columns(layers)].ravel()
    if entries.size:
        blocks.append(check("input", X.copy(), dx, partial(_set_input, X), entries))
    set_training_passes(net, start)
    return GradientCheck(tuple(blocks))


def _numeric_columns(layers: tuple[Layer, ...]) -> Array:
    """The columns of the input that hold no categories."""
    categories = [layer.column for layer in layers if layer.kind == "embedding"]
    return np.setdiff1d(np.arange(layers[0].n_in), categories)


def _set_parameter(net: Net, layer_index: int, column: int | None, *index_and_value: float) -> None:
    """Set one parameter; `column` completes the index if the array is a vector."""
    *index, value = index_and_value
    row, column = (int(index[0]), column) if column is not None else map(int, index)
    net.poke(layer_index, row, column, value)


def _set_input(X: Array, row: int, column: int, value: float) -> None:
    X[row, column] = value


def analytic_gradients(
    net: Net, layers: tuple[Layer, ...], data: Data, loss: Loss, training: bool = False
) -> tuple[float, list[tuple[Array | None, Array | None]], Array]:
    """Loss, (dW, db) of each layer, and dL/dX, by backpropagation."""
    output = np.empty((len(data), layers[-1].n_out), net.dtype)
    dx = np.empty((len(data), layers[0].n_in), net.dtype)
    net.forward(data.X, False, output, 0, training)
    value = backward(net, data, loss, output, dx, 0)
    return value, read_parameters(net, layers, "loss_gradient"), dx


def _check(
    name: str,
    values: Array,
    gradient: Array,
    chosen: Array,
    assign: Assign,
    loss_now: Callable[[], float],
    base: float,
) -> BlockCheck:
    """Compare the entries of one array; `chosen` holds their flat indices."""
    if not np.isfinite(gradient).all():
        first = np.argwhere(~np.isfinite(gradient))[0]
        return BlockCheck(name, len(chosen), 0, math.inf, tuple(map(int, first)))
    # The rounding error of a loss is some units in the last place, and grows with the rows.
    noise = 64 * np.finfo(np.float64).eps * max(abs(base), 1e-3) / STEP
    floor = max(1e-3 * float(np.abs(gradient).max()), noise / TOLERANCE)
    skipped = 0
    largest, worst = 0.0, (0,) * gradient.ndim
    for flat_index in chosen:
        index = tuple(int(i) for i in np.unravel_index(flat_index, gradient.shape))
        old, exact = float(values[index]), float(gradient[index])
        assign(*index, old + STEP)
        above = loss_now()
        assign(*index, old - STEP)
        below = loss_now()
        assign(*index, old)
        difference = abs(exact - (above - below) / (2 * STEP))
        error = difference / max(abs(exact), abs(above - below) / (2 * STEP), floor)
        if error > TOLERANCE and abs(above - 2 * base + below) / STEP > difference:
            skipped += 1
        elif error > largest:
            largest, worst = error, index
    return BlockCheck(name, len(chosen), skipped, largest, worst)
