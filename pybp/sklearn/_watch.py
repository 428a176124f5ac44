"""What is kept of each epoch, and when training stops."""

import math
from typing import TYPE_CHECKING, Any

from pybp.callbacks import Callback
from pybp.net.parameters import Parameters
from pybp.sklearn._holdout import Holdout

if TYPE_CHECKING:
    from pybp.mlp import MLP

__all__ = ["Iterations", "Watch"]


class Watch(Callback):
    """Writes down loss, score and time of each epoch in an estimator's attributes.

    Parameters
    ----------
    estimator : BaseMLP
        Whose.
    offset : float
        What is added to the loss.
    holdout : Holdout or None
        What is held out.
    """

    def __init__(self, estimator: Any, offset: float, holdout: Holdout | None) -> None:
        self.estimator = estimator
        self.offset = offset
        self.holdout = holdout

    def on_epoch_end(self, net: "MLP", epoch: int, logs: dict[str, float]) -> bool:
        """Write it down."""
        estimator = self.estimator
        estimator.n_iter_ += 1
        estimator.loss_ = logs["loss"] * estimator._objective.reported + self.offset
        estimator.loss_curve_.append(estimator.loss_)
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {estimator.loss_:.8f}")
        self._validate()
        return False

    def _validate(self) -> None:
        """Loss and score on what is held out."""
        if self.holdout is None:
            return
        estimator = self.estimator
        loss = math.nan
        if self.holdout.by_loss or estimator.validation_loss_curve_ is not None:
            loss = self.holdout.loss()
            estimator.validation_loss_curve_.append(loss)
        score = self.holdout.score(loss)
        estimator.validation_scores_.append(score)
        if estimator.verbose:
            print(f"Validation score: {score:f}")


class Iterations(Watch):
    """Also counts the epochs without progress, and stops when they are too many.

    Parameters
    ----------
    estimator, offset, holdout
        As for `Watch`.
    n_samples : int
        Of an epoch.
    early_stopping : bool
        Whether it is the score that must rise, or the training loss that must fall.
    """

    def __init__(
        self,
        estimator: Any,
        offset: float,
        holdout: Holdout | None,
        n_samples: int,
        early_stopping: bool,
    ) -> None:
        super().__init__(estimator, offset, holdout)
        self.n_samples = n_samples
        self.early_stopping = early_stopping
        self.stopped = False

    def on_epoch_end(self, net: "MLP", epoch: int, logs: dict[str, float]) -> bool:
        """Write it down, and see whether it is enough."""
        super().on_epoch_end(net, epoch, logs)
        estimator, pace = self.estimator, self.estimator._optimizer
        estimator.t_ += self.n_samples
        (self._look_at_score if self.early_stopping else self._look_at_loss)()
        pace.iteration_ends(estimator.t_)
        if estimator._no_improvement_count <= estimator.n_iter_no_change:
            return False
        what = "Validation score" if self.early_stopping else "Training loss"
        message = (
            f"{what} did not improve more than tol={estimator.tol:f} for "
            f"{estimator.n_iter_no_change} consecutive epochs."
        )
        self.stopped = pace.trigger_stopping(message, estimator.verbose)
        if not self.stopped:
            estimator._no_improvement_count = 0
        return self.stopped

    def diverged(self) -> None:
        """The epoch that made everything infinite: without a score, it is the last one."""
        self.estimator.n_iter_ += 1
        self.estimator.loss_ = math.nan
        self.estimator.loss_curve_.append(math.nan)
        self.estimator.validation_scores_.append(math.nan)
        self.stopped = True

    def _look_at_loss(self) -> None:
        estimator = self.estimator
        loss = estimator.loss_curve_[-1]
        self._count(worse=loss > estimator.best_loss_ - estimator.tol)
        if loss < estimator.best_loss_:
            estimator.best_loss_ = loss

    def _look_at_score(self) -> None:
        estimator = self.estimator
        score = estimator.validation_scores_[-1]
        self._count(worse=score < estimator.best_validation_score_ + estimator.tol)
        if score > estimator.best_validation_score_:
            estimator.best_validation_score_ = score
            estimator._best_parameters = Parameters.copy_from(estimator.net_)

    def _count(self, worse: bool) -> None:
        estimator = self.estimator
        estimator._no_improvement_count = estimator._no_improvement_count + 1 if worse else 0
