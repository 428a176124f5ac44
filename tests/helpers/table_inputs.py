"""What a table becomes as the inputs of a net, and a predictor that is hardly trained."""

from dataclasses import replace

import numpy as np

from pybp.tabular import REGRESSION, TabularPredictor


def recipe(x, train):
    """The paper's transformation of a column of numbers."""
    low, median, high = np.percentile(train, [25, 50, 75])
    others = train[train != median]
    away = np.median(abs(others - median)) / 2 if others.size else 0.0
    spread = high - low if high != low else away
    z = (x - median) / spread if spread else np.zeros_like(x)
    return z / np.sqrt(1 + (z / 3) ** 2)


def fitted(X, recipe=REGRESSION, **arguments):
    """A predictor whose preprocessing has seen all of X, and whose net is hardly trained."""
    small = {"hidden_layer_sizes": 2, "epochs": 1, "validation_fraction": None}
    task = "regression" if recipe is REGRESSION else "classification"
    predictor = TabularPredictor(task, replace(recipe, dtype="float64", **small))
    return predictor.fit(X, np.arange(len(X)) % 2, seed=0, **arguments)
