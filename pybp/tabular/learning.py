"""Learns from a column how to encode it."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.tabular.categories import sorted_categories
from pybp.tabular.columns import is_missing
from pybp.tabular.encodings import (
    Categories,
    Durations,
    Encoded,
    Encoding,
    LeftOut,
    Measured,
    Numbers,
    Times,
)
from pybp.tabular.reading import read_categories
from pybp.tabular.times import PARTS, time_part

__all__ = ["learned_encoding"]

_ONE_HOT = 8
"""So many categories at most have one-hot codes."""

_RARE = 4
"""A category in fewer rows is rare, if there are more than `_ONE_HOT`."""

_IDS, _DIFFERENT = 50, 0.9
"""A column with more categories than these, and than this fraction of its rows, holds ids or text."""


def learned_encoding(
    X: Any, index: int, name: Any, kind: str, times: Array | None
) -> tuple[Encoding, Encoded | None]:
    """Learn how to encode a column, and encode it, unless it is left out.

    Parameters
    ----------
    X : DataFrame or ndarray
        The table.
    index, name, kind
        The column's index and name, and what it holds: see `column_kinds`.
    times : ndarray, shape (n_samples,), optional
        How often each row counts; those with 0 are ignored.
    """
    if kind == "categories":
        values, different = read_categories(X, index, name)
        found = _categories(values, different, name, times)
        return found, found.encoded(values, different) if isinstance(found, Categories) else None
    learn, make = _LEARN[kind]
    column = make(name).read(X, index)
    encoding = learn(column if times is None else column[times > 0], make, name)
    return encoding, encoding.encoded(column) if isinstance(encoding, Measured) else None


def _number_encoding(column: Array, make: type[Measured], name: Any) -> Encoding:
    missing = np.isnan(column)
    if missing.all():
        return LeftOut(name, "missing")
    if missing.any():
        return make(name, missing_indicator=True)
    return LeftOut(name, "constant") if (column == column[0]).all() else make(name)


def _time_encoding(times: Array, make: type[Measured], name: Any) -> Encoding:
    missing = np.isnat(times)
    present = times[~missing]
    if present.size == 0:
        return LeftOut(name, "missing")
    first = int(present.min().view(np.int64))
    parts = tuple(part for part in PARTS if np.ptp(time_part(present, part, first)) > 0)
    if not parts and not missing.any():
        return LeftOut(name, "constant")
    return Times(name, bool(missing.any()), parts or ("days",), first)


_LEARN: dict[str, tuple[Callable[[Array, type[Measured], Any], Encoding], type[Measured]]] = {
    "numbers": (_number_encoding, Numbers),
    "durations": (_number_encoding, Durations),
    "times": (_time_encoding, Times),
}


def _categories(values: Array, different: list[Any], name: Any, times: Array | None) -> Encoding:
    """The encoding of a column that `read_categories` gave as these values."""
    absent = np.array([is_missing(value) for value in [*different, None]])
    n = len(different)
    counts = np.bincount(np.where(absent, n, np.arange(n + 1))[values], times, n + 1)
    n_missing, seen = counts[n], np.flatnonzero(counts[:n])
    found = dict(zip([different[i] for i in seen], counts[seen].tolist(), strict=True))
    if not found:
        return LeftOut(name, "missing")
    if len(found) == 1 and not n_missing:
        return LeftOut(name, "constant")
    categories = sorted_categories(
        list(found), f"column {name!r} of X", lambda k: int(np.argmax(values == seen[k]))
    )
    ids = len(found) > max(_IDS, _DIFFERENT * sum(found.values()))
    rare = _RARE if len(found) > _ONE_HOT else 0
    kept = tuple(category for category in categories if found[category] >= rare and not ids)
    if not kept and not n_missing:
        return LeftOut(name, "ids")
    return _coded(name, kept, len(kept) < len(found), bool(n_missing))


def _coded(name: Any, kept: tuple[Any, ...], others: bool, missing: bool) -> Categories:
    """The encoding of categories; `others`, `missing`: whether `fit` saw rare and missing ones.

    Each index occurs in `fit`, because another one would be an untrained vector: if `fit` saw no rare
    categories, unknown ones count as missing, or as the first category if none was missing either.
    """
    n = len(kept) + others
    if n <= _ONE_HOT:
        return Categories(name, kept, other=len(kept) if others else -1)
    absent = n if missing else len(kept) if others else 0
    return Categories(name, kept, False, len(kept) if others else absent, absent)
