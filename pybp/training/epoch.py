"""Prediction, evaluation, backward pass and training for any loss, of the core or custom."""

from collections.abc import Callable

import numpy as np

from pybp._common.types import Array
from pybp._core import Net
from pybp.data.dataset import Data
from pybp.data.sparse import Inputs
from pybp.layers import Layer
from pybp.losses import Custom, Loss
from pybp.metrics import n_correct
from pybp.training.custom import train_custom_epoch
from pybp.training.rates import StepRates
from pybp.training.results import EpochResult, EpochTuple, Report, StepHook
from pybp.training.settings import TrainSettings, check_epoch

__all__ = ["backward", "evaluate", "predict", "train_epoch", "train_epochs"]


def predict(net: Net, X: Inputs, output: Layer, threads: int) -> Array:
    """The outputs for checked inputs; `output` is the last layer."""
    return net.predict(X, np.empty((len(X), output.n_out), net.dtype), threads)


def evaluate(net: Net, data: Data, loss: Loss, output: Layer, threads: int) -> tuple[float, int]:
    """The loss, and the number of rows predicted correctly."""
    if isinstance(loss, Custom):
        outputs = predict(net, data.X, output, threads)
        value, _ = loss(data.y, outputs, data.weights)
        return value + net.penalty(), n_correct(data.y, outputs, output.activation)
    return net.evaluate(data.X, data.y, data.weights, loss.core, loss.reduction, threads)


def backward(
    net: Net, data: Data, loss: Loss, outputs: Array, dx: Array | None, threads: int
) -> float:
    """Compute the gradients, which the net stores, after a forward pass; return the loss."""
    if isinstance(loss, Custom):
        value, gradient = loss(data.y, outputs, data.weights)
        net.backward(gradient, dx, threads)
        return value + net.penalty()
    return net.backward_loss(data.y, data.weights, loss.core, loss.reduction, dx, threads)


def train_epoch(
    net: Net,
    layers: tuple[Layer, ...],
    data: Data,
    settings: TrainSettings,
    rates: StepRates,
    report: Report | None = None,
    step_hook: StepHook | None = None,
) -> EpochResult:
    """Train one epoch or, with ``settings.part``, a part of one.

    Raises
    ------
    DivergenceError
        The net has the parameters from before the epoch, and the optimizer's state is reset; for a part
        of an epoch, restoring is left to the caller.
    """
    check_epoch(layers, data, settings)
    if settings.core is None:
        step_hook = StepHook() if step_hook is None else step_hook
        return train_custom_epoch(net, layers, data, settings, rates.lr, report, step_hook)
    by_step = rates.lr, rates.weight_decay, rates.dropout
    if step_hook is None:
        sums = net.train(settings.core, *data.arrays, *by_step, on_step=report)
        return EpochResult(*sums)
    steps = settings.steps(len(data))
    done, result = 0, EpochResult()
    while done < steps:
        end = min(step_hook.next_call(done) or steps, steps)
        sums = net.train(
            settings.core,
            *data.arrays,
            *by_step,
            first_step=done,
            n_steps=end - done,
            before=result,
            on_step=report,
        )
        done, result = end, EpochResult(*sums)
        if step_hook.after_minibatch(done, result):
            break
    return result


def train_epochs(
    net: Net,
    layers: tuple[Layer, ...],
    data: Data,
    settings: TrainSettings,
    rates: StepRates,
    epochs: int,
    on_epoch: Callable[[EpochTuple], None],
    report: Report | None = None,
) -> None:
    """Train several epochs in one call of the core, with a loss of the core.

    `on_epoch` is called with the `EpochTuple` of each epoch. It and `report` may read the net, but not
    change it.

    Raises
    ------
    DivergenceError
        Its `epoch` counts from 1. The net has the parameters from before that epoch, and the optimizer's
        state is reset.
    """
    assert settings.core is not None
    check_epoch(layers, data, settings)
    net.train(
        settings.core,
        *data.arrays,
        rates.lr,
        epochs=epochs,
        on_step=report,
        on_epoch=on_epoch,
    )
