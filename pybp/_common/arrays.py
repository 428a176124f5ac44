"""Check arrays and convert them to a layout that the core reads.

Each error message has the name of the argument, the given value and the expected one.
"""

import decimal
import math
import numbers
import sys
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from pybp import _core
from pybp._common.arguments import shown
from pybp._common.types import Array, DType
from pybp.errors import NotFiniteError, ShapeError

if TYPE_CHECKING:
    from pybp._core import _Csr as Csr

__all__ = [
    "as_matrix",
    "as_numbers",
    "check_finite",
    "core_layout",
    "finite_matrix",
    "is_sparse",
    "plain",
    "refuse_masked",
]


class Entries(Protocol):
    """A dense or sparse matrix whose entries can be read by index."""

    def __getitem__(self, index: tuple[int, int], /) -> Any: ...


def is_sparse(values: object) -> bool:
    """Whether `value` is a scipy sparse matrix or array; does not import scipy."""
    scipy = sys.modules.get("scipy.sparse")
    return scipy is not None and bool(scipy.issparse(values))


def refuse_masked(values: object, name: str) -> None:
    """Raise if some entries of an array are masked: the mask would be lost."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise TypeError(
            f"{name} is a masked array; leave out what is masked, or give {name}.filled(...)"
        )


def as_numbers(values: object, name: str, *, hint: str = "") -> Array:
    """`values` as an array of booleans, integers or floats; an array is not copied.

    `hint` is appended to the message about values that are not numbers.
    """
    if is_sparse(values):
        raise TypeError(f"{name} is sparse; expected a dense array")
    refuse_masked(values, name)
    try:
        array = np.asarray(values)
    except ValueError:
        raise ShapeError(f"{name} has rows of different lengths; expected a full table") from None
    if array.dtype.kind == "O":
        array = _from_objects(_from_frame(values, array), values, name, hint)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {array.dtype}; expected numbers{hint}")
    return array


def _from_frame(values: Any, array: Array) -> Array:
    """A data frame or series that NumPy reads as objects, as float64 if all columns are numeric.

    Missing values become NaN.
    """
    columns = getattr(values, "dtypes", ())
    columns = list(columns) if np.iterable(columns) else [columns]
    if columns and all(getattr(column, "kind", "O") in "biuf" for column in columns):
        array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return array


def _from_objects(array: Array, values: object, name: str, hint: str) -> Array:
    """An array of Python numbers as float64; None becomes NaN."""
    if array.dtype.kind != "O":
        return array
    if array.ndim == 0:
        raise TypeError(f"{name} is {shown(values)}; expected an array of numbers{hint}")
    floats = np.empty(array.shape)
    for index, value in np.ndenumerate(array):
        if not isinstance(value, numbers.Real | decimal.Decimal | np.bool_ | None):
            where = _position(index, getattr(values, "columns", None))
            raise TypeError(f"{name} holds {shown(value)}{where}; expected numbers{hint}")
        try:
            floats[index] = math.nan if value is None else float(value)
        except OverflowError:
            floats[index] = math.inf
    return floats


def _position(index: tuple[int, ...], columns: Any) -> str:
    """The position of a cell for a message: row, column, and the column's name if it has one."""
    row, *column = index
    if not column:
        return f" at row {row}"
    if len(column) > 1:
        return f" at {index}"
    named = f" ({columns[column[0]]!r})" if columns is not None else ""
    return f" at row {row}, column {column[0]}{named}"


def as_matrix(
    values: object,
    name: str,
    dtype: DType,
    n_columns: int,
    *,
    of: str = "inputs",
    hint: str = "",
) -> Array:
    """`values` as a finite matrix of shape (rows, n_columns) that the core can read.

    float32 and float64 arrays with contiguous rows are not copied, whatever `dtype` is; others are
    converted to `dtype`. A one-dimensional array is one row.
    """
    array = as_numbers(values, name, hint=hint)
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
    matrix = core_layout(table, dtype)
    columns = getattr(values, "columns", None) if array.ndim == 2 else None
    check_finite(matrix, table, name, dtype, columns=columns, hint=hint)
    return matrix


def finite_matrix(table: Array, name: str, dtype: DType) -> Array:
    """A matrix of numbers in a layout that the core reads.

    Raises NotFiniteError at the first NaN, infinity, or value too large for `dtype`.
    """
    matrix = core_layout(table, dtype)
    check_finite(matrix, table, name, dtype)
    return matrix


def check_finite(
    matrix: "Array | Csr",
    given: Entries,
    name: str,
    dtype: DType,
    *,
    columns: Any = None,
    hint: str = "",
) -> None:
    """Raise at NaN, infinity or values too large for `dtype`; `matrix` was converted from `given`.

    The message names the column if `columns` are the names of all; `hint` is appended if a value is missing.
    """
    index = _core.find_nonfinite(matrix, dtype)
    if index is not None:
        value = float(given[index])
        too_large = f", too large for {dtype.name}" if math.isfinite(value) else ""
        raise NotFiniteError(
            f"{name} holds {value!r}{_position(index, columns)}{too_large}; "
            f"expected finite numbers{hint if math.isnan(value) else ''}"
        )


def core_layout(matrix: Array, dtype: DType) -> Array:
    """`matrix` itself if the core can read its layout, else a copy converted to `dtype`."""
    rows_contiguous = matrix.shape[1] == 1 or matrix.strides[1] == matrix.itemsize
    if matrix.dtype in (np.float32, np.float64) and matrix.flags.aligned and rows_contiguous:
        return matrix
    return plain(matrix, dtype)


def plain(array: Array, dtype: npt.DTypeLike) -> Array:
    """`array` as `dtype`, contiguous and aligned; values that overflow become infinite."""
    with np.errstate(over="ignore"):
        return np.require(array, dtype, ["C_CONTIGUOUS", "ALIGNED"])
