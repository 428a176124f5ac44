"""Callbacks: code of your own that `MLP.fit` calls between epochs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pybp.history import History
    from pybp.mlp import MLP

__all__ = ["Callback"]


class Callback:
    """Base class of the callbacks: override the hooks you need.

    Hooks run on the thread that called `fit` and may use the net: predict, evaluate, read and set
    its weights. An exception raised in a hook ends `fit` and leaves the net usable.
    """

    def on_fit_begin(self, net: "MLP") -> None:
        """Called before the first epoch."""

    def on_epoch_begin(self, net: "MLP", epoch: int) -> bool | None:
        """Called before epoch `epoch`, counted from 1; return True to stop before it."""

    def on_epoch_end(self, net: "MLP", epoch: int, logs: dict[str, float]) -> bool | None:
        """Called after epoch `epoch` with its loss and metrics; return True to stop."""

    def on_fit_end(self, net: "MLP", history: "History") -> None:
        """Called after the last epoch, unless an exception ended training."""
