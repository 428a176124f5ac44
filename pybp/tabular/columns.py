"""Tables, column by column: which columns hold numbers, and which categories."""

import decimal
import numbers
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pybp._common.arguments import shown
from pybp._common.arrays import is_sparse, refuse_masked
from pybp._common.types import Array
from pybp.errors import ArgumentError, ShapeError

__all__ = [
    "Column",
    "as_array",
    "as_table",
    "categorical_columns",
    "cell_error",
    "column_kind",
    "column_names",
    "is_frame",
    "is_missing",
    "table_columns",
]

_NUMBERS, _CATEGORIES = "iuf", "bOSUT"  # kinds of NumPy's dtypes; T is its string of any length


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name : object
        Its name in a DataFrame, its index in an array.
    values : ndarray, shape (n_samples,)
        Numbers in float64, NaN where they are missing; or categories, objects of any type.
    categorical : bool
        Whether the values are categories.
    """

    name: Any
    values: Array
    categorical: bool

    def take(self, rows: Array) -> "Column":
        """These rows of the column."""
        return replace(self, values=self.values[rows])


def is_missing(value: Any) -> bool:
    """Whether a value is missing: None, NaN, NaT, pandas.NA."""
    if value is None or type(value).__name__ == "NAType":
        return True
    try:
        return bool(value != value)
    except (ValueError, ArithmeticError):  # an array, a signaling NaN
        return False


def is_frame(X: object) -> bool:
    """Whether X is a DataFrame of pandas or polars."""
    return hasattr(X, "columns") and (hasattr(X, "iloc") or hasattr(X, "to_series"))


def as_table(X: Any) -> Any:
    """X as a DataFrame or as an array with two dimensions, neither of them empty."""
    if is_sparse(X):
        raise TypeError("X is sparse; expected a DataFrame or a dense array")
    table = X if is_frame(X) else as_array(X)
    if len(table.shape) != 2 or 0 in table.shape:
        raise ShapeError(f"X has shape {table.shape}; expected at least one row and one column")
    return table


def as_array(X: Any) -> Array:
    """X as an array; of dtype object if it has both numbers and strings, so that numbers stay numbers."""
    refuse_masked(X, "X")
    array = np.asarray(X)
    if array.dtype.kind in "US" and not isinstance(X, np.ndarray):
        array = np.asarray(X, dtype=object)
    return array


def column_names(X: Any) -> list[Any]:
    """The names of a DataFrame's columns, the indices of an array's.

    Raises
    ------
    ArgumentError
        Two columns have the same name.
    """
    names = list(X.columns if is_frame(X) else range(X.shape[1]))
    name, times = Counter(names).most_common(1)[0] if names else (None, 0)
    if times > 1:
        raise ArgumentError(f"X has {times} columns named {shown(name)}; names must differ")
    return names


def categorical_columns(X: Any, categorical_features: object) -> Array:
    """Which columns hold categories, as an array of bool.

    Parameters
    ----------
    X : DataFrame or ndarray
        The table.
    categorical_features : "from_dtype", None, or array-like of bool, int or str
        "from_dtype": from the dtypes and, for dtype object, from the values; None: no column; or a
        mask, indices or names.
    """
    names = column_names(X)
    if isinstance(categorical_features, str) and categorical_features == "from_dtype":
        holds = _holds_categories if is_frame(X) else _array_holds_categories
        return np.array([holds(X, i) for i in range(len(names))], bool)
    if categorical_features is None:
        return np.zeros(len(names), bool)
    if isinstance(categorical_features, str) or not isinstance(categorical_features, Iterable):
        raise ArgumentError(
            "categorical_features must be 'from_dtype', None, or a list of bool, int or str, got "
            f"{shown(categorical_features)}"
        )
    return _listed_columns(list(categorical_features), names if is_frame(X) else [], len(names))


def _holds_categories(X: Any, index: int) -> bool:
    """Whether a column of a DataFrame holds categories."""
    series = _series(X, index)
    kind = _kind(series)
    objects = kind == "O" and str(series.dtype) != "category"
    return kind in _CATEGORIES and not (objects and _are_numbers(_objects(X, index)))


def _array_holds_categories(X: Array, index: int) -> bool:
    """Whether a column of an array holds categories."""
    if X.dtype.kind in "UST":
        raise ArgumentError(
            "X is an array of strings, which doesn't say which columns hold numbers: give a "
            "DataFrame, an array of dtype object, or categorical_features"
        )
    return X.dtype.kind == "O" and not _are_numbers(X[:, index])


def _are_numbers(values: Array) -> bool:
    """Whether these objects are numbers or missing; bools don't count as numbers."""
    found = False
    for value in values:
        if not is_missing(value):
            if isinstance(value, bool) or not isinstance(value, numbers.Real | decimal.Decimal):
                return False
            found = True
    return found


