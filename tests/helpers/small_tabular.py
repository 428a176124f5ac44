"""Tabular estimators that train for a moment, and tables for them."""

import numpy as np
import pytest

import pybp.sklearn
from pybp.sklearn import TabularMLPClassifier

BOTH = pytest.mark.parametrize(
    "estimator",
    [getattr(pybp.sklearn, name) for name in pybp.sklearn.__all__ if name.startswith("Tabular")],
)


def table(rows=60, seed=0):
    """Numbers with a class and a target that depend on them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 4)) * [1, 10, 0.1, 1] + [0, 3, 0, -1]
    signal = X[:, 0] + np.sin(X[:, 1] / 4) + rng.normal(size=rows) / 4
    return X, np.digitize(signal, [-0.5, 0.5]), 100 + 7 * signal


def small(estimator, **parameters):
    return estimator(
        **{"hidden_layer_sizes": (16, 16), "epochs": 12, "n_ensemble": 1, "random_state": 3}
        | parameters
    )


def targets(estimator, rows=60, seed=0):
    """A table, with the classes or the numbers that an estimator is for."""
    X, classes, numbers = table(rows, seed)
    return X, classes if estimator is TabularMLPClassifier else numbers
