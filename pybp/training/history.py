"""What `MLP.fit` saw: loss and metrics, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pybp._common.optional import require
from pybp._common.text import aligned, formatted
from pybp.plotting import plot_history

__all__ = ["History"]


@dataclass(repr=False)
class History:
    """What `MLP.fit` saw.

    Attributes
    ----------
    epochs : list of int
        The epochs done, counted from 1.
    history : dict of str to list of float
        For each epoch the loss and the metrics, on validation data as ``val_...``.
    message : str
        Why a solver such as LBFGS stopped; empty for other optimizers.
    """

    epochs: list[int] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=dict)
    message: str = ""

    def append(self, epoch: int, logs: dict[str, float]) -> None:
        """Add an epoch."""
        self.epochs.append(epoch)
        for name, value in logs.items():
            self.history.setdefault(name, []).append(value)

    def to_frame(self) -> Any:
        """The history as a pandas DataFrame, indexed by epoch.

        Raises
        ------
        MissingExtraError
            pandas is not installed.
        """
        pandas = require("pandas", "History.to_frame")
        return pandas.DataFrame(self.history, index=pandas.Index(self.epochs, name="epoch"))

    def plot(self, metrics: Sequence[str] | None = None, *, axes: Any = None) -> Any:
        """Loss and metrics by epoch; see `pybp.plotting.plot_history`.

        Raises
        ------
        MissingExtraError
            matplotlib is not installed.
        """
        return plot_history(self, metrics, axes=axes)

    def __len__(self) -> int:
        return len(self.epochs)

    def __str__(self) -> str:
        names = ["epoch", *self.history]
        rows = [
            [str(epoch), *(f"{values[place]:.6g}" for values in self.history.values())]
            for place, epoch in enumerate(self.epochs)
        ]
        return "\n".join(aligned([names, *rows]))

    def __repr__(self) -> str:
        last = {name: values[-1] for name, values in self.history.items()}
        return f"<History of {len(self)} epochs{', the last: ' if last else ''}{formatted(last)}>"
