"""Layers: what a net is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from pybp.activations import Activation, Identity
from pybp.errors import ArgumentError
from pybp.initializers import Initializer
from pybp.specs import Spec, resolve
from pybp.validation import count, flag, real, shown

__all__ = ["Dense", "Layer", "resolve_layers"]


@dataclass(frozen=True, repr=False)
class Dense(Spec):
    """A fully connected layer, ``z = W a + b`` and ``a = f(z)``.

    Parameters
    ----------
    n_out : int
        Number of neurons.
    activation : str or Activation, optional
        f; the identity if not given.
    init : str or Initializer, optional
        How the weights start; the net's `init` if not given.
    bias : bool
        Whether there is a b.
    bias_init : float
        Where every element of b starts.
    """

    registry: ClassVar[str] = "layers"
    name: ClassVar[str] = "dense"
    n_out: int
    activation: str | Activation | type[Activation] | None = None
    init: str | Initializer | type[Initializer] | None = None
    bias: bool = True
    bias_init: float = 0.0

    def __post_init__(self) -> None:
        count(self.n_out, "n_out")
        if self.activation is not None:
            resolve(self.activation, Activation, "activation")
        if self.init is not None:
            resolve(self.init, Initializer, "init")
        flag(self.bias, "bias")
        real(self.bias_init, "bias_init")


@dataclass(frozen=True)
class Layer:
    """A layer of a net, with nothing left open."""

    n_in: int
    n_out: int
    activation: Activation
    init: Initializer
    bias: bool
    bias_init: float

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases."""
        return self.n_out * (self.n_in + self.bias)

    @property
    def core(self) -> tuple[int, int, int, tuple[float, ...], bool, int, float, float]:
        """The layer as the core takes it."""
        return (
            Dense(self.n_out).number,
            self.n_out,
            self.activation.number,
            self.activation.parameters,
            self.bias,
            self.init.number,
            self.init.value_given,
            self.bias_init,
        )

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
    def from_description(cls, description: dict[str, Any]) -> "Layer":
        """The layer that `description` describes."""
        activation = resolve(description["activation"], Activation, "activation")
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


def resolve_layers(
    layers: Sequence[int | Dense],
    activation: str | Activation | type[Activation],
    output: str | Activation | type[Activation] | None,
    init: str | Initializer | type[Initializer],
) -> tuple[Layer, ...]:
    """The layers that the arguments of `MLP` describe."""
    if isinstance(layers, str) or not hasattr(layers, "__len__"):
        raise TypeError(f"layers must be a list such as [784, 128, 10], got {shown(layers)}")
    if len(layers) < 2:
        raise ArgumentError(
            f"layers needs the number of inputs and at least one layer, got {list(layers)!r}"
        )
    hidden = resolve(activation, Activation, "activation")
    default_init = resolve(init, Initializer, "init")
    n_in = count(layers[0], "layers[0], the number of inputs,")
    resolved: list[Layer] = []
    for place, entry in enumerate(layers[1:], start=1):
        last = place == len(layers) - 1
        default: Activation = Identity() if last or isinstance(entry, Dense) else hidden
        spec = entry if isinstance(entry, Dense) else Dense(count(entry, f"layers[{place}]"))
        if last and output is not None:
            if spec.activation is not None:
                raise ArgumentError(
                    f"the last layer has an activation of its own, {spec.activation!r}; "
                    f"leave out output={output!r}"
                )
            default = resolve(output, Activation, "output")
        own = spec.activation
        chosen = default if own is None else resolve(own, Activation, "activation")
        if not last and chosen.row["label"] == "ROWWISE":
            raise ArgumentError(
                f"layers[{place}] is hidden and can't be {chosen.name}: only the output can"
            )
        resolved.append(
            Layer(
                n_in=n_in,
                n_out=int(spec.n_out),
                activation=chosen,
                init=default_init if spec.init is None else resolve(spec.init, Initializer, "init"),
                bias=bool(spec.bias),
                bias_init=float(spec.bias_init),
            )
        )
        n_in = resolved[-1].n_out
    return tuple(resolved)
