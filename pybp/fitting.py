"""The fit loop, and the history it returns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pybp._core import Net
from pybp.callbacks import Callback
from pybp.compat import require
from pybp.data import Data
from pybp.display import aligned
from pybp.errors import BusyError, DivergenceError
from pybp.layers import Layer
from pybp.metrics import Metric
from pybp.optimizers import Optimizer
from pybp.passes import Plan, evaluate, predict, train_epoch
from pybp.progress import Progress, formatted
from pybp.state import exclusive
from pybp.validation import shown

if TYPE_CHECKING:
    from pybp.mlp import MLP

__all__ = ["Fit", "History", "advice", "checked_callbacks", "measure"]


@dataclass(repr=False)
class History:
    """What `MLP.fit` saw.

    Attributes
    ----------
    epochs : list of int
        The epochs done, counted from 1.
    history : dict of str to list of float
        For each epoch the loss and the metrics, on validation data as ``val_...``.
    """

    epochs: list[int] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=dict)

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
        pandas = require("pandas", "pandas", "History.to_frame")
        return pandas.DataFrame(self.history, index=pandas.Index(self.epochs, name="epoch"))

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


def measure(
    net: Net,
    data: Data,
    metrics: Sequence[Metric],
    output: Layer,
    loss: float,
    correct: int,
    threads: int,
) -> dict[str, float]:
    """Loss and metrics on `data`; predicts only if a metric asks for it."""
    logs = {"loss": loss}
    outputs = None
    for metric in metrics:
        if metric.function is None:
            logs[metric.name] = correct / len(data)
            continue
        if outputs is None:
            outputs = predict(net, data.X, output, threads)
        logs[metric.name] = metric(data, outputs)
    return logs


@dataclass(frozen=True)
class Fit:
    """One call of `MLP.fit`, its arguments checked and prepared."""

    model: "MLP"
    data: Data
    validation: Data | None
    plan: Plan
    epochs: int
    metrics: tuple[Metric, ...]
    callbacks: tuple[Callback, ...]

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return -(-len(self.data) // self.plan.batch_size)

    def run(self, net: Net, progress: Progress) -> History:
        """Train until the last epoch is done or a callback stops."""
        try:
            with exclusive(net) as acquired:
                if not acquired:
                    raise BusyError("this net is being fitted; a callback can't fit it again")
                return self._run(net, progress)
        finally:
            progress.close()

    def _run(self, net: Net, progress: Progress) -> History:
        history = History()
        report = progress.on_step if progress.shows_steps else None
        for callback in self.callbacks:
            callback.on_fit_begin(self.model)
        for epoch in range(1, self.epochs + 1):
            if _any_true([c.on_epoch_begin(self.model, epoch) for c in self.callbacks]):
                break
            logs = self._epoch(net, epoch, report)
            history.append(epoch, logs)
            progress.on_epoch(epoch, logs)
            if _any_true([c.on_epoch_end(self.model, epoch, dict(logs)) for c in self.callbacks]):
                break
        for callback in self.callbacks:
            callback.on_fit_end(self.model, history)
        return history

    def _epoch(self, net: Net, epoch: int, report: Any) -> dict[str, float]:
        layers, plan = self.model.layers, self.plan
        output = layers[-1]
        try:
            loss, correct, _ = train_epoch(net, layers, self.data, plan, report)
        except DivergenceError as error:
            raise self._explained(error, epoch) from None
        logs = measure(net, self.data, self.metrics, output, loss, correct, plan.threads)
        if self.validation is not None:
            loss, correct = evaluate(net, self.validation, plan.loss, output, plan.threads)
            seen = measure(net, self.validation, self.metrics, output, loss, correct, plan.threads)
            logs |= {f"val_{name}": value for name, value in seen.items()}
        return logs

    def _explained(self, error: DivergenceError, epoch: int) -> DivergenceError:
        step = min(error.step or 1, self.steps)
        kept = f"the end of epoch {epoch - 1}" if epoch > 1 else "before this fit"
        explained = DivergenceError(
            f"training diverged in epoch {epoch} of {self.epochs}, step {step} of {self.steps}: "
            f"loss or parameters are not finite. The net has the parameters of {kept}. "
            f"{advice(self.plan.optimizer)}"
        )
        explained.epoch, explained.step = epoch, step
        return explained


def advice(optimizer: Optimizer) -> str:
    """What to try when training diverges."""
    clip = "" if optimizer.clip_norm else ", clip_norm=1.0"
    return (
        f"Try a smaller learning rate than lr={optimizer.lr:g}{clip}, or scale the inputs to "
        "mean 0 and standard deviation 1."
    )


def _any_true(answers: Iterable[bool | None]) -> bool:
    return any(answer is True for answer in answers)


def checked_callbacks(callbacks: Iterable[Callback]) -> tuple[Callback, ...]:
    """The callbacks, each of them one."""
    if isinstance(callbacks, Callback):
        callbacks = (callbacks,)
    for callback in (chosen := tuple(callbacks)):
        if not isinstance(callback, Callback):
            raise TypeError(
                f"callbacks must derive from pybp.callbacks.Callback, got {shown(callback)}"
            )
    return chosen
