"""Tables, column by column: which hold numbers, and which categories."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.arguments import shown
from pybp._common.types import Array
from pybp.errors import ArgumentError

__all__ = ["Column", "column_names", "is_frame", "is_missing", "roles_of", "table_columns"]

_NUMBERS, _CATEGORIES = "iuf", "bOSUT"  # kinds of NumPy's dtypes; T is its string of any length


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name : str
        As messages call it.
    values : ndarray, shape (n_samples,)
        Numbers in float64, NaN where they are missing; of categories, objects of any kind.
    categorical : bool
        Whether they are categories.
    """

    name: str
    values: Array
    categorical: bool

    def take(self, rows: Array) -> "Column":
        """These rows of it."""
        return Column(self.name, self.values[rows], self.categorical)


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, NaT, pandas.NA."""
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def is_frame(X: object) -> bool:
    """Whether it is a DataFrame of pandas or polars."""
    return hasattr(X, "columns") and (hasattr(X, "iloc") or hasattr(X, "to_series"))


def column_names(X: Any) -> list[str]:
    """What messages call the columns."""
    if is_frame(X):
        return [f"column {name!r}" for name in X.columns]
    return [f"column {place}" for place in range(X.shape[1])]


def roles_of(X: Any, categorical_features: object) -> Array:
    """Which columns hold categories, as an array of bool.

    Parameters
    ----------
    X : DataFrame or ndarray
        The table.
    categorical_features : "from_dtype", None, or array-like of bool, int or str
        As in the estimators.
    """
    n = len(X.columns) if is_frame(X) else X.shape[1]
    if isinstance(categorical_features, str) and categorical_features == "from_dtype":
        if not is_frame(X):
            return np.zeros(n, bool)
        return np.array([_kind(_series(X, place)) in _CATEGORIES for place in range(n)], bool)
    if categorical_features is None:
        return np.zeros(n, bool)
    if isinstance(categorical_features, str) or not isinstance(categorical_features, Iterable):
        raise ArgumentError(
            "categorical_features must be 'from_dtype', None, or a list of bool, int or str, got "
            f"{shown(categorical_features)}"
        )
    return _chosen(X, n, list(categorical_features))


def _chosen(X: Any, n: int, given: list[Any]) -> Array:
    """`roles_of` for a list."""
    roles = np.zeros(n, bool)
    if all(isinstance(item, bool | np.bool_) for item in given):
        if given and len(given) != n:
            raise ArgumentError(
                f"categorical_features has {len(given)} entries, but X has {n} columns"
            )
        roles[:] = given if given else False
        return roles
    names = list(X.columns) if is_frame(X) else []
    for item in given:
        if isinstance(item, str) and item in names:
            roles[names.index(item)] = True
        elif isinstance(item, int | np.integer) and -n <= item < n:
            roles[item] = True
        else:
            raise ArgumentError(
                f"categorical_features names {shown(item)}, but X has "
                + (f"the columns {names[:20]}" if names else f"{n} columns without names")
            )
    return roles


def table_columns(X: Any, roles: Sequence[bool] | Array) -> list[Column]:
    """The columns of a table, in the form that `Column` says.

    Raises
    ------
    ArgumentError
        A column holds neither numbers nor categories, or infinity.
    """
    names = column_names(X)
    return [
        Column(name, (_categories if role else _numbers)(X, place, name), bool(role))
        for place, (name, role) in enumerate(zip(names, roles, strict=True))
    ]


# ---- one column ------------------------------------------------------------------------------


def _series(X: Any, place: int) -> Any:
    return X.iloc[:, place] if hasattr(X, "iloc") else X.to_series(place)


def _kind(series: Any) -> str:
    """The kind of a column's dtype, as NumPy has it; "?" for what is no number or category."""
    dtype = series.dtype
    if hasattr(dtype, "kind"):
        kind: str = dtype.kind
        return kind
    if dtype.is_numeric():  # polars from here on
        return "f"
    return "?" if dtype.is_temporal() or dtype.is_nested() else "O"


def _numbers(X: Any, place: int, name: str) -> Array:
    try:
        values = _as_floats(X, place)
    except (TypeError, ValueError) as error:
        raise ArgumentError(
            f"{name} of X should hold numbers, but doesn't: {error}; categorical_features says which "
            "columns hold categories"
        ) from error
    if np.isinf(values).any():
        row = int(np.argmax(np.isinf(values)))
        raise ArgumentError(
            f"Input X contains infinity or a value too large for float64: {name}, row {row}"
        )
    return values


def _as_floats(X: Any, place: int) -> Array:
    if not is_frame(X):
        return np.ascontiguousarray(X[:, place], dtype=np.float64)
    series = _series(X, place)
    kind = _kind(series)
    if kind not in _NUMBERS and kind not in _CATEGORIES:
        raise TypeError(f"its dtype is {series.dtype}")
    if hasattr(X, "iloc"):
        numbers: Array = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers
    return np.array([np.nan if value is None else value for value in series.to_list()], np.float64)


def _categories(X: Any, place: int, name: str) -> Array:
    if not is_frame(X):
        return np.asarray(X[:, place], dtype=object)
    series = _series(X, place)
    if hasattr(X, "iloc"):
        values: Array = np.asarray(series.astype(object), dtype=object)
        return values
    values = np.empty(len(series), dtype=object)
    values[:] = series.to_list()
    return values
