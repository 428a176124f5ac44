"""Training: scikit-learn's rules of when to stop around `MLP.fit`, in which the core trains epoch by epoch."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from pybp.callbacks import Callback
from pybp.errors import ArgumentError, DivergenceError
from pybp.sklearn._callbacks import Reports
from pybp.sklearn._holdout import Holdout, Samples, split
from pybp.sklearn._pace import Pace, Pacemaker
from pybp.sklearn._solvers import is_stochastic, optimizer_of, schedule_of, solver_of
from pybp.sklearn._watch import Iterations, Watch
from pybp.training.callback_list import checked_callbacks

__all__ = ["train"]

_NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


def train(
    estimator: Any, samples: Samples, held: Samples | None, incremental: bool, anew: bool
) -> None:
    """Train the estimator's net, as long as its parameters say; `anew`: nothing goes on."""
    _begin_records(estimator, anew)
    if is_stochastic(estimator.solver):
        _by_steps(estimator, samples, held, incremental)
    else:
        _as_a_whole(estimator, samples, held)


def _begin_records(estimator: Any, anew: bool) -> None:
    """Have all the attributes that training writes to; those that are there go on."""
    stops_early = estimator.early_stopping
    records: dict[str, Any] = {
        "t_": 0,
        "loss_curve_": [],
        "validation_loss_curve_": None,
        "validation_scores_": [] if stops_early else None,
    }
    if is_stochastic(estimator.solver):
        records |= {
            "_no_improvement_count": 0,
            "_best_parameters": None,
            "best_loss_": None if stops_early else np.inf,
            "best_validation_score_": -np.inf if stops_early else None,
        }
    for name, value in records.items():
        if anew or getattr(estimator, name, None) is None:
            setattr(estimator, name, value)


def _by_steps(estimator: Any, samples: Samples, held: Samples | None, incremental: bool) -> None:
    """By an optimizer; an epoch at most if `incremental`."""
    stops_early, given = estimator.early_stopping, held is not None
    if stops_early and held is None:
        stratify = estimator._stratified_by(samples.targets)
        fraction, state = estimator.validation_fraction, estimator._random_state
        samples, held = split(samples, fraction, stratify, state)
    holdout = _holdout(estimator, held, given, needed=not incremental)
    estimator._optimizer = _pace(estimator, incremental)
    watch = Iterations(estimator, _offset(estimator, samples), holdout, len(samples), stops_early)
    try:
        _fit_net(
            estimator,
            samples,
            optimizer_of(estimator, estimator._objective.scale),
            [*_pacemaker(estimator), watch],
            held,
            epochs=1 if incremental else estimator.max_iter,
            shuffle=estimator.shuffle,
            **_batches(estimator, len(samples)),
        )
    except DivergenceError as error:
        if not stops_early:
            raise ValueError(_NOT_FINITE) from error
        watch.diverged()
    if stops_early and estimator._best_parameters is not None:
        estimator._best_parameters.write_to(estimator.net_)
    if not incremental and estimator.n_iter_ == estimator.max_iter and not watch.stopped:
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the "
            "optimization hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=6,
        )


def _pace(estimator: Any, incremental: bool) -> Pace:
    """The learning rate: a `partial_fit` goes on with it, and with the optimizer's state."""
    ruled = estimator.solver == "sgd" and estimator.schedule is None
    rule = estimator.learning_rate if ruled else "constant"
    pace = Pace(estimator.learning_rate_init, rule, estimator.power_t)
    if not incremental:
        estimator.net_.reset_optimizer()
        return pace
    before = getattr(estimator, "_optimizer", None)
    return before if before is not None and before.follows(pace) else pace


def _as_a_whole(estimator: Any, samples: Samples, held: Samples | None) -> None:
    """By a solver that takes all samples at once; its iterations are epochs of `MLP.fit`."""
    solver = solver_of(estimator, estimator._objective.scale)
    holdout = _holdout(estimator, held, given=True, needed=True)
    watch = Watch(estimator, _offset(estimator, samples), holdout)
    size = {"epochs": estimator.max_iter, "batch_size": len(samples), "shuffle": False}
    try:
        message = _fit_net(estimator, samples, solver, [watch], held, **size)
    except DivergenceError as error:
        raise ValueError(_NOT_FINITE) from error
    if not message.startswith("CONVERGENCE") and "condition is satisfied" not in message:
        warnings.warn(
            f"{solver.name} failed to converge after {estimator.n_iter_} iteration(s): {message}\n"
            "Increase the number of iterations to improve the convergence "
            f"(max_iter={estimator.max_iter}).\n"
            "You might also want to scale the data, as shown in "
            "https://scikit-learn.org/stable/modules/preprocessing.html",
            ConvergenceWarning,
            stacklevel=6,
        )


def _fit_net(
    estimator: Any,
    samples: Samples,
    optimizer: Any,
    own: list[Callback],
    held: Samples | None,
    **how: Any,
) -> str:
    """One fit of the net; why a solver stopped."""
    reports = Reports.of(estimator, samples, how["epochs"])
    theirs = checked_callbacks(estimator.callbacks)
    if theirs and held is not None:  # they may watch val_loss
        given = (held.X, held.targets, held.weights)
        how["validation_data"] = given[: 2 if held.weights is None else 3]
    history = None
    try:
        history = estimator.net_.fit(
            samples.X,
            samples.targets,
            loss=estimator._objective.loss,
            optimizer=optimizer,
            penalty_per_weight=True,
            sample_weight=samples.weights,
            metrics=[],
            callbacks=[*own, *reports, *theirs],
            progress=estimator.progress,
            threads=estimator._threads or None,
            **how,
        )
    except KeyboardInterrupt:
        warnings.warn("Training interrupted by user.", stacklevel=7)
    return "interrupted" if history is None else history.message


def _holdout(estimator: Any, held: Samples | None, given: bool, needed: bool) -> Holdout | None:
    """What is held out; its loss is kept if the user gave it or watches the loss."""
    if held is None:
        if estimator.monitor is not None and needed:
            early = "early_stopping=True or " if is_stochastic(estimator.solver) else ""
            raise ArgumentError(f"monitor={estimator.monitor!r} needs {early}validation_data")
        return None
    holdout = Holdout(estimator, held)
    if estimator.validation_scores_ is None:
        estimator.validation_scores_ = []
    if estimator.validation_loss_curve_ is None and (given or holdout.by_loss):
        estimator.validation_loss_curve_ = []
    return holdout


def _offset(estimator: Any, samples: Samples) -> float:
    return float(estimator._objective.offset(samples.targets, samples.weights))


def _pacemaker(estimator: Any) -> list[Callback]:
    """What sets SGD's learning rate; that of the others stays as it is, or is the schedule's."""
    if estimator.solver != "sgd":
        return []
    scheduled = schedule_of(estimator) is not None
    pace = None if scheduled else estimator._optimizer
    return [Pacemaker(pace, estimator._objective.scale)]


def _batches(estimator: Any, n_samples: int) -> dict[str, Any]:
    """How `MLP.fit` is to cut the samples."""
    size = 200 if estimator.batch_size == "auto" else int(estimator.batch_size)
    if size > n_samples and estimator.batch_size != "auto":
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped.",
            stacklevel=7,
        )
    size = min(size, n_samples)
    # Over a single row there is nothing to normalise; it has other companions in the next epoch.
    alone = estimator.batch_norm and n_samples > size > 1 and n_samples % size == 1
    return {"batch_size": size, "drop_last": alone}
