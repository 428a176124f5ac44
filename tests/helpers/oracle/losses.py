"""Losses: how wrong the output a is where the target is y.

Everything here is per row; `oracle.net` averages over rows, with sample weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from .activations import Array


@dataclass(frozen=True)
class Loss:
    """The loss of each row and its slope.

    Attributes
    ----------
    rows : callable
        ``rows(z, a, y)``, one number for each row; parameters, if the row has any, by name.
    slope : callable
        ``slope(a, y)``, parameters likewise: for `links` "ANY" the derivative dL/da of a row's loss; for the others,
        which belong to one output activation, the derivative by its z, so delta itself.
    links : {"ANY", "SOFTMAX", "SIGMOID"}
        The output activation that the loss belongs to.
    per_output : bool
        Whether a row's loss is a mean over the n outputs (already done in `rows` and `slope`).
    targets : {"NUMBERS", "COUNTS", "SIGNS", "PROBABILITIES", "CLASSES"}
        What y is.
    """

    rows: Callable[..., Array]
    slope: Callable[..., Array]
    links: str = "ANY"
    per_output: bool = False
    targets: str = "NUMBERS"


def one_hot(labels: np.ndarray, n: int) -> Array:
    """Rows of zeros with a one at each label."""
    return np.eye(n)[labels]


def squared_error_rows(z: Array, a: Array, y: Array) -> Array:
    r"""The textbook's :math:`L = \frac12 \sum_j (y_j - a_j)^2`; :math:`dL/da_j = a_j - y_j`."""
    return 0.5 * ((a - y) ** 2).sum(axis=-1)


def mse_rows(z: Array, a: Array, y: Array) -> Array:
    r""":math:`L = \frac1n \sum_j (a_j - y_j)^2`; :math:`dL/da_j = \frac2n (a_j - y_j)`."""
    return ((a - y) ** 2).mean(axis=-1)


def smoothed(y: Array, label_smoothing: float) -> Array:
    """PyTorch's targets: a part of each is spread over all classes."""
    return (1.0 - label_smoothing) * y + label_smoothing / y.shape[-1]


def cross_entropy_rows(z: Array, a: Array, y: Array, label_smoothing: float = 0.0) -> Array:
    r""":math:`L = -\sum_j y_j \log a_j` with :math:`\log a_j = z_j - \log\sum_k e^{z_k}`.

    From z, so that a probability that underflows to 0 still has a finite logarithm.  A term with
    y_j = 0 is 0.
    """
    y = smoothed(y, label_smoothing)
    shifted = z - z.max(axis=-1, keepdims=True)
    log_a = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.where(y == 0, 0.0, y * np.where(y == 0, 0.0, log_a)).sum(axis=-1)


def cross_entropy_delta(a: Array, y: Array, label_smoothing: float = 0.0) -> Array:
    r""":math:`\delta_j = a_j \sum_k y_k - y_j`; a - y where the targets of a row sum to 1."""
    y = smoothed(y, label_smoothing)
    return a * y.sum(axis=-1, keepdims=True) - y


Several = float | Sequence[float]


def binary_cross_entropy_rows(z: Array, a: Array, y: Array, pos_weight: Several = 1.0) -> Array:
    r""":math:`L = -\frac1n \sum_j p_j y_j \log a_j + (1 - y_j) \log (1 - a_j)` of a sigmoid.

    From z: :math:`-\log \sigma(z) = \log(1 + e^{-z})` and
    :math:`-\log (1 - \sigma(z)) = \log(1 + e^z)`.
    """
    p = np.asarray(pos_weight)
    return (p * y * np.logaddexp(0.0, -z) + (1 - y) * np.logaddexp(0.0, z)).mean(axis=-1)


def binary_cross_entropy_delta(a: Array, y: Array, pos_weight: Several = 1.0) -> Array:
    r""":math:`\delta_j = ((1 - y_j) a_j - p_j y_j (1 - a_j)) / n`; with p = 1 (a - y) / n."""
    return ((1 - y) * a - np.asarray(pos_weight) * y * (1 - a)) / y.shape[-1]


def mae_rows(z: Array, a: Array, y: Array) -> Array:
    r""":math:`L = \frac1n \sum_j |a_j - y_j|`."""
    return np.abs(a - y).mean(axis=-1)


def huber_rows(z: Array, a: Array, y: Array, delta: float = 1.0) -> Array:
    r"""Mean of :math:`d^2 / 2` where :math:`|d| \le \delta`, else :math:`\delta (|d| - \delta/2)`."""
    d = np.abs(a - y)
    return np.where(d <= delta, d**2 / 2, delta * (d - delta / 2)).mean(axis=-1)


def huber_slope(a: Array, y: Array, delta: float = 1.0) -> Array:
    r""":math:`dL/da_j = d_j / n`, but at most :math:`\delta / n` in size."""
    return np.clip(a - y, -delta, delta) / a.shape[-1]


