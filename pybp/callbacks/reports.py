"""Callbacks that write down how training goes."""

import csv
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pybp._common.arguments import count, flag, shown
from pybp._common.optional import require
from pybp.errors import ArgumentError
from pybp.training.callback import Callback
from pybp.training.history import History
from pybp.training.progress import KINDS, Progress, progress_of_kind

if TYPE_CHECKING:
    from pybp.mlp import MLP

__all__ = ["CSVLogger", "ProgressBar", "TensorBoard"]


class CSVLogger(Callback):
    """Write a line for each epoch: its number, loss and metrics.

    Parameters
    ----------
    path : str or path-like
        Of the file. It is complete after each epoch.
    separator : str
        Between the columns, one character.
    append : bool
        Whether to go on with a file that exists; its header must fit. Else it is overwritten.
    """

    def __init__(
        self, path: "str | os.PathLike[str]", *, separator: str = ",", append: bool = False
    ) -> None:
        self.path = Path(path)
        self.separator = separator
        if not isinstance(separator, str) or len(separator) != 1:
            raise ArgumentError(f"separator must be one character, got {shown(separator)}")
        self.append = flag(append, "append")
        self._columns: list[str] | None = None

    def check_logs(self, names: tuple[str, ...]) -> None:
        """Refuse to append to a file with other columns."""
        self._columns = None
        if self.append and self.path.exists():
            with self._open("r") as file:
                self._columns = next(csv.reader(file, delimiter=self.separator), None)
            self._check_columns(["epoch", *names])

    def on_fit_begin(self, net: "MLP") -> None:
        """Begin a file, if it is not to be appended to."""
        if not (self.append and self.path.exists()):
            self._open("w").close()

    def on_epoch_end(self, net: "MLP", epoch: int, logs: dict[str, float]) -> None:
        """Add a line."""
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
                f"{self.path} has the columns {self._columns}, but an epoch has {names}"
            )

    def _open(self, mode: str) -> IO[str]:
        return self.path.open(mode, encoding="utf-8", newline="")


class TensorBoard(Callback):
    """Write losses and metrics, and if asked weights and steps, for TensorBoard to show.

    Parameters
    ----------
    log_dir : str or path-like
        The folder of this run.
    every : int
        How many steps lie between two points of "step/loss" and "step/lr"; 0: none.
    histograms : bool
        Whether to write histograms of weights and biases after each epoch.

    Raises
    ------
    MissingExtraError
        tensorboardX is not installed.
    """

    def __init__(
        self, log_dir: "str | os.PathLike[str]", *, every: int = 0, histograms: bool = False
    ) -> None:
        self._module = require("tensorboardX", "callbacks.TensorBoard")
        self.log_dir = os.fspath(log_dir)
        self.every = count(every, "every", low=0)
        self.histograms = flag(histograms, "histograms")
        self._writer: Any = None
        self._n_files = 0

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_module": None, "_writer": None}

    def on_fit_begin(self, net: "MLP") -> None:
        """Open the files."""
        if self._writer is not None:
            self._writer.close()  # of a fit that an exception has ended
        module = self._module or require("tensorboardX", "callbacks.TensorBoard")
        self._n_files += 1  # two fits may begin in one second, which is all that names tell apart
        self._writer = module.SummaryWriter(self.log_dir, filename_suffix=f".{self._n_files}")

    def on_step_end(self, net: "MLP", step: int, logs: dict[str, float]) -> None:
        """Write loss and learning rate."""
        for name, value in logs.items():
            self._writer.add_scalar(f"step/{name}", value, step)

    def on_epoch_end(self, net: "MLP", epoch: int, logs: dict[str, float]) -> None:
        """Write the epoch's numbers."""
        for name, value in logs.items():
            self._writer.add_scalar(name, value, epoch)
        if self.histograms:
            for what, arrays in (("weights", net.weights), ("biases", net.biases)):
                for place, array in enumerate(arrays, start=1):
                    if array is not None:
                        self._writer.add_histogram(f"layer {place}/{what}", array, epoch)
        self._writer.flush()

    def on_fit_end(self, net: "MLP", history: History) -> None:
        """Close the files."""
        self._writer.close()
        self._writer = None


class ProgressBar(Callback):
    """Show progress on standard error, in the way that is asked for.

    Given to `fit` it takes the place of the argument `progress`.

    Parameters
    ----------
    kind : {"auto", "tqdm", "rich", "lines"}
        A tqdm bar, a rich bar, or a line for each epoch; "auto" is tqdm where that is installed,
        else lines.

    Raises
    ------
    MissingExtraError
        tqdm or rich, if asked for, is not installed.
    """

    def __init__(self, kind: str = "auto") -> None:
        if kind not in KINDS:
            raise ArgumentError(f"kind must be one of {', '.join(KINDS)}, got {shown(kind)}")
        self.kind = kind
        if kind in ("tqdm", "rich"):
            require(kind, f"callbacks.ProgressBar({kind!r})")

    @property
    def make(self) -> Callable[[int, int | None, int], Progress]:
        """What makes the bar, from the numbers of epochs, of an epoch's steps and of epochs done."""
        return partial(progress_of_kind, self.kind)


def progress_bar(callbacks: tuple[Callback, ...]) -> ProgressBar | None:
    """The `ProgressBar` among them, the last one if there are several."""
    bars = [callback for callback in callbacks if isinstance(callback, ProgressBar)]
    return bars[-1] if bars else None
