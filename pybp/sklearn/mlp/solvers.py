"""The optimizer that an estimator's parameters stand for."""

from dataclasses import replace
from typing import Any

import numpy as np

from pybp._common.arguments import unknown_name
from pybp._common.specs import spec_classes
from pybp.errors import ArgumentError
from pybp.optimizers import LBFGS, SGD, Adam, Optimizer
from pybp.optimizers.resolve import resolve_optimizer
from pybp.optimizers.solvers import SOLVERS, Solver
from pybp.schedules import Function, LearningRate, Schedule

__all__ = [
    "OPTIMIZERS",
    "check_spans_calls",
    "is_stochastic",
    "optimizer_of",
    "schedule_of",
    "solver_of",
]

OPTIMIZERS = sorted(spec_classes(Optimizer))
"""Names of the optimizers that train on minibatches."""

_BELOW_ONE = float(np.nextafter(1.0, 0.0))


def is_stochastic(solver: Any) -> bool:
    """Whether a solver trains on minibatches, so that there is `partial_fit`."""
    whole = isinstance(solver, Solver) or solver in SOLVERS
    return not (whole or (isinstance(solver, type) and issubclass(solver, Solver)))


def solver_of(params: Any, scale: float) -> Solver:
    """The solver that trains on all samples at once; `scale` is that of the `Objective`."""
    for name in ("schedule", "clip_norm"):
        if getattr(params, name) is not None:
            raise ArgumentError(f"{name} has no meaning for solver={params.solver!r}")
    if params.solver == "lbfgs":
        return LBFGS(max_fun=params.max_fun, tol=params.tol / scale)
    solver = resolve_optimizer(params.solver)
    assert isinstance(solver, Solver)
    if params.alpha and "l2" in solver.refused_options:
        raise ArgumentError(f"solver={params.solver!r} needs alpha=0, got {params.alpha}")
    return solver


def optimizer_of(params: Any, scale: float) -> Optimizer:
    """The optimizer that trains on minibatches; `scale` is that of the `Objective`.

    Except for epsilon, Adam's step doesn't depend on the scale of the gradient. SGD's step does;
    `SetLearningRate` scales its learning rate.
    """
    schedule = schedule_of(params)
    rate: LearningRate = params.learning_rate_init if schedule is None else schedule
    clip = {} if params.clip_norm is None else {"clip_norm": params.clip_norm / scale}
    if params.solver == "adam":
        betas = (params.beta_1, params.beta_2)
        return Adam(rate, betas, params.epsilon / scale, **clip)
    if params.solver == "sgd":
        momentum = min(float(params.momentum), _BELOW_ONE)
        nesterov = bool(params.nesterovs_momentum) and momentum > 0
        return SGD(rate, momentum, nesterov, **clip)
    if isinstance(params.solver, str):
        return spec_classes(Optimizer)[params.solver](lr=rate, **clip)
    chosen = resolve_optimizer(params.solver)
    assert isinstance(chosen, Optimizer)
    own: dict[str, Any] = {} if schedule is None else {"lr": schedule}
    return replace(chosen, **own, **clip)


def check_spans_calls(params: Any) -> None:
    """Raise if the schedule would end with each call of `partial_fit`, at a learning rate of 0."""
    schedule = schedule_of(params)
    if schedule is None and isinstance(params.solver, Optimizer):
        schedule = params.solver.lr if isinstance(params.solver.lr, Schedule) else None
    if schedule is not None and schedule.ends_with_fit:
        raise ArgumentError(
            f"{schedule!r} would end with each call of partial_fit: give the schedule steps=..., "
            "the number of updates of all calls together"
        )


def schedule_of(params: Any) -> Schedule | None:
    """The schedule of the learning rate, if there is one."""
    given = params.schedule
    if given is None or isinstance(given, Schedule):
        return given
    if not isinstance(given, str):
        return Function(given)
    known = spec_classes(Schedule)
    if given not in known:
        raise ArgumentError(unknown_name("schedule", given, known))
    try:
        return known[given](lr=params.learning_rate_init)  # type: ignore[call-arg]
    except TypeError:
        raise ArgumentError(
            f"schedule={given!r} needs arguments: give one of pybp.schedules"
        ) from None
