"""Progress of training several nets, on standard error, with the time left."""

import sys
import threading
import time
from typing import Any, Self

from pybp._common.optional import available, require
from pybp.callbacks import Callback
from pybp.mlp import MLP
from pybp.training.history import History
from pybp.training.progress import SafeStream

__all__ = ["TrainingProgress"]

_LINES = 5.0  # seconds between two lines, where standard error is no terminal


class TrainingProgress(Callback):
    """Shows the fraction of the epochs of all nets that are done, and the time that the rest takes at most.

    Nets may be trained at the same time by several threads.

    Parameters
    ----------
    quiet : bool
        Whether to show nothing.
    nets, epochs : int
        The number of nets, and the largest number of epochs of each.
    """

    concurrent = True

    def __init__(self, quiet: bool, nets: int, epochs: int) -> None:
        self._lock = threading.Lock()
        self._stream = SafeStream(sys.stderr)
        self._bar: Any = None
        self._quiet, self._total, self._done, self._due = quiet, nets * epochs, 0, 0.0
        self._epochs, self._start = epochs, time.monotonic()

    def __enter__(self) -> Self:
        self._start = time.monotonic()
        self._due = self._start + _LINES
        if not self._quiet and self._stream.isatty():
            self._bar = _bar(self._stream)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> None:
        """Count the epoch."""
        if self._quiet:
            return
        with self._lock:
            self._done += 1
            self._show()

    def on_fit_end(self, net: MLP, history: History) -> None:
        """The epochs that early stopping saved count as done."""
        with self._lock:
            self._done += self._epochs - net.epochs_done
            if not self._quiet:
                self._show()

    def _show(self) -> None:
        now = time.monotonic()
        left = (now - self._start) / max(self._done, 1) * (self._total - self._done)
        if self._bar is not None:
            self._bar.show(self._done, self._total)
        elif now >= self._due:
            self._due = now + _LINES
            text = (
                f"{self._done / max(self._total, 1):.0%} of the epochs, at most {left:.0f} s left"
            )
            print(text, file=self._stream, flush=True)


class _TqdmBar:
    def __init__(self, stream: SafeStream) -> None:
        tqdm = require("tqdm", "a progress bar").tqdm
        self._bar: Any = tqdm(total=1, unit="epoch", file=stream, leave=False, desc="training")

    def show(self, done: int, total: int) -> None:
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _RichBar:
    def __init__(self, stream: SafeStream) -> None:
        bars = require("rich.progress", "a progress bar")
        console = require("rich.console", "a progress bar").Console(file=stream)
        columns = [
            "training",
            bars.BarColumn(),
            bars.TaskProgressColumn(),
            bars.TimeRemainingColumn(),
        ]
        self._bar: Any = bars.Progress(*columns, console=console, transient=True)
        self._task = self._bar.add_task("training", total=None)
        self._bar.start()

    def show(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)

    def close(self) -> None:
        self._bar.stop()


def _bar(stream: SafeStream) -> Any:
    """A bar of rich or tqdm; None where neither is installed."""
    if available("rich"):
        return _RichBar(stream)
    return _TqdmBar(stream) if available("tqdm") else None
