"""Categories: their order, and their form in JSON."""

import datetime
import math
import numbers
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from pybp._common.arguments import shown
from pybp.errors import ArgumentError
from pybp.tabular.columns import cell_error, is_missing

__all__ = ["category_from_json", "category_to_json", "sorted_categories"]


_PLAIN = (
    *(str, bytes, bool, numbers.Number, np.generic),
    *(datetime.date, datetime.time, datetime.timedelta),
)
"""Values of these types may be mixed: their text orders them."""


def sorted_categories(
    values: Sequence[Any], where: str = "X", row_of: Callable[[int], int] = int
) -> list[Any]:
    """The different values, without missing ones, in an order that depends on the values only.

    Raises
    ------
    TypeError
        The values have no total order, as sets have none; the message names their place by `where`
        and the row, which `row_of` gives for the index of a value.
    """
    found = {value for value in values if not is_missing(value)}
    try:
        ordered = sorted(found)
        if all(one < next_one for one, next_one in pairwise(ordered)):
            return ordered
    except (TypeError, ValueError):  # of different types, or without an order
        pass
    for index, value in enumerate(values):
        if not is_missing(value) and not isinstance(value, _PLAIN):
            raise TypeError(cell_error(value, where, row_of(index)))
    return sorted(found, key=lambda value: (type(value).__name__, str(value)))


_TIMES: dict[str, Any] = {
    "datetime": datetime.datetime,
    "date": datetime.date,
    "time": datetime.time,
}


def category_to_json(value: Any, what: str) -> Any:
    """A string, number or bool as it is, a date or time as an object with its ISO 8601 text.

    Raises
    ------
    TypeError
        The value is something else; `what` names it in the message.
    """
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    for name, kind in _TIMES.items():
        if isinstance(value, kind):
            return {name: value.isoformat()}
    raise TypeError(f"{what} can't be described: {shown(value)} is no string, number, bool or date")


def category_from_json(value: Any) -> Any:
    """The value that `category_to_json` described."""
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, dict) and len(value) == 1:
        [(name, text)] = value.items()
        if name in _TIMES and isinstance(text, str):
            try:
                return _TIMES[name].fromisoformat(text)
            except ValueError:
                pass
    raise ArgumentError(f"a category is described by {shown(value)}")
