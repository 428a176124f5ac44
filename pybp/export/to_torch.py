"""A net as a PyTorch module."""

from __future__ import annotations

from typing import Any

from pybp._common.optional import require
from pybp._common.types import Array
from pybp.activations import ActivationFunction
from pybp.errors import ArgumentError
from pybp.export.torch_modules import module_classes
from pybp.layers import Concat, Embedding, Layer, Residual
from pybp.net.network import Network
from pybp.net.structure import Part, structure

__all__ = ["ACTIVATIONS", "MODULES", "net_to_torch"]


def net_to_torch(net: Network) -> Any:
    """A module that computes what a net does; see `MLP.to_torch`."""
    torch = require("torch", "to_torch")
    frozen = net.copy()
    maker = _Maker(torch, frozen)
    module = maker.sequence(structure(frozen.layers))
    return module.to(torch.float64 if frozen.dtype.name == "float64" else torch.float32).eval()


class _Maker:
    """Makes modules of the layers of a net."""

    def __init__(self, torch: Any, net: Network) -> None:
        self.torch, self.nn, self.own = torch, torch.nn, module_classes(torch)
        self._arrays = list(zip(net.weights, net.biases, net.running_statistics, strict=True))

    def sequence(self, parts: tuple[Part, ...]) -> Any:
        """The modules of several entries."""
        return self.nn.Sequential(*(each for part in parts for each in self._part(part)))

    def _part(self, part: Part) -> list[Any]:
        if isinstance(part.entry, Residual):
            index, layer = part.own[0]
            projection = self.layer(index, layer) if len(part.own) > 1 else []
            branch = self.sequence(part.children)
            return [
                self.own.residual(branch, self.nn.Sequential(*projection) if projection else None)
            ]
        if isinstance(part.entry, Concat):
            return [self.own.concat(self.sequence(part.children))]
        if isinstance(part.entry, Embedding):
            return [self._embedding(part)]
        return self.layer(*part.own[0])

    def _embedding(self, part: Part) -> Any:
        tables = {layer.column: self._arrays[index][0] for index, layer in part.own[:-1]}
        return self.own.embedding(part.own[0][1].n_in, tables)

    def layer(self, index: int, layer: Layer) -> list[Any]:
        """The modules of a layer of the core."""
        if layer.kind not in MODULES:
            raise ArgumentError(f"layer {index} is a {layer.kind!r}, which to_torch doesn't write")
        return list(MODULES[layer.kind](self, layer, *self._arrays[index]))

    def activation(self, activation: ActivationFunction) -> list[Any]:
        """The module of an activation; none for the identity."""
        if activation.name not in ACTIVATIONS:
            raise ArgumentError(f"the activation {activation.name!r} has no module in PyTorch")
        name, options = ACTIVATIONS[activation.name]
        given = (
            dict(zip(options, activation.parameters, strict=False))
            if isinstance(options, tuple)
            else options
        )
        return [] if name is None else [getattr(self.nn, name)(**given)]

    def filled(self, module: Any, weights: Array | None, biases: Array | None) -> Any:
        """The module with these parameters."""
        for name, array in (("weight", weights), ("bias", biases)):
            if array is not None:
                parameter = self.nn.Parameter(self.torch.from_numpy(array.copy()))
                setattr(module, name, parameter)
        return module


def _dense(maker: _Maker, layer: Layer, weights: Any, biases: Any, _: Any) -> list[Any]:
    linear = maker.nn.Linear(layer.n_in, layer.n_out, bias=biases is not None)
    return [maker.filled(linear, weights, biases), *maker.activation(layer.activation)]


def _grouped_dense(maker: _Maker, layer: Layer, weights: Any, biases: Any, _: Any) -> list[Any]:
    module = maker.own.grouped(layer.groups, weights, biases)
    return [module, *maker.activation(layer.activation)]


def _periodic(maker: _Maker, layer: Layer, weights: Any, biases: Any, _: Any) -> list[Any]:
    columns = layer.columns or range(layer.n_in)
    each = [column for column in columns for _ in range(layer.n_out // len(columns))]
    return [maker.own.periodic(layer.n_in, each, weights, biases)]


def _batch_norm(
    maker: _Maker, layer: Layer, weights: Any, biases: Any, statistics: Any
) -> list[Any]:
    momentum, eps = layer.params
    norm = maker.nn.BatchNorm1d(layer.n_out, eps=eps, momentum=momentum, affine=layer.scale)
    norm.running_mean, norm.running_var = (
        maker.torch.from_numpy(array.copy()) for array in statistics
    )
    return [maker.filled(norm, weights, biases)]


def _layer_norm(maker: _Maker, layer: Layer, weights: Any, biases: Any, _: Any) -> list[Any]:
    options = {"elementwise_affine": layer.scale, "bias": layer.bias}
    norm = maker.nn.LayerNorm(layer.n_out, eps=layer.params[0], **options)
    return [maker.filled(norm, weights, biases)]


def _rms_norm(maker: _Maker, layer: Layer, weights: Any, biases: Any, _: Any) -> list[Any]:
    plain = biases is None
    affine = layer.scale and plain
    norm = maker.nn.RMSNorm(layer.n_out, eps=layer.params[0], elementwise_affine=affine)
    if plain:
        return [maker.filled(norm, weights, None)]
    return [norm, maker.own.scale(weights, biases)]


def _scale(maker: _Maker, layer: Layer, weights: Any, biases: Any, _: Any) -> list[Any]:
    return [maker.own.scale(weights, biases)]


def _activation(maker: _Maker, layer: Layer, *_: Any) -> list[Any]:
    return maker.activation(layer.activation) or [maker.nn.Identity()]


def _parametric(maker: _Maker, layer: Layer, weights: Any, *_: Any) -> list[Any]:
    function = maker.nn.Sequential(*maker.activation(layer.activation))
    return [maker.own.parametric(function, layer.activation, weights)]


MODULES: dict[str, Any] = {
    "dense": _dense,
    "grouped_dense": _grouped_dense,
    "periodic": _periodic,
    "activation": _activation,
    "parametric_activation": _parametric,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "scale": _scale,
    "dropout": lambda maker, layer, *_: [maker.nn.Dropout(layer.params[0])],
    "alpha_dropout": lambda maker, layer, *_: [maker.nn.AlphaDropout(layer.params[0])],
    "gaussian_noise": lambda maker, layer, *_: [maker.own.noise(layer.params[0])],
}
"""By the kind of the layer; "add", "concat", "embedding" and "join" belong to blocks."""

ACTIVATIONS: dict[str, tuple[str | None, Any]] = {
    "identity": (None, {}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "relu": ("ReLU", {}),
    "softmax": ("Softmax", {"dim": -1}),
    "leaky_relu": ("LeakyReLU", ("negative_slope",)),
    "elu": ("ELU", ("alpha",)),
    "selu": ("SELU", {}),
    "gelu": ("GELU", {}),
    "gelu_tanh": ("GELU", {"approximate": "tanh"}),
    "silu": ("SiLU", {}),
    "mish": ("Mish", {}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "hard_sigmoid": ("Hardsigmoid", {}),
    "hard_swish": ("Hardswish", {}),
    "relu6": ("ReLU6", {}),
}
"""The module of an activation, and its options, or the names of those that are its parameters."""
