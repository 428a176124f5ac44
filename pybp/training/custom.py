"""Training with a custom loss, a Python function: forward, backward and step are separate calls."""

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
from pybp.training.results import EpochResult, Report, StepHook
from pybp.training.settings import TrainSettings

__all__ = ["custom_gradient", "train_custom_epoch", "with_scaled_penalty"]


def train_custom_epoch(
    net: Net,
    layers: tuple[Layer, ...],
    data: Data,
    settings: TrainSettings,
    rates: Rates,
    report: Report | None,
    step_hook: StepHook,
) -> EpochResult:
    """Train one epoch with a custom loss, or a part; if an epoch diverges, restore the net."""
    before = None if settings.part else read_state(net, layers)
    try:
        result = _train_steps(net, layers[-1], data, settings, rates, report, step_hook)
    except DivergenceError:
        if before is not None:
            write_state(net, before)
            net.reset_optimizer()
        raise
    if not settings.part and step_hook.done == settings.steps(len(data)):
        end_epoch(net)
    return result


def _train_steps(
    net: Net,
    output: Layer,
    data: Data,
    settings: TrainSettings,
    rates: Rates,
    report: Report | None,
    step_hook: StepHook,
) -> EpochResult:
    loss, result = settings.loss, EpochResult()
    assert isinstance(loss, Custom)
    order = np.arange(len(data), dtype=np.uintp)
    if settings.shuffles(len(data)):
        net.order(order)
    for done, part in enumerate(settings.step_slices(len(data)), start=1):
        chosen = order[part]
        weight = data.weight_of(chosen)
        if weight > 0:
            rate = rates[done - 1 if len(rates) > 1 else 0]
            try:
                value, correct = _gradient(net, output, data, chosen, settings, loss)
                if settings.penalty_per_weight:
                    value = _scale_penalty(net, value, settings.penalty_factor(weight))
                net.step(settings.optimizer.core, rate, settings.threads)
            except DivergenceError as error:
                error.step = result.steps + 1
                raise
            result = result.add_step(value, correct, len(chosen), weight, loss.reduction)
            if report is not None:
                report(result.steps, result.mean)
        if step_hook.after_minibatch(done, result):
            break
    return result


def _gradient(
    net: Net, output: Layer, data: Data, chosen: Array, settings: TrainSettings, loss: Custom
) -> tuple[float, int]:
    """The loss of these rows, and the number predicted correctly; the net stores the gradient."""
    all_weight = data.weight_of(chosen)
    total, correct, gradient = 0.0, 0, None
    for start in range(0, len(chosen), settings.batch_size):
        batch = data.take(chosen[start : start + settings.batch_size])
        factor = batch.weight_of(slice(None)) / all_weight if loss.reduction == "mean" else 1.0
        if factor == 0:
            continue
        outputs = np.empty((len(batch), output.n_out), net.dtype)
        net.forward(batch.X, False, outputs, settings.threads, training=True)
        value, dL_dy = loss(batch.y, outputs, batch.weights)
        if factor != 1:
            dL_dy = dL_dy * dL_dy.dtype.type(factor)
        net.backward(dL_dy, None, settings.threads)
        if len(batch) < len(chosen):
            part = net.get_flat("gradient", np.empty(net.n_parameters, net.dtype))
            gradient = part if gradient is None else gradient + part
        total += value * factor
        correct += n_correct(batch.y, outputs, output.activation)
    if not math.isfinite(total):
        raise DivergenceError(f"the loss is {total}")
    if gradient is not None:
        net.set_flat("gradient", gradient)
    return total + net.penalty(), correct


def _gradients(net: Net) -> tuple[Array, Array]:
    """The gradient of the loss without penalties, which the net stores, and that of the penalties."""
    unpenalized = net.get_flat("gradient", np.empty(net.n_parameters, net.dtype))
    return unpenalized, net.get_flat("loss_gradient", np.empty_like(unpenalized)) - unpenalized


def _scale_penalty(net: Net, value: float, factor: float) -> float:
    """Multiply the penalties by `factor` in the loss and in the gradient that the next step uses."""
    unpenalized, penalty = _gradients(net)
    net.set_flat("gradient", unpenalized + penalty * unpenalized.dtype.type(factor - 1))
    return value + net.penalty() * (factor - 1)


def with_scaled_penalty(net: Net, value: float, factor: float) -> tuple[float, Array]:
    """The loss, and the gradient that the net stores, with the penalties multiplied by `factor`."""
    unpenalized, penalty = _gradients(net)
    gradient = unpenalized + penalty * unpenalized.dtype.type(factor)
    return value + net.penalty() * (factor - 1), gradient


def custom_gradient(
    net: Net, output: Layer, data: Data, settings: TrainSettings, chunk: int
) -> tuple[float, int]:
    """The custom loss of all rows, and the number predicted correctly; the net stores the gradient.

    It is computed in minibatches of `chunk` rows.
    """
    assert isinstance(settings.loss, Custom)
    chosen = np.arange(len(data))
    return _gradient(net, output, data, chosen, replace(settings, batch_size=chunk), settings.loss)
