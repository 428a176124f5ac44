"""The callbacks of one fit: which hook is called when, and what it returns."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from pybp._common.arguments import shown
from pybp.errors import ArgumentError
from pybp.net.network import Network
from pybp.schedules.base import Rates
from pybp.training.callback import Callback
from pybp.training.plan import Pause, Seen

__all__ = ["CallbackList", "StepCallbacks", "checked_callbacks"]


class CallbackList:
    """Calls the hooks of all callbacks of a fit.

    Parameters
    ----------
    model : Network
        What they are given.
    callbacks : tuple of Callback
        In the order of their calls.
    """

    def __init__(self, model: Network, callbacks: tuple[Callback, ...]) -> None:
        self.model = model
        self.callbacks = callbacks
        self._on_steps = [c for c in callbacks if c.overrides("on_step_end")]
        self._on_rates = [c for c in callbacks if c.overrides("change_rates")]
        self.steps_done = 0  # in the epochs before
        self.stop = False
        """Whether a hook has asked to stop."""

    def ask(self, hook: str, *arguments: Any) -> bool:
        """Call a hook of every callback, dicts as copies; whether any has asked to stop so far."""
        self._ask(self.callbacks, hook, arguments)
        return self.stop

    def ask_after_step(self, done: int, logs: dict[str, float]) -> bool:
        """The hooks that are due after so many steps of this epoch."""
        step = self.steps_done + done
        due = [callback for callback in self._watching if step % callback.every == 0]
        self._ask(due, "on_step_end", (step, logs))
        return self.stop

    def _ask(self, callbacks: Iterable[Callback], hook: str, arguments: tuple[Any, ...]) -> None:
        for callback in callbacks:
            given = [dict(value) if isinstance(value, dict) else value for value in arguments]
            self.stop |= getattr(callback, hook)(self.model, *given) is True

    @property
    def _watching(self) -> list[Callback]:
        """Those that want to be called between steps."""
        return [c for c in self._on_steps if c.every > 0]

    def next_pause(self, done: int) -> int:
        """After how many steps of this epoch the next hook is due; 0 if none is."""
        step = self.steps_done + done
        due = [step - step % c.every + c.every for c in self._watching]
        return min(due) - self.steps_done if due else 0

    @property
    def change_rates(self) -> bool:
        """Whether any callback changes the learning rates."""
        return bool(self._on_rates)

    def changed(self, rates: Rates) -> Rates:
        """The learning rates as the callbacks change them."""
        for callback in self._on_rates:
            given = callback.change_rates(rates.copy())
            found = np.asarray(given, np.float64) if given is not None else None
            if found is None or found.shape != rates.shape:
                raise ArgumentError(
                    f"change_rates of {type(callback).__name__} must give {rates.shape} "
                    f"learning rates, got {shown(given)}"
                )
            rates = np.ascontiguousarray(found)
        return rates


class StepCallbacks(Pause):
    """Pauses an epoch where hooks are due.

    Parameters
    ----------
    hooks : CallbackList
        Whom to call.
    """

    def __init__(self, hooks: CallbackList) -> None:
        self.hooks = hooks
        self.rates: Rates = np.zeros(1)
        """Learning rates: one for each step of the epoch, or the one of the last step."""

    @property
    def rate(self) -> float:
        """The learning rate of the last step."""
        return float(self.rates[min(self.done, len(self.rates)) - 1])

    def next(self, done: int) -> int:
        """After how many steps to pause next."""
        return self.hooks.next_pause(done)

    def __call__(self, seen: Seen) -> bool:
        """Call the hooks that are due."""
        return self.hooks.ask_after_step(self.done, {"loss": seen.loss, "lr": self.rate})


def checked_callbacks(callbacks: Iterable[Callback]) -> tuple[Callback, ...]:
    """The callbacks, each of them one."""
    if isinstance(callbacks, Callback):
        callbacks = (callbacks,)
    for callback in (chosen := tuple(callbacks)):
        if not isinstance(callback, Callback):
            raise TypeError(
                f"callbacks must derive from pybp.callbacks.Callback, got {shown(callback)}"
            )
    return chosen
