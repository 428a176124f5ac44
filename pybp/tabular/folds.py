"""Which rows train each net of an ensemble, and which are held out to choose its epoch."""

from dataclasses import dataclass

import numpy as np

from pybp._common.types import Array

__all__ = ["Part", "folds", "held_out", "parts"]

_MAX_SEED = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Part:
    """The rows of one net.

    Attributes
    ----------
    seed : int
        Seed of the net.
    train, held : ndarray, optional
        Indices of the rows that are trained on and held out; None: all rows, and no row.
    """

    seed: int
    train: Array | None = None
    held: Array | None = None


def parts(
    y: Array, n_nets: int, fraction: float, random: np.random.RandomState, stratify: bool
) -> list[Part]:
    """The rows of each net: a fraction is held out, for several nets the folds in turn.

    Several nets have ``round(1 / fraction)`` folds, from 2 to the number of rows. More nets than folds
    begin again with other folds.
    """
    seeds = [int(seed) for seed in random.randint(_MAX_SEED, size=n_nets)]
    if fraction == 0:
        return [Part(seed) for seed in seeds]
    held: list[Array] = []
    while len(held) < n_nets:
        if n_nets == 1:
            held = [held_out(y, fraction, random, stratify)]
        else:
            held += folds(y, max(2, round(1 / fraction)), random, stratify)
    return [_part(seed, rows, len(y)) for seed, rows in zip(seeds, held, strict=False)]


def _part(seed: int, held: Array, n: int) -> Part:
    if len(held) == 0:
        return Part(seed)
    trained = np.ones(n, bool)
    trained[held] = False
    return Part(seed, np.flatnonzero(trained), held)


def folds(y: Array, k: int, random: np.random.RandomState, stratify: bool) -> list[Array]:
    """k disjoint sets of rows to hold out, of nearly equal size; fewer, if there are fewer rows.

    With `stratify` each class is divided evenly, and a class with one row is not held out: the nets
    could not learn it. If fewer than two rows are left, the only set is empty.
    """
    order = random.permutation(len(y))
    if stratify:
        _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
        order = order[counts[codes[order]] > 1]
        order = order[np.argsort(y[order], kind="stable")]
    k = min(k, len(order))
    return [order[i::k] for i in range(k)] if k > 1 else [order[:0]]


def held_out(y: Array, fraction: float, random: np.random.RandomState, stratify: bool) -> Array:
    """A random fraction of the rows; none, if that would leave no row to train on.

    With `stratify` each class has the same fraction, to rounding, and at least one row is left of it.
    """
    n = len(y)
    size = int(np.ceil(n * fraction - 1e-9))  # 0.1 * 30 is a little more than 3
    if stratify:
        size = min(size, n - len(np.unique(y)))
    order = random.permutation(n) if 0 < size < n else np.arange(0)
    if stratify and len(order) > 0:
        order = order[np.argsort(_ranks_in_class(y[order]), kind="stable")]
    return np.asarray(order[:size])


def _ranks_in_class(classes: Array) -> Array:
    """Each row's rank among those of its class, in (0, 1]: sorting by it mixes the classes evenly.

    The last row of each class has rank 1, so that it is trained on.
    """
    _, codes, counts = np.unique(classes, return_inverse=True, return_counts=True)
    ranks = np.empty(len(classes))
    for code in range(len(counts)):
        rows = np.flatnonzero(codes == code)
        ranks[rows] = (np.arange(len(rows)) + 0.5) / counts[code]
        ranks[rows[-1]] = 1.0
    return ranks
