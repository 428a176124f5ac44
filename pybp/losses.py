"""Losses: the number that training makes smaller.

Each class states the loss of one sample with target y and output a, over n outputs, with its slope
for backpropagation. The loss of many samples is their mean (weighted, if there are sample weights),
or with ``reduction="sum"`` their sum. A plain name such as ``"mse"`` works wherever one of these does, and so does a function
``f(y_true, y_pred) -> (loss per row, d loss / d y_pred)``, neither weighted nor reduced.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from pybp import _core
from pybp._common.arguments import shown
from pybp._common.arrays import as_numbers
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
    "Poisson",
    "Quantile",
    "SquaredError",
    "SquaredHinge",
]

Targets = Literal["numbers", "counts", "signs", "probabilities", "classes"]

LossFunction = Callable[[Any, Any], tuple[Any, Any]]
"""``f(y_true, y_pred) -> (loss per row, d loss / d y_pred)``."""


@dataclass(frozen=True, repr=False)
class Loss(Spec):
    """Base class of the losses.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        How the losses of the samples become one number.
    """

    registry: ClassVar[str] = "losses"
    targets: ClassVar[Targets] = "numbers"
    reduction: str = "mean"

    def __post_init__(self) -> None:
        if self.reduction not in ("mean", "sum"):
            raise ArgumentError(f"reduction must be 'mean' or 'sum', got {self.reduction!r}")
        self.parameters  # noqa: B018  # reading them checks them

    @cached_property
    def core(self) -> tuple[int, tuple[float, ...]]:
        """What the core takes: the loss and its parameters."""
        return self.number, self.parameters

    def n_targets(self, n_out: int) -> int:
        """The number of columns of y that go with so many outputs."""
        return n_out


@dataclass(frozen=True, repr=False)
class SquaredError(Loss):
    """``1/2 sum_j (a_j - y_j)^2``, as textbooks derive backpropagation with."""

    name: ClassVar[str] = "squared_error"


@dataclass(frozen=True, repr=False)
class MSE(Loss):
    """Mean squared error, ``1/n sum_j (a_j - y_j)^2``."""

    name: ClassVar[str] = "mse"


@dataclass(frozen=True, repr=False)
class CrossEntropy(Loss):
    """``-sum_j t_j log a_j`` for a softmax output; computed from z, so that it never overflows.

    Targets y are class indices, one-hot rows, or rows of probabilities. The slope by z is a - t.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        How the losses of the samples become one number.
    label_smoothing : float
        s in ``t_j = (1 - s) y_j + s / n``, from 0 to 1: how much of a target is spread evenly over
        all n classes, as in PyTorch. Keeps the net from growing ever more certain.

    References
    ----------
    Szegedy et al., "Rethinking the inception architecture for computer vision", CVPR 2016.
    """

    name: ClassVar[str] = "cross_entropy"
    targets: ClassVar[Targets] = "classes"
    label_smoothing: float = 0.0


@dataclass(frozen=True, repr=False)
class BinaryCrossEntropy(Loss):
    """``-1/n sum_j (p_j y_j log a_j + (1 - y_j) log(1 - a_j))`` for a sigmoid output; from z.

    Targets are 0 or 1 (or probabilities): one column, or one for each label. The slope by z is
    ``1/n (a_j - y_j)`` where p_j is 1.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        How the losses of the samples become one number.
    pos_weight : float or sequence of float
        p > 0, the weight of positive targets, as in PyTorch: one for all outputs, or one for each
        (32 at most). With 3, a positive counts as three. Predictions rise accordingly.
    """

    name: ClassVar[str] = "binary_cross_entropy"
    targets: ClassVar[Targets] = "probabilities"
    pos_weight: float | Sequence[float] = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "pos_weight", _one_or_several(self.pos_weight, "pos_weight"))
        super().__post_init__()

    def n_targets(self, n_out: int) -> int:
        """As many as outputs; checks that there are as many weights, or one."""
        if isinstance(self.pos_weight, tuple) and len(self.pos_weight) != n_out:
            raise ArgumentError(
                f"pos_weight holds {len(self.pos_weight)} numbers; expected one, or one for each "
                f"of {n_out} outputs"
            )
        return n_out


@dataclass(frozen=True, repr=False)
class MAE(Loss):
    """Mean absolute error, ``1/n sum_j |a_j - y_j|``; slope ``1/n sign(a_j - y_j)``, 0 at 0.

    It is smallest at the median of the targets, and outliers have no more pull than others.
    """

    name: ClassVar[str] = "mae"


@dataclass(frozen=True, repr=False)
class Huber(Loss):
    """Squared near 0, absolute far out: ``1/n sum_j h(a_j - y_j)``.

    With ``h(d) = d^2 / 2`` for ``|d| <= delta``, else ``delta (|d| - delta / 2)``; the slope is d,
    limited to [-delta, delta], over n. As in PyTorch.

    Parameters
    ----------
    delta : float
        Where the two meet; > 0.
    reduction : {"mean", "sum"}
        How the losses of the samples become one number.

    References
    ----------
    Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics, 1964.
    """

    name: ClassVar[str] = "huber"
    reduction: str = field(default="mean", kw_only=True)
    delta: float = 1.0


@dataclass(frozen=True, repr=False)
class LogCosh(Loss):
    """``1/n sum_j log(cosh(a_j - y_j))``: like Huber, but smooth; slope ``1/n tanh(a_j - y_j)``."""

    name: ClassVar[str] = "log_cosh"


@dataclass(frozen=True, repr=False)
class Quantile(Loss):
    """The pinball loss, whose minimum is a quantile of the targets: quantile regression.

    ``1/n sum_j max(q (y_j - a_j), (1 - q) (a_j - y_j))``; the slope is 1 - q above the target, -q
    below, 0 on it, over n.

    Several quantiles are learnt at once by a net with an output for each, or, for m targets, with
    m k outputs: output ``j k + i`` is for quantile i of target j, so that
    ``net.predict(X).reshape(-1, m, k)[:, j, i]`` is. y stays (rows, m), or (rows,) for one target.
    Nothing forces the predicted quantiles to be in order.

    Parameters
    ----------
    q : float or sequence of float
        The quantile, or several (32 at most), each between 0 and 1.
    reduction : {"mean", "sum"}
        How the losses of the samples become one number.

    References
    ----------
    Koenker and Bassett, "Regression quantiles", Econometrica, 1978.
    """

    name: ClassVar[str] = "quantile"
    reduction: str = field(default="mean", kw_only=True)
    q: float | Sequence[float] = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "q", _one_or_several(self.q, "q"))
        super().__post_init__()

    def n_targets(self, n_out: int) -> int:
        """A column of y for each group of outputs."""
        several = len(self.q) if isinstance(self.q, tuple) else 1
        if n_out % several:
            raise ArgumentError(
                f"{several} quantiles need {several} outputs for each target, but the net has "
                f"{n_out} outputs"
            )
        return n_out // several


@dataclass(frozen=True, repr=False)
class Poisson(Loss):
    """Counts with a rate that the net predicts: ``1/n sum_j (exp(a_j) - y_j a_j)``.

    The output is the logarithm of the rate, so give the net an identity output and take
    ``np.exp(net.predict(X))``. The slope is ``1/n (exp(a_j) - y_j)``. Terms that depend on y alone
    are left out, so it may be negative. As PyTorch's ``PoissonNLLLoss(log_input=True)``.
    """

    name: ClassVar[str] = "poisson"
    targets: ClassVar[Targets] = "counts"


@dataclass(frozen=True, repr=False)
class Hinge(Loss):
    """``1/n sum_j max(1 - y_j a_j, 0)``, the loss of support vector machines.

    Targets are -1 and 1, or 0 and 1, where 0 stands for -1: one column, or one for each label. The
    answer is yes where the output is above 0, so give the net an identity (or tanh) output. The
    slope is ``-y_j / n`` where ``y_j a_j < 1``, else 0.

    References
    ----------
    Cortes and Vapnik, "Support-vector networks", Machine Learning, 1995.
    """

    name: ClassVar[str] = "hinge"
    targets: ClassVar[Targets] = "signs"


@dataclass(frozen=True, repr=False)
class SquaredHinge(Loss):
    """``1/n sum_j max(1 - y_j a_j, 0)^2``: Hinge without its kink; targets likewise.

    The slope is ``-2/n y_j max(1 - y_j a_j, 0)``.
    """

    name: ClassVar[str] = "squared_hinge"
    targets: ClassVar[Targets] = "signs"


@dataclass(frozen=True, repr=False)
class Custom(Loss):
    """A loss given as a Python function.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        How the losses of the samples become one number.
    function : callable
        ``f(y_true, y_pred) -> (loss, gradient)``. ``y_pred`` is (rows, n_out) in the net's dtype;
        ``y_true`` are the targets of the same rows, (rows, n_out) or, if they were given in one
        dimension for several outputs, (rows,). ``loss`` is (rows,), the loss of each row;
        ``gradient`` is (rows, n_out), its derivative by ``y_pred``. Both unweighted.
    """

    name: ClassVar[str] = "custom"
    function: LossFunction | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not callable(self.function):
            raise TypeError("a custom loss needs a function f(y_true, y_pred)")

    @property
    def parameters(self) -> tuple[float, ...]:
        """None: a function has no row in the registry."""
        return ()

    def __call__(self, y: Array, outputs: Array, weights: Array | None) -> tuple[float, Array]:
        """The reduced loss of these rows, and its derivative by the outputs."""
        assert self.function is not None
        given = self.function(y, outputs)
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise TypeError(
                "the loss function must give two arrays, the loss of each row and its gradient by "
                f"y_pred, got {shown(given)}"
            )
        loss, gradient = given
        loss = as_numbers(loss, "the loss per row")
        gradient = as_numbers(gradient, "the gradient of the loss")
        if loss.shape != outputs.shape[:1] or gradient.shape != outputs.shape:
            raise ShapeError(
                f"the loss function gave shapes {loss.shape} and {gradient.shape}; expected "
                f"{outputs.shape[:1]} (a loss for each row) and {outputs.shape} (its gradient)"
            )
        scale = np.ones(len(outputs)) if weights is None else weights
        if self.reduction == "mean":
            scale = scale / scale.sum()
        dtype = outputs.dtype
        scaled = gradient.astype(dtype) * scale.astype(dtype)[:, np.newaxis]
        return float(loss @ scale), np.ascontiguousarray(scaled)


def _one_or_several(value: Any, name: str) -> Any:
    """A number as it is, a sequence of numbers as a tuple."""
    if isinstance(value, np.ndarray) and value.ndim:
        value = value.tolist()
    if isinstance(value, str) or not isinstance(value, Sequence):
        return value
    if not 1 <= len(value) <= _core.MAX_LOSS_PARAMS:
        raise ArgumentError(
            f"{name} must hold 1 to {_core.MAX_LOSS_PARAMS} numbers, got {len(value)}: {shown(value)}"
        )
    return tuple(value)


LossLike = str | Loss | type[Loss] | LossFunction | None
"""What the arguments named `loss` take; None chooses by the net's output."""

_BY_OUTPUT = {"softmax": CrossEntropy, "sigmoid": BinaryCrossEntropy}


def resolve_loss(loss: LossLike, output: ActivationFunction) -> Loss:
    """The loss that `loss` stands for, checked against the activation of the net's output."""
    if loss is None:
        return _BY_OUTPUT.get(output.name, MSE)()
    if callable(loss) and not isinstance(loss, type | Loss):
        return Custom(function=loss)
    spec = resolve(loss, Loss, "loss")
    if isinstance(spec, Custom):
        return spec
    link = spec.row["label"].lower()
    if link not in ("any", output.name):
        raise ArgumentError(
            f"{spec.name} needs a {link} output, but this net ends in {output.name}; "
            f"make the net with output={link!r} or choose another loss"
        )
    return spec
