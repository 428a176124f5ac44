"""Arrays whose memory comes from elsewhere: ctypes, multiprocessing, other spellings of the byte order."""

import ctypes
import multiprocessing

import numpy as np
import pytest

from pybp import MLP

X = np.random.default_rng(0).normal(size=(40, 2))
Y = np.arange(40) % 2


def from_ctypes(values):
    buffer = (ctypes.c_double * values.size)(*values.ravel())
    return np.ctypeslib.as_array(buffer).reshape(values.shape)


def from_shared_memory(values):
    buffer = multiprocessing.RawArray("d", values.ravel().tolist())
    return np.ctypeslib.as_array(buffer).reshape(values.shape)


def with_order(order):
    return lambda values: values.view(values.dtype.newbyteorder(order))


MAKES = {
    "ctypes": from_ctypes,
    "shared": from_shared_memory,
    "little": lambda values: values.astype("<f8"),
    "big": lambda values: values.astype(">f8"),
    "native": with_order("="),
    "explicit": with_order("<" if np.little_endian else ">"),
    "swapped twice": lambda values: values.astype(values.dtype.newbyteorder("S")).astype("=f8"),
}


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_inputs_and_weights(make, dtype, same_state):
    plain, other = (MLP([2, 5, 2], output="softmax", dtype=dtype, seed=0) for _ in range(2))
    plain.fit(X, Y, sample_weight=np.ones(40), epochs=2)
    other.fit(make(X), Y, sample_weight=make(np.ones(40)), epochs=2)
    assert same_state(plain, other)
    assert other.predict(make(X)).tobytes() == plain.predict(X).tobytes()


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_targets_outputs_and_parameters(make, same_state):
    plain, other = (MLP([2, 5, 1], dtype="float64", seed=0) for _ in range(2))
    plain.fit(X, X[:, :1], epochs=2)
    other.fit(X, make(X[:, :1].copy()), epochs=2)
    other.weights = [make(np.asarray(W)) for W in other.weights]
    other.biases = [make(np.asarray(b)) for b in other.biases]
    assert same_state(plain, other)


def test_outputs():
    net = MLP([2, 1], dtype="float64", seed=0)
    for make in (from_ctypes, from_shared_memory, MAKES["native"], MAKES["explicit"]):
        out = make(np.zeros((40, 1)))
        assert net.predict(X, out=out) is out
        assert out.tobytes() == net.predict(X).tobytes()


def test_labels():
    net = MLP([2, 2], output="softmax", seed=0)
    expected = net.copy().fit(X, Y, epochs=1).history
    for kind in (ctypes.c_int32, ctypes.c_long, ctypes.c_ubyte):
        labels = np.ctypeslib.as_array((kind * 40)(*Y.tolist()))
        assert net.copy().fit(X, labels, epochs=1).history == expected
