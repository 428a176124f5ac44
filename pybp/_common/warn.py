"""Warnings that name the user's line of code."""

import sys
import warnings
from types import FrameType

__all__ = ["warn"]

_OURS = {"pybp", "sklearn", "joblib"}


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, and name the line that called pybp, perhaps through scikit-learn."""
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)
