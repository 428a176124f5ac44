"""Scorers of scikit-learn as metrics of predictions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names

from pybp._common.types import Array

__all__ = ["MetricLike", "ScorerMetric", "metric_of"]

MetricLike = str | Callable[..., float]
"""The name of a metric, or a scorer: ``scorer(estimator, X, y)``."""


class _Predictions(BaseEstimator):
    """An estimator whose X are predictions."""

    def __sklearn_is_fitted__(self) -> bool:
        return True


class _Numbers(RegressorMixin, _Predictions):
    def predict(self, X: Array) -> Array:
        """X."""
        return X


class _Classes(ClassifierMixin, _Predictions):
    def __init__(self, classes: Array) -> None:
        self.classes = self.classes_ = classes

    def predict(self, X: Array) -> Array:
        """The labels with the largest probability."""
        labels: Array = self.classes[X.argmax(axis=1)]
        return labels

    def predict_proba(self, X: Array) -> Array:
        """X."""
        return X


@dataclass(frozen=True)
class ScorerMetric:
    """A scorer as a function of truth and predictions.

    Attributes
    ----------
    scorer : callable
        ``scorer(estimator, X, y)``.
    classes : ndarray, optional
        A classifier's labels.
    """

    scorer: Callable[..., float]
    classes: Array | None

    @property
    def __name__(self) -> str:
        function = getattr(self.scorer, "_score_func", self.scorer)
        return str(getattr(function, "__name__", "scorer"))

    def __call__(self, y_true: Array, y_pred: Array) -> float:
        """The scorer's value."""
        predicted = _Numbers() if self.classes is None else _Classes(self.classes)
        return float(self.scorer(predicted, y_pred, y_true))


def metric_of(given: Any, known: Any, classes: Array | None) -> Any:
    """What the recipe takes for an estimator's `metric`: scorers and their names become functions."""
    if isinstance(given, str) and given not in known and given in get_scorer_names():
        given = get_scorer(given)
    return ScorerMetric(given, classes) if callable(given) else given
