"""The base class of all estimators, and helpers: threads, and restoring after a failed fit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import joblib
from sklearn.base import BaseEstimator

from pybp.sklearn.callbacks import CallbackSupportMixin

__all__ = ["Estimator", "restored_on_failure", "store_parameters"]

_OWNED_BY_SKLEARN = {"_callback_fit_ctx", "_skl_callbacks_to_teardown"}
"""Attributes that scikit-learn itself removes after a fit, failed or not."""


class Estimator(CallbackSupportMixin, BaseEstimator):
    """Base class of the estimators that train a net."""

    n_jobs: int | None

    @property
    def _threads(self) -> int | None:
        """The core's number of threads for `n_jobs`; None leaves the choice to it."""
        return None if self.n_jobs is None else int(joblib.effective_n_jobs(self.n_jobs))


def store_parameters(estimator: Any, arguments: dict[str, Any]) -> None:
    """Store the arguments of an estimator's __init__, its ``locals()``, as they are."""
    for name, value in arguments.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


@contextmanager
def restored_on_failure(estimator: Any) -> Iterator[None]:
    """Restore an estimator's attributes if an exception ends its fit before the first epoch does.

    After a later exception the estimator keeps what was trained until then. `n_iter_` counts the epochs.
    """
    before = dict(vars(estimator))
    estimator.n_iter_ = 0
    try:
        yield
    except BaseException:
        if estimator.n_iter_ == 0:
            for name in vars(estimator).keys() - before.keys() - _OWNED_BY_SKLEARN:
                delattr(estimator, name)
            vars(estimator).update(before)
        raise
