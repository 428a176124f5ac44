"""The UCI handwritten digits."""

from __future__ import annotations

from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WHITE = 16  # the brightest pixel


def load_digits(*, scale: bool = True) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Load 1,797 images of handwritten digits, 8 by 8 pixels each.

    They are the test set of "Optical Recognition of Handwritten Digits" by E. Alpaydin and
    C. Kaynak (UCI Machine Learning Repository, CC BY 4.0).

    Parameters
    ----------
    scale : bool
        True: pixels as float32 from 0 to 1. False: as published, uint8 from 0 to 16.

    Returns
    -------
    X : ndarray, shape (1797, 64)
        One image per row.
    y : ndarray of int64, shape (1797,)
        The digits.

    Examples
    --------
    >>> X, y = load_digits()
    >>> X.shape, X.dtype, y[:5].tolist()
    ((1797, 64), dtype('float32'), [0, 1, 2, 3, 4])
    """
    archive = resources.files(__package__).joinpath("digits.npz")
    with archive.open("rb") as file, np.load(file, allow_pickle=False) as data:
        images, labels = data["images"], data["labels"]
    if scale:
        images = images.astype(np.float32) / np.float32(_WHITE)
    return images, labels.astype(np.int64)
