"""Parts of dates and times, as numbers."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pybp._common.types import Array

__all__ = ["PARTS", "time_part"]

_DAY = 86_400_000_000  # microseconds


def _year(times: Array) -> Array:
    return times.astype("M8[Y]").view(np.int64) + 1970


def _month(times: Array) -> Array:
    return times.astype("M8[M]").view(np.int64) % 12 + 1


def _day_of_year(times: Array) -> Array:
    days = times.astype("M8[D]")
    new_year = days.astype("M8[Y]").astype("M8[D]")
    return np.asarray(days.view(np.int64) - new_year.view(np.int64) + 1)


def _weekday(times: Array) -> Array:
    return (times.astype("M8[D]").view(np.int64) + 3) % 7  # 1970-01-01 was a Thursday


def _hour(times: Array) -> Array:
    return times.view(np.int64) % _DAY / 3.6e9


PARTS: Mapping[str, Callable[[Array], Array] | None] = {
    "year": _year,
    "month": _month,
    "day_of_year": _day_of_year,
    "weekday": _weekday,
    "hour": _hour,
    "days": None,
}
"""The parts of times: month and day of the year from 1, weekday from 0 for Monday, hours since
midnight with their fraction, days since the first time of `fit`, with their fraction."""


def time_part(times: Array, part: str, first: int) -> Array:
    """A part of times in float64, NaN where they are missing.

    Parameters
    ----------
    times : ndarray of datetime64[us]
        Dates and times.
    part : str
        A name of `PARTS`.
    first : int
        The time from which "days" counts, in microseconds since 1970.
    """
    function: Any = PARTS[part]
    if function is None:
        values = (times.view(np.int64) - first) / _DAY
    else:
        values = function(times).astype(np.float64)
    values[np.isnat(times)] = np.nan
    return np.asarray(values)
