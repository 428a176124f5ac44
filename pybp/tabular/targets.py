"""Targets of a net for tables: classes, or standardised numbers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from pybp._common.arguments import shown
from pybp._common.arrays import as_numbers, refuse_masked
from pybp._common.types import Array
from pybp.activations import ActivationName
from pybp.data.class_weight import class_factors
from pybp.errors import ArgumentError, NotFiniteError, ShapeError
from pybp.tabular.columns import is_missing
from pybp.tabular.scores import CLASS_METRICS, NUMBER_METRICS, Metric, metric_for, pinball

__all__ = ["ClassTargets", "NumberTargets", "Targets"]


class Targets(ABC):
    """Turns the targets y of the user into those of a net, and its outputs into predictions.

    Attributes
    ----------
    output : str
        Activation of the net's output.
    classification : bool
        Whether the targets are classes.
    """

    output: ClassVar[ActivationName]
    classification: ClassVar[bool]

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """Outputs of the net."""

    @abstractmethod
    def encode(self, y: Any) -> Array:
        """y, also that of validation data, as class indices or numbers."""

    @abstractmethod
    def metric(self, given: Any) -> Metric:
        """The metric for the recipe's `metric`."""

    @abstractmethod
    def predictions(self, outputs: Array) -> Array:
        """The predictions for outputs of the nets in float64: labels or numbers."""

    @abstractmethod
    def scored(self, outputs: Array) -> Array:
        """What metrics judge: probabilities or numbers."""

    @abstractmethod
    def compared(self, y: Array, outputs: Array, *, own_scale: bool) -> tuple[Array, Array]:
        """Truth and prediction for a metric: on the net's scale, or labels and numbers as they are."""

    @abstractmethod
    def fit_scale(self, y: Array, weights: Array | None) -> None:
        """Learn scale and range of encoded targets."""

    def scaled(self, y: Array) -> Array:
        """Encoded targets, scaled for the net."""
        return y

    def training_weights(self, class_weight: Any, y: Array, weights: Array | None) -> Array | None:
        """Weights of samples in the loss: those given, multiplied by those of their classes."""
        if class_weight is not None:
            raise ArgumentError("class_weight is for classification")
        return weights


class ClassTargets(Targets):
    """Class labels: the net has an output for each class.

    Parameters
    ----------
    y : array-like, shape (n_samples,)
        Labels, which include all classes.

    Attributes
    ----------
    classes : ndarray, shape (n_classes,)
        The labels in ascending order.
    """

    output = "softmax"
    classification = True
    classes: Array

    def __init__(self, y: Any) -> None:
        self.classes = _ordered_classes(_labels(y))

    @property
    def n_outputs(self) -> int:
        """One for each class."""
        return len(self.classes)

    def encode(self, y: Any) -> Array:
        """The index of each sample's class."""
        labels = _labels(y)
        codes = np.minimum(np.searchsorted(self.classes, labels), len(self.classes) - 1)
        unknown = self.classes[codes] != labels
        if unknown.any():
            label = labels[unknown].tolist()[0]
            raise ArgumentError(f"validation_data has the label {label!r}, which y doesn't have")
        return np.asarray(codes, np.int32)

    def fit_scale(self, y: Array, weights: Array | None) -> None:
        """Do nothing: class indices have no scale."""

    def metric(self, given: Any) -> Metric:
        """The log loss, if none is given."""
        return metric_for(given, CLASS_METRICS, CLASS_METRICS["log_loss"])

    def scored(self, outputs: Array) -> Array:
        """Probabilities."""
        return self.probabilities(outputs)

    def compared(self, y: Array, outputs: Array, *, own_scale: bool) -> tuple[Array, Array]:
        """Class indices, or labels on their own scale, and probabilities."""
        return self.classes[y] if own_scale else y, self.probabilities(outputs)

    def predictions(self, outputs: Array) -> Array:
        """The label of the most probable class."""
        labels: Array = self.classes[outputs.argmax(axis=1)]
        return labels

    def probabilities(self, outputs: Array) -> Array:
        """Outputs of the net, in float64, as probabilities whose sum is 1."""
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True))

    def training_weights(self, class_weight: Any, y: Array, weights: Array | None) -> Array | None:
        """Weights of samples in the loss: those given, multiplied by those of their classes."""
        if class_weight is None:
            return weights
        weights = np.ones(len(y)) if weights is None else weights
        product: Array = weights * self._class_factors(class_weight, y, weights)[y]
        return product

    def _class_factors(self, class_weight: Any, codes: Array, weights: Array) -> Array:
        """The factor of each class."""
        if isinstance(class_weight, str) and class_weight == "balanced":
            sums = np.bincount(codes, weights, minlength=len(self.classes))
            divisors = np.where(sums > 0, sums, np.inf) * np.count_nonzero(sums)
            return np.asarray(sums.sum() / divisors)
        if not isinstance(class_weight, Mapping):
            raise TypeError(f"class_weight must be a dict or 'balanced', got {shown(class_weight)}")
        return class_factors(class_weight, self.classes)


