"""Metrics of predictions: what chooses the epoch of a net, and scores the held-out rows."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.arguments import shown, unknown_name
from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.metrics.scores import SCORES, binary_tasks

__all__ = ["CLASS_METRICS", "NUMBER_METRICS", "Metric", "metric_for", "pinball"]

Function = Callable[[Array, Array, Array | None], float]


@dataclass(frozen=True)
class Metric:
    """A number for predictions of rows.

    Attributes
    ----------
    name : str
        Its name.
    function : callable
        ``function(y, predictions, weights)``: y holds class indices or numbers, the predictions are
        probabilities or numbers.
    larger_is_better : bool
        Whether a larger number is better.
    custom : bool
        Whether the user gave it. It then gets labels instead of class indices, and no weights.
    """

    name: str
    function: Function
    larger_is_better: bool = False
    custom: bool = False

    def error(self, value: float) -> float:
        """A number that is less for a better value."""
        return -value if self.larger_is_better else value


def _log_loss(y: Array, probabilities: Array, weights: Array | None) -> float:
    own = probabilities[np.arange(len(y)), y]
    return -float(np.average(np.log(np.maximum(own, 1e-15)), weights=weights))


def _accuracy(y: Array, probabilities: Array, weights: Array | None) -> float:
    return float(np.average(probabilities.argmax(axis=1) == y, weights=weights))


def _score(name: str) -> Function:
    return lambda y, probabilities, weights: SCORES[name](binary_tasks(y, probabilities, 0.5), True)


def _mse(y: Array, numbers: Array, weights: Array | None) -> float:
    return float(np.mean(np.average((y - numbers) ** 2, axis=0, weights=weights)))


def _rmse(y: Array, numbers: Array, weights: Array | None) -> float:
    return math.sqrt(_mse(y, numbers, weights))


def _mae(y: Array, numbers: Array, weights: Array | None) -> float:
    return float(np.mean(np.average(abs(y - numbers), axis=0, weights=weights)))


def _r2(y: Array, numbers: Array, weights: Array | None) -> float:
    error = np.average((y - numbers) ** 2, axis=0, weights=weights)
    spread = np.average((y - np.average(y, axis=0, weights=weights)) ** 2, axis=0, weights=weights)
    return float(np.mean(1 - error / np.where(spread > 0, spread, 1.0)))


def pinball(quantiles: tuple[float, ...]) -> Metric:
    """The mean pinball loss of predicted quantiles, the last axis of the predictions."""
    q = np.array(quantiles)

    def function(y: Array, numbers: Array, weights: Array | None) -> float:
        missed = y.reshape(-1, 1) - numbers.reshape(len(y), -1)
        return float(
            np.mean(np.average(np.maximum(q * missed, (q - 1) * missed), axis=0, weights=weights))
        )

    return Metric("pinball", function)


CLASS_METRICS = {
    "log_loss": Metric("log_loss", _log_loss),
    "accuracy": Metric("accuracy", _accuracy, True),
    "roc_auc": Metric("roc_auc", _score("auc"), True),
    "balanced_accuracy": Metric("balanced_accuracy", _score("balanced_accuracy"), True),
    "f1": Metric("f1", _score("f1"), True),
}
"""For classes. All but the first two ignore weights; of several classes they are the mean."""

NUMBER_METRICS = {
    "rmse": Metric("rmse", _rmse),
    "mae": Metric("mae", _mae),
    "r2": Metric("r2", _r2, True),
}
"""For numbers; of several outputs the mean, for "rmse" before the root is taken."""


def metric_for(given: Any, known: dict[str, Metric], default: Metric) -> Metric:
    """The metric for a name or a function ``f(y_true, y_pred)``, of which larger is better."""
    if given is None:
        return default
    if callable(given):
        name = getattr(given, "__name__", type(given).__name__)
        return Metric(name, lambda y, predictions, _: float(given(y, predictions)), True, True)
    if not isinstance(given, str):
        raise TypeError(f"metric must be a name or a function, got {shown(given)}")
    if given not in known:
        raise ArgumentError(unknown_name("metric", given, list(known)))
    return known[given]
