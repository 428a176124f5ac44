"""Writing a file so that at any moment there is the old one or the new one, whole."""

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
    """Let `write` fill a new file, which then takes the place of `path` in one step.

    The data are on the disk before it does. A process that is killed in the middle leaves the old
    file as it was, and beside it a ``.pybp-*.tmp`` that nothing needs.
    """
    target = Path(os.path.realpath(path))  # of a link what it points to
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
    """The permissions of the file that is to be replaced, if there is one."""
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise ArgumentError(f"{target} is not a regular file and can't be replaced by one")
    return stat.S_IMODE(found.st_mode)


def _sync_folder(folder: Path) -> None:
    """Put the new name on the disk, where folders can be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
