"""Tables: their columns' names, and which columns hold numbers, times, durations or categories."""

import datetime
import decimal
import numbers
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from pybp._common.arguments import shown
from pybp._common.arrays import is_sparse, refuse_masked
from pybp._common.types import Array
from pybp.errors import ArgumentError, ShapeError

__all__ = [
    "as_array",
    "as_table",
    "cell_error",
    "column_kind",
    "column_kinds",
    "column_names",
    "column_of",
    "is_frame",
    "is_missing",
    "n_rows",
    "objects",
    "row_cells",
    "rows_of",
    "unchecked_names",
]

_OF_DTYPE = {
    **dict.fromkeys("iuf", "numbers"),
    **dict.fromkeys("bSUTO", "categories"),  # T is NumPy's string of any length
    **dict.fromkeys("M", "times"),
    **dict.fromkeys("m", "durations"),
}
"""Kinds of columns by the kinds of NumPy's dtypes."""


def is_missing(value: Any) -> bool:
    """Whether a value is missing: None, NaN, NaT, pandas.NA."""
    if value is None or type(value).__name__ == "NAType":
        return True
    try:
        return bool(value != value)
    except (ValueError, ArithmeticError):  # an array, a signaling NaN
        return False


def is_frame(X: object) -> bool:
    """Whether X is a DataFrame of pandas or polars, or a `pybp.tabular.files.Table`."""
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


def n_rows(X: Any) -> int:
    """The number of rows of a table."""
    return int(X.shape[0])


def unchecked_names(X: Any) -> list[Any]:
    """The names of a DataFrame's columns, the indices of an array's, which may be repeated."""
    if isinstance(X, np.ndarray):
        return list(range(X.shape[1]))
    names: list[Any] = X.columns.tolist() if hasattr(X, "iloc") else X.columns
    return names


def column_names(X: Any) -> list[Any]:
    """The names of a DataFrame's columns, the indices of an array's.

    Raises
    ------
    ArgumentError
        Two columns have the same name.
    """
    names = unchecked_names(X)
    name, times = Counter(names).most_common(1)[0] if names else (None, 0)
    if times > 1:
        raise ArgumentError(f"X has {times} columns named {shown(name)}; names must differ")
    return names


def column_of(X: Any, index: int) -> Any:
    """A column of a table: a series of its library, or an array."""
    if isinstance(X, np.ndarray):
        return X[:, index]
    return X.iloc[:, index] if hasattr(X, "iloc") else X.to_series(index)


def rows_of(X: Any, first: int, end: int) -> Any:
    """Some consecutive rows of a table."""
    return X.iloc[first:end] if hasattr(X, "iloc") else X[first:end]


def row_cells(X: Any) -> Any:
    """The cells of a table's only row: an array, or a tuple of objects."""
    if isinstance(X, np.ndarray):
        return X[0]
    return X.iloc[0].to_numpy() if hasattr(X, "iloc") else X.row(0)


def objects(column: Any) -> Array:
    """A column as Python objects."""
    if isinstance(column, np.ndarray):
        return column.astype(object)
    if hasattr(column, "iloc"):
        return np.asarray(column.astype(object), dtype=object)
    values = np.empty(len(column), dtype=object)
    values[:] = column.to_list()
    return values


def cell_error(value: object, where: str, row: int) -> str:
    """The message about a value that is no category."""
    return (
        f"{where} holds {shown(value)} at row {row}: each cell of this argument must be a string, "
        "number, bool or date, or have a total order among the others"
    )


# ---- kinds of columns ------------------------------------------------------------------------


def column_kind(X: Any, index: int) -> str:
    """The kind of a column's dtype, as NumPy names it; "?" if NumPy has no such kind."""
    return _dtype_kind(column_of(X, index).dtype)


