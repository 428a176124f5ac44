"""Read tables through polars or pyarrow, where they are installed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pybp._common.optional import available, require
from pybp._common.types import Array
from pybp.errors import FileFormatError
from pybp.tabular.files.cells import MISSING, as_dates, as_numbers
from pybp.tabular.files.dialect import Dialect
from pybp.tabular.files.source import Source
from pybp.tabular.files.table import Table

__all__ = ["read_frame", "read_text_frame"]


def read_frame(source: Source, kind: str) -> Any:
    """A table from a file of Parquet, Arrow or JSON lines, by polars, else by pyarrow."""
    with source.open() as stream:
        try:
            if available("polars") or not available("pyarrow"):
                return _by_polars(stream, kind, source.name)
            return _by_pyarrow(stream, kind)
        except (ImportError, OSError, MemoryError, FileFormatError):
            raise
        except Exception as error:  # the classes are those of the library
            raise FileFormatError(f"{source.name} can't be read as {kind}: {error}") from error


def _by_polars(stream: Any, kind: str, name: str) -> Any:
    polars = require("polars", f"reading {name}")
    readers = {"parquet": "read_parquet", "arrow": "read_ipc", "json": "read_ndjson"}
    return getattr(polars, readers[kind])(stream)


def _by_pyarrow(stream: Any, kind: str) -> Table:
    if kind == "parquet":
        table = require("pyarrow.parquet", "reading Parquet").read_table(stream)
    elif kind == "arrow":
        table = require("pyarrow.feather", "reading Arrow").read_table(stream)
    else:
        table = require("pyarrow.json", "reading JSON lines").read_json(stream)
    return Table(dict(zip(table.column_names, map(_from_arrow, table.columns), strict=True)))


def _from_arrow(column: Any) -> Array:
    types = require("pyarrow", "reading the file").types
    kind = column.type
    if types.is_floating(kind) or types.is_integer(kind) or types.is_decimal(kind):
        return np.array(column.cast("float64").to_numpy(zero_copy_only=False), np.float64)
    if types.is_timestamp(kind) or types.is_date(kind):
        return np.asarray(column.cast("timestamp[us]").to_numpy(), "datetime64[us]")
    values = np.empty(len(column), object)
    values[:] = column.to_pylist()
    return values


def read_text_frame(source: Source, dialect: Dialect, names: Sequence[str]) -> Any:
    """A polars DataFrame from a text file; None if our own code must read it.

    That is so where polars isn't installed, and where it refuses a row or may have mended one, as our
    code names the line. polars splits lines into cells. Which columns hold numbers and dates is decided by the rules of
    `pybp.tabular.files.cells`.
    """
    if not available("polars") or dialect.encoding not in ("utf-8", "utf-8-sig"):
        return None
    polars = require("polars", "reading text")
    with source.open() as stream:
        text = source.path if source.is_plain(stream) else stream.read()
    lazy = polars.scan_csv(
        text,
        separator=dialect.delimiter,
        quote_char=dialect.quote,
        has_header=dialect.header,
        infer_schema=False,
        with_column_names=lambda found: names if len(found) == len(names) else found,
    )
    try:
        frame, doubtful = _typed(polars, lazy, dialect.decimal, names)
    except polars.exceptions.PolarsError:
        return None
    if frame.height == 0:
        return None
    return frame if _is_regular(source, dialect, frame, doubtful) else None


_BLOCK = 2**17


def _is_regular(source: Source, dialect: Dialect, frame: Any, doubtful: bool) -> bool:
    """Whether polars has read what our own code would: no NUL, no long line, no short row.

    Short rows are looked for where they are possible; quotes then make it hard to say, so the result
    is False.
    """
    delimiter, quote = (dialect.delimiter or ",").encode(), dialect.quote.encode()
    delimiters = 0
    with source.open() as stream:
        while block := stream.read(_BLOCK):
            if b"\0" in block or (len(block) == _BLOCK and b"\n" not in block):
                return False
            if doubtful and quote in block:
                return False
            delimiters += block.count(delimiter)
    rows: int = frame.height + bool(dialect.header)
    return not doubtful or delimiters == rows * (len(frame.columns) - 1)


def _typed(polars: Any, lazy: Any, decimal: str, names: Sequence[str]) -> tuple[Any, bool]:
    """The table, with columns of numbers and dates where all cells of the text are such.

    The second result says whether rows may be shorter than the header: polars fills them with missing
    cells, as it does with empty lines.
    """
    cells = {name: _cells(polars, name) for name in names}
    numbers = {name: cell.cast(polars.Float64, strict=False) for name, cell in cells.items()}
    lost = [(numbers[n].null_count() - cells[n].null_count()).alias(n) for n in names]
    underscores = [cells[n].str.contains("_", literal=True).any().alias(n) for n in names]
    last = polars.col(names[-1]).is_null().any().alias("last")
    found = [lazy.select(what).collect(engine="streaming") for what in ([last], lost, underscores)]
    plain = [
        decimal == "." and not lost.item() and not underscore.item()
        for lost, underscore in zip(found[1], found[2], strict=True)
    ]
    chosen = [(numbers if is_plain else cells)[n] for n, is_plain in zip(names, plain, strict=True)]
    frame = lazy.select(chosen).collect(engine="streaming")
    texts = [c for c in frame.iter_columns() if c.dtype == polars.String]
    return frame.with_columns([_converted(polars, c, decimal) for c in texts]), found[0].item()


def _cells(polars: Any, name: str) -> Any:
    """The cells of a column without blanks around them, null where missing."""
    cells = polars.col(name).str.strip_chars()
    return polars.when(cells.is_in(list(MISSING))).then(None).otherwise(cells).alias(name)


def _converted(polars: Any, column: Any, decimal: str) -> Any:
    """A column of text as numbers or dates, where Python reads all its cells as such."""
    distinct = column.drop_nulls().unique().to_list()
    if as_numbers(distinct, decimal) is not None:
        numbers = as_numbers(column.fill_null("").to_list(), decimal)
        return polars.Series(column.name, numbers).fill_nan(None)
    if as_dates(distinct) is not None:
        return polars.Series(column.name, as_dates(column.fill_null("").to_list()))
    return column
