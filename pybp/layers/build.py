"""The layers of a net, appended one by one."""

from typing import Any

from pybp._common.arguments import count
from pybp._common.specs import resolve
from pybp.activations import ActivationFunction, Identity
from pybp.errors import ArgumentError
from pybp.initializers import Initializer
from pybp.layers.layer import Layer
from pybp.layers.specs import Dense, LayerSpec, with_defaults

__all__ = ["Build", "LayerLike"]

LayerLike = int | LayerSpec | type[LayerSpec]
"""What a list of layers holds."""


class Build:
    """A net in the making.

    Attributes
    ----------
    layers : list of Layer
        So far.
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

    def add(self, entry: LayerLike, where: str) -> None:
        """Append what an entry of a list stands for."""
        entry = with_defaults(entry, where)
        if isinstance(entry, LayerSpec):
            entry.expand(self, where)
        else:
            Dense(count(entry, where), self.activation).expand(self, where)

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

    def dense(self, spec: Dense, where: str, **values: Any) -> None:
        """Append a dense layer."""
        own, init = spec.activation, spec.init
        self.push(
            spec.name,
            where=where,
            n_out=int(spec.n_out),
            activation=Identity()
            if own is None
            else resolve(own, ActivationFunction, "activation"),
            init=self.init if init is None else resolve(init, Initializer, "init"),
            bias=bool(spec.bias),
            bias_init=float(spec.bias_init),
            bias_std=float(spec.bias_std),
            **spec.training,
            **values,
        )
