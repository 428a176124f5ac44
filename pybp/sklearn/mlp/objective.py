"""The objective that is minimised: scikit-learn's losses in terms of the core's, and its gradient."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.arguments import threads_count
from pybp._common.specs import resolve
from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Custom,
    Loss,
    Poisson,
    Quantile,
    SquaredError,
)
from pybp.optimizers import SGD
from pybp.training.problem import TrainingProblem
from pybp.training.settings import TrainSettings

__all__ = [
    "Objective",
    "classification_objective",
    "loss_and_gradient",
    "loss_spec",
    "regression_objective",
]


@dataclass(frozen=True)
class Objective:
    """A loss of the core, and the factors that make it scikit-learn's.

    Attributes
    ----------
    loss : Loss
        The core's loss.
    output : str
        Activation of the net's output, by pybp's name.
    out_activation : str
        Activation of the estimator's output, by scikit-learn's name; "exp" for `Poisson`, which
        takes outputs before that activation.
    scale : float
        Factor from the core's loss and gradient to those that are minimised: where the core takes
        the mean over outputs, scikit-learn takes their sum.
    reported : float
        Factor from the core's loss to the one that is reported.
    """

    loss: Loss
    output: str
    out_activation: str
    scale: float = 1.0
    reported: float = 1.0

    def offset(self, targets: Array, weights: Array | None) -> float:
        """The terms that the core's loss omits; they depend on the targets alone."""
        if self.out_activation != "exp":
            return 0.0
        y = targets.astype(np.float64)
        logs = np.log(y, where=y > 0, out=np.zeros_like(y))
        return float(np.average((y * logs - y).sum(axis=1), weights=weights))

    def predictions(self, outputs: Array) -> Array:
        """The estimator's outputs for outputs of the net, which may be overwritten."""
        return np.exp(outputs, out=outputs) if self.out_activation == "exp" else outputs

    def slopes(self, outputs: Array) -> Array | float:
        """Derivatives of the estimator's outputs with respect to the net's outputs."""
        return self.predictions(outputs.copy()) if self.out_activation == "exp" else 1.0


def loss_spec(loss: Any) -> Loss:
    """A loss by pybp's name, one of `pybp.losses`, or a function."""
    if callable(loss) and not isinstance(loss, type | Loss):
        return Custom(function=loss)
    return resolve(loss, Loss, "loss")


def regression_objective(loss: Any, n_targets: int) -> tuple[Objective, int]:
    """What a regressor minimises, and the number of outputs."""
    if loss == "squared_error":
        return Objective(SquaredError(), "identity", "identity", 1.0, 1 / n_targets), n_targets
    spec = loss_spec(loss)
    if isinstance(spec, Poisson):
        return Objective(spec, "identity", "exp", n_targets, n_targets), n_targets
    if spec.targets != "numbers":
        raise ArgumentError(f"loss={loss!r} is not for regression: its targets are {spec.targets}")
    several = isinstance(spec, Quantile) and isinstance(spec.q, tuple)
    n_outputs = n_targets * len(spec.q) if several else n_targets  # type: ignore[attr-defined]
    return Objective(spec, "identity", "identity"), n_outputs


def classification_objective(
    loss: Any, kind: str, n_outputs: int, label_smoothing: float
) -> Objective:
    """What a classifier minimises; `kind` is that of its `Labels`."""
    if loss == "log_loss":
        if kind == "multiclass":
            return Objective(CrossEntropy(label_smoothing=label_smoothing), "softmax", "softmax")
        return Objective(BinaryCrossEntropy(), "sigmoid", "logistic", n_outputs, n_outputs)
    if label_smoothing:
        raise ArgumentError(f"label_smoothing is for loss='log_loss', got loss={loss!r}")
    spec = loss_spec(loss)
    if spec.targets == "counts" or isinstance(spec, Quantile):
        raise ArgumentError(f"loss={loss!r} is not for classification")
    if spec.targets == "signs":
        return Objective(spec, "identity", "identity")
    needed = {"classes": "softmax", "probabilities": "sigmoid"}.get(spec.targets)
    output = "softmax" if kind == "multiclass" else "sigmoid"
    if needed not in (None, output):
        raise ArgumentError(f"loss={loss!r} needs a {needed} output; {kind} classes have {output}")
    return Objective(spec, output, "softmax" if output == "softmax" else "logistic")


def loss_and_gradient(estimator: Any, X: Any, targets: Any, weights: Any) -> tuple[float, Array]:
    """The minimised loss of all samples and its gradient, a vector of all the net's parameters."""
    net, objective = estimator.net_, estimator._objective
    data = net._reader(objective.loss).rows(X, targets, weights)
    settings = TrainSettings(
        objective.loss,
        SGD(),  # takes no step
        batch_size=len(data),
        shuffle=False,
        threads=threads_count(estimator._threads),
        penalty_per_weight=True,
    )
    problem = TrainingProblem(net._net, net.layers, data, settings)
    value, gradient = problem.loss_and_gradient(problem.start)
    return value * objective.scale, gradient * objective.scale
