r"""Schedules: the learning rate :math:`\alpha_t` at position t, counted from 0, with its largest value lr.

t is an array of whole numbers; N, where a schedule has one, the position where it ends.  The parameters and
their defaults are those of the registry.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from .activations import Array

Schedule = Callable[..., Array]


def half_cosine(u: Array) -> Array:
    """From 1 at u = 0 to 0 at u = 1."""
    return np.cos(np.pi * u / 2) ** 2


def constant(t: Array, lr: float) -> Array:
    return np.full(len(t), lr)


def linear(
    t: Array, lr: float, N: int, start_factor: float = 1 / 3, end_factor: float = 1.0
) -> Array:
    return np.interp(t, [0, N], [start_factor * lr, end_factor * lr])


def step(t: Array, lr: float, step_size: float = 1.0, gamma: float = 0.1) -> Array:
    r""":math:`\alpha_t = \mathrm{lr}\,\gamma^{\lfloor t / s \rfloor}`."""
    return lr * gamma ** np.floor(t / step_size)


def multistep(t: Array, lr: float, milestones: Sequence[int], gamma: float = 0.1) -> Array:
    return lr * gamma ** np.searchsorted(milestones, t, side="right").astype(float)


def exponential(t: Array, lr: float, gamma: float = 0.9, step_size: float = 1.0) -> Array:
    return lr * np.exp(np.log(gamma) * t / step_size)


def polynomial(t: Array, lr: float, N: int, power: float = 1.0, min_lr: float = 0.0) -> Array:
    return min_lr + (lr - min_lr) * np.maximum(1.0 - t / N, 0.0) ** power


def inverse_scaling(t: Array, lr: float, power: float = 0.5) -> Array:
    return lr * (1.0 + t) ** -power


def cosine(
    t: Array,
    lr: float,
    N: int,
    min_lr: float = 0.0,
    warmup: float = 0.0,
    warmup_lr: float = 0.0,
) -> Array:
    """Loshchilov and Hutter (2017), after a linear warm-up."""
    w = math.floor(warmup * N) if warmup < 1 else int(warmup)
    falling = min_lr + (lr - min_lr) * half_cosine(np.clip((t - w) / (N - w), 0.0, 1.0))
    return np.where(t < w, warmup_lr + (lr - warmup_lr) * t / max(w, 1), falling)


def cosine_restarts(
    t: Array,
    lr: float,
    period: float = 1.0,
    factor: float = 1.0,
    min_lr: float = 0.0,
    gamma: float = 1.0,
) -> Array:
    """Period i has the length period factor^i and begins where the ones before add up."""
    rates = np.empty(len(t))
    for place, position in enumerate(t):
        begin, length, i = 0, int(period), 0
        while position >= begin + length:
            begin, length, i = begin + length, length * int(factor), i + 1
        rates[place] = min_lr + (lr * gamma**i - min_lr) * half_cosine((position - begin) / length)
    return rates


def one_cycle(
    t: Array,
    lr: float,
    N: int,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    linear: float = 0.0,
) -> Array:
    """Smith and Topin (2017), in PyTorch's form: up to t = pct_start N - 1, down to t = N - 1."""
    top = pct_start * N - 1
    u = np.where(t < top, t / top if top else 0.0, np.minimum((t - top) / (N - 1 - top), 1.0))
    fall = 1.0 - u if linear else half_cosine(u)
    low = lr / div_factor
    lowest = low / final_div_factor
    return np.where(t < top, lr + (low - lr) * fall, lowest + (lr - lowest) * fall)


def cyclic(
    t: Array,
    lr: float,
    base_lr: float = 0.0,
    step_size_up: float = 2000.0,
    step_size_down: float = 2000.0,
    cycle_gamma: float = 1.0,
    step_gamma: float = 1.0,
) -> Array:
    """Smith (2017)."""
    cycle, place = np.divmod(t, step_size_up + step_size_down)
    height = np.interp(place, [0, step_size_up, step_size_up + step_size_down], [0.0, 1.0, 0.0])
    return base_lr + (lr - base_lr) * height * cycle_gamma**cycle * step_gamma ** t.astype(float)


def flat_cos(t: Array, lr: float, N: int, flat: float = 0.5) -> Array:
    r"""lr, then from t / N = flat on half a cosine down to 0."""
    u = np.clip((np.minimum(t / N, 1.0) - flat) / (1 - flat), 0.0, 1.0)
    return lr * 0.5 * (1 + np.cos(np.pi * u))


def coslog4(t: Array, lr: float, N: int) -> Array:
    """Holzmüller, Grinsztajn and Steinwart (2024)."""
    return lr * 0.5 * (1.0 - np.cos(2.0 * np.pi * np.log2(1.0 + 15.0 * np.minimum(t / N, 1.0))))


SCHEDULES: dict[str, Schedule] = {
    "constant": constant,
    "linear": linear,
    "step": step,
    "multistep": multistep,
    "exponential": exponential,
    "polynomial": polynomial,
    "inverse_scaling": inverse_scaling,
    "cosine": cosine,
    "cosine_restarts": cosine_restarts,
    "one_cycle": one_cycle,
    "cyclic": cyclic,
    "coslog4": coslog4,
    "flat_cos": flat_cos,
}
