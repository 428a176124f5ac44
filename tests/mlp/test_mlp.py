"""Making nets, and their attributes."""

import copy

import numpy as np
import pytest

import pybp
from pybp import MLP, Dense
from pybp.errors import ShapeError

from nets import assert_same_weights


def test_layers_from_numbers():
    net = MLP([4, 3, 2], activation="tanh", output="softmax", seed=0)
    assert (net.n_in, net.n_out, net.n_parameters) == (4, 2, 4 * 3 + 3 + 3 * 2 + 2)
    assert [layer.activation.name for layer in net.layers] == ["tanh", "softmax"]
    assert [W.shape for W in net.weights] == [(3, 4), (2, 3)]
    assert [b.shape for b in net.biases] == [(3,), (2,)]


def test_layers_from_specs():
    layers = [4, Dense(3, "sigmoid", init="zeros", bias_init=0.5), Dense(2, bias=False), 1]
    net = MLP(layers, activation="tanh", init="he_normal", seed=0)
    assert [layer.activation.name for layer in net.layers] == ["sigmoid", "identity", "identity"]
    assert [layer.init.name for layer in net.layers] == ["zeros", "he_normal", "he_normal"]
    assert not net.weights[0].any()
    assert (net.biases[0] == 0.5).all()
    assert net.biases[1] is None
    assert net.n_parameters == 4 * 3 + 3 + 3 * 2 + 2 + 1


def test_no_hidden_layer():
    net = MLP([3, 2], seed=0)
    X = np.ones((1, 3), np.float32)
    np.testing.assert_allclose(net.predict(X), X @ net.weights[0].T, rtol=1e-6)


def test_output_may_name_the_activation_of_a_dense():
    assert MLP([2, Dense(1)], output="sigmoid").layers[0].activation.name == "sigmoid"


@pytest.mark.parametrize("dtype", ["float32", "float64", np.float32, np.dtype(np.float64)])
def test_dtype(dtype):
    net = MLP([2, 3, 1], dtype=dtype, seed=0)
    assert net.dtype == np.dtype(dtype)
    assert net.weights[0].dtype == np.dtype(dtype)
    assert net.predict([1, 2]).dtype == np.dtype(dtype)


def test_seed_makes_the_weights():
    one, same, other = (MLP([5, 4, 3], seed=seed) for seed in (7, 7, 8))
    assert_same_weights(one, same)
    assert not np.array_equal(one.weights[0], other.weights[0])


def test_a_drawn_seed_is_recorded():
    net = MLP([5, 4, 3])
    assert net.seed != MLP([5, 4, 3]).seed
    again = MLP([5, 4, 3], seed=net.seed)
    assert_same_weights(net, again)


def test_the_largest_seed():
    assert MLP([1, 1], seed=2**64 - 1).seed == 2**64 - 1


@pytest.mark.parametrize("what", ["weights", "biases"])
def test_parameters_can_be_read_but_not_written_in_place(classifier, what):
    with pytest.raises(ValueError, match="read-only"):
        getattr(classifier, what)[0][:] = 0


def test_parameters_can_be_assigned(classifier):
    weights = [np.full(W.shape, 0.25 + place) for place, W in enumerate(classifier.weights)]
    biases = [list(range(b.size)) for b in classifier.biases]
    classifier.weights, classifier.biases = weights, biases
    assert_same_weights(classifier, weights)
    for given, held in zip(biases, classifier.biases, strict=True):
        np.testing.assert_array_equal(held, given)


def test_assigning_keeps_the_optimizer_state(trained):
    progress = trained.__getstate__()["progress"]
    trained.weights = [2 * W for W in trained.weights]
    assert trained.__getstate__()["progress"] == progress


def test_biases_of_a_layer_without(unchanged):
    net = MLP([2, Dense(3, bias=False), 1], seed=0)
    net.biases = [None, [2.0]]
    assert net.biases[1] == [2.0]
    with unchanged(net), pytest.raises(ShapeError, match=r"biases\[0\] must be None"):
        net.biases = [[0, 0, 0], [1.0]]


@pytest.mark.parametrize("make", [MLP.copy, copy.copy, copy.deepcopy])
def test_copies_go_on_alike_and_apart(trained, blobs, same_state, unchanged, make):
    twin = make(trained)
    assert same_state(twin, trained)
    with unchanged(trained):
        twin.fit(*blobs, epochs=1)
    assert not same_state(twin, trained)
    trained.fit(*blobs, epochs=1)
    assert same_state(twin, trained)


def test_version():
    assert pybp.__version__.count(".") == 2
    assert set(pybp.__all__) <= set(dir(pybp))
