"""Samples: inputs, targets and weights, selected and split together."""

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

    def simplified(self) -> "Samples":
        """Without the samples of weight 0, and without weights if all are equal."""
        if self.weights is None:
            return self
        kept = self if (self.weights > 0).all() else self.take(np.flatnonzero(self.weights > 0))
        assert kept.weights is not None
        equal = kept.weights.size > 0 and (kept.weights == kept.weights[0]).all()
        return Samples(kept.inputs, kept.y, None) if equal else kept

    def merged(self) -> "Samples":
        """Equal samples as one, their weights added, sorted by their values.

        Weighting, repeating and reordering samples then give the same result.
        """
        rows = np.column_stack([self.inputs, self._targets]) + 0.0  # -0.0 + 0.0 is 0.0
        _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        weights = np.bincount(group.ravel(), self.weights)
        kept = self.take(first)
        return Samples(kept.inputs, kept.y, weights.astype(np.float64)).simplified()

    @property
    def _targets(self) -> Array:
        """The targets as a matrix."""
        return self.y if self.y.ndim == 2 else self.y[:, np.newaxis]

    def split(
        self, fraction: float, random: np.random.RandomState, stratify: bool
    ) -> "tuple[Samples, Samples | None]":
        """Samples to train on, and a random fraction of all samples to validate on.

        With `stratify` each class has the same fraction in both, to rounding, and at least one
        sample to train on.
        """
        n = len(self)
        n_validation = int(np.ceil(n * fraction - 1e-9))  # 0.1 * 30 is a little more than 3
        if stratify:
            n_validation = min(n_validation, n - len(np.unique(self.y)))
        if n_validation == 0 or n_validation >= n:
            return self, None
        order = random.permutation(n)
        if stratify:
            order = order[np.argsort(_ranks_in_class(self.y[order]), kind="stable")]
        return self.take(order[n_validation:]), self.take(order[:n_validation])


def _ranks_in_class(classes: Array) -> Array:
    """Each sample's rank among those of its class, in (0, 1]: sorting by it mixes the classes evenly.

    The last sample of each class has rank 1, so that it is in the training set.
    """
    _, codes, counts = np.unique(classes, return_inverse=True, return_counts=True)
    ranks = np.empty(len(classes))
    for code in range(len(counts)):
        rows = np.flatnonzero(codes == code)
        ranks[rows] = (np.arange(len(rows)) + 0.5) / counts[code]
        ranks[rows[-1]] = 1.0
    return ranks
