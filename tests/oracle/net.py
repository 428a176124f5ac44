"""The training cycle of the textbook: forward pass, loss, backward pass, update, repeat."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .activations import ACTIVATIONS, Array
from .initializers import initial_weights
from .layers import LAYERS
from .losses import Loss, loss_of, one_hot
from .optimizers import Optimizer, State, clip_norm, clip_value
from .random import permutation


@dataclass
class Layer:
    """Parameters of a layer; b is None for a layer without bias."""

    W: Array
    b: Array | None
    activation: str = "identity"
    kind: str = "dense"
    params: dict[str, float] = field(default_factory=dict)  # of the activation


@dataclass
class Pass:
    """What one forward and one backward pass compute in a layer; rows are samples."""

    input: Array
    z: Array
    a: Array
    delta: Array | None = None
    dW: Array | None = None
    db: Array | None = None
    back: Array | None = None


@dataclass
class Update:
    """An optimizer with what is common to all: clipping, and the treatment of biases."""

    rule: Optimizer
    lr: float
    clip_norm: float = 0.0
    clip_value: float = 0.0
    no_bias_decay: bool = False
    bias_lr_factor: float = 1.0


class Net:
    """A multilayer perceptron.

    Parameters
    ----------
    layers : sequence of Layer
        From the input to the output.
    seed : int
        Of the order in which epochs visit the rows.
    """

    def __init__(self, layers: Sequence[Layer], seed: int = 0) -> None:
        self.layers = list(layers)
        self.seed = seed
        self.epochs = 0
        self.rule: type[Optimizer] | None = None
        self.states: list[State] = []

    @classmethod
    def create(
        cls, sizes: Sequence[int], activations: Sequence[str], init: str = "auto", seed: int = 0
    ) -> "Net":
        """Dense layers of the given sizes with initial weights and zero biases."""
        layers = [
            Layer(
                initial_weights(init, n_out, n_in, seed=seed, layer=i, activation=name),
                np.zeros(n_out),
                name,
            )
            for i, (n_in, n_out, name) in enumerate(
                zip(sizes[:-1], sizes[1:], activations, strict=True)
            )
        ]
        return cls(layers, seed)

    # ---- forward and loss ----

    def forward(self, X: Array) -> list[Pass]:
        """z = W a + b and a = f(z), layer by layer."""
        passes = []
        a = np.atleast_2d(np.asarray(X, dtype=np.float64))
        for layer in self.layers:
            z = LAYERS[layer.kind].forward(layer.W, layer.b, a)
            passes.append(Pass(input=a, z=z, a=ACTIVATIONS[layer.activation].f(z, **layer.params)))
            a = passes[-1].a
        return passes

    def predict(self, X: Array) -> Array:
        """Output activations."""
        return self.forward(X)[-1].a

    def targets(self, y: np.ndarray) -> Array:
        """Class indices (1-D, integers) as one-hot rows; anything else as float64 rows."""
        n = len(self.layers[-1].W)
        if y.ndim == 1 and np.issubdtype(y.dtype, np.integer):
            return one_hot(y, n)
        y = np.asarray(y, dtype=np.float64)
        return y if y.ndim == 2 else y.reshape(-1, n)

    @staticmethod
    def row_weights(n: int, weights: Array | None, reduction: str) -> Array:
        """Factor of each row's loss: w_r / sum(w) for "mean", w_r for "sum"; w = 1 if not given."""
        w = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
        return w / w.sum() if reduction == "mean" else w

    def loss(
        self,
        X: Array,
        y: np.ndarray,
        loss: str | Loss,
        weights: Array | None = None,
        reduction: str = "mean",
    ) -> float:
        """The (weighted) mean or sum of the rows' losses."""
        output = self.forward(X)[-1]
        rows = loss_of(loss).rows(output.z, output.a, self.targets(y))
        return float(rows @ self.row_weights(len(rows), weights, reduction))

    # ---- backward ----

    def backward_from(self, passes: list[Pass], slope: Array, is_delta: bool = False) -> list[Pass]:
        """The four steps, from dL/da of the output (or, with is_delta, from its dL/dz).

        Parameters
        ----------
        passes : list of Pass
            What `forward` returned; the missing quantities are filled in.
        slope : array
            dL/da or dL/dz of the output, a row for each sample, already times the sample's weight.
        is_delta : bool
            Which of the two it is.
        """
        # Step 1: the error at the output.
        back = slope
        for i in reversed(range(len(passes))):
            p, layer = passes[i], self.layers[i]
            at_output = i == len(passes) - 1
            # Step 3: what came back, through the activation.
            p.delta = (
                back
                if at_output and is_delta
                else ACTIVATIONS[layer.activation].backward(back, p.z, p.a, **layer.params)
            )
            # Steps 2 and 4: gradients of weights and biases.
            p.dW, p.db, p.back = LAYERS[layer.kind].backward(layer.W, p.input, p.delta)
            back = p.back
        return passes

    def backward(
        self,
        X: Array,
        y: np.ndarray,
        loss: str | Loss,
        weights: Array | None = None,
        reduction: str = "mean",
    ) -> list[Pass]:
        """Forward and backward pass of a loss."""
        passes = self.forward(X)
        a = passes[-1].a
        scale = self.row_weights(len(a), weights, reduction)
        slope = loss_of(loss).slope(a, self.targets(y)) * scale[:, None]
        return self.backward_from(passes, slope, is_delta=loss_of(loss).links != "ANY")

    # ---- update ----

    def step(self, passes: list[Pass], update: Update) -> None:
        """Move all parameters along the gradients in `passes`.

        The optimizer's state stays from call to call, and starts anew when its class changes.
        """
        parameters, gradients, is_bias = [], [], []
        for layer, p in zip(self.layers, passes, strict=True):
            parameters.append(layer.W)
            gradients.append(p.dW)
            is_bias.append(False)
            if layer.b is not None:
                parameters.append(layer.b)
                gradients.append(p.db)
                is_bias.append(True)
        if self.rule is not type(update.rule):
            self.rule = type(update.rule)
            self.states = [update.rule.begin(w) for w in parameters]
        if update.clip_norm > 0:
            gradients = clip_norm(gradients, update.clip_norm)
        if update.clip_value > 0:
            gradients = clip_value(gradients, update.clip_value)
        moved = [
            update.rule.update(
                w,
                g,
                state,
                update.lr * (update.bias_lr_factor if bias else 1.0),
                decay=not (bias and update.no_bias_decay),
            )
            for w, g, state, bias in zip(parameters, gradients, self.states, is_bias, strict=True)
        ]
        for layer in self.layers:
            layer.W = moved.pop(0)
            if layer.b is not None:
                layer.b = moved.pop(0)

    def train(
        self,
        X: Array,
        y: np.ndarray,
        loss: str | Loss,
        update: Update,
        *,
        epochs: int = 1,
        batch_size: int = 32,
        shuffle: bool = True,
        weights: Array | None = None,
        reduction: str = "mean",
    ) -> list[float]:
        """Repeat over epochs and minibatches; returns each epoch's loss, taken before each update.

        A minibatch whose weights are all 0 is skipped.
        """
        w = np.ones(len(X)) if weights is None else np.asarray(weights, dtype=np.float64)
        history = []
        for _ in range(epochs):
            order = permutation(self.seed, self.epochs, len(X)) if shuffle else np.arange(len(X))
            total = 0.0
            for start in range(0, len(X), batch_size):
                rows = order[start : start + batch_size]
                if w[rows].sum() == 0:
                    continue
                total += self.loss(X[rows], y[rows], loss, w[rows], "sum")
                self.step(self.backward(X[rows], y[rows], loss, w[rows], reduction), update)
            history.append(total / w.sum() if reduction == "mean" else total)
            self.epochs += 1
        return history
