"""How much predictions depend on each column: by permutation, and partial dependence."""

from collections import Counter
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pybp._common.types import Array
from pybp.report.subject import Subject
from pybp.tabular.plain_columns import PlainColumn

__all__ = ["Dependence", "Importance", "dependence", "importances"]

_ROWS, _REPEATS, _GRID_ROWS = 2_000, 5, 300


class Importance(NamedTuple):
    """How much the predictions lose when a column's values change places, with a 95% interval."""

    name: str
    value: float
    low: float
    high: float


def importances(subject: Subject) -> list[Importance]:
    """The permutation importance of each column, the largest first.

    For classes it is the growth of the log loss. For numbers it is the fall of R²: the growth of the mean
    squared error, divided by the variance. At most 2,000 rows are used, with five permutations; the
    interval is that of the mean over the rows.
    """
    random = np.random.default_rng(0)
    n = len(subject.y)
    rows = np.sort(random.permutation(n)[:_ROWS])
    columns = [column.take(rows) for column in subject.columns]
    part = replace(subject, columns=columns, y=subject.y[rows], held_out=None)
    unit = 1.0 if part.classifies else float(np.var(part.y.astype(np.float64))) or 1.0
    found = []
    for index, column in enumerate(part.columns):
        growth = np.zeros(len(rows))
        for _ in range(_REPEATS):
            columns = list(part.columns)
            columns[index] = column.take(random.permutation(len(rows)))
            growth += part.losses_of(part.outputs_of(columns)) - part.losses
        growth /= _REPEATS * unit
        half = 1.96 * growth.std() / max(len(rows), 1) ** 0.5
        mean = float(growth.mean())
        found.append(Importance(column.name, mean, mean - half, mean + half))
    return sorted(found, key=lambda importance: -importance.value)


class Dependence(NamedTuple):
    """The mean prediction where a column has a value in all rows, for several values."""

    name: str
    values: list[float | str]
    means: list[float]


def dependence(subject: Subject, index: int) -> Dependence:
    """The partial dependence of the predictions on a column, from at most 300 rows."""
    random = np.random.default_rng(0)
    rows = np.sort(random.permutation(len(subject.y))[:_GRID_ROWS])
    columns = [column.take(rows) for column in subject.columns]
    column = subject.columns[index]
    means = []
    values = _grid(column)
    for value in values:
        constant = np.full(len(rows), value, column.values.dtype)
        columns[index] = replace(columns[index], values=constant)
        means.append(float(subject.described(subject.outputs_of(columns)).mean()))
    shown = replace(column, values=values)
    found = values.astype(str) if column.kind == "categories" else shown.numbers
    return Dependence(column.name, found.tolist(), means)


def _grid(column: PlainColumn) -> Array:
    """Up to 20 quantiles, or the 8 most frequent categories."""
    present = column.values[~column.missing]
    if column.kind != "categories":
        levels = np.linspace(0.02, 0.98, 20)
        return (
            np.unique(np.quantile(present, levels, method="nearest")) if len(present) else present
        )
    counts = Counter(present.tolist())
    grid = np.empty(min(len(counts), 8), object)
    grid[:] = sorted(counts, key=lambda value: (-counts[value], str(value)))[:8]
    return grid
