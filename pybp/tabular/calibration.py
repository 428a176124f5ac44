"""Calibration: one temperature for the probabilities of all nets."""

import numpy as np

from pybp._common.types import Array
from pybp.mlp import MLP

__all__ = ["divide_logits", "temperature", "tempered"]

_STEPS, _FARTHEST = 64, 4  # inverse temperatures are multiples of 1/64 from 1/4 to 4


def temperature(probabilities: Array, classes: Array, weights: Array | None = None) -> float:
    """The temperature T with the least log loss of ``softmax(log(p) / T)``.

    The true classes are smoothed by 1 / (n + 1), so that few rows which are all predicted correctly don't
    make the probabilities of the others 1.

    Parameters
    ----------
    probabilities : ndarray, shape (n, n_classes)
        Predictions for rows that were not trained on.
    classes : ndarray of int, shape (n,)
        Their class indices.
    weights : ndarray, shape (n,), optional
        Their weights.

    References
    ----------
    Guo et al., "On calibration of modern neural networks", ICML 2017.
    """
    n = len(probabilities)
    logits = np.log(np.maximum(probabilities, 1e-30))
    smoothed = (logits[np.arange(n), classes] * n + logits.mean(axis=1)) / (n + 1)

    def slope(inverse: float) -> float:
        z = inverse * logits
        p = np.exp(z - z.max(axis=1, keepdims=True))
        mean = (p * logits).sum(axis=1) / p.sum(axis=1)
        return float(np.average(mean - smoothed, weights=weights))

    low, high = _STEPS // _FARTHEST, _STEPS * _FARTHEST
    while low < high:  # the loss is convex in the inverse temperature: find where its slope is 0
        middle = (low + high) // 2
        if slope((middle + 0.5) / _STEPS) < 0:
            low = middle + 1
        else:
            high = middle
    return _STEPS / low


def tempered(probabilities: Array, temperature: float) -> Array:
    """``softmax(log(p) / temperature)``."""
    powers = np.maximum(probabilities, 1e-30) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def divide_logits(net: MLP, temperature: float) -> None:
    """Divide the weights and biases of a net's last layer by the temperature."""
    weights, biases = list(net.weights), list(net.biases)
    for values in (weights, biases):
        last = values[-1]
        assert last is not None  # a dense layer
        values[-1] = last / temperature
    net.weights, net.biases = weights, biases
