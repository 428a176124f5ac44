"""Show the progress of `MLP.fit`: a tqdm bar if tqdm is installed, else lines."""

import io
import sys
import time
from contextlib import suppress
from typing import Any, Literal, Protocol

from pybp._common.arguments import shown
from pybp._common.optional import available, in_notebook, require
from pybp._common.text import formatted
from pybp.errors import ArgumentError

__all__ = [
    "Bar",
    "Kind",
    "Lines",
    "Progress",
    "RichBar",
    "SafeStream",
    "make_progress",
    "progress_of_kind",
]


class Stream(Protocol):
    """A stream to write the progress to."""

    def write(self, text: str, /) -> int: ...
    def flush(self) -> None: ...


class SafeStream(io.TextIOBase):
    """A text stream that never raises; text that can't be written is dropped.

    Standard error may be None, closed, an object that has only `write`, or a file on a full disk.

    Parameters
    ----------
    stream : object
        The stream to write to.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only here
        """The stream's encoding; ASCII if it has none."""
        return getattr(self._stream, "encoding", None) or "ascii"

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        with suppress(Exception):
            return bool(self._stream.isatty())
        return False

    def fileno(self) -> int:
        """The file descriptor; raises OSError if there is none."""
        return int(self._stream.fileno()) if hasattr(self._stream, "fileno") else super().fileno()

    def write(self, text: str, /) -> int:
        """Write the text; characters that the stream can't encode are written as escapes."""
        with suppress(Exception):
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                encoded = text.encode(self.encoding, "backslashreplace")
                self._stream.write(encoded.decode(self.encoding))
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        with suppress(Exception):
            self._stream.flush()


class Progress:
    """Base class; shows nothing."""

    shows_steps = False

    def on_step(self, steps: int, loss: float) -> None:
        """Called when `steps` steps of this epoch are done; `loss` is their mean loss."""

    def on_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        """Called when epoch `epoch` is done."""

    def close(self) -> None:
        """Called at the end, also after an exception."""


class Lines(Progress):
    """A line for each epoch, but at most one per `interval` seconds, and one for the last epoch."""

    def __init__(self, epochs: int, stream: Stream, interval: float = 0.1) -> None:
        self.epochs = epochs
        self.stream = stream
        self.interval = interval
        self.start = time.monotonic()
        self.due = self.start

    def on_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        """Print the line, if it is due."""
        now = time.monotonic()
        if now >= self.due or epoch == self.epochs:
            self.due = now + self.interval
            print(
                f"epoch {epoch}/{self.epochs}  {formatted(logs)}  ({now - self.start:.1f} s)",
                file=self.stream,
                flush=True,
            )


class Bar(Progress):
    """A tqdm bar over all steps of all epochs."""

    shows_steps = True

    def __init__(self, epochs: int, steps: int | None, stream: Stream, first: int = 0) -> None:
        tqdm = require("tqdm.auto" if in_notebook() else "tqdm", "a progress bar").tqdm
        self.epochs = epochs
        self.steps = steps
        self.done = 0 if steps is None else first * steps
        total = None if steps is None else epochs * steps
        self.bar: Any = tqdm(
            total=total, initial=self.done, unit="step", file=stream, mininterval=0.1
        )
        self.bar.set_description(f"epoch {first + 1}/{epochs}", refresh=False)

    def on_step(self, steps: int, loss: float) -> None:
        """Move the bar."""
        self._move_to(self.done + steps, f"loss {loss:.4g}")

    def on_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        """Move the bar to the end of the epoch."""
        self.done = self.bar.n if self.steps is None else epoch * self.steps
        self._move_to(self.done, formatted(logs))
        self.bar.set_description(
            f"epoch {min(epoch + 1, self.epochs)}/{self.epochs}", refresh=False
        )

    def _move_to(self, position: int, text: str) -> None:
        self.bar.set_postfix_str(text, refresh=False)
        self.bar.update(position - self.bar.n)

    def close(self) -> None:
        """Close the bar; it stays on the screen."""
        self.bar.close()


class RichBar(Progress):
    """A rich bar over all steps of all epochs."""

    shows_steps = True

    def __init__(self, epochs: int, steps: int | None, stream: Stream, first: int = 0) -> None:
        bars = require("rich.progress", "a rich progress bar")
        console = require("rich.console", "a rich progress bar").Console(file=stream)
        self.epochs = epochs
        self.steps = steps
        self.done = first * (steps or 0)
        columns = [
            "{task.description}",
            bars.BarColumn(),
            "{task.completed}",
            bars.TimeElapsedColumn(),
        ]
        self.bar: Any = bars.Progress(*columns, "{task.fields[logs]}", console=console)
        total = None if steps is None else epochs * steps
        self.task = self.bar.add_task(
            f"epoch {first + 1}/{epochs}", total=total, completed=self.done, logs=""
        )
        self.bar.start()

    def on_step(self, steps: int, loss: float) -> None:
        """Move the bar."""
        self.bar.update(self.task, completed=self.done + steps, logs=f"loss {loss:.4g}")

    def on_epoch(self, epoch: int, logs: dict[str, float]) -> None:
        """Move the bar to the end of the epoch."""
        self.done = self.bar.tasks[0].completed if self.steps is None else epoch * self.steps
        self.bar.update(
            self.task,
            completed=self.done,
            logs=formatted(logs),
            description=f"epoch {min(epoch + 1, self.epochs)}/{self.epochs}",
        )

    def close(self) -> None:
        """Close the bar; it stays on the screen."""
        self.bar.stop()


Kind = Literal["auto", "tqdm", "rich", "lines"]
"""The kinds of progress display."""


def progress_of_kind(kind: Kind, epochs: int, steps: int | None, first: int = 0) -> Progress:
    """Progress of one of `KINDS` on standard error; `first` epochs are done already."""
    if kind == "auto":
        kind = "tqdm" if available("tqdm") else "lines"
    stream = SafeStream(sys.stderr)
    if kind == "lines":
        return Lines(epochs, stream)
    return (Bar if kind == "tqdm" else RichBar)(epochs, steps, stream, first)


def make_progress(
    progress: bool | Literal["auto"], epochs: int, steps: int | None, first: int = 0
) -> Progress:
    """The progress for the argument `progress` of `fit`; `first` epochs are done already.

    "auto" shows progress if standard error is a terminal, or in a notebook.
    """
    if progress not in (True, False, "auto"):
        raise ArgumentError(f"progress must be True, False or 'auto', got {shown(progress)}")
    shows = in_notebook() or SafeStream(sys.stderr).isatty() if progress == "auto" else progress
    return progress_of_kind("auto", epochs, steps, first) if shows else Progress()
