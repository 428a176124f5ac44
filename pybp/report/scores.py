"""Scores of predictions, with intervals by resampling, and the curves that a report shows."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pybp._common.types import Array

__all__ = [
    "Curve",
    "Score",
    "calibration",
    "class_scores",
    "confusion",
    "number_scores",
    "precision_recall",
    "resampled",
    "roc",
    "thresholds",
]

_RESAMPLES = 400
_POINTS = 200


class Score(NamedTuple):
    """A score, the interval in which it lies with 95% confidence, and that of a baseline.

    The interval ends at the 2.5% and 97.5% quantiles over 400 samples of the rows, drawn with replacement.
    The baseline predicts the fractions of the classes, or the mean, of the same rows.
    """

    name: str
    value: float
    low: float
    high: float
    baseline: float
    more_is_better: bool


class Curve(NamedTuple):
    """Points of a curve, at most 200."""

    x: Array
    y: Array


def log_losses(labels: Array, probabilities: Array) -> Array:
    """(n,) Minus the log of the probability of the true class; labels are indices of columns."""
    found = probabilities[np.arange(len(labels)), labels]
    return -np.log(np.maximum(found, np.finfo(np.float64).tiny))


def class_scores(labels: Array, probabilities: Array) -> list[Score]:
    """Accuracy, log loss and area under the ROC curve, the mean over classes if there are more than two.

    Parameters
    ----------
    labels : ndarray, shape (n_samples,)
        The true classes, as indices of the columns of `probabilities`.
    probabilities : ndarray, shape (n_samples, n_classes)
    """
    counts = np.bincount(labels, minlength=probabilities.shape[1]) / len(labels)
    constant = np.broadcast_to(counts, probabilities.shape)
    right = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    return [
        _mean_score("accuracy", right, float(counts.max()), True),
        _mean_score(
            "log loss",
            log_losses(labels, probabilities),
            float(log_losses(labels, constant).mean()),
            False,
        ),
        resampled(
            "ROC AUC",
            lambda rows: roc_auc(labels[rows], probabilities[rows]),
            len(labels),
            0.5,
            True,
        ),
    ]


def number_scores(true: Array, predicted: Array) -> list[Score]:
    """R², root mean squared error and mean absolute error.

    Parameters
    ----------
    true, predicted : ndarray, shape (n_samples,)
    """
    errors, deviations = (predicted - true) ** 2, (true - true.mean()) ** 2
    spread = float(deviations.mean())

    def r2(rows: Array) -> float:
        total = float(((true[rows] - true[rows].mean()) ** 2).sum())
        return 1 - float(errors[rows].sum()) / total if total else np.nan

    return [
        resampled("R²", r2, len(true), 0.0, True),
        resampled("RMSE", lambda r: float(errors[r].mean() ** 0.5), len(true), spread**0.5, False),
        _mean_score(
            "MAE", np.abs(predicted - true), float(np.abs(true - true.mean()).mean()), False
        ),
    ]


def _mean_score(name: str, values: Array, baseline: float, more: bool) -> Score:
    return resampled(name, lambda rows: float(values[rows].mean()), len(values), baseline, more)


def resampled(
    name: str, of_rows: Callable[[Array], float], n: int, baseline: float, more: bool
) -> Score:
    """A score with its interval; ``of_rows(rows)`` is the score of some of the n rows."""
    random = np.random.default_rng(0)
    draws = max(20, min(_RESAMPLES, int(4e7 / max(n, 1))))
    found = np.array([of_rows(random.integers(0, n, n)) for _ in range(draws)])
    finite = found[np.isfinite(found)]
    low, high = np.quantile(finite, [0.025, 0.975]) if len(finite) else (np.nan, np.nan)
    return Score(name, of_rows(np.arange(n)), float(low), float(high), baseline, more)


def roc_auc(labels: Array, probabilities: Array) -> float:
    """The area under the ROC curve; the mean over the classes that have rows of both kinds."""
    k = probabilities.shape[1]
    areas = [_area(labels == c, probabilities[:, c]) for c in ([1] if k == 2 else range(k))]
    known = [area for area in areas if area == area]
    return float(np.mean(known)) if known else np.nan


def _area(positive: Array, score: Array) -> float:
    """The fraction of pairs of a positive and a negative row that the score orders rightly (ties: half)."""
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return np.nan
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def confusion(labels: Array, predicted: Array, n_classes: int) -> Array:
    """(n_classes, n_classes) counts: rows are true classes, columns predicted ones."""
    found = np.bincount(labels * n_classes + predicted, minlength=n_classes**2)
    return found.reshape(n_classes, n_classes)


def _counts(positive: Array, score: Array) -> tuple[Array, Array, Array]:
    """True and false positives, and the score, at each threshold from high to low."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    true = np.cumsum(positive[order])[ends]
    return true, ends + 1 - true, score[order][ends]


def roc(positive: Array, score: Array) -> Curve:
    """False positive rate against true positive rate."""
    true, false, _ = _counts(positive, score)
    x = np.append(0.0, false / max(false[-1], 1))
    return _thinned(x, np.append(0.0, true / max(true[-1], 1)))


def precision_recall(positive: Array, score: Array) -> Curve:
    """Recall against precision."""
    true, false, _ = _counts(positive, score)
    return _thinned(true / max(true[-1], 1), true / (true + false))


def _thinned(x: Array, y: Array) -> Curve:
    keep = np.unique(np.linspace(0, len(x) - 1, _POINTS).round().astype(int))
    return Curve(x[keep], y[keep])


def calibration(positive: Array, probability: Array, bins: int = 10) -> list[tuple[float, ...]]:
    """For groups of rows with similar probabilities: their mean, the fraction that is positive with a 95% interval, their number.

    The groups have equally many rows. The interval is Wilson's.
    """
    found: list[tuple[float, ...]] = []
    for rows in np.array_split(np.argsort(probability, kind="stable"), min(bins, len(probability))):
        n, p = len(rows), float(positive[rows].mean())
        z = 1.959964
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        found.append((float(probability[rows].mean()), p, middle - half, middle + half, float(n)))
    return found


def thresholds(positive: Array, probability: Array) -> list[tuple[float, ...]]:
    """At thresholds from 0.1 to 0.9: fraction called positive, precision, recall, specificity, F1."""
    found = []
    for level in np.arange(1, 10) / 10:
        called = probability >= level
        true = int((called & positive).sum())
        precision = true / called.sum() if called.any() else np.nan
        recall = true / positive.sum() if positive.any() else np.nan
        negative = int((~positive).sum())
        specificity = int((~called & ~positive).sum()) / negative if negative else np.nan
        f1 = (
            2 * true / (called.sum() + positive.sum()) if called.any() or positive.any() else np.nan
        )
        row = (level, called.mean(), precision, recall, specificity, f1)
        found.append(tuple(float(value) for value in row))
    return found