class NumberTargets(Targets):
    """Numbers: the net learns them with mean 0 and standard deviation 1.

    Parameters
    ----------
    y : array-like, shape (n_samples,) or (n_samples, n_outputs)
        Numbers; the object stores only their shape.
    quantiles : tuple of float
        The quantiles of y that the net predicts; empty if it predicts y.

    Attributes
    ----------
    mean, std : ndarray, shape () or (n_outputs,)
        Mean and standard deviation that `fit_scale` found; 1 where this is 0.
    low, high : ndarray, shape () or (n_outputs,)
        The range of the targets: no prediction is outside.
    """

    output = "identity"
    classification = False

    mean: Array
    std: Array
    low: Array
    high: Array

    def __init__(self, y: Any, quantiles: tuple[float, ...] = ()) -> None:
        self._row_shape = _numbers(y).shape[1:]
        self.quantiles = quantiles
        if quantiles and self._row_shape:
            raise ArgumentError(
                "loss='quantile' predicts quantiles of one number for each sample, but y has "
                f"{self._row_shape[0]} columns"
            )

    @property
    def n_outputs(self) -> int:
        """One for each number of a sample, or for each quantile."""
        return len(self.quantiles) or int(np.prod(self._row_shape))

    def encode(self, y: Any) -> Array:
        """y as an array of numbers."""
        numbers = _numbers(y)
        if numbers.shape[1:] != self._row_shape:
            expected = ("n", *self._row_shape)
            raise ArgumentError(
                f"y of validation_data has shape {numbers.shape}; expected {expected}"
            )
        return numbers

    def fit_scale(self, y: Array, weights: Array | None) -> None:
        """Learn mean, standard deviation and range."""
        unit = _unit(np.abs(y).max(axis=0))  # squares of y itself may overflow
        mean = np.average(y / unit, axis=0, weights=weights)
        std = np.sqrt(np.average((y / unit - mean) ** 2, axis=0, weights=weights))
        self.low, self.high = y.min(axis=0), y.max(axis=0)
        self.mean, self.std = np.asarray(mean * unit), np.where(std > 0, std * unit, 1.0)

    def scaled(self, y: Array) -> Array:
        """Numbers with mean 0 and standard deviation 1."""
        unit = _unit(self.std)  # the difference to the mean may overflow
        return np.asarray((y / unit - self.mean / unit) / (self.std / unit))

    def metric(self, given: Any) -> Metric:
        """The root mean squared error, or the pinball loss of quantiles, if none is given."""
        if self.quantiles:
            own = pinball(self.quantiles)
            return metric_for(given, {"pinball": own}, own)
        return metric_for(given, NUMBER_METRICS, NUMBER_METRICS["rmse"])

    def scored(self, outputs: Array) -> Array:
        """Numbers."""
        return self.predictions(outputs)

    def compared(self, y: Array, outputs: Array, *, own_scale: bool) -> tuple[Array, Array]:
        """Numbers, those of the net or as they are."""
        if own_scale:
            return y, self.predictions(outputs)
        return self.scaled(y), self._shaped(outputs)

    def predictions(self, outputs: Array) -> Array:
        """Numbers, on their own scale, in the shape of y, and within the range of its values."""
        numbers = self._shaped(outputs) * self.std + self.mean
        return np.asarray(np.clip(numbers, self.low, self.high))

    def _shaped(self, outputs: Array) -> Array:
        """Outputs in the shape of y, or ascending quantiles."""
        if len(self.quantiles) > 1:
            return np.sort(outputs, axis=1)
        return outputs if self._row_shape else outputs[:, 0]

    def range(self, predictions: Array) -> tuple[Array, Array]:
        """The least and the largest of the predicted quantiles; the prediction itself without quantiles."""
        if len(self.quantiles) > 1:
            return predictions[:, 0], predictions[:, -1]
        return predictions, predictions


def _unit(largest: Array) -> Array:
    """The power of 2 below these numbers: dividing by it rounds nothing."""
    return np.asarray(np.ldexp(1.0, np.frexp(largest)[1] - 1))


def _labels(y: Any) -> Array:
    """Class labels, none of them missing."""
    refuse_masked(y, "y")
    labels = np.asarray(y)
    if labels.ndim != 1:
        raise ShapeError(f"y has shape {labels.shape}; expected (n_samples,)")
    if labels.dtype.kind == "f":
        missing = bool(np.isnan(labels).any())
    else:
        missing = labels.dtype.kind == "O" and any(map(is_missing, labels))
    if missing:
        rows = [row for row, label in enumerate(labels) if is_missing(label)]
        raise ArgumentError(f"y has missing labels: {_some_rows(rows)}")
    return labels


def _ordered_classes(labels: Array) -> Array:
    """The different labels in ascending order."""
    try:
        classes: Array = np.unique(labels)
        if labels.dtype.kind != "O" or all(one < other for one, other in pairwise(classes)):
            return classes
    except TypeError:  # of different types
        pass
    names = sorted({type(label).__name__ for label in labels})
    raise TypeError(f"y holds labels without a total order, of type {' and '.join(names)}")


def _numbers(y: Any) -> Array:
    """Finite numbers in float64."""
    numbers = as_numbers(y, "y").astype(np.float64)
    if numbers.ndim not in (1, 2):
        raise ShapeError(f"y has {numbers.ndim} dimensions; expected 1 or 2")
    finite = np.isfinite(numbers)
    if not finite.all():
        rows = np.flatnonzero(~finite if numbers.ndim == 1 else ~finite.all(axis=1)).tolist()
        raise NotFiniteError(
            f"y holds NaN or infinity in {_some_rows(rows)}; expected finite numbers"
        )
    return numbers


def _some_rows(rows: list[int]) -> str:
    """The rows of a message."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    return f"rows {', '.join(map(str, rows[:5]))}{' ...' if len(rows) > 5 else ''} ({len(rows)})"
