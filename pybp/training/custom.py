"""Epochs and gradients with a custom loss, a Python function: forward, backward and step as separate calls."""

import math
from dataclasses import replace

import numpy as np

from pybp._common.types import Array
from pybp._core import Net
from pybp.data.dataset import Data
from pybp.errors import DivergenceError
from pybp.layers import Layer
from pybp.losses import Custom
from pybp.metrics import n_correct
from pybp.net.state import end_epoch, read_state, write_state
from pybp.schedules.base import Rates
from pybp.training.plan import Pause, Plan, Report, Seen

__all__ = ["custom_gradient", "shared_penalty", "train_custom_epoch"]


def train_custom_epoch(
    net: Net,
    layers: tuple[Layer, ...],
    data: Data,
    plan: Plan,
    rates: Rates,
    report: Report | None,
    pause: Pause,
) -> Seen:
    """An epoch with a custom loss; if it diverges, the net goes back to before it."""
    before = None if plan.part else read_state(net, layers)
    try:
        seen = _take_steps(net, layers[-1], data, plan, rates, report, pause)
    except DivergenceError:
        if before is not None:
            write_state(net, before)
            net.reset_optimizer()
        raise
    if not plan.part and pause.done == plan.steps(len(data)):
        end_epoch(net)
    return seen


def _take_steps(
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
                value, right = _gradient(net, output, data, chosen, plan, loss)
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


def _gradient(
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


def custom_gradient(
    net: Net, output: Layer, data: Data, plan: Plan, chunk: int
) -> tuple[float, int]:
    """Loss of all rows by a custom loss, and their number answered right.

    The gradient is left in the net. No more than `chunk` rows are at work at once.
    """
    assert isinstance(plan.loss, Custom)
    chosen = np.arange(len(data))
    return _gradient(net, output, data, chosen, replace(plan, batch_size=chunk), plan.loss)