def _dtype_kind(dtype: Any) -> str:
    if hasattr(dtype, "kind"):
        kind: str = dtype.kind
        return kind
    if dtype.is_numeric():  # polars from here on
        return "f"
    if dtype.is_temporal():
        return "m" if str(dtype).startswith(("Duration", "Time")) else "M"
    return "?" if dtype.is_nested() else "b" if str(dtype) == "Boolean" else "O"


def column_kinds(X: Any, categorical_features: object = "from_dtype") -> list[str]:
    """What each column holds: "numbers", "times", "durations" or "categories".

    Parameters
    ----------
    X : DataFrame or ndarray
        The table.
    categorical_features : "from_dtype", None, or array-like of bool, int or str
        "from_dtype": from the dtypes and, for dtype object, from the values; None: no column holds
        categories; or a mask, indices or names of those that do.

    Raises
    ------
    ArgumentError
        A column holds none of these, or `categorical_features` is wrong.
    """
    names = column_names(X)
    if isinstance(categorical_features, str) and categorical_features == "from_dtype":
        _refuse_strings(X)
        return [_kind(X, i, names[i]) for i in range(len(names))]
    if categorical_features is None:
        chosen = np.zeros(len(names), bool)
    elif isinstance(categorical_features, str) or not isinstance(categorical_features, Iterable):
        raise ArgumentError(
            "categorical_features must be 'from_dtype', None, or a list of bool, int or str, got "
            f"{shown(categorical_features)}"
        )
    else:
        chosen = _listed_columns(
            list(categorical_features), names if is_frame(X) else [], len(names)
        )
    kinds = ["categories" if listed else _kind(X, i, names[i]) for i, listed in enumerate(chosen)]
    return [
        "numbers" if kind == "categories" and not listed else kind
        for kind, listed in zip(kinds, chosen, strict=True)
    ]


def _refuse_strings(X: Any) -> None:
    if isinstance(X, np.ndarray) and X.dtype.kind in "UST":
        raise ArgumentError(
            "X is an array of strings, which doesn't say which columns hold numbers: give a "
            "DataFrame, an array of dtype object, or categorical_features"
        )


def _kind(X: Any, index: int, name: Any) -> str:
    """What a column holds, by its dtype or, for objects, by its values."""
    column = column_of(X, index)
    dtype = column.dtype
    kind = _dtype_kind(dtype)
    if kind not in _OF_DTYPE:
        raise ArgumentError(
            f"column {name!r} of X should hold numbers, times, durations or categories, but its "
            f"dtype is {dtype}"
        )
    if kind == "b" and isinstance(X, np.ndarray):
        return "numbers"
    if str(dtype).startswith("period["):
        return "times"
    if kind == "O" and _says_nothing(dtype):
        return _kind_of_objects(objects(column))
    return _OF_DTYPE[kind]


def _says_nothing(dtype: Any) -> bool:
    """Whether the values of a column of objects may be anything."""
    if hasattr(dtype, "kind"):
        return getattr(dtype, "type", None) is not str and str(dtype) != "category"
    return str(dtype) == "Object"


_NUMBERS = (numbers.Real, decimal.Decimal)
_TIMES = (datetime.date, np.datetime64)  # datetime.datetime is a date, pandas.Timestamp a datetime
_DURATIONS = (datetime.timedelta, datetime.time, np.timedelta64)


def _kind_of_objects(values: Array) -> str:
    """What objects are, if all that are not missing are of one kind; bools are categories."""
    cells = values.tolist()
    types = {
        kind
        for kind in set(map(type, cells)) - {type(None)}
        if any(type(value) is kind and not is_missing(value) for value in cells)
    }
    if not types or bool in types or np.bool_ in types:
        return "categories"
    for name, kinds in (("numbers", _NUMBERS), ("times", _TIMES), ("durations", _DURATIONS)):
        if all(issubclass(kind, kinds) for kind in types):
            return name
    if {kind.__name__ for kind in types} == {"Period"}:  # of pandas
        return "times"
    return "categories"


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
