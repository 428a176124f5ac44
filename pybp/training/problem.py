"""The loss of all samples as a function of all parameters, which solvers minimize."""

import math

import numpy as np

from pybp._common.types import Array
from pybp._core import Net
from pybp.data.dataset import Data
from pybp.data.sparse import take_inputs
from pybp.errors import DivergenceError, NotFiniteError
from pybp.layers import Layer
from pybp.losses import Custom, Loss
from pybp.net.state import STATISTICS, read
from pybp.optimizers.solvers import Problem
from pybp.training.custom import custom_gradient, with_scaled_penalty
from pybp.training.epoch import evaluate, predict
from pybp.training.settings import TrainSettings, check_batches

__all__ = ["TrainingProblem"]

_CHUNK = 2048
"""Rows of a minibatch: a multiple of the contract's chunks, so that the bits of the sum don't depend on it."""

_JACOBIAN_ROWS = 64
"""Rows of the Jacobian that are computed between two checks for signals."""

_LARGE_ERROR = 1e100
"""Replaces errors that are not finite; the solver then reduces its step."""


class TrainingProblem(Problem):
    """The problem of a fit. Every function of the parameters x sets the net's parameters to x.

    Attributes
    ----------
    start : ndarray
        The initial parameters of the net, in float64.
    loss : Loss
        The loss.
    """

    def __init__(
        self, net: Net, layers: tuple[Layer, ...], data: Data, settings: TrainSettings
    ) -> None:
        self._net = net
        self._layers = layers
        self._data = data
        self._plan = settings
        self._options = settings.gradient_options(_CHUNK)
        self._last: tuple[Array, float, int] | None = None  # x, loss, correct
        self._penalty_factor = settings.penalty_factor(data.weight_of(slice(None)))
        self.loss: Loss = settings.loss
        trained = [np.full(layer.n_parameters, layer.trainable) for layer in layers]
        self._frozen = ~np.concatenate(trained)
        self.restart()

    def restart(self) -> None:
        """Begin at the net's parameters, which callbacks may have set."""
        self.start = self._net.get_flat("parameters", self._vector()).astype(np.float64)
        self._statistics = self._read_statistics()  # those that belong to the last accepted x

    def kinds(self) -> set[str]:
        """The kinds of layers in the net."""
        return {layer.kind for layer in self._layers}

    def has(self, *options: str) -> list[str]:
        """The `options` that any layer sets."""
        return [name for name in options if any(name in layer.training for layer in self._layers)]

    def check_rows(self) -> None:
        """Raise if a batch norm would get a minibatch of a single sample."""
        check_batches(self._layers, self.n_rows, _CHUNK)

    @property
    def n_rows(self) -> int:
        """Number of samples."""
        return len(self._data)

    @property
    def n_errors(self) -> int:
        """Number of samples times outputs."""
        return len(self._data) * self._layers[-1].n_out

    def _vector(self) -> Array:
        return np.empty(self._net.n_parameters, self._net.dtype)

    def set(self, x: Array) -> None:
        """Set the net's parameters."""
        with np.errstate(over="ignore"):
            self._net.set_flat("parameters", x.astype(self._net.dtype))

    # ---- any loss --------------------------------------------------------------------------------

    def loss_and_gradient(self, x: Array) -> tuple[float, Array]:
        """The loss at x, and its gradient; infinity and zeros if the loss is not finite."""
        try:
            self.set(x)
            value, correct = self._gradient()
        except (DivergenceError, NotFiniteError):
            return np.inf, np.zeros_like(x)
        value, flat = self._with_penalty(value)
        self._last = np.array(x), value, correct
        gradient = flat.astype(np.float64)
        gradient[self._frozen] = 0
        return value, gradient

    def _gradient(self) -> tuple[float, int]:
        """The loss and the number of samples predicted correctly; the net stores the gradient."""
        data = self._data
        if self._options is None:
            try:
                return custom_gradient(self._net, self._layers[-1], data, self._plan, _CHUNK)
            finally:
                self._net.set_arrays(self._statistics)  # a trial doesn't move them
        return self._net.gradient(self._options, data.X, data.y, data.weights)

    def _with_penalty(self, value: float) -> tuple[float, Array]:
        """The loss and the gradient with the penalties; the core adds them if their factor is 1."""
        if self._penalty_factor == 1:
            return value, self._net.get_flat("loss_gradient", self._vector())
        return with_scaled_penalty(self._net, value, self._penalty_factor)

    # ---- accepted parameters ---------------------------------------------------------------------

    def accept(self, x: Array) -> tuple[float, int]:
        """Move on to x, with the running statistics; the loss, and the number of samples predicted correctly.

        Raises
        ------
        DivergenceError
            Parameters, loss or statistics are not finite there.
        """
        try:
            loss, correct = self.evaluate(x)
        except NotFiniteError:
            raise DivergenceError("a parameter is not finite") from None
        if not math.isfinite(loss):
            raise DivergenceError(f"the loss is {loss}")
        self._move_statistics()
        return loss, correct

    def restore(self, x: Array) -> None:
        """Go back to x, the last parameters that were accepted."""
        self.set(x)
        self._net.set_arrays(self._statistics)

    def _move_statistics(self) -> None:
        if not self._statistics:
            return
        for first in range(0, self.n_rows, _CHUNK):
            rows = take_inputs(self._data.X, slice(first, min(first + _CHUNK, self.n_rows)))
            self._net.forward(rows, False, None, self._plan.threads, training=True)
        moved = self._read_statistics()
        if not all(np.isfinite(values).all() for _, _, values in moved):
            raise DivergenceError("a running statistic is not finite")
        self._statistics = moved

    def _read_statistics(self) -> list[tuple[str, int, Array]]:
        return [
            (what, index, read(self._net, what, index, (layer.n_out,)))
            for index, layer in enumerate(self._layers)
            if layer.keeps_statistics
            for what in STATISTICS
        ]

    def evaluate(self, x: Array) -> tuple[float, int]:
        """The loss at x, and the number of samples predicted correctly."""
        self.set(x)
        if self._last is None or not np.array_equal(self._last[0], x):
            output, threads = self._layers[-1], self._plan.threads
            value, correct = evaluate(self._net, self._data, self.loss, output, threads)
            return value + self._net.penalty() * (self._penalty_factor - 1), correct
        return self._last[1:]

    # ---- least squares ---------------------------------------------------------------------------

    def errors(self, x: Array) -> Array:
        """Outputs minus targets, times the root of their weights; shape (n_errors,)."""
        assert not isinstance(self.loss, Custom)
        try:
            self.set(x)
        except NotFiniteError:
            return np.full(self.n_errors, _LARGE_ERROR)
        outputs = predict(self._net, self._data.X, self._layers[-1], self._plan.threads)
        errors = (outputs.astype(np.float64) - self._data.y) * self._scale()
        return np.where(np.isfinite(errors), errors, _LARGE_ERROR).reshape(-1)

    def jacobian(self, x: Array) -> Array:
        """Derivatives of `errors` with respect to the parameters, (n_errors, n_parameters)."""
        self.set(x)
        rows, n_out, dtype = len(self._data), self._layers[-1].n_out, self._net.dtype
        scale = np.broadcast_to(self._scale(), (rows, n_out))
        table = np.empty((rows, n_out, x.size))
        for first in range(0, rows, _JACOBIAN_ROWS):
            part = slice(first, min(first + _JACOBIAN_ROWS, rows))
            size = part.stop - first
            derivatives = np.empty((size * n_out, x.size), dtype)
            self._net.jacobian(take_inputs(self._data.X, part), derivatives)
            table[part] = derivatives.reshape(size, n_out, -1) * scale[part, :, np.newaxis]
        table[:, :, self._frozen] = 0
        return table.reshape(self.n_errors, x.size)

    def _scale(self) -> Array:
        """The root of each row's weight in the loss, shape (rows, 1) or (1, 1)."""
        weights = self._data.weights
        factor = np.ones((1, 1)) if weights is None else weights[:, np.newaxis]
        if self.loss.reduction == "mean":
            factor = factor / self._data.weight_of(slice(None))
        if self.loss.name == "mse":
            factor = factor / self._layers[-1].n_out
        root: Array = np.sqrt(factor)
        return root
