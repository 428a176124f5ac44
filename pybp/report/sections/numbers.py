"""How well numbers are predicted: predictions against truth, residuals, intervals."""

import numpy as np

from pybp._common.page import Section, figure, note, side_by_side, table
from pybp._common.svg import Axis, Plot, number
from pybp._common.types import Array
from pybp.report.sections.data import histogram
from pybp.report.subject import Subject
from pybp.tabular.files import Table

__all__ = ["numbers"]

_POINTS = 1_500


def numbers(subject: Subject) -> Section:
    """The section on the quality of predicted numbers."""
    return Section(
        "numbers",
        "Quality of the predictions",
        (
            side_by_side(_scatter(subject), _residuals(subject)),
            side_by_side(
                histogram("residual", subject.outputs - subject.y.astype(float), "Residuals"),
                _coverage(subject),
            ),
        ),
    )


def _few(subject: Subject) -> Array:
    return np.random.default_rng(0).permutation(len(subject.y))[:_POINTS]


def _scatter(subject: Subject) -> str:
    rows = _few(subject)
    true, predicted = subject.y.astype(float)[rows].tolist(), subject.outputs[rows].tolist()
    both = Axis.of("", true, predicted)
    plot = Plot(
        "Predicted against true",
        Axis(both.low, both.high, "true"),
        Axis(both.low, both.high, "predicted"),
    )
    plot.points(true, predicted).line([both.low, both.high], [both.low, both.high], 5, dashed=True)
    caption = f"{len(rows):,} rows; on the dashed line, predictions are right."
    return figure(plot.svg(caption), "Predicted against true", caption)


def _residuals(subject: Subject) -> str:
    rows = _few(subject)
    predicted = subject.outputs[rows]
    left = predicted - subject.y.astype(float)[rows]
    plot = Plot(
        "Residuals against predictions",
        Axis.of("predicted", predicted.tolist()),
        Axis.of("predicted − true", left.tolist()),
    )
    plot.points(predicted.tolist(), left.tolist())
    plot.line([plot.x.low, plot.x.high], [0, 0], 5, dashed=True)
    caption = "A pattern here is something that the model has not learned."
    return figure(plot.svg(caption), "Residuals", caption)


def _coverage(subject: Subject) -> str:
    """How often prediction intervals hold the true number, where the model has them."""
    interval = getattr(subject.predictor, "predict_interval", None)
    if interval is None:
        return ""
    rows = []
    inputs = Table({column.name: column.values for column in subject.columns})
    for coverage in (0.5, 0.8, 0.9, 0.95):
        low, high = np.asarray(interval(inputs, coverage=coverage), float).T
        held = (subject.y.astype(float) >= low) & (subject.y.astype(float) <= high)
        rows.append([f"{coverage:.0%}", f"{held.mean():.1%}", number(float(np.median(high - low)))])
    return (
        "<div><h3>Intervals</h3>"
        + note("How many of the true numbers lie in the prediction intervals:")
        + table(["asked", "found", "median width"], rows, text=())
        + "</div>"
    )
