"""Training and evaluation on the minibatches of an iterable."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from pybp._common.types import Array
from pybp._core import Net
from pybp.data.batches import Batches
from pybp.data.dataset import Data
from pybp.data.sparse import join_inputs
from pybp.errors import ArgumentError, DivergenceError, ShapeError
from pybp.layers import Layer
from pybp.losses import Loss
from pybp.metrics import Metric
from pybp.net.state import end_epoch, read_state, write_state
from pybp.training.epoch import evaluate, predict, train_epoch
from pybp.training.rates import StepRates
from pybp.training.results import EpochResult, Report, StepHook
from pybp.training.settings import TrainSettings

__all__ = ["check_batch_metrics", "measure_batches", "train_batches"]

_NO_INPUTS = np.empty((0, 0))


def train_batches(
    net: Net,
    layers: tuple[Layer, ...],
    batches: Batches,
    settings: TrainSettings,
    rate: Callable[[int], StepRates],
    report: Report | None,
    step_hook: StepHook,
) -> EpochResult:
    """Train one epoch on minibatches from an iterable.

    `rate` returns the learning rate of a step of the epoch, counted from 0.
    """
    before = read_state(net, layers)
    try:
        return _train(net, layers, batches, settings, rate, report, step_hook)
    except DivergenceError:
        write_state(net, before)
        net.reset_optimizer()
        raise


def _train(
    net: Net,
    layers: tuple[Layer, ...],
    batches: Batches,
    settings: TrainSettings,
    rate: Callable[[int], StepRates],
    report: Report | None,
    step_hook: StepHook,
) -> EpochResult:
    result = EpochResult()
    part = replace(settings, shuffle=False, drop_last=False, part=True)
    for done, (data, size) in enumerate(_updates(batches.epoch(), settings), start=1):
        weight = data.weight_of(slice(None))
        if weight > 0:
            if part.batch_size != size:
                part = replace(part, batch_size=size)
            try:
                step = train_epoch(net, layers, data, part, rate(done - 1))
            except DivergenceError as error:
                error.step = result.steps + 1
                raise
            result = result.add_step(
                step.loss, step.correct, step.rows, weight, settings.loss.reduction
            )
            if report is not None:
                report(result.steps, result.mean)
        if step_hook.after_minibatch(done, result):
            return result
    if not result.rows:
        raise ArgumentError("the sample weights of all batches of the epoch are 0")
    end_epoch(net)
    return result


def _updates(batches: Iterator[Data], settings: TrainSettings) -> Iterator[tuple[Data, int]]:
    """The data of each update, and the number of rows of its largest minibatch."""
    group: list[Data] = []
    full = 0
    for data in batches:
        group.append(data)
        if len(group) == settings.accumulate:
            yield _concatenate(group), max(map(len, group))
            group = []
            full += 1
    if group and not (settings.drop_last and full):
        yield _concatenate(group), max(map(len, group))


def _concatenate(group: list[Data]) -> Data:
    """Several minibatches as one."""
    if len(group) == 1:
        return group[0]
    if len({data.y.shape[1:] for data in group}) > 1:
        raise ShapeError(
            "y of the batches of an update have shapes that don't match: "
            f"{[data.y.shape for data in group]}"
        )
    weights = None
    if any(data.weights is not None for data in group):
        weights = np.concatenate(
            [np.ones(len(data.y)) if data.weights is None else data.weights for data in group]
        )
    return Data(
        join_inputs([data.X for data in group]),
        np.concatenate([data.y for data in group]),
        weights,
    )


# ---- measuring -------------------------------------------------------------------------------


def measure_batches(
    net: Net,
    batches: Batches,
    loss: Loss,
    metrics: tuple[Metric, ...],
    output: Layer,
    threads: int,
) -> dict[str, float]:
    """Loss and metrics over an epoch of batches; stores the outputs only if a metric needs them."""
    total = weight = 0.0
    correct = rows = 0
    needs_outputs = any(metric.function is not None for metric in metrics)
    targets: list[Data] = []
    outputs: list[Array] = []
    for data in batches.epoch():
        rows += len(data)
        all_weight = data.weight_of(slice(None))
        factor = all_weight if loss.reduction == "mean" or all_weight == 0 else 1.0
        if all_weight == 0:  # the accuracy is unweighted
            data = Data(data.X, data.y, None)
        value, n_correct = evaluate(net, data, loss, output, threads)
        total, weight, correct = total + value * factor, weight + factor, correct + n_correct
        if needs_outputs:
            outputs.append(predict(net, data.X, output, threads))
            targets.append(
                Data(_NO_INPUTS, data.y, data.weights if all_weight else np.zeros(len(data)))
            )
    if weight == 0:
        raise ArgumentError("the sample weights of all batches are 0")
    logs = {"loss": total / weight if loss.reduction == "mean" else total}
    if needs_outputs:
        all_data, all_outputs = _concatenate(targets), np.concatenate(outputs)
    for metric in metrics:
        is_accuracy = metric.function is None
        logs[metric.name] = correct / rows if is_accuracy else metric(all_data, all_outputs)
    return logs


def check_batch_metrics(metrics: tuple[Metric, ...]) -> None:
    """Raise for metrics that would need the batches of an epoch a second time."""
    for metric in metrics:
        if metric.function is not None:
            raise ArgumentError(
                f"metric {metric.name!r} needs validation_data if X is an iterable of batches: only "
                "loss and accuracy are computed on these"
            )
