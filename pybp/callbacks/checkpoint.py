"""Saving the net while it trains."""

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pybp._common.arguments import count, flag, shown
from pybp.callbacks.monitors import Monitor
from pybp.errors import ArgumentError
from pybp.training.callback import Callback

if TYPE_CHECKING:
    from pybp.mlp import MLP

__all__ = ["ModelCheckpoint"]


class ModelCheckpoint(Callback):
    """Save the net after epochs.

    The files are those of `MLP.save`, optimizer state and counters included, so training can go on from
    them. Each takes its place in one step: an interrupted write leaves the previous one whole.

    Parameters
    ----------
    path : str or path-like
        Where to. May hold fields such as ``"net-{epoch:03d}-{val_loss:.3f}.pybp"``, which the epoch's
        number and its logs fill. Folders that don't exist are created.
    monitor : str
        With `save_best_only`, what to watch: "val_loss", "loss", or a metric.
    save_best_only : bool
        Whether to save only epochs that are better than all before.
    mode : {"auto", "min", "max"}
        Which direction is better; "auto" is "max" for accuracies, AUC and R^2, else "min".
    every_epochs : int
        How many epochs lie between those that are saved.

    Attributes
    ----------
    last_path : Path or None
        The file written last.
    """

    def __init__(
        self,
        path: "str | os.PathLike[str]",
        *,
        monitor: str = "val_loss",
        save_best_only: bool = False,
        mode: str = "auto",
        every_epochs: int = 1,
    ) -> None:
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"path must be a path, got {shown(path)}")
        self.path = os.fspath(path)
        self.monitor = Monitor(monitor, mode)
        self.save_best_only = flag(save_best_only, "save_best_only")
        self.every_epochs = count(every_epochs, "every_epochs")
        self.best = self.monitor.worst
        self.last_path: Path | None = None

    def check_logs(self, names: tuple[str, ...]) -> None:
        """Refuse a `monitor` and fields in `path` that the logs will not hold."""
        if self.save_best_only:
            self.monitor.check(names)
        self._filled(1, dict.fromkeys(names, 1.0))

    def on_fit_begin(self, net: "MLP") -> None:
        """Forget earlier fits, and see that there is a folder to write to."""
        self.best = self.monitor.worst
        folder = Path(self.path).parent
        if "{" not in str(folder):
            _make_folder(folder)

    def on_epoch_end(self, net: "MLP", epoch: int, logs: dict[str, float]) -> None:
        """Save the net, if this epoch is to be."""
        if epoch % self.every_epochs != 0:
            return
        if self.save_best_only:
            value = self.monitor.value(logs)
            if not self.monitor.better(value, self.best):
                return
            self.best = value
        path = Path(self._filled(epoch, logs))
        _make_folder(path.parent)
        net.save(path)
        self.last_path = path

    def _filled(self, epoch: int, logs: dict[str, float]) -> str:
        try:
            return self.path.format(epoch=epoch, **logs)
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            raise ArgumentError(
                f"path {self.path!r} can't be filled with epoch, {', '.join(logs)}: {error!r}; "
                "braces that belong to the path are written twice, {{ and }}"
            ) from None


def _make_folder(folder: Path) -> None:
    """Create a folder, if need be, that files can be written to."""
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
