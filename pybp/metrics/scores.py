"""Scores of classifiers. They are computed from integer counts, so that every summation order gives the same bits."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pybp._common.types import Array

__all__ = ["SCORES", "BinaryTask", "binary_tasks", "top_k_accuracy"]

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class BinaryTask:
    """Truth and prediction of one class, or of one output, for each row.

    Attributes
    ----------
    truth : ndarray of bool, shape (n,)
        Whether the row is positive.
    predicted : ndarray of bool, shape (n,)
        Whether it is predicted to be positive.
    score : ndarray, shape (n,)
        The output; larger means more likely positive.
    """

    truth: Flags
    predicted: Flags
    score: Array


def binary_tasks(y: Array, outputs: Array, threshold: float) -> list[BinaryTask]:
    """One task for each class, or for targets of shape (n, n_out), one for each output.

    Outputs and targets are positive if they are at least `threshold`; `y` of shape (n,) holds classes.
    """
    if y.ndim == 2:
        return [
            BinaryTask(y[:, j] >= threshold, outputs[:, j] >= threshold, outputs[:, j])
            for j in range(y.shape[1])
        ]
    predicted = outputs.argmax(axis=1)
    return [BinaryTask(y == j, predicted == j, outputs[:, j]) for j in range(outputs.shape[1])]


def auc(tasks: list[BinaryTask], are_classes: bool) -> float:
    """Area under the ROC curve: the fraction of (positive, negative) pairs in the order of scores."""
    return _mean([_auc(task) for task in _without_complement(tasks, are_classes)])


def f1(tasks: list[BinaryTask], are_classes: bool) -> float:
    """Harmonic mean of precision and recall; 0 if no row is positive or predicted to be positive."""
    return _mean([_f1(task) for task in _without_complement(tasks, are_classes)])


def balanced_accuracy(tasks: list[BinaryTask], are_classes: bool) -> float:
    """Mean recall of the classes; for outputs, of positive and negative rows of each output."""
    if are_classes:
        return _mean([_recall(task.truth, task.predicted) for task in tasks])
    return _mean(
        [
            _mean([_recall(task.truth, task.predicted), _recall(~task.truth, ~task.predicted)])
            for task in tasks
        ]
    )


def top_k_accuracy(y: Array, outputs: Array, k: int) -> float:
    """Fraction of rows whose class is among the k largest outputs; of equal outputs the first count."""
    rows = np.arange(len(y))
    own = outputs[rows, y][:, None]
    classes = np.arange(outputs.shape[1])[None, :]
    before = (outputs > own) | ((outputs == own) & (classes < y[:, None]))
    return int(np.count_nonzero(before.sum(axis=1) < k)) / len(y)


SCORES: dict[str, Callable[[list[BinaryTask], bool], float]] = {
    "auc": auc,
    "balanced_accuracy": balanced_accuracy,
    "f1": f1,
}
"""Functions of the tasks and of whether these are the classes of one target."""


def _without_complement(tasks: list[BinaryTask], are_classes: bool) -> list[BinaryTask]:
    """Of two classes only the second, since the first is its complement."""
    return tasks[1:] if are_classes and len(tasks) == 2 else tasks


def _auc(task: BinaryTask) -> float:
    _, ranks = np.unique(task.score, return_inverse=True)
    positive = np.bincount(ranks[task.truth], minlength=ranks.max() + 1)
    negative = np.bincount(ranks[~task.truth], minlength=ranks.max() + 1)
    pairs = int(positive.sum()) * int(negative.sum())
    # twice the pairs in order; pairs of equal score count one half
    in_order = int((positive * (2 * (np.cumsum(negative) - negative) + negative)).sum())
    return in_order / (2 * pairs) if pairs else float("nan")


def _f1(task: BinaryTask) -> float:
    both = int(np.count_nonzero(task.truth & task.predicted))
    total = int(np.count_nonzero(task.truth)) + int(np.count_nonzero(task.predicted))
    return 2 * both / total if total else 0.0


def _recall(truth: Flags, predicted: Flags) -> float:
    rows = int(np.count_nonzero(truth))
    return int(np.count_nonzero(truth & predicted)) / rows if rows else float("nan")


def _mean(values: list[float]) -> float:
    """The mean of the values that are not NaN, added in order."""
    defined = [value for value in values if value == value]
    return sum(defined) / len(defined) if defined else float("nan")
