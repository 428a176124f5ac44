"""Training by `MLP.fit`, with scikit-learn's learning rates, stopping rules and records."""

from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from pybp._common.warn import warn
from pybp.callbacks import Callback
from pybp.errors import ArgumentError, DivergenceError
from pybp.sklearn.callbacks import SklearnCallbacks
from pybp.sklearn.mlp.learning_rate import LearningRate, SetLearningRate
from pybp.sklearn.mlp.solvers import (
    check_spans_calls,
    is_stochastic,
    optimizer_of,
    schedule_of,
    solver_of,
)
from pybp.sklearn.mlp.stopping import RecordEpochs, StopWithoutProgress
from pybp.sklearn.mlp.validation import Samples, ValidationSet, split
from pybp.training.callback_list import checked_callbacks

__all__ = ["train"]

_NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


def train(
    estimator: Any, samples: Samples, validation: Samples | None, incremental: bool, reset: bool
) -> None:
    """Train the estimator's net as its parameters say.

    Parameters
    ----------
    estimator : BaseMLP
        The estimator; its net has initial weights.
    samples, validation : Samples
        Samples to train on, and `validation_data` or None.
    incremental : bool
        Whether this is a `partial_fit`: one epoch at most.
    reset : bool
        Whether the records of epochs start anew.
    """
    _init_records(estimator, reset)
    if is_stochastic(estimator.solver):
        _train_minibatches(estimator, samples, validation, incremental)
    else:
        _train_whole_batch(estimator, samples, validation)


def _init_records(estimator: Any, reset: bool) -> None:
    """Set the attributes in which training records epochs; without `reset`, those that are missing."""
    early_stopping = estimator.early_stopping
    records: dict[str, Any] = {
        "t_": 0,
        "loss_curve_": [],
        "validation_loss_curve_": None,
        "validation_scores_": [] if early_stopping else None,
    }
    if is_stochastic(estimator.solver):
        records |= {
            "_no_improvement_count": 0,
            "_best_parameters": None,
            "best_loss_": None if early_stopping else np.inf,
            "best_validation_score_": -np.inf if early_stopping else None,
        }
    for name, value in records.items():
        if reset or getattr(estimator, name, None) is None:
            setattr(estimator, name, value)


def _train_minibatches(
    estimator: Any, samples: Samples, validation: Samples | None, incremental: bool
) -> None:
    """Train by an optimizer; one epoch at most if `incremental`."""
    if incremental:
        check_spans_calls(estimator)
    early_stopping, given = estimator.early_stopping, validation is not None
    if early_stopping and validation is None:
        stratify = estimator._stratified_by(samples.targets)
        fraction, state = estimator.validation_fraction, estimator._random_state
        samples, validation = split(samples, fraction, stratify, state)
    scored = _validation_set(estimator, validation, given, needed=not incremental)
    estimator._optimizer = _learning_rate(estimator, incremental)
    offset = _offset(estimator, samples)
    stopper = StopWithoutProgress(estimator, offset, scored, len(samples), early_stopping)
    try:
        _fit_net(
            estimator,
            samples,
            optimizer_of(estimator, estimator._objective.scale),
            [*_set_learning_rate(estimator), stopper],
            validation,
            epochs=1 if incremental else estimator.max_iter,
            shuffle=estimator.shuffle,
            **_batches(estimator, len(samples)),
        )
    except DivergenceError as error:
        if not early_stopping:
            raise ValueError(_NOT_FINITE) from error
        stopper.record_divergence()
    if early_stopping and estimator._best_parameters is not None:
        estimator._best_parameters.write_to(estimator.net_)
    if not incremental and estimator.n_iter_ == estimator.max_iter and not stopper.stopped:
        warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the "
            "optimization hasn't converged yet.",
            ConvergenceWarning,
        )


def _learning_rate(estimator: Any, incremental: bool) -> LearningRate:
    """The learning rate; `partial_fit` continues with the last one and the optimizer's state."""
    has_rule = estimator.solver == "sgd" and estimator.schedule is None
    rule = estimator.learning_rate if has_rule else "constant"
    rate = LearningRate(estimator.learning_rate_init, rule, estimator.power_t)
    if not incremental:
        estimator.net_.reset_optimizer()
        return rate
    before = getattr(estimator, "_optimizer", None)
    return before if before is not None and before.same_rule(rate) else rate


