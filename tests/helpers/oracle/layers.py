r"""Layers: what each computes forward and backward.

A layer reads one array, or several, of rows (samples) by columns (features), and leaves z and
a; the net itself applies the activation of the layers that have one.  A backward pass starts from
:math:`\delta`: dL/dz of a layer with an activation, dL/da of the others.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .activations import ACTIVATIONS
from .activations import Activation as Function
from .random import MASKS, normal_quantile, uniform, words

Array = np.ndarray


@dataclass
class Layer:
    """Parameters of a layer; W or b is None for a layer without."""

    W: Array | None
    b: Array | None
    activation: str = "identity"
    kind: str = "dense"
    params: dict[str, float] = field(default_factory=dict)  # of the activation
    own: dict[str, float] = field(default_factory=dict)  # of the layer
    inputs: tuple[int, ...] | None = (
        None  # layers it reads, -1 the net's input; None: the one before
    )
    column: int = 0  # of an embedding
    running: tuple[Array, Array] | None = None  # mean and variance of batch normalisation
    # How it is trained.
    l1: float = 0.0
    l2: float = 0.0
    lr_factor: float = 1.0
    bias_lr_factor: float = 1.0
    max_norm: float = 0.0  # none
    trainable: bool = True
    parametrization: str = "standard"

    @property
    def scale(self) -> float:
        r""":math:`1 / \sqrt{n}` in the neural tangent kernel's parametrization, n weights a neuron."""
        if self.kind == "periodic":
            return 2 * np.pi
        return self.W.shape[1] ** -0.5 if self.parametrization == "ntk" else 1.0

    @property
    def penalty(self) -> float:
        r""":math:`\lambda_1 \sum |w| + \frac{\lambda_2}{2} \sum w^2`."""
        if self.W is None or not self.trainable:
            return 0.0
        return self.l1 * float(np.abs(self.W).sum()) + self.l2 / 2 * float((self.W**2).sum())

    def penalized(self, dW: Array) -> Array:
        """The gradient with that of the penalty."""
        return dW + self.l1 * np.sign(self.W) + self.l2 * self.W

    def constrain(self) -> None:
        """Rows of W that are longer than max_norm get that length."""
        if self.max_norm:
            norms = np.sqrt((self.W**2).sum(axis=1, keepdims=True))
            self.W = self.W * np.minimum(1.0, self.max_norm / np.maximum(norms, 1e-300))


@dataclass(frozen=True)
class Frame:
    """Of a pass: whether it is one of training, and the address of its random numbers."""

    training: bool = False
    seed: int = 0
    layer: int = 0
    number: int = 0  # of the passes in training before it


@dataclass
class Pass:
    """What one forward and one backward pass compute in a layer; rows are samples."""

    inputs: list[Array]
    z: Array | None
    a: Array
    memory: Any = None  # what its backward pass needs
    frame: Frame = Frame()  # frozen
    delta: Array | None = None
    dW: Array | None = None
    db: Array | None = None
    backs: list[Array] = field(default_factory=list)  # one for each input

    @property
    def input(self) -> Array:
        """The first input."""
        return self.inputs[0]

    @property
    def back(self) -> Array:
        """dL/da of the first input."""
        return self.backs[0]


def gain(layer: Layer) -> Array | float:
    """gamma, 1 without."""
    return 1.0 if layer.W is None else layer.W


def shift(layer: Layer) -> Array | float:
    """beta, 0 without."""
    return 0.0 if layer.b is None else layer.b


class Kind:
    """One kind of layer."""

    activated = False  # whether an activation follows, so that a is still to come

    @staticmethod
    def activation(layer: Layer) -> Function:
        """That activation."""
        return ACTIVATIONS[layer.activation]

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[Array | None, Array, Any]:
        """z, a, and what the backward pass needs."""
        raise NotImplementedError

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[Any, Any, list[Array]]:
        """dW, db, and the contribution to dL/da of each input."""
        raise NotImplementedError