def _listed_columns(listed: list[Any], names: list[Any], n: int) -> Array:
    """The columns that a mask or a list of indices and names stands for, as an array of bool."""
    chosen = np.zeros(n, bool)
    if all(isinstance(item, bool | np.bool_) for item in listed):
        if listed and len(listed) != n:
            raise ArgumentError(
                f"categorical_features has {len(listed)} entries, but X has {n} columns"
            )
        chosen[:] = listed or False
        return chosen
    for item in listed:
        if isinstance(item, str) and item in names:
            chosen[names.index(item)] = True
        elif isinstance(item, int | np.integer) and -n <= item < n:
            chosen[item] = True
        else:
            raise ArgumentError(
                f"categorical_features names {shown(item)}, but X has "
                + (f"the columns {names[:20]}" if names else f"{n} columns without names")
            )
    return chosen


def table_columns(X: Any, categorical: Sequence[bool] | Array) -> list[Column]:
    """The columns of a table; `categorical` says which of them hold categories.

    Raises
    ------
    ArgumentError
        A column holds neither numbers nor categories, or holds infinity.
    """
    return [
        Column(name, (_categories if is_category else _numbers)(X, i, name), bool(is_category))
        for i, (name, is_category) in enumerate(zip(column_names(X), categorical, strict=True))
    ]


# ---- one column ------------------------------------------------------------------------------


def _series(X: Any, index: int) -> Any:
    return X.iloc[:, index] if hasattr(X, "iloc") else X.to_series(index)


def column_kind(X: Any, index: int) -> str:
    """The kind of a column's dtype, as NumPy names it; "?" if NumPy has no such kind."""
    return _kind(_series(X, index))


def _kind(series: Any) -> str:
    dtype = series.dtype
    if hasattr(dtype, "kind"):
        kind: str = dtype.kind
        return kind
    if dtype.is_numeric():  # polars from here on
        return "f"
    if dtype.is_temporal():
        return "M"
    return "?" if dtype.is_nested() else "O"


def _numbers(X: Any, index: int, name: Any) -> Array:
    try:
        values = _as_floats(X, index)
    except (TypeError, ValueError, OverflowError) as error:
        raise ArgumentError(
            f"column {name!r} of X should hold numbers, but doesn't: {error}; categorical_features "
            "says which columns hold categories"
        ) from error
    if np.isinf(values).any():
        row = int(np.argmax(np.isinf(values)))
        raise ArgumentError(
            "Input X contains infinity or a value too large for float64: "
            f"column {name!r}, row {row}"
        )
    return values


def _as_floats(X: Any, index: int) -> Array:
    column = _series(X, index) if is_frame(X) else X[:, index]
    if _kind(column) not in _NUMBERS + _CATEGORIES:
        raise TypeError(f"its dtype is {column.dtype}")
    if not is_frame(X):
        return np.ascontiguousarray(column, dtype=np.float64)
    series = column
    if hasattr(X, "iloc"):
        numbers: Array = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers
    return np.array([np.nan if value is None else value for value in series.to_list()], np.float64)


def _categories(X: Any, index: int, name: Any) -> Array:
    values = _objects(X, index) if is_frame(X) else np.asarray(X[:, index], dtype=object)
    for row, value in enumerate(values):
        try:
            hash(value)
        except TypeError:  # lists, dicts, sets, arrays
            raise TypeError(cell_error(value, f"column {name!r} of X", row)) from None
    return values


def cell_error(value: object, where: str, row: int) -> str:
    """The message about a value that is no category."""
    return (
        f"{where} holds {shown(value)} at row {row}: each cell of this argument must be a string, "
        "number, bool or date, or have a total order among the others"
    )


def _objects(X: Any, index: int) -> Array:
    """A column of a DataFrame as Python objects."""
    series = _series(X, index)
    if hasattr(X, "iloc"):
        return np.asarray(series.astype(object), dtype=object)
    values = np.empty(len(series), dtype=object)
    values[:] = series.to_list()
    return values
