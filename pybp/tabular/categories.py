"""Categories as numbers: their indices, and one-hot codes."""

import datetime
import numbers
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.tabular.columns import cell_error, is_missing

__all__ = ["category_codes", "one_hot", "sorted_categories"]


_PLAIN = (
    *(str, bytes, bool, numbers.Number, np.generic),
    *(datetime.date, datetime.time, datetime.timedelta),
)
"""Values of these types may be mixed: their text orders them."""


def sorted_categories(values: Iterable[Any], where: str = "X") -> list[Any]:
    """The different values, without missing ones, in an order that depends on the values only.

    Raises
    ------
    TypeError
        The values have no total order, as sets have none; `where` names their place in the message.
    """
    found = {value for value in values if not is_missing(value)}
    try:
        ordered = sorted(found)
        if all(one < next_one for one, next_one in pairwise(ordered)):
            return ordered
    except (TypeError, ValueError):  # of different types, or without an order
        pass
    for row, value in enumerate(values):
        if not is_missing(value) and not isinstance(value, _PLAIN):
            raise TypeError(cell_error(value, where, row))
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
