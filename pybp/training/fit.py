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
from pybp.net.state import exclusive, updates_done
from pybp.optimizers import Optimizer
from pybp.schedules import Schedule
from pybp.schedules.base import Rates
from pybp.training.batches import measure_batches, refuse_uncounted, train_batches
from pybp.training.callback import Callback
from pybp.training.callback_list import CallbackList, StepCallbacks
from pybp.training.epoch import evaluate, predict, train_epoch, train_epochs
from pybp.training.history import History
from pybp.training.plan import Plan, Report, Seen, Sums
from pybp.training.progress import Progress

__all__ = ["Fit", "advice", "assess"]

Record = Callable[[int, dict[str, float]], None]
"""``record(epoch, logs)``: the epoch is done, and these are its loss and metrics."""


def measure(
    net: Net,
    data: Data,
    metrics: Sequence[Metric],
    output: Layer,
    loss: float,
    right: float,
    threads: int,
) -> dict[str, float]:
    """Loss and metrics on `data`; predicts only if a metric asks for it. right: the accuracy."""
    logs = {"loss": loss}
    outputs = None
    for metric in metrics:
        if metric.function is None:
            logs[metric.name] = right
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
    """Loss and metrics on data that the net doesn't train on."""
    if isinstance(source, Batches):
        return measure_batches(net, source, loss, metrics, output, threads)
    value, correct = evaluate(net, source, loss, output, threads)
    return measure(net, source, metrics, output, value, correct / len(source), threads)


