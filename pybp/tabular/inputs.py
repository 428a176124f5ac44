"""Writes the inputs of a net: where each column's numbers, codes and index go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.types import Array, DTypeName
from pybp.tabular.columns import n_rows, row_cells, rows_of
from pybp.tabular.encodings import Categories, Encoding, LeftOut, Numbers
from pybp.tabular.reading import columns_of_frame, read_number_matrix
from pybp.tabular.scaling import RobustScaling

__all__ = ["InputLayout", "InputWriter"]

_CELLS = 2**16
"""Numbers that are scaled at a time: they stay in the cache, and need little memory."""

_ROWS = 64
"""At least so many rows are read at a time, as frames take long to cut."""


@dataclass(frozen=True)
class InputLayout:
    """Which inputs of the net hold what: first numbers, then codes, then category indices.

    Attributes
    ----------
    n_numbers : int
        Scaled numbers.
    n_codes : int
        Scaled one-hot inputs, and inputs that say whether a value is missing.
    n_categories : tuple of int
        For each further input the number of categories: it holds indices 0, 1, ... below that.
    """

    n_numbers: int
    n_codes: int
    n_categories: tuple[int, ...] = ()

    @classmethod
    def of(cls, encodings: Sequence[Encoding]) -> "InputLayout":
        """The layout of the inputs that these encodings make."""
        numbers = sum(len(encoding.number_names) for encoding in encodings)
        codes = sum(len(encoding.code_names) for encoding in encodings)
        indices = [encoding.n_indices for encoding in encodings if encoding.n_indices]
        if not (numbers or codes or indices):
            return cls(0, 1)  # a net has at least one input: it is always 0
        return cls(numbers, codes, tuple(indices))

    @property
    def n_inputs(self) -> int:
        """All inputs."""
        return self.n_numbers + self.n_codes + len(self.n_categories)

    def embeddings(self, dim: int) -> dict[int, tuple[int, int]]:
        """The argument of `pybp.Embedding` for vectors of length `dim`; empty without indices."""
        first = self.n_numbers + self.n_codes
        return {first + i: (n, dim) for i, n in enumerate(self.n_categories)}


@dataclass(frozen=True)
class _Place:
    """Where the inputs of a column are.

    Attributes
    ----------
    column : int
        The column's index.
    encoding : Encoding
        Its encoding.
    numbers, codes : slice
        Its inputs that are numbers, and those that are codes.
    index : int, optional
        Its input that is a category index.
    table : ndarray, shape (n, n_codes)
        The scaled codes: rows as in the encoding's `code_table`.
    """

    column: int
    encoding: Encoding
    numbers: slice
    codes: slice
    index: int | None
    table: Array


class InputWriter:
    """Writes the inputs for tables.

    Parameters
    ----------
    encodings : sequence of Encoding
        One for each column.
    scaling : RobustScaling
        Medians and spreads of numbers, then of codes.
    """

    def __init__(self, encodings: Sequence[Encoding], scaling: RobustScaling) -> None:
        self.layout = InputLayout.of(encodings)
        self._numbers = scaling.part(slice(self.layout.n_numbers))
        places = _places(encodings, scaling, self.layout)
        plain = [place for place in places if isinstance(place.encoding, Numbers)]
        self._others = [place for place in places if not isinstance(place.encoding, Numbers)]
        self._sources = np.array([place.column for place in plain], np.intp)
        self._names = [place.encoding.name for place in plain]
        slots = np.array([place.numbers.start for place in plain], np.intp)
        together = len(slots) == self.layout.n_numbers  # then they are 0, 1, ...
        self._slots: Any = slice(len(slots)) if together else slots
        self._plain = self._numbers.part(self._slots)
        flagged = [k for k, place in enumerate(plain) if place.encoding.code_names]
        self._flagged = np.array(flagged, np.intp)
        self._flag_slots = np.array([plain[k].codes.start for k in flagged], np.intp)
        self._flags = np.array([plain[k].table[:, 0] for k in flagged]).reshape(-1, 2)
        self._rows = [[tuple(row) for row in place.table.tolist()] for place in self._others]

    def write(self, X: Any, dtype: DTypeName) -> Array:
        """The inputs for a table."""
        if n_rows(X) == 1:
            row = self._row(X)
            if row is not None:
                return row.astype(dtype)[np.newaxis]
        inputs = np.zeros((n_rows(X), self.layout.n_inputs), dtype)
        if len(self._sources):
            table, sources = columns_of_frame(X, self._sources)
            step = max(_ROWS, _CELLS // len(sources))
            for first in range(0, len(inputs), step):
                rows = rows_of(table, first, first + step) if step < len(inputs) else table
                matrix = read_number_matrix(rows, sources, self._names, first)
                self._write_numbers(matrix, inputs[first : first + step])
        for place in self._others:
            encoded = place.encoding.encode(X, place.column)
            for slot, number in enumerate(encoded.numbers, place.numbers.start):
                scaling = self._numbers.part(slice(slot, slot + 1))
                inputs[:, slot] = scaling.transform(number[:, np.newaxis])[:, 0]
            if place.encoding.code_names:
                table = place.table[encoded.codes].astype(dtype)
                inputs[:, place.codes] = table[encoded.values]
            elif place.index is not None:
                inputs[:, place.index] = encoded.codes.astype(dtype)[encoded.values]
        return inputs

    def _write_numbers(self, matrix: Array, inputs: Array) -> None:
        """Write columns of numbers and whether they are missing."""
        missing = np.isnan(matrix[:, self._flagged])
        inputs[:, self._flag_slots] = np.where(missing, self._flags[:, 1], self._flags[:, 0])
        inputs[:, self._slots] = self._plain.transform(matrix)

    def _row(self, X: Any) -> Array | None:
        """The inputs of a table with one row, or None if its cells must be looked at closely."""
        inputs = np.zeros(self.layout.n_inputs)
        cells: Any = row_cells(X)
        try:
            numbers = _numbers_of(cells, self._sources)
            if numbers is None or np.isinf(numbers).any():
                return None
            self._write_numbers(numbers[np.newaxis], inputs[np.newaxis])
            if self._others:
                self._write_others(cells if isinstance(cells, tuple) else cells.tolist(), inputs)
        except (TypeError, ValueError, OverflowError):
            return None
        return inputs

    def _write_others(self, cells: Sequence[Any], inputs: Array) -> None:
        codes = inputs[self.layout.n_numbers :].tolist()
        skipped = self.layout.n_numbers
        for place, rows in zip(self._others, self._rows, strict=True):
            encoding = place.encoding
            if isinstance(encoding, Categories):
                code = encoding.code_of(cells[place.column])
                if place.index is not None:
                    codes[place.index - skipped] = code
                    continue
            else:
                numbers, code = encoding.encode_cell(cells[place.column])
                inputs[place.numbers] = self._numbers.part(place.numbers).transform(numbers)
            codes[place.codes.start - skipped : place.codes.stop - skipped] = rows[code]
        inputs[skipped:] = codes


def _places(
    encodings: Sequence[Encoding], scaling: RobustScaling, layout: InputLayout
) -> list[_Place]:
    """The places of the columns that are not left out."""
    number, code = 0, layout.n_numbers
    index = code + layout.n_codes
    places = []
    for column, encoding in enumerate(encodings):
        if isinstance(encoding, LeftOut):
            continue
        numbers = slice(number, number + len(encoding.number_names))
        codes = slice(code, code + len(encoding.code_names))
        table = scaling.part(codes).transform(encoding.code_table)
        places.append(
            _Place(column, encoding, numbers, codes, index if encoding.n_indices else None, table)
        )
        number, code, index = numbers.stop, codes.stop, index + bool(encoding.n_indices)
    return places


def _numbers_of(cells: Any, sources: Array) -> Array | None:
    """Numbers among the cells of a row in float64, or None if they aren't all numbers."""
    if isinstance(cells, np.ndarray) and cells.dtype != object:
        return cells[sources].astype(np.float64) if cells.dtype.kind in "iufb" else None
    chosen = cells if len(sources) == len(cells) else [cells[i] for i in sources.tolist()]
    return np.array(chosen, np.float64)
