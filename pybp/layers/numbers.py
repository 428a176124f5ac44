"""Layers whose outputs read a part of the inputs each, of which embeddings of numbers are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import pairwise
from typing import ClassVar

from pybp._common.arguments import count, flag, real, shown, width
from pybp._common.specs import resolve
from pybp.activations import ActivationFunction, ActivationLike, Identity
from pybp.errors import ArgumentError
from pybp.initializers import Initializer, InitializerLike
from pybp.layers.builder import LayerBuilder
from pybp.layers.layer import Parametrization
from pybp.layers.specs import LayerSpec

__all__ = ["GroupedDense", "Periodic"]


@dataclass(frozen=True, repr=False)
class GroupedDense(LayerSpec):
    """Dense layers side by side: each group of `n_in` inputs has `n_out` outputs of its own.

    For each group ``z = W x + b`` and ``a = f(z)``. The number of groups is the number of features divided
    by `n_in`.

    Parameters
    ----------
    n_in, n_out : int
        Number of inputs and of outputs of a group.
    activation : str or ActivationFunction, optional
        f; default: identity.
    init : str or Initializer, optional
        Initializer of each group's W; default: the net's `init`.
    bias : bool
        Whether the layer has biases b.
    bias_init, bias_std, l1, l2, lr_factor, bias_lr_factor : float
        As in `Dense`.
    max_norm : float, optional
        As in `Dense`, for each output's weights.
    trainable : bool
        Whether updates change the layer.
    parametrization : {"standard", "ntk"}
        As in `Dense`.
    """

    name: ClassVar[str] = "grouped_dense"
    n_in: int
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
        width(self.n_in, "n_in")
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
        groups, rest = divmod(builder.width, int(self.n_in))
        if rest:
            raise ArgumentError(
                f"{where} can't cut {builder.width} features into groups of {self.n_in}"
            )
        builder.push(
            self.name,
            where=where,
            n_out=groups * int(self.n_out),
            groups=groups,
            activation=Identity()
            if self.activation is None
            else resolve(self.activation, ActivationFunction, "activation"),
            init=builder.init if self.init is None else resolve(self.init, Initializer, "init"),
            bias=bool(self.bias),
            bias_init=float(self.bias_init),
            bias_std=float(self.bias_std),
            **self.training,
        )


@dataclass(frozen=True, repr=False)
class Periodic(LayerSpec):
    """For each column x several outputs ``a = cos(2 pi w x + b)``.

    The outputs of the first column come first, then those of the second, and so on. b starts uniformly in
    [-pi, pi]. `MLP.weights` and `MLP.gradients` hold ``2 pi w`` and the gradient with respect to it; `init`,
    the penalties, weight decay and the optimizer's rule apply to w.

    Parameters
    ----------
    n_frequencies : int
        Number of outputs of a column.
    columns : list of int, optional
        The features that it reads, counted from 0; default: all.
    init : str or Initializer, optional
        Initializer of w; default, and "auto": normal with standard deviation 0.1.
    l1, l2, lr_factor, bias_lr_factor : float
        As in `Dense`.
    trainable : bool
        Whether updates change the layer.

    References
    ----------
    Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in tabular deep learning",
    NeurIPS 2022; with biases, Holzmueller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned
    MLPs and boosted trees on tabular data", NeurIPS 2024.
    """

    name: ClassVar[str] = "periodic"
    n_frequencies: int = 16
    columns: Sequence[int] | None = None
    init: InitializerLike = "auto"
    _: KW_ONLY
    l1: float = 0.0
    l2: float = 0.0
    lr_factor: float = 1.0
    bias_lr_factor: float = 1.0
    trainable: bool = True

    def __post_init__(self) -> None:
        width(self.n_frequencies, "n_frequencies")
        object.__setattr__(self, "columns", ascending_columns(self.columns))
        resolve(self.init, Initializer, "init")
        self.training  # noqa: B018  # reading it checks it

    def expand(self, builder: LayerBuilder, where: str) -> None:
        """Append the layer."""
        columns = () if self.columns is None else tuple(self.columns)
        for column in columns[-1:]:
            if column >= builder.width:
                raise ArgumentError(
                    f"{where} reads column {column}, but the layer before has {builder.width} features"
                )
        builder.push(
            self.name,
            where=where,
            n_out=(len(columns) or builder.width) * int(self.n_frequencies),
            columns=columns,
            init=resolve(self.init, Initializer, "init"),
            bias=True,
            **self.training,
        )


def ascending_columns(given: object) -> tuple[int, ...] | None:
    """The columns, checked: None, or at least one, ascending."""
    if given is None:
        return None
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise TypeError(f"columns must be a list of whole numbers, got {shown(given)}")
    columns = tuple(count(column, "a column of columns", low=0) for column in given)
    if not columns:
        raise ArgumentError("columns must name at least one column, got none")
    if any(one >= other for one, other in pairwise(columns)):
        raise ArgumentError(f"columns must be ascending, got {list(columns)!r:.200}")
    return columns
