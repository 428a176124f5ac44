"""Scores of classifiers, from whole numbers only: the same bits whatever adds them up."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pybp._common.types import Array

__all__ = ["SCORES", "Task", "tasks", "top"]

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Task:
    """One question that can be answered yes or no, for each row.

    Attributes
    ----------
    truth : ndarray of bool, shape (n,)
        The right answers.
    answer : ndarray of bool, shape (n,)
        The net's.
    score : ndarray, shape (n,)
        The output that speaks for yes.
    """

    truth: Flags
    answer: Flags
    score: Array


def tasks(y: Array, outputs: Array, cut: float) -> list[Task]:
    """The questions that targets pose: is it class j, or for targets (n, n_out), is output j on.

    Outputs and targets are on from `cut` on. `y` of shape (n,) holds classes.
    """
    if y.ndim == 2:
        return [
            Task(y[:, j] >= cut, outputs[:, j] >= cut, outputs[:, j]) for j in range(y.shape[1])
        ]
    answers = outputs.argmax(axis=1)
    return [Task(y == j, answers == j, outputs[:, j]) for j in range(outputs.shape[1])]


def auc(questions: list[Task], classes: bool) -> float:
    """Area under the ROC curve: the share of pairs of a yes and a no that the scores put in order."""
    return _mean(
        [_auc(task) for task in (questions[1:] if _two(questions, classes) else questions)]
    )


def f1(questions: list[Task], classes: bool) -> float:
    """Harmonic mean of precision and recall; 0 where nothing is or is answered yes."""
    return _mean([_f1(task) for task in (questions[1:] if _two(questions, classes) else questions)])


def balanced_accuracy(questions: list[Task], classes: bool) -> float:
    """Mean over the classes of the share of their rows that are answered right."""
    if classes:
        return _mean([_recall(task.truth, task.answer) for task in questions])
    return _mean(
        [
            _mean([_recall(task.truth, task.answer), _recall(~task.truth, ~task.answer)])
            for task in questions
        ]
    )


def top(y: Array, outputs: Array, k: int) -> float:
    """Share of rows whose class is among the k largest outputs; of equal ones the first count."""
    rows = np.arange(len(y))
    own = outputs[rows, y][:, None]
    places = np.arange(outputs.shape[1])[None, :]
    before = (outputs > own) | ((outputs == own) & (places < y[:, None]))
    return int(np.count_nonzero(before.sum(axis=1) < k)) / len(y)


SCORES: dict[str, Callable[[list[Task], bool], float]] = {
    "auc": auc,
    "balanced_accuracy": balanced_accuracy,
    "f1": f1,
}
"""Of questions, and whether these are the classes of one: then one of two classes says it all."""


def _two(questions: list[Task], classes: bool) -> bool:
    return classes and len(questions) == 2


def _auc(task: Task) -> float:
    _, places = np.unique(task.score, return_inverse=True)
    yes = np.bincount(places[task.truth], minlength=places.max() + 1)
    no = np.bincount(places[~task.truth], minlength=places.max() + 1)
    pairs = int(yes.sum()) * int(no.sum())
    in_order = int((yes * (2 * (np.cumsum(no) - no) + no)).sum())  # pairs of equal score: half
    return in_order / (2 * pairs) if pairs else float("nan")


def _f1(task: Task) -> float:
    both = int(np.count_nonzero(task.truth & task.answer))
    total = int(np.count_nonzero(task.truth)) + int(np.count_nonzero(task.answer))
    return 2 * both / total if total else 0.0


def _recall(truth: Flags, answer: Flags) -> float:
    rows = int(np.count_nonzero(truth))
    return int(np.count_nonzero(truth & answer)) / rows if rows else float("nan")


def _mean(values: list[float]) -> float:
    """The mean of those that are defined, added in order."""
    defined = [value for value in values if value == value]
    return sum(defined) / len(defined) if defined else float("nan")
