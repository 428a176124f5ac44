"""Builds the layers of a net, one by one."""

from typing import Any

from pybp.activations import ActivationFunction
from pybp.errors import ArgumentError
from pybp.initializers import Initializer
from pybp.layers.layer import Layer

__all__ = ["LayerBuilder"]


class LayerBuilder:
    """Holds the layers appended so far, and the defaults for those to come.

    Attributes
    ----------
    layers : list of Layer
        Those appended so far.
    n_in : int
        Inputs of the net.
    activation : ActivationFunction
        Of layers that are given as plain numbers.
    init : Initializer
        Of layers that don't say.
    """

    def __init__(self, n_in: int, activation: ActivationFunction, init: Initializer) -> None:
        self.layers: list[Layer] = []
        self.n_in = n_in
        self.activation = activation
        self.init = init
        self._rowwise: str | None = None  # what must come last, and where it stands

    @property
    def last(self) -> int:
        """Number of the last layer; -1, the net's input, if there is none yet."""
        return len(self.layers) - 1

    @property
    def width(self) -> int:
        """Features that the next layer gets."""
        return self.layers[-1].n_out if self.layers else self.n_in

    def push(self, kind: str, *, where: str = "", **values: Any) -> None:
        """Append a layer that reads the one before and is as wide, unless `values` say otherwise."""
        if self._rowwise is not None:
            raise ArgumentError(f"{self._rowwise}: only the output can")
        layer = Layer(
            kind, **{"n_in": self.width, "n_out": self.width, "inputs": (self.last,), **values}
        )
        if layer.activation.row["label"] == "ROWWISE":
            self._rowwise = f"{where} is hidden and can't be {layer.activation.name}"
        self.layers.append(layer)
