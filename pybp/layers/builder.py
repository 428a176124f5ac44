"""Build the layers of a net one by one."""

from typing import Any

from pybp.activations import ActivationFunction
from pybp.errors import ArgumentError
from pybp.initializers import Initializer
from pybp.layers.layer import Layer

__all__ = ["LayerBuilder"]


class LayerBuilder:
    """The layers appended so far, and defaults for the layers to append.

    Attributes
    ----------
    layers : list of Layer
        The layers appended so far.
    n_in : int
        Number of inputs of the net.
    activation : ActivationFunction
        Activation of layers that are given as numbers.
    init : Initializer
        Initializer of layers that don't set one.
    """

    def __init__(self, n_in: int, activation: ActivationFunction, init: Initializer) -> None:
        self.layers: list[Layer] = []
        self.n_in = n_in
        self.activation = activation
        self.init = init
        self._rowwise: str | None = (
            None  # the error message if a layer follows a rowwise activation
        )

    @property
    def last(self) -> int:
        """Index of the last layer; -1, the net's input, if there is none."""
        return len(self.layers) - 1

    @property
    def width(self) -> int:
        """Number of features that the next layer reads."""
        return self.layers[-1].n_out if self.layers else self.n_in

    def push(self, kind: str, *, where: str = "", **values: Any) -> None:
        """Append a layer. By default it reads the previous layer and has the same width."""
        if self._rowwise is not None:
            raise ArgumentError(f"{self._rowwise}: only the output can")
        layer = Layer(
            kind, **{"n_in": self.width, "n_out": self.width, "inputs": (self.last,), **values}
        )
        if layer.activation.row["label"] == "ROWWISE":
            self._rowwise = f"{where} is hidden and can't be {layer.activation.name}"
        self.layers.append(layer)
