"""Read tables from text with NumPy and the standard library alone, in batches of rows."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from pybp._common.arguments import shown
from pybp.errors import FileFormatError
from pybp.tabular.files.dialect import Dialect, detected
from pybp.tabular.files.source import Source

__all__ = ["MAX_COLUMNS", "column_batches", "dialect_and_names"]

MAX_COLUMNS = 100_000
"""More columns are taken for a damaged file."""

_MAX_LINE = 16 * 2**20
_START = 2**18

Cells = list[Sequence[str]]
"""Some rows, column by column."""


def dialect_and_names(source: Source, dialect: Dialect) -> tuple[Dialect, list[str]]:
    """The dialect, with what is None detected, and the columns' names.

    Raises
    ------
    FileFormatError
        The file is empty or binary, or two columns have the same name.
    """
    with source.open() as raw:
        start = raw.read(_START)
    if not start.strip():
        raise FileFormatError(f"{source.name} is empty")
    try:
        dialect = detected(dialect, start, whole=len(start) < _START)
    except FileFormatError as error:
        raise FileFormatError(f"{source.name}: {error}") from error
    _, first = next(_rows(source, dialect), (0, None))
    if first is None:
        raise FileFormatError(f"{source.name} is empty")
    if len(first) > MAX_COLUMNS:
        raise FileFormatError(f"{source.name} has {len(first):,} columns; at most {MAX_COLUMNS:,}")
    if not dialect.header:
        return dialect, [f"column_{i + 1}" for i in range(len(first))]
    names = [cell.strip() or f"column_{i + 1}" for i, cell in enumerate(first)]
    _refuse_repeated(names, source)
    return dialect, names


def _refuse_repeated(names: Sequence[str], source: Source) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise FileFormatError(f"{source.name} has two columns named {shown(name)}")
        seen.add(name)


def column_batches(
    source: Source, dialect: Dialect, names: Sequence[str], rows: int
) -> Iterator[Cells]:
    """The cells of all columns, blanks around them taken away, `rows` rows at a time.

    Raises
    ------
    FileFormatError
        A row has more or fewer cells than the header; the line is named.
    """
    batch: list[list[str]] = []
    content = _rows(source, dialect)
    if dialect.header:
        next(content, None)
    for line, row in content:
        if len(row) != len(names):
            raise FileFormatError(
                f"{source.name}, line {line}: {len(row)} cells, where {len(names)} are expected"
            )
        batch.append(row)
        if len(batch) == rows:
            yield _transposed(batch)
            batch = []
    if batch:
        yield _transposed(batch)


def _transposed(batch: list[list[str]]) -> Cells:
    return [[cell.strip() for cell in column] for column in zip(*batch, strict=True)]


def _rows(source: Source, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of its last line."""
    with source.text(dialect.encoding or "utf-8") as stream:
        reader = dialect.reader(_lines(stream, source))
        try:
            for row in reader:
                if row:
                    yield reader.line_num, row
        except csv.Error as error:
            raise FileFormatError(f"{source.name}, line {reader.line_num}: {error}") from error
        except UnicodeDecodeError as error:
            raise FileFormatError(
                f"{source.name}, after line {reader.line_num}: byte 0x{error.object[error.start]:02X} "
                f"is not {error.encoding}; give the file's encoding"
            ) from error


def _lines(stream: IO[str], source: Source) -> Iterable[str]:
    number = 0
    while line := stream.readline(_MAX_LINE):
        number += 1
        if len(line) == _MAX_LINE:
            raise FileFormatError(
                f"{source.name}, line {number}: longer than {_MAX_LINE:,} characters"
            )
        if "\0" in line:
            raise FileFormatError(f"{source.name}, line {number}: a NUL byte; this is no text file")
        yield line
