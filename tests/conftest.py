"""Fixtures of several test files."""

from contextlib import contextmanager

import numpy as np
import pytest

import pybp


def snapshot(net):
    """Everything that training changes, as values that compare."""
    state = net.__getstate__()
    arrays = [(what, place, values.tobytes()) for what, place, values in state["arrays"]]
    return state["progress"], arrays


@pytest.fixture
def unchanged():
    """``with unchanged(net):`` asserts that the block changes no parameter, state or counter."""

    @contextmanager
    def check(net):
        before = snapshot(net)
        yield
        assert snapshot(net) == before

    return check


@pytest.fixture
def same_state():
    """Whether two nets hold the same bits."""
    return lambda one, other: snapshot(one) == snapshot(other)


@pytest.fixture
def rng():
    """A random generator for one test: what it draws depends on no other test.

    No file uses this seed for data of its own, so the two are independent.
    """
    return np.random.default_rng(123)


@pytest.fixture
def blobs():
    """Two hundred points of three classes that a small net tells apart."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, size=200)
    centres = np.array([[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]])
    return centres[labels] + 0.4 * rng.normal(size=(200, 2)), labels


@pytest.fixture
def classifier():
    return pybp.MLP([2, 8, 3], activation="tanh", output="softmax", seed=1)


@pytest.fixture
def trained(classifier, blobs):
    """A net in the middle of training, with optimizer state."""
    classifier.fit(*blobs, epochs=2)
    return classifier


# ---- data of scikit-learn, for the tests of its estimators -----------------------------------


@pytest.fixture(scope="module")
def iris():
    """Scaled inputs, and classes as strings."""
    datasets = pytest.importorskip("sklearn.datasets")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    X, y = datasets.load_iris(return_X_y=True)
    return preprocessing.scale(X), np.array(["setosa", "versicolor", "virginica"])[y]


@pytest.fixture(scope="module")
def binary(iris):
    """Two of its three classes."""
    X, y = iris
    return X[50:], y[50:]


@pytest.fixture(scope="module")
def diabetes():
    """Scaled inputs and targets."""
    datasets = pytest.importorskip("sklearn.datasets")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    X, y = datasets.load_diabetes(return_X_y=True)
    return preprocessing.scale(X), preprocessing.scale(y)
