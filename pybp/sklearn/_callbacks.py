"""scikit-learn's callbacks, which are experimental, where the installed version has them."""

from typing import Any, Self

from pybp.callbacks import Callback

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in for scikit-learn's."""


__all__ = ["CallbackSupportMixin", "Reports"]


class Reports(Callback):
    """Tells scikit-learn's callbacks of each epoch.

    Parameters
    ----------
    estimator : BaseMLP
        The one that is fitted.
    samples : Samples
        What it is trained on.
    epochs : int
        How many at most.
    """

    def __init__(self, estimator: Any, samples: Any, epochs: int) -> None:
        self.estimator = estimator
        weights = samples.weights
        self.data = {
            "X": samples.X,
            "y": samples.y,
            "metadata": None if weights is None else {"sample_weight": weights},
        }
        self.fit = estimator._init_callback_context(max_subtasks=epochs)
        self.epoch: Any = None

    @classmethod
    def of(cls, estimator: Any, samples: Any, epochs: int) -> list[Self]:
        """For an estimator that has such callbacks, or whose parent has."""
        wanted = hasattr(estimator, "_skl_callbacks") or hasattr(estimator, "_parent_callback_ctx")
        return [cls(estimator, samples, epochs)] if wanted else []

    def on_fit_begin(self, net: Any) -> None:
        """The fit begins."""
        self.fit.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def on_epoch_begin(self, net: Any, epoch: int) -> None:
        """An iteration begins."""
        self.epoch = self.fit.subcontext(task_name="iteration")
        self.epoch.call_on_fit_task_begin(
            estimator=self.estimator, reconstruction_attributes=self._fitted, **self.data
        )

    def on_epoch_end(self, net: Any, epoch: int, logs: dict[str, float]) -> bool:
        """An iteration ends; whether a callback asks to stop."""
        return bool(
            self.epoch.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes=self._fitted, **self.data
            )
        )

    def on_fit_end(self, net: Any, history: Any) -> None:
        """The fit ends."""
        self.fit.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=self._fitted, **self.data
        )

    def _fitted(self) -> dict[str, Any]:
        """What makes a copy of the estimator one that was fitted until now."""
        attributes: dict[str, Any] = self.estimator._snapshot()
        return attributes
