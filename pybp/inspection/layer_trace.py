"""The quantities of one layer in a forward and a backward pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pybp._common.types import Array
from pybp.activations import ActivationFunction, Identity

__all__ = ["LayerTrace"]


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """The quantities of a layer with n_in inputs and n_out outputs.

    Attributes
    ----------
    kind : str
        "dense", "batch_norm", ...: the name in the registry of layers.
    inputs : tuple of int
        The layers whose outputs this layer reads, counted from 0; -1 is x.
    input : ndarray, shape (rows, n_in)
        The output a of the layer that is read (of the first, if there are two), or x. For an
        embedding, the column of categories.
    z : ndarray, shape (rows, n_out), or None
        Net input, ``z = W input + b``. For a norm, the normalized values that gamma multiplies. In
        training, for dropout ``da/d input`` and for `GaussianNoise` the noise.
    a : ndarray, shape (rows, n_out)
        Output, ``a = f(z)``.
    dL_da : ndarray, shape (rows, n_out)
        Gradient of the reported loss L by a: the sum of what the layers that read a pass back. It
        is infinite where a cross entropy's is, at an output of 0 or 1.
    delta : ndarray, shape (rows, n_out)
        ``dL/dz = dL/da f'(z)``; ``dL/da`` for a layer without activation.
    dW : ndarray, shape (n_out, n_in), or None
        ``dL/dW = delta.T @ input``. For a norm, the gradient of gamma, shape (n_out,); for an
        embedding, shape (n_out, n_categories).
    db : ndarray, shape (n_out,), or None
        ``dL/db``, the sum of delta over the rows; None for a layer without bias.
    back : ndarray, shape (rows, n_in), or None
        ``dL/d input = delta W``, this layer's contribution to the gradient of the layer that it
        reads; None for an embedding and for the layer that joins embeddings.
    W : ndarray, of the shape of dW, or None
        The weights.
    b : ndarray, shape (n_out,), or None
        The biases.
    activation : str
        Name of f.
    function : ActivationFunction
        f.
    """

    kind: str
    inputs: tuple[int, ...]
    input: Array
    z: Array | None
    a: Array
    dL_da: Array
    delta: Array
    dW: Array | None
    db: Array | None
    back: Array | None
    W: Array | None
    b: Array | None
    activation: str
    function: ActivationFunction

    @cached_property
    def derivative(self) -> Array | None:
        """``f'(z)``, shape (rows, n_out); for softmax its Jacobian, shape (rows, n_out, n_out).

        None for a layer without activation.
        """
        if self.kind not in ("dense", "grouped_dense", "activation"):
            return None
        slopes: Array = self.function.derivative(self.z)
        return slopes

    @property
    def elementwise(self) -> bool:
        """Whether it has an activation, other than the identity, that acts on each element alone."""
        identity = isinstance(self.function, Identity)
        return not identity and self.function.row["label"] == "ELEMENTWISE"

    @property
    def formulas(self) -> str:
        """What the layer computes, as formulas."""
        read = [f"a{source + 1}" if source >= 0 else "x" for source in self.inputs]
        delta = "delta = dL/dz"
        if not isinstance(self.function, Identity):
            delta += " = dL/da f'(z)" if self.elementwise else " = J dL/da"
        if self.kind == "dense":
            bias = " + b" if self.b is not None else ""
            forward = f"z = W {read[0]}{bias}   a = {self.activation}(z)"
            return f"{forward}   {delta}   dW = delta {read[0]}"
        if self.kind == "activation":
            return f"z = {read[0]}   a = {self.activation}(z)   {delta}"
        if self.kind == "grouped_dense":
            return f"z = W {read[0]} + b by groups   a = {self.activation}(z)   {delta}"
        if self.kind == "periodic":
            return f"z = 2 pi w x + b, x a column of {read[0]}   a = cos(z)   delta = -dL/da sin(z)"
        if self.kind == "parametric_activation":
            x = read[0]
            return f"z = {self.activation}({x})   a = {x} + alpha (z - {x})   delta = dL/da"
        if self.kind == "add":
            return f"a = {read[0]} + {read[1]}   delta = dL/da"
        return f"{self.kind} of {', '.join(read)}   delta = dL/da"
