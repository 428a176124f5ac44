"""Entries of a list of layers that consist of several layers of the core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Literal

from pybp._common.arguments import count, shown, width
from pybp._common.specs import resolve
from pybp.activations import ActivationFunction, ActivationLike
from pybp.errors import ArgumentError
from pybp.initializers import Initializer, InitializerLike, Uniform
from pybp.layers.builder import LayerBuilder
from pybp.layers.numbers import GroupedDense, Periodic
from pybp.layers.specs import Activation, Dense, LayerLike, LayerSpec, append_entry, with_defaults

__all__ = ["Concat", "Embedding", "PeriodicEmbedding", "Residual"]

_MAX_CATEGORIES = 2**24  # up to here float32 holds every integer
_MAX_DEPTH = 100  # of blocks in blocks: deeper ones exhaust Python's stack


def _check_block(block: LayerSpec, layers: Any) -> None:
    """Set the entries of a block, checked, and how many blocks are in each other."""
    if isinstance(layers, str) or not isinstance(layers, Sequence):
        raise TypeError(f"layers must be a list of layers, got {shown(layers)}")
    if not layers:
        raise ArgumentError("layers must hold at least one layer, got none")
    object.__setattr__(block, "layers", tuple(map(with_defaults, layers)))
    depth = 1 + max(getattr(entry, "_depth", 0) for entry in layers)
    if depth > _MAX_DEPTH:
        raise ArgumentError(f"blocks are nested {depth} deep; at most {_MAX_DEPTH} can be")
    object.__setattr__(block, "_depth", depth)


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
        _check_block(self, self.layers)
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
class Concat(LayerSpec):
    """A block whose output is its input and the output of its layers side by side, ``a = (x, F(x))``.

    Parameters
    ----------
    layers : list of int or layers
        F, as for `MLP`; a number is a dense layer with the net's activation. May contain blocks.

    References
    ----------
    Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks", CVPR 2017.
    """

    name: ClassVar[str] = "concat"
    layers: Sequence[LayerLike]

    def __post_init__(self) -> None:
        _check_block(self, self.layers)

    def expand(self, builder: LayerBuilder, where: str) -> None:
        """Append the branch, and the layer that puts it beside the input."""
        source, width = builder.last, builder.width
        for index, entry in enumerate(self.layers):
            append_entry(builder, entry, f"{where}.layers[{index}]")
        inputs = source, builder.last
        builder.push(self.name, n_in=width, n_out=width + builder.width, inputs=inputs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.layers)!r})"


@dataclass(frozen=True, repr=False)
class PeriodicEmbedding(LayerSpec):
    """Embeddings of numbers: beside its input, for each column x, ``W2 cos(2 pi w x + b) + b2``.

    It is ``Concat([Periodic(n_frequencies, columns), GroupedDense(n_frequencies, n_out)])``, called PBLD in
    the paper (periodic, biases, linear, as in DenseNet). All columns of the input are kept as they are.

    Parameters
    ----------
    columns : list of int, optional
        The columns to embed, counted from 0; default: all. Leave out columns of zeros and ones.
    n_frequencies : int
        Number of frequencies w of a column.
    n_out : int
        Length of a column's embedding.
    init : str or Initializer, optional
        Initializer of w; "auto": normal with standard deviation 0.1.
    lr_factor : float
        Factor of the learning rate of all of its parameters, >= 0.

    Notes
    -----
    b starts uniformly in [-pi, pi]. W2 starts uniformly in ``(-r, r)``, ``r = 1 / sqrt(n_frequencies)``, b2
    normally with the same standard deviation.

    References
    ----------
    Holzmueller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees
    on tabular data", NeurIPS 2024.
    """

    columns: Sequence[int] | None = None
    n_frequencies: int = 16
    n_out: int = 3
    init: InitializerLike = "auto"
    _: KW_ONLY
    lr_factor: float = 0.1

    def __post_init__(self) -> None:
        self._block  # noqa: B018  # making it checks the parameters

    @property
    def _block(self) -> Concat:
        """The layers that it stands for."""
        lr_factor, limit = self.lr_factor, width(self.n_frequencies, "n_frequencies") ** -0.5
        linear = GroupedDense(
            self.n_frequencies,
            self.n_out,
            init=Uniform(limit),
            bias_std=limit / 3**0.5,
            lr_factor=lr_factor,
        )
        periodic = Periodic(self.n_frequencies, self.columns, self.init, lr_factor=lr_factor)
        object.__setattr__(self, "columns", periodic.columns)
        return Concat([periodic, linear])

    def expand(self, builder: LayerBuilder, where: str) -> None:
        """Append the layers."""
        self._block.expand(builder, where)


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