@dataclass(frozen=True)
class Fit:
    """One call of `MLP.fit`, its arguments checked and prepared."""

    model: Network
    data: Source
    validation: Source | None
    plan: Plan
    epochs: int
    metrics: tuple[Metric, ...]
    callbacks: tuple[Callback, ...]
    initial_epoch: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.data, Batches) and self.validation is None:
            refuse_uncounted(self.metrics)

    @property
    def steps(self) -> int | None:
        """Steps of an epoch, if that is known."""
        if isinstance(self.data, Data):
            return self.plan.steps(len(self.data))
        return self.data.n_updates(self.plan.accumulate, self.plan.drop_last)

    @property
    def log_names(self) -> tuple[str, ...]:
        """The names in the logs of an epoch, in their order."""
        counted = [metric.name for metric in self.metrics if metric.function is None]
        every = [metric.name for metric in self.metrics]
        names = ["loss", *(counted if isinstance(self.data, Batches) else every)]
        if self.validation is not None:
            names += [f"val_{name}" for name in ("loss", *every)]
        scheduled = isinstance(self.plan.optimizer.lr, Schedule)
        if scheduled or any(callback.overrides("change_rates") for callback in self.callbacks):
            names.append("lr")
        return tuple(names)

    def run(self, net: Net, progress: Progress) -> History:
        """Train until the last epoch is done or a callback stops."""
        try:
            with exclusive(net) as acquired:
                if not acquired:
                    raise BusyError("this net is being fitted; a callback can't fit it again")
                for callback in self.callbacks:
                    callback.check_logs(self.log_names)
                return self._run(net, progress)
        finally:
            progress.close()

    def _run(self, net: Net, progress: Progress) -> History:
        history, hooks = History(), CallbackList(self.model, self.callbacks)
        report = progress.on_step if progress.shows_steps else None

        def record(epoch: int, logs: dict[str, float]) -> None:
            history.append(epoch, logs)
            progress.on_epoch(epoch, logs)

        if self.initial_epoch < self.epochs and self._uneventful:
            self._all_epochs(net, report, record)
        else:
            self._epoch_by_epoch(net, report, hooks, record)
        hooks.ask("on_fit_end", history)
        return history

    @property
    def _uneventful(self) -> bool:
        """Whether there is nothing to do between epochs but to write down what they saw."""
        return (
            isinstance(self.data, Data)
            and self.validation is None
            and not self.callbacks
            and all(metric.function is None for metric in self.metrics)
            and not isinstance(self.plan.loss, Custom)
            and not isinstance(self.plan.optimizer.lr, Schedule)
        )

    def _all_epochs(self, net: Net, report: Report | None, record: Record) -> None:
        """Train all epochs in one call of the core."""
        assert isinstance(self.data, Data)
        plan, done = self.plan, self.initial_epoch

        def on_epoch(sums: Sums) -> None:
            nonlocal done
            done += 1
            record(done, self._training_logs(net, Seen(*sums)))

        layers, rates, left = self.model.layers, plan.optimizer.rates(0, 1), self.epochs - done
        try:
            train_epochs(net, layers, self.data, plan, rates, left, on_epoch, report)
        except DivergenceError as error:
            raise self._explained(error, done + 1) from None

    def _epoch_by_epoch(
        self, net: Net, report: Report | None, hooks: CallbackList, record: Record
    ) -> None:
        """Train until the last epoch is done or a callback stops."""
        if self.steps is not None:
            hooks.steps_done = self.initial_epoch * self.steps
        stop, epoch = hooks.ask("on_fit_begin"), self.initial_epoch
        while not stop and epoch < self.epochs and not hooks.ask("on_epoch_begin", epoch + 1):
            epoch += 1
            logs = self._epoch(net, epoch, report, hooks)
            record(epoch, logs)
            stop = hooks.ask("on_epoch_end", epoch, logs)

    def _epoch(
        self, net: Net, epoch: int, report: Report | None, hooks: CallbackList
    ) -> dict[str, float]:
        """Train one epoch, then measure."""
        pause = StepCallbacks(hooks)
        try:
            seen = self._train(net, epoch, report, pause)
        except DivergenceError as error:
            raise self._explained(error, epoch) from None
        hooks.steps_done += pause.done
        logs = self._training_logs(net, seen) | self._validation_logs(net)
        if isinstance(self.plan.optimizer.lr, Schedule) or hooks.change_rates:
            logs["lr"] = pause.rate
        return logs

    def _train(self, net: Net, epoch: int, report: Report | None, pause: StepCallbacks) -> Seen:
        layers, plan, steps = self.model.layers, self.plan, self.steps
        first = updates_done(net, plan.optimizer)
        horizon = None if steps is None else first + (self.epochs - epoch + 1) * steps

        def rates(step: int, n: int) -> Rates:
            wanted = plan.optimizer.rates(first + step, n, horizon=horizon, steps_per_epoch=steps)
            pause.rates = pause.hooks.changed(wanted)
            return pause.rates

        if isinstance(self.data, Batches):
            return train_batches(
                net, layers, self.data, plan, lambda step: rates(step, 1), report, pause
            )
        assert steps is not None
        return train_epoch(net, layers, self.data, plan, rates(0, steps), report, pause)

    def _training_logs(self, net: Net, seen: Seen) -> dict[str, float]:
        right = seen.correct / seen.rows
        if isinstance(self.data, Batches):  # they are gone: only what was seen before the updates
            counted = [metric.name for metric in self.metrics if metric.function is None]
            return {"loss": seen.loss} | dict.fromkeys(counted, right)
        output, threads = self.model.layers[-1], self.plan.threads
        return measure(net, self.data, self.metrics, output, seen.loss, right, threads)

    def _validation_logs(self, net: Net) -> dict[str, float]:
        if self.validation is None:
            return {}
        output, threads = self.model.layers[-1], self.plan.threads
        seen = assess(net, self.validation, self.plan.loss, self.metrics, output, threads)
        return {f"val_{name}": value for name, value in seen.items()}

    def _explained(self, error: DivergenceError, epoch: int) -> DivergenceError:
        step, steps = error.step or 1, self.steps
        if steps is not None:
            step = min(step, steps)
        kept = (
            f"the end of epoch {epoch - 1}" if epoch > self.initial_epoch + 1 else "before this fit"
        )
        explained = DivergenceError(
            f"training diverged in epoch {epoch} of {self.epochs}, step {step}"
            f"{'' if steps is None else f' of {steps}'}: "
            f"loss or parameters are not finite. The net has the parameters of {kept}. "
            f"{advice(self.plan.optimizer)}"
        )
        explained.epoch, explained.step = epoch, step
        return explained


def advice(optimizer: Optimizer) -> str:
    """What to try when training diverges."""
    clip = "" if optimizer.clip_norm else ", clip_norm=1.0"
    lr = repr(optimizer.lr) if isinstance(optimizer.lr, Schedule) else f"{optimizer.lr:g}"
    return (
        f"Try a smaller learning rate than lr={lr}{clip}, or scale the inputs to "
        "mean 0 and standard deviation 1."
    )
