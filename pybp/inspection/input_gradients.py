"""The derivatives of a net's outputs by its inputs."""

import numpy as np

from pybp._common.types import Array
from pybp._core import Net

__all__ = ["input_gradients"]


def input_gradients(net: Net, X: Array, n_out: int, threads: int) -> Array:
    """``da_k / dx_j`` of each row of X, shape (rows, n_out, n_in); `net` itself is not changed."""
    net = net.copy()
    outputs = np.empty((len(X), n_out), net.dtype)
    net.forward(X, False, outputs, threads)
    gradients = np.empty((*outputs.shape, X.shape[1]), net.dtype)
    for k in range(n_out):
        only_k = np.zeros_like(outputs)
        only_k[:, k] = 1
        gradients[:, k] = net.backward(only_k, np.empty(X.shape, net.dtype), threads)
    return gradients
