"""The oracle's twin of a net, made from the list of layers that the net was made from."""

import dataclasses

import numpy as np

from pybp import Concat, Dense, GroupedDense, Periodic, PeriodicEmbedding
from pybp._common.specs import resolve
from pybp.initializers import Auto, Initializer, Normal, Uniform

from oracle import Net
from oracle.initializers import initial_weights
from oracle.net import Layer
from oracle.random import WEIGHTS, normal_quantile, uniform, words


class Twin:
    """The oracle's layers for a list of layers as `MLP` takes it.

    The method for each kind of layer states its options, their defaults, what they mean and which
    parameters the layer has. Nothing here comes from the layers that pybp made of the list, so if
    pybp drops an option, a test fails.
    """

    def __init__(self, layers, activation="relu", output=None):
        self.layers = []
        self.usual = activation
        self.source, self.width = -1, layers[0]  # the layer that the next one reads, and its width
        *hidden, last = layers[1:]
        for entry in hidden:
            self.read(entry)
        if isinstance(last, int):
            self.dense(last, output)
        elif output is not None and isinstance(last, Dense):
            self.read(dataclasses.replace(last, activation=output))
        else:
            self.read(last)
            if output is not None:
                self.activation(output)

    def read(self, entry):
        if isinstance(entry, PeriodicEmbedding):
            n, r = entry.n_frequencies, entry.n_frequencies**-0.5
            options = {"init": Uniform(r), "bias_std": r / 3**0.5, "lr_factor": entry.lr_factor}
            periodic = Periodic(n, entry.columns, entry.init, lr_factor=entry.lr_factor)
            entry = Concat([periodic, GroupedDense(n, entry.n_out, **options)])
        if isinstance(entry, int):
            self.dense(entry, self.usual)
        else:
            spec = entry() if isinstance(entry, type) else entry
            given = {field.name: getattr(spec, field.name) for field in dataclasses.fields(spec)}
            getattr(self, spec.name)(**given)

    def push(self, kind, *, width=None, inputs=None, own=(), params=(), **training):
        """Append a layer; `params` are arguments of `Parameters`, `training` options of training."""
        inputs = (self.source,) if inputs is None else inputs
        self.source, self.width = len(self.layers), width or self.width
        stated = Parameters(self.width, kind == "batch_norm", **dict(params))
        self.layers.append((stated, Layer(None, None, kind=kind, inputs=inputs, own=dict(own))))
        for name, value in training.items():
            setattr(self.layers[-1][1], name, value)

    def activated(self, activation):
        """Give the last layer its activation, a name or a spec."""
        layer = self.layers[-1][1]
        if activation is not None:
            named = isinstance(activation, str)
            layer.activation = activation if named else activation.name
            layer.params = {} if named else dataclasses.asdict(activation)

    def dense(
        self,
        n_out,
        activation=None,
        init=None,
        bias=True,
        bias_init=0.0,
        *,
        bias_std=0.0,
        l1=0.0,
        l2=0.0,
        lr_factor=1.0,
        bias_lr_factor=1.0,
        max_norm=None,
        trainable=True,
        parametrization="standard",
    ):
        weights = (n_out, self.width)
        starts = {"init": init, "bias_init": bias_init, "bias_std": bias_std}
        self.push(
            "dense",
            width=n_out,
            params={"weights": weights, "bias": bias, **starts},
            l1=l1,
            l2=l2,
            lr_factor=lr_factor,
            bias_lr_factor=bias_lr_factor,
            max_norm=max_norm or 0.0,
            trainable=trainable,
            parametrization=parametrization,
        )
        self.activated(activation)

    def activation(self, activation):
        self.push("activation")
        self.activated(activation)

    def grouped_dense(
        self,
        n_in,
        n_out,
        activation=None,
        init=None,
        bias=True,
        bias_init=0.0,
        *,
        bias_std=0.0,
        l1=0.0,
        l2=0.0,
        lr_factor=1.0,
        bias_lr_factor=1.0,
        max_norm=None,
        trainable=True,
        parametrization="standard",
    ):
        width = self.width // n_in * n_out
        starts = {"init": init, "bias_init": bias_init, "bias_std": bias_std}
        self.push(
            "grouped_dense",
            width=width,
            params={"weights": (width, n_in), "bias": bias, "group": n_out, **starts},
            l1=l1,
            l2=l2,
            lr_factor=lr_factor,
            bias_lr_factor=bias_lr_factor,
            max_norm=max_norm or 0.0,
            trainable=trainable,
            parametrization=parametrization,
        )
        self.activated(activation)

    def periodic(
        self,
        n_frequencies=16,
        columns=None,
        init="auto",
        *,
        l1=0.0,
        l2=0.0,
        lr_factor=1.0,
        bias_lr_factor=1.0,
        trainable=True,
    ):
        width = (self.width if columns is None else len(columns)) * n_frequencies
        self.push(
            "periodic",
            width=width,
            own={"columns": columns},
            params={"weights": (width, 1), "bias": True, "init": init},
            l1=l1,
            l2=l2,
            lr_factor=lr_factor,
            bias_lr_factor=bias_lr_factor,
            trainable=trainable,
        )

    def concat(self, layers):
        source, width = self.source, self.width
        for entry in layers:
            self.read(entry)
        self.push("concat", width=width + self.width, inputs=(source, self.source))

    def parametric_activation(self, activation, *, lr_factor=0.1, trainable=True):
        params = {"weights": (self.width,)}
        options = {"lr_factor": lr_factor, "trainable": trainable}
        self.push("parametric_activation", params=params, **options)
        self.activated(activation)

    def norm(self, kind, affine, bias, own, **training):
        weights = (self.width,) if affine else None
        self.push(kind, own=own, params={"weights": weights, "bias": affine and bias}, **training)

    def batch_norm(self, momentum=0.1, eps=1e-5, affine=True):
        self.norm("batch_norm", affine, True, {"momentum": momentum, "eps": eps})

    def layer_norm(self, eps=1e-5, affine=True, bias=True):
        self.norm("layer_norm", affine, bias, {"eps": eps})

    def rms_norm(self, eps=1e-5, affine=True, bias=False):
        self.norm("rms_norm", affine, bias, {"eps": eps})

    def scale(self, bias=False, lr_factor=1.0, trainable=True):
        self.norm("scale", True, bias, {}, lr_factor=lr_factor, trainable=trainable)

    def dropout(self, rate=0.5):
        self.push("dropout", own={"rate": rate})

    def alpha_dropout(self, rate=0.5):
        self.push("alpha_dropout", own={"rate": rate})

    def gaussian_noise(self, std=0.1):
        self.push("gaussian_noise", own={"std": std})

    def add(self, layers, projection="auto", activation=None):
        source, width = self.source, self.width
        for entry in layers:
            self.read(entry)
        inputs, wide = (self.source, source), self.width
        if projection is True or (projection == "auto" and width != wide):
            projection = Dense(wide)
        if isinstance(projection, Dense):
            self.source, self.width = source, width
            self.read(projection)
            inputs = self.source, inputs[0]  # the layer right before comes first
        self.push("add", width=wide, inputs=inputs)
        if activation is not None:
            self.activation(activation)

    def embedding(self, columns, init=None):
        n_in = self.width
        for column, (n_categories, dim) in columns.items():
            params = {"weights": (dim, n_categories), "init": init}
            self.push("embedding", width=dim, inputs=(-1,), params=params, column=column)
        places = range(len(columns))
        width = n_in - len(columns) + sum(dim for _, dim in columns.values())
        own = {str(column): column for column in columns}
        self.push("join", width=width, inputs=(-1, *places), own=own)


