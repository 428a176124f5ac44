"""The base class of all callbacks, and `LambdaCallback`."""

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
    """Base class of the callbacks. Override the methods (hooks) that you need.

    Hooks are called in the thread that called `fit`. They may use the net: predict, evaluate, read and
    set its weights. A hook may return True to stop training; the rest of the epoch is then skipped, but
    `on_epoch_end` and `on_fit_end` are still called. An exception in a hook ends `fit` at once; the net
    remains usable.

    Attributes
    ----------
    every : int
        Number of steps between two calls of `on_step_end`; 0: no calls. The core trains without
        interruption between them, so that calls at large intervals cost nothing.
    concurrent : bool
        Whether the fits of several nets may call it at the same time, each in a thread of its own. The
        nets of an ensemble are trained one after the other unless this is True for all callbacks.
    """

    every: int = 1
    concurrent: bool = False

    def check_logs(self, names: tuple[str, ...]) -> None:
        """Called first, with the names that the logs of each epoch will have.

        Raise an exception if a name that the callback needs is missing; nothing is trained then.
        """

    def on_fit_begin(self, net: MLP) -> bool | None:
        """Called before the first epoch."""

    def on_epoch_begin(self, net: MLP, epoch: int) -> bool | None:
        """Called before epoch `epoch`, counted from 1."""

    def on_step_end(self, net: MLP, step: int, logs: dict[str, float]) -> bool | None:
        """Called after every `every` steps; `step` counts from 1 over all epochs of the fit.

        `logs` has "loss", the mean loss of the epoch so far, and "lr", the learning rate of the step.
        """

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> bool | None:
        """Called after epoch `epoch`; `logs` has its loss and metrics."""

    def on_fit_end(self, net: MLP, history: History) -> bool | None:
        """Called at the end of the fit, also if Ctrl-C or divergence ended it.

        `history` has the epochs that were completed. Other exceptions, such as one in a hook, end the fit
        without this call.
        """

    def state(self) -> dict[str, Any]:
        """The state that a continued fit needs; it becomes part of the net's state.

        Called when the net is saved or copied during the fit, and at the end of the fit. The state of
        each callback is saved under its class and its position among the fit's callbacks of that class.

        Returns
        -------
        dict of str to values
            None, bool, int, float, str, lists and dicts of these, or arrays of float32, float64, int32,
            int64 or uint8, which must not be changed afterwards. Empty: nothing.
        """
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Called after `on_fit_begin` with what `state` returned, if the fit continues another one.

        A fit with `initial_epoch` > 0 continues the one that the net was saved in or trained by last.
        Not called if there is no state for this callback, which then begins as in a new fit.
        """

    def undo_fit_end(self, net: MLP) -> None:
        """Undo what `on_fit_end` did to the net. Called after `restore`, in reverse order of callbacks.

        A callback that sets the net's weights at the end of a fit must set the previous ones.
        """

    def change_rates(self, rates: Rates) -> Rates:
        """Called before each epoch with its learning rates; returns the learning rates to use instead.

        Parameters
        ----------
        rates : ndarray of float64, shape (n_steps,) or (1,)
            One learning rate for each step, or one for all. Do not change it in place.

        Returns
        -------
        ndarray of float64, of the same shape
            The learning rates to use.
        """
        return rates

    def overrides(self, hook: str) -> bool:
        """Whether the class overrides the method `hook`."""
        return getattr(type(self), hook) is not getattr(Callback, hook)


class LambdaCallback(Callback):
    """A callback made of functions.

    Parameters
    ----------
    on_fit_begin, on_epoch_begin, on_step_end, on_epoch_end, on_fit_end : callable, optional
        The hooks; they get the arguments of the methods of `Callback`.
    every : int
        Number of steps between two calls of `on_step_end`.

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
        """Call the given function."""
        return self._call("on_fit_begin", net)

    def on_epoch_begin(self, net: MLP, epoch: int) -> bool | None:
        """Call the given function."""
        return self._call("on_epoch_begin", net, epoch)

    def on_step_end(self, net: MLP, step: int, logs: dict[str, float]) -> bool | None:
        """Call the given function."""
        return self._call("on_step_end", net, step, logs)

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> bool | None:
        """Call the given function."""
        return self._call("on_epoch_end", net, epoch, logs)

    def on_fit_end(self, net: MLP, history: History) -> bool | None:
        """Call the given function."""
        return self._call("on_fit_end", net, history)
