"""Initial weights of a layer with n_in inputs and n_out outputs.

Biases start at the layer's `bias_init`, plus noise if it has a `bias_std`. Both depend on the net's
seed and on their place in the net, on nothing else. A plain name such as ``"he_uniform"`` works
wherever one of these does.
"""

from dataclasses import astuple, dataclass
from typing import ClassVar

from pybp._common.arguments import real
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
        """The one number that an initializer may have, 0 for those without."""
        return next(iter(astuple(self)), 0.0)


InitializerLike = str | Initializer | type[Initializer]
"""What the arguments named `init` take."""


@dataclass(frozen=True, repr=False)
class Auto(Initializer):
    """What suits the layer's activation.

    `LecunNormal` for selu, `HeUniform` for relu and its like, `GlorotUniform` for the others.
    """

    name: ClassVar[str] = "auto"


@dataclass(frozen=True, repr=False)
class Zeros(Initializer):
    """Every weight 0. Hidden layers that start so can't learn: all their neurons stay equal."""

    name: ClassVar[str] = "zeros"


@dataclass(frozen=True, repr=False)
class Constant(Initializer):
    """Every weight `value`.

    Parameters
    ----------
    value : float
        Any finite number.
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
    """Uniform in (-limit, limit), whatever the layer's size.

    Parameters
    ----------
    limit : float
        >= 0.
    """

    name: ClassVar[str] = "uniform"
    limit: float = 0.05

    def __post_init__(self) -> None:
        object.__setattr__(self, "limit", real(self.limit, "limit", low=0.0))


@dataclass(frozen=True, repr=False)
class Normal(Initializer):
    """Normal with mean 0, whatever the layer's size.

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
    """Normal with mean 0, but for values beyond two standard deviations.

    Parameters
    ----------
    std : float
        Standard deviation before the tails are cut off, >= 0; it is 0.88 times that afterwards.
    """

    name: ClassVar[str] = "truncated_normal"
    std: float = 0.05

    def __post_init__(self) -> None:
        object.__setattr__(self, "std", real(self.std, "std", low=0.0))


@dataclass(frozen=True, repr=False)
class Orthogonal(Initializer):
    """`gain` times a random matrix with orthonormal rows, or columns if there are fewer.

    Parameters
    ----------
    gain : float
        Length of those rows or columns.

    References
    ----------
    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks", ICLR 2014.
    """

    name: ClassVar[str] = "orthogonal"
    gain: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "gain", real(self.gain, "gain"))
