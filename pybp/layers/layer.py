"""A layer of a net, with all its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from pybp._common.specs import resolve, row, row_number
from pybp.activations import ActivationFunction, Identity
from pybp.initializers import Auto, Initializer

if TYPE_CHECKING:
    from pybp._core import _Layer as CoreLayer

__all__ = ["PARAMETRIZATIONS", "TRAINING", "Layer", "Parametrization"]

Parametrization = Literal["standard", "ntk"]
PARAMETRIZATIONS: tuple[Parametrization, ...] = get_args(Parametrization)
TRAINING = (
    "l1",
    "l2",
    "lr_factor",
    "bias_lr_factor",
    "max_norm",
    "trainable",
    "parametrization",
)
"""Fields that affect training only."""
_FIXED_INPUTS = ("embedding", "join")  # the core knows the inputs of these kinds


@dataclass(frozen=True)
class Layer:
    """A layer of a net, with all its settings.

    Attributes
    ----------
    kind : str
        The name in the registry of layers.
    n_in, n_out : int
        Number of features of the input and of the output.
    inputs : tuple of int
        The layers whose outputs it reads, counted from 0; -1 is the net's input.
    params : tuple of float
        Parameters of the kind, in the order of the registry.
    activation : ActivationFunction
        Activation of a dense, activation or parametric activation layer; identity for other kinds.
    init : Initializer
        Initializer of a dense, periodic or embedding layer.
    scale : bool
        Whether it has a factor gamma for each feature.
    bias : bool
        Whether it has a bias for each feature.
    bias_init : float
        Initial value of the biases.
    bias_std : float
        Standard deviation of the normal noise added to it.
    groups : int
        Into how many groups a grouped dense layer cuts its inputs and outputs.
    columns : tuple of int
        The columns of its input that a periodic layer reads; empty: all.
    column : int
        The column of X that an embedding reads.
    n_categories : int
        Number of categories of an embedding.
    l1, l2 : float
        Factors of the penalties ``l1 sum|W|`` and ``l2/2 sum W^2``.
    lr_factor : float
        Factor of the learning rate.
    bias_lr_factor : float
        Additional factor of the learning rate of the biases.
    max_norm : float
        Largest Euclidean norm of the weights of a neuron; 0: no limit.
    trainable : bool
        Whether updates change the layer.
    parametrization : {"standard", "ntk"}
        As in `Dense`.
    """

    kind: str
    n_in: int
    n_out: int
    inputs: tuple[int, ...]
    params: tuple[float, ...] = ()
    activation: ActivationFunction = field(default_factory=Identity)
    init: Initializer = field(default_factory=Auto)
    scale: bool = False
    bias: bool = False
    bias_init: float = 0.0
    bias_std: float = 0.0
    groups: int = 0
    columns: tuple[int, ...] = ()
    column: int = 0
    n_categories: int = 0
    l1: float = 0.0
    l2: float = 0.0
    lr_factor: float = 1.0
    bias_lr_factor: float = 1.0
    max_norm: float = 0.0  # none
    trainable: bool = True
    parametrization: Parametrization = "standard"

    @property
    def weight_shape(self) -> tuple[int, ...] | None:
        """Shape of the weights: (n_out, weights of an output) or (n_out,); None without weights."""
        if self.kind == "dense":
            return self.n_out, self.n_in
        if self.kind == "grouped_dense":
            return self.n_out, self.n_in // self.groups
        if self.kind == "periodic":
            return self.n_out, 1
        if self.kind == "embedding":
            return self.n_out, self.n_categories
        return (self.n_out,) if self.scale else None

    @property
    def bias_shape(self) -> tuple[int, ...] | None:
        """(n_out,), or None without biases."""
        return (self.n_out,) if self.bias else None

    @property
    def output_activation(self) -> ActivationFunction:
        """The activation that makes its outputs; identity if none does."""
        return Identity() if self.kind == "parametric_activation" else self.activation

    @property
    def fan(self) -> int:
        """Number of weights of each output."""
        shape = self.weight_shape
        return 0 if shape is None else (*shape, 1)[1]

    @property
    def keeps_statistics(self) -> bool:
        """Whether it has a running mean and variance."""
        return self.kind == "batch_norm"

    @property
    def n_parameters(self) -> int:
        """Number of weights and biases."""
        return self.n_out * (self.fan + self.bias)

    def core(self, index: int) -> CoreLayer:
        """The layer as the core expects it; `index` is its index in the net."""
        distances = [index - 1 - source for source in self.inputs]
        if self.kind in _FIXED_INPUTS:
            distances = []
        return {
            "kind": row_number("layers", self.kind),
            "n_out": self.n_out,
            "from": distances[0] if distances else 0,
            "skip": distances[1] if len(distances) > 1 else 0,
            "params": self.params,
            "groups": self.groups,
            "columns": self.columns,
            "column": self.column,
            "n_categories": self.n_categories,
            "activation": self.activation.number,
            "activation_params": self.activation.parameters,
            "no_bias": not self.bias,
            "no_scale": row("layers", self.kind)["label"] == "VECTOR" and not self.scale,
            "init": self.init.number,
            "init_value": self.init.value_given,
            "bias_init": self.bias_init,
            "bias_std": self.bias_std,
            "parametrization": PARAMETRIZATIONS.index(self.parametrization),
            "l1": self.l1,
            "l2": self.l2,
            "has_lr_factors": True,
            "lr_factor": self.lr_factor,
            "bias_lr_factor": self.bias_lr_factor,
            "max_norm": self.max_norm,
            "frozen": not self.trainable,
        }

    @property
    def training(self) -> dict[str, Any]:
        """The training options that differ from their defaults, by name."""
        values = {own.name: (getattr(self, own.name), own.default) for own in fields(self)}
        return {name: values[name][0] for name in TRAINING if values[name][0] != values[name][1]}

    @property
    def description(self) -> dict[str, Any]:
        """The layer as a dict of plain values, for pickles and files."""
        values = {own.name: getattr(self, own.name) for own in fields(self)}
        return values | {
            "activation": self.activation.name,
            "activation_params": self.activation.parameters,
            "init": self.init.name,
            "init_value": self.init.value_given,
        }

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Self:
        """The layer with this `description`."""
        values = dict(description)
        activation = resolve(values["activation"], ActivationFunction, "activation")
        values["activation"] = type(activation)(*values.pop("activation_params"))
        init = resolve(values["init"], Initializer, "init")
        value = values.pop("init_value")
        for parameter in fields(init):  # one at most
            init = replace(init, **{parameter.name: value})
        values["init"] = init
        for name in ("inputs", "params", "columns"):
            values[name] = tuple(values[name])
        return cls(**values)
