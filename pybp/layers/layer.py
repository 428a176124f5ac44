"""A layer as a net has it, with nothing left open."""

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

from pybp.activations import ActivationFunction
from pybp.initializers import Initializer
from pybp.layers.specs import Dense
from pybp.specs import resolve

if TYPE_CHECKING:
    from pybp._core import _Layer as CoreLayer

__all__ = ["Layer"]


@dataclass(frozen=True)
class Layer:
    """A layer of a net, with nothing left open."""

    n_in: int
    n_out: int
    activation: ActivationFunction
    init: Initializer
    bias: bool
    bias_init: float

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases."""
        return self.n_out * (self.n_in + self.bias)

    @property
    def core(self) -> "CoreLayer":
        """The layer as the core takes it."""
        return {
            "kind": Dense(self.n_out).number,
            "n_out": self.n_out,
            "activation": self.activation.number,
            "activation_params": self.activation.parameters,
            "no_bias": not self.bias,
            "init": self.init.number,
            "init_value": self.init.value_given,
            "bias_init": self.bias_init,
        }

    @property
    def description(self) -> dict[str, Any]:
        """The layer in plain values, for pickles."""
        return {
            "kind": Dense.name,
            "n_in": self.n_in,
            "n_out": self.n_out,
            "activation": self.activation.name,
            "activation_params": self.activation.parameters,
            "init": self.init.name,
            "init_value": self.init.value_given,
            "bias": self.bias,
            "bias_init": self.bias_init,
        }

    @classmethod
    def from_description(cls, description: dict[str, Any]) -> Self:
        """The layer that `description` describes."""
        activation = resolve(description["activation"], ActivationFunction, "activation")
        init = resolve(description["init"], Initializer, "init")
        for field in fields(init):
            init = replace(init, **{field.name: description["init_value"]})
        return cls(
            n_in=description["n_in"],
            n_out=description["n_out"],
            activation=type(activation)(*description["activation_params"]),
            init=init,
            bias=description["bias"],
            bias_init=description["bias_init"],
        )
