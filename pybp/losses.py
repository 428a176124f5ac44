"""Losses, which training minimizes.

Each class states the loss of one sample with target y, output a and n outputs, and its derivative
for backpropagation. The loss of several samples is the mean of their losses (weighted, if there are
sample weights), or their sum with ``reduction="sum"``. A name such as ``"mse"`` means the loss with
default parameters. A function ``f(y_true, y_pred) -> (loss per row, d loss / d y_pred)`` is also
accepted; it neither weights nor reduces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from pybp import _core
from pybp._common.arguments import choice, shown
from pybp._common.arrays import as_numbers
from pybp._common.public import publish
from pybp._common.specs import Spec, resolve
from pybp._common.types import Array
from pybp.activations import ActivationFunction
from pybp.errors import ArgumentError, ShapeError

__all__ = [
    "MAE",
    "MSE",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Custom",
    "Hinge",
    "Huber",
    "LogCosh",
    "Loss",
    "LossFunction",
    "LossLike",
    "LossName",
    "Poisson",
    "Quantile",
    "Reduction",
    "SquaredError",
    "SquaredHinge",
]

Reduction = Literal["mean", "sum"]
"""How the losses of the samples become one number."""

Targets = Literal["numbers", "counts", "signs", "probabilities", "classes"]

LossFunction = Callable[[Any, Any], tuple[Any, Any]]
"""``f(y_true, y_pred) -> (loss per row, d loss / d y_pred)``."""


@dataclass(frozen=True, repr=False)
class Loss(Spec):
    """Base class of the losses.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        Whether the loss of several samples is the mean or the sum of their losses.
    """

    registry: ClassVar[str] = "losses"
    targets: ClassVar[Targets] = "numbers"
    reduction: Reduction = "mean"

    def __post_init__(self) -> None:
        choice(self.reduction, "reduction", get_args(Reduction))
        self.parameters  # noqa: B018  # reading them checks them

    @cached_property
    def core(self) -> tuple[int, tuple[float, ...]]:
        """The loss as the core expects it: its number and its parameters."""
        return self.number, self.parameters

    def n_targets(self, n_out: int) -> int:
        """Number of columns of y for a net with `n_out` outputs."""
        return n_out


@dataclass(frozen=True, repr=False)
class SquaredError(Loss):
    """``1/2 sum_j (a_j - y_j)^2``, the loss of textbook derivations; derivative ``a_j - y_j``."""

    name: ClassVar[str] = "squared_error"


@dataclass(frozen=True, repr=False)
class MSE(Loss):
    """Mean squared error, ``1/n sum_j (a_j - y_j)^2``; derivative ``2/n (a_j - y_j)``."""

    name: ClassVar[str] = "mse"


@dataclass(frozen=True, repr=False)
class CrossEntropy(Loss):
    """``-sum_j t_j log a_j`` for a softmax output; computed from z, so that it can't overflow.

    Targets y are class indices, one-hot rows, or rows of probabilities. The derivative with respect to
    z is ``a_j - t_j``.

    Parameters
    ----------
    label_smoothing : float
        s in ``t_j = (1 - s) y_j + s / n``, from 0 to 1: the fraction of a target that is spread evenly
        over the n classes, as in PyTorch. It limits the confidence of predictions.

    References
    ----------
    Szegedy et al., "Rethinking the inception architecture for computer vision", CVPR 2016.
    """

    name: ClassVar[str] = "cross_entropy"
    targets: ClassVar[Targets] = "classes"
    label_smoothing: float = 0.0


@dataclass(frozen=True, repr=False)
class BinaryCrossEntropy(Loss):
    """``-1/n sum_j (p_j y_j log a_j + (1 - y_j) log(1 - a_j))`` for a sigmoid output.

    Computed from z, so that it can't overflow. Targets are 0 or 1, or probabilities: one column for
    each output. The derivative with respect to z is ``1/n (a_j - y_j)`` if p_j is 1.

    Parameters
    ----------
    pos_weight : float or sequence of float
        p > 0, the weight of positive targets, as in PyTorch: one number for all outputs, or one for
        each (at most 32). With p = 3 a positive target counts as much as three; predicted
        probabilities increase accordingly.
    """

    name: ClassVar[str] = "binary_cross_entropy"
    targets: ClassVar[Targets] = "probabilities"
    pos_weight: float | Sequence[float] = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "pos_weight", _tuple_if_sequence(self.pos_weight, "pos_weight"))
        super().__post_init__()

    def n_targets(self, n_out: int) -> int:
        """The number of outputs; raises if `pos_weight` has another number of weights."""
        if isinstance(self.pos_weight, tuple) and len(self.pos_weight) != n_out:
            raise ArgumentError(
                f"pos_weight holds {len(self.pos_weight)} numbers; expected one number, or one for "
                f"each of the {n_out} outputs"
            )
        return n_out


@dataclass(frozen=True, repr=False)
class MAE(Loss):
    """Mean absolute error, ``1/n sum_j |a_j - y_j|``; derivative ``1/n sign(a_j - y_j)``, 0 at 0.

    Its minimum is the median of the targets; outliers have no larger gradient than other samples.
    """

    name: ClassVar[str] = "mae"


@dataclass(frozen=True, repr=False)
class Huber(Loss):
    """``1/n sum_j h(a_j - y_j)``, h being quadratic near 0 and linear beyond `delta`, as in PyTorch.

    ``h(d) = d^2 / 2`` for ``|d| <= delta``, else ``delta (|d| - delta / 2)``. The derivative is
    ``1/n d``, with d clipped to [-delta, delta].

    Parameters
    ----------
    delta : float
        The error beyond which h is linear; > 0.

    References
    ----------
    Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics, 1964.
    """

    name: ClassVar[str] = "huber"
    reduction: Reduction = field(default="mean", kw_only=True)
    delta: float = 1.0


@dataclass(frozen=True, repr=False)
class LogCosh(Loss):
    """``1/n sum_j log(cosh(a_j - y_j))``, a smooth `Huber`; derivative ``1/n tanh(a_j - y_j)``."""

    name: ClassVar[str] = "log_cosh"


@dataclass(frozen=True, repr=False)
class Quantile(Loss):
    """The pinball loss of quantile regression; its minimum is the q-quantile of the targets.

    ``1/n sum_j max(q (y_j - a_j), (1 - q) (a_j - y_j))``. The derivative is ``1/n`` times 1 - q where
    a_j > y_j, -q where a_j < y_j, and 0 where they are equal.

    A net can learn k quantiles of m targets at once with m k outputs: output ``j k + i`` predicts
    quantile i of target j, which is ``net.predict(X).reshape(-1, m, k)[:, j, i]``. y has shape
    (rows, m), or (rows,) for one target. The predicted quantiles are not forced to be in order.

    Parameters
    ----------
    q : float or sequence of float
        The quantile, or several (at most 32), each between 0 and 1.

    References
    ----------
    Koenker and Bassett, "Regression quantiles", Econometrica, 1978.
    """

    name: ClassVar[str] = "quantile"
    reduction: Reduction = field(default="mean", kw_only=True)
    q: float | Sequence[float] = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "q", _tuple_if_sequence(self.q, "q"))
        super().__post_init__()

    def n_targets(self, n_out: int) -> int:
        """Number of outputs divided by the number of quantiles."""
        n_quantiles = len(self.q) if isinstance(self.q, tuple) else 1
        if n_out % n_quantiles:
            raise ArgumentError(
                f"{n_quantiles} quantiles need {n_quantiles} outputs for each target, but the net has "
                f"{n_out} outputs"
            )
        return n_out // n_quantiles


@dataclass(frozen=True, repr=False)
class Poisson(Loss):
    """``1/n sum_j (exp(a_j) - y_j a_j)``, for counts y with a Poisson distribution.

    The output is the logarithm of the predicted rate: use an identity output, and
    ``np.exp(net.predict(X))`` for the rates. The derivative is ``1/n (exp(a_j) - y_j)``. Terms that
    depend only on y are left out, so that the loss may be negative, as in PyTorch's
    ``PoissonNLLLoss(log_input=True)``.
    """

    name: ClassVar[str] = "poisson"
    targets: ClassVar[Targets] = "counts"


@dataclass(frozen=True, repr=False)
class Hinge(Loss):
    """``1/n sum_j max(1 - y_j a_j, 0)``, the loss of support vector machines.

    Targets are -1 and 1, or 0 and 1, where 0 means -1: one column for each output. The predicted label
    is positive where the output is > 0, so use an identity (or tanh) output. The derivative is
    ``-y_j / n`` where ``y_j a_j < 1``, else 0.

    References
    ----------
    Cortes and Vapnik, "Support-vector networks", Machine Learning, 1995.
    """

    name: ClassVar[str] = "hinge"
    targets: ClassVar[Targets] = "signs"


@dataclass(frozen=True, repr=False)
class SquaredHinge(Loss):
    """``1/n sum_j max(1 - y_j a_j, 0)^2``, a `Hinge` without kink. Targets are those of `Hinge`.

    The derivative is ``-2/n y_j max(1 - y_j a_j, 0)``.
    """

    name: ClassVar[str] = "squared_hinge"
    targets: ClassVar[Targets] = "signs"


@dataclass(frozen=True, repr=False)
class Custom(Loss):
    """A loss given as a Python function.

    Parameters
    ----------
    function : callable
        ``f(y_true, y_pred) -> (loss, gradient)``. ``y_pred`` has shape (rows, n_out) and the net's
        dtype. ``y_true`` are the targets of these rows, of shape (rows, n_out), or (rows,) if y was
        one-dimensional and the net has several outputs. ``loss``, shape (rows,), is the loss of each
        row; ``gradient``, shape (rows, n_out), its derivative with respect to ``y_pred``. Both are
        unweighted.
    """

    name: ClassVar[str] = "custom"
    function: LossFunction | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not callable(self.function):
            raise TypeError("a custom loss needs a function f(y_true, y_pred)")

    @property
    def parameters(self) -> tuple[float, ...]:
        """Empty: a function has no row in the registry."""
        return ()

    def __call__(self, y: Array, outputs: Array, weights: Array | None) -> tuple[float, Array]:
        """The reduced loss of these rows, and its derivative with respect to the outputs."""
        assert self.function is not None
        result = self.function(y, outputs)
        if not isinstance(result, tuple | list) or len(result) != 2:
            raise TypeError(
                "the loss function must return two arrays, the loss of each row and its derivative "
                f"with respect to y_pred, got {shown(result)}"
            )
        loss, gradient = result
        loss = as_numbers(loss, "the loss per row")
        gradient = as_numbers(gradient, "the gradient of the loss")
        if loss.shape != outputs.shape[:1] or gradient.shape != outputs.shape:
            raise ShapeError(
                f"the loss function returned shapes {loss.shape} and {gradient.shape}; expected "
                f"{outputs.shape[:1]} (a loss for each row) and {outputs.shape} (its gradient)"
            )
        scale = np.ones(len(outputs)) if weights is None else weights
        if self.reduction == "mean":
            scale = scale / scale.sum()
        dtype = outputs.dtype
        scaled = gradient.astype(dtype) * scale.astype(dtype)[:, np.newaxis]
        return float(loss @ scale), np.ascontiguousarray(scaled)


def _tuple_if_sequence(value: Any, name: str) -> Any:
    """A sequence of numbers as a tuple; other values unchanged."""
    if isinstance(value, np.ndarray) and value.ndim:
        value = value.tolist()
    if isinstance(value, str) or not isinstance(value, Sequence):
        return value
    if not 1 <= len(value) <= _core.MAX_LOSS_PARAMS:
        raise ArgumentError(
            f"{name} must hold 1 to {_core.MAX_LOSS_PARAMS} numbers, got {len(value)}: {shown(value)}"
        )
    return tuple(value)


LossName = Literal[
    "squared_error",
    "mse",
    "cross_entropy",
    "binary_cross_entropy",
    "mae",
    "huber",
    "log_cosh",
    "quantile",
    "poisson",
    "hinge",
    "squared_hinge",
]
"""The names of the losses."""

LossLike = LossName | Loss | type[Loss] | LossFunction | None
"""The type of arguments named `loss`; None means a choice by the net's output activation."""

_BY_OUTPUT = {"softmax": CrossEntropy, "sigmoid": BinaryCrossEntropy}


def resolve_loss(loss: LossLike, output: ActivationFunction) -> Loss:
    """The loss for the argument `loss`, checked against the activation of the net's output."""
    if loss is None:
        return resolve(_BY_OUTPUT.get(output.name, MSE), Loss, "loss")
    if callable(loss) and not isinstance(loss, type | Spec):
        return Custom(function=loss)
    spec = resolve(loss, Loss, "loss")
    if isinstance(spec, Custom):
        return spec
    link = spec.row["label"].lower()
    if link not in ("any", output.name):
        raise ArgumentError(
            f"{spec.name} needs a {link} output, but the output of this net is {output.name}; "
            f"make the net with output={link!r} or choose another loss"
        )
    return spec


publish(globals())
