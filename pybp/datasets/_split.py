"""Splitting data into a part to train on and a part to test on."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pybp.errors import ArgumentError, ShapeError


def train_test_split(
    X: ArrayLike, y: ArrayLike, *, test_size: float = 0.2, seed: int = 0
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Split rows at random, the same way for the same seed on every machine and NumPy version.

    Parameters
    ----------
    X, y
        Arrays with as many rows.
    test_size
        Share of the rows that goes to the test part, between 0 and 1; at least one row goes to
        each part.
    seed
        Which of the splits; not negative.

    Returns
    -------
    X_train, X_test, y_train, y_test

    Examples
    --------
    >>> X_train, X_test, y_train, y_test = train_test_split(range(10), range(10))
    >>> len(X_train), len(X_test)
    (8, 2)
    """
    X, y = np.asarray(X), np.asarray(y)
    n = len(X)
    if len(y) != n:
        raise ShapeError(f"X has {n} rows and y has {len(y)}; they must have as many")
    if n < 2:
        raise ShapeError(f"X has {n} rows; a split needs at least 2")
    if not 0 < test_size < 1:
        raise ArgumentError(f"test_size is {test_size!r}; it must lie between 0 and 1")

    # Sorting by raw random words, since NumPy promises their values but not those of shuffle().
    order = np.random.Philox(key=seed).random_raw(n).argsort(kind="stable")
    n_test = min(max(round(n * test_size), 1), n - 1)
    test, train = order[:n_test], order[n_test:]
    return X[train], X[test], y[train], y[test]
