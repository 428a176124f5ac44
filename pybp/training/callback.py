"""The base class of all callbacks, and the one made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pybp._common.arguments import count, shown
from pybp.schedules.base import Rates
from pybp.training.history import History

if TYPE_CHECKING:
    from pybp.mlp import MLP

__all__ = ["Callback", "LambdaCallback"]


class Callback:
    """Base class of the callbacks: override the hooks you need.

    Hooks run on the thread that called `fit` and may use the net: predict, evaluate, read and set
    its weights. Any hook may return True to stop training; what is left of the epoch is then left
    out, and the hooks at its end and at that of the fit are still called. An exception raised in
    a hook ends `fit` at once and leaves the net usable.

    Attributes
    ----------
    every : int
        How many steps lie between two calls of `on_step_end`, if that is overridden; 1 if not set.
        0: it is never called. Training runs in the core in between, so large numbers cost nothing.
    """

    every: int = 1

    def check_logs(self, names: tuple[str, ...]) -> None:
        """Called before anything else with the names that the logs of an epoch will hold.

        Raise an exception here if one is missing: nothing has been trained yet.
        """

    def on_fit_begin(self, net: MLP) -> bool | None:
        """Called before the first epoch."""

    def on_epoch_begin(self, net: MLP, epoch: int) -> bool | None:
        """Called before epoch `epoch`, counted from 1."""

    def on_step_end(self, net: MLP, step: int, logs: dict[str, float]) -> bool | None:
        """Called after every `every` steps; `step` is counted from 1, over all epochs of the fit.

        `logs` holds "loss", the mean of the epoch so far, and "lr", the step's learning rate.
        """

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> bool | None:
        """Called after epoch `epoch` with its loss and metrics."""

    def on_fit_end(self, net: MLP, history: History) -> bool | None:
        """Called after the last epoch, unless an exception ended training."""

    def change_rates(self, rates: Rates) -> Rates:
        """Called with the learning rates of steps to come; gives those to use instead.

        An array of one learning rate for each step or one for all, to be left as it is. Called
        before each epoch.
        """
        return rates

    def overrides(self, hook: str) -> bool:
        """Whether the class has a method `hook` of its own."""
        return getattr(type(self), hook) is not getattr(Callback, hook)


class LambdaCallback(Callback):
    """A callback made of functions.

    Parameters
    ----------
    on_fit_begin, on_epoch_begin, on_step_end, on_epoch_end, on_fit_end : callable, optional
        The hooks, with the arguments of the methods of `Callback`.
    every : int
        How many steps lie between two calls of `on_step_end`.

    Examples
    --------
    >>> import pybp
    >>> report = pybp.callbacks.LambdaCallback(on_epoch_end=lambda net, epoch, logs: print(epoch))
    >>> net = pybp.MLP([1, 1], seed=0)
    >>> history = net.fit([[1.0]], [2.0], epochs=2, callbacks=[report])
    1
    2
    """

    def __init__(
        self,
        *,
        on_fit_begin: Callable[..., Any] | None = None,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_step_end: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_fit_end: Callable[..., Any] | None = None,
        every: int = 1,
    ) -> None:
        self._hooks = {
            "on_fit_begin": on_fit_begin,
            "on_epoch_begin": on_epoch_begin,
            "on_step_end": on_step_end,
            "on_epoch_end": on_epoch_end,
            "on_fit_end": on_fit_end,
        }
        for name, hook in self._hooks.items():
            if hook is not None and not callable(hook):
                raise TypeError(f"{name} must be callable, got {shown(hook)}")
        self.every = 0 if on_step_end is None else count(every, "every")

    def _call(self, hook: str, *arguments: Any) -> bool | None:
        function = self._hooks[hook]
        return None if function is None else function(*arguments)

    def on_fit_begin(self, net: MLP) -> bool | None:
        """Call the function given for it."""
        return self._call("on_fit_begin", net)

    def on_epoch_begin(self, net: MLP, epoch: int) -> bool | None:
        """Call the function given for it."""
        return self._call("on_epoch_begin", net, epoch)

    def on_step_end(self, net: MLP, step: int, logs: dict[str, float]) -> bool | None:
        """Call the function given for it."""
        return self._call("on_step_end", net, step, logs)

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> bool | None:
        """Call the function given for it."""
        return self._call("on_epoch_end", net, epoch, logs)

    def on_fit_end(self, net: MLP, history: History) -> bool | None:
        """Call the function given for it."""
        return self._call("on_fit_end", net, history)
