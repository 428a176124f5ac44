"""Sparse inputs in CSR format. The core copies single rows from them; they are never densified as a whole."""

from typing import Any

import numpy as np

from pybp._common.arrays import as_matrix, check_finite, is_sparse, plain
from pybp._common.types import Array, DType
from pybp.errors import ArgumentError, ShapeError

__all__ = ["Inputs", "Sparse", "as_inputs", "column_of", "join_inputs", "take_inputs"]


class Sparse:
    """A matrix in CSR format.

    Row r has ``values[indptr[r]:indptr[r + 1]]`` in the columns ``indices[indptr[r]:indptr[r + 1]]``, and
    zeros elsewhere.
    """

    __slots__ = ("indices", "indptr", "n_columns", "values")

    def __init__(self, values: Array, indices: Array, indptr: Array, n_columns: int) -> None:
        self.values = values
        self.indices = indices
        self.indptr = indptr
        self.n_columns = n_columns

    @property
    def csr(self) -> tuple[Array, Array, Array, int]:
        """The arrays that the core reads."""
        return self.values, self.indices, self.indptr, self.n_columns

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self), self.n_columns

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def __getitem__(self, index: tuple[int, int]) -> float:
        """One element."""
        row, column = index
        entries = slice(self.indptr[row], self.indptr[row + 1])
        found = np.flatnonzero(self.indices[entries] == column)
        return float(self.values[entries][found[0]]) if found.size else 0.0

    def apart_from(self, array: Array) -> "Sparse":
        """The same matrix, which shares no memory with `array`."""
        values, indices, indptr = (
            part.copy() if np.may_share_memory(part, array) else part for part in self.csr[:3]
        )
        return Sparse(values, indices, indptr, self.n_columns)

    def column(self, number: int) -> Array:
        """One column as a dense array."""
        dense = np.zeros(len(self), self.values.dtype)
        begin, end = self.indptr[0], self.indptr[-1]
        found = np.flatnonzero(self.indices[begin:end] == number) + begin
        dense[np.searchsorted(self.indptr, found, side="right") - 1] = self.values[found]
        return dense

    def take(self, rows: Array | slice) -> "Sparse":
        """These rows; a slice is a view."""
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(len(self))
            return Sparse(self.values, self.indices, self.indptr[start : stop + 1], self.n_columns)
        lengths = np.diff(self.indptr)[rows]
        indptr = np.zeros(len(rows) + 1, self.indptr.dtype)
        np.cumsum(lengths, out=indptr[1:])
        places = np.repeat(self.indptr[rows] - indptr[:-1], lengths) + np.arange(indptr[-1])
        return Sparse(self.values[places], self.indices[places], indptr, self.n_columns)

    def toarray(self) -> Array:
        """The dense matrix."""
        dense = np.zeros(self.shape, self.values.dtype)
        begin, end = self.indptr[0], self.indptr[-1]
        rows = np.repeat(np.arange(len(self)), np.diff(self.indptr))
        dense[rows, self.indices[begin:end]] = self.values[begin:end]
        return dense


Inputs = Array | Sparse
"""Checked samples, dense or sparse."""


def as_inputs(X: object, name: str, dtype: DType, n_in: int) -> Inputs:
    """Samples in a layout that the core reads: a finite matrix with n_in columns, dense or sparse.

    float32 and float64 are not copied; nor is a sparse matrix in canonical CSR format, in which columns
    ascend within a row and occur only once.
    """
    if is_sparse(X):
        return _from_scipy(X, name, dtype, n_in)
    return as_matrix(X, name, dtype, n_in, hint=_TABLES)


_TABLES = (
    "; pybp.sklearn.TabularMLPClassifier and TabularMLPRegressor take tables with text, categories and "
    "missing values"
)


