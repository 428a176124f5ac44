"""The derivative of a loss by the outputs of a net."""

from __future__ import annotations

import numpy as np

from pybp._common.types import Array
from pybp.data.dataset import Data
from pybp.layers import Activation, Layer
from pybp.losses import BinaryCrossEntropy, CrossEntropy, Loss
from pybp.net.state import core_net
from pybp.training.epoch import backward

__all__ = ["output_gradient"]


def output_gradient(output: Layer, data: Data, loss: Loss, a: Array) -> Array:
    """``dL/da`` for the outputs a, in their dtype.

    The core computes it, with two exceptions: for the cross entropies it computes ``dL/dz`` at
    once, which is finite where ``dL/da`` is not.
    """
    if isinstance(loss, CrossEntropy | BinaryCrossEntropy):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slopes = _of_entropy(data.y, a.astype(np.float64), loss) * _scale(data, loss)
            return slopes.astype(a.dtype)
    n = output.n_out
    identity = core_net((Layer(Activation.name, n, n, inputs=(-1,)),), a.dtype.name, 0)
    gradient = np.empty_like(a)
    identity.forward(a, False, np.empty_like(a), 0)
    backward(identity, Data(a, data.y, data.weights), loss, a, gradient, 0)
    return gradient


def _of_entropy(y: Array, a: Array, loss: CrossEntropy | BinaryCrossEntropy) -> Array:
    """The derivative for each row by itself; 0 where a class has no part in the target."""
    n = a.shape[1]
    if isinstance(loss, CrossEntropy):
        targets = np.eye(n)[y] if y.ndim == 1 else y.astype(np.float64)
        targets = (1 - loss.label_smoothing) * targets + loss.label_smoothing / n
        return np.where(targets == 0, 0.0, -targets / a)
    yes, no = y.astype(np.float64) * np.asarray(loss.pos_weight), 1 - y.astype(np.float64)
    slopes = np.where(yes == 0, 0.0, -yes / a) + np.where(no == 0, 0.0, no / (1 - a))
    of_row: Array = slopes / n
    return of_row


def _scale(data: Data, loss: Loss) -> Array:
    """The factor of each row's loss in the loss of all, shape (rows, 1)."""
    weights = np.ones(len(data)) if data.weights is None else data.weights
    if loss.reduction == "mean":
        weights = weights / weights.sum()
    return weights[:, np.newaxis]
