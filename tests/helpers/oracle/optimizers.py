"""Optimizers: how a parameter array w moves with its gradient g at learning rate lr.

The rules are those that PyTorch documents for torch.optim, with its names; tests/helpers/trajectories holds
what PyTorch computes with them.  A rule is a pair of functions: ``begin(w)`` makes the state of one
parameter array, and ``update(w, g, state, lr, decay)`` changes the state and returns the new w.
`decay` is False for parameters that weight decay leaves alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .activations import Array

State = dict[str, Any]


@dataclass(frozen=True)
class Optimizer:
    """Base of the rules: how weight decay enters."""

    weight_decay: float = 0.0

    def begin(self, w: Array) -> State:
        """State of an array before its first update."""
        raise NotImplementedError

    def update(self, w: Array, g: Array, state: State, lr: float, decay: bool = True) -> Array:
        """One step; returns the new w."""
        raise NotImplementedError

    def with_decay(self, w: Array, g: Array, decay: bool) -> Array:
        r"""Gradient of :math:`L + \frac{\lambda}{2} w^2`: :math:`g + \lambda w`."""
        return g + self.weight_decay * w if decay else g


@dataclass(frozen=True)
class SGD(Optimizer):
    r"""Gradient descent with momentum: :math:`v = \mu v + g`, :math:`w = w - \alpha v`.

    Nesterov's variant steps along :math:`g + \mu v`.  Sutskever et al. (2013), in PyTorch's form,
    where the learning rate multiplies the velocity instead of entering it.
    """

    momentum: float = 0.0
    nesterov: bool = False

    def begin(self, w: Array) -> State:
        return {"v": np.zeros_like(w)} if self.momentum else {}

    def update(self, w: Array, g: Array, state: State, lr: float, decay: bool = True) -> Array:
        g = self.with_decay(w, g, decay)
        if not self.momentum:
            return w - lr * g
        v = state["v"] = self.momentum * state["v"] + g
        return w - lr * (g + self.momentum * v if self.nesterov else v)


@dataclass(frozen=True)
class Adagrad(Optimizer):
    r""":math:`s = s + g^2`, :math:`w = w - \alpha_t\, g / (\sqrt s + \epsilon)`.

    :math:`\alpha_t = \alpha / (1 + (t - 1) \eta)` with :math:`\eta` = lr_decay, t counted from 1.
    Duchi et al. (2011); the decay of the learning rate is PyTorch's.
    """

    lr_decay: float = 0.0
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10

    def begin(self, w: Array) -> State:
        return {"s": np.full_like(w, self.initial_accumulator_value), "t": 0}

    def update(self, w: Array, g: Array, state: State, lr: float, decay: bool = True) -> Array:
        g = self.with_decay(w, g, decay)
        state["t"] += 1
        s = state["s"] = state["s"] + g**2
        return w - lr / (1.0 + (state["t"] - 1) * self.lr_decay) * g / (np.sqrt(s) + self.eps)


@dataclass(frozen=True)
class RMSprop(Optimizer):
    r""":math:`s = \rho s + (1 - \rho) g^2`, :math:`w = w - \alpha\, g / (\sqrt s + \epsilon)`, with
    :math:`\rho` = alpha; Tieleman and Hinton (2012).

    Centered (Graves, 2013), with the variance :math:`s - m^2`, :math:`m = \rho m + (1 - \rho) g`, for s.
    With momentum, :math:`b = \mu b + g / (\sqrt s + \epsilon)` and :math:`w = w - \alpha b`.
    """

    alpha: float = 0.99
    eps: float = 1e-8
    momentum: float = 0.0
    centered: bool = False

    def begin(self, w: Array) -> State:
        names = ["s"] + ["b"] * (self.momentum > 0) + ["m"] * bool(self.centered)
        return {name: np.zeros_like(w) for name in names}

    def update(self, w: Array, g: Array, state: State, lr: float, decay: bool = True) -> Array:
        g = self.with_decay(w, g, decay)
        s = state["s"] = self.alpha * state["s"] + (1.0 - self.alpha) * g**2
        if self.centered:
            m = state["m"] = self.alpha * state["m"] + (1.0 - self.alpha) * g
            s = np.maximum(s - m**2, 0.0)
        step = g / (np.sqrt(s) + self.eps)
        if self.momentum:
            step = state["b"] = self.momentum * state["b"] + step
        return w - lr * step


@dataclass(frozen=True)
class Moments(Optimizer):
    r"""Base of the rules with two moments:
    :math:`m = \beta_1 m + (1 - \beta_1) g` and :math:`v = \beta_2 v + (1 - \beta_2) g^2`."""

    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def begin(self, w: Array) -> State:
        return {"m": np.zeros_like(w), "v": np.zeros_like(w), "beta1^t": 1.0, "beta2^t": 1.0}

    def update(self, w: Array, g: Array, state: State, lr: float, decay: bool = True) -> Array:
        return self.move(w, self.with_decay(w, g, decay), state, lr)

    def move(self, w: Array, g: Array, state: State, lr: float) -> Array:
        """The rule itself, weight decay aside."""
        raise NotImplementedError

    def average(self, g: Array, state: State) -> tuple[Array, Array]:
        """Update the moments and powers by a step; return the moments."""
        state["m"] = self.beta1 * state["m"] + (1.0 - self.beta1) * g
        state["v"] = self.beta2 * state["v"] + (1.0 - self.beta2) * g**2
        state["beta1^t"] *= self.beta1
        state["beta2^t"] *= self.beta2
        return state["m"], state["v"]


@dataclass(frozen=True)
class Adam(Moments):
    r"""Adaptive moments, Kingma and Ba (2015), algorithm 1.

    .. math::
        \hat m = m / (1 - \beta_1^t), \quad \hat v = v / (1 - \beta_2^t), \quad
        w = w - \alpha\, \hat m / (\sqrt{\hat v} + \epsilon)

    AMSGrad, Reddi et al. (2018): with the largest v so far in place of v, as PyTorch has it.
    """

    amsgrad: bool = False

    def begin(self, w: Array) -> State:
        state = super().begin(w)
        return state | ({"largest": np.zeros_like(w)} if self.amsgrad else {})

    def move(self, w: Array, g: Array, state: State, lr: float) -> Array:
        m, v = self.average(g, state)
        if self.amsgrad:
            v = state["largest"] = np.maximum(state["largest"], v)
        m_hat = m / (1.0 - state["beta1^t"])
        v_hat = v / (1.0 - state["beta2^t"])
        return w - lr * m_hat / (np.sqrt(v_hat) + self.eps)


@dataclass(frozen=True)
class AdamW(Adam):
    r"""Adam with the decay apart from the gradient: first :math:`w = (1 - \alpha \lambda) w`;
    Loshchilov and Hutter (2019), with the decay times the learning rate as in PyTorch."""

    weight_decay: float = 1e-2

    def update(self, w: Array, g: Array, state: State, lr: float, decay: bool = True) -> Array:
        if decay:
            w = w * (1.0 - lr * self.weight_decay)
        return self.move(w, g, state, lr)


@dataclass(frozen=True)
class Adadelta(Optimizer):
    r""":math:`s = \rho s + (1 - \rho) g^2`, :math:`d = g \sqrt{u + \epsilon} / \sqrt{s + \epsilon}`,
    :math:`u = \rho u + (1 - \rho) d^2`, :math:`w = w - \alpha d`; Zeiler (2012)."""

    rho: float = 0.9
    eps: float = 1e-6

    def begin(self, w: Array) -> State:
        return {"s": np.zeros_like(w), "u": np.zeros_like(w)}

    def update(self, w: Array, g: Array, state: State, lr: float, decay: bool = True) -> Array:
        g = self.with_decay(w, g, decay)
        s = state["s"] = self.rho * state["s"] + (1.0 - self.rho) * g**2
        d = g * np.sqrt(state["u"] + self.eps) / np.sqrt(s + self.eps)
        state["u"] = self.rho * state["u"] + (1.0 - self.rho) * d**2
        return w - lr * d


@dataclass(frozen=True)
class Adamax(Moments):
    r"""Adam's variant with the infinity norm, Kingma and Ba (2015), section 7:
    :math:`u = \max(\beta_2 u, |g| + \epsilon)`, :math:`w = w - \alpha \hat m / u`."""

    def begin(self, w: Array) -> State:
        return {"m": np.zeros_like(w), "u": np.zeros_like(w), "beta1^t": 1.0}

    def move(self, w: Array, g: Array, state: State, lr: float) -> Array:
        m = state["m"] = self.beta1 * state["m"] + (1.0 - self.beta1) * g
        u = state["u"] = np.maximum(self.beta2 * state["u"], np.abs(g) + self.eps)
        state["beta1^t"] *= self.beta1
        return w - lr / (1.0 - state["beta1^t"]) * m / u


@dataclass(frozen=True)
class RAdam(Moments):
    r"""Rectified Adam, Liu et al. (2020), algorithm 2; :math:`\epsilon` as in PyTorch.

    .. math::
        \rho_\infty = \frac{2}{1 - \beta_2} - 1, \quad
        \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t}, \quad
        r_t = \sqrt{\frac{(\rho_t - 4)(\rho_t - 2) \rho_\infty}
                       {(\rho_\infty - 4)(\rho_\infty - 2) \rho_t}}
    """

    decoupled_weight_decay: bool = False

    def begin(self, w: Array) -> State:
        return {**super().begin(w), "t": 0}

    def update(self, w: Array, g: Array, state: State, lr: float, decay: bool = True) -> Array:
        if self.decoupled_weight_decay and decay:
            w = w * (1.0 - lr * self.weight_decay)
            return self.move(w, g, state, lr)
        return self.move(
            w, self.with_decay(w, g, decay and not self.decoupled_weight_decay), state, lr
        )

    def move(self, w: Array, g: Array, state: State, lr: float) -> Array:
        m, v = self.average(g, state)
        state["t"] += 1
        m_hat = m / (1.0 - state["beta1^t"])
        most, rest = 2.0 / (1.0 - self.beta2) - 1.0, 1.0 - state["beta2^t"]
        length = most - 2.0 * state["t"] * state["beta2^t"] / rest
        if length <= 5.0:
            return w - lr * m_hat
        r = (length - 4.0) * (length - 2.0) * most / ((most - 4.0) * (most - 2.0) * length)
        return w - lr * np.sqrt(r) * m_hat * np.sqrt(rest) / (np.sqrt(v) + self.eps)


@dataclass(frozen=True)
class NAdam(Moments):
    r"""Adam with Nesterov's momentum, Dozat (2016), as PyTorch has it:

    .. math::
        \mu_t = \beta_1 (1 - 0.96^{t \psi} / 2), \quad \Pi_t = \mu_1 \cdots \mu_t, \quad
        \hat m = \frac{\mu_{t+1} m}{1 - \Pi_t \mu_{t+1}} + \frac{(1 - \mu_t) g}{1 - \Pi_t}
    """

    momentum_decay: float = 4e-3
    decoupled_weight_decay: bool = False

    def begin(self, w: Array) -> State:
        return {**super().begin(w), "t": 0, "product": 1.0}

    def momentum(self, t: int) -> float:
        r""":math:`\mu_t`."""
        return self.beta1 * (1.0 - 0.5 * 0.96 ** (t * self.momentum_decay))

    def update(self, w: Array, g: Array, state: State, lr: float, decay: bool = True) -> Array:
        if not self.decoupled_weight_decay:
            return self.move(w, self.with_decay(w, g, decay), state, lr)
        return self.move(w * (1.0 - lr * self.weight_decay) if decay else w, g, state, lr)

    def move(self, w: Array, g: Array, state: State, lr: float) -> Array:
        m, v = self.average(g, state)
        state["t"] += 1
        mu, after = self.momentum(state["t"]), self.momentum(state["t"] + 1)
        state["product"] *= mu
        m_hat = after * m / (1.0 - state["product"] * after)
        m_hat = m_hat + (1.0 - mu) * g / (1.0 - state["product"])
        v_hat = v / (1.0 - state["beta2^t"])
        return w - lr * m_hat / (np.sqrt(v_hat) + self.eps)


@dataclass(frozen=True)
class Lion(Optimizer):
    r""":math:`w = (1 - \alpha\lambda) w - \alpha\,\mathrm{sign}(\beta_1 m + (1 - \beta_1) g)`, then
    :math:`m = \beta_2 m + (1 - \beta_2) g`; Chen et al. (2023), algorithm 2."""

    beta1: float = 0.9
    beta2: float = 0.99

    def begin(self, w: Array) -> State:
        return {"m": np.zeros_like(w)}

    def update(self, w: Array, g: Array, state: State, lr: float, decay: bool = True) -> Array:
        if decay:
            w = w * (1.0 - lr * self.weight_decay)
        direction = np.sign(self.beta1 * state["m"] + (1.0 - self.beta1) * g)
        state["m"] = self.beta2 * state["m"] + (1.0 - self.beta2) * g
        return w - lr * direction


@dataclass(frozen=True)
class Rprop:
    r""":math:`w = w - d\,\mathrm{sign}(g)`; d grows by eta_plus while g keeps its sign and shrinks by
    eta_minus where the sign changes, and g then counts as 0; Riedmiller and Braun (1993), without the
    backtracking, as in PyTorch.  d starts at the learning rate."""

    eta_minus: float = 0.5
    eta_plus: float = 1.2
    step_min: float = 1e-6
    step_max: float = 50.0

    def begin(self, w: Array) -> State:
        return {"g": np.zeros_like(w), "d": np.zeros_like(w), "t": 0}

    def update(self, w: Array, g: Array, state: State, lr: float, decay: bool = True) -> Array:
        state["t"] += 1
        d = np.full_like(w, lr) if state["t"] == 1 else state["d"]
        product = g * state["g"]
        d = d * np.where(product > 0, self.eta_plus, np.where(product < 0, self.eta_minus, 1.0))
        d = state["d"] = np.clip(d, self.step_min, self.step_max)
        g = state["g"] = np.where(product < 0, 0.0, g)
        return w - d * np.sign(g)


OPTIMIZERS: dict[str, Any] = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "adadelta": Adadelta,
    "adamax": Adamax,
    "radam": RAdam,
    "lion": Lion,
    "rprop": Rprop,
    "nadam": NAdam,
}


def defaults(optimizer: Any) -> dict[str, float]:
    """The parameters of a rule and their default values."""
    return {field.name: field.default for field in fields(optimizer)}


def clip_norm(gradients: Sequence[Array], max_norm: float) -> list[Array]:
    r"""All gradients times :math:`\min(1, c / (N + 10^{-6}))`, N the norm of all of them together.

    Pascanu et al. (2013); the 1e-6 is that of torch.nn.utils.clip_grad_norm_.
    """
    norm = np.sqrt(sum(float((g**2).sum()) for g in gradients))
    return [g * min(1.0, max_norm / (norm + 1e-6)) for g in gradients]


def clip_value(gradients: Sequence[Array], limit: float) -> list[Array]:
    """Every element cut to [-limit, limit], as torch.nn.utils.clip_grad_value_ does."""
    return [np.clip(g, -limit, limit) for g in gradients]
