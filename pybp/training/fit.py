"""The fit loop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pybp._core import Net
from pybp.data.batches import Batches
from pybp.data.dataset import Data
from pybp.data.reader import Source
from pybp.errors import BusyError, DivergenceError
from pybp.layers import Layer
from pybp.losses import Custom, Loss
from pybp.metrics import Metric
from pybp.net.network import Network
from pybp.net.state import updates_done
from pybp.optimizers import Optimizer
from pybp.schedules import Schedule
from pybp.training.batches import check_batch_metrics, measure_batches, train_batches
from pybp.training.callback import Callback
from pybp.training.callback_list import CallbackList, StepCallbacks
from pybp.training.epoch import evaluate, predict, train_epoch, train_epochs
from pybp.training.history import History
from pybp.training.progress import Progress
from pybp.training.rates import StepRates, step_rates
from pybp.training.results import EpochResult, EpochTuple, Report
from pybp.training.settings import TrainSettings

__all__ = ["Fit", "advice", "assess"]

Record = Callable[[int, dict[str, float]], None]
"""``record(epoch, logs)`` stores loss and metrics of an epoch that is done."""


def measure(
    net: Net,
    data: Data,
    metrics: Sequence[Metric],
    output: Layer,
    loss: float,
    accuracy: float,
    threads: int,
) -> dict[str, float]:
    """Loss, accuracy and other metrics on `data`; predicts only if a metric needs the outputs."""
    logs = {"loss": loss}
    outputs = None
    for metric in metrics:
        if metric.function is None:
            logs[metric.name] = accuracy
            continue
        if outputs is None:
            outputs = predict(net, data.X, output, threads)
        logs[metric.name] = metric(data, outputs)
    return logs


def assess(
    net: Net,
    source: Source,
    loss: Loss,
    metrics: tuple[Metric, ...],
    output: Layer,
    threads: int,
) -> dict[str, float]:
    """Evaluate loss and metrics, without training."""
    if isinstance(source, Batches):
        return measure_batches(net, source, loss, metrics, output, threads)
    value, correct = evaluate(net, source, loss, output, threads)
    return measure(net, source, metrics, output, value, correct / len(source), threads)


@dataclass(frozen=True)
class Fit:
    """One call of `MLP.fit`, with its arguments checked and converted."""

    model: Network
    data: Source
    validation: Source | None
    settings: TrainSettings
    epochs: int
    metrics: tuple[Metric, ...]
    callbacks: tuple[Callback, ...]
    initial_epoch: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.data, Batches) and self.validation is None:
            check_batch_metrics(self.metrics)

    @property
    def steps(self) -> int | None:
        """Number of steps of an epoch; None if unknown."""
        if isinstance(self.data, Data):
            return self.settings.steps(len(self.data))
        return self.data.n_updates(self.settings.accumulate, self.settings.drop_last)

    @property
    def log_names(self) -> tuple[str, ...]:
        """The names in the logs of an epoch, in order."""
        metrics = [metric.name for metric in self.metrics]
        names = ["loss", *(self._accuracy if isinstance(self.data, Batches) else metrics)]
        if self.validation is not None:
            names += [f"val_{name}" for name in ("loss", *metrics)]
        scheduled = isinstance(self.settings.optimizer.lr, Schedule)
        if scheduled or any(callback.overrides("change_rates") for callback in self.callbacks):
            names.append("lr")
        return tuple(names)

    def run(self, net: Net, progress: Progress) -> History:
        """Train until the last epoch is done or a callback stops training."""
        try:
            with net.exclusive() as acquired:
                if not acquired:
                    raise BusyError("this net is being fitted; a callback can't fit it again")
                for callback in self.callbacks:
                    callback.check_logs(self.log_names)
                history, hooks = History(), CallbackList(self.model, self.callbacks)
                self.model.history = history
                try:
                    self._run(net, progress, history, hooks)
                except (KeyboardInterrupt, DivergenceError):
                    if hooks.begun:
                        hooks.call("on_fit_end", history)
                    raise
                else:
                    hooks.call("on_fit_end", history)
                    return history
                finally:
                    hooks.end()
        finally:
            progress.close()

    def _run(self, net: Net, progress: Progress, history: History, hooks: CallbackList) -> None:
        """Train, recording epochs in `history`."""
        report = progress.on_step if progress.shows_steps else None

        def record(epoch: int, logs: dict[str, float]) -> None:
            history.append(epoch, logs)
            progress.on_epoch(epoch, logs)

        if self.initial_epoch < self.epochs and self._trains_in_one_call:
            self._all_epochs(net, report, record)
        else:
            self._epoch_by_epoch(net, report, hooks, record)

    @property
    def _trains_in_one_call(self) -> bool:
        """Whether one call of the core suffices, as epochs are only recorded."""
        return (
            isinstance(self.data, Data)
            and self.validation is None
            and not self.callbacks
            and all(metric.function is None for metric in self.metrics)
            and not isinstance(self.settings.loss, Custom)
            and not self.settings.scheduled
        )

    def _all_epochs(self, net: Net, report: Report | None, record: Record) -> None:
        """Train all epochs in one call of the core."""
        assert isinstance(self.data, Data)
        settings, done = self.settings, self.initial_epoch

        def on_epoch(result: EpochTuple) -> None:
            nonlocal done
            done += 1
            record(done, self._training_logs(net, EpochResult(*result)))

        layers, left = self.model.layers, self.epochs - done
        rates = step_rates(settings.optimizer, None, 0, 1)
        try:
            train_epochs(net, layers, self.data, settings, rates, left, on_epoch, report)
        except DivergenceError as error:
            raise self._with_advice(error, done + 1) from None

    def _epoch_by_epoch(
        self, net: Net, report: Report | None, hooks: CallbackList, record: Record
    ) -> None:
        """Train until the last epoch is done or a callback stops training."""
        if self.steps is not None:
            hooks.steps_done = self.initial_epoch * self.steps
        stop, epoch = hooks.begin(self.initial_epoch), self.initial_epoch
        while not stop and epoch < self.epochs and not hooks.call("on_epoch_begin", epoch + 1):
            epoch += 1
            logs = self._epoch(net, epoch, report, hooks)
            record(epoch, logs)
            stop = hooks.call("on_epoch_end", epoch, logs)

    def _epoch(
        self, net: Net, epoch: int, report: Report | None, hooks: CallbackList
    ) -> dict[str, float]:
        """Train one epoch, then compute loss and metrics."""
        step_hook = StepCallbacks(hooks)
        try:
            result = self._train(net, epoch, report, step_hook)
        except DivergenceError as error:
            raise self._with_advice(error, epoch) from None
        hooks.steps_done += step_hook.done
        logs = self._training_logs(net, result) | self._validation_logs(net)
        if isinstance(self.settings.optimizer.lr, Schedule) or hooks.changes_rates:
            logs["lr"] = step_hook.rate
        return logs

    def _train(
        self, net: Net, epoch: int, report: Report | None, step_hook: StepCallbacks
    ) -> EpochResult:
        layers, settings, steps = self.model.layers, self.settings, self.steps
        first = updates_done(net, settings.optimizer)
        horizon = None if steps is None else first + (self.epochs - epoch + 1) * steps

        def rates(step: int, n: int) -> StepRates:
            planned = step_rates(
                settings.optimizer, settings.dropout, first + step, n, horizon, steps
            )
            step_hook.rates = step_hook.hooks.changed_rates(planned.lr)
            return planned.with_lr(step_hook.rates)

        if isinstance(self.data, Batches):
            return train_batches(
                net, layers, self.data, settings, lambda step: rates(step, 1), report, step_hook
            )
        assert steps is not None
        return train_epoch(net, layers, self.data, settings, rates(0, steps), report, step_hook)

    @property
    def _accuracy(self) -> list[str]:
        """The name of the accuracy, if it is among the metrics."""
        return [metric.name for metric in self.metrics if metric.function is None]

    def _training_logs(self, net: Net, result: EpochResult) -> dict[str, float]:
        accuracy = result.correct / max(result.rows, 1)  # 0 if weights vanish during the call
        if isinstance(self.data, Batches):  # can't be iterated again for other metrics
            return {"loss": result.loss} | dict.fromkeys(self._accuracy, accuracy)
        output, threads = self.model.layers[-1], self.settings.threads
        return measure(net, self.data, self.metrics, output, result.loss, accuracy, threads)

    def _validation_logs(self, net: Net) -> dict[str, float]:
        if self.validation is None:
            return {}
        output, threads = self.model.layers[-1], self.settings.threads
        logs = assess(net, self.validation, self.settings.loss, self.metrics, output, threads)
        return {f"val_{name}": value for name, value in logs.items()}

    def _with_advice(self, error: DivergenceError, epoch: int) -> DivergenceError:
        step, steps = error.step or 1, self.steps
        if steps is not None:
            step = min(step, steps)
        restored = (
            f"the end of epoch {epoch - 1}" if epoch > self.initial_epoch + 1 else "before this fit"
        )
        described = DivergenceError(
            f"training diverged in epoch {epoch} of {self.epochs}, step {step}"
            f"{'' if steps is None else f' of {steps}'}: "
            f"loss or parameters are not finite. The net has the parameters from {restored}. "
            f"{advice(self.settings.optimizer)}"
        )
        described.epoch, described.step = epoch, step
        return described


def advice(optimizer: Optimizer) -> str:
    """Advice for training that diverges."""
    clip = "" if optimizer.clip_norm else ", clip_norm=1.0"
    lr = repr(optimizer.lr) if isinstance(optimizer.lr, Schedule) else f"{optimizer.lr:g}"
    return (
        f"Try a smaller learning rate than lr={lr}{clip}, or scale the inputs to "
        "mean 0 and standard deviation 1."
    )
