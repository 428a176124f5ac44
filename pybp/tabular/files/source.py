"""Where a table's bytes come from: a file, perhaps compressed, or standard input."""

import bz2
import contextlib
import gzip
import io
import lzma
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from pybp.errors import FileFormatError

__all__ = ["COMPRESSED", "Source", "kind_of"]

_OPEN: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}

COMPRESSED = tuple(_OPEN)
"""Endings of compressed files."""

_MAGIC = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz"}

_DAMAGED = (EOFError, gzip.BadGzipFile, lzma.LZMAError)


class Source:
    """The bytes of a table, which can be read several times.

    Parameters
    ----------
    path : str or Path
        A file; "-" is standard input, which is copied to a temporary file.
    """

    def __init__(self, path: str | Path) -> None:
        self.name = "standard input" if str(path) == "-" else str(path)
        self.path = Path(path)
        self._copy: IO[bytes] | None = None
        if str(path) == "-":
            self._copy = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the source
            shutil.copyfileobj(sys.stdin.buffer, self._copy)

    @contextlib.contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The bytes from the first on, uncompressed."""
        with contextlib.ExitStack() as stack:
            if self._copy is not None:
                self._copy.seek(0)
                raw: IO[bytes] = self._copy
            else:
                raw = stack.enter_context(self.path.open("rb"))
            magic = next((end for mark, end in _MAGIC.items() if _starts(raw, mark)), None)
            stream = raw if magic is None else stack.enter_context(_OPEN[magic](raw))
            try:
                yield cast(IO[bytes], stream)
            except _DAMAGED as error:
                raise FileFormatError(f"{self.name} is damaged: {error}") from error

    @contextlib.contextmanager
    def text(self, encoding: str) -> Iterator[IO[str]]:
        """The lines from the first on, their ends kept, so that quoted ones stay as they are."""
        with self.open() as raw:
            text = io.TextIOWrapper(cast(Any, raw), encoding, newline="")
            try:
                yield text
            finally:
                text.detach()

    def is_plain(self, stream: IO[bytes]) -> bool:
        """Whether a stream of `open` is a file as it lies on the disk."""
        return self._copy is None and isinstance(stream, io.BufferedReader)

    def close(self) -> None:
        """Give back the temporary file."""
        if self._copy is not None:
            self._copy.close()


def _starts(stream: IO[bytes], mark: bytes) -> bool:
    found = stream.read(len(mark))
    stream.seek(0)
    return found == mark


def kind_of(path: str | Path) -> str:
    """What a file is by its ending, "csv" unless it is one that is not text."""
    suffixes = [s.lower() for s in Path(path).suffixes]
    if suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    return _KINDS.get(suffixes[-1] if suffixes else "", "csv")


_KINDS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
    ".jsonl": "json",
    ".ndjson": "json",
}
