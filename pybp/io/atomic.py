"""Replace a file atomically."""

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from pybp.errors import ArgumentError

__all__ = ["write_atomically"]


def write_atomically(path: str | os.PathLike[str], write: Callable[[IO[bytes]], None]) -> None:
    """Call `write` with a temporary file in the same folder, then rename it to `path`.

    The data are flushed to the disk before the rename. If the process is killed before it, the old
    file is unchanged and a temporary file ``.pybp-*.tmp`` remains, which can be deleted.
    """
    target = Path(os.path.realpath(path))  # a symbolic link is followed
    mode = _mode_of(target)
    temporary = target.with_name(f".pybp-{secrets.token_hex(8)}.tmp")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    except OSError as error:
        error.filename = os.fspath(
            path
        )  # not the temporary name, of which the caller knows nothing
        raise
    try:
        with os.fdopen(handle, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


_BINARY = getattr(os, "O_BINARY", 0)  # Windows


def _mode_of(target: Path) -> int | None:
    """The permissions of the existing file, or None if there is none."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise ArgumentError(f"{target} is not a regular file and can't be replaced by one")
    return stat.S_IMODE(found.st_mode)


def _sync_folder(folder: Path) -> None:
    """Flush the rename to the disk, on systems where a folder can be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
