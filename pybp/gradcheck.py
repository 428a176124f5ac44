"""Backpropagation against central differences.

The derivative of the loss L by one number w is compared with ``(L(w + h) - L(w - h)) / 2h`` on a
float64 copy of the net. Where the two differ, a kink (of relu, say) between w - h and w + h is
told from an error by the one-sided differences: at a kink they differ by twice as much as the two
derivatives do, at an error they agree.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from pybp._core import Net
from pybp._types import Array
from pybp.data import Data
from pybp.layers import Layer
from pybp.losses import Loss
from pybp.passes import backward, evaluate
from pybp.state import read, read_gradients

__all__ = ["BlockCheck", "GradientCheck", "check_gradients"]

STEP = 1e-5
TOLERANCE = 1e-5
SKIPPED_SHARE = 0.05

Assign = Callable[..., object]
"""``assign(*index, value)`` sets one entry of a block."""


@dataclass(frozen=True)
class BlockCheck:
    """The comparison in one block of numbers.

    Attributes
    ----------
    name : str
        ``"layer 1 W"``, ``"layer 1 b"``, ..., ``"input"``; layers are counted from 1.
    checked, skipped : int
        How many entries were compared, and how many of them lie at a kink.
    max_relative_error : float
        The largest difference, relative to the larger of the two derivatives; to a thousandth of
        the block's largest derivative where they are smaller still.
    worst : tuple of int
        Index of that entry.
    """

    name: str
    checked: int
    skipped: int
    max_relative_error: float
    worst: tuple[int, ...]


@dataclass(frozen=True)
class GradientCheck:
    """The comparison over a whole net; prints as a table.

    Attributes
    ----------
    blocks : tuple of BlockCheck
        One for each weight matrix and bias vector, and one for the input.
    tolerance : float
        The largest relative error that passes.
    """

    blocks: tuple[BlockCheck, ...]
    tolerance: float = TOLERANCE

    @property
    def max_relative_error(self) -> float:
        """The largest relative error of all blocks."""
        return max(block.max_relative_error for block in self.blocks)

    @property
    def skipped(self) -> int:
        """How many entries were left out because they lie at a kink."""
        return sum(block.skipped for block in self.blocks)

    @property
    def checked(self) -> int:
        """How many entries were looked at."""
        return sum(block.checked for block in self.blocks)

    @property
    def ok(self) -> bool:
        """Whether all errors are within the tolerance and at most 5% of the entries skipped."""
        few = self.skipped <= SKIPPED_SHARE * self.checked
        return few and bool(self.max_relative_error <= self.tolerance)

    def __str__(self) -> str:
        width = max(len(block.name) for block in self.blocks)
        verdict = "ok" if self.ok else "FAILED"
        error = f"largest relative error {self.max_relative_error:.1e}"
        skipped = f"{self.skipped} of {self.checked} entries skipped"
        lines = [
            f"Gradient check: {verdict}, {error} (tolerance {self.tolerance:.0e}), {skipped}",
            f"  {'block'.ljust(width)}  checked  skipped  error    at",
        ]
        for block in self.blocks:
            at = ", ".join(map(str, block.worst))
            lines.append(
                f"  {block.name.ljust(width)}  {block.checked:7}  {block.skipped:7}  "
                f"{block.max_relative_error:.1e}  [{at}]"
            )
        return "\n".join(lines)

    __repr__ = __str__


def check_gradients(
    net: Net, layers: tuple[Layer, ...], data: Data, loss: Loss, max_entries: int, seed: int
) -> GradientCheck:
    """Compare on `net`, a float64 net that is changed and put back as it was."""
    base, gradients, dx = analytic_gradients(net, layers, data, loss)
    choose = np.random.default_rng(seed)

    def loss_now() -> float:
        return evaluate(net, data, loss, layers[-1], 0)[0]

    def check(name: str, values: Array, gradient: Array, assign: Assign) -> BlockCheck:
        chosen = choose.permutation(gradient.size)[:max_entries]
        return _check(name, values, gradient, chosen, assign, loss_now, base)

    blocks = []
    for place, (layer, (dW, db)) in enumerate(zip(layers, gradients, strict=True)):
        W = read(net, "weights", place, dW.shape)
        blocks.append(check(f"layer {place + 1} W", W, dW, partial(net.poke, place)))
        if db is not None:
            b = read(net, "biases", place, db.shape)
            assign = partial(_poke_bias, net, place, layer.n_in)
            blocks.append(check(f"layer {place + 1} b", b, db, assign))
    X = data.X
    assert isinstance(X, np.ndarray)
    blocks.append(check("input", X.copy(), dx, partial(_set_input, X)))
    return GradientCheck(tuple(blocks))


def _poke_bias(net: Net, place: int, n_in: int, row: int, value: float) -> None:
    net.poke(place, row, n_in, value)


def _set_input(X: Array, row: int, column: int, value: float) -> None:
    X[row, column] = value


def analytic_gradients(
    net: Net, layers: tuple[Layer, ...], data: Data, loss: Loss
) -> tuple[float, list[tuple[Array, Array | None]], Array]:
    """Loss, (dW, db) of each layer, and dL/dX, by backpropagation."""
    output = np.empty((len(data), layers[-1].n_out), net.dtype)
    dx = np.empty((len(data), layers[0].n_in), net.dtype)
    net.forward(data.X, False, output, 0)
    value = backward(net, data, loss, output, dx, 0)
    return value, read_gradients(net, layers), dx


def _check(
    name: str,
    values: Array,
    gradient: Array,
    chosen: Array,
    assign: Assign,
    loss_now: Callable[[], float],
    base: float,
) -> BlockCheck:
    """Compare the entries of a block that `chosen` numbers."""
    if not np.isfinite(gradient).all():
        first = np.argwhere(~np.isfinite(gradient))[0]
        return BlockCheck(name, len(chosen), 0, math.inf, tuple(map(int, first)))
    # Rounding leaves each loss uncertain by some units in the last place, more where rows are many.
    noise = 64 * np.finfo(np.float64).eps * max(abs(base), 1e-3) / STEP
    floor = max(1e-3 * float(np.abs(gradient).max()), noise / TOLERANCE)
    skipped = 0
    largest, worst = 0.0, (0,) * gradient.ndim
    for number in chosen:
        index = tuple(int(i) for i in np.unravel_index(number, gradient.shape))
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
