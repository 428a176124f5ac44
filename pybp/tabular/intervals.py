"""Prediction intervals from the errors on rows that were held out."""

import math
from dataclasses import dataclass

import numpy as np

from pybp._common.types import Array
from pybp.errors import ArgumentError

__all__ = ["Residuals"]


@dataclass(frozen=True)
class Residuals:
    """How far the targets of held-out rows lie outside what was predicted for them.

    Attributes
    ----------
    distances : ndarray, shape (n_held, n_outputs)
        ``|y - prediction|``; if quantiles q_1 < ... < q_k were predicted, ``max(q_1 - y, y - q_k)``, which is
        negative for targets between them.
    weights : ndarray, shape (n_held,), optional
        Weights of the rows.

    References
    ----------
    Vovk, Gammerman and Shafer, "Algorithmic learning in a random world", 2005; Romano, Patterson and
    Candes, "Conformalized quantile regression", NeurIPS 2019.
    """

    distances: Array
    weights: Array | None

    @classmethod
    def of(cls, y: Array, low: Array, high: Array, weights: Array | None) -> "Residuals":
        """Those of targets, for which the predicted range is from `low` to `high`."""
        distances = np.maximum(low - y, y - high)
        return cls(distances.reshape(len(y), -1), weights)

    def margin(self, coverage: float) -> Array:
        """What is added to each side of a prediction, for each output.

        It is the smallest distance d so that distances up to d have at least the weight ``coverage (n +
        1) / n`` of all.
        """
        n = len(self.distances)
        if coverage * (n + 1) > n:
            raise ArgumentError(
                f"coverage must be at most {n / (n + 1):.4g}, as {n} samples were held out, got {coverage}"
            )
        weights = np.ones(n) if self.weights is None else self.weights
        order = np.argsort(self.distances, axis=0, kind="stable")
        total = np.cumsum(weights[order], axis=0)
        needed = coverage * (n + 1) / n * total[-1]
        # sums of weights are rounded: 9 of 10 must not become 10
        first = np.minimum((total < needed * (1 - 1e-12)).sum(axis=0), n - 1)
        sorted_distances = np.take_along_axis(self.distances, order, axis=0)
        return np.array([sorted_distances[math.floor(i), j] for j, i in enumerate(first)])
