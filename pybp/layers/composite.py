"""Entries of a list of layers that consist of several layers of the core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pybp._common.arguments import count, shown, width
from pybp._common.specs import resolve
from pybp.activations import ActivationFunction, ActivationLike
from pybp.errors import ArgumentError
from pybp.initializers import Initializer, InitializerLike
from pybp.layers.builder import LayerBuilder
from pybp.layers.specs import Activation, Dense, LayerLike, LayerSpec, append_entry, with_defaults

__all__ = ["Embedding", "Residual"]

_MAX_CATEGORIES = 2**24  # up to here float32 holds every integer
_MAX_DEPTH = 100  # of residuals in residuals: deeper ones exhaust Python's stack


@dataclass(frozen=True, repr=False)
class Residual(LayerSpec):
    """A residual block: the sum of its input and the output of its layers, ``a = F(x) + x``.

    Parameters
    ----------
    layers : list of int or layers
        F, as for `MLP`; a number is a dense layer with the net's activation. May contain residuals.
    projection : "auto", bool or Dense
        The layer applied to x before the sum. True: a linear `Dense`; False: none; "auto": a linear
        `Dense` if F(x) and x have different widths.
    activation : str or ActivationFunction, optional
        Applied to the sum; default: none.

    Notes
    -----
    With post-activation, as in the first paper:
    ``Residual([Dense(n), BatchNorm(), Activation("relu"), Dense(n), BatchNorm()],
    activation="relu")``. With pre-activation, as in the second: ``Residual([BatchNorm(),
    Activation("relu"), Dense(n), BatchNorm(), Activation("relu"), Dense(n)])``.

    References
    ----------
    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016, and
    "Identity mappings in deep residual networks", ECCV 2016.
    """

    name: ClassVar[str] = "add"
    layers: Sequence[LayerLike]
    projection: Literal["auto"] | bool | Dense = "auto"
    activation: ActivationLike | None = None

    def __post_init__(self) -> None:
        if isinstance(self.layers, str) or not isinstance(self.layers, Sequence):
            raise TypeError(f"layers must be a list of layers, got {shown(self.layers)}")
        if not self.layers:
            raise ArgumentError("layers must hold at least one layer, got none")
        object.__setattr__(self, "layers", tuple(map(with_defaults, self.layers)))
        depth = 1 + max(getattr(entry, "_depth", 0) for entry in self.layers)
        if depth > _MAX_DEPTH:
            raise ArgumentError(f"residuals are nested {depth} deep; at most {_MAX_DEPTH} can be")
        object.__setattr__(self, "_depth", depth)
        if self.projection != "auto" and not isinstance(self.projection, bool | Dense):
            raise TypeError(
                f"projection must be 'auto', True, False or a Dense, got {shown(self.projection)}"
            )
        if self.activation is not None:
            resolve(self.activation, ActivationFunction, "activation")

    def expand(self, builder: LayerBuilder, where: str) -> None:
        """Append the branch, the projection if any, and the sum."""
        source, width = builder.last, builder.width
        for index, entry in enumerate(self.layers):
            append_entry(builder, entry, f"{where}.layers[{index}]")
        branch = builder.last
        projection = self._resolved_projection(width, builder.width, where)
        inputs = branch, source
        if projection is not None:
            projection.append_to(builder, f"{where}.projection", n_in=width, inputs=(source,))
            inputs = builder.last, branch
        builder.push(self.name, inputs=inputs)
        if self.activation is not None:
            Activation(self.activation).expand(builder, where)

    def _resolved_projection(self, n_in: int, n_out: int, where: str) -> Dense | None:
        """The projection, or None."""
        if isinstance(self.projection, Dense):
            if self.projection.n_out != n_out:
                raise ArgumentError(
                    f"{where} can't add its branch, {n_out} wide, and its projection, "
                    f"{self.projection.n_out} wide"
                )
            return self.projection
        if self.projection is True or (self.projection == "auto" and n_in != n_out):
            return Dense(n_out)
        if n_in != n_out:
            raise ArgumentError(
                f"{where} can't add its branch, {n_out} wide, and its input, {n_in} wide; "
                "allow a projection, or make the widths equal"
            )
        return None

    def __repr__(self) -> str:
        parts = [repr(list(self.layers))]
        parts += [f"projection={self.projection!r}"] if self.projection != "auto" else []
        parts += [f"activation={self.activation!r}"] if self.activation is not None else []
        return f"{type(self).__name__}({', '.join(parts)})"


@dataclass(frozen=True, repr=False)
class Embedding(LayerSpec):
    """A learnable vector for each category of integer columns; must be the first layer.

    The given columns of X hold categories 0, 1, ..., n - 1. The next layer reads the other columns of X,
    followed by the vectors of the categories.

    Parameters
    ----------
    columns : dict or list
        For each column, the number n of categories, or (n, dim) with the length dim of the vectors;
        default ``min(50, (n + 1) // 2)``. A list holds the entries of columns 0, 1, ....
    init : str or Initializer, optional
        Initializer of the vectors; default: the net's `init`. For an embedding, "auto" is the standard
        normal distribution.

    References
    ----------
    Guo and Berkhahn, "Entity embeddings of categorical variables", 2016.
    """

    name: ClassVar[str] = "embedding"
    columns: Mapping[int, Any] | Sequence[Any]
    init: InitializerLike | None = None

    def __post_init__(self) -> None:
        columns = self.columns
        if isinstance(columns, str) or not isinstance(columns, Mapping | Sequence):
            raise TypeError(f"columns must be a dict or a list, got {shown(columns)}")
        if not columns:
            raise ArgumentError("columns must name at least one column, got none")
        named = columns.items() if isinstance(columns, Mapping) else enumerate(columns)
        # column -> (number of categories, dim)
        object.__setattr__(self, "columns", dict(sorted(_column(*pair) for pair in named)))
        if self.init is not None:
            resolve(self.init, Initializer, "init")

    def expand(self, builder: LayerBuilder, where: str) -> None:
        """Append an embedding layer for each column, and the layer that joins them with the others."""
        if builder.layers:
            raise ArgumentError(
                f"{where} is an Embedding, which reads the net's input: it must be layers[1]"
            )
        init = builder.init if self.init is None else resolve(self.init, Initializer, "init")
        columns: dict[int, tuple[int, int]] = dict(self.columns)
        for column, (n_categories, dim) in columns.items():
            if column >= builder.n_in:
                raise ArgumentError(
                    f"{where} names column {column}, but the net has {builder.n_in} inputs"
                )
            builder.push(
                self.name,
                n_in=builder.n_in,
                n_out=dim,
                inputs=(-1,),
                init=init,
                column=column,
                n_categories=n_categories,
            )
        others = builder.n_in - len(columns)
        width = others + sum(dim for _, dim in columns.values())
        builder.push("join", n_in=width, n_out=width, inputs=(-1, *range(len(columns))))

    def __hash__(self) -> int:
        return hash((tuple(self.columns), self.init))


def _column(column: object, given: Any) -> tuple[int, tuple[int, int]]:
    """An entry of `columns`, checked: column -> (number of categories, dim)."""
    number = count(column, "a column of columns", low=0)
    name = f"columns[{number}]"
    if not isinstance(given, tuple | list):
        given = (given, None)
    if len(given) != 2:
        raise TypeError(
            f"{name} must be a number of categories or (categories, dim), got {shown(given)}"
        )
    n_categories = count(given[0], f"{name}, the number of categories,", high=_MAX_CATEGORIES)
    dim = min(50, (n_categories + 1) // 2) if given[1] is None else width(given[1], f"{name}, dim,")
    return number, (n_categories, dim)
