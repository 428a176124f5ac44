"""From what users say to the layers of a net."""

from collections.abc import Sequence

from pybp.activations import ActivationFunction, ActivationLike, Identity
from pybp.errors import ArgumentError
from pybp.initializers import Initializer, InitializerLike
from pybp.layers.layer import Layer
from pybp.layers.specs import Dense
from pybp.specs import resolve
from pybp.validation import count, shown

__all__ = ["LayerLike", "resolve_layers"]

LayerLike = int | Dense
"""What a list of layers holds."""


def resolve_layers(
    layers: Sequence[LayerLike],
    activation: ActivationLike,
    output: ActivationLike | None,
    init: InitializerLike,
) -> tuple[Layer, ...]:
    """The layers that the arguments of `MLP` describe."""
    if isinstance(layers, str) or not hasattr(layers, "__len__"):
        raise TypeError(f"layers must be a list such as [784, 128, 10], got {shown(layers)}")
    if len(layers) < 2:
        raise ArgumentError(
            f"layers needs the number of inputs and at least one layer, got {list(layers)!r}"
        )
    hidden = resolve(activation, ActivationFunction, "activation")
    default_init = resolve(init, Initializer, "init")
    n_in = count(layers[0], "layers[0], the number of inputs,")
    resolved: list[Layer] = []
    for place, entry in enumerate(layers[1:], start=1):
        last = place == len(layers) - 1
        default: ActivationFunction = Identity() if last or isinstance(entry, Dense) else hidden
        spec = entry if isinstance(entry, Dense) else Dense(count(entry, f"layers[{place}]"))
        if last and output is not None:
            if spec.activation is not None:
                raise ArgumentError(
                    f"the last layer has an activation of its own, {spec.activation!r}; "
                    f"leave out output={output!r}"
                )
            default = resolve(output, ActivationFunction, "output")
        own = spec.activation
        chosen = default if own is None else resolve(own, ActivationFunction, "activation")
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
