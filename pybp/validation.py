"""Arguments, checked and brought into the form that the core reads.

Everything that is wrong is said in one form: the argument's name, what came, what was expected.
"""

import math
import numbers
import operator
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pybp import _core
from pybp._types import Array, DType
from pybp.errors import ArgumentError, NotFiniteError, ShapeError

__all__ = [
    "as_matrix",
    "as_numbers",
    "check_finite",
    "count",
    "finite_matrix",
    "flag",
    "is_sparse",
    "plain",
    "real",
    "shown",
    "threads_count",
]


if TYPE_CHECKING:
    from pybp.sparse import Sparse


def shown(value: object) -> str:
    """A value as messages show it: its repr, shortened, and its type."""
    text = repr(value)
    if len(text) > 60:
        text = text[:57] + "..."
    return f"{text} ({type(value).__name__})"


def real(
    value: object,
    name: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    low_open: bool = False,
    high_open: bool = False,
) -> float:
    """`value` as a finite float within the bounds; an open bound is itself excluded."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be a number, got {shown(value)}")
    number = float(value)
    above = number > low if low_open else number >= low
    below = number < high if high_open else number <= high
    if not (math.isfinite(number) and above and below):
        raise ArgumentError(
            f"{name} must be {_interval(low, high, low_open, high_open)}, got {number!r}"
        )
    return number


def _interval(low: float, high: float, low_open: bool, high_open: bool) -> str:
    if math.isinf(low) and math.isinf(high):
        return "a finite number"
    if math.isinf(high):
        return f"a finite number {'>' if low_open else '>='} {low:g}"
    left = "(" if low_open or math.isinf(low) else "["
    right = ")" if high_open else "]"
    return f"a number in {left}{low:g}, {high:g}{right}"


def count(value: object, name: str, *, low: int = 1, high: int | None = None) -> int:
    """`value` as a whole number from `low` to `high`, or that memory could hold so many of."""
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be a whole number, got {shown(value)}")
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # the TypeError is the check
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {shown(value)}") from None
    if number < low:
        raise ArgumentError(f"{name} must be a whole number >= {low}, got {number}")
    if high is not None and number > high:
        raise ArgumentError(f"{name} must be a whole number <= {high}, got {number}")
    if high is None and number > sys.maxsize:
        raise MemoryError(f"{name} is {number}, more than memory can hold")
    return number


def flag(value: object, name: str) -> bool:
    """`value` as a bool."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def threads_count(threads: int | None) -> int:
    """The core's number for `threads`: 0 leaves the choice to it."""
    return 0 if threads is None else count(threads, "threads", high=2**31 - 1)


# ---- arrays ----------------------------------------------------------------------------------


def is_sparse(values: object) -> bool:
    """Whether it is one of scipy's sparse matrices or arrays; scipy is not imported to know it."""
    scipy = sys.modules.get("scipy.sparse")
    return scipy is not None and bool(scipy.issparse(values))


def as_numbers(values: object, name: str) -> Array:
    """`values` as an array of booleans, integers or floats, without a copy where there is one."""
    if is_sparse(values):
        raise TypeError(f"{name} is sparse; expected a dense array")
    try:
        array = np.asarray(values)
    except ValueError:
        raise ShapeError(f"{name} has rows of different lengths; expected a full table") from None
    if array.dtype.kind == "O":
        array = _from_frame(values, array)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {array.dtype}; expected numbers")
    return array


def _from_frame(values: Any, array: Array) -> Array:
    """A data frame whose columns are all numeric, though NumPy sees objects; NaN where missing."""
    columns = getattr(values, "dtypes", None)
    columns = [getattr(values, "dtype", None)] if columns is None else list(columns)
    if all(getattr(column, "kind", "O") in "biuf" for column in columns):
        array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return array


def as_matrix(
    values: object, name: str, dtype: DType, n_columns: int, *, of: str = "inputs"
) -> Array:
    """`values` as a finite (rows, n_columns) matrix that the core can read.

    float32 and float64 with contiguous rows are not copied, whatever `dtype`; the rest is
    converted to `dtype`. One dimension is one row.
    """
    array = as_numbers(values, name)
    if array.ndim not in (1, 2):
        raise ShapeError(f"{name} has {array.ndim} dimensions; expected 2, or 1 for one row")
    table = np.atleast_2d(array)
    if table.size == 0:
        raise ShapeError(f"{name} is empty: its shape is {array.shape}")
    if table.shape[1] != n_columns:
        one_row = "; one dimension is one row" if array.ndim == 1 else ""
        raise ShapeError(
            f"{name} has shape {array.shape}: {table.shape[1]} columns, but the net has "
            f"{n_columns} {of}{one_row}"
        )
    return finite_matrix(table, name, dtype)


def finite_matrix(table: Array, name: str, dtype: DType) -> Array:
    """A matrix of numbers as the core reads it.

    Raises NotFiniteError that names the first NaN, infinity, or value too large for `dtype`.
    """
    matrix = core_layout(table, dtype)
    check_finite(matrix, table, name, dtype)
    return matrix


def check_finite(
    matrix: "Array | Sparse", given: "Array | Sparse", name: str, dtype: DType
) -> None:
    """Refuse NaN, infinity, and values too large for `dtype`; `given` is what `matrix` was made of."""
    place = _core.find_nonfinite(matrix, dtype)
    if place is not None:
        value = float(given[place])
        too_large = f", too large for {dtype.name}" if math.isfinite(value) else ""
        raise NotFiniteError(
            f"{name} holds {value!r} at row {place[0]}, column {place[1]}{too_large}; "
            "expected finite numbers"
        )


def core_layout(matrix: Array, dtype: DType) -> Array:
    """A matrix as the core reads it: `matrix` itself if possible, else converted to `dtype`."""
    rows_contiguous = matrix.shape[1] == 1 or matrix.strides[1] == matrix.itemsize
    if matrix.dtype in (np.float32, np.float64) and matrix.flags.aligned and rows_contiguous:
        return matrix
    return plain(matrix, dtype)


def plain(array: Array, dtype: npt.DTypeLike) -> Array:
    """`array` as `dtype`, contiguous and aligned; what overflows becomes infinite."""
    with np.errstate(over="ignore"):
        return np.require(array, dtype, ["C_CONTIGUOUS", "ALIGNED"])
