"""Training loops of one's own: forward, backward and step as separate calls."""

from typing import Any

import numpy as np

from pybp._common.arguments import flag, threads_count
from pybp._common.arrays import as_matrix
from pybp._common.types import Array
from pybp.data.dataset import check_categories
from pybp.data.sparse import as_inputs
from pybp.errors import ShapeError, StateError
from pybp.net.network import Network
from pybp.net.state import read_gradients, updates_done
from pybp.optimizers import OptimizerLike
from pybp.optimizers.resolve import resolve_stepper
from pybp.training.plan import check_batches

__all__ = ["Stepwise"]


class Stepwise(Network):
    """Base class of `MLP`: single passes and updates."""

    def forward(self, X: Any, *, training: bool = False, threads: int | None = None) -> Array:
        """Forward pass that the net remembers, for `backward`.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_in) or (n_in,)
            Inputs.
        training : bool
            Whether the pass is as in training: batch norm over these samples, which moves its
            running statistics; dropout and noise with new masks each time.
        threads : int, optional
            As in `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_out) or (n_out,)
            The outputs.
        """
        matrix = as_inputs(X, "X", self.dtype, self.n_in)
        check_categories(matrix, self._layers, "X")
        if flag(training, "training"):
            check_batches(self._layers, len(matrix), len(matrix))
        out = np.empty((len(matrix), self.n_out), self.dtype)
        self._net.forward(matrix, False, out, threads_count(threads), training)
        return out[0] if np.ndim(X) == 1 else out

    def backward(self, dL_dy: Any, *, threads: int | None = None) -> Array:
        """Backward pass from the derivative of a loss L by the outputs of the last `forward`.

        Parameters
        ----------
        dL_dy : array-like, shape (n_samples, n_out) or (n_out,)
            ``dL/dy``, y being what `forward` returned.
        threads : int, optional
            As in `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_in) or (n_in,)
            ``dL/dX``. The gradients of the parameters are then in `gradients`.

        Raises
        ------
        StateError
            There was no `forward`, or the parameters have changed since.
        ShapeError
            The rows are not those of the last `forward`.
        """
        matrix = as_matrix(dL_dy, "dL_dy", self.dtype, self.n_out, of="outputs")
        dx = np.empty((len(matrix), self.n_in), self.dtype)
        try:
            self._net.backward(matrix, dx, threads_count(threads))
        except ShapeError as error:
            raise ShapeError(f"dL_dy doesn't fit the last forward pass: {error}") from None
        return dx[0] if np.ndim(dL_dy) == 1 else dx

    @property
    def gradients(self) -> list[tuple[Array | None, Array | None]]:
        """(dW, db) of each layer from the last backward pass, of the shapes of `weights`, `biases`.

        None for what a layer has not. They are the loss's: the gradient of the layers' penalties is
        added by `step`.

        Raises
        ------
        StateError
            There was no `backward`.
        """
        try:
            return read_gradients(self._net, self._layers)
        except StateError:
            raise StateError("gradients needs a backward pass first") from None

    def step(self, optimizer: OptimizerLike = "sgd", *, threads: int | None = None) -> None:
        """One update of all parameters from the gradients of the last `backward`.

        Parameters
        ----------
        optimizer : str or Optimizer
            Its state goes on from the last update as long as its class is the same.
        threads : int, optional
            As in `fit`.

        Raises
        ------
        StateError
            There was no `backward`.
        DivergenceError
            The update would make a parameter infinite or NaN; it is not done.
        """
        spec = resolve_stepper(optimizer)
        rate = spec.rates(updates_done(self._net, spec), 1)[0]
        self._net.step(spec.core, rate, threads_count(threads))
