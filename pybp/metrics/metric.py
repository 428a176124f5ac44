"""Find and compute the metrics for names and functions."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from pybp import _core
from pybp._common.arguments import shown, unknown_name
from pybp._common.types import Array
from pybp.activations import ActivationFunction, Sigmoid
from pybp.data.dataset import Data
from pybp.errors import ArgumentError
from pybp.losses import Loss
from pybp.metrics.scores import SCORES, binary_tasks, top_k_accuracy

__all__ = [
    "Metric",
    "MetricLike",
    "MetricName",
    "larger_is_better",
    "n_correct",
    "resolve_metrics",
]

MetricName = Literal[
    "accuracy",
    "mse",
    "mae",
    "r2",
    "rmse",
    "auc",
    "balanced_accuracy",
    "f1",
    "top_2",
    "top_3",
    "top_5",
]
"""The names of the metrics; "top_k" takes any number k."""

MetricLike = MetricName | str | Callable[[Any, Any], float]


_SMALLER_IS_BETTER = ("loss", "mse", "rmse", "mae")
_LARGER_IS_BETTER = ("accuracy", "r2", *SCORES)


def larger_is_better(name: str) -> bool | None:
    """Whether a larger value of the loss or of a metric by name is better; None for other names."""
    if name in _SMALLER_IS_BETTER:
        return False
    return True if name in _LARGER_IS_BETTER or re.fullmatch(r"top_\d+", name) else None


@dataclass(frozen=True)
class Metric:
    """A metric of outputs. ``function`` is None for the accuracy, which the core counts."""

    name: str
    function: Callable[[Data, Array], float] | None

    def __call__(self, data: Data, outputs: Array) -> float:
        """The metric's value."""
        assert self.function is not None
        value = self.function(data, outputs)
        if not isinstance(value, numbers.Real):
            raise TypeError(f"metric {self.name!r} must return a number, got {shown(value)}")
        return float(value)


def _core_metric(name: str, data: Data, outputs: Array) -> float:
    y = data.y
    if y.ndim == 1:
        y = np.equal.outer(y, np.arange(outputs.shape[1])).astype(outputs.dtype)
    elif y.shape[1] < outputs.shape[1]:
        y = np.repeat(y, outputs.shape[1] // y.shape[1], axis=1)
    return _core.metric_value(name, y, outputs, data.weights)


def _rmse(data: Data, outputs: Array) -> float:
    return math.sqrt(_core_metric("mse", data, outputs))


def _score(name: str, loss: Loss, data: Data, outputs: Array) -> float:
    y = data.y
    if y.ndim == 2 and loss.targets == "classes":
        y = y.argmax(axis=1)
    return SCORES[name](
        binary_tasks(y, outputs, 0.0 if loss.targets == "signs" else 0.5), y.ndim == 1
    )


def _top(k: int, data: Data, outputs: Array) -> float:
    if data.y.ndim == 2 and data.y.shape[1] == 1:
        raise ArgumentError(f"top_{k} needs classes; the targets are one number for each sample")
    y = data.y if data.y.ndim == 1 else data.y.argmax(axis=1)
    return top_k_accuracy(y, outputs, k)


def _custom_metric(function: Callable[[Any, Any], float], data: Data, outputs: Array) -> float:
    return function(data.y, outputs)


_KNOWN = {
    "accuracy": Metric("accuracy", None),
    **{name: Metric(name, partial(_core_metric, name)) for name in ("mse", "mae", "r2")},
    "rmse": Metric("rmse", _rmse),
}
_TOP = re.compile(r"top_([1-9][0-9]*)")


def resolve_metrics(metrics: Sequence[MetricLike] | None, loss: Loss) -> tuple[Metric, ...]:
    """The metrics for the argument `metrics`; None means a choice by the loss."""
    if metrics is None:
        classifies = loss.targets in ("classes", "probabilities", "signs")
        return (_KNOWN["accuracy"],) if classifies else ()
    if isinstance(metrics, str) or not isinstance(metrics, Sequence):
        raise TypeError(f"metrics must be a list of names or functions, got {shown(metrics)}")
    chosen = tuple(_resolve_metric(metric, loss) for metric in metrics)
    names = ["loss", *(metric.name for metric in chosen)]
    if len(set(names)) < len(names):
        raise ArgumentError(
            f"metrics must have different names, and none may be named loss; got {names[1:]}"
        )
    return chosen


def _resolve_metric(metric: MetricLike, loss: Loss) -> Metric:
    if callable(metric):
        return Metric(
            getattr(metric, "__name__", type(metric).__name__), partial(_custom_metric, metric)
        )
    if not isinstance(metric, str):
        raise TypeError(f"a metric must be a name or a function, got {shown(metric)}")
    if metric in SCORES:
        return Metric(metric, partial(_score, metric, loss))
    if found := _TOP.fullmatch(metric):
        return Metric(metric, partial(_top, int(found[1])))
    if metric not in _KNOWN:
        raise ArgumentError(unknown_name("metric", metric, [*_KNOWN, *SCORES, "top_3"]))
    return _KNOWN[metric]


def n_correct(y: Array, outputs: Array, activation: ActivationFunction) -> int:
    """Number of rows predicted correctly, as the core counts them; for custom losses."""
    if y.ndim == 1:
        correct = outputs.argmax(axis=1) == y
    elif outputs.shape[1] == 1 or isinstance(activation, Sigmoid):
        correct = ((outputs >= 0.5) == (y >= 0.5)).all(axis=1)
    else:
        correct = outputs.argmax(axis=1) == y.argmax(axis=1)
    return int(np.count_nonzero(correct))
