"""Passes over prepared data for any loss: the core's own, or a Python function."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pybp._core import Net
from pybp._types import Array
from pybp.data import Data
from pybp.errors import DivergenceError
from pybp.layers import Layer
from pybp.losses import Custom, Loss
from pybp.metrics import n_correct
from pybp.optimizers import Optimizer
from pybp.sparse import Inputs
from pybp.state import read_state, write_state

__all__ = ["Plan", "Report", "Seen", "backward", "end_epoch", "evaluate", "predict", "train_epoch"]

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

    def parts(self, rows: int) -> list[slice]:
        """The rows of each step of an epoch over so many rows, as the core cuts them."""
        size = min(self.batch_size * self.accumulate, rows)
        end = rows - rows % size if self.drop_last else rows
        return [slice(start, min(start + size, end)) for start in range(0, end, size)]

    def steps(self, rows: int) -> int:
        """Steps of an epoch over so many rows."""
        size = min(self.batch_size * self.accumulate, rows)
        return rows // size if self.drop_last else -(-rows // size)


class Seen(NamedTuple):
    """What an epoch saw, before each of its updates."""

    loss: float
    correct: int
    rows: int
    steps: int


def predict(net: Net, X: Inputs, output: Layer, threads: int) -> Array:
    """Outputs for prepared rows; `output` is the last layer."""
    return net.predict(X, np.empty((len(X), output.n_out), net.dtype), threads)


def evaluate(net: Net, data: Data, loss: Loss, output: Layer, threads: int) -> tuple[float, int]:
    """Loss, and number of rows answered right."""
    if isinstance(loss, Custom):
        outputs = predict(net, data.X, output, threads)
        value, _ = loss(data.y, outputs, data.weights)
        return value, n_correct(data.y, outputs, output.activation)
    return net.evaluate(data.X, data.y, data.weights, loss.core, loss.reduction, threads)


def backward(
    net: Net, data: Data, loss: Loss, outputs: Array, dx: Array | None, threads: int
) -> float:
    """Loss, its gradients left in the net; after a forward pass that gave `outputs`."""
    if isinstance(loss, Custom):
        value, gradient = loss(data.y, outputs, data.weights)
        net.backward(gradient, dx, threads)
        return value
    return net.backward_loss(data.y, data.weights, loss.core, loss.reduction, dx, threads)


def train_epoch(
    net: Net,
    layers: tuple[Layer, ...],
    data: Data,
    plan: Plan,
    report: Report | None,
    part: bool = False,
) -> Seen:
    """Train one epoch, or with `part` a part of one, which doesn't count as an epoch.

    Raises
    ------
    DivergenceError
        The parameters are then as they were before, the optimizer starts anew. After a part of an
        epoch that is left to the caller.
    """
    if isinstance(plan.loss, Custom):
        before = None if part else read_state(net, layers)
        try:
            seen = _train_custom_epoch(net, layers[-1], data, plan, plan.loss, report)
        except DivergenceError:
            if before is not None:
                write_state(net, before)
                net.reset_optimizer()
            raise
        if not part:
            end_epoch(net)
        return seen
    return Seen(
        *net.train(
            data.X,
            data.y,
            data.weights,
            loss=plan.loss.core,
            reduction=plan.loss.reduction,
            optimizer=plan.optimizer.core,
            lr=plan.optimizer.lr,
            batch_size=plan.batch_size,
            accumulate=plan.accumulate,
            drop_last=plan.drop_last,
            shuffle=plan.shuffle,
            part=part,
            threads=plan.threads,
            report=report,
            interval_ms=_TICK_MS,
        )
    )


def _train_custom_epoch(
    net: Net, output: Layer, data: Data, plan: Plan, loss: Custom, report: Report | None
) -> Seen:
    order = np.arange(len(data), dtype=np.uintp)
    if plan.shuffle:
        net.order(order)
    total = weight = 0.0
    correct = rows = steps = 0
    for part in plan.parts(len(data)):
        chosen = order[part]
        batch_weight = data.weight_of(chosen)
        if batch_weight == 0:
            continue
        steps += 1
        try:
            value, right = _custom_gradient(net, output, data, chosen, plan, loss)
            net.step(plan.optimizer.core, plan.optimizer.lr, plan.threads)
        except DivergenceError as error:
            error.step = steps
            raise
        correct += right
        rows += len(chosen)
        share = batch_weight if loss.reduction == "mean" else 1.0
        total += value * share
        weight += share
        if report is not None:
            report(steps, total / weight)
    return Seen(total / weight if loss.reduction == "mean" else total, correct, rows, steps)


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
        net.forward(batch.X, False, outputs, plan.threads)
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
    return total, correct


def end_epoch(net: Net) -> None:
    """Count an epoch whose steps were taken one by one: the next one's shuffle is another."""
    epochs, updates, optimizer, n_states, powers = net.get_progress()
    net.set_progress((epochs + 1, updates, optimizer, n_states, powers))
