"""What the callbacks of a fit remember: the part of a net's training state that callbacks know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["CallbackState", "CallbackStates", "StateSource"]


@dataclass(frozen=True)
class CallbackState:
    """What one callback remembers.

    Attributes
    ----------
    name : str
        Its class, with the module.
    number : int
        Its index among the fit's callbacks of this class.
    behind : bool
        Whether its ``on_epoch_end`` has not been called for the last epoch: the net was saved by a
        callback before it.
    values : dict of str to plain values and arrays
        What `Callback.state` returned.
    """

    name: str
    number: int
    behind: bool
    values: Mapping[str, Any]


@dataclass(frozen=True)
class CallbackStates:
    """What all callbacks of a fit remember.

    Attributes
    ----------
    states : tuple of CallbackState
        Those that are not empty.
    epoch : int
        The epoch that some of them are behind; 0 if none is.
    logs : dict of str to float
        Its logs.
    """

    states: tuple[CallbackState, ...] = ()
    epoch: int = 0
    logs: Mapping[str, float] = field(default_factory=dict)

    def states_now(self) -> CallbackStates:
        """These."""
        return self

    def find(self, name: str, number: int) -> CallbackState | None:
        """The state of a callback, if there is one."""
        for state in self.states:
            if (state.name, state.number) == (name, number):
                return state
        return None

    def __iter__(self) -> Iterator[CallbackState]:
        return iter(self.states)


class StateSource(Protocol):
    """What knows the states: `CallbackStates`, or the callbacks of a fit while it is running."""

    def states_now(self) -> CallbackStates:
        """The states as they are now."""
