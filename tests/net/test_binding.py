"""What the binding refuses at the door: arrays that the core can't read or write as they are."""

import numpy as np
import pytest

import pybp
from pybp import MLP, _core
from pybp.errors import ArgumentError, ShapeError

X, Y = np.ones((4, 3), np.float32), np.zeros((4, 2), np.float32)
LABELS = np.array([0, 1, 1, 0], np.int32)
LOSS, OPTIMIZER = pybp.losses.CrossEntropy().core, pybp.SGD(0.1).core
RATES = np.array([0.1])
READ_ONLY = np.zeros((4, 2), np.float32)
READ_ONLY.flags.writeable = False


@pytest.fixture
def net():
    return MLP([3, 2], output="softmax", seed=0)._net


def options(**others):
    given = {"loss": LOSS, "reduction": "mean", "optimizer": OPTIMIZER, "batch_size": 2}
    return _core.TrainOptions(**{**given, "threads": 1, **others})


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"x": X.astype(np.float16)}, ValueError, "dtype"),
        ({"x": X.astype(np.int64)}, ValueError, "Buffer dtype mismatch"),
        ({"x": X.astype(">f4")}, ValueError, "-endian buffer"),
        ({"x": X[0]}, ValueError, "wrong number of dimensions"),
        ({"x": X[np.newaxis]}, ValueError, "wrong number of dimensions"),
        ({"x": np.asfortranarray(X)}, TypeError, "contiguous rows"),
        ({"x": X[:3]}, ShapeError, "4 targets for 3 rows"),
        ({"y": Y.astype(np.int32)}, ValueError, "Buffer dtype mismatch"),
        ({"y": LABELS.astype(np.int64)}, ValueError, "Buffer dtype mismatch"),
        ({"y": LABELS[::-1]}, ValueError, "not C-contiguous"),
        ({"y": Y[:2]}, ShapeError, "2 targets for 4 rows"),
        ({"weights": np.ones(4, np.float32)}, ValueError, "Buffer dtype mismatch"),
        ({"weights": np.ones(3)}, ShapeError, "3 sample weights for 4 rows"),
        ({"weights": np.ones((4, 1))}, ValueError, "wrong number of dimensions"),
        ({"rates": np.ones(1, np.float32)}, ValueError, "Buffer dtype mismatch"),
        ({"rates": np.empty(0)}, ArgumentError, "no learning rate"),
        ({"options": None}, TypeError, "TrainOptions"),
    ],
)
def test_refused_data(net, change, error, words):
    before = net.get_flat("parameters", np.empty(8, np.float32))
    given = {"options": options(), "x": X, "y": Y, "weights": None, "rates": RATES, **change}
    with pytest.raises(error, match=words):
        net.train(*given.values())
    assert net.get_progress()[:2] == (0, 0)
    np.testing.assert_array_equal(net.get_flat("parameters", np.empty(8, np.float32)), before)


@pytest.mark.parametrize(
    ("out", "error", "words"),
    [
        (np.empty((4, 2)), ValueError, "Buffer dtype mismatch"),
        (np.empty((4, 3), np.float32), ShapeError, "4 by 2, got 4 by 3"),
        (np.empty((3, 2), np.float32), ShapeError, "4 by 2, got 3 by 2"),
        (np.empty((2, 4), np.float32).T, ValueError, "not C-contiguous"),
        (READ_ONLY, ValueError, "read-only"),
    ],
)
def test_refused_outputs(net, out, error, words):
    with pytest.raises(error, match=words):
        net.predict(X, out, 1)


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        (np.zeros((2, 3)), TypeError, "float32"),
        (np.zeros((2, 6), np.float32)[:, ::2], TypeError, "contiguous"),
        (np.zeros((4, 3), np.float32)[::2], ValueError, "contiguous"),
        (np.zeros((2, 2), np.float32), ShapeError, "bytes"),
    ],
)
def test_refused_parameters(net, values, error, words):
    with pytest.raises(error, match=words):
        net.set("weights", 0, values)


def test_read_only_and_strided_arrays_are_taken(net):
    wide = np.arange(40, dtype=np.float32).reshape(8, 5)
    rows = wide[::-2, 1:4]
    rows.flags.writeable = False
    weights, rates = np.ones(4), RATES.copy()
    weights.flags.writeable = rates.flags.writeable = False
    out = net.predict(rows, np.empty((4, 2), np.float32), 1)
    same = net.predict(np.ascontiguousarray(rows), np.empty((4, 2), np.float32), 1)
    np.testing.assert_array_equal(out, same)
    net.train(options(), rows, LABELS, weights, rates, epochs=2)
    assert net.get_progress()[0] == 2


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"batch_size": 0}, ArgumentError),
        ({"accumulate": 0}, ArgumentError),
        ({"threads": -1}, ArgumentError),
        ({"batch_size": -1}, OverflowError),
        ({"loss": (1, (0.0,) * 33)}, ArgumentError),
        ({"optimizer": (0, (0.0,) * 9, 0.0, 0.0, False, 1.0)}, ArgumentError),
        ({"reduction": "median"}, KeyError),
    ],
)
def test_options_are_checked_when_they_are_made(change, error):
    with pytest.raises(error):
        options(**change)
