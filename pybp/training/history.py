"""Loss and metrics of each epoch of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pybp._common.curves import curves
from pybp._common.html import details, document, table
from pybp._common.optional import require
from pybp._common.page import Section, figure, side_by_side
from pybp._common.page import table as page_table
from pybp._common.svg import Axis, Plot, number
from pybp._common.text import aligned, formatted
from pybp.io.pages import write_page
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

    def to_html(self, path: Any) -> None:
        """Write a page with the curves and a table of the epochs, which needs no other file.

        Parameters
        ----------
        path : str or path
            The file; one that is there is replaced.

        Raises
        ------
        OSError
            The file can't be written.
        """
        head, *rows = self._table()
        pictures = side_by_side(*(_picture(name, self) for name in self._metrics()))
        sections = [
            Section("curves", "Loss and metrics by epoch", (pictures,)),
            Section("epochs", "Epochs", (page_table(head, rows, text=()),)),
        ]
        stopped = f", {self.message}" if self.message else ""
        write_page(path, "History of a fit", f"{len(self)} epochs{stopped}", sections)

    def _metrics(self) -> list[str]:
        """The names of loss and metrics, those of validation data without ``val_``."""
        return list(dict.fromkeys(name.removeprefix("val_") for name in self.history))

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
            for name in self._metrics()
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


def _picture(name: str, history: History) -> str:
    """The curves of a metric."""
    keys = [key for key in (name, f"val_{name}") if key in history.history]
    lines = [history.history[key] for key in keys]
    plot = Plot(
        f"{name} by epoch",
        Axis(history.epochs[0], history.epochs[-1], "epoch"),
        Axis.of(name, *lines),
    )
    for colour, (key, line) in enumerate(zip(keys, lines, strict=True)):
        where = "validation" if key.startswith("val_") else "training"
        plot.line(history.epochs, line, colour, name=where)
        if len(line) == 1:
            plot.points(history.epochs, line, colour, radius=3)
    last = ", ".join(f"{key} {number(line[-1])}" for key, line in zip(keys, lines, strict=True))
    return figure(plot.svg(f"At the end: {last}."), name, f"At the end: {last}.")
