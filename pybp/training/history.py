"""Loss and metrics of each epoch of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pybp._common.curves import curves
from pybp._common.html import details, document, table
from pybp._common.optional import require
from pybp._common.text import aligned, formatted
from pybp.plotting import plot_history

__all__ = ["History"]

_MANY = 20  # epochs that notebooks show


@dataclass(repr=False)
class History:
    """The result of `MLP.fit`: loss and metrics of each epoch; prints as a table.

    Attributes
    ----------
    epochs : list of int
        The numbers of the epochs done, counted from 1.
    history : dict of str to list of float
        The values of "loss" and of each metric, one for each epoch; those of validation data are named
        ``val_...``.
    message : str
        The reason why a solver such as LBFGS stopped; empty for other optimizers.
    """

    epochs: list[int] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=dict)
    message: str = ""

    def append(self, epoch: int, logs: dict[str, float]) -> None:
        """Append loss and metrics of an epoch."""
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
        """Plot loss and metrics over the epochs.

        Parameters
        ----------
        metrics, axes
            As in `pybp.plotting.plot_history`.

        Returns
        -------
        ndarray of matplotlib axes
            One for each metric.

        Raises
        ------
        MissingExtraError
            matplotlib is not installed.
        """
        return plot_history(self, metrics, axes=axes)

    def __len__(self) -> int:
        return len(self.epochs)

    def _table(self) -> list[list[str]]:
        rows = [
            [str(epoch), *(f"{values[index]:.6g}" for values in self.history.values())]
            for index, epoch in enumerate(self.epochs)
        ]
        return [["epoch", *self.history], *rows]

    def __str__(self) -> str:
        return "\n".join(aligned(self._table()))

    def _repr_html_(self) -> str:
        head, *rows = self._table()
        if len(rows) > _MANY:
            half = _MANY // 2
            rows = [*rows[:half], ["..."] * len(head), *rows[-half:]]
        pictures = [
            curves(
                name,
                self.epochs,
                {
                    label: self.history[key]
                    for key, label in ((name, "training"), (f"val_{name}", "validation"))
                    if key in self.history
                },
            )
            for name in dict.fromkeys(name.removeprefix("val_") for name in self.history)
            if self.epochs
        ]
        return document(
            "History",
            f"<div>{''.join(pictures)}</div>",
            details("epochs", table(head, rows)),
            note=f"of {len(self)} epochs{f', {self.message}' if self.message else ''}",
        )

    def __repr__(self) -> str:
        last = {name: values[-1] for name, values in self.history.items()}
        return f"<History of {len(self)} epochs{', the last: ' if last else ''}{formatted(last)}>"
