"""Passes over prepared data for any loss: the core's own, or a Python function."""

from collections.abc import Callable

import numpy as np

from pybp._common.types import Array
from pybp._core import Net
from pybp.data.dataset import Data
from pybp.data.sparse import Inputs
from pybp.layers import Layer
from pybp.losses import Custom, Loss
from pybp.metrics import n_correct
from pybp.schedules.base import Rates
from pybp.training.custom import train_custom_epoch
from pybp.training.plan import Pause, Plan, Report, Seen, Sums, check_batches

__all__ = ["backward", "evaluate", "predict", "train_epoch", "train_epochs"]


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
) -> Seen:
    """Train one epoch, or the part of one that `data` is.

    `rates` holds a learning rate for each step or one for all.

    Raises
    ------
    DivergenceError
        The parameters are then as they were before, the optimizer starts anew. After a part of an
        epoch that is left to the caller.
    """
    check_batches(layers, plan.used(len(data)), plan.batch_size)
    pause = Pause() if pause is None else pause
    if plan.core is None:
        return train_custom_epoch(net, layers, data, plan, rates, report, pause)
    steps = plan.steps(len(data))
    done, seen = 0, Seen()
    while done < steps:
        end = min(pause.next(done) or steps, steps)
        sums = net.train(
            plan.core,
            data.X,
            data.y,
            data.weights,
            rates,
            first_step=done,
            n_steps=end - done,
            before=seen,
            on_step=report,
        )
        done, seen = end, Seen(*sums)
        if pause.after(done, seen):
            break
    return seen


def train_epochs(
    net: Net,
    layers: tuple[Layer, ...],
    data: Data,
    plan: Plan,
    rates: Rates,
    epochs: int,
    on_epoch: Callable[[Sums], None],
    report: Report | None = None,
) -> None:
    """Train several epochs with a loss of the core's.

    `on_epoch` is given the numbers of what each of them `Seen`. It and `report` can't use the net.

    Raises
    ------
    DivergenceError
        The parameters are then as they were before the epoch that it names, counted from 1; the
        optimizer starts anew.
    """
    assert plan.core is not None
    check_batches(layers, plan.used(len(data)), plan.batch_size)
    net.train(
        plan.core,
        data.X,
        data.y,
        data.weights,
        rates,
        epochs=epochs,
        on_step=report,
        on_epoch=on_epoch,
    )
