"""Passes over prepared data for any loss: the core's own, or a Python function."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from pybp._common.types import Array
from pybp._core import Net
from pybp.data.dataset import Data
from pybp.data.sparse import Inputs
from pybp.errors import ArgumentError, DivergenceError
from pybp.layers import Layer
from pybp.losses import Custom, Loss
from pybp.metrics import n_correct
from pybp.net.state import read_state, write_state
from pybp.optimizers import Optimizer
from pybp.schedules.base import Rates

__all__ = [
    "Pause",
    "Plan",
    "Report",
    "Seen",
    "backward",
    "check_batches",
    "end_epoch",
    "evaluate",
    "full_gradient",
    "predict",
    "shared_penalty",
    "train_epoch",
    "train_epochs",
]

Report = Callable[[int, float], object]
"""``report(steps, loss)``: steps done in this epoch, and its mean loss so far."""

_TICK_MS = 50.0


@dataclass(slots=True)
class Plan:
    """How an epoch is trained."""

    loss: Loss
    optimizer: Optimizer
    batch_size: int
    shuffle: bool
    threads: int
    accumulate: int = 1
    drop_last: bool = False
    count_correct: bool = False  # rows answered right, as they are seen
    penalty_per_weight: bool = False  # layers' penalties are divided by the weight of a step's rows

    def parts(self, rows: int) -> list[slice]:
        """The rows of each step of an epoch over so many rows, as the core cuts them."""
        size = min(self.batch_size * self.accumulate, rows)
        end = self.used(rows)
        return [slice(start, min(start + size, end)) for start in range(0, end, size)]

    def used(self, rows: int) -> int:
        """How many of so many rows an epoch uses."""
        size = min(self.batch_size * self.accumulate, rows)
        return rows - rows % size if self.drop_last else rows

    def shuffled(self, rows: int) -> bool:
        """Whether an epoch has an order of its own: not if all rows make one step."""
        return self.shuffle and self.batch_size * self.accumulate < rows

    def penalty_share(self, weight: float) -> float:
        """What share of the layers' penalties counts for rows of that weight."""
        return 1 / weight if self.penalty_per_weight else 1.0

    def steps(self, rows: int) -> int:
        """Steps of an epoch over so many rows."""
        size = min(self.batch_size * self.accumulate, rows)
        return rows // size if self.drop_last else -(-rows // size)


def check_batches(layers: tuple[Layer, ...], rows: int, batch_size: int) -> None:
    """Refuse minibatches of one row, over which batch norm can't take a variance."""
    left = rows % batch_size or min(batch_size, rows)
    if left == 1 and any(layer.kind == "batch_norm" for layer in layers):
        which = "the last minibatch" if batch_size > 1 else "a minibatch"
        advice = "use drop_last=True or another batch_size" if rows > 1 else "give more rows"
        raise ArgumentError(
            f"{which} has 1 row ({rows} rows, batch_size {batch_size}), but BatchNorm needs 2 at "
            f"least in training; {advice}"
        )


class Seen(NamedTuple):
    """What an epoch saw, before each of its updates."""

    loss: float = 0.0
    correct: int = 0
    rows: int = 0
    steps: int = 0
    loss_sum: float = 0.0
    weight_sum: float = 0.0

    def plus(self, loss: float, correct: int, rows: int, weight: float, reduction: str) -> "Seen":
        """With one step more, over rows of that weight."""
        share = weight if reduction == "mean" else 1.0
        total, weights = self.loss_sum + loss * share, self.weight_sum + share
        mean = total / weights if reduction == "mean" else total
        return Seen(mean, self.correct + correct, self.rows + rows, self.steps + 1, total, weights)

    @property
    def mean(self) -> float:
        """Mean loss of a step or, with reduction "mean", of a row."""
        return self.loss_sum / self.weight_sum


class Pause:
    """When training pauses within an epoch for something else: by default, never."""

    done = 0
    """Minibatches trained in this epoch."""

    def next(self, done: int) -> int:
        """After how many minibatches to pause next, with so many done; 0: only at the end."""
        return 0

    def __call__(self, seen: Seen) -> bool:
        """Called there; returns whether to end the epoch."""
        return False

    def after(self, done: int, seen: Seen) -> bool:
        """So many minibatches are done: pause if it is time, and say whether to end the epoch."""
        due = self.next(done - 1) == done
        self.done = done
        return due and self(seen)


