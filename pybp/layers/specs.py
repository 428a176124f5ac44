"""The entries of a list of layers, as users write them."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, fields
from typing import Any, ClassVar, TypeVar, cast

from pybp._common.arguments import flag, real, shown, unknown_name, width
from pybp._common.specs import Spec, resolve
from pybp.activations import ActivationFunction, ActivationLike, Identity
from pybp.errors import ArgumentError
from pybp.initializers import Initializer, InitializerLike
from pybp.layers.builder import LayerBuilder
from pybp.layers.layer import PARAMETRIZATIONS, TRAINING, Parametrization

__all__ = [
    "Activation",
    "AlphaDropout",
    "Dense",
    "Dropout",
    "GaussianNoise",
    "LayerLike",
    "LayerSpec",
    "ParametricActivation",
    "append_entry",
    "with_defaults",
]


@dataclass(frozen=True, repr=False)
class LayerSpec(Spec):
    """Base class of the entries of a list of layers that are not numbers."""

    registry: ClassVar[str] = "layers"

    def __post_init__(self) -> None:
        self.parameters  # noqa: B018  # reading them checks them

    def expand(self, builder: LayerBuilder, where: str) -> None:
        """Append the layers of this entry; `where` names the entry in messages."""
        builder.push(self.name, params=self.parameters)

    @property
    def training(self) -> dict[str, Any]:
        """The training options of this entry, checked."""
        given = {own.name: getattr(self, own.name) for own in fields(self) if own.name in TRAINING}
        return {name: _checked(name, value) for name, value in given.items()}


def _checked(name: str, value: Any) -> Any:
    """The value of a training option, checked, as `Layer` holds it."""
    if name == "trainable":
        return flag(value, name)
    if name == "parametrization":
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a name, got {shown(value)}")
        if value not in PARAMETRIZATIONS:
            raise ArgumentError(unknown_name(name, value, PARAMETRIZATIONS))
        return value
    if name == "max_norm":
        return 0.0 if value is None else real(value, name, low=0.0, low_open=True)
    return real(value, name, low=0.0)


L = TypeVar("L")


def with_defaults(entry: L | type[LayerSpec], where: str = "a layer") -> L | LayerSpec:
    """The entry; if it is a class, an instance with default parameters."""
    if not (isinstance(entry, type) and issubclass(entry, LayerSpec)):
        return cast(L, entry)
    try:
        return entry()
    except TypeError:
        raise TypeError(f"{where} is the class {entry.__name__}, which needs arguments") from None


@dataclass(frozen=True, repr=False)
class Dense(LayerSpec):
    """A fully connected layer, ``z = W a + b`` and ``a = f(z)``.

    Parameters
    ----------
    n_out : int
        Number of neurons.
    activation : str or ActivationFunction, optional
        f; default: identity.
    init : str or Initializer, optional
        Initializer of W; default: the net's `init`.
    bias : bool
        Whether the layer has biases b.
    bias_init : float
        Initial value of b.
    bias_std : float
        Standard deviation of normal noise added to the initial value, >= 0.
    l1 : float
        Factor of the penalty ``l1 sum|W|``, >= 0. Every reported loss includes the penalty. The update
        adds its gradient before clipping; `MLP.gradients` does not contain it.
    l2 : float
        Factor of the penalty ``l2/2 sum W^2``, >= 0; otherwise like `l1`.
    lr_factor : float
        Factor of the optimizer's learning rate for W and b, >= 0.
    bias_lr_factor : float
        Additional factor of the learning rate for b, >= 0.
    max_norm : float, optional
        After each update, scale the weights of a neuron to this Euclidean norm if theirs is larger; > 0.
    trainable : bool
        Whether updates change the layer. If False, it has no penalty and `clip_norm` ignores it.
    parametrization : {"standard", "ntk"}
        "ntk": ``z = W a / sqrt(n_in) + b``. `init`, the penalties, `max_norm`, weight decay and the
        optimizer's rule apply to W; `MLP.weights` and `MLP.gradients` hold ``W / sqrt(n_in)`` and the
        gradient with respect to it.

    References
    ----------
    Srebro and Shraibman, "Rank, trace-norm and max-norm", COLT 2005, for max_norm; Jacot, Gabriel
    and Hongler, "Neural tangent kernel", NeurIPS 2018, for "ntk".
    """

    name: ClassVar[str] = "dense"
    n_out: int
    activation: ActivationLike | None = None
    init: InitializerLike | None = None
    bias: bool = True
    bias_init: float = 0.0
    _: KW_ONLY
    bias_std: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    lr_factor: float = 1.0
    bias_lr_factor: float = 1.0
    max_norm: float | None = None
    trainable: bool = True
    parametrization: Parametrization = "standard"

    def __post_init__(self) -> None:
        width(self.n_out, "n_out")
        if self.activation is not None:
            resolve(self.activation, ActivationFunction, "activation")
        if self.init is not None:
            resolve(self.init, Initializer, "init")
        flag(self.bias, "bias")
        real(self.bias_init, "bias_init")
        real(self.bias_std, "bias_std", low=0.0)
        self.training  # noqa: B018  # reading it checks it

    def expand(self, builder: LayerBuilder, where: str) -> None:
        """Append the layer."""
        self.append_to(builder, where)

    def append_to(self, builder: LayerBuilder, where: str, **values: Any) -> None:
        """Append the layer; `values` override fields of `Layer`, such as its inputs."""
        activation, init = self.activation, self.init
        builder.push(
            self.name,
            where=where,
            n_out=int(self.n_out),
            activation=Identity()
            if activation is None
            else resolve(activation, ActivationFunction, "activation"),
            init=builder.init if init is None else resolve(init, Initializer, "init"),
            bias=bool(self.bias),
            bias_init=float(self.bias_init),
            bias_std=float(self.bias_std),
            **self.training,
            **values,
        )


LayerLike = int | LayerSpec | type[LayerSpec]
"""The type of an entry of a list of layers."""


def append_entry(builder: LayerBuilder, entry: LayerLike, where: str) -> None:
    """Append the layers of an entry; `where` names the entry in messages."""
    chosen = with_defaults(entry, where)
    if not isinstance(chosen, LayerSpec):
        chosen = Dense(width(chosen, where), builder.activation)
    chosen.expand(builder, where)


@dataclass(frozen=True, repr=False)
class Activation(LayerSpec):
    """An activation as a layer of its own, ``a = f(x)``.

    Parameters
    ----------
    activation : str or ActivationFunction
        f.

    Notes
    -----
    Use it to put a norm between a linear layer and its activation:
    ``[Dense(64), BatchNorm(), Activation("relu")]``.
    """

    name: ClassVar[str] = "activation"
    activation: ActivationLike

    def __post_init__(self) -> None:
        resolve(self.activation, ActivationFunction, "activation")

    def expand(self, builder: LayerBuilder, where: str) -> None:
        """Append the layer."""
        chosen = resolve(self.activation, ActivationFunction, "activation")
        builder.push(self.name, where=where, activation=chosen)


@dataclass(frozen=True, repr=False)
class ParametricActivation(LayerSpec):
    """``a = x + alpha (f(x) - x)``, with a learnable alpha for each feature, initially 1.

    Parameters
    ----------
    activation : str or ActivationFunction
        f; an elementwise one.
    lr_factor : float
        Factor of the optimizer's learning rate for alpha, >= 0.
    trainable : bool
        Whether updates change alpha.

    References
    ----------
    Holzmueller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees
    on tabular data", NeurIPS 2024.
    """

    name: ClassVar[str] = "parametric_activation"
    activation: ActivationLike
    _: KW_ONLY
    lr_factor: float = 0.1
    trainable: bool = True

    def __post_init__(self) -> None:
        chosen = resolve(self.activation, ActivationFunction, "activation")
        if chosen.row["label"] == "ROWWISE":
            raise ArgumentError(f"{chosen.name} works on whole rows, so it can't be parametric")
        self.training  # noqa: B018  # reading it checks it

    def expand(self, builder: LayerBuilder, where: str) -> None:
        """Append the layer."""
        chosen = resolve(self.activation, ActivationFunction, "activation")
        builder.push(self.name, activation=chosen, scale=True, **self.training)


@dataclass(frozen=True, repr=False)
class Dropout(LayerSpec):
    """In training, sets each element to 0 with probability `rate`, and divides others by ``1 - rate``.

    Otherwise it is the identity. The mask depends only on the net's seed, the layer and the number of
    training passes so far. `rate` is rounded to a multiple of 2^-16.

    Parameters
    ----------
    rate : float
        Probability of dropping an element, in [0, 1).

    References
    ----------
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", Journal
    of Machine Learning Research 15, 2014.
    """

    name: ClassVar[str] = "dropout"
    rate: float = 0.5


@dataclass(frozen=True, repr=False)
class AlphaDropout(LayerSpec):
    """`Dropout` for selu, which keeps mean 0 and variance 1.

    Dropped elements become -1.7581, the limit of selu for z to minus infinity; then all elements are
    scaled and shifted.

    Parameters
    ----------
    rate : float
        Probability of dropping an element, in [0, 1).

    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", NIPS 2017.
    """

    name: ClassVar[str] = "alpha_dropout"
    rate: float = 0.5


@dataclass(frozen=True, repr=False)
class GaussianNoise(LayerSpec):
    """In training, ``a = x + noise`` with normal noise of mean 0; otherwise the identity.

    Parameters
    ----------
    std : float
        Standard deviation of the noise, >= 0.
    """

    name: ClassVar[str] = "gaussian_noise"
    std: float = 0.1
