"""Samples of the tabular estimators: columns, targets and weights, taken and split together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.sklearn._tabular_columns import Column
from pybp.sklearn._tabular_preprocessing import OneHot, category_codes

__all__ = ["Samples"]


@dataclass(frozen=True)
class Samples:
    """Rows of a table with their targets.

    Attributes
    ----------
    columns : list of Column
        The table.
    y : ndarray, shape (n_samples,) or (n_samples, n_outputs)
        Class indices, or numbers.
    weights : ndarray, shape (n_samples,), optional
        Weights of the samples.
    """

    columns: Sequence[Column]
    y: Array
    weights: Array | None

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: Array) -> "Samples":
        """These rows of it."""
        weights = None if self.weights is None else self.weights[rows]
        return Samples([column.take(rows) for column in self.columns], self.y[rows], weights)

    def cleaned(self) -> "Samples":
        """Without the samples of weight 0, and without weights that are all equal."""
        if self.weights is None:
            return self
        kept = self.take(np.flatnonzero(self.weights > 0))
        assert kept.weights is not None
        alike = kept.weights.size > 0 and (kept.weights == kept.weights[0]).all()
        return Samples(kept.columns, kept.y, None) if alike else kept

    def merged(self) -> "Samples":
        """Equal samples as one, their weights added, in an order that depends on nothing else.

        So that weighing samples, repeating them and reordering them comes to the same.
        """
        ranks = [_ranks(column) for column in self.columns]
        ranks += [np.unique(part, return_inverse=True)[1] for part in _rows_of(self.y).T]
        _, first, place = np.unique(
            np.column_stack(ranks), axis=0, return_index=True, return_inverse=True
        )
        weights = np.bincount(place.ravel(), self.weights)
        kept = self.take(first)
        return Samples(kept.columns, kept.y, weights.astype(np.float64)).cleaned()

    def split(
        self, fraction: float, random: Any, stratify: bool
    ) -> "tuple[Samples, Samples | None]":
        """Those to train on, and those to validate on: a share of them, drawn at random.

        Stratified, each class has its share of both, to rounding.
        """
        n = len(self)
        n_validation = int(np.ceil(n * fraction - 1e-9))  # 0.1 * 30 is a little more than 3
        if n_validation == 0 or n_validation >= n:
            return self, None
        order = random.permutation(n)
        if stratify:  # the ranks in an order that deals the classes out evenly
            order = order[np.argsort(_shares(self.y[order]), kind="stable")]
        return self.take(order[n_validation:]), self.take(order[:n_validation])


def _rows_of(y: Array) -> Array:
    return y if y.ndim == 2 else y[:, np.newaxis]


def _ranks(column: Column) -> Array:
    """Numbers in the order of the column's values, equal where those are."""
    if column.categorical:
        return category_codes(column.values, OneHot().fit(column.values).categories)
    return np.asarray(np.unique(column.values, return_inverse=True)[1])


def _shares(classes: Array) -> Array:
    """How much of its class stands before each sample, itself counted by half."""
    _, place, counts = np.unique(classes, return_inverse=True, return_counts=True)
    before = np.empty(len(classes))
    for number in range(len(counts)):
        rows = np.flatnonzero(place == number)
        before[rows] = (np.arange(len(rows)) + 0.5) / counts[number]
    return before
