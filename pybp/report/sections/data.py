"""The columns and the target: what they hold, and how far they are from those of training."""

from collections import Counter

import numpy as np

from pybp._common.page import Section, figure, note, side_by_side, table, warning
from pybp._common.svg import Axis, Plot, horizontal_bars, number
from pybp._common.types import Array
from pybp.report.subject import Subject
from pybp.tabular.plain_columns import PlainColumn
from pybp.tabular.profile import ColumnProfile, drift, profile

__all__ = ["data", "drifts", "histogram"]

_SHOWN = 24  # distributions
_LARGE, _SMALL = 0.2, 0.1  # drift
_UNITS = {"times": " (days since 1970)", "durations": " (seconds)"}


def data(subject: Subject) -> Section:
    """A table of the columns, the target, and the distribution of each column."""
    profiles = profile(subject.columns)
    rows = [
        [
            p.name,
            p.kind,
            f"{p.missing:,}" if p.missing else "",
            f"{p.distinct:,}",
            _range(p),
        ]
        for p in profiles
    ]
    pictures = [_distribution(column) for column in subject.columns[:_SHOWN]]
    more = len(subject.columns) - _SHOWN
    return Section(
        "data",
        "Data",
        (
            note(f"The {len(subject.y):,} test rows, as the model reads them."),
            table(["column", "holds", "missing", "distinct", "values"], rows, text=(0, 1, 4)),
            "<h3>Target</h3>",
            _target(subject),
            "<h3>Distributions</h3>",
            side_by_side(*pictures),
            note(f"The distributions of {more} further columns are left out.") if more > 0 else "",
        ),
    )


def _range(p: ColumnProfile) -> str:
    if p.quantiles:
        low, middle, high = (p.quantiles[i] for i in (0, 10, 20))
        return f"{number(low)} to {number(high)}, median {number(middle)}"
    return ", ".join(list(p.counts)[:4]) + (" …" if len(p.counts) > 4 else "")


def _target(subject: Subject) -> str:
    if not subject.classifies:
        name = subject.facts.get("target", "target")
        return histogram(name, subject.y.astype(np.float64), f"Distribution of {name}")
    counts = np.bincount(subject.labels, minlength=len(subject.classes))
    return _counts("Classes", dict(zip(subject.classes, counts.tolist(), strict=True)))


def _distribution(column: PlainColumn) -> str:
    name = column.name
    if column.kind == "categories":
        texts = np.where(column.missing, "missing", column.values.astype(str))
        counts = Counter(texts.tolist())
        return _counts(name, dict(counts.most_common(8)), len(counts))
    return histogram(f"{name}{_UNITS.get(column.kind, '')}", column.numbers)


def _counts(name: str, counts: dict[str, int], distinct: int | None = None) -> str:
    rest = f"the most frequent of {distinct:,}" if distinct and distinct > len(counts) else ""
    svg = horizontal_bars(f"Counts of {name}", list(counts), list(counts.values()))
    numbers = table(["value", "rows"], [[k, f"{v:,}"] for k, v in counts.items()])
    return figure(svg, name, f"Rows with each value{', ' + rest if rest else ''}.", numbers)


def histogram(name: str, values: Array, title: str = "", colour: int = 0) -> str:
    """A histogram as a figure."""
    present = values[np.isfinite(values)]
    if not len(present):
        return figure("", name, "All values are missing.")
    low, high = np.quantile(present, [0.005, 0.995])
    inside = present[(present >= low) & (present <= high)]
    counts, edges = np.histogram(inside, bins=min(30, max(5, int(len(present) ** 0.5))))
    plot = Plot(
        title or f"Histogram of {name}",
        Axis(float(edges[0]), float(edges[-1]), name),
        Axis.of("rows", counts.tolist(), zero=True),
    ).bars(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), colour)
    left_out = len(present) - len(inside)
    caption = f"{left_out:,} extreme values lie outside." if left_out else "All rows."
    numbers = table(
        ["from", "to", "rows"],
        [
            [number(a), number(b), f"{c:,}"]
            for a, b, c in zip(edges[:-1], edges[1:], counts, strict=True)
        ],
    )
    return figure(plot.svg(caption), title or name, caption, numbers)


def drifts(subject: Subject) -> Section | None:
    """How far each column of the test rows is from that of training."""
    known = {p.name: p for p in subject.trained}
    found = [
        (column.name, drift(known[column.name], column))
        for column in subject.columns
        if column.name in known
    ]
    if not found:
        return None
    found.sort(key=lambda pair: -pair[1])
    large = [name for name, value in found if value > _LARGE]
    verdict = (
        warning(
            f"Distributions that have moved far: {', '.join(large[:12])}. The model may do worse on such rows "
            "than its scores tell."
        )
        if large
        else note("No column has moved far from its distribution in training.")
    )
    top = found[:15]
    svg = horizontal_bars("Drift of columns", [n for n, _ in top], [v for _, v in top])
    return Section(
        "drift",
        "Drift against training",
        (
            verdict,
            figure(
                svg,
                "Drift",
                "The fraction of rows that would have to move to another bin for the column to be distributed as in "
                "training: 0 is the same distribution, 1 has nothing in common.",
                table(
                    ["column", "drift", ""],
                    [[n, number(v), _size(v)] for n, v in found],
                    text=(0, 2),
                ),
            ),
        ),
    )


def _size(value: float) -> str:
    return "large" if value > _LARGE else "some" if value > _SMALL else ""
