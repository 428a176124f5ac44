"""Checks of scalar arguments.

Each error message has the name of the argument, the given value and the expected one.
"""

import difflib
import math
import numbers
import operator
import sys
from collections.abc import Iterable

import numpy as np

from pybp.errors import ArgumentError

__all__ = [
    "choice",
    "count",
    "did_you_mean",
    "flag",
    "real",
    "shown",
    "threads_count",
    "unknown_name",
    "width",
]


def shown(value: object) -> str:
    """A value for a message: its repr, shortened to 60 characters, and its type."""
    return f"{_short(value)} ({type(value).__name__})"


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # a method of the caller's; or an int of more digits than Python prints
        bits = f" of {value.bit_length()} bits" if isinstance(value, int) else ""
        return f"<{type(value).__name__}{bits}>"
    return text if len(text) <= 60 else text[:57] + "..."


def real(
    value: object,
    name: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    low_open: bool = False,
    high_open: bool = False,
) -> float:
    """`value` as a finite float from `low` to `high`; an open bound is excluded."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be a number, got {shown(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    above = number > low if low_open else number >= low
    below = number < high if high_open else number <= high
    if not (math.isfinite(number) and above and below):
        raise ArgumentError(
            f"{name} must be {_interval(low, high, low_open, high_open)}, "
            f"got {_short(number if math.isfinite(number) else value)}"
        )
    return number


def _interval(low: float, high: float, low_open: bool, high_open: bool) -> str:
    if math.isinf(low) and math.isinf(high):
        return "a finite number"
    if math.isinf(high):
        return f"a finite number {'>' if low_open else '>='} {low:g}"
    left = "(" if low_open or math.isinf(low) else "["
    right = ")" if high_open else "]"
    return f"a number in {left}{low:g}, {high:g}{right}"


def count(value: object, name: str, *, low: int = 1, high: int = sys.maxsize) -> int:
    """`value` as an int from `low` to `high`."""
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be a whole number, got {shown(value)}")
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # the TypeError is the check
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {shown(value)}") from None
    if number < low:
        raise ArgumentError(f"{name} must be a whole number >= {low}, got {_short(number)}")
    if number > high:
        raise ArgumentError(f"{name} must be a whole number <= {high}, got {_short(number)}")
    return number


def width(value: object, name: str) -> int:
    """`value` as a number of inputs or outputs, an int >= 1."""
    try:
        return count(value, name)
    except ArgumentError:
        if operator.index(value) < 1:  # type: ignore[arg-type]  # count() has checked that it is an int
            raise
        raise MemoryError(f"{name} is {_short(value)}, more than memory can hold") from None


def flag(value: object, name: str) -> bool:
    """`value` as a bool."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def threads_count(threads: int | None) -> int:
    """The argument `threads` as the core expects it; 0 stands for None."""
    return 0 if threads is None else count(threads, "threads", high=2**31 - 1)


def choice(value: object, name: str, known: tuple[str, ...]) -> str:
    """`value` as one of the known names."""
    if isinstance(value, str) and value in known:
        return value
    *some, last = map(repr, known)
    hint = did_you_mean(value, known) if isinstance(value, str) else ""
    raise ArgumentError(f"{name} must be {', '.join(some)} or {last}, got {shown(value)}{hint}")


_OTHER_NAMES = {
    "identity": {"linear", "none"},
    "sigmoid": {"logistic"},
    "silu": {"swish"},
    "gelu_tanh": {"gelu_new", "gelu_approximate"},
    "hard_swish": {"hard_silu"},
    "cross_entropy": {
        *("categorical_crossentropy", "sparse_categorical_crossentropy", "categorical"),
        *("nll", "nll_loss", "softmax", "multi:softprob"),
    },
    "binary_cross_entropy": {"bce", "bce_with_logits", "log_loss", "binary:logistic", "logistic"},
    "mse": {"mean_squared_error", "l2", "mse_loss", "regression", "neg_mean_squared_error"},
    "mae": {"mean_absolute_error", "absolute_error", "l1", "l1_loss"},
    "huber": {"smooth_l1", "smooth_l1_loss"},
    "quantile": {"pinball"},
    "log_cosh": {"logcosh"},
    "glorot_uniform": {"xavier", "xavier_uniform", "xavier_uniform_", "glorot"},
    "glorot_normal": {"xavier_normal", "xavier_normal_"},
    "he_uniform": {"kaiming", "kaiming_uniform", "kaiming_uniform_", "he"},
    "he_normal": {"kaiming_normal", "kaiming_normal_"},
    "lecun_normal": {"lecun"},
    "uniform": {"random_uniform", "uniform_"},
    "normal": {"random_normal", "gaussian", "normal_"},
    "sgd": {"momentum", "nesterov", "gradient_descent", "backprop"},
    "levenberg_marquardt": {"lm", "trainlm"},
    "rprop": {"trainrp", "irprop"},
    "accuracy": {"acc", "categorical_accuracy", "binary_accuracy"},
    "auc": {"roc_auc", "roc_auc_score"},
    "rmse": {"root_mean_squared_error"},
    "float32": {"float16", "half", "single"},
    "float64": {"double", "float128", "longdouble"},
}
"""Names that other libraries use."""


def did_you_mean(value: str, known: Iterable[str], cutoff: float = 0.5) -> str:
    """A hint at the most similar known name, to append to a message; empty if none is similar."""
    known, value = list(known), value.lower()
    similar = [name for name in known if value.replace("-", "_") in _OTHER_NAMES.get(name, ())]
    similar = similar or difflib.get_close_matches(value, known, n=1, cutoff=cutoff)
    return f"; did you mean {similar[0]!r}?" if similar else ""


def unknown_name(what: str, value: str, known: Iterable[str]) -> str:
    """The message for an unknown name; it suggests the most similar known name and lists all."""
    known = sorted(known)
    return f"{what} {value!r} is unknown{did_you_mean(value, known)} (known: {', '.join(known)})"
