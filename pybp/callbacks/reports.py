"""Callbacks that report the progress of training."""

from __future__ import annotations

import csv
import os
from typing import IO, TYPE_CHECKING, Any, get_args

from pybp._common.arguments import choice, count, flag, shown
from pybp._common.optional import require
from pybp.errors import ArgumentError
from pybp.io.paths import checked_path
from pybp.training.callback import Callback
from pybp.training.history import History
from pybp.training.progress import Kind, Progress, progress_of_kind

if TYPE_CHECKING:
    from pybp.mlp import MLP

__all__ = ["CSVLogger", "ProgressBar", "TensorBoard"]


class CSVLogger(Callback):
    """Write a line with number, loss and metrics of each epoch to a CSV file.

    Parameters
    ----------
    path : str or path-like
        The file. It is complete after each epoch.
    separator : str
        The character between columns.
    append : bool
        Whether to append to an existing file, whose header must match; otherwise it is overwritten.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, separator: str = ",", append: bool = False
    ) -> None:
        self.path = checked_path(path)
        self.separator = separator
        if not isinstance(separator, str) or len(separator) != 1:
            raise ArgumentError(f"separator must be one character, got {shown(separator)}")
        self.append = flag(append, "append")
        self._columns: list[str] | None = None

    def check_logs(self, names: tuple[str, ...]) -> None:
        """Raise if the file to append to has other columns."""
        self._columns = None
        if self.append and self.path.exists():
            with self._open("r") as file:
                self._columns = next(csv.reader(file, delimiter=self.separator), None)
            self._check_columns(["epoch", *names])

    def on_fit_begin(self, net: MLP) -> None:
        """Start a new file, unless it is appended to."""
        if not (self.append and self.path.exists()):
            self._open("w").close()

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> None:
        """Write the line of the epoch."""
        names = ["epoch", *logs]
        with self._open("a") as file:
            writer = csv.writer(file, delimiter=self.separator, lineterminator="\n")
            if self._columns is None:
                self._columns = names
                writer.writerow(names)
            self._check_columns(names)
            writer.writerow([epoch, *(repr(value) for value in logs.values())])

    def _check_columns(self, names: list[str]) -> None:
        if self._columns not in (None, names):
            raise ArgumentError(
                f"{self.path} has the columns {self._columns}, but the logs have {names}"
            )

    def _open(self, mode: str) -> IO[str]:
        return self.path.open(mode, encoding="utf-8", newline="")


class TensorBoard(Callback):
    """Write losses and metrics, and optionally weights and steps, for TensorBoard.

    Parameters
    ----------
    log_dir : str or path-like
        The folder of the run.
    every : int
        Number of steps between two points of "step/loss" and "step/lr"; 0: no points.
    histograms : bool
        Whether to write histograms of weights and biases after each epoch.

    Raises
    ------
    MissingExtraError
        tensorboardX is not installed.
    """

    def __init__(
        self, log_dir: str | os.PathLike[str], *, every: int = 0, histograms: bool = False
    ) -> None:
        self._module = require("tensorboardX", "callbacks.TensorBoard")
        self.log_dir = os.fspath(checked_path(log_dir, "log_dir"))
        self.every = count(every, "every", low=0)
        self.histograms = flag(histograms, "histograms")
        self._writer: Any = None
        self._n_files = 0

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_module": None, "_writer": None}

    def on_fit_begin(self, net: MLP) -> None:
        """Open the files."""
        if self._writer is not None:
            self._writer.close()  # left open by a fit that ended with an exception
        module = self._module or require("tensorboardX", "callbacks.TensorBoard")
        self._n_files += (
            1  # file names differ by the second only, and two fits may start within one
        )
        self._writer = module.SummaryWriter(self.log_dir, filename_suffix=f".{self._n_files}")

    def on_step_end(self, net: MLP, step: int, logs: dict[str, float]) -> None:
        """Write loss and learning rate of the step."""
        for name, value in logs.items():
            self._writer.add_scalar(f"step/{name}", value, step)

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> None:
        """Write loss and metrics of the epoch."""
        for name, value in logs.items():
            self._writer.add_scalar(name, value, epoch)
        if self.histograms:
            for what, arrays in (("weights", net.weights), ("biases", net.biases)):
                for number, array in enumerate(arrays, start=1):
                    if array is not None:
                        self._writer.add_histogram(f"layer {number}/{what}", array, epoch)
        self._writer.flush()

    def on_fit_end(self, net: MLP, history: History) -> None:
        """Close the files."""
        self._writer.close()
        self._writer = None


class ProgressBar(Callback):
    """Show progress on standard error.

    It replaces the argument `progress` of `fit`.

    Parameters
    ----------
    kind : {"auto", "tqdm", "rich", "lines"}
        A tqdm bar, a rich bar, or a line for each epoch; "auto" is "tqdm" if that is installed, else
        "lines".

    Raises
    ------
    MissingExtraError
        `kind` is "tqdm" or "rich", and that package is not installed.
    """

    def __init__(self, kind: Kind = "auto") -> None:
        choice(kind, "kind", get_args(Kind))
        self.kind = kind
        if kind in ("tqdm", "rich"):
            require(kind, f"callbacks.ProgressBar({kind!r})")

    def start(self, epochs: int, steps: int | None, initial_epoch: int) -> Progress:
        """Start to show the progress of a fit.

        Parameters
        ----------
        epochs : int
            Number of epochs of the fit.
        steps : int or None
            Steps of an epoch; None if unknown.
        initial_epoch : int
            Number of epochs done before.
        """
        return progress_of_kind(self.kind, epochs, steps, initial_epoch)


def find_progress_bar(callbacks: tuple[Callback, ...]) -> ProgressBar | None:
    """The last `ProgressBar` among the callbacks, or None."""
    bars = [callback for callback in callbacks if isinstance(callback, ProgressBar)]
    return bars[-1] if bars else None
