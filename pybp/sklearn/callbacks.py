"""scikit-learn's callbacks, which are experimental, where the installed version has them."""

from typing import Any, Self

from pybp.callbacks import Callback

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Replaces scikit-learn's class where it is missing."""


__all__ = ["CallbackSupportMixin", "SklearnCallbacks"]


class SklearnCallbacks(Callback):
    """Calls the hooks of an estimator's scikit-learn callbacks.

    Parameters
    ----------
    estimator : Estimator
        The estimator that is fitted.
    X, y, sample_weight : array-like
        Training data; sample_weight may be None.
    epochs : int
        The largest number of epochs of a net.
    n_nets : int
        Number of nets that are fitted one after the other.
    """

    def __init__(
        self, estimator: Any, X: Any, y: Any, sample_weight: Any, epochs: int, n_nets: int = 1
    ) -> None:
        self.estimator = estimator
        self.data = {
            "X": X,
            "y": y,
            "metadata": None if sample_weight is None else {"sample_weight": sample_weight},
        }
        self.fit = estimator._init_callback_context(max_subtasks=epochs * n_nets)
        self.n_nets, self.done = n_nets, 0
        self.epoch: Any = None

    @classmethod
    def of(
        cls, estimator: Any, X: Any, y: Any, sample_weight: Any, epochs: int, n_nets: int = 1
    ) -> list[Self]:
        """A list of one `SklearnCallbacks` if the estimator or its parent has such callbacks; else empty."""
        wanted = hasattr(estimator, "_skl_callbacks") or hasattr(estimator, "_parent_callback_ctx")
        return [cls(estimator, X, y, sample_weight, epochs, n_nets)] if wanted else []

    def on_fit_begin(self, net: Any) -> None:
        """Tell them that the fit begins, before the first net's."""
        if self.done == 0:
            self.fit.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def on_epoch_begin(self, net: Any, epoch: int) -> None:
        """Tell them that an iteration begins."""
        self.epoch = self.fit.subcontext(task_name="iteration")
        self.epoch.call_on_fit_task_begin(
            estimator=self.estimator, reconstruction_attributes=self._attributes, **self.data
        )

    def on_epoch_end(self, net: Any, epoch: int, logs: dict[str, float]) -> bool:
        """Tell them that an iteration ends; return whether one asks to stop."""
        return bool(
            self.epoch.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes=self._attributes, **self.data
            )
        )

    def on_fit_end(self, net: Any, history: Any) -> None:
        """Tell them that the fit ends, after the last net's."""
        self.done += 1
        if self.done == self.n_nets:
            self.fit.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes=self._attributes, **self.data
            )

    def _attributes(self) -> dict[str, Any]:
        """The attributes that a copy of the estimator needs to count as fitted up to now."""
        attributes: dict[str, Any] = self.estimator._fitted_attributes()
        return attributes
