"""Robust scaling of numbers, and quantiles of weighted values."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.types import Array

__all__ = ["RobustScaling", "median_and_spread", "quantile"]

_LARGEST_Z = 1e9  # beyond it the smooth clip gives 3 to rounding; its square doesn't overflow


@dataclass(frozen=True)
class RobustScaling:
    """``z = (x - median) / spread``, then smoothly clipped: ``z / sqrt(1 + (z / 3)^2)``.

    The spread of a column is the distance of its quartiles; if these are equal, half the median
    distance from the median of those numbers that differ from it. NaN becomes 0.

    Attributes
    ----------
    medians, spreads : ndarray, shape (n_features,)
        One of each for every column. The spread of a constant column is infinite, so that it
        becomes 0.

    References
    ----------
    Holzmüller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted
    trees on tabular data", NeurIPS 2024, section 3.
    """

    medians: Array
    spreads: Array

    def part(self, columns: slice | Array) -> "RobustScaling":
        """The scaling of some of the columns."""
        return RobustScaling(self.medians[columns], self.spreads[columns])

    def transform(self, X: Any) -> Array:
        """The scaled and clipped numbers, in [-3, 3]."""
        with np.errstate(over="ignore"):  # the clip maps infinity to the largest z, too
            z = np.subtract(X, self.medians, dtype=np.float64)
            z /= self.spreads
        np.clip(z, -_LARGEST_Z, _LARGEST_Z, out=z)
        root = z / 3
        root *= root
        root += 1
        z /= np.sqrt(root, out=root)
        z[np.isnan(z)] = 0.0
        return np.asarray(z)


def median_and_spread(values: Array, times: Array | None = None) -> tuple[float, float]:
    """The median and the spread of values, without NaN.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Numbers; NaN is ignored.
    times : ndarray, shape (n,), optional
        How often each of them is repeated, >= 0.
    """
    present = ~np.isnan(values) if times is None else ~np.isnan(values) & (times > 0)
    values = values[present]
    if values.size == 0:
        return 0.0, math.inf
    times = None if times is None else times[present]
    low, median, high = quantile(values, np.array([0.25, 0.5, 0.75]), times)
    # The difference of two doubles may overflow, that of their halves can't.
    spread = 2 * (high / 2 - low / 2)
    away = values != median
    if spread == 0 and away.any():
        distances, times = (
            np.abs(values[away] / 2 - median / 2),
            None if times is None else times[away],
        )
        spread = quantile(distances, np.array([0.5]), times)[0]
    return float(median), float(spread) or math.inf


def quantile(values: Array, probabilities: Array, times: Array | None = None) -> Array:
    """Quantiles by linear interpolation; with `times`, of values repeated that many times."""
    if times is None:
        values, ends = np.sort(values), np.arange(1.0, len(values) + 1)
    else:
        order = np.argsort(values, kind="stable")
        values, ends = values[order], np.cumsum(times[order])
    ranks = probabilities * (ends[-1] - 1)  # a value occupies ranks up to its end - 1
    above = np.searchsorted(ends - 1, ranks)
    below = np.maximum(above - 1, 0)
    part = np.clip(ranks - (ends[below] - 1), 0.0, 1.0)
    part[ranks == ends[above] - 1] = 1.0
    # The difference of two doubles may overflow, that of their halves can't.
    steps = (values[above] / 2 - values[below] / 2) * part
    found = np.minimum(2 * (values[below] / 2 + steps), values[above])
    return np.asarray(np.where(part == 1, values[above], found))