def _from_scipy(X: Any, name: str, dtype: DType, n_in: int) -> Sparse:
    if X.ndim > 2:
        raise ShapeError(f"{name} has {X.ndim} dimensions; expected 2, or 1 for one row")
    if X.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {X.dtype}; expected numbers")
    table = X.reshape((1, -1)) if X.ndim == 1 else X
    if 0 in table.shape:
        raise ShapeError(f"{name} is empty: its shape is {X.shape}")
    if table.shape[1] != n_in:
        raise ShapeError(
            f"{name} has shape {X.shape}: {table.shape[1]} columns, but the net has {n_in} inputs"
        )
    table = _canonical_csr(table, name)
    values = table.data
    if values.dtype not in (np.float32, np.float64):
        values = plain(values, dtype)
    index = np.int64 if table.indices.dtype.itemsize == 8 else np.int32
    matrix = Sparse(
        plain(values, values.dtype),
        plain(table.indices, index),
        plain(table.indptr, index),
        n_in,
    )
    given = Sparse(table.data, matrix.indices, matrix.indptr, n_in)
    try:
        check_finite(matrix, given, name, dtype)
    except (
        ArgumentError
    ) as error:  # the flag says canonical format, but the indices are not in order
        raise ArgumentError(f"{name} is not a valid sparse matrix: {error}") from None
    return matrix


def _canonical_csr(table: Any, name: str) -> Any:
    """The matrix in canonical CSR format; the same object if it is in that format."""
    try:
        _check_format(table)
        table = table.tocsr()
        if not table.has_canonical_format:
            table = table.copy()  # sum_duplicates() works in place
            table.sum_duplicates()
    except (ValueError, IndexError) as error:
        raise ArgumentError(f"{name} is not a valid sparse matrix: {error}") from None
    return table


def _check_format(table: Any) -> None:
    """Raise for indices out of range: scipy's methods would read outside the arrays."""
    rows, columns = table.shape
    if table.format == "csr":
        _check_indptr(table, rows)  # the core checks its indices
    elif table.format == "csc":
        _check_indptr(table, columns)
        _check_indices(table.indices, rows)
    elif table.format == "bsr":
        _check_indptr(table, rows // table.blocksize[0])
        _check_indices(table.indices, columns // table.blocksize[1])
    elif table.format == "coo":
        _check_indices(table.row, rows)
        _check_indices(table.col, columns)


def _check_indptr(table: Any, n: int) -> None:
    indptr, n_values = table.indptr, len(table.data)
    if len(indptr) != n + 1:
        raise ValueError(f"indptr has {len(indptr)} elements, expected {n + 1}")
    if len(table.indices) != n_values:
        raise ValueError(f"indices has {len(table.indices)} elements, data {n_values}")
    if indptr[0] < 0 or indptr[-1] > n_values or (np.diff(indptr) < 0).any():
        raise ValueError(f"indptr doesn't ascend within 0 ... {n_values}")


def _check_indices(indices: Array, n: int) -> None:
    if indices.size and not 0 <= indices.min() <= indices.max() < n:
        raise ValueError(f"an index is not in 0 ... {n - 1}")


def column_of(X: Inputs, number: int) -> Array:
    """One column as a dense array."""
    return X.column(number) if isinstance(X, Sparse) else X[:, number]


def take_inputs(X: Inputs, rows: Array | slice) -> Inputs:
    """These rows."""
    return X.take(rows) if isinstance(X, Sparse) else X[rows]


def join_inputs(parts: list[Inputs]) -> Inputs:
    """Concatenate the rows of all parts."""
    sparse = [part for part in parts if isinstance(part, Sparse)]
    dense = [part for part in parts if not isinstance(part, Sparse)]
    if not sparse:
        return np.concatenate(dense)
    if dense:
        raise TypeError("X of an update's batches must be all sparse or all dense")
    trimmed = [part.take(np.arange(len(part))) for part in sparse]
    starts = np.cumsum([0, *(part.indptr[-1] for part in trimmed)])
    indptr = [part.indptr[1:] + start for part, start in zip(trimmed, starts[:-1], strict=True)]
    return Sparse(
        np.concatenate([part.values for part in trimmed]),
        np.concatenate([part.indices for part in trimmed]).astype(np.int64),
        np.concatenate([np.zeros(1, np.int64), *indptr]).astype(np.int64),
        parts[0].shape[1],
    )
