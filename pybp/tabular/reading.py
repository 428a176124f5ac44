"""Reads columns of tables: numbers, times and durations as arrays, categories as codes."""

import datetime
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.tabular.columns import cell_error, column_kind, column_of, is_missing, objects

__all__ = [
    "columns_of_frame",
    "microseconds",
    "read_categories",
    "read_durations",
    "read_number_matrix",
    "read_numbers",
    "read_times",
]


# ---- numbers ---------------------------------------------------------------------------------


def read_number_matrix(X: Any, indices: Array, names: Sequence[Any], first_row: int = 0) -> Array:
    """Several columns of numbers, as a matrix in float64, NaN where they are missing.

    Messages count rows from `first_row`.

    Raises
    ------
    ArgumentError
        A column holds something else, or infinity.
    """
    matrix = _whole_matrix(X, indices)
    if matrix is None or np.isinf(matrix).any():
        columns = zip(indices.tolist(), names, strict=True)
        matrix = np.column_stack([read_numbers(X, i, name, first_row) for i, name in columns])
    return matrix


def columns_of_frame(X: Any, indices: Array) -> tuple[Any, Array]:
    """A table with these columns, and their indices in it; no values are copied."""
    if not hasattr(X, "get_column_index") or len(indices) == X.shape[1]:  # only polars has it
        return X, indices
    return X.select([X.columns[i] for i in indices.tolist()]), np.arange(len(indices))


def _whole_matrix(X: Any, indices: Array) -> Array | None:
    """The columns read at once, or None if that can't be, or would convert what are no numbers."""
    all_columns = len(indices) == X.shape[1]
    if hasattr(X, "to_series"):
        dtypes = getattr(X, "dtypes", [])  # a Table has none
        if all_columns and dtypes and all(d.is_float() or d.is_integer() for d in set(dtypes)):
            return np.asarray(X.to_numpy(), np.float64)
        return None
    if isinstance(X, np.ndarray):
        part = X if all_columns else X[:, indices]
        return part.astype(np.float64) if X.dtype.kind in "iufb" else None
    dtypes = {id(dtype): dtype for dtype in X.dtypes.to_numpy()[indices]}
    if any(dtype.kind not in "iufb" for dtype in dtypes.values()):
        return None
    part = X if all_columns else X.iloc[:, indices]
    matrix: Array = part.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    return matrix


def read_numbers(X: Any, index: int, name: Any, first_row: int = 0) -> Array:
    """A column of numbers in float64, NaN where they are missing.

    Raises
    ------
    ArgumentError
        It holds something else, or infinity.
    """
    try:
        values = _as_floats(X, index)
    except (TypeError, ValueError, OverflowError) as error:
        raise ArgumentError(
            f"column {name!r} of X should hold numbers, but doesn't: {error}; categorical_features "
            "says which columns hold categories"
        ) from error
    infinite = np.isinf(values)
    if infinite.any():
        raise ArgumentError(
            "Input X contains infinity or a value too large for float64: "
            f"column {name!r}, row {first_row + int(np.argmax(infinite))}"
        )
    return values


def _as_floats(X: Any, index: int) -> Array:
    column = column_of(X, index)
    if column_kind(X, index) not in "iufbOSUT":
        raise TypeError(f"its dtype is {column.dtype}")
    if isinstance(column, np.ndarray):
        return np.ascontiguousarray(column, dtype=np.float64)
    if hasattr(column, "iloc"):
        numbers: Array = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers
    if column.dtype.is_numeric():
        return np.asarray(column.cast(_polars().Float64).to_numpy())
    return np.array([np.nan if value is None else value for value in column.to_list()], np.float64)


def _polars() -> Any:
    return sys.modules["polars"]


# ---- times and durations ---------------------------------------------------------------------


def read_times(X: Any, index: int, name: Any) -> Array:
    """A column of dates or times as datetime64[us], NaT where they are missing.

    Times with a time zone are read as the clock shows them there, periods as their start.

    Raises
    ------
    ArgumentError
        It holds something else.
    """
    return _read_microseconds(X, index, name, "M", "dates or times")


def read_durations(X: Any, index: int, name: Any) -> Array:
    """A column of durations, or of times of day, as timedelta64[us]; NaT where they are missing.

    Raises
    ------
    ArgumentError
        It holds something else.
    """
    return _read_microseconds(X, index, name, "m", "durations or times of day")


