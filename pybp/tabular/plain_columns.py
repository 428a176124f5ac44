"""The columns of a table as arrays, whatever library it is of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.tabular.columns import column_kinds, column_names, column_of, is_missing, objects
from pybp.tabular.reading import read_durations, read_numbers, read_times

__all__ = ["PlainColumn", "plain_columns"]

_DAY, _SECOND = 86_400_000_000, 1_000_000
"""Microseconds."""


@dataclass(frozen=True)
class PlainColumn:
    """A column of a table.

    Attributes
    ----------
    name : str
        Its name.
    values : ndarray, shape (n_samples,)
        Numbers in float64, times in datetime64, durations in timedelta64, or categories as objects.
        Missing ones are NaN, NaT, or any that `pybp.tabular.columns.is_missing` knows.
    """

    name: str
    values: Array

    @property
    def kind(self) -> str:
        """ "numbers", "times", "durations" or "categories"."""
        kinds = {"M": "times", "m": "durations", "O": "categories"}
        return kinds.get(self.values.dtype.kind, "numbers")

    @property
    def missing(self) -> Array:
        """(n_samples,) whether each value is missing."""
        if self.kind == "categories":
            return np.array([is_missing(value) for value in self.values], bool)
        return np.isnan(self.values) if self.kind == "numbers" else np.isnat(self.values)

    @property
    def numbers(self) -> Array:
        """(n_samples,) float64: numbers, days since 1970 or seconds; NaN where missing; not of categories."""
        if self.kind == "numbers":
            return self.values
        unit = _DAY if self.kind == "times" else _SECOND
        found = self.values.view(np.int64) / unit
        found[np.isnat(self.values)] = np.nan
        return np.asarray(found)

    def take(self, rows: Array) -> "PlainColumn":
        """These rows of the column."""
        return replace(self, values=self.values[rows])


def plain_columns(X: Any, kinds: Sequence[str] | None = None) -> list[PlainColumn]:
    """The columns of a table.

    Parameters
    ----------
    X : DataFrame or ndarray
        The table: see `pybp.tabular.columns.as_table`.
    kinds : sequence of str, optional
        What the columns hold, by default what `pybp.tabular.columns.column_kinds` finds.
    """
    names = column_names(X)
    found = column_kinds(X) if kinds is None else kinds
    return [
        PlainColumn(str(name), _values(X, index, name, kind))
        for index, (name, kind) in enumerate(zip(names, found, strict=True))
    ]


def _values(X: Any, index: int, name: Any, kind: str) -> Array:
    if kind == "numbers":
        return read_numbers(X, index, name)
    if kind == "times":
        return read_times(X, index, name)
    if kind == "durations":
        seconds = read_durations(X, index, name)
        micros = np.rint(np.where(np.isnan(seconds), 0, seconds) * _SECOND).astype(np.int64)
        durations: Array = micros.view("m8[us]")
        durations[np.isnan(seconds)] = np.timedelta64("NaT")
        return durations
    values: Array = objects(column_of(X, index))
    return values
