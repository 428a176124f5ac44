"""Samples, split into those to train on and those to validate on, and the validation score."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split

from pybp._common.arguments import threads_count
from pybp._common.types import Array
from pybp.training.epoch import evaluate

__all__ = ["Samples", "ValidationSet", "split"]


@dataclass
class Samples:
    """Checked samples.

    Attributes
    ----------
    X : ndarray or sparse matrix, shape (n_samples, n_features)
        Inputs.
    y : ndarray
        Targets as the user gave them.
    targets : ndarray
        Targets as the core takes them.
    weights : ndarray, shape (n_samples,), or None
        Sample weights.
    """

    X: Any
    y: Array
    targets: Array
    weights: Array | None

    def __len__(self) -> int:
        return int(self.X.shape[0])

    def take(self, rows: Array) -> "Samples":
        """These rows."""
        weights = None if self.weights is None else self.weights[rows]
        return Samples(self.X[rows], self.y[rows], self.targets[rows], weights)


def split(
    samples: Samples, fraction: float, stratify: Array | None, random_state: Any
) -> tuple[Samples, Samples]:
    """Training and validation samples: those that scikit-learn selects for the same random state."""
    train, validation = train_test_split(
        np.arange(len(samples)), random_state=random_state, test_size=fraction, stratify=stratify
    )
    if len(validation) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your "
            "dataset."
        )
    return samples.take(train), samples.take(validation)


class ValidationSet:
    """Scores an estimator during its training.

    Parameters
    ----------
    estimator : BaseMLP
        The estimator.
    samples : Samples
        Samples that are not trained on.

    Attributes
    ----------
    by_loss : bool
        Whether the score is the loss on them.
    """

    def __init__(self, estimator: Any, samples: Samples) -> None:
        self._estimator = estimator
        self._samples = samples
        reader = estimator.net_._reader(estimator._objective.loss)
        self._data = reader.rows(samples.X, samples.targets, samples.weights)
        monitor = estimator.monitor
        self.by_loss = isinstance(monitor, str) and monitor == "loss"
        by_scorer = monitor is not None and not self.by_loss
        self._scorer = check_scoring(estimator, monitor) if by_scorer else None

    def loss(self) -> float:
        """The loss that is reported, without the penalty."""
        estimator, objective = self._estimator, self._estimator._objective
        net, threads = estimator.net_, threads_count(estimator._threads)
        value, _ = evaluate(net._net, self._data, objective.loss, net.layers[-1], threads)
        offset = objective.offset(self._samples.targets, self._samples.weights)
        return float((value - net.penalty) * objective.reported + offset)

    def score(self, loss: float) -> float:
        """The monitored score, the larger the better; `loss` is what `loss()` has just returned."""
        estimator, samples = self._estimator, self._samples
        if self.by_loss:
            return -loss
        if self._scorer is not None:
            weights = {} if samples.weights is None else {"sample_weight": samples.weights}
            return float(self._scorer(_without_names(estimator), samples.X, samples.y, **weights))
        outputs = estimator.net_.predict(samples.X, threads=estimator._threads)
        predictions = estimator._objective.predictions(outputs)
        return float(estimator._score_outputs(predictions, self._data, samples))


def _without_names(estimator: Any) -> Any:
    """A copy of the estimator that takes X without feature names, for scorers."""
    nameless = copy.copy(estimator)
    vars(nameless).pop("feature_names_in_", None)
    return nameless
