"""Forward pass, backward pass and update as separate calls, for custom training loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from pybp._common.arguments import flag, shown, threads_count
from pybp._common.arrays import as_matrix
from pybp._common.explain import explained
from pybp._common.types import Array
from pybp.data.dataset import check_categories
from pybp.data.sparse import Sparse, as_inputs
from pybp.errors import ShapeError, StateError
from pybp.net.network import Network
from pybp.net.state import read_parameters, updates_done
from pybp.optimizers import OptimizerLike
from pybp.optimizers.resolve import resolve_stepper
from pybp.training.rates import step_rates
from pybp.training.settings import check_batches

__all__ = ["Stepwise"]


class Stepwise(Network):
    """Base class of `MLP`: methods for single passes and updates."""

    @explained
    def initialize(self, X: Any, *, unit_variance: bool = True, biases: bool = True) -> None:
        """Set the initial weights and biases of the dense layers from data, before the first `fit`.

        The first layer comes first; each is set from what the layers before it make of X. Layers with
        ``trainable=False`` stay as they are, and so do `GroupedDense` and all other kinds.

        Parameters
        ----------
        X : array-like or sparse, shape (n_samples, n_in)
            Inputs, such as the first thousands of rows of the training data.
        unit_variance : bool
            Whether to scale the weights of each neuron, as they are now, so that its z has variance 1 over X.
            (Weights of a neuron whose z is the same for all rows stay as they are.)
        biases : bool
            Whether each bias becomes minus a random convex combination of its neuron's z for five rows;
            otherwise 0. Random numbers come from the net's seed.

        Raises
        ------
        DivergenceError
            A parameter would become infinite or NaN; the net is not changed.

        References
        ----------
        Holzmueller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees
        on tabular data", NeurIPS 2024; Steinwart, "A sober look at neural network initializations", 2019,
        for the biases (he+5).
        """
        matrix = as_inputs(X, "X", self.dtype, self.n_in)
        check_categories(matrix, self._layers, "X")
        self._net.initialize(matrix, flag(unit_variance, "unit_variance"), flag(biases, "biases"))

    @explained
    def forward(self, X: Any, *, training: bool = False, threads: int | None = None) -> Array:
        """Compute the outputs, and store the activations for `backward`.

        Parameters
        ----------
        X : array-like or sparse, shape (n_samples, n_in) or (n_in,)
            Inputs.
        training : bool
            Whether to compute as in training: batch norm with the statistics of these samples, which
            also updates its running statistics; dropout and noise with new random numbers.
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

    def _predict(self, X: Any, out: Array | None, threads: int) -> Array:
        """`predict` for arguments that the fast path doesn't accept: convert X, or raise."""
        matrix = as_inputs(X, "X", self.dtype, self.n_in)
        check_categories(matrix, self._layers, "X")
        shape = (self.n_out,) if np.ndim(X) == 1 else (len(matrix), self.n_out)
        if out is None:
            out = np.empty(shape, self.dtype)
        elif not isinstance(out, np.ndarray) or out.dtype != self.dtype:
            found = f"dtype {out.dtype}" if isinstance(out, np.ndarray) else shown(out)
            raise TypeError(f"out must be an array of {self.dtype}, got {found}")
        elif out.shape != shape or not out.flags.c_contiguous or not out.flags.writeable:
            raise ShapeError(
                f"out has shape {out.shape}, C-contiguous {out.flags.c_contiguous}, writeable "
                f"{out.flags.writeable}; expected {shape}, contiguous and writeable"
            )
        if isinstance(matrix, Sparse):
            matrix = matrix.apart_from(out)
        elif np.may_share_memory(matrix, out):
            matrix = matrix.copy()
        return self._net.predict(matrix, out, threads)

    @explained
    def backward(self, dL_dy: Any, *, threads: int | None = None) -> Array:
        """Backpropagate the derivative of a loss L with respect to the outputs of the last `forward`.

        Parameters
        ----------
        dL_dy : array-like, shape (n_samples, n_out) or (n_out,)
            ``dL/dy``; y are the outputs that `forward` returned.
        threads : int, optional
            As in `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_in) or (n_in,)
            ``dL/dX``. `gradients` then holds the gradients of the parameters.

        Raises
        ------
        StateError
            `forward` was not called, or the parameters have changed since.
        ShapeError
            The number of rows is not that of the last `forward`.
        """
        matrix = as_matrix(dL_dy, "dL_dy", self.dtype, self.n_out, of="outputs")
        dx = np.empty((len(matrix), self.n_in), self.dtype)
        try:
            self._net.backward(matrix, dx, threads_count(threads))
        except ShapeError as error:
            raise ShapeError(f"dL_dy doesn't match the last forward pass: {error}") from None
        return dx[0] if np.ndim(dL_dy) == 1 else dx

    @property
    def gradients(self) -> list[tuple[Array | None, Array | None]]:
        """(dW, db) of each layer from the last backward pass, with the shapes of `weights` and `biases`.

        None for parameters that the layer does not have. They do not include the gradient of the layers'
        penalties, which `step` adds.

        Raises
        ------
        StateError
            `backward` was not called.
        """
        try:
            return read_parameters(self._net, self._layers, "gradient")
        except StateError:
            raise StateError("gradients needs a backward pass first") from None

    @explained
    def step(self, optimizer: OptimizerLike = "sgd", *, threads: int | None = None) -> None:
        """One update of all parameters from the gradients of the last `backward`.

        Parameters
        ----------
        optimizer : str or Optimizer
            The net keeps its state from call to call, unless its class changes, or options such as
            `amsgrad` that need more state.
        threads : int, optional
            As in `fit`.

        Raises
        ------
        StateError
            `backward` was not called.
        DivergenceError
            The update would make a parameter infinite or NaN; the parameters are not changed.
        """
        spec = resolve_stepper(optimizer)
        rates = step_rates(spec, None, updates_done(self._net, spec), 1)
        core = spec.core if rates.weight_decay is None else spec.with_decay(rates.weight_decay[0])
        self._net.step(core, rates.lr[0], threads_count(threads))
