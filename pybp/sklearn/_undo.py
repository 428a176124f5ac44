"""What a fit that fails leaves behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["undone_if_it_fails"]

_FOR_SCIKIT_LEARN = {"_callback_fit_ctx", "_skl_callbacks_to_teardown"}
"""What it takes down itself after a fit, failed or not."""


@contextmanager
def undone_if_it_fails(estimator: Any) -> Iterator[None]:
    """An error before the first epoch is over leaves an estimator as it was: fitted before, or not at all.

    Later ones leave what was trained until then. `n_iter_` counts the epochs, from 0.
    """
    before = dict(vars(estimator))
    estimator.n_iter_ = 0
    try:
        yield
    except BaseException:
        if estimator.n_iter_ == 0:
            for name in vars(estimator).keys() - before.keys() - _FOR_SCIKIT_LEARN:
                delattr(estimator, name)
            vars(estimator).update(before)
        raise
