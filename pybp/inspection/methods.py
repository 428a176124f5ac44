"""The base class of `MLP` that has the methods trace, diagnose and check_gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from pybp._common.arguments import count, flag, threads_count
from pybp._common.explain import explained
from pybp._common.types import Array, DType
from pybp.data.dataset import Data, check_categories
from pybp.data.reader import DataReader
from pybp.data.sparse import Sparse, as_inputs
from pybp.inspection.diagnosis import Diagnosis, diagnose, evenly_spaced_rows
from pybp.inspection.gradient_check import GradientCheck, check_gradients
from pybp.inspection.input_gradients import input_gradients
from pybp.inspection.trace import Trace, trace
from pybp.losses import Loss, LossLike, resolve_loss
from pybp.net.state import in_float64
from pybp.optimizers import OptimizerLike
from pybp.optimizers.resolve import resolve_stepper
from pybp.training.settings import check_batches
from pybp.training.steps import Stepwise

__all__ = ["Inspection"]


class Inspection(Stepwise):
    """Base class of `MLP`: methods that inspect the net and leave it unchanged."""

    @explained
    def trace(
        self,
        x: Any,
        y: Any,
        *,
        loss: LossLike = None,
        sample_weight: Any = None,
        training: bool = False,
    ) -> Trace:
        """Every quantity of one forward and one backward pass. The net is not changed.

        Parameters
        ----------
        x, y, loss, sample_weight
            As in `fit`; one sample or several.
        training : bool
            Whether to compute as in training: batch norm with the statistics of these samples, and
            dropout with the masks of the next training step.

        Returns
        -------
        Trace
            z, a, delta, dW, db and dL/d input of each layer; prints as a table.
        """
        chosen = resolve_loss(loss, self._layers[-1].output_activation)
        data = self._reader(chosen).rows(x, y, sample_weight)
        if flag(training, "training"):
            check_batches(self._layers, len(data), len(data))
        return trace(self._net, self._layers, data, chosen, training)

    @explained
    def diagnose(
        self,
        X: Any,
        y: Any,
        *,
        loss: LossLike = None,
        optimizer: OptimizerLike = "adam",
        sample_weight: Any = None,
        max_samples: int = 1000,
    ) -> Diagnosis:
        """Search each layer for common problems of training. The net is not changed.

        Parameters
        ----------
        X, y, loss, sample_weight
            As in `fit`.
        optimizer : str or Optimizer
            The optimizer to train with. It updates a copy of the net once, which shows whether its
            learning rate is suitable.
        max_samples : int
            Largest number of samples used; they are taken from X at even distances.

        Returns
        -------
        Diagnosis
            ``.layers`` with the RMS of activations, deltas, gradients and updates and the fractions
            of dead units and saturated outputs; ``.findings``, each with a remedy. Prints as a table.
        """
        chosen = resolve_loss(loss, self._layers[-1].output_activation)
        data = self._reader(chosen).rows(X, y, sample_weight)
        data = evenly_spaced_rows(data, count(max_samples, "max_samples"))
        check_batches(self._layers, len(data), len(data))
        return diagnose(self._net, self._layers, data, chosen, resolve_stepper(optimizer))

    @explained
    def check_gradients(
        self,
        X: Any,
        y: Any,
        *,
        loss: LossLike = None,
        sample_weight: Any = None,
        max_entries: int = 200,
        seed: int = 0,
        training: bool = False,
    ) -> GradientCheck:
        """Compare backpropagation with central differences, on a float64 copy of the net.

        Parameters
        ----------
        X, y, loss, sample_weight
            As in `fit`; about ten samples suffice.
        max_entries : int
            Largest number of entries compared of each weight matrix, each bias vector and X.
        seed : int
            Seed of the random choice of entries.
        training : bool
            Whether to compute as in training: batch norm with the statistics of these samples, and
            dropout with the masks of the next training step.

        Returns
        -------
        GradientCheck
            ``.ok``, ``.max_relative_error``, ``.blocks``; prints as a table.
        """
        chosen = resolve_loss(loss, self._layers[-1].output_activation)
        net = in_float64(self._net, self._layers, self._seed)
        data = self._reader(chosen, net.dtype).rows(X, y, sample_weight)
        X = data.X.toarray() if isinstance(data.X, Sparse) else data.X
        data = Data(X.astype(net.dtype), data.y, data.weights)
        if flag(training, "training"):
            check_batches(self._layers, len(data), len(data))
        entries = count(max_entries, "max_entries")
        seed = count(seed, "seed", low=0)
        return check_gradients(net, self._layers, data, chosen, entries, seed, training)

    @explained
    def input_gradients(self, X: Any, *, threads: int | None = None) -> Array:
        """Derivatives of each output by each input, by backpropagation. The net is not changed.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_in) or (n_in,)
            Inputs.
        threads : int, optional
            As in `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_out, n_in) or (n_out, n_in)
            ``da_k / dx_j`` for each sample, a being what `predict` returns. 0 for columns of
            categories.
        """
        matrix = as_inputs(X, "X", self.dtype, self.n_in)
        check_categories(matrix, self._layers, "X")
        rows = matrix.toarray() if isinstance(matrix, Sparse) else matrix
        found = input_gradients(self._net, rows, self.n_out, threads_count(threads))
        return found[0] if np.ndim(X) == 1 else found

    def _reader(self, loss: Loss, dtype: DType | None = None) -> DataReader:
        return DataReader(self._layers, self.dtype if dtype is None else dtype, loss)
