"""What users say about a layer."""

from dataclasses import dataclass
from typing import ClassVar

from pybp.activations import ActivationFunction, ActivationLike
from pybp.initializers import Initializer, InitializerLike
from pybp.specs import Spec, resolve
from pybp.validation import count, flag, real

__all__ = ["Dense"]


@dataclass(frozen=True, repr=False)
class Dense(Spec):
    """A fully connected layer, ``z = W a + b`` and ``a = f(z)``.

    Parameters
    ----------
    n_out : int
        Number of neurons.
    activation : str or ActivationFunction, optional
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
    activation: ActivationLike | None = None
    init: InitializerLike | None = None
    bias: bool = True
    bias_init: float = 0.0

    def __post_init__(self) -> None:
        count(self.n_out, "n_out")
        if self.activation is not None:
            resolve(self.activation, ActivationFunction, "activation")
        if self.init is not None:
            resolve(self.init, Initializer, "init")
        flag(self.bias, "bias")
        real(self.bias_init, "bias_init")
