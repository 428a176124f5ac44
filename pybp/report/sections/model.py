"""What the model has learned: learning curves, importances, dependence, its worst errors."""

import numpy as np

from pybp._common.page import Section, figure, note, side_by_side, table
from pybp._common.svg import Axis, Plot, horizontal_bars, number
from pybp.report.importance import Importance, dependence
from pybp.report.subject import Subject
from pybp.tabular.columns import is_missing

__all__ = ["errors", "inside", "learning"]

_TOP, _ERRORS = 6, 12


def learning(subject: Subject) -> Section | None:
    """The losses of training by epoch, of every net."""
    trained = [one for one in subject.predictor.trained if one.history.epochs]
    if not trained:
        return None
    curves = [
        (one.history.history["loss"], one.history.history.get("val_loss", [])) for one in trained
    ]
    longest = max(len(losses) for losses, _ in curves)
    values = [value for pair in curves for losses in pair for value in losses]
    plot = Plot("Learning curves", Axis(1, max(longest, 2), "epoch"), Axis.of("loss", values))
    for place, pair in enumerate(curves):
        for colour, (line, name) in enumerate(zip(pair, ("training", "held out"), strict=True)):
            if line:
                plot.line(range(1, len(line) + 1), line, colour, name="" if place else name)
    rows = [
        [
            f"net {i + 1}",
            str(len(losses)),
            str(one.best_epoch),
            number(losses[-1]),
            number(held[min(one.best_epoch, len(held)) - 1]) if held else "",
        ]
        for i, (one, (losses, held)) in enumerate(zip(trained, curves, strict=True))
    ]
    whose = f"each of {len(curves)} nets" if len(curves) > 1 else "the net"
    caption = f"Loss of {whose} by epoch, on the rows that it trains on and on rows held out."
    return Section(
        "learning",
        "Training",
        (
            figure(
                plot.svg(caption),
                "Learning curves",
                caption,
                table(["", "epochs", "epoch kept", "training loss", "held-out loss"], rows),
            ),
        ),
    )


def inside(subject: Subject, found: list[Importance]) -> Section:
    """Which columns matter, and how predictions depend on the first of them."""
    top = found[:15]
    svg = horizontal_bars(
        "Permutation importance",
        [i.name for i in top],
        [i.value for i in top],
        [(i.low, i.high) for i in top],
    )
    what = "the log loss grows" if subject.classifies else "R² falls"
    caption = f"How much {what} when the column's values change places among the rows, with a 95% interval."
    numbers = table(
        ["column", "importance", "95% interval"],
        [[i.name, number(i.value), f"{number(i.low)} to {number(i.high)}"] for i in found],
    )
    names = [column.name for column in subject.columns]
    pictures = [_dependence(subject, names.index(i.name)) for i in found[:_TOP]]
    return Section(
        "inside",
        "What predictions depend on",
        (
            figure(svg, "Permutation importance", caption, numbers),
            "<h3>Partial dependence</h3>",
            note(
                f"The mean {subject.described_as} if a column had one value in all rows, the others as they are."
            ),
            side_by_side(*pictures),
        ),
    )


def _dependence(subject: Subject, index: int) -> str:
    found = dependence(subject, index)
    if not found.values:
        return ""
    texts = [v if isinstance(v, str) else number(v) for v in found.values]
    rows = [[text, number(mean)] for text, mean in zip(texts, found.means, strict=True)]
    numbers = table([found.name, "mean"], rows)
    title = f"Dependence on {found.name}"
    if isinstance(found.values[0], str):
        svg = horizontal_bars(title, texts, found.means)
    else:
        xs = [float(v) for v in found.values]
        axis = (
            Axis(0, 1, subject.described_as, percent=True)
            if subject.classifies
            else Axis.of("prediction", found.means)
        )
        svg = (
            Plot(title, Axis.of(found.name, xs), axis)
            .line(xs, found.means)
            .points(xs, found.means, radius=3)
            .svg()
        )
    return figure(svg, found.name, subject.described_as.capitalize() + ".", numbers)


def errors(subject: Subject) -> Section:
    """The rows with the largest losses."""
    worst = np.argsort(-subject.losses, kind="stable")[:_ERRORS]
    columns = subject.columns[:12]
    rows = []
    for row in worst:
        truth = str(subject.y[row]) if subject.classifies else number(float(subject.y[row]))
        rows.append(
            [
                str(row + 1),
                truth,
                _said(subject, int(row)),
                *(_cell(c.values[row]) for c in columns),
            ]
        )
    left_out = len(subject.columns) - len(columns)
    return Section(
        "errors",
        "The worst errors",
        (
            note(
                "The test rows with the largest errors, numbered from 1. Look for what they have in common, and for wrong labels."
            ),
            table(["row", "true", "predicted", *(c.name for c in columns)], rows, text=(1, 2)),
            note(f"{left_out} further columns are left out.") if left_out > 0 else "",
        ),
    )


def _said(subject: Subject, row: int) -> str:
    if not subject.classifies:
        return number(float(subject.outputs[row]))
    best = int(subject.outputs[row].argmax())
    return f"{subject.classes[best]} ({subject.outputs[row, best]:.1%})"


def _cell(value: object) -> str:
    if is_missing(value):
        return "–"
    text = number(float(value)) if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"
