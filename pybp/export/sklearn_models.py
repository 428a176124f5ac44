"""Read scikit-learn's MLP estimators, alone or behind scalers, without importing scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pybp._common.arguments import shown
from pybp._common.specs import resolve
from pybp._common.types import Array, DType
from pybp.activations import ActivationFunction
from pybp.errors import ArgumentError, StateError
from pybp.export.layer_graph import INPUT, LayerGraph, Parameters, Plan
from pybp.layers import Scale

__all__ = ["read_sklearn"]

_ACTIVATIONS = {"logistic": "sigmoid"}
"""scikit-learn's names that pybp has other names for."""


def read_sklearn(estimator: Any) -> tuple[Plan, DType, Callable[[Array], Array]]:
    """The layers of an estimator, their type, and a function that computes its outputs.

    Raises
    ------
    TypeError
        It is no MLP, and no pipeline of scalers that ends with one.
    StateError
        It is not fitted.
    """
    *scalers, mlp = _steps(estimator)
    if type(mlp).__name__ not in ("MLPClassifier", "MLPRegressor") or not _from_sklearn(mlp):
        raise TypeError(
            f"estimator must be scikit-learn's MLPClassifier or MLPRegressor, got {shown(mlp)}"
        )
    if not hasattr(mlp, "coefs_"):
        raise StateError("the estimator is not fitted yet: call fit first")
    dtype = mlp.coefs_[0].dtype
    layers = LayerGraph(mlp.coefs_[0].shape[0])
    node = INPUT
    for scaler in scalers:
        gamma, beta = _scale_and_shift(scaler, layers.width(INPUT))
        node = layers.layer(node, Scale(bias=True), Parameters(gamma, beta), "a scaler")
    last = len(mlp.coefs_) - 1
    for index, (weights, biases) in enumerate(zip(mlp.coefs_, mlp.intercepts_, strict=True)):
        node = layers.dense(node, weights.T, biases, f"coefs_[{index}]")
        name = mlp.out_activation_ if index == last else mlp.activation
        activation = resolve(_ACTIVATIONS.get(name, name), ActivationFunction, "activation")
        if activation.name != "identity":
            node = layers.activation(node, activation, name)
    return layers.plan(node), dtype, lambda rows: _outputs(estimator, rows, layers.width(node))


def _steps(estimator: Any) -> list[Any]:
    """The steps of a pipeline, or the estimator alone."""
    if type(estimator).__name__ != "Pipeline" or not _from_sklearn(estimator):
        return [estimator]
    return [step for _, step in estimator.steps if step not in (None, "passthrough")]


def _from_sklearn(estimator: Any) -> bool:
    return type(estimator).__module__.startswith("sklearn.")


def _scale_and_shift(scaler: Any, width: int) -> tuple[Array, Array]:
    """gamma and beta of a scaler, in float64."""
    name = type(scaler).__name__
    ones, zeros = np.ones(width), np.zeros(width)
    if not _from_sklearn(scaler) or getattr(scaler, "clip", False):
        name = "a scaler with clip=True" if getattr(scaler, "clip", False) else "another class"
    if name == "MinMaxScaler":
        return scaler.scale_, scaler.min_
    if name not in ("StandardScaler", "RobustScaler", "MaxAbsScaler"):
        raise TypeError(f"a pipeline may have scalers before the MLP, got {shown(scaler)} ({name})")
    spread = ones if scaler.scale_ is None else scaler.scale_
    centre = getattr(scaler, "mean_" if name == "StandardScaler" else "center_", None)
    if centre is None or getattr(scaler, "with_mean", True) is False:
        centre = zeros
    return 1 / spread, -centre / spread


def _outputs(estimator: Any, rows: Array, n_out: int) -> Array:
    """What the net should compute."""
    if not hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict(rows))
    probabilities = np.asarray(estimator.predict_proba(rows))
    if probabilities.shape[1] not in (n_out, 2):
        raise ArgumentError(f"the estimator gives {probabilities.shape[1]} probabilities")
    return probabilities[:, 1:] if n_out == 1 and probabilities.shape[1] == 2 else probabilities
