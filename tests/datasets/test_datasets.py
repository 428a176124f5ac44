"""The bundled data, and how it is split."""

import numpy as np
import pytest

from pybp.datasets import load_digits, train_test_split
from pybp.errors import ArgumentError, ShapeError


def test_digits_are_the_published_ones():
    images, digits = load_digits(scale=False)
    assert images.shape == (1797, 64)
    assert images.dtype == np.uint8
    assert (images.min(), images.max()) == (0, 16)
    assert np.bincount(digits).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    # The first image, a zero, as it stands in the published file.
    assert images[0].reshape(8, 8)[:3].tolist() == [
        [0, 0, 5, 13, 9, 1, 0, 0],
        [0, 0, 13, 15, 10, 15, 5, 0],
        [0, 3, 15, 2, 0, 11, 8, 0],
    ]
    assert int(images.sum(dtype=np.int64)) == 561718


def test_digits_are_scaled_to_the_unit_interval():
    images, _ = load_digits(scale=False)
    X, y = load_digits()
    assert X.dtype == np.float32
    assert y.dtype == np.int64
    assert np.array_equal(X * 16, images)


def test_split_keeps_every_row_once_and_pairs_together():
    X, y = np.arange(50).reshape(25, 2), np.arange(25)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, seed=3)
    assert len(y_test) == 5
    assert sorted([*y_train, *y_test]) == list(range(25))
    assert np.array_equal(X_train, X[y_train])
    assert np.array_equal(X_test, X[y_test])


def test_split_depends_on_the_seed_only():
    y = np.arange(100)
    first, again, other = (train_test_split(y, y, seed=seed)[1].tolist() for seed in (0, 0, 1))
    assert first == again != other
    # Written down, so that another NumPy or machine must agree.
    assert train_test_split(range(10), range(10), seed=0)[1].tolist() == [0, 2]


@pytest.mark.parametrize("test_size", [0.001, 0.999])
def test_split_leaves_neither_part_empty(test_size):
    _, _, y_train, y_test = train_test_split(range(4), range(4), test_size=test_size)
    assert min(len(y_train), len(y_test)) == 1


@pytest.mark.parametrize(
    ("rows", "labels", "message"), [(3, 4, "X has 3 rows, but y has 4"), (1, 1, "X has 1 rows")]
)
def test_split_refuses_rows_that_cannot_be_split(rows, labels, message):
    with pytest.raises(ShapeError, match=message):
        train_test_split(range(rows), range(labels))


@pytest.mark.parametrize("test_size", [0, 1.0, -0.1, float("nan")])
def test_split_refuses_fractions_outside_of_the_unit_interval(test_size):
    with pytest.raises(ArgumentError, match=f"test_size is {test_size}"):
        train_test_split(range(9), range(9), test_size=test_size)
