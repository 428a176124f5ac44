"""Categories as numbers: their indices, and one-hot codes."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.tabular.columns import is_missing

__all__ = ["category_codes", "one_hot", "sorted_categories"]


def sorted_categories(values: Iterable[Any]) -> list[Any]:
    """The different values, without those that are missing, in an order that depends on nothing else."""
    found = {value for value in values if not is_missing(value)}
    try:
        return sorted(found)
    except TypeError:  # of different types
        return sorted(found, key=lambda value: (type(value).__name__, str(value)))


def category_codes(values: Array, categories: Sequence[Any]) -> Array:
    """The index of each value among the categories; -1 for those that are missing or unknown."""
    indices = {category: index for index, category in enumerate(categories)}
    return np.array([-1 if is_missing(v) else indices.get(v, -1) for v in values], np.intp)


def one_hot(values: Array, categories: Sequence[Any]) -> Array:
    """A column for each category, 1 where the value is that category and 0 elsewhere.

    Two categories make one column, 1 for the first and -1 for the second; no category, a column of
    zeros. A missing or unknown value is 0 everywhere.
    """
    codes = category_codes(values, categories)
    table = np.zeros((len(values), max(len(categories), 1)))
    rows = np.flatnonzero(codes >= 0)
    table[rows, codes[rows]] = 1.0
    return table[:, :1] - table[:, 1:] if len(categories) == 2 else table