class Dense(Kind):
    r"""z = W a + b for every row a of the input; W is (n_out, n_in), b is (n_out,) or None.

    In the neural tangent kernel's parametrization :math:`z = W a / \sqrt{n_{in}} + b`.
    """

    activated = True

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[Array, Array, None]:
        r""":math:`z_j = \sum_k w_{jk} a_k + b_j`."""
        z = inputs[0] @ layer.W.T * layer.scale + shift(layer)
        return z, z, None

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[Array, Array, list[Array]]:
        r"""Steps 2 to 4 of the textbook, summed over the rows of a minibatch.

        :math:`\partial L/\partial w_{jk} = \delta_j a_k`, :math:`\partial L/\partial b_j = \delta_j`,
        and the responsibility passed to the layer before, :math:`\sum_j w_{jk} \delta_j`.
        """
        s = layer.scale
        return s * (delta.T @ p.input), np.sum(delta, axis=0), [s * (delta @ layer.W)]


class Activation(Kind):
    """z is the input; the activation follows."""

    activated = True

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[Array, Array, None]:
        return inputs[0], inputs[0], None

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[None, None, list[Array]]:
        return None, None, [delta]


class ParametricActivation(Kind):
    r""":math:`a = x + \alpha (f(x) - x)`, with z = f(x)."""

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[Array, Array, None]:
        (x,) = inputs
        z = ACTIVATIONS[layer.activation].f(x, **layer.params)
        return z, (1 - layer.W) * x + layer.W * z, None

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[Array, None, list[Array]]:
        through = ACTIVATIONS[layer.activation].backward(delta, p.input, p.z, **layer.params)
        dalpha = np.sum(delta * (p.z - p.input), axis=0)
        return dalpha, None, [(1 - layer.W) * delta + layer.W * through]


class GroupedDense(Kind):
    """For each group of inputs a dense layer of its own: W is (n_out, inputs of a group)."""

    activated = True

    @staticmethod
    def cut(layer: Layer, x: Array) -> tuple[Array, Array]:
        """x as (rows, groups, inputs of a group), W as (groups, outputs of a group, inputs)."""
        fan = layer.W.shape[1]
        x = x.reshape(len(x), -1, fan)
        return x, layer.W.reshape(x.shape[1], -1, fan)

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[Array, Array, None]:
        x, W = GroupedDense.cut(layer, inputs[0])
        z = np.einsum("rgi,goi->rgo", x, W).reshape(len(x), -1) * layer.scale + shift(layer)
        return z, z, None

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[Array, Array, list[Array]]:
        x, W = GroupedDense.cut(layer, p.input)
        by_group = delta.reshape(len(x), len(W), -1)
        dW = layer.scale * np.einsum("rgo,rgi->goi", by_group, x).reshape(layer.W.shape)
        back = layer.scale * np.einsum("rgo,goi->rgi", by_group, W).reshape(p.input.shape)
        return dW, np.sum(delta, axis=0), [back]


