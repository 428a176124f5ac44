"""How well classes are predicted: confusion, curves, calibration, thresholds."""

import numpy as np

from pybp._common.page import Section, figure, heat_table, note, side_by_side, table
from pybp._common.svg import Axis, Plot, number
from pybp.report.scores import calibration, confusion, precision_recall, roc, thresholds
from pybp.report.subject import Subject

__all__ = ["classes"]

_MOST = 20  # classes in the confusion matrix
_CURVES = 5


def classes(subject: Subject) -> Section:
    """The section on the quality of the predicted classes."""
    return Section(
        "classes",
        "Quality of the predictions",
        (
            _confusion(subject),
            side_by_side(_roc(subject), _precision_recall(subject)),
            side_by_side(_calibration(subject), _thresholds(subject)),
        ),
    )


def _confusion(subject: Subject) -> str:
    names = subject.classes
    predicted = subject.outputs.argmax(axis=1)
    counts = confusion(subject.labels, predicted, len(names))
    shown = np.argsort(-counts.sum(axis=1), kind="stable")[:_MOST]
    shown.sort()
    recall = counts.diagonal() / np.maximum(counts.sum(axis=1), 1)
    precision = counts.diagonal() / np.maximum(counts.sum(axis=0), 1)
    few = [names[i] for i in shown]
    rows = [
        [names[i], f"{counts[i].sum():,}", number(float(recall[i])), number(float(precision[i]))]
        for i in shown
    ]
    left_out = f"The {_MOST} most frequent of {len(names)} classes." if len(names) > _MOST else ""
    return (
        "<h3>Confusion matrix</h3>"
        + note(
            f"Rows are true classes, columns predicted ones; the darker a cell, the larger its fraction of the row. {left_out}"
        )
        + heat_table("true \\ predicted", few, few, counts[np.ix_(shown, shown)].tolist())
        + table(["class", "rows", "recall", "precision"], rows)
    )


def _drawn(subject: Subject) -> list[int]:
    """The classes whose curves are drawn: the second of two, else the most frequent ones."""
    if len(subject.classes) == 2:
        return [1]
    counts = np.bincount(subject.labels, minlength=len(subject.classes))
    return np.argsort(-counts, kind="stable")[:_CURVES].tolist()  # type: ignore[no-any-return]


def _roc(subject: Subject) -> str:
    plot = Plot(
        "ROC curve",
        Axis(0, 1, "false positive rate", percent=True),
        Axis(0, 1, "true positive rate", percent=True),
        legend="bottom right",
    ).line([0, 1], [0, 1], 5, dashed=True)
    for colour, c in enumerate(_drawn(subject)):
        curve = roc(subject.labels == c, subject.outputs[:, c])
        plot.line(curve.x.tolist(), curve.y.tolist(), colour, name=subject.classes[c])
    area = next(score for score in subject.scores if score.name == "ROC AUC")
    caption = (
        f"The area under it is {number(area.value)}: the fraction of pairs in which a row of "
        "the class gets a higher probability than a row of another class. The dashed line is chance."
    )
    return figure(plot.svg(caption), "ROC curve", caption)


def _precision_recall(subject: Subject) -> str:
    plot = Plot(
        "Precision and recall",
        Axis(0, 1, "recall", percent=True),
        Axis(0, 1, "precision", percent=True),
        legend="bottom left",
    )
    for colour, c in enumerate(_drawn(subject)):
        positive = subject.labels == c
        curve = precision_recall(positive, subject.outputs[:, c])
        plot.line(curve.x.tolist(), curve.y.tolist(), colour, name=subject.classes[c])
        plot.line([0, 1], [positive.mean()] * 2, colour, dashed=True)
    caption = "How many of the rows predicted as the class belong to it; the dashed line is its frequency."
    return figure(plot.svg(caption), "Precision and recall", caption)


def _calibration(subject: Subject) -> str:
    c = subject.positive
    groups = calibration(subject.labels == c, subject.outputs[:, c])
    x, y, low, high, n = map(list, zip(*groups, strict=True))
    name = subject.classes[c]
    plot = (
        Plot(
            "Calibration",
            Axis(0, 1, f"predicted probability of {name}", percent=True),
            Axis(0, 1, "observed frequency", percent=True),
        )
        .line([0, 1], [0, 1], 5, dashed=True)
        .band(x, low, high)
        .line(x, y)
        .points(x, y, radius=3.5)
    )
    caption = (
        f"Groups of rows with similar probabilities of {name}: how often the class is the true one, with a 95% interval. "
        "On the dashed line, the probabilities are right."
    )
    numbers = table(
        ["predicted", "observed", "95% interval", "rows"],
        [
            [number(a), number(b), f"{number(lo)} to {number(hi)}", f"{rows:,.0f}"]
            for a, b, lo, hi, rows in zip(x, y, low, high, n, strict=True)
        ],
    )
    return figure(plot.svg(caption), "Calibration", caption, numbers)


def _thresholds(subject: Subject) -> str:
    c = subject.positive
    rows = thresholds(subject.labels == c, subject.outputs[:, c])
    head = ["threshold", "called", "precision", "recall", "specificity", "F1"]
    return (
        f"<div><h3>Thresholds</h3>{note(f'If a row is called {subject.classes[c]} from this probability on:')}"
        + table(head, [[number(v) for v in row] for row in rows], text=())
        + "</div>"
    )
