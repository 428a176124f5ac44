"""Where the command writes: files that appear whole or not at all, and standard output."""

import contextlib
import csv
import io
import sys
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

from pybp.errors import ArgumentError
from pybp.io.atomic import write_atomically

__all__ = ["refuse_existing", "refuse_same", "refuse_standard_output", "write_csv", "write_text"]


def refuse_existing(path: str | None, force: bool) -> None:
    """Raise ArgumentError if a file would replace another one, or its folder doesn't exist."""
    if path is None or path == "-":
        return
    target = Path(path)
    if target.exists() and not force:
        raise ArgumentError(f"{path} exists; --force replaces it")
    if not target.absolute().parent.is_dir():
        raise ArgumentError(f"the folder {target.absolute().parent} doesn't exist")


def refuse_same(*paths: str | None) -> None:
    """Raise ArgumentError if one file would be written over another."""
    seen: set[Path] = set()
    for path in paths:
        if path is not None and path != "-":
            if Path(path).resolve() in seen:
                raise ArgumentError(f"{path} is given for two files")
            seen.add(Path(path).resolve())


def refuse_standard_output(path: str | None) -> None:
    """Raise ArgumentError if a binary file should go to standard output."""
    if path == "-":
        raise ArgumentError("--output: needs a file, not standard output")


def write_text(path: str, text: str) -> None:
    """Write a file as a whole; "-" is standard output."""
    if path == "-":
        sys.stdout.write(text)
    else:
        write_atomically(Path(path), [text.encode()])


def write_csv(path: str, names: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]]) -> None:
    """Write batches of columns as CSV, one batch in memory at a time; "-" is standard output."""
    lines = _lines(names, batches)
    if path == "-":
        for piece in lines:
            sys.stdout.write(piece)
    else:
        with contextlib.closing(lines):
            write_atomically(Path(path), (piece.encode() for piece in lines))


def _lines(
    names: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]]
) -> Generator[str, None, None]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names)
    for columns in batches:
        writer.writerows(zip(*columns, strict=True))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()
