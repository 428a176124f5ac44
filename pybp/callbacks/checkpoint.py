"""Save the net during training."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pybp._common.arguments import count, flag
from pybp.callbacks.monitors import Mode, Monitor
from pybp.errors import ArgumentError
from pybp.io.paths import checked_path
from pybp.training.callback import Callback

if TYPE_CHECKING:
    from pybp.mlp import MLP

__all__ = ["ModelCheckpoint"]


class ModelCheckpoint(Callback):
    """Save the net after epochs.

    `MLP.save` writes the files. They include the optimizer's state, counters and what callbacks remember,
    so that training can continue from them; with `save_best_only`, a file is then still replaced only by
    a better epoch. Files are replaced atomically: an interrupted write leaves the previous file unchanged.

    Parameters
    ----------
    path : str or path-like
        The file. May contain format fields for the epoch and its logs, as in
        ``"net-{epoch:03d}-{val_loss:.3f}.pybp"``. Missing folders are created.
    monitor : str
        The number to compare with `save_best_only`: "val_loss", "loss", or a metric.
    save_best_only : bool
        Whether to save only epochs that are better than all previous ones.
    mode : {"auto", "min", "max"}
        Whether smaller or larger is better; "auto" knows it of the loss and of the metrics by name. For
        a metric of your own it has to be given.
    every_epochs : int
        Number of epochs between two that are saved.

    Attributes
    ----------
    last_path : Path or None
        The file that was written last.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        monitor: str = "val_loss",
        save_best_only: bool = False,
        mode: Mode = "auto",
        every_epochs: int = 1,
    ) -> None:
        checked_path(path)
        self.path = os.fspath(path)
        self.monitor = Monitor(monitor, mode)
        self.save_best_only = flag(save_best_only, "save_best_only")
        self.every_epochs = count(every_epochs, "every_epochs")
        self.best = self.monitor.worst
        self.last_path: Path | None = None

    def check_logs(self, names: tuple[str, ...]) -> None:
        """Raise if `monitor` or a field in `path` is not among `names`."""
        if self.save_best_only:
            self.monitor.check(names)
        self._format_path(1, dict.fromkeys(names, 1.0))

    def on_fit_begin(self, net: MLP) -> None:
        """Reset the callback, and check that the folder can be written to."""
        self.best = self.monitor.worst
        folder = Path(self.path).parent
        if "{" not in str(folder):
            _make_writable_folder(folder)

    def state(self) -> dict[str, Any]:
        """The best value of the epochs saved."""
        return self.monitor.state(self.best) if self.save_best_only else {}

    def restore(self, state: dict[str, Any]) -> None:
        """Replace the file only by a better epoch than those of the fit that is continued."""
        best = self.monitor.restored_best(state)
        if best is not None:
            self.best = best

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> None:
        """Save the net, if the epoch is due."""
        if epoch % self.every_epochs != 0:
            return
        if self.save_best_only:
            value = self.monitor.value(logs)
            if not self.monitor.better(value, self.best):
                return
            self.best = value
        path = Path(self._format_path(epoch, logs))
        _make_writable_folder(path.parent)
        net.save(path)
        self.last_path = path

    def _format_path(self, epoch: int, logs: dict[str, float]) -> str:
        try:
            return self.path.format(epoch=epoch, **logs)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            raise ArgumentError(
                f"path {self.path!r} can't be formatted with epoch, {', '.join(logs)}: {error!r}; "
                "write braces that are part of the path twice, {{ and }}"
            ) from None


def _make_writable_folder(folder: Path) -> None:
    """Create the folder if it is missing; raise if it is not writable."""
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