def predict(net: Net, X: Inputs, output: Layer, threads: int) -> Array:
    """Outputs for prepared rows; `output` is the last layer."""
    return net.predict(X, np.empty((len(X), output.n_out), net.dtype), threads)


def evaluate(net: Net, data: Data, loss: Loss, output: Layer, threads: int) -> tuple[float, int]:
    """Loss, and number of rows answered right."""
    if isinstance(loss, Custom):
        outputs = predict(net, data.X, output, threads)
        value, _ = loss(data.y, outputs, data.weights)
        return value + net.penalty(), n_correct(data.y, outputs, output.activation)
    return net.evaluate(data.X, data.y, data.weights, loss.core, loss.reduction, threads)


def backward(
    net: Net, data: Data, loss: Loss, outputs: Array, dx: Array | None, threads: int
) -> float:
    """Loss, its gradients left in the net; after a forward pass that gave `outputs`."""
    if isinstance(loss, Custom):
        value, gradient = loss(data.y, outputs, data.weights)
        net.backward(gradient, dx, threads)
        return value + net.penalty()
    return net.backward_loss(data.y, data.weights, loss.core, loss.reduction, dx, threads)


def train_epoch(
    net: Net,
    layers: tuple[Layer, ...],
    data: Data,
    plan: Plan,
    rates: Rates,
    report: Report | None = None,
    pause: Pause | None = None,
    part: bool = False,
) -> Seen:
    """Train one epoch, or with `part` a part of one, which doesn't count as an epoch.

    `rates` holds a learning rate for each step or one for all.

    Raises
    ------
    DivergenceError
        The parameters are then as they were before, the optimizer starts anew. After a part of an
        epoch that is left to the caller.
    """
    check_batches(layers, plan.used(len(data)), plan.batch_size)
    pause = Pause() if pause is None else pause
    if isinstance(plan.loss, Custom):
        before = None if part else read_state(net, layers)
        try:
            seen = _train_custom_epoch(net, layers[-1], data, plan, rates, report, pause)
        except DivergenceError:
            if before is not None:
                write_state(net, before)
                net.reset_optimizer()
            raise
        if not part and pause.done == plan.steps(len(data)):
            end_epoch(net)
        return seen
    steps = plan.steps(len(data))
    done, seen = 0, Seen()
    while done < steps:
        end = min(pause.next(done) or steps, steps)
        [seen] = _train(net, data, plan, rates, report, seen, done, end - done, part)
        done = end
        if pause.after(done, seen):
            break
    return seen


def train_epochs(
    net: Net, layers: tuple[Layer, ...], data: Data, plan: Plan, rates: Rates, epochs: int
) -> list[Seen]:
    """Train several epochs with a loss of the core's; what each of them saw.

    Raises
    ------
    DivergenceError
        The parameters are then as they were before the epoch that it names, the optimizer starts
        anew.
    """
    check_batches(layers, plan.used(len(data)), plan.batch_size)
    return _train(net, data, plan, rates, None, Seen(), 0, plan.steps(len(data)), False, epochs)


def _train(
    net: Net,
    data: Data,
    plan: Plan,
    rates: Rates,
    report: Report | None,
    before: Seen,
    first: int,
    steps: int,
    part: bool,
    epochs: int = 1,
) -> list[Seen]:
    """So many steps of an epoch, or of several, from step `first` on."""
    seen = net.train(
        data.X,
        data.y,
        data.weights,
        loss=plan.loss.core,
        reduction=plan.loss.reduction,
        optimizer=plan.optimizer.core,
        lr=rates,
        batch_size=plan.batch_size,
        accumulate=plan.accumulate,
        drop_last=plan.drop_last,
        first_step=first,
        n_steps=steps,
        before=before,
        shuffle=plan.shuffle,
        part=part,
        penalty_per_weight=plan.penalty_per_weight,
        count_correct=plan.count_correct,
        threads=plan.threads,
        report=report,
        interval_ms=_TICK_MS,
        epochs=epochs,
    )
    return [Seen(*sums) for sums in seen]


