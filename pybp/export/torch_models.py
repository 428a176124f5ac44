"""Read PyTorch modules, by tracing them with torch.fx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pybp import activations as f
from pybp._common.arguments import shown
from pybp._common.optional import require
from pybp._common.types import Array, DType
from pybp.activations import ActivationFunction
from pybp.errors import ArgumentError
from pybp.export.layer_graph import INPUT, LayerGraph, Parameters, Plan
from pybp.layers import (
    AlphaDropout,
    BatchNorm,
    Dropout,
    GaussianNoise,
    GroupedDense,
    LayerNorm,
    LayerSpec,
    ParametricActivation,
    RMSNorm,
    Scale,
)

__all__ = ["read_torch"]

_NAMES: dict[str, type[ActivationFunction]] = {
    "relu": f.ReLU,
    "relu6": f.ReLU6,
    "selu": f.SELU,
    "silu": f.SiLU,
    "mish": f.Mish,
    "softplus": f.Softplus,
    "softsign": f.Softsign,
    "sigmoid": f.Sigmoid,
    "tanh": f.Tanh,
    "hardsigmoid": f.HardSigmoid,
    "hardswish": f.HardSwish,
    "softmax": f.Softmax,
    "elu": f.ELU,
    "leaky_relu": f.LeakyReLU,
    "leakyrelu": f.LeakyReLU,
    "gelu": f.GELU,
}
"""torch's names of modules and functions, in lower case."""
_WITHOUT_EFFECT = ("identity", "flatten", "contiguous", "float", "double")


def read_torch(module: Any) -> tuple[Plan, DType, Callable[[Array], Array]]:
    """The layers of a module, their type, and a function that computes its outputs.

    Raises
    ------
    TypeError
        It is no module.
    ArgumentError
        It can't be traced, or consists of more than an MLP does.
    """
    torch = require("torch", "from_torch")
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {shown(module)}")
    graph = _traced(torch, module)
    dtypes = {parameter.dtype for parameter in module.parameters()}
    names: dict[Any, DType] = {
        torch.float32: np.dtype(np.float32),
        torch.float64: np.dtype(np.float64),
    }
    if len(dtypes) != 1 or not dtypes <= names.keys():
        raise ArgumentError(
            f"the module's parameters are of {dtypes or 'no type'}; expected one of float32 and float64"
        )
    reader = _ModuleReader(torch, dict(module.named_modules()), module)
    plan = reader.read(graph)
    return plan, names[dtypes.pop()], lambda rows: _outputs(torch, module, rows)


def _traced(torch: Any, module: Any) -> Any:
    """The module's graph, in evaluation mode."""

    class Tracer(torch.fx.Tracer):  # type: ignore[misc]
        def is_leaf_module(self, inner: Any, name: str) -> bool:
            return bool(super().is_leaf_module(inner, name)) or _name(inner) in _MODULES

    with _Evaluation(module):
        try:
            return Tracer().trace(module)
        except Exception as error:
            raise ArgumentError(
                f"the module can't be traced by torch.fx: {error!r:.200}"
            ) from error


