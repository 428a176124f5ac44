"""What tabular nets do to their inputs: one-hot codes, robust scaling, smooth clipping."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.sklearn._tabular_columns import Column, is_missing

__all__ = ["OneHot", "Preprocessing", "RobustScaling", "quantile"]

_FAR = 1e9  # numbers beyond it are clipped to 3, to rounding, and don't overflow when squared


class Preprocessing:
    """Turns the columns of a table into the numbers that a tabular net is fed.

    Numbers stay as they are, followed by a column that is 1 where they are missing, if any were
    when it was fitted. Categories become `OneHot` codes. All of that goes through `RobustScaling`.
    What is missing then becomes 0, where the median is.

    Attributes
    ----------
    feature_names : list of str
        What the columns of the result are.
    """

    def __init__(self) -> None:
        self.scaling = RobustScaling()
        self.feature_names: list[str] = []
        self._codes: list[OneHot | None] = []
        self._flagged: list[bool] = []

    def fit(self, columns: Sequence[Column], weights: Array | None = None) -> "Preprocessing":
        """Learn categories and scales from the columns of a table."""
        self._codes = [OneHot().fit(c.values) if c.categorical else None for c in columns]
        self._flagged = [not c.categorical and bool(np.isnan(c.values).any()) for c in columns]
        self.feature_names = [
            name
            for column, codes, flagged in zip(columns, self._codes, self._flagged, strict=True)
            for name in _names(column.name, codes, flagged)
        ]
        self.scaling.fit(self._stacked(columns), weights)
        return self

    def transform(self, columns: Sequence[Column]) -> Array:
        """(n_samples, len(feature_names)) numbers in [-3, 3], in float64."""
        return self.scaling.transform(self._stacked(columns))

    def _stacked(self, columns: Sequence[Column]) -> Array:
        parts: list[Array] = []
        for column, codes, flagged in zip(columns, self._codes, self._flagged, strict=True):
            if codes is not None:
                parts.append(codes.transform(column.values))
                continue
            parts.append(column.values[:, np.newaxis])
            if flagged:
                parts.append(np.isnan(column.values)[:, np.newaxis].astype(np.float64))
        return np.concatenate(parts, axis=1)


def _names(name: str, codes: "OneHot | None", flagged: bool) -> list[str]:
    if codes is None:
        return [name, f"{name} is missing"] if flagged else [name]
    categories = codes.categories
    if len(categories) == 2:
        return [f"{name} = {categories[0]!r} or {categories[1]!r}"]
    return [f"{name} = {category!r}" for category in categories] or [name]


class OneHot:
    """Codes of categories: a column for each, 1 where it is and 0 elsewhere.

    Two categories make one column, 1 for the first and -1 for the second. A missing category, or
    one that was not there in `fit`, is 0 everywhere.

    Attributes
    ----------
    categories : list
        Those of `fit`, sorted.
    """

    def __init__(self) -> None:
        self.categories: list[Any] = []

    def fit(self, values: Array) -> "OneHot":
        """Learn the categories."""
        self.categories = _sorted({value for value in values if not is_missing(value)})
        return self

    def transform(self, values: Array) -> Array:
        """(n_samples, n_codes) codes."""
        codes = category_codes(values, self.categories)
        table = np.zeros((len(values), max(len(self.categories), 1)))
        rows = np.flatnonzero(codes >= 0)
        table[rows, codes[rows]] = 1.0
        return table[:, :1] - table[:, 1:] if len(self.categories) == 2 else table


def category_codes(values: Array, categories: Sequence[Any]) -> Array:
    """The place of each value among the categories; -1 for those that are missing or unknown."""
    places = {category: place for place, category in enumerate(categories)}
    return np.array([-1 if is_missing(v) else places.get(v, -1) for v in values], np.intp)


def _sorted(categories: set[Any]) -> list[Any]:
    try:
        return sorted(categories)
    except TypeError:  # of different types
        return sorted(categories, key=lambda value: (type(value).__name__, str(value)))


class RobustScaling:
    """``z = (x - median) / (q(3/4) - q(1/4))``, then smoothly clipped: ``z / sqrt(1 + (z / 3)^2)``.

    If the quartiles are equal, half the range stands for their distance; a column whose values are all
    equal becomes 0. NaN is left out by `fit`, and becomes 0 in `transform`.

    Attributes
    ----------
    medians, spreads : ndarray, shape (n_features,)
        What is subtracted, and what that is then divided by; inf where all values are equal.

    References
    ----------
    Holzmüller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted
    trees on tabular data", NeurIPS 2024, section 3.
    """

    medians: Array
    spreads: Array

    def fit(self, X: Array, weights: Array | None = None) -> "RobustScaling":
        """Learn medians and spreads."""
        pairs = np.array([_median_and_spread(column, weights) for column in X.T])
        self.medians, self.spreads = pairs.reshape(-1, 2).T
        return self

    def transform(self, X: Array) -> Array:
        """The scaled and clipped numbers."""
        with np.errstate(over="ignore"):  # far away is far away
            z = np.clip((X - self.medians) / self.spreads, -_FAR, _FAR)
        z /= np.sqrt(1 + (z / 3) ** 2)
        return np.asarray(np.nan_to_num(z, copy=False, nan=0.0))


def _median_and_spread(column: Array, weights: Array | None) -> tuple[float, float]:
    there = ~np.isnan(column)
    values = column[there]
    if values.size == 0:
        return 0.0, math.inf
    weights = None if weights is None else weights[there]
    low, median, high = quantile(values, np.array([0.25, 0.5, 0.75]), weights)
    # The difference of two doubles may overflow, that of their halves can't.
    spread = 2 * (high / 2 - low / 2) or values.max() / 2 - values.min() / 2
    return float(median), float(spread) or math.inf


def quantile(values: Array, shares: Array, weights: Array | None = None) -> Array:
    """Quantiles by linear interpolation; with weights > 0, of values that are repeated so often.

    The least weight counts as once, so that only the proportions of the weights matter.
    """
    if weights is None:
        return np.asarray(np.quantile(values, shares))
    order = np.argsort(values, kind="stable")
    values, times = values[order], weights[order] / weights.min()
    ends = np.cumsum(times)  # a value stands at the places from begin to end - 1
    places = np.column_stack([ends - times, ends - 1]).ravel()
    return np.asarray(np.interp(shares * (ends[-1] - 1), places, values.repeat(2)))
