"""What the names of values in a graph stand for while it is read."""

from __future__ import annotations

from dataclasses import dataclass

from pybp._common.types import Array
from pybp.activations import ActivationFunction
from pybp.export.onnx.expressions import Formula

__all__ = [
    "Codes",
    "Columns",
    "Complement",
    "Dims",
    "Features",
    "Groups",
    "Phases",
    "Step",
    "Value",
    "Vectors",
]


@dataclass(eq=False)
class Features:
    """A row of numbers for each sample: a formula of the outputs of a layer.

    Attributes
    ----------
    node : int
        The layer, by its number in the `LayerGraph`.
    formula : Formula
        The formula; its variable is the layer's output.
    flat : bool
        Whether the value has two dimensions, as a net's input, and not more.
    layer : int or None
        The layer that the formula was found to be.
    origin : str
        What messages call the node that computes it.
    """

    node: int
    formula: Formula
    flat: bool = True
    layer: int | None = None
    origin: str = ""


@dataclass(frozen=True)
class Dims:
    """A list of whole numbers that describes a shape; None is the number of samples."""

    sizes: tuple[int | None, ...]


@dataclass(frozen=True)
class Columns:
    """Some columns of the outputs of a layer."""

    layer: int
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Phases:
    """``weights x + biases`` of columns x, of which a periodic layer takes the cosine."""

    columns: Columns
    weights: Array
    biases: Array | None = None


@dataclass(frozen=True)
class Groups:
    """The outputs of a layer cut into groups, and perhaps multiplied with a matrix for each group."""

    layer: int
    count: int
    weights: Array | None = None


@dataclass(frozen=True)
class Codes:
    """A column of the net's input as whole numbers."""

    column: int


@dataclass(frozen=True)
class Vectors:
    """The vectors of an embedded column; `table` is (n_categories, dim)."""

    column: int
    table: Array


@dataclass(frozen=True)
class Complement:
    """1 minus the output of a net with one output, the probability of the first class."""

    features: Features


@dataclass(frozen=True)
class Step:
    """``alpha (f(x) - x)`` of the outputs x of a layer: what a parametric activation adds to x."""

    layer: int
    activation: ActivationFunction
    alpha: Array


Value = Features | Dims | Columns | Phases | Groups | Codes | Vectors | Complement | Step | Array
