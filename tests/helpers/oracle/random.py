"""Random numbers by address: Philox words of (seed, stream, sub, index), as pybp draws them."""

import numpy as np

from .activations import Array

WEIGHTS, SHUFFLE, MASKS = 1, 2, 3  # streams


def words(seed: int, stream: int, sub: int, n: int, third: int = 0) -> np.ndarray:
    """The words 0 ... n - 1 at an address, as uint64.

    Philox4x64-10 of Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3".
    """
    # A list that mixes numbers above and below 2^63 would become float64.
    key = np.array([seed, stream], dtype=np.uint64)
    counter = np.array([0, sub, third, 0], dtype=np.uint64)
    return np.random.Philox(counter=counter, key=key).random_raw(n)


def uniform(word: np.ndarray) -> Array:
    r"""A number inside (0, 1): :math:`(\lfloor w / 2^{12} \rfloor + \frac12)\, 2^{-52}`."""
    return ((word >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


# Wichura (1988), Algorithm AS 241, PPND16: numerators and denominators, highest power first.
CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
     45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
     133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061,
     21213.794301586595867, 5394.1960214247511077, 687.1870074920579083,
     42.313330701600911252, 1.0),
)  # fmt: skip
MIDDLE = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
     4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
     2.05319162663775882187, 1.0),
)  # fmt: skip
TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
     0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
     5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
     7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
     0.59983220655588793769, 1.0),
)  # fmt: skip


def normal_quantile(p: Array) -> Array:
    r"""The x with :math:`\Phi(x) = p`: the inverse of the standard normal distribution function.

    Wichura (1988), "Algorithm AS 241: the percentage points of the normal distribution", PPND16,
    relative error about 1e-16.
    """
    p = np.asarray(p, dtype=np.float64)
    q = p - 0.5
    r = 0.180625 - q**2
    centre = q * np.polyval(CENTRE[0], r) / np.polyval(CENTRE[1], r)
    r = np.sqrt(-np.log(np.minimum(p, 1.0 - p)))
    middle = np.polyval(MIDDLE[0], r - 1.6) / np.polyval(MIDDLE[1], r - 1.6)
    tail = np.polyval(TAIL[0], r - 5.0) / np.polyval(TAIL[1], r - 5.0)
    return np.where(np.abs(q) <= 0.425, centre, np.sign(q) * np.where(r <= 5.0, middle, tail))


def permutation(seed: int, epoch: int, n: int) -> np.ndarray:
    """The order in which an epoch visits n rows.

    Fisher and Yates' shuffle as Durstenfeld (1964) does it, downwards; the index below i + 1 is the
    high half of a 128-bit product (Lemire, 2019, without the rejection).
    """
    order = np.arange(n)
    for i, word in reversed(list(enumerate(words(seed, SHUFFLE, epoch, n)))[1:]):
        j = int(word) * (i + 1) >> 64
        order[[i, j]] = order[[j, i]]
    return order
