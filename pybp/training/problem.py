"""The loss of all samples as a function of all parameters, which solvers minimise."""

import numpy as np

from pybp._common.types import Array
from pybp._core import Net
from pybp.data.dataset import Data
from pybp.data.sparse import take_inputs
from pybp.errors import DivergenceError, NotFiniteError
from pybp.layers import Layer
from pybp.losses import Custom, Loss
from pybp.optimizers.solvers import Problem
from pybp.training.custom import custom_gradient, shared_penalty
from pybp.training.epoch import evaluate, predict
from pybp.training.plan import Plan, check_batches

__all__ = ["TrainingProblem"]

_CHUNK = 2048
"""Rows at work at once: a multiple of the contract's chunks, so that the sum doesn't depend on it."""

_JACOBIAN_ROWS = 64
"""Rows of the Jacobian between two looks at signals."""

_FAR = 1e100
"""Stands for errors that are not finite; solvers then take a shorter step."""


class TrainingProblem(Problem):
    """Parameters as one vector in float64; setting them changes the net.

    Attributes
    ----------
    start : ndarray
        The parameters that the net came with.
    loss : Loss
        What is to become small.
    """

    def __init__(self, net: Net, layers: tuple[Layer, ...], data: Data, plan: Plan) -> None:
        self._net = net
        self._layers = layers
        self._data = data
        self._plan = plan
        self._options = plan.gradient_options(_CHUNK)
        self._seen: tuple[Array, float, int] | None = None
        self._share = plan.penalty_share(data.weight_of(slice(None)))  # of the layers' penalties
        self.loss: Loss = plan.loss
        trained = [np.full(layer.n_parameters, layer.trainable) for layer in layers]
        self._frozen = ~np.concatenate(trained)
        self.start = net.get_flat("parameters", self._vector()).astype(np.float64)

    def kinds(self) -> set[str]:
        """The kinds of layers in the net."""
        return {layer.kind for layer in self._layers}

    def has(self, *options: str) -> list[str]:
        """Which of these some layer is trained with."""
        return [name for name in options if any(name in layer.training for layer in self._layers)]

    def check_rows(self) -> None:
        """Refuse rows of which the last at work would be alone, which batch norm can't take."""
        check_batches(self._layers, self.n_rows, _CHUNK)

    @property
    def n_rows(self) -> int:
        """How many samples there are."""
        return len(self._data)

    @property
    def n_errors(self) -> int:
        """Samples times outputs."""
        return len(self._data) * self._layers[-1].n_out

    def _vector(self) -> Array:
        return np.empty(self._net.n_parameters, self._net.dtype)

    def set(self, x: Array) -> None:
        """Give the net these parameters."""
        with np.errstate(over="ignore"):
            self._net.set_flat("parameters", x.astype(self._net.dtype))

    # ---- any loss --------------------------------------------------------------------------------

    def loss_and_gradient(self, x: Array) -> tuple[float, Array]:
        """The loss at x, infinite where it is not finite, and its gradient."""
        try:
            self.set(x)
            value, correct = self._gradient()
        except (DivergenceError, NotFiniteError):
            return np.inf, np.zeros_like(x)
        value, flat = self._with_penalty(value)
        self._seen = np.array(x), value, correct
        gradient = flat.astype(np.float64)
        gradient[self._frozen] = 0
        return value, gradient

    def _gradient(self) -> tuple[float, int]:
        """The loss and the number of samples answered right; the gradient is left in the net."""
        data = self._data
        if self._options is None:
            return custom_gradient(self._net, self._layers[-1], data, self._plan, _CHUNK)
        return self._net.gradient(self._options, data.X, data.y, data.weights)

    def _with_penalty(self, value: float) -> tuple[float, Array]:
        """The loss and its gradient; undivided, the penalty is summed as the core sums it."""
        if self._share == 1:
            return value, self._net.get_flat("loss_gradient", self._vector())
        return shared_penalty(self._net, value, self._share)

    def at(self, x: Array) -> tuple[float, int]:
        """Loss and number of samples answered right at x, where the net then is."""
        self.set(x)
        if self._seen is None or not np.array_equal(self._seen[0], x):
            output, threads = self._layers[-1], self._plan.threads
            value, correct = evaluate(self._net, self._data, self.loss, output, threads)
            return value + self._net.penalty() * (self._share - 1), correct
        return self._seen[1:]

    # ---- least squares ---------------------------------------------------------------------------

    def errors(self, x: Array) -> Array:
        """What is squared and summed: outputs less targets, by their weights; (n_errors,)."""
        assert not isinstance(self.loss, Custom)
        try:
            self.set(x)
        except NotFiniteError:
            return np.full(self.n_errors, _FAR)
        outputs = predict(self._net, self._data.X, self._layers[-1], self._plan.threads)
        errors = (outputs.astype(np.float64) - self._data.y) * self._scale()
        return np.where(np.isfinite(errors), errors, _FAR).reshape(-1)

    def jacobian(self, x: Array) -> Array:
        """Derivatives of `errors` by the parameters, (n_errors, n_parameters)."""
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
        """(rows, 1) or (1, 1): the root of each row's share in the loss."""
        weights = self._data.weights
        share = np.ones((1, 1)) if weights is None else weights[:, np.newaxis]
        if self.loss.reduction == "mean":
            share = share / self._data.weight_of(slice(None))
        if self.loss.name == "mse":
            share = share / self._layers[-1].n_out
        root: Array = np.sqrt(share)
        return root