def _read_microseconds(X: Any, index: int, name: Any, kind: str, what: str) -> Array:
    column = column_of(X, index)
    found = column_kind(X, index)
    try:
        if found == "O":
            return microseconds(objects(column).tolist(), kind)
        if found != kind:
            raise TypeError(f"its dtype is {column.dtype}")
        if isinstance(column, np.ndarray):
            return column.astype(f"{kind}8[us]")
        return (_of_pandas if hasattr(column, "iloc") else _of_polars)(column, kind)
    except (TypeError, ValueError, OverflowError) as error:
        raise ArgumentError(
            f"column {name!r} of X should hold {what}, but doesn't: {error}"
        ) from error


def _of_pandas(column: Any, kind: str) -> Array:
    if hasattr(column.dtype, "pyarrow_dtype"):  # which can't convert dates with missing ones
        return microseconds(objects(column).tolist(), kind)
    if getattr(column.dtype, "tz", None) is not None:
        column = column.dt.tz_localize(None)
    return np.asarray(column.to_numpy(dtype=f"{kind}8[us]"))


def _of_polars(column: Any, kind: str) -> Array:
    pl = _polars()
    if getattr(column.dtype, "time_zone", None) is not None:
        column = column.dt.replace_time_zone(None)
    return np.asarray(column.cast((pl.Datetime if kind == "M" else pl.Duration)("us")).to_numpy())


def microseconds(values: list[Any], kind: str) -> Array:
    """Objects as datetime64[us] (kind "M") or timedelta64[us] (kind "m"); NaT if they are missing.

    Raises
    ------
    TypeError
        A value is no date or time, or no duration or time of day.
    """
    convert = _clock if kind == "M" else _duration
    return np.array([None if is_missing(v) else convert(v) for v in values], f"{kind}8[us]")


def _clock(value: Any) -> Any:
    """A date or time without its time zone; the start of a pandas.Period."""
    if type(value).__name__ == "Period":
        return value.to_timestamp().to_datetime64()
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, datetime.date | np.datetime64):
        return value
    raise TypeError(f"it holds {value!r}")


def _duration(value: Any) -> Any:
    """A duration; of a time of day, that since midnight."""
    if isinstance(value, datetime.timedelta | np.timedelta64):
        return value
    if isinstance(value, datetime.time):
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return datetime.timedelta(seconds=seconds, microseconds=value.microsecond)
    raise TypeError(f"it holds {value!r}")


# ---- categories ------------------------------------------------------------------------------


def read_categories(X: Any, index: int, name: Any) -> tuple[Array, list[Any]]:
    """A column of categories as codes and the values that they stand for.

    Returns
    -------
    codes : ndarray of int, shape (n_samples,)
        The index of each sample's value, -1 where it is missing.
    values : list
        Different values, some of which may be missing ones or occur in no sample.

    Raises
    ------
    TypeError
        A cell can't be a category, such as a list.
    """
    column = column_of(X, index)
    try:
        if isinstance(column, np.ndarray):
            codes, values = _codes_of_array(column)
        elif hasattr(column, "iloc"):
            codes, values = _codes_of_pandas(column)
        else:
            codes, values = _codes_of_polars(column)
        return codes, [v.item() if isinstance(v, np.bool_ | np.number) else v for v in values]
    except TypeError:
        for row, value in enumerate(objects(column)):
            try:
                hash(value)
            except TypeError:  # lists, dicts, sets, arrays
                message = cell_error(value, f"column {name!r} of X", row)
                raise TypeError(message) from None
        raise


def _codes_of_array(column: Array) -> tuple[Array, list[Any]]:
    if column.dtype.kind == "O":
        found: dict[Any, int] = {}
        codes = (found.setdefault(value, len(found)) for value in column.tolist())
        return np.fromiter(codes, np.intp, len(column)), list(found)
    values, inverse = np.unique(column, return_inverse=True)
    return inverse, values.tolist()


def _codes_of_pandas(column: Any) -> tuple[Array, list[Any]]:
    if str(column.dtype) == "category":
        return column.array.codes, column.array.categories.tolist()
    codes, values = column.factorize()
    return codes, list(values)


def _codes_of_polars(column: Any) -> tuple[Array, list[Any]]:
    pl, name = _polars(), str(column.dtype)
    if name == "Boolean":
        return column.cast(pl.Int8).fill_null(-1).to_numpy(), [False, True]
    if not name.startswith(("String", "Categorical", "Enum")):
        return _codes_of_array(objects(column))
    values = column.drop_nulls().unique().cast(pl.String)
    codes = column.cast(pl.Enum(values)).to_physical().cast(pl.Int64).fill_null(-1)
    return codes.to_numpy(), values.to_list()