class _Evaluation:
    """The evaluation mode within a ``with`` block; afterwards each module has its own mode again."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._modes = [(each, each.training) for each in module.modules()]

    def __enter__(self) -> None:
        self._module.eval()

    def __exit__(self, *_: object) -> None:
        for module, mode in self._modes:
            module.training = mode


def _outputs(torch: Any, module: Any, rows: Array) -> Array:
    device = next(module.parameters()).device
    with _Evaluation(module), torch.no_grad():
        return np.asarray(module(torch.from_numpy(rows).to(device)).cpu().numpy())


def _array(tensor: Any) -> Array | None:
    return None if tensor is None else np.array(tensor.detach().cpu().numpy())


def _name(module: Any) -> str:
    return type(module).__name__


class _ModuleReader:
    """Reads a traced graph node by node; `values` are the layers that its nodes stand for."""

    def __init__(self, torch: Any, modules: dict[str, Any], root: Any) -> None:
        self._torch, self._modules, self._root = torch, modules, root
        self._values: dict[Any, int | Array] = {}
        self.layers = LayerGraph(1)

    def read(self, graph: Any) -> Plan:
        nodes = list(graph.nodes)
        inputs = [node for node in nodes if node.op == "placeholder"]
        if len(inputs) != 1:
            raise ArgumentError(f"the module has {len(inputs)} inputs; expected one")
        self.layers = LayerGraph(self._width(nodes))
        for node in nodes:
            if node.op == "placeholder":
                self._values[node] = INPUT
            elif node.op == "output":
                return self.layers.plan(self._source(node.args[0], "the output"))
            else:
                read = {"call_module": self._module, "get_attr": self._attribute}.get(node.op)
                self._values[node] = (read or self._function)(node)
        raise ArgumentError("the module has no output")

    def _width(self, nodes: list[Any]) -> int:
        """The number of inputs: that of the first module which has one."""
        for node in nodes:
            module = self._modules.get(node.target) if node.op == "call_module" else None
            for name in ("in_features", "num_features", "normalized_shape", "n_in"):
                found = getattr(module, name, None)
                if found is not None:
                    return int(found[-1] if isinstance(found, tuple) else found)
        raise ArgumentError("the module's number of inputs is not known: it has no Linear layer")

    def _source(self, node: Any, name: str) -> int:
        value = self._values.get(node) if isinstance(node, self._torch.fx.Node) else None
        if not isinstance(value, int):
            raise ArgumentError(f"{name} reads what is no output of a layer")
        return value

    def _attribute(self, node: Any) -> int | Array:
        owner = self._root
        for part in node.target.split("."):
            owner = getattr(owner, part)
        array = _array(owner)
        assert array is not None
        return array

    def _module(self, node: Any) -> int | Array:
        module, name = (
            self._modules[node.target],
            f"{node.target} ({_name(self._modules[node.target])})",
        )
        source = self._source(node.args[0], name)
        if _name(module) in _MODULES:
            return _MODULES[_name(module)](self.layers, module, source, name)
        key = _name(module).lower()
        if key in _NAMES:
            return self._activation(key, source, vars(module), name)
        if key in _WITHOUT_EFFECT:
            return source
        raise ArgumentError(f"{name} is no layer that pybp has")

    def _activation(self, key: str, source: int, options: Any, name: str) -> int:
        kind = _NAMES[key]
        if key == "softmax" and options.get("dim", -1) not in (-1, 1):
            raise ArgumentError(f"{name} is not over the features")
        if key == "gelu" and options.get("approximate", "none") != "none":
            return self.layers.activation(source, f.GELUTanh(), name)
        if key == "softplus" and options.get("beta", 1.0) != 1.0:
            raise ArgumentError(f"{name} has another beta than 1")
        if kind is f.LeakyReLU:
            slope = float(options.get("negative_slope", 0.01))
            return self.layers.activation(source, f.LeakyReLU(slope), name)
        if kind is f.ELU:
            return self.layers.activation(source, f.ELU(float(options.get("alpha", 1.0))), name)
        return self.layers.activation(source, kind(), name)

    def _function(self, node: Any) -> int | Array:
        """A function or a method of a tensor."""
        key = node.target if isinstance(node.target, str) else node.target.__name__
        name = f"{node.name} ({key})"
        if key in ("add", "mul", "iadd"):
            return self._sum_or_scale(node, key, name)
        if key == "cat":
            return self._side_by_side(node, name)
        source = self._source(node.args[0], name)
        if key in _NAMES:
            options = dict(node.kwargs)
            if len(node.args) > 1:
                first = {"leaky_relu": "negative_slope", "elu": "alpha", "softmax": "dim"}
                options[first.get(key, "")] = node.args[1]
            return self._activation(key, source, options, name)
        if key in (*_WITHOUT_EFFECT, "dropout", "alpha_dropout", "view", "reshape"):
            return source
        raise ArgumentError(f"{name} is no layer that pybp has")

    def _side_by_side(self, node: Any, name: str) -> int:
        dim = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0)
        if len(node.args[0]) != 2 or dim not in (1, -1):
            raise ArgumentError(f"{name} doesn't put the features of two layers side by side")
        source, branch = (self._source(each, name) for each in node.args[0])
        return self.layers.concat(source, branch, name)

    def _sum_or_scale(self, node: Any, key: str, name: str) -> int:
        values = [
            self._values.get(a) if isinstance(a, self._torch.fx.Node) else a for a in node.args
        ]
        layers = [
            value for value in values if isinstance(value, int) and not isinstance(value, bool)
        ]
        arrays = [value for value in values if isinstance(value, np.ndarray)]
        if (
            len(values) == 2
            and len(layers) == 2
            and key != "mul"
            and all(isinstance(a, self._torch.fx.Node) for a in node.args)
        ):
            return self.layers.add(layers[0], layers[1], name)
        if len(values) != 2 or len(layers) != 1 or len(arrays) != 1:
            raise ArgumentError(
                f"{name} is neither a sum of two layers nor a scale or shift by parameters"
            )
        width = self.layers.width(layers[0])
        vector = np.broadcast_to(arrays[0], (width,)).copy() if arrays[0].size == 1 else arrays[0]
        parameters = (
            Parameters(vector) if key == "mul" else Parameters(np.ones_like(vector), vector)
        )
        return self.layers.layer(layers[0], Scale(bias=key != "mul"), parameters, name)


# ---- modules with parameters or options ------------------------------------------------------


def _linear(layers: LayerGraph, module: Any, source: int, name: str) -> int:
    weights = _array(module.weight)
    assert weights is not None
    return layers.dense(source, weights, _array(module.bias), name)


def _batch_norm(layers: LayerGraph, module: Any, source: int, name: str) -> int:
    if module.running_mean is None or module.momentum is None:
        raise ArgumentError(f"{name} has no running statistics with a momentum")
    spec = BatchNorm(float(module.momentum), float(module.eps), affine=bool(module.affine))
    mean, variance = _array(module.running_mean), _array(module.running_var)
    assert mean is not None
    assert variance is not None
    own = Parameters(_array(module.weight), _array(module.bias), (mean, variance))
    return layers.layer(source, spec, own, name)


def _layer_norm(layers: LayerGraph, module: Any, source: int, name: str) -> int:
    weights, biases = _array(module.weight), _array(module.bias)
    spec = LayerNorm(float(module.eps), affine=weights is not None, bias=biases is not None)
    return layers.layer(source, spec, Parameters(weights, biases), name)


def _rms_norm(layers: LayerGraph, module: Any, source: int, name: str) -> int:
    weights = _array(module.weight)
    kind = np.float32 if weights is None else weights.dtype
    eps = float(np.finfo(kind).eps) if module.eps is None else float(module.eps)
    return layers.layer(source, RMSNorm(eps, affine=weights is not None), Parameters(weights), name)


def _scale(layers: LayerGraph, module: Any, source: int, name: str) -> int:
    biases = _array(module.bias)
    own = Parameters(_array(module.weight), biases)
    return layers.layer(source, Scale(bias=biases is not None), own, name)


def _dropout(spec: type[Dropout] | type[AlphaDropout]) -> Callable[..., int]:
    def read(layers: LayerGraph, module: Any, source: int, name: str) -> int:
        return layers.layer(source, spec(float(module.p)), Parameters(), name)

    return read


def _noise(layers: LayerGraph, module: Any, source: int, name: str) -> int:
    return layers.layer(source, GaussianNoise(module.std), Parameters(), name)


def _parametric(layers: LayerGraph, module: Any, source: int, name: str) -> int:
    spec: LayerSpec = ParametricActivation(module.spec)
    return layers.layer(source, spec, Parameters(_array(module.weight)), name)


def _grouped_dense(layers: LayerGraph, module: Any, source: int, name: str) -> int:
    weights, biases = _array(module.weight), _array(module.bias)
    assert weights is not None
    node = layers.grouped_dense(source, weights, module.groups, name)
    if biases is not None:
        fan, n_out = weights.shape[1], len(weights) // module.groups
        layers.replace(node, GroupedDense(fan, n_out), Parameters(weights, biases))
    return node


def _periodic(layers: LayerGraph, module: Any, source: int, name: str) -> int:
    weights, biases = _array(module.weight), _array(module.bias)
    assert weights is not None
    assert biases is not None
    return layers.periodic(source, module.columns, weights, biases, name)


def _embeddings(layers: LayerGraph, module: Any, source: int, name: str) -> int:
    if source != INPUT:
        raise ArgumentError(f"{name} is not the first layer")
    tables = zip(module.columns, module.tables, strict=True)
    return layers.embedding({c: _array(t.weight).T for c, t in tables}, name)  # type: ignore[union-attr]


_MODULES: dict[str, Callable[[LayerGraph, Any, int, str], int]] = {
    "Linear": _linear,
    "BatchNorm1d": _batch_norm,
    "LayerNorm": _layer_norm,
    "RMSNorm": _rms_norm,
    "Dropout": _dropout(Dropout),
    "AlphaDropout": _dropout(AlphaDropout),
    "PybpScale": _scale,
    "PybpGaussianNoise": _noise,
    "PybpParametricActivation": _parametric,
    "PybpEmbedding": _embeddings,
    "PybpGroupedDense": _grouped_dense,
    "PybpPeriodic": _periodic,
}
"""By the name of the class; those of `to_torch` begin with Pybp."""
