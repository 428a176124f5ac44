"""Which optimizer an argument means."""

from pybp._common.arguments import unknown_name
from pybp._common.specs import names, resolve
from pybp.errors import ArgumentError
from pybp.optimizers.base import Optimizer
from pybp.optimizers.solvers import SOLVERS, Solver

__all__ = ["OptimizerLike", "resolve_optimizer", "resolve_stepper"]

OptimizerLike = str | Optimizer | type[Optimizer] | Solver | type[Solver]
"""What the argument `optimizer` of `MLP.fit` takes."""


def resolve_optimizer(optimizer: OptimizerLike) -> Optimizer | Solver:
    """The optimizer or solver that an instance, a class or a name stands for."""
    if isinstance(optimizer, str) and optimizer in SOLVERS:
        return SOLVERS[optimizer]()
    if isinstance(optimizer, type) and issubclass(optimizer, Solver):
        return optimizer()
    if isinstance(optimizer, Solver):
        return optimizer
    if isinstance(optimizer, str) and optimizer not in names(Optimizer):
        raise ArgumentError(unknown_name("optimizer", optimizer, [*names(Optimizer), *SOLVERS]))
    return resolve(optimizer, Optimizer, "optimizer")


def resolve_stepper(optimizer: OptimizerLike) -> Optimizer:
    """`resolve_optimizer` where single steps are taken."""
    chosen = resolve_optimizer(optimizer)
    if isinstance(chosen, Solver):
        raise TypeError(f"{chosen!r} takes no single steps: it is for fit, with all samples")
    return chosen
