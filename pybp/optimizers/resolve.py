"""Find the optimizer for an argument."""

from typing import Literal

from pybp._common.arguments import unknown_name
from pybp._common.specs import resolve, spec_classes
from pybp.errors import ArgumentError
from pybp.optimizers.base import Optimizer
from pybp.optimizers.solvers import SOLVERS, Solver

__all__ = ["OptimizerLike", "OptimizerName", "resolve_optimizer", "resolve_stepper"]

OptimizerName = Literal[
    "sgd",
    "adagrad",
    "rmsprop",
    "adam",
    "adamw",
    "adadelta",
    "adamax",
    "radam",
    "lion",
    "rprop",
    "nadam",
    "lbfgs",
    "levenberg_marquardt",
]
"""The names of the optimizers and of the solvers."""

OptimizerLike = OptimizerName | Optimizer | type[Optimizer] | Solver | type[Solver]
"""The type of the argument `optimizer` of `MLP.fit`."""


def resolve_optimizer(optimizer: OptimizerLike) -> Optimizer | Solver:
    """The optimizer or solver for an instance, a class or a name."""
    if isinstance(optimizer, str) and optimizer in SOLVERS:
        return SOLVERS[optimizer]()
    if isinstance(optimizer, type) and issubclass(optimizer, Solver):
        return optimizer()
    if isinstance(optimizer, Solver):
        return optimizer
    if isinstance(optimizer, str) and optimizer not in spec_classes(Optimizer):
        raise ArgumentError(
            unknown_name("optimizer", optimizer, [*spec_classes(Optimizer), *SOLVERS])
        )
    return resolve(optimizer, Optimizer, "optimizer")


def resolve_stepper(optimizer: OptimizerLike) -> Optimizer:
    """The same for methods that do single updates; raises TypeError for a solver."""
    chosen = resolve_optimizer(optimizer)
    if isinstance(chosen, Solver):
        raise TypeError(f"{chosen!r} can't do single updates: use it in fit, with all samples")
    return chosen
