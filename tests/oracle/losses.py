"""Losses: how wrong the output a is where the target is y.

Everything here is per row; `oracle.net` averages over rows, with sample weights.
"""

from collections.abc import Callable
from dataclasses import dataclass

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
    """

    rows: Callable[..., Array]
    slope: Callable[..., Array]
    links: str = "ANY"
    per_output: bool = False


def one_hot(labels: np.ndarray, n: int) -> Array:
    """Rows of zeros with a one at each label."""
    return np.eye(n)[labels]


def squared_error_rows(z: Array, a: Array, y: Array) -> Array:
    r"""The textbook's :math:`L = \frac12 \sum_j (y_j - a_j)^2`; :math:`dL/da_j = a_j - y_j`."""
    return 0.5 * ((a - y) ** 2).sum(axis=-1)


def mse_rows(z: Array, a: Array, y: Array) -> Array:
    r""":math:`L = \frac1n \sum_j (a_j - y_j)^2`; :math:`dL/da_j = \frac2n (a_j - y_j)`."""
    return ((a - y) ** 2).mean(axis=-1)


def cross_entropy_rows(z: Array, a: Array, y: Array) -> Array:
    r""":math:`L = -\sum_j y_j \log a_j` with :math:`\log a_j = z_j - \log\sum_k e^{z_k}`.

    From z, so that a probability that underflows to 0 still has a finite logarithm.  A term with
    y_j = 0 is 0.
    """
    shifted = z - z.max(axis=-1, keepdims=True)
    log_a = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.where(y == 0, 0.0, y * np.where(y == 0, 0.0, log_a)).sum(axis=-1)


def cross_entropy_delta(a: Array, y: Array) -> Array:
    r""":math:`\delta_j = a_j \sum_k y_k - y_j`; a - y where the targets of a row sum to 1."""
    return a * y.sum(axis=-1, keepdims=True) - y


def binary_cross_entropy_rows(z: Array, a: Array, y: Array) -> Array:
    r""":math:`L = -\frac1n \sum_j y_j \log a_j + (1 - y_j) \log (1 - a_j)` of a sigmoid.

    From z: :math:`-\log \sigma(z) = \log(1 + e^{-z})`, so a term is
    :math:`\max(z, 0) - z y + \log(1 + e^{-|z|})`.
    """
    return (np.maximum(z, 0.0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean(axis=-1)


def binary_cross_entropy_delta(a: Array, y: Array) -> Array:
    r""":math:`\delta_j = (a_j - y_j) / n`: the sigmoid's slope a (1 - a) cancels."""
    return (a - y) / y.shape[-1]


LOSSES: dict[str, Loss] = {
    "squared_error": Loss(squared_error_rows, lambda a, y: a - y),
    "mse": Loss(mse_rows, lambda a, y: 2.0 * (a - y) / y.shape[-1], per_output=True),
    "cross_entropy": Loss(cross_entropy_rows, cross_entropy_delta, links="SOFTMAX"),
    "binary_cross_entropy": Loss(
        binary_cross_entropy_rows, binary_cross_entropy_delta, links="SIGMOID", per_output=True
    ),
}
