"""Call the hooks of all callbacks of a fit."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from pybp._common.arguments import shown
from pybp.errors import ArgumentError, StateError
from pybp.net.callback_states import CallbackState, CallbackStates
from pybp.net.network import Network
from pybp.schedules.base import Rates
from pybp.training.callback import Callback
from pybp.training.results import EpochResult, StepHook

__all__ = ["CallbackList", "StepCallbacks", "checked_callbacks"]


class CallbackList:
    """Calls the hooks of all callbacks of a fit.

    Parameters
    ----------
    model : Network
        The net that the hooks get.
    callbacks : tuple of Callback
        The callbacks, in the order of the calls.
    """

    def __init__(self, model: Network, callbacks: tuple[Callback, ...]) -> None:
        self.model = model
        self.callbacks = callbacks
        self._on_steps = [c for c in callbacks if c.overrides("on_step_end")]
        self._on_rates = [c for c in callbacks if c.overrides("change_rates")]
        self.steps_done = 0  # in previous epochs
        self._positions = {id(callback): index for index, callback in enumerate(callbacks)}
        self._told = len(callbacks)  # number of callbacks whose on_epoch_end was called
        self._epoch, self._logs = 0, dict[str, float]()
        self.begun = False
        """Whether `on_fit_begin` has been called."""
        self.stop = False
        """Whether any hook has returned True."""

    def begin(self, initial_epoch: int) -> bool:
        """Call `on_fit_begin`, and restore the callbacks' states if the fit continues another one."""
        before = self.model._callbacks.states_now()
        self.model._callbacks = self  # copies and files of the net take the states from it
        self.begun = True
        self.call("on_fit_begin")
        if initial_epoch > 0:
            self._resume(before)
        return self.stop

    def end(self) -> None:
        """Store the callbacks' states in the net; if the fit has not begun, keep those that are there."""
        if self.begun or not self.callbacks:
            self.model._callbacks = CallbackStates()
            self.model._callbacks = self.states_now()

    def call(self, hook: str, *arguments: Any) -> bool:
        """Call a hook of all callbacks, with copies of dicts; return `stop`."""
        if hook == "on_epoch_end":
            self._epoch, self._logs = arguments
        self._call(self.callbacks, hook, arguments)
        self._told = len(self.callbacks)
        return self.stop

    def call_after_step(self, done: int, logs: dict[str, float]) -> bool:
        """Call the hooks that are due after `done` steps of this epoch; return `stop`."""
        step = self.steps_done + done
        due = [callback for callback in self._with_step_hook if step % callback.every == 0]
        self._call(due, "on_step_end", (step, logs))
        return self.stop

    def _call(self, callbacks: Iterable[Callback], hook: str, arguments: tuple[Any, ...]) -> None:
        for callback in callbacks:
            if hook == "on_epoch_end":
                self._told = self._positions[id(callback)] + 1
            given = [dict(value) if isinstance(value, dict) else value for value in arguments]
            self.stop |= getattr(callback, hook)(self.model, *given) is True

    # ---- states ------------------------------------------------------------------------------

    def _keys(self) -> Iterator[tuple[Callback, str, int]]:
        """Each callback, its class, and its index among those of the class."""
        seen: Counter[str] = Counter()
        for callback in self.callbacks:
            name = f"{type(callback).__module__}.{type(callback).__qualname__}"
            yield callback, name, seen[name]
            seen[name] += 1

    def states_now(self) -> CallbackStates:
        """The current states of the callbacks."""
        states = []
        for index, (callback, name, number) in enumerate(self._keys()):
            values = callback.state()
            if not isinstance(values, dict):
                raise TypeError(f"the state of {name} must be a dict, got {shown(values)}")
            if values:
                states.append(CallbackState(name, number, index >= self._told, values))
        behind = any(state.behind for state in states)
        return CallbackStates(
            tuple(states), self._epoch if behind else 0, dict(self._logs) if behind else {}
        )

    def _resume(self, before: CallbackStates) -> None:
        """Restore the callbacks, and call `on_epoch_end` of those that missed it (`behind`)."""
        resumed = []
        for callback, name, number in self._keys():
            state = before.find(name, number)
            if state is not None:
                try:
                    callback.restore(dict(state.values))
                except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
                    raise StateError(f"the state of {name} can't be restored: {error!r}") from error
                resumed.append((callback, state))
        for callback, _ in reversed(resumed):
            callback.undo_fit_end(self.model)  # type: ignore[arg-type]  # an MLP
        self._epoch, self._logs = before.epoch, dict(before.logs)
        for callback, state in resumed:
            if state.behind:
                self._call([callback], "on_epoch_end", (self._epoch, self._logs))
        self._told = len(self.callbacks)

    # ---- between steps -----------------------------------------------------------------------

    @property
    def _with_step_hook(self) -> list[Callback]:
        """The callbacks that are called between steps."""
        return [c for c in self._on_steps if c.every > 0]

    def next_call(self, done: int) -> int:
        """The number of steps of this epoch after which the next hook is due, given `done`; 0: none."""
        step = self.steps_done + done
        due = [step - step % c.every + c.every for c in self._with_step_hook]
        return min(due) - self.steps_done if due else 0

    @property
    def changes_rates(self) -> bool:
        """Whether any callback changes the learning rates."""
        return bool(self._on_rates)

    def changed_rates(self, rates: Rates) -> Rates:
        """Apply `change_rates` of all callbacks to the learning rates."""
        for callback in self._on_rates:
            returned = callback.change_rates(rates.copy())
            changed = np.asarray(returned, np.float64) if returned is not None else None
            if changed is None or changed.shape != rates.shape:
                raise ArgumentError(
                    f"change_rates of {type(callback).__name__} must return {rates.shape} "
                    f"learning rates, got {shown(returned)}"
                )
            rates = np.ascontiguousarray(changed)
        return rates


class StepCallbacks(StepHook):
    """Calls the hooks ``on_step_end`` of callbacks.

    Parameters
    ----------
    hooks : CallbackList
        The callbacks.
    """

    def __init__(self, hooks: CallbackList) -> None:
        self.hooks = hooks
        self.rates: Rates = np.zeros(1)
        """The learning rates of all steps of the epoch, or that of the last step."""

    @property
    def rate(self) -> float:
        """The learning rate of the last step."""
        return float(self.rates[min(self.done, len(self.rates)) - 1])

    def next_call(self, done: int) -> int:
        """The number of steps after which the next hook is due."""
        return self.hooks.next_call(done)

    def __call__(self, result: EpochResult) -> bool:
        """Call the hooks that are due."""
        return self.hooks.call_after_step(self.done, {"loss": result.loss, "lr": self.rate})


def checked_callbacks(callbacks: Iterable[Callback]) -> tuple[Callback, ...]:
    """The callbacks as a tuple; raises TypeError for anything that is not a Callback."""
    if isinstance(callbacks, Callback):
        callbacks = (callbacks,)
    for callback in (chosen := tuple(callbacks)):
        if not isinstance(callback, Callback):
            raise TypeError(
                f"callbacks must derive from pybp.callbacks.Callback, got {shown(callback)}"
            )
    return chosen
