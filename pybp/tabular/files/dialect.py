"""What a text file of a table looks like: its encoding, its separator, and whether it has a header."""

import codecs
import contextlib
import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pybp._common.arguments import shown
from pybp.errors import ArgumentError, FileFormatError
from pybp.tabular.files.cells import is_missing_text, number

__all__ = ["DELIMITERS", "Dialect", "detected"]

DELIMITERS = ",;\t|"
"""Separators that are detected."""

_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark begins alike
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

_OLD = "cp1252"
"""What a text file that is not Unicode most often is: Windows's Western European code page."""


@dataclass(frozen=True)
class Dialect:
    """How a text file of a table is written; None stands for "detect it".

    Attributes
    ----------
    encoding : str, optional
        A codec of Python's.
    delimiter : str, optional
        The character between two cells.
    quote : str
        The character around cells that hold a delimiter or a line break; doubled inside them.
    header : bool, optional
        Whether the first row has the columns' names.
    decimal : {".", ","}
        The decimal sign of numbers.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quote: str = '"'
    header: bool | None = None
    decimal: str = "."

    def __post_init__(self) -> None:
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                raise ArgumentError(
                    f"encoding must be a codec of Python's, got {shown(self.encoding)}"
                ) from None
        for name in ("delimiter", "quote"):
            value = getattr(self, name)
            if value is not None and (len(value) != 1 or value in "\r\n"):
                raise ArgumentError(f"{name} must be one character, got {shown(value)}")
        if self.decimal not in (".", ","):
            raise ArgumentError(f"decimal must be '.' or ',', got {shown(self.decimal)}")
        if self.delimiter is not None and self.delimiter in (self.quote, self.decimal):
            raise ArgumentError(f"delimiter, quote and decimal must differ, got {self.delimiter!r}")

    def rows(self, lines: Sequence[str]) -> list[list[str]]:
        """The cells of some lines, up to one that can't be cut."""
        found: list[list[str]] = []
        with contextlib.suppress(csv.Error):
            found.extend(row for row in self.reader(lines) if row)
        return found

    def reader(self, lines: "csv.Iterable[str]") -> "csv.Reader":  # type: ignore[name-defined]
        """An iterator over the rows of an iterable of lines."""
        return csv.reader(
            lines, delimiter=self.delimiter or ",", quotechar=self.quote, skipinitialspace=True
        )


def detected(dialect: Dialect, start: bytes, whole: bool) -> Dialect:
    """The dialect with what is None filled in from the first bytes of the file.

    Parameters
    ----------
    dialect : Dialect
        What is known.
    start : bytes
        The first bytes of the file.
    whole : bool
        Whether these are all bytes.
    """
    encoding = dialect.encoding or _encoding(start)
    dialect = replace(dialect, encoding=encoding)
    lines = _lines(start, encoding, whole)
    if dialect.delimiter is None:
        dialect = replace(dialect, delimiter=_delimiter(dialect, lines))
    if dialect.header is None:
        dialect = replace(dialect, header=_has_header(dialect, dialect.rows(lines)))
    return dialect


def _encoding(start: bytes) -> str:
    for mark, encoding in _BOMS.items():
        if start.startswith(mark):
            return encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)  # the last character may be cut
    except UnicodeDecodeError:
        return _OLD
    return "utf-8"


def _lines(start: bytes, encoding: str, whole: bool) -> list[str]:
    """The whole lines in the first bytes; the last one only if the file ends there."""
    text = codecs.getincrementaldecoder(encoding)("replace").decode(start, final=whole)
    if "\0" in text:
        raise FileFormatError("this is a binary file, no text: it holds NUL bytes")
    lines = text.splitlines(keepends=True)
    return lines if whole or len(lines) < 2 else lines[:-1]


def _delimiter(dialect: Dialect, lines: list[str]) -> str:
    """The candidate that cuts the most lines into equally many cells, more than one."""
    best, chosen = (0.0, 0), ","
    for candidate in DELIMITERS:
        if candidate == dialect.decimal:
            continue
        widths = Counter(map(len, replace(dialect, delimiter=candidate).rows(lines)))
        width, times = widths.most_common(1)[0] if widths else (1, 0)
        score = (times / max(sum(widths.values()), 1), width)
        if width > 1 and score > best:
            best, chosen = score, candidate
    return chosen


def _has_header(dialect: Dialect, rows: list[list[str]]) -> bool:
    """Whether the first row looks like names: different texts, unlike what stands below them."""
    if len(rows) < 2:
        return True
    names, body = [cell.strip() for cell in rows[0]], rows[1:]
    if any(number(name, dialect.decimal) is not None for name in names):
        return False
    below = list(zip(*[row for row in body if len(row) == len(names)], strict=False))
    if any(
        name and _all_numbers(column, dialect.decimal)
        for name, column in zip(names, below, strict=False)
    ):
        return True  # perhaps with an empty name, as pandas gives its index, or one twice
    return (
        len(set(names)) == len(names)
        and all(names)
        and not any(
            name in {cell.strip() for cell in column}
            for name, column in zip(names, below, strict=False)
        )
    )


def _all_numbers(cells: Sequence[str], decimal: str) -> bool:
    present = [cell.strip() for cell in cells if not is_missing_text(cell.strip())]
    return bool(present) and all(number(cell, decimal) is not None for cell in present)
