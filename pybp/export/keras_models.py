"""Read Keras models: their layers, one by one, without importing Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pybp import activations as f
from pybp._common.arguments import shown
from pybp._common.specs import spec_classes
from pybp._common.types import Array, DType
from pybp.activations import ActivationFunction
from pybp.errors import ArgumentError
from pybp.export.layer_graph import INPUT, LayerGraph, Parameters, Plan
from pybp.layers import (
    AlphaDropout,
    BatchNorm,
    Dropout,
    GaussianNoise,
    LayerNorm,
    LayerSpec,
    RMSNorm,
    Scale,
)

__all__ = ["read_keras"]

_OTHER_NAMES = {"linear": "identity", "swish": "silu", "hard_silu": "hard_swish"}
_DROPOUTS: dict[str, type[Dropout] | type[AlphaDropout]] = {
    "Dropout": Dropout,
    "AlphaDropout": AlphaDropout,
}


def read_keras(model: Any) -> tuple[Plan, DType, Callable[[Array], Array]]:
    """The layers of a model, their type, and a function that computes its outputs.

    Raises
    ------
    TypeError
        It is no model of Keras.
    ArgumentError
        It isn't built, has several inputs or outputs, or a layer that pybp hasn't.
    """
    if not hasattr(model, "layers") or not hasattr(model, "get_weights"):
        raise TypeError(f"model must be a Keras model, got {shown(model)}")
    types = {np.dtype(array.dtype) for array in model.get_weights()}
    if len(types) != 1 or not types <= {np.dtype(np.float32), np.dtype(np.float64)}:
        raise ArgumentError(
            f"the model's weights are of {types or 'no type'}; expected float32 or float64"
        )
    reader = _ModelReader(int(np.prod(model.input_shape[1:])))
    plan = reader.layers.plan(reader.model(model, INPUT))
    return plan, types.pop(), lambda rows: _outputs(model, rows)


def _outputs(model: Any, rows: Array) -> Array:
    shaped = rows.reshape(len(rows), *model.input_shape[1:])
    return np.asarray(model.predict(shaped, verbose=0))


class _ModelReader:
    def __init__(self, n_in: int) -> None:
        self.layers = LayerGraph(n_in)

    def model(self, model: Any, source: int) -> int:
        """The layers of a model, which may be one of another."""
        if type(model).__name__ == "Sequential":
            for layer in model.layers:
                source = self._layer(layer, [source])
            return source
        values = {id(_only(model.inputs, model)): source}
        for layer in model.layers:
            if type(layer).__name__ == "InputLayer":
                continue
            given = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
            missing = [tensor for tensor in given if id(tensor) not in values]
            if missing:
                raise ArgumentError(f"layer {layer.name!r} reads what no layer before it computes")
            values[id(layer.output)] = self._layer(layer, [values[id(t)] for t in given])
        return values[id(_only(model.outputs, model))]

    def _layer(self, layer: Any, sources: list[int]) -> int:
        kind, name = type(layer).__name__, f"layer {layer.name!r} ({type(layer).__name__})"
        if kind == "Add" and len(sources) == 2:
            return self.layers.add(sources[0], sources[1], name)
        if len(sources) != 1:
            raise ArgumentError(f"{name} joins {len(sources)} layers; pybp reads sums of two only")
        (source,) = sources
        if kind in ("InputLayer", "Flatten", "Identity"):
            return source
        if kind in ("Sequential", "Functional", "Model"):
            return self.model(layer, source)
        if kind not in _READERS:
            raise ArgumentError(f"{name} is no layer that pybp has")
        return _READERS[kind](self.layers, layer, source, name)


def _only(tensors: Any, model: Any) -> Any:
    if len(tensors) != 1:
        raise ArgumentError(
            f"the model {model.name!r} has {len(tensors)} inputs or outputs; expected one"
        )
    return tensors[0]


def _activated(layers: LayerGraph, given: Any, source: int, name: str) -> int:
    """The activation that a configuration names."""
    key = given if isinstance(given, str) else "linear"
    if isinstance(given, dict):  # a function as a serialized object
        key = str(given.get("config", given.get("class_name", "")))
    key = _OTHER_NAMES.get(key, key)
    known = spec_classes(ActivationFunction)
    if key not in known:
        raise ArgumentError(f"{name} has the activation {key!r:.60}, which pybp hasn't")
    if key == "identity":
        return source
    activation = f.LeakyReLU(0.2) if key == "leaky_relu" else known[key]()  # Keras's default
    return layers.activation(source, activation, name)


# ---- one function for each class -------------------------------------------------------------


def _dense(layers: LayerGraph, layer: Any, source: int, name: str) -> int:
    kernel, *bias = layer.get_weights()
    node = layers.dense(source, kernel.T, bias[0] if bias else None, name)
    return _activated(layers, layer.get_config()["activation"], node, name)


def _activation(layers: LayerGraph, layer: Any, source: int, name: str) -> int:
    return _activated(layers, layer.get_config()["activation"], source, name)


def _relu(layers: LayerGraph, layer: Any, source: int, name: str) -> int:
    options = layer.get_config()
    slope, most = options.get("negative_slope") or 0.0, options.get("max_value")
    if options.get("threshold"):
        raise ArgumentError(f"{name} has a threshold")
    if most is not None and (float(most) != 6.0 or slope):
        raise ArgumentError(f"{name} has the largest value {most}; pybp has 6 without a slope")
    activation = f.ReLU6() if most is not None else f.LeakyReLU(slope) if slope else f.ReLU()
    return layers.activation(source, activation, name)


def _leaky_relu(layers: LayerGraph, layer: Any, source: int, name: str) -> int:
    options = layer.get_config()
    slope = options.get("negative_slope", options.get("alpha"))
    return layers.activation(source, f.LeakyReLU(float(slope)), name)


def _elu(layers: LayerGraph, layer: Any, source: int, name: str) -> int:
    return layers.activation(source, f.ELU(float(layer.get_config()["alpha"])), name)


def _softmax(layers: LayerGraph, layer: Any, source: int, name: str) -> int:
    if layer.get_config().get("axis", -1) not in (-1, 1):
        raise ArgumentError(f"{name} is not over the features")
    return layers.activation(source, f.Softmax(), name)


def _batch_norm(layers: LayerGraph, layer: Any, source: int, name: str) -> int:
    options, weights = layer.get_config(), layer.get_weights()
    *affine, mean, variance = weights
    gamma = affine.pop(0) if options["scale"] else None
    beta = affine.pop(0) if options["center"] else None
    if (gamma is None) != (beta is None):
        gamma = np.ones_like(mean) if gamma is None else gamma
        beta = np.zeros_like(mean) if beta is None else beta
    spec = BatchNorm(1 - options["momentum"], options["epsilon"], affine=gamma is not None)
    return layers.layer(source, spec, Parameters(gamma, beta, (mean, variance)), name)


def _layer_norm(layers: LayerGraph, layer: Any, source: int, name: str) -> int:
    options, weights = layer.get_config(), layer.get_weights()
    gamma = weights.pop(0) if options.get("scale", True) else None
    beta = weights.pop(0) if weights else None
    if gamma is None and beta is not None:
        gamma = np.ones_like(beta)
    kind = RMSNorm if options.get("rms_scaling") else LayerNorm
    spec = kind(options["epsilon"], affine=gamma is not None, bias=beta is not None)
    return layers.layer(source, spec, Parameters(gamma, beta), name)


def _rms_norm(layers: LayerGraph, layer: Any, source: int, name: str) -> int:
    (gamma,) = layer.get_weights()
    return layers.layer(source, RMSNorm(layer.get_config()["epsilon"]), Parameters(gamma), name)


def _rescaling(layers: LayerGraph, layer: Any, source: int, name: str) -> int:
    options, ones = layer.get_config(), np.ones(layers.width(source))
    own = Parameters(ones * options["scale"], ones * options["offset"])
    return layers.layer(source, Scale(bias=True), own, name)


def _dropout(layers: LayerGraph, layer: Any, source: int, name: str) -> int:
    spec: LayerSpec = _DROPOUTS[type(layer).__name__](layer.get_config()["rate"])
    return layers.layer(source, spec, Parameters(), name)


def _noise(layers: LayerGraph, layer: Any, source: int, name: str) -> int:
    spec = GaussianNoise(layer.get_config()["stddev"])
    return layers.layer(source, spec, Parameters(), name)


_READERS: dict[str, Callable[[LayerGraph, Any, int, str], int]] = {
    "Activation": _activation,
    "AlphaDropout": _dropout,
    "BatchNormalization": _batch_norm,
    "Dense": _dense,
    "Dropout": _dropout,
    "ELU": _elu,
    "GaussianNoise": _noise,
    "LayerNormalization": _layer_norm,
    "LeakyReLU": _leaky_relu,
    "RMSNormalization": _rms_norm,
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "Softmax": _softmax,
}
"""By the name of the class."""