def log_cosh_rows(z: Array, a: Array, y: Array) -> Array:
    r""":math:`L = \frac1n \sum_j \log\cosh d_j`, with :math:`\cosh d = 1 + 2 \sinh^2(d/2)`."""
    d = np.abs(a - y)
    near = np.log1p(2 * np.sinh(np.minimum(d, 1.0) / 2) ** 2)
    return np.where(d < 1, near, d + np.log1p(np.exp(-2 * d)) - np.log(2)).mean(axis=-1)


def matched(a: Array, y: Array, q: Several) -> tuple[Array, Array]:
    """Difference of each output from its target, and its quantile: a target has len(q) outputs."""
    qs = np.atleast_1d(q)
    return a - y.repeat(len(qs), axis=-1), np.tile(qs, y.shape[-1])


def quantile_rows(z: Array, a: Array, y: Array, q: Several = 0.5) -> Array:
    r"""The pinball loss :math:`L = \frac1n \sum_j \max(-q_j d_j, (1 - q_j) d_j)`."""
    d, qs = matched(a, y, q)
    return np.maximum(-qs * d, (1 - qs) * d).mean(axis=-1)


def quantile_slope(a: Array, y: Array, q: Several = 0.5) -> Array:
    r""":math:`dL/da_j = (1 - q_j) / n` above the target, :math:`-q_j / n` below, 0 on it."""
    d, qs = matched(a, y, q)
    return np.select([d > 0, d < 0], [1 - qs, -qs], 0.0) / a.shape[-1]


def poisson_rows(z: Array, a: Array, y: Array) -> Array:
    r""":math:`L = \frac1n \sum_j e^{a_j} - y_j a_j`, a the logarithm of the rate."""
    return (np.exp(a) - y * a).mean(axis=-1)


def margin(a: Array, y: Array) -> tuple[Array, Array]:
    """By how much y a misses 1, and y, where 0 stands for -1."""
    y = np.where(y == 0, -1.0, y)
    return np.maximum(1 - y * a, 0.0), y


def hinge_rows(z: Array, a: Array, y: Array) -> Array:
    r""":math:`L = \frac1n \sum_j \max(1 - y_j a_j, 0)`."""
    return margin(a, y)[0].mean(axis=-1)


def hinge_slope(a: Array, y: Array) -> Array:
    r""":math:`dL/da_j = -y_j / n` where :math:`y_j a_j < 1`, else 0."""
    m, y = margin(a, y)
    return np.where(m > 0, -y, 0.0) / a.shape[-1]


def squared_hinge_rows(z: Array, a: Array, y: Array) -> Array:
    r""":math:`L = \frac1n \sum_j \max(1 - y_j a_j, 0)^2`."""
    return (margin(a, y)[0] ** 2).mean(axis=-1)


def squared_hinge_slope(a: Array, y: Array) -> Array:
    r""":math:`dL/da_j = -\frac2n y_j \max(1 - y_j a_j, 0)`."""
    m, y = margin(a, y)
    return -2 * y * m / a.shape[-1]


LOSSES: dict[str, Loss] = {
    "squared_error": Loss(squared_error_rows, lambda a, y: a - y),
    "mse": Loss(mse_rows, lambda a, y: 2.0 * (a - y) / y.shape[-1], per_output=True),
    "cross_entropy": Loss(
        cross_entropy_rows, cross_entropy_delta, links="SOFTMAX", targets="CLASSES"
    ),
    "binary_cross_entropy": Loss(
        binary_cross_entropy_rows,
        binary_cross_entropy_delta,
        links="SIGMOID",
        per_output=True,
        targets="PROBABILITIES",
    ),
    "mae": Loss(mae_rows, lambda a, y: np.sign(a - y) / y.shape[-1], per_output=True),
    "huber": Loss(huber_rows, huber_slope, per_output=True),
    "log_cosh": Loss(log_cosh_rows, lambda a, y: np.tanh(a - y) / y.shape[-1], per_output=True),
    "quantile": Loss(quantile_rows, quantile_slope, per_output=True),
    "poisson": Loss(
        poisson_rows, lambda a, y: (np.exp(a) - y) / y.shape[-1], per_output=True, targets="COUNTS"
    ),
    "hinge": Loss(hinge_rows, hinge_slope, per_output=True, targets="SIGNS"),
    "squared_hinge": Loss(
        squared_hinge_rows, squared_hinge_slope, per_output=True, targets="SIGNS"
    ),
}


def loss_of(loss: str | Loss, **params: Any) -> Loss:
    """A registered loss, with parameters if there are any; a `Loss` as it is."""
    twin = LOSSES[loss] if isinstance(loss, str) else loss
    return replace(twin, rows=partial(twin.rows, **params), slope=partial(twin.slope, **params))
