"""Losses: the number that training makes smaller.

Each class states the loss of one sample with target y and output a, over n outputs. The loss of
many samples is their mean (weighted, if there are sample weights), or with ``reduction="sum"``
their sum. A plain name such as ``"mse"`` works wherever one of these does, and so does a function
``f(y_true, y_pred) -> (loss per row, d loss / d y_pred)``, neither weighted nor reduced.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pybp._types import Array
from pybp.activations import ActivationFunction
from pybp.errors import ArgumentError, ShapeError
from pybp.specs import Spec, resolve
from pybp.validation import as_numbers

__all__ = [
    "MSE",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Custom",
    "Loss",
    "LossFunction",
    "LossLike",
    "SquaredError",
]

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
    reduction: str = "mean"

    def __post_init__(self) -> None:
        if self.reduction not in ("mean", "sum"):
            raise ArgumentError(f"reduction must be 'mean' or 'sum', got {self.reduction!r}")
        self.parameters  # noqa: B018  # reading them checks them

    @property
    def core(self) -> tuple[int, tuple[float, ...]]:
        """What the core takes: the loss and its parameters."""
        return self.number, self.parameters


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
    """``-sum_j y_j log a_j`` for a softmax output; computed from z, so that it never overflows.

    Targets are class indices, one-hot rows, or rows of probabilities.
    """

    name: ClassVar[str] = "cross_entropy"


@dataclass(frozen=True, repr=False)
class BinaryCrossEntropy(Loss):
    """``-1/n sum_j (y_j log a_j + (1 - y_j) log(1 - a_j))`` for a sigmoid output; computed from z.

    Targets are 0 or 1 (or probabilities): one column, or one for each label.
    """

    name: ClassVar[str] = "binary_cross_entropy"


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
        loss, gradient = self.function(y, outputs)
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
