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
from pybp.schedules.base import Rates
from pybp.training.epoch import evaluate, predict, train_epoch
from pybp.training.plan import Pause, Plan, Report, Seen

__all__ = ["measure_batches", "refuse_uncounted", "train_batches"]

_NO_INPUTS = np.empty((0, 0))


def train_batches(
    net: Net,
    layers: tuple[Layer, ...],
    batches: Batches,
    plan: Plan,
    rate: Callable[[int], Rates],
    report: Report | None,
    pause: Pause,
) -> Seen:
    """Train one epoch, as `pybp.training.epoch.train_epoch` does with samples that are all at hand.

    `rate` gives the learning rate of a step of the epoch, counted from 0.
    """
    before = read_state(net, layers)
    try:
        return _train(net, layers, batches, plan, rate, report, pause)
    except DivergenceError:
        write_state(net, before)
        net.reset_optimizer()
        raise


def _train(
    net: Net,
    layers: tuple[Layer, ...],
    batches: Batches,
    plan: Plan,
    rate: Callable[[int], Rates],
    report: Report | None,
    pause: Pause,
) -> Seen:
    seen = Seen()
    part = replace(plan, shuffle=False, drop_last=False, part=True)
    for done, (data, size) in enumerate(_updates(batches.epoch(), plan), start=1):
        weight = data.weight_of(slice(None))
        if weight > 0:
            if part.batch_size != size:
                part = replace(part, batch_size=size)
            try:
                step = train_epoch(net, layers, data, part, rate(done - 1))
            except DivergenceError as error:
                error.step = seen.steps + 1
                raise
            seen = seen.plus(step.loss, step.correct, step.rows, weight, plan.loss.reduction)
            if report is not None:
                report(seen.steps, seen.mean)
        if pause.after(done, seen):
            return seen
    if not seen.rows:
        raise ArgumentError("the sample weights of all batches of the epoch are 0")
    end_epoch(net)
    return seen


def _updates(batches: Iterator[Data], plan: Plan) -> Iterator[tuple[Data, int]]:
    """The data of each update, and the rows of the largest minibatch in it."""
    group: list[Data] = []
    whole = 0
    for data in batches:
        group.append(data)
        if len(group) == plan.accumulate:
            yield _joined(group), max(map(len, group))
            group = []
            whole += 1
    if group and not (plan.drop_last and whole):
        yield _joined(group), max(map(len, group))


def _joined(group: list[Data]) -> Data:
    """Several minibatches as one."""
    if len(group) == 1:
        return group[0]
    if len({data.y.shape[1:] for data in group}) > 1:
        raise ShapeError(
            "y of the batches of an update are of different kinds, shapes "
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
    """Loss and metrics over an epoch of batches; keeps the outputs only if a metric wants them."""
    total = weight = 0.0
    correct = rows = 0
    keeps = any(metric.function is not None for metric in metrics)
    kept: list[Data] = []
    outputs: list[Array] = []
    for data in batches.epoch():
        rows += len(data)
        all_weight = data.weight_of(slice(None))
        share = all_weight if loss.reduction == "mean" or all_weight == 0 else 1.0
        if all_weight == 0:  # its right answers still count
            data = Data(data.X, data.y, None)
        value, right = evaluate(net, data, loss, output, threads)
        total, weight, correct = total + value * share, weight + share, correct + right
        if keeps:
            outputs.append(predict(net, data.X, output, threads))
            kept.append(
                Data(_NO_INPUTS, data.y, data.weights if all_weight else np.zeros(len(data)))
            )
    if weight == 0:
        raise ArgumentError("the sample weights of all batches are 0")
    logs = {"loss": total / weight if loss.reduction == "mean" else total}
    if keeps:
        everything, predicted = _joined(kept), np.concatenate(outputs)
    for metric in metrics:
        counted = metric.function is None
        logs[metric.name] = correct / rows if counted else metric(everything, predicted)
    return logs


def refuse_uncounted(metrics: tuple[Metric, ...]) -> None:
    """Refuse metrics that the batches of an epoch would have to be there again for."""
    for metric in metrics:
        if metric.function is not None:
            raise ArgumentError(
                f"metric {metric.name!r} needs validation_data where X is an iterable of batches: "
                "on those only the loss and the accuracy are measured"
            )
