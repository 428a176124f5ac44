"""Samples that are held out of training, and how well the estimator does on them."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split

from pybp._common.types import Array
from pybp.training.epoch import evaluate

__all__ = ["Holdout", "Samples", "split"]


@dataclass
class Samples:
    """Checked samples.

    Attributes
    ----------
    X : ndarray or sparse matrix, shape (n_samples, n_features)
        Inputs.
    y : ndarray
        Targets, as the user has them.
    targets : ndarray
        As the core has them.
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
        """These rows of them."""
        weights = None if self.weights is None else self.weights[rows]
        return Samples(self.X[rows], self.y[rows], self.targets[rows], weights)


def split(
    samples: Samples, fraction: float, stratify: Array | None, random_state: Any
) -> tuple[Samples, Samples]:
    """Those to train on, and those that are held out: scikit-learn's, given the same state."""
    rows = np.arange(len(samples))
    train, held = train_test_split(
        rows, random_state=random_state, test_size=fraction, stratify=stratify
    )
    if len(held) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your "
            "dataset."
        )
    return samples.take(train), samples.take(held)


class Holdout:
    """Scores an estimator that is being trained.

    Parameters
    ----------
    estimator : BaseMLP
        Which one.
    samples : Samples
        Those that are held out.
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
        net = estimator.net_
        value, _ = evaluate(
            net._net, self._data, objective.loss, net.layers[-1], estimator._threads
        )
        offset = objective.offset(self._samples.targets, self._samples.weights)
        return float((value - net.penalty) * objective.reported + offset)

    def score(self, loss: float) -> float:
        """What is monitored, the larger the better; `loss` is the one just computed."""
        if self.by_loss:
            return -loss
        if self._scorer is not None:
            given = (
                {} if self._samples.weights is None else {"sample_weight": self._samples.weights}
            )
            return float(self._scorer(self._watched(), self._samples.X, self._samples.y, **given))
        return float(self._estimator._score_outputs(self._outputs(), self._data, self._samples))

    def _outputs(self) -> Array:
        estimator = self._estimator
        outputs = estimator.net_.predict(self._samples.X, threads=estimator._threads or None)
        predictions: Array = estimator._objective.predictions(outputs)
        return predictions

    def _watched(self) -> Any:
        """The estimator as scorers may use it: it takes X without names."""
        watched = copy.copy(self._estimator)
        vars(watched).pop("feature_names_in_", None)
        return watched
