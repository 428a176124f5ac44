"""Passes over prepared data for any loss: the core's own, or a Python function."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pybp._core import Net
from pybp._types import Array
from pybp.data import Data
from pybp.errors import DivergenceError
from pybp.layers import Layer
from pybp.losses import Custom, Loss
from pybp.metrics import n_correct
from pybp.optimizers import Optimizer
from pybp.state import read_state, write_state

__all__ = ["Plan", "Report", "backward", "evaluate", "predict", "train_epoch"]

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


def predict(net: Net, X: Array, output: Layer, threads: int) -> Array:
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
    net: Net, layers: tuple[Layer, ...], data: Data, plan: Plan, report: Report | None
) -> tuple[float, int, int]:
    """Train one epoch: loss, number of rows answered right, steps.

    Raises
    ------
    DivergenceError
        The parameters are then as they were before, the optimizer starts anew.
    """
    if isinstance(plan.loss, Custom):
        before = read_state(net, layers)
        try:
            return _train_custom_epoch(net, layers[-1], data, plan, plan.loss, report)
        except DivergenceError:
            write_state(net, before)
            net.reset_optimizer()
            raise
    return net.train(
        data.X,
        data.y,
        data.weights,
        loss=plan.loss.core,
        reduction=plan.loss.reduction,
        optimizer=plan.optimizer.core,
        lr=plan.optimizer.lr,
        batch_size=plan.batch_size,
        shuffle=plan.shuffle,
        threads=plan.threads,
        report=report,
        interval_ms=_TICK_MS,
    )


def _train_custom_epoch(
    net: Net, output: Layer, data: Data, plan: Plan, loss: Custom, report: Report | None
) -> tuple[float, int, int]:
    rows = len(data)
    order = np.arange(rows, dtype=np.uintp)
    if plan.shuffle:
        net.order(order)
    total = weight = 0.0
    correct = steps = 0
    for start in range(0, rows, plan.batch_size):
        batch = data.take(order[start : start + plan.batch_size])
        batch_weight = float(len(batch)) if batch.weights is None else float(batch.weights.sum())
        if batch_weight == 0:
            continue
        outputs = np.empty((len(batch), output.n_out), net.dtype)
        net.forward(batch.X, False, outputs, plan.threads)
        value = backward(net, batch, loss, outputs, None, plan.threads)
        steps += 1
        try:
            if not math.isfinite(value):
                raise DivergenceError(f"the loss is {value}")
            net.step(plan.optimizer.core, plan.optimizer.lr, plan.threads)
        except DivergenceError as error:
            error.step = steps
            raise
        correct += n_correct(batch.y, outputs, output.activation)
        share = batch_weight if loss.reduction == "mean" else 1.0
        total += value * share
        weight += share
        if report is not None:
            report(steps, total / weight)
    epochs, updates, optimizer, n_states, powers = net.get_progress()
    net.set_progress((epochs + 1, updates, optimizer, n_states, powers))
    return total / weight if loss.reduction == "mean" else total, correct, steps