class Periodic(Kind):
    r""":math:`a = \cos(z)`, :math:`z = 2 \pi w x + b`, for columns x; `delta` is dL/dz."""

    activated = True

    @staticmethod
    def activation(layer: Layer) -> Function:
        return Function(np.cos, lambda g, z, a: -g * np.sin(z))

    @staticmethod
    def spread(layer: Layer, x: Array) -> tuple[Array, Array]:
        """The column of each output, and its values."""
        columns = layer.own["columns"] or range(x.shape[1])
        column = np.repeat(columns, len(layer.W) // len(columns))
        return column, x[:, column]

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[Array, Array, None]:
        _, x = Periodic.spread(layer, inputs[0])
        z = layer.scale * layer.W[:, 0] * x + shift(layer)
        return z, np.cos(z), None

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[Array, Array, list[Array]]:
        column, x = Periodic.spread(layer, p.input)
        back = np.zeros_like(p.input)
        np.add.at(back.T, column, (layer.scale * layer.W[:, 0] * delta).T)
        dW = layer.scale * np.sum(delta * x, axis=0)[:, None]
        return dW, np.sum(delta, axis=0), [back]


class Concat(Kind):
    """The outputs of two layers side by side."""

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[None, Array, None]:
        return None, np.hstack(inputs), None

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[None, None, list[Array]]:
        return None, None, np.split(delta, [p.input.shape[1]], axis=1)


class Affine(Kind):
    r"""Base of the norms: :math:`a = \gamma z + \beta`, and its gradients."""

    @staticmethod
    def gradients(layer: Layer, z: Array, delta: Array) -> tuple[Array, Array]:
        r""":math:`\sum_r \delta_{rj} z_{rj}` and :math:`\sum_r \delta_{rj}`."""
        return np.sum(delta * z, axis=0), np.sum(delta, axis=0)


class BatchNorm(Affine):
    r"""Ioffe and Szegedy (2015), algorithm 1 and section 3: statistics of a feature over the rows.

    Running statistics as in PyTorch: the unbiased variance, ``r += momentum (batch - r)``.
    """

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[Array, Array, Array]:
        (x,) = inputs
        if frame.training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            momentum, unbiased = layer.own["momentum"], x.var(axis=0, ddof=1)
            old_mean, old_var = layer.running
            layer.running = (
                (1 - momentum) * old_mean + momentum * mean,
                (1 - momentum) * old_var + momentum * unbiased,
            )
        else:
            mean, var = layer.running
        std = np.sqrt(var + layer.own["eps"])
        z = (x - mean) / std
        return z, gain(layer) * z + shift(layer), std

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[Array, Array, list[Array]]:
        r"""Mean and variance depend on every row:
        :math:`\frac{1}{\sigma}(g - \overline{g} - z\,\overline{g z})`, :math:`g = \gamma\delta`."""
        g = delta * gain(layer)
        if p.frame.training:
            g = g - g.mean(axis=0) - p.z * (g * p.z).mean(axis=0)
        return *Affine.gradients(layer, p.z, delta), [g / p.memory]


class LayerNorm(Affine):
    """Ba, Kiros and Hinton (2016): statistics of a row over its features."""

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[Array, Array, Array]:
        (x,) = inputs
        std = np.sqrt(x.var(axis=1, keepdims=True) + layer.own["eps"])
        z = (x - x.mean(axis=1, keepdims=True)) / std
        return z, gain(layer) * z + shift(layer), std

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[Array, Array, list[Array]]:
        g = delta * gain(layer)
        back = g - g.mean(axis=1, keepdims=True) - p.z * (g * p.z).mean(axis=1, keepdims=True)
        return *Affine.gradients(layer, p.z, delta), [back / p.memory]


class RMSNorm(Affine):
    """Zhang and Sennrich (2019): the root mean square of a row."""

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[Array, Array, Array]:
        (x,) = inputs
        rms = np.sqrt(np.mean(x**2, axis=1, keepdims=True) + layer.own["eps"])
        return x / rms, gain(layer) * x / rms + shift(layer), rms

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[Array, Array, list[Array]]:
        g = delta * gain(layer)
        back = g - p.z * (g * p.z).mean(axis=1, keepdims=True)
        return *Affine.gradients(layer, p.z, delta), [back / p.memory]


class Scale(Affine):
    r""":math:`a = \gamma x + \beta`."""

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[None, Array, None]:
        return None, gain(layer) * inputs[0] + shift(layer), None

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[Array, Array, list[Array]]:
        return *Affine.gradients(layer, p.input, delta), [delta * gain(layer)]


def kept(shape: tuple[int, ...], rate: float, frame: Frame) -> tuple[Array, float]:
    """Which elements a mask keeps, and the fraction that it keeps. Rate is a multiple of 2^-16.

    A word holds four elements, 16 bits each from the lowest on; a row begins with a new word.
    """
    rows, n = shape
    per_row = 4 * -(-n // 16)
    word = words(frame.seed, MASKS, frame.layer, rows * per_row, third=frame.number)
    parts = word.reshape(rows, per_row, 1) >> (np.uint64(16) * np.arange(4, dtype=np.uint64))
    number = (parts & np.uint64(0xFFFF)).reshape(rows, -1)[:, :n]
    threshold = min(int(rate * 65536 + 0.5), 65535)
    return number >= threshold, 1 - threshold / 65536


class Dropout(Kind):
    """Srivastava et al. (2014), inverted: what is kept grows by 1 / (1 - rate) in training."""

    @staticmethod
    def forward(
        layer: Layer, inputs: list[Array], frame: Frame
    ) -> tuple[Array | None, Array, None]:
        if not frame.training:
            return None, inputs[0], None
        mask, fraction = kept(inputs[0].shape, layer.own["rate"], frame)
        z = mask / fraction
        return z, inputs[0] * z, None

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[None, None, list[Array]]:
        return None, None, [delta if p.z is None else delta * p.z]


class AlphaDropout(Dropout):
    r"""Klambauer et al. (2017), section 3: what is dropped becomes :math:`\alpha' =
    -\lambda\alpha`, and an affine map restores mean 0 and variance 1."""

    @staticmethod
    def forward(
        layer: Layer, inputs: list[Array], frame: Frame
    ) -> tuple[Array | None, Array, None]:
        if not frame.training:
            return None, inputs[0], None
        mask, q = kept(inputs[0].shape, layer.own["rate"], frame)
        low = -1.7580993408473769
        a = (q + low**2 * q * (1 - q)) ** -0.5
        b = -a * (1 - q) * low
        return a * mask, a * np.where(mask, inputs[0], low) + b, None


class GaussianNoise(Kind):
    r""":math:`a = x + N(0, \sigma^2)` in training."""

    @staticmethod
    def forward(
        layer: Layer, inputs: list[Array], frame: Frame
    ) -> tuple[Array | None, Array, None]:
        (x,) = inputs
        if not frame.training:
            return None, x, None
        word = words(frame.seed, MASKS, frame.layer, x.size, third=frame.number)
        z = layer.own["std"] * normal_quantile(uniform(word)).reshape(x.shape)
        return z, x + z, None

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[None, None, list[Array]]:
        return None, None, [delta]


class Add(Kind):
    """The sum of two layers: He et al. (2016), equation 1."""

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[None, Array, None]:
        return None, inputs[0] + inputs[1], None

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[None, None, list[Array]]:
        return None, None, [delta, delta]


class Embedding(Kind):
    """Column k of W for category k: W times a one-hot vector."""

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[None, Array, Array]:
        one_hot = np.eye(layer.W.shape[1])[inputs[0][:, layer.column].astype(int)]
        return None, one_hot @ layer.W.T, one_hot

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[Array, None, list[Array]]:
        return delta.T @ p.memory, None, [np.zeros_like(p.input)]


class Join(Kind):
    """The net's other columns, then the embeddings.  `own` names the columns with categories."""

    @staticmethod
    def forward(layer: Layer, inputs: list[Array], frame: Frame) -> tuple[None, Array, list[int]]:
        x, *embedded = inputs
        others = [k for k in range(x.shape[1]) if k not in layer.own.values()]
        return None, np.hstack([x[:, others], *embedded]), others

    @staticmethod
    def backward(layer: Layer, p: Pass, delta: Array) -> tuple[None, None, list[Array]]:
        x, *embedded = p.inputs
        cuts = np.cumsum([len(p.memory), *(e.shape[1] for e in embedded)])[:-1]
        first, *rest = np.split(delta, cuts, axis=1)
        back = np.zeros_like(x)
        back[:, p.memory] = first
        return None, None, [back, *rest]


LAYERS: dict[str, type[Kind]] = {
    "dense": Dense,
    "activation": Activation,
    "parametric_activation": ParametricActivation,
    "grouped_dense": GroupedDense,
    "periodic": Periodic,
    "concat": Concat,
    "batch_norm": BatchNorm,
    "layer_norm": LayerNorm,
    "rms_norm": RMSNorm,
    "scale": Scale,
    "dropout": Dropout,
    "alpha_dropout": AlphaDropout,
    "gaussian_noise": GaussianNoise,
    "add": Add,
    "embedding": Embedding,
    "join": Join,
}
