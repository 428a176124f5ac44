"""Estimators that train for a moment, and how tests look at them."""

import numpy as np

from pybp.sklearn import MLPClassifier, MLPRegressor


def classifier(**params):
    return MLPClassifier(
        **{"hidden_layer_sizes": (8, 6), "random_state": 0, "max_iter": 5, **params}
    )


def able_classifier(**params):
    """One that learns iris in that time."""
    settings = {"hidden_layer_sizes": (8,), "max_iter": 40, "learning_rate_init": 0.02}
    return classifier(**{**settings, **params})


def regressor(**params):
    return MLPRegressor(
        **{"hidden_layer_sizes": (8, 6), "random_state": 0, "max_iter": 5, **params}
    )


def kinds(model):
    return [layer.kind for layer in model.net_.layers]


def differ(one, other):
    return not np.array_equal(one.coefs_[0], other.coefs_[0])
