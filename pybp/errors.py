"""Exceptions that pybp raises.

Every class derives from `PybpError` and from the built-in exception that matches, so that
``except ValueError`` works as well as ``except PybpError``. Arguments of a wrong type raise
`TypeError`, and a lack of memory raises `MemoryError`. After an exception the net is unchanged,
unless the class says otherwise.
"""

__all__ = [
    "ArgumentError",
    "BusyError",
    "DivergenceError",
    "ExportError",
    "FileFormatError",
    "InterruptedTraining",
    "MissingExtraError",
    "NotFiniteError",
    "PybpError",
    "ShapeError",
    "StateError",
]


class PybpError(Exception):
    """Base class of all errors of pybp."""


class ArgumentError(PybpError, ValueError):
    """An argument is out of range, or a name is unknown."""


class ShapeError(PybpError, ValueError):
    """An array has the wrong shape."""


class NotFiniteError(PybpError, ValueError):
    """An array holds NaN or infinity, or a value too large for the net's dtype."""


class StateError(PybpError, RuntimeError):
    """Calls are in the wrong order, such as `backward` before `forward`."""


class BusyError(PybpError, RuntimeError):
    """Another thread is changing the net, or the net is already being fitted."""


class FileFormatError(PybpError, ValueError):
    """A file is not of a format that pybp reads, or it is damaged."""


class ExportError(PybpError, RuntimeError):
    """An exported or converted model computes other outputs than its source."""


class DivergenceError(PybpError, ArithmeticError):
    """Training produced a loss or parameters that are not finite.

    The net then has the parameters of the end of the last finite epoch, and the optimizer's state
    is reset.

    Attributes
    ----------
    epoch : int or None
        The epoch, counted from 1; None outside of `fit`.
    step : int or None
        The step within that epoch, counted from 1; None outside of training.
    """

    epoch: int | None = None
    step: int | None = None


class InterruptedTraining(PybpError, RuntimeError):
    """Training was stopped between two steps; the steps done are kept."""


class MissingExtraError(PybpError, ImportError):
    """An optional dependency is not installed; the message says how to install it."""
