"""Samples: inputs, targets and weights, selected together."""

from dataclasses import dataclass

import numpy as np

from pybp._common.types import Array

__all__ = ["Samples"]


@dataclass(frozen=True)
class Samples:
    """Inputs with their targets.

    Attributes
    ----------
    inputs : ndarray, shape (n_samples, n_inputs)
        The inputs of the net.
    y : ndarray, shape (n_samples,) or (n_samples, n_outputs)
        Class indices, or numbers.
    weights : ndarray, shape (n_samples,), optional
        Weights of the samples.
    """

    inputs: Array
    y: Array
    weights: Array | None

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: Array) -> "Samples":
        """These rows."""
        weights = None if self.weights is None else self.weights[rows]
        return Samples(self.inputs[rows], self.y[rows], weights)

    def without_equal_weights(self) -> "Samples":
        """Without weights if all are equal."""
        weights = self.weights
        if weights is None or (weights != weights[0]).any():
            return self
        return Samples(self.inputs, self.y, None)

    def merged(self) -> "Samples":
        """Equal samples as one, their weights added, sorted by their values.

        Weighting, repeating and reordering samples then give the same result.
        """
        targets = self.y if self.y.ndim == 2 else self.y[:, np.newaxis]
        rows = np.column_stack([self.inputs, targets]) + 0.0  # -0.0 + 0.0 is 0.0
        _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        weights = np.bincount(group.ravel(), self.weights).astype(np.float64)
        kept = self.take(first)
        return Samples(kept.inputs, kept.y, weights).without_equal_weights()
