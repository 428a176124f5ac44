"""What the columns of a table hold, in few numbers, so that a later table can be compared with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.tabular.plain_columns import PlainColumn

__all__ = ["ColumnProfile", "drift", "profile"]

_LEVELS = np.linspace(0.0, 1.0, 21)
_CATEGORIES = 30


@dataclass(frozen=True)
class ColumnProfile:
    """What a column holds.

    Attributes
    ----------
    name : str
        The column's name.
    kind : str
        "numbers", "times" (in days since 1970), "durations" (in seconds) or "categories".
    rows, missing, distinct : int
        Numbers of rows, of missing values, and of different values.
    quantiles : list of float
        Of other columns than categories: 21 quantiles, from the smallest to the largest value.
    mean : float or None
        Of the same columns.
    counts : dict of str to int
        Of a column of categories: the 30 most frequent ones, as text.
    """

    name: str
    kind: str
    rows: int
    missing: int
    distinct: int
    quantiles: list[float] = field(default_factory=list)
    mean: float | None = None
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, column: PlainColumn) -> "ColumnProfile":
        """The profile of a column."""
        missing = int(column.missing.sum())
        start = (column.name, column.kind, len(column.values), missing)
        if column.kind == "categories":
            counts = Counter(map(str, column.values[~column.missing]))
            return cls(*start, len(counts), counts=dict(counts.most_common(_CATEGORIES)))
        present = column.numbers[~column.missing]
        if not len(present):
            return cls(*start, 0)
        quantiles = np.quantile(present, _LEVELS).tolist()
        return cls(*start, len(np.unique(present)), quantiles, float(present.mean()))

    def as_json(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)

    @classmethod
    def from_json(cls, described: Mapping[str, Any]) -> "ColumnProfile":
        """The profile that `as_json` described."""
        return cls(**described)


def profile(columns: Sequence[PlainColumn]) -> list[ColumnProfile]:
    """The profile of each column."""
    return [ColumnProfile.of(column) for column in columns]


def drift(trained: ColumnProfile, column: PlainColumn) -> float:
    """How far a column's distribution is from that of training, from 0 (the same) to 1 (disjoint).

    Half the sum of the absolute differences between the fractions of rows in each category, or
    between the 20 quantiles of training for numbers (the total variation distance of histograms);
    missing values are a category of their own.
    """
    missing = column.missing
    if column.kind == "categories":
        counts = Counter(map(str, column.values[~missing]))
        before = _fractions([*trained.counts.values()], trained.missing, trained.rows)
        found = [counts[name] for name in trained.counts]
        after = _fractions(found, int(missing.sum()), len(missing))
    else:
        before, after = _number_fractions(trained, column.numbers[~missing], len(missing))
    return float(np.abs(before - after).sum() / 2)


def _number_fractions(trained: ColumnProfile, present: Array, rows: int) -> tuple[Array, Array]:
    """Fractions of the rows between the quantiles of training, then and now.

    Quantiles that are equal are one edge: many equal values count in the bin that ends there.
    """
    edges = np.unique(trained.quantiles)
    last_equal = np.searchsorted(trained.quantiles, edges, side="right") - 1
    then = np.diff(_LEVELS[last_equal], prepend=0.0) * (trained.rows - trained.missing)
    bins = np.searchsorted(edges, present, side="left")
    now = np.bincount(bins, minlength=len(edges) + 1)
    before = _fractions([*then, 0.0], trained.missing, trained.rows, rest=False)
    return before, _fractions(now, rows - len(present), rows, rest=False)


def _fractions(counts: Any, missing: int, rows: int, rest: bool = True) -> Array:
    """Fractions of the rows in each bin, in no bin (if `rest`), and missing."""
    counts = np.asarray(counts, np.float64)
    others = [rows - missing - counts.sum()] if rest else []
    return np.array([*counts, *others, missing]) / max(rows, 1)
