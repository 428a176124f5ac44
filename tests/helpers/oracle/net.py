"""The training cycle of the textbook: forward pass, loss, backward pass, update, repeat."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .activations import Array
from .initializers import initial_weights
from .layers import LAYERS, Frame, Layer, Pass
from .losses import Loss, loss_of, one_hot
from .optimizers import Optimizer, State, clip_norm, clip_value
from .random import permutation


@dataclass
class Update:
    """An optimizer, with the options that all have: clipping, and how biases are treated."""

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
        self.passes = 0  # forward passes in training
        self.rule: type[Optimizer] | None = None
        self.states: list[State] = []
        self.tiny = 2.0**-511  # what is smaller counts as 0; 2^-63 in a twin of a float32 net

    def flushed(self, x: Array) -> Array:
        """Tiny numbers become 0."""
        return np.where(np.abs(x) < self.tiny, 0.0, x)

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

    def reads(self, place: int) -> tuple[int, ...]:
        """The numbers of the layers that a layer reads; -1 is the net's input."""
        inputs = self.layers[place].inputs
        return (place - 1,) if inputs is None else inputs

    def forward(self, X: Array, training: bool = False) -> list[Pass]:
        """A pass through all layers; in training with new masks and updated running statistics."""
        x = self.flushed(np.atleast_2d(np.asarray(X, dtype=np.float64)))
        passes: list[Pass] = []
        for place, layer in enumerate(self.layers):
            inputs = [passes[source].a if source >= 0 else x for source in self.reads(place)]
            kind, frame = LAYERS[layer.kind], Frame(training, self.seed, place, self.passes)
            z, a, memory = kind.forward(layer, inputs, frame)
            if kind.activated:
                z = self.flushed(z)
                a = kind.activation(layer).f(z, **layer.params)
            passes.append(Pass(inputs, z, self.flushed(a), memory, frame))
        self.passes += training
        return passes

    def predict(self, X: Array) -> Array:
        """Output activations."""
        return self.forward(X)[-1].a

    @staticmethod
    def targets(y: np.ndarray, n: int) -> Array:
        """Class indices (1-D, integers) as one-hot rows; anything else as float64 rows."""
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
        return self.loss_after(self.forward(X), y, loss, weights, reduction)

    def loss_after(
        self,
        passes: list[Pass],
        y: np.ndarray,
        loss: str | Loss,
        weights: Array | None = None,
        reduction: str = "mean",
    ) -> float:
        """The loss after a forward pass."""
        output = passes[-1]
        rows = loss_of(loss).rows(output.z, output.a, self.targets(y, output.a.shape[1]))
        return float(rows @ self.row_weights(len(rows), weights, reduction)) + self.penalty

    @property
    def penalty(self) -> float:
        """The sum of the layers' penalties."""
        return sum(layer.penalty for layer in self.layers)

    # ---- backward ----

    def backward_from(self, passes: list[Pass], slope: Array, is_delta: bool = False) -> list[Pass]:
        """The four steps of backpropagation, from dL/da of the output, or with is_delta from its dL/dz.

        Parameters
        ----------
        passes : list of Pass
            What `forward` returned; the missing quantities are filled in.
        slope : array
            dL/da or dL/dz of the output, a row for each sample, already times the sample's weight.
        is_delta : bool
            Which of the two it is.
        """
        # Step 1: the error at the output. The contributions of all layers that read a layer add up.
        slopes: list[Array | float] = [0.0] * (len(passes) - 1) + [slope]
        for i in reversed(range(len(passes))):
            p, layer = passes[i], self.layers[i]
            kind = LAYERS[layer.kind]
            # Step 3: dL/da becomes dL/dz, through the activation.
            p.delta = slopes[i]
            if kind.activated and not (is_delta and i == len(passes) - 1):
                activation = kind.activation(layer)
                p.delta = activation.backward(slopes[i], p.z, p.a, **layer.params)
            # Steps 2 and 4: gradients of weights and biases.
            p.delta = self.flushed(p.delta)
            p.dW, p.db, backs = kind.backward(layer, p, p.delta)
            p.backs = [self.flushed(back) for back in backs]
            for source, back in zip(self.reads(i), p.backs, strict=True):
                if source >= 0:
                    slopes[source] = self.flushed(slopes[source] + back)
        return passes

    def input_gradient(self, passes: list[Pass]) -> Array:
        """dL/dX after a backward pass."""
        contributions = [
            back
            for i, p in enumerate(passes)
            for source, back in zip(self.reads(i), p.backs, strict=True)
            if source < 0
        ]
        return sum(contributions[1:], contributions[0])

    def backward(
        self,
        X: Array,
        y: np.ndarray,
        loss: str | Loss,
        weights: Array | None = None,
        reduction: str = "mean",
        training: bool = False,
    ) -> list[Pass]:
        """Forward and backward pass of a loss."""
        return self.backward_loss(self.forward(X, training), y, loss, weights, reduction)

    def backward_loss(
        self,
        passes: list[Pass],
        y: np.ndarray,
        loss: str | Loss,
        weights: Array | None = None,
        reduction: str = "mean",
    ) -> list[Pass]:
        """Backward pass of a loss, after a forward pass."""
        a = passes[-1].a
        scale = self.row_weights(len(a), weights, reduction)
        slope = loss_of(loss).slope(a, self.targets(y, a.shape[1])) * scale[:, None]
        return self.backward_from(passes, slope, is_delta=loss_of(loss).links != "ANY")

    # ---- update ----

    def step(self, passes: list[Pass], update: Update) -> None:
        """Move all parameters along the gradients in `passes`.

        The optimizer's state stays from call to call, and starts anew when its class changes.
        """
        parameters, gradients, is_bias, factors = [], [], [], []
        for layer, p in zip(self.layers, passes, strict=True):
            if layer.W is not None and layer.trainable:
                parameters.append(layer.W)
                gradients.append(layer.penalized(p.dW))
                is_bias.append(False)
                factors.append(layer.lr_factor)
            if layer.b is not None and layer.trainable:
                parameters.append(layer.b)
                gradients.append(p.db)
                is_bias.append(True)
                factors.append(layer.lr_factor * layer.bias_lr_factor)
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
                update.lr * (update.bias_lr_factor if bias else 1.0) * factor,
                decay=not (bias and update.no_bias_decay),
            )
            for w, g, state, bias, factor in zip(
                parameters, gradients, self.states, is_bias, factors, strict=True
            )
        ]
        for layer in self.layers:
            if layer.W is not None and layer.trainable:
                layer.W = self.flushed(moved.pop(0))
                layer.constrain()
            if layer.b is not None and layer.trainable:
                layer.b = self.flushed(moved.pop(0))

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
        """Train for some epochs; returns the loss of each, computed before the updates.

        A minibatch whose weights are all 0 is skipped, and rows of a single one are not shuffled.
        """
        w = np.ones(len(X)) if weights is None else np.asarray(weights, dtype=np.float64)
        history = []
        for _ in range(epochs):
            order = np.arange(len(X))
            if shuffle and batch_size < len(
                X
            ):  # a single minibatch: its order would change the rounding only
                order = permutation(self.seed, self.epochs, len(X))
            total = 0.0
            for start in range(0, len(X), batch_size):
                rows = order[start : start + batch_size]
                if w[rows].sum() == 0:
                    continue
                passes = self.forward(X[rows], training=True)
                penalty = self.penalty * (w[rows].sum() if reduction == "mean" else 1.0)
                total += self.loss_after(passes, y[rows], loss, w[rows], "sum")
                total += penalty - self.penalty  # a sum counts the penalty once
                self.step(self.backward_loss(passes, y[rows], loss, w[rows], reduction), update)
            history.append(total / w.sum() if reduction == "mean" else total)
            self.epochs += 1
        return history