def _train_custom_epoch(
    net: Net,
    output: Layer,
    data: Data,
    plan: Plan,
    rates: Rates,
    report: Report | None,
    pause: Pause,
) -> Seen:
    loss, seen = plan.loss, Seen()
    assert isinstance(loss, Custom)
    order = np.arange(len(data), dtype=np.uintp)
    if plan.shuffled(len(data)):
        net.order(order)
    for done, part in enumerate(plan.parts(len(data)), start=1):
        chosen = order[part]
        weight = data.weight_of(chosen)
        if weight > 0:
            rate = rates[done - 1 if len(rates) > 1 else 0]
            try:
                value, right = _custom_gradient(net, output, data, chosen, plan, loss)
                if plan.penalty_per_weight:
                    value = _divide_penalty(net, value, plan.penalty_share(weight))
                net.step(plan.optimizer.core, rate, plan.threads)
            except DivergenceError as error:
                error.step = seen.steps + 1
                raise
            seen = seen.plus(value, right, len(chosen), weight, loss.reduction)
            if report is not None:
                report(seen.steps, seen.mean)
        if pause.after(done, seen):
            break
    return seen


def _custom_gradient(
    net: Net, output: Layer, data: Data, chosen: Array, plan: Plan, loss: Custom
) -> tuple[float, int]:
    """Loss of these rows and their number answered right; the gradient is left in the net."""
    all_weight = data.weight_of(chosen)
    total, correct, gradient = 0.0, 0, None
    for start in range(0, len(chosen), plan.batch_size):
        batch = data.take(chosen[start : start + plan.batch_size])
        share = batch.weight_of(slice(None)) / all_weight if loss.reduction == "mean" else 1.0
        if share == 0:
            continue
        outputs = np.empty((len(batch), output.n_out), net.dtype)
        net.forward(batch.X, False, outputs, plan.threads, training=True)
        value, slope = loss(batch.y, outputs, batch.weights)
        net.backward(slope if share == 1 else slope * slope.dtype.type(share), None, plan.threads)
        if len(batch) < len(chosen):
            part = net.get_flat("gradient", np.empty(net.n_parameters, net.dtype))
            gradient = part if gradient is None else gradient + part
        total += value * share
        correct += n_correct(batch.y, outputs, output.activation)
    if not math.isfinite(total):
        raise DivergenceError(f"the loss is {total}")
    if gradient is not None:
        net.set_flat("gradient", gradient)
    return total + net.penalty(), correct


def _gradients(net: Net) -> tuple[Array, Array]:
    """The gradient of the loss alone, left in the net, and that of the layers' penalties."""
    plain = net.get_flat("gradient", np.empty(net.n_parameters, net.dtype))
    return plain, net.get_flat("loss_gradient", np.empty_like(plain)) - plain


def _divide_penalty(net: Net, value: float, share: float) -> float:
    """The loss with a share of the penalties; the next step then adds that share of their gradient."""
    plain, penalty = _gradients(net)
    net.set_flat("gradient", plain + penalty * plain.dtype.type(share - 1))
    return value + net.penalty() * (share - 1)


def shared_penalty(net: Net, value: float, share: float) -> tuple[float, Array]:
    """A loss and its gradient, which was left in the net, with a share of the penalties."""
    plain, penalty = _gradients(net)
    return value + net.penalty() * (share - 1), plain + penalty * plain.dtype.type(share)


def full_gradient(net: Net, output: Layer, data: Data, plan: Plan, chunk: int) -> tuple[float, int]:
    """Loss of all rows and their number answered right; the gradient is left in the net.

    No more than `chunk` rows are at work at once.
    """
    loss = plan.loss
    if isinstance(loss, Custom):
        chosen = np.arange(len(data))
        return _custom_gradient(net, output, data, chosen, replace(plan, batch_size=chunk), loss)
    return net.gradient(
        data.X,
        data.y,
        data.weights,
        loss.core,
        loss.reduction,
        chunk,
        plan.threads,
        _TICK_MS,
    )


def end_epoch(net: Net) -> None:
    """Count an epoch whose steps were taken one by one: the next one's shuffle is another."""
    progress = net.get_progress()
    net.set_progress((progress[0] + 1, *progress[1:]))
