"""Layers: what one computes forward, and what it passes back."""

import numpy as np

from .activations import Array


class Dense:
    """z = W a + b for every row a of the input; W is (n_out, n_in), b is (n_out,) or None."""

    @staticmethod
    def forward(W: Array, b: Array | None, a: Array) -> Array:
        r""":math:`z_j = \sum_k w_{jk} a_k + b_j`."""
        z = a @ W.T
        return z if b is None else z + b

    @staticmethod
    def backward(W: Array, a: Array, delta: Array) -> tuple[Array, Array, Array]:
        r"""Steps 2 to 4 of the textbook, summed over the rows of a minibatch.

        Parameters
        ----------
        W, a : array
            The weights and the layer's input.
        delta : array
            dL/dz, one row for each row of a.

        Returns
        -------
        dW, db, back : array
            :math:`\partial L/\partial w_{jk} = \delta_j a_k`,
            :math:`\partial L/\partial b_j = \delta_j`, and the responsibility passed to the
            layer before, :math:`\sum_j w_{jk} \delta_j`.
        """
        return delta.T @ a, np.sum(delta, axis=0), delta @ W


LAYERS: dict[str, type[Dense]] = {"dense": Dense}
