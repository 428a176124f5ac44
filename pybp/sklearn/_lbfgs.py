"""Loss and gradient over all samples, as L-BFGS sees them."""

from typing import Any

from pybp._common.types import Array
from pybp.optimizers import SGD
from pybp.training.epoch import Plan
from pybp.training.problem import TrainingProblem

__all__ = ["loss_and_gradient"]


def loss_and_gradient(estimator: Any, X: Any, targets: Any, weights: Any) -> tuple[float, Array]:
    """The loss that is minimised and its gradient, a vector of all the net's parameters."""
    net, objective = estimator.net_, estimator._objective
    data = net._reader(objective.loss).rows(X, targets, weights)
    plan = Plan(
        objective.loss,
        SGD(),  # takes no step
        batch_size=len(data),
        shuffle=False,
        threads=estimator._threads,
        penalty_per_weight=True,
    )
    problem = TrainingProblem(net._net, net.layers, data, plan)
    value, gradient = problem.loss_and_gradient(problem.start)
    return value * objective.scale, gradient * objective.scale
