"""A table in memory: named columns, for programs without pandas or polars."""

from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np

from pybp._common.types import Array
from pybp.errors import ArgumentError

__all__ = ["Table"]


class Table:
    """Named columns of equal length.

    `TabularPredictor` takes it as it takes a DataFrame.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (n_samples,)
        Numbers in float64 with NaN where missing; texts, dtype object with None where missing; or
        dates, datetime64 with NaT where missing.

    Attributes
    ----------
    columns : list of str
        The names.
    shape : tuple of int
        (n_samples, n_columns).
    """

    def __init__(self, columns: Mapping[str, Array]) -> None:
        self._arrays = dict(columns)
        self.columns = list(self._arrays)
        lengths = {len(array) for array in self._arrays.values()}
        if len(lengths) > 1:
            raise ArgumentError(f"columns must have the same length, got {sorted(lengths)}")
        self.shape = (lengths.pop() if lengths else 0, len(self.columns))

    def __len__(self) -> int:
        return self.shape[0]

    @overload
    def __getitem__(self, key: str) -> Array: ...
    @overload
    def __getitem__(self, key: slice) -> "Table": ...
    def __getitem__(self, key: str | slice) -> "Array | Table":
        """A column by its name, or a table of consecutive rows."""
        return self.take(key) if isinstance(key, slice) else self._arrays[key]

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    def to_series(self, index: int) -> Array:
        """The column of this index, as polars names it."""
        return self._arrays[self.columns[index]]

    def row(self, index: int) -> tuple[Any, ...]:
        """The cells of a row, as Python objects."""
        return tuple(array[index : index + 1].tolist()[0] for array in self._arrays.values())

    def take(self, rows: Array | slice) -> "Table":
        """These rows, by index, mask or slice."""
        return Table({name: array[rows] for name, array in self._arrays.items()})

    def select(self, names: Sequence[str]) -> "Table":
        """These columns, in this order."""
        return Table({name: self._arrays[name] for name in names})

    def without(self, *names: Any) -> "Table":
        """All columns but these."""
        return Table({name: a for name, a in self._arrays.items() if name not in names})

    def __repr__(self) -> str:
        return f"Table({self.shape[0]} rows, columns {self.columns[:20]})"


def joined(parts: Sequence[Array]) -> Array:
    """One column from its parts."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