@dataclasses.dataclass
class Parameters:
    """Which parameters a layer has, and where they start."""

    width: int
    statistics: bool
    weights: tuple[int, ...] | None = None  # their shape
    bias: bool = False
    init: object = None  # that of the net
    bias_init: float = 0.0
    bias_std: float = 0.0
    group: int = 0  # outputs of a group of a grouped layer

    def check(self, W, b, running):
        """Assert that the arrays of a layer exist and have the shapes stated."""
        shape = (self.width,)
        assert (None if W is None else W.shape) == self.weights
        assert (None if b is None else b.shape) == (shape if self.bias else None)
        assert [part.shape for part in running or ()] == [shape] * 2 * self.statistics

    def initial(self, layer, place, seed, init):
        """W, b and statistics of a new net with the initialiser `init`."""
        W = None if self.weights is None else np.ones(self.weights)
        if layer.kind in ("dense", "embedding", "grouped_dense", "periodic"):
            chosen = init if self.init is None else resolve(self.init, Initializer, "init")
            if layer.kind == "embedding" and chosen == Auto():
                chosen = Normal(1.0)
            if layer.kind == "periodic" and chosen == Auto():
                chosen = Normal(0.1)
            value = next(iter(dataclasses.astuple(chosen)), 0.0)
            options = {"activation": layer.activation, "value": value, "group": self.group}
            W = initial_weights(chosen.name, *self.weights, seed=seed, layer=place, **options)
        b = None
        if self.bias:
            deviates = normal_quantile(uniform(words(seed, WEIGHTS, place, self.width, third=1)))
            b = self.bias_init + self.bias_std * deviates
            if layer.kind == "periodic":
                b = np.pi * (2 * uniform(words(seed, WEIGHTS, place, self.width, third=1)) - 1)
        running = (np.zeros(self.width), np.ones(self.width)) if self.statistics else None
        return W, b, running


def twin(net, layers, activation="relu", output=None):
    """The oracle's net for the list of layers that `net` was made from, with its parameters."""
    stated = Twin(layers, activation, output).layers
    arrays = zip(net.weights, net.biases, net.running_statistics, strict=True)
    for (parameters, layer), (W, b, running) in zip(stated, arrays, strict=True):
        parameters.check(W, b, running)
        layer.W, layer.b = double(W), double(b)
        layer.running = running and (double(running[0]), double(running[1]))
        if layer.W is not None:
            layer.W = layer.W / layer.scale
    return Net([layer for _, layer in stated], net.seed)


def double(array):
    return None if array is None else np.float64(array)
