"""Read a table from a file, whatever its format."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pybp._common.arguments import shown
from pybp._common.types import Array
from pybp.errors import FileFormatError
from pybp.tabular.files.cells import MISSING, as_dates, as_numbers
from pybp.tabular.files.dialect import Dialect
from pybp.tabular.files.frames import read_frame, read_text_frame
from pybp.tabular.files.source import Source, kind_of
from pybp.tabular.files.table import Table
from pybp.tabular.files.text_reader import column_batches, dialect_and_names

__all__ = ["Kind", "read_table", "table_batches"]

Kind = Literal["numbers", "dates", "text"]
"""What the cells of a column are."""

_ROWS = 16_384

_AS = {"numbers": as_numbers, "dates": lambda cells, _: as_dates(cells)}


class _OtherKind(Exception):
    """A later cell of a column doesn't fit its kind."""

    def __init__(self, index: int) -> None:
        self.index = index


def read_table(path: str | Path, dialect: Dialect | None = None) -> Any:
    """Read a whole table.

    Parameters
    ----------
    path : str or Path
        A CSV file, perhaps compressed (gz, bz2, xz), or by its ending Parquet (.parquet), Arrow or
        Feather (.arrow, .ipc, .feather), or JSON lines (.jsonl, .ndjson), which need polars or
        pyarrow; "-" is CSV from standard input.
    dialect : Dialect, optional
        How a text file is written; what is not given is detected.

    Returns
    -------
    polars.DataFrame or Table
        A column of text holds numbers if all its cells are numbers or missing, dates if all are
        dates of ISO 8601 or missing. The same whether polars is installed or not.

    Raises
    ------
    FileFormatError
        The file can't be read as a table; the message names the line.
    OSError
        The file can't be opened.
    """
    source = Source(path)
    try:
        if kind_of(path) != "csv" and str(path) != "-":
            return read_frame(source, kind_of(path))
        dialect, names = dialect_and_names(source, dialect or Dialect())
        frame = read_text_frame(source, dialect, names)
        return _read_text(source, dialect, names) if frame is None else frame
    finally:
        source.close()


def _read_text(source: Source, dialect: Dialect, names: Sequence[str]) -> Table:
    kinds: list[Kind | None] = [None] * len(names)
    while True:
        try:
            return _whole_table(source, dialect, names, kinds)
        except _OtherKind as other:  # what was read of this column before is read again, as text
            kinds[other.index] = "text"


def _whole_table(
    source: Source, dialect: Dialect, names: Sequence[str], kinds: list[Kind | None]
) -> Table:
    columns = [_Growing() for _ in names]
    texts: list[dict[str, str]] = [{} for _ in names]
    for cells in column_batches(source, dialect, names, _ROWS):
        for index, column in enumerate(cells):
            if kinds[index] is None:
                kinds[index] = _kind(column, dialect.decimal)
            kind = kinds[index] or "numbers"  # if all cells so far are missing
            array = (
                _texts(column, texts[index])
                if kind == "text"
                else _AS[kind](column, dialect.decimal)
            )
            if array is None:
                raise _OtherKind(index)
            columns[index].append(array)
    if not columns[0].n:
        raise FileFormatError(f"{source.name} has a header, but no rows")
    return Table({name: column.whole() for name, column in zip(names, columns, strict=True)})


class _Growing:
    """A column that grows in place, as the number of rows isn't known before."""

    def __init__(self) -> None:
        self.array, self.n = np.empty(0), 0

    def append(self, part: Array) -> None:
        """Append some rows. If they are of another kind, all rows before were missing."""
        if part.dtype != self.array.dtype:
            missing = {"f": np.nan, "M": np.datetime64("NaT", "us")}.get(part.dtype.kind)
            self.array = np.full(self.n, missing, part.dtype)
        end = self.n + len(part)
        if end > len(self.array):
            self.array.resize(max(end, len(self.array) * 5 // 4), refcheck=False)
        self.array[self.n : end] = part
        self.n = end

    def whole(self) -> Array:
        """All rows."""
        self.array.resize(self.n, refcheck=False)
        return self.array


def _kind(cells: Sequence[str], decimal: str) -> Kind | None:
    """The kind of a column by its first cells; None if all of them are missing."""
    if all(cell in MISSING for cell in cells):
        return None
    if as_numbers(cells, decimal) is not None:
        return "numbers"
    return "text" if as_dates(cells) is None else "dates"


def _texts(cells: Sequence[str], known: dict[str, str]) -> Array:
    """(n,) texts, None where missing; equal texts are one object."""
    found = np.empty(len(cells), object)
    found[:] = [None if cell in MISSING else known.setdefault(cell, cell) for cell in cells]
    return found


def table_batches(
    path: str | Path,
    kinds: Mapping[str, Kind],
    dialect: Dialect | None = None,
    rows: int = _ROWS,
    optional: Sequence[str] = (),
) -> Iterator[Table]:
    """Read some columns of a text file in batches of rows, so that files may be larger than memory.

    Parameters
    ----------
    path, dialect
        As in `read_table`.
    kinds : mapping of str to {"numbers", "dates", "text"}
        The columns to read, and what they must hold.
    rows : int
        Rows in a batch.
    optional : sequence of str
        Further columns to read as text, where the file has them.

    Yields
    ------
    Table
        The next rows.

    Raises
    ------
    FileFormatError
        As in `read_table`; also if columns are missing, all of which are named, or a cell of numbers
        or dates holds something else.
    """
    source = Source(path)
    try:
        dialect, names = dialect_and_names(source, dialect or Dialect())
        lacking = [name for name in kinds if name not in names]
        if lacking:
            raise FileFormatError(f"{source.name} lacks the columns {lacking}; it has {names[:50]}")
        wanted = {**{n: "text" for n in optional if n in names}, **kinds}
        first = 1
        for cells in column_batches(source, dialect, names, rows):
            yield Table(
                {
                    name: _as_kind(cells[names.index(name)], kind, name, first, dialect, source)
                    for name, kind in wanted.items()
                }
            )
            first += len(cells[0])
    finally:
        source.close()


def _as_kind(
    cells: Sequence[str], kind: str, name: str, first: int, dialect: Dialect, source: Source
) -> Array:
    if kind == "text":
        return _texts(cells, {})
    array = _AS[kind](cells, dialect.decimal)
    if array is not None:
        return array
    for row, cell in enumerate(cells):
        if cell not in MISSING and _AS[kind]([cell], dialect.decimal) is None:
            raise FileFormatError(
                f"{source.name}, row {first + row}: column {name!r} should hold {kind}, but holds "
                f"{shown(cell)}"
            )
    raise AssertionError
