"""Classes that a classifier gets to know later."""

from dataclasses import replace
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.mlp import MLP
from pybp.net.parameters import Parameters
from pybp.sklearn._architecture import activation_spec
from pybp.sklearn._labels import Labels

__all__ = ["with_classes"]


def with_classes(estimator: Any, classes: Array) -> None:
    """Give an estimator's net outputs for more classes; what it says of the others stays as it is.

    With two classes there was one output z, of the second; the first then has z = 0. A new class
    starts with random weights and the smallest bias. The optimizer starts anew.
    """
    before, labels = estimator.classes_, Labels(classes)
    estimator._push()
    coef, intercept = _each_its_own(estimator.coefs_[-1], estimator.intercepts_[-1])
    bound = np.sqrt(6.0 / (coef.shape[0] + len(classes)))
    random_state = np.random.RandomState(estimator.net_.seed)
    wide = random_state.uniform(-bound, bound, (coef.shape[0], len(classes))).astype(coef.dtype)
    bias = np.full(len(classes), intercept.min(), coef.dtype)
    places = np.searchsorted(labels.classes, before)
    wide[:, places], bias[places] = coef, intercept
    estimator._labels, estimator.classes_ = labels, labels.classes
    objective, n_out = estimator._objective_of(before)
    estimator._objective, estimator.out_activation_ = objective, objective.out_activation
    output = activation_spec(objective.output)
    estimator._architecture = replace(estimator._architecture, n_out=n_out, output=output)
    estimator.net_ = _with_hidden_layers(estimator._architecture.net(0), estimator.net_)
    estimator.coefs_ = [*estimator.coefs_[:-1], wide]
    estimator.intercepts_ = [*estimator.intercepts_[:-1], bias]


def _with_hidden_layers(new: MLP, old: MLP) -> MLP:
    """The new net, with all that the old one has but in the last layer."""
    for what, place, values in Parameters.copy_from(old).arrays:
        if place < len(old.layers) - 1:
            new._net.set(what, place, values)
    epochs, *_, passes = old._net.get_progress()
    _, *fresh, _ = new._net.get_progress()
    new._net.set_progress((epochs, *fresh, passes))  # type: ignore[arg-type]
    return new


def _each_its_own(coef: Array, intercept: Array) -> tuple[Array, Array]:
    """Weights of an output for each class."""
    if coef.shape[1] > 1:
        return coef, intercept
    return np.hstack([np.zeros_like(coef), coef]), np.concatenate([[0.0], intercept])
