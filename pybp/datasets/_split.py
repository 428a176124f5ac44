"""Split data into a training part and a test part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pybp.errors import ArgumentError, ShapeError


def train_test_split(
    X: ArrayLike, y: ArrayLike, *, test_size: float = 0.2, seed: int = 0
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Split rows at random. The split depends on `seed` only, not on the machine or the NumPy version.

    Parameters
    ----------
    X, y : array-like
        Arrays with the same number of rows.
    test_size : float
        Fraction of the rows in the test part, in (0, 1). Each part has at least one row.
    seed : int
        Seed of the split, >= 0.

    Returns
    -------
    X_train, X_test, y_train, y_test : ndarray
        The parts.

    Raises
    ------
    ShapeError
        X and y have different numbers of rows, or fewer than 2.
    ArgumentError
        `test_size` is not in (0, 1).

    Examples
    --------
    >>> X_train, X_test, y_train, y_test = train_test_split(range(10), range(10))
    >>> len(X_train), len(X_test)
    (8, 2)
    """
    X, y = np.asarray(X), np.asarray(y)
    n = len(X)
    if len(y) != n:
        raise ShapeError(f"X has {n} rows, but y has {len(y)}")
    if n < 2:
        raise ShapeError(f"X has {n} rows; a split needs at least 2")
    if not 0 < test_size < 1:
        raise ArgumentError(f"test_size is {test_size!r}; it must be between 0 and 1")

    # Sort by raw random words: NumPy guarantees their values on every version, but not shuffle()'s.
    order = np.random.Philox(key=seed).random_raw(n).argsort(kind="stable")
    n_test = min(max(round(n * test_size), 1), n - 1)
    test, train = order[:n_test], order[n_test:]
    return X[train], X[test], y[train], y[test]
