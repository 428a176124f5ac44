"""Checks of paths."""

import os
from pathlib import Path

from pybp._common.arguments import shown
from pybp.errors import ArgumentError

__all__ = ["checked_path"]


def checked_path(path: object, name: str = "path") -> Path:
    """A path that is valid for the system; the file need not exist."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{name} must be a path, got {shown(path)}")
    text = os.fsdecode(path)
    try:
        given = os.fsencode(text)
    except UnicodeEncodeError:
        given = b"\0"
    if not given or b"\0" in given:
        raise ArgumentError(f"{name} can't be {shown(text)}: no file has such a name")
    return Path(text)
