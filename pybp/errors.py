"""What pybp raises.

Every class derives from `PybpError` and from the built-in exception that fits, so that
``except ValueError`` works as well as ``except PybpError``. Arguments of a wrong type raise
`TypeError`, exhausted memory raises `MemoryError`. After any of them the net is as it was before
the call, unless the class says otherwise.
"""

__all__ = [
    "ArgumentError",
    "BusyError",
    "DivergenceError",
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
    """An argument is out of its range, or a name is unknown."""


class ShapeError(PybpError, ValueError):
    """An array has the wrong shape."""


class NotFiniteError(PybpError, ValueError):
    """An array holds NaN or infinity, or a value too large for the net's dtype."""


class StateError(PybpError, RuntimeError):
    """The call is out of order, such as `backward` before `forward`."""


class BusyError(PybpError, RuntimeError):
    """Another thread is changing the net, or the net is already being fitted."""


class FileFormatError(PybpError, ValueError):
    """A file is not one that pybp wrote, or it is damaged."""


class DivergenceError(PybpError, ArithmeticError):
    """Training produced a loss or parameters that are not finite.

    The net then holds the parameters of the end of the last finite epoch, and its optimizer
    starts anew.

    Attributes
    ----------
    epoch : int or None
        The epoch of this `fit`, counted from 1; None outside of `fit`.
    step : int or None
        The step within that epoch, counted from 1; None outside of training.
    """

    epoch: int | None = None
    step: int | None = None


class InterruptedTraining(PybpError, RuntimeError):
    """Training was asked to stop between two steps; the steps done stay done."""


class MissingExtraError(PybpError, ImportError):
    """An optional dependency is not installed; the message says how to install it."""