def _train_whole_batch(estimator: Any, samples: Samples, validation: Samples | None) -> None:
    """Train by a solver that takes all samples at once; its iterations are epochs of `MLP.fit`."""
    solver = solver_of(estimator, estimator._objective.scale)
    scored = _validation_set(estimator, validation, given=True, needed=True)
    recorder = RecordEpochs(estimator, _offset(estimator, samples), scored)
    size = {"epochs": estimator.max_iter, "batch_size": len(samples), "shuffle": False}
    try:
        message = _fit_net(estimator, samples, solver, [recorder], validation, **size)
    except DivergenceError as error:
        raise ValueError(_NOT_FINITE) from error
    if not message.startswith("CONVERGENCE") and "condition is satisfied" not in message:
        warn(
            f"{solver.name} failed to converge after {estimator.n_iter_} iteration(s): {message}\n"
            "Increase the number of iterations to improve the convergence "
            f"(max_iter={estimator.max_iter}).\n"
            "You might also want to scale the data, as shown in "
            "https://scikit-learn.org/stable/modules/preprocessing.html",
            ConvergenceWarning,
        )


def _fit_net(
    estimator: Any,
    samples: Samples,
    optimizer: Any,
    own: list[Callback],
    validation: Samples | None,
    **how: Any,
) -> str:
    """Fit the net; returns why a solver stopped."""
    of_sklearn = SklearnCallbacks.of(
        estimator, samples.X, samples.y, samples.weights, how["epochs"]
    )
    of_user = checked_callbacks(estimator.callbacks)
    if of_user and validation is not None:  # they may watch val_loss
        given = (validation.X, validation.targets, validation.weights)
        how["validation_data"] = given[: 2 if validation.weights is None else 3]
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
            callbacks=[*own, *of_sklearn, *of_user],
            progress=estimator.progress,
            threads=estimator._threads,
            **how,
        )
    except KeyboardInterrupt:
        warn("Training interrupted by user.")
    return "interrupted" if history is None else history.message


def _validation_set(
    estimator: Any, samples: Samples | None, given: bool, needed: bool
) -> ValidationSet | None:
    """The samples that are scored after each epoch.

    Their loss is recorded if the user gave them, or monitors the loss.
    """
    if samples is None:
        if estimator.monitor is not None and needed:
            early = "early_stopping=True or " if is_stochastic(estimator.solver) else ""
            raise ArgumentError(f"monitor={estimator.monitor!r} needs {early}validation_data")
        return None
    validation = ValidationSet(estimator, samples)
    if estimator.validation_scores_ is None:
        estimator.validation_scores_ = []
    if estimator.validation_loss_curve_ is None and (given or validation.by_loss):
        estimator.validation_loss_curve_ = []
    return validation


def _offset(estimator: Any, samples: Samples) -> float:
    return float(estimator._objective.offset(samples.targets, samples.weights))


def _set_learning_rate(estimator: Any) -> list[Callback]:
    """The callback that sets SGD's learning rate; other optimizers have a constant one or a schedule."""
    if estimator.solver != "sgd":
        return []
    scheduled = schedule_of(estimator) is not None
    rate = None if scheduled else estimator._optimizer
    return [SetLearningRate(rate, estimator._objective.scale)]


def _batches(estimator: Any, n_samples: int) -> dict[str, Any]:
    """The arguments of `MLP.fit` for minibatches."""
    size = 200 if estimator.batch_size == "auto" else int(estimator.batch_size)
    if size > n_samples and estimator.batch_size != "auto":
        warn("Got `batch_size` less than 1 or larger than sample size. It is going to be clipped.")
    size = min(size, n_samples)
    # Batch norm can't normalise a minibatch of one row: that row is left out of this epoch.
    single_row = estimator.batch_norm and n_samples > size > 1 and n_samples % size == 1
    return {"batch_size": size, "drop_last": single_row}
