"""Initial weights of a layer with n_in inputs and n_out outputs.

Biases start at the layer's `bias_init`, plus normal noise if its `bias_std` is > 0. Initial values
depend only on the net's seed and on their position in the net. A name such as ``"he_uniform"`` means
the initializer with default parameters.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import ClassVar, Literal

from pybp._common.arguments import real
from pybp._common.public import publish
from pybp._common.specs import Spec

__all__ = [
    "Auto",
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Initializer",
    "InitializerLike",
    "InitializerName",
    "LecunNormal",
    "LecunUniform",
    "Normal",
    "Orthogonal",
    "TruncatedNormal",
    "Uniform",
    "Zeros",
]


@dataclass(frozen=True, repr=False)
class Initializer(Spec):
    """Base class of the initializers."""

    registry: ClassVar[str] = "initializers"

    @property
    def value_given(self) -> float:
        """The initializer's parameter; 0 if it has none."""
        return next(iter(astuple(self)), 0.0)


InitializerName = Literal[
    "auto",
    "zeros",
    "constant",
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "uniform",
    "normal",
    "truncated_normal",
    "orthogonal",
]
"""The names of the initializers."""

InitializerLike = InitializerName | Initializer | type[Initializer]
"""The type of arguments named `init`."""


@dataclass(frozen=True, repr=False)
class Auto(Initializer):
    """The initializer that suits the layer's activation.

    `LecunNormal` for selu; `HeUniform` for relu, relu6, leaky_relu, elu, gelu, gelu_tanh, silu, mish,
    softplus and hard_swish; `GlorotUniform` for the others.
    """

    name: ClassVar[str] = "auto"


@dataclass(frozen=True, repr=False)
class Zeros(Initializer):
    """All weights 0. Hidden layers can't learn from this start: all their neurons stay equal."""

    name: ClassVar[str] = "zeros"


@dataclass(frozen=True, repr=False)
class Constant(Initializer):
    """All weights equal to `value`.

    Parameters
    ----------
    value : float
        The value of each weight; any finite number.
    """

    name: ClassVar[str] = "constant"
    value: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", real(self.value, "value"))


@dataclass(frozen=True, repr=False)
class GlorotUniform(Initializer):
    """Uniform in (-r, r), ``r = sqrt(6 / (n_in + n_out))``.

    References
    ----------
    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010.
    """

    name: ClassVar[str] = "glorot_uniform"


@dataclass(frozen=True, repr=False)
class GlorotNormal(Initializer):
    """Normal with mean 0 and variance ``2 / (n_in + n_out)``; see `GlorotUniform`."""

    name: ClassVar[str] = "glorot_normal"


@dataclass(frozen=True, repr=False)
class HeUniform(Initializer):
    """Uniform in (-r, r), ``r = sqrt(6 / n_in)``.

    References
    ----------
    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015.
    """

    name: ClassVar[str] = "he_uniform"


@dataclass(frozen=True, repr=False)
class HeNormal(Initializer):
    """Normal with mean 0 and variance ``2 / n_in``; see `HeUniform`."""

    name: ClassVar[str] = "he_normal"


@dataclass(frozen=True, repr=False)
class LecunUniform(Initializer):
    """Uniform in (-r, r), ``r = sqrt(3 / n_in)``.

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp", in "Neural Networks: Tricks of the
    Trade", 1998.
    """

    name: ClassVar[str] = "lecun_uniform"


@dataclass(frozen=True, repr=False)
class LecunNormal(Initializer):
    """Normal with mean 0 and variance ``1 / n_in``; see `LecunUniform`."""

    name: ClassVar[str] = "lecun_normal"


@dataclass(frozen=True, repr=False)
class Uniform(Initializer):
    """Uniform in (-limit, limit), independent of the layer's size.

    Parameters
    ----------
    limit : float
        Bound of the absolute value, >= 0.
    """

    name: ClassVar[str] = "uniform"
    limit: float = 0.05

    def __post_init__(self) -> None:
        object.__setattr__(self, "limit", real(self.limit, "limit", low=0.0))


@dataclass(frozen=True, repr=False)
class Normal(Initializer):
    """Normal with mean 0, independent of the layer's size.

    Parameters
    ----------
    std : float
        Standard deviation, >= 0.
    """

    name: ClassVar[str] = "normal"
    std: float = 0.05

    def __post_init__(self) -> None:
        object.__setattr__(self, "std", real(self.std, "std", low=0.0))


@dataclass(frozen=True, repr=False)
class TruncatedNormal(Initializer):
    """Normal with mean 0, truncated at two standard deviations.

    Parameters
    ----------
    std : float
        Standard deviation before truncation, >= 0; after it the standard deviation is 0.88 `std`.
    """

    name: ClassVar[str] = "truncated_normal"
    std: float = 0.05

    def __post_init__(self) -> None:
        object.__setattr__(self, "std", real(self.std, "std", low=0.0))


@dataclass(frozen=True, repr=False)
class Orthogonal(Initializer):
    """`gain` times a random matrix with orthonormal rows, or columns if there are fewer columns.

    Parameters
    ----------
    gain : float
        Euclidean norm of these rows or columns.

    References
    ----------
    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks", ICLR 2014.
    """

    name: ClassVar[str] = "orthogonal"
    gain: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "gain", real(self.gain, "gain"))


publish(globals())
