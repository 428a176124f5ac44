"""Recording of epochs, and scikit-learn's stopping rules."""

import math
from typing import Any

from pybp.callbacks import Callback
from pybp.mlp import MLP
from pybp.net.parameters import Parameters
from pybp.sklearn.mlp.validation import ValidationSet

__all__ = ["RecordEpochs", "StopWithoutProgress"]


class RecordEpochs(Callback):
    """Records loss and score of each epoch in an estimator's attributes.

    Parameters
    ----------
    estimator : BaseMLP
        The estimator that is fitted.
    offset : float
        Added to the loss.
    validation : ValidationSet or None
        The samples that are scored.
    """

    def __init__(self, estimator: Any, offset: float, validation: ValidationSet | None) -> None:
        self.estimator = estimator
        self.offset = offset
        self.validation = validation

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> bool:
        """Record the epoch."""
        estimator = self.estimator
        estimator.n_iter_ += 1
        estimator.loss_ = logs["loss"] * estimator._objective.reported + self.offset
        estimator.loss_curve_.append(estimator.loss_)
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {estimator.loss_:.8f}")
        if self.validation is not None:
            self._validate(self.validation)
        return False

    def _validate(self, validation: ValidationSet) -> None:
        """Record loss and score of the validation samples."""
        estimator = self.estimator
        loss = math.nan
        if validation.by_loss or estimator.validation_loss_curve_ is not None:
            loss = validation.loss()
            estimator.validation_loss_curve_.append(loss)
        score = validation.score(loss)
        estimator.validation_scores_.append(score)
        if estimator.verbose:
            print(f"Validation score: {score:f}")


class StopWithoutProgress(RecordEpochs):
    """Records epochs, and stops after too many without progress.

    Parameters
    ----------
    estimator, offset, validation
        As for `RecordEpochs`.
    n_samples : int
        Samples of an epoch.
    early_stopping : bool
        Whether progress is a rising validation score, or a falling training loss.
    """

    def __init__(
        self,
        estimator: Any,
        offset: float,
        validation: ValidationSet | None,
        n_samples: int,
        early_stopping: bool,
    ) -> None:
        super().__init__(estimator, offset, validation)
        self.n_samples = n_samples
        self.early_stopping = early_stopping
        self.stopped = False

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> bool:
        """Record the epoch; return whether to stop."""
        super().on_epoch_end(net, epoch, logs)
        estimator, rate = self.estimator, self.estimator._optimizer
        estimator.t_ += self.n_samples
        (self._compare_score if self.early_stopping else self._compare_loss)()
        rate.iteration_ends(estimator.t_)
        if estimator._no_improvement_count <= estimator.n_iter_no_change:
            return False
        what = "Validation score" if self.early_stopping else "Training loss"
        message = (
            f"{what} did not improve more than tol={estimator.tol:f} for "
            f"{estimator.n_iter_no_change} consecutive epochs."
        )
        self.stopped = rate.trigger_stopping(message, estimator.verbose)
        if not self.stopped:
            estimator._no_improvement_count = 0
        return self.stopped

    def record_divergence(self) -> None:
        """Record the epoch in which training diverged, as the last one and without a score."""
        self.estimator.n_iter_ += 1
        self.estimator.loss_ = math.nan
        self.estimator.loss_curve_.append(math.nan)
        self.estimator.validation_scores_.append(math.nan)
        self.stopped = True

    def _compare_loss(self) -> None:
        estimator = self.estimator
        loss = estimator.loss_curve_[-1]
        self._count(worse=loss > estimator.best_loss_ - estimator.tol)
        if loss < estimator.best_loss_:
            estimator.best_loss_ = loss

    def _compare_score(self) -> None:
        estimator = self.estimator
        score = estimator.validation_scores_[-1]
        self._count(worse=score < estimator.best_validation_score_ + estimator.tol)
        if score > estimator.best_validation_score_:
            estimator.best_validation_score_ = score
            estimator._best_parameters = Parameters.copy_from(estimator.net_)

    def _count(self, worse: bool) -> None:
        estimator = self.estimator
        estimator._no_improvement_count = estimator._no_improvement_count + 1 if worse else 0
