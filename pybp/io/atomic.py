"""Replace a file atomically."""

import _thread
import os
import secrets
import stat
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from pybp.errors import ArgumentError

__all__ = ["write_atomically"]

_BINARY = getattr(os, "O_BINARY", 0)  # Windows


def write_atomically(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """Write a temporary file in the same folder, then rename it to `path`.

    The data are flushed to the disk before the rename. If the process is killed before it, the old
    file is unchanged and a temporary file ``.pybp-*.tmp`` remains, which can be deleted. An
    exception, such as that of a signal handler, leaves neither a temporary file nor an open one.
    """
    target = Path(os.path.realpath(path))  # a symbolic link is followed
    mode = _mode_of(target)
    stop = threading.Event()

    def work() -> None:
        try:
            _replace(target, mode, pieces, stop)
        except OSError as error:
            if error.filename is not None:
                error.filename = os.fspath(path)  # the caller doesn't know the temporary name
            raise

    if threading.current_thread() is threading.main_thread():
        _without_signals(work, stop)
    else:
        work()


def _replace(
    target: Path, mode: int | None, pieces: Iterable[bytes | memoryview], stop: threading.Event
) -> None:
    temporary = target.with_name(f".pybp-{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
    handle = os.open(temporary, flags, 0o666 if mode is None else mode)
    try:
        with os.fdopen(handle, "wb", buffering=0) as stream:
            if mode is not None:
                temporary.chmod(mode)  # also what the umask has taken away
            for piece in pieces:
                _write_all(stream.fileno(), piece)
                if stop.is_set():
                    raise InterruptedError("the write was stopped")
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _write_all(handle: int, piece: bytes | memoryview) -> None:
    view = memoryview(piece)
    while len(view) > 0:
        view = view[os.write(handle, view) :]


def _without_signals(work: Callable[[], None], stop: threading.Event) -> None:
    """Call `work` on another thread, where no exception of a signal handler can interrupt it.

    If a handler raises while this thread waits, `stop` is set, and the exception is raised here as
    soon as `work` has cleaned up.
    """
    errors: list[BaseException] = []
    ended = threading.Event()
    done = _thread.allocate_lock()
    done.acquire()

    def target() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            ended.set()
            done.release()

    try:
        _thread.start_new_thread(target, ())  # a Thread may be interrupted while it starts
    except RuntimeError:  # no more threads, or the interpreter is shutting down
        work()
        return
    try:
        done.acquire()
    except BaseException:
        stop.set()
        if not ended.is_set():  # else `done` may be acquired already: nobody would release it again
            done.acquire()
        raise
    if errors:
        raise errors[0]


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
