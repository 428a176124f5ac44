"""Pickles keep everything: training continues with the same bits. Other formats are refused."""

import copy
import pickle

import numpy as np
import pytest

import pybp
from pybp import MLP, Dense
from pybp.activations import LeakyReLU
from pybp.errors import ArgumentError
from pybp.initializers import Constant, Normal, Orthogonal, TruncatedNormal, Uniform
from pybp.optimizers import SGD, Adam, RMSprop

from registered import CLASSES


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_round_trip(trained, same_state, protocol):
    again = pickle.loads(pickle.dumps(trained, protocol))
    assert same_state(again, trained)
    assert repr(again) == repr(trained)
    assert again.layers == trained.layers


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "optimizer",
    [
        *CLASSES["optimizers"],
        SGD(lr=0.1),
        SGD(momentum=0.9),
        RMSprop(centered=True),
        RMSprop(momentum=0.5, centered=True),
        Adam(amsgrad=True),
    ],
    ids=repr,
)
def test_training_goes_on_with_the_same_bits(blobs, same_state, optimizer, dtype):
    net = MLP([2, 20, 3], output="softmax", dtype=dtype, seed=0)
    net.fit(*blobs, epochs=2, optimizer=optimizer)
    again = pickle.loads(pickle.dumps(net))
    twin = net.copy()
    three = (net, again, twin)
    histories = [one.fit(*blobs, epochs=2, optimizer=optimizer).history for one in three]
    assert same_state(net, again)
    assert same_state(net, twin)
    assert histories[0] == histories[1] == histories[2]


def test_every_option_of_a_layer(same_state):
    first = Dense(3, LeakyReLU(0.2), init=Constant(0.5), bias_init=0.25)
    layers = [2, first, Dense(2, bias=False), 1]
    net = MLP(layers, init="lecun_normal", seed=2**64 - 1)
    again = pickle.loads(pickle.dumps(net))
    assert same_state(net, again)
    assert again.layers == net.layers
    assert again.seed == net.seed


@pytest.mark.parametrize("init", [Uniform(0.5), Normal(0.1), TruncatedNormal(2), Orthogonal(-1.5)])
def test_initializers_with_a_parameter(init):
    net = MLP([2, 3, 1], init=init, seed=1)
    assert pickle.loads(pickle.dumps(net)).layers == net.layers


def test_plain_contents(trained):
    """Nothing but plain values and arrays, so that the format does not depend on pybp's classes."""

    def plain(value):
        if isinstance(value, dict):
            return all(map(plain, value.values()))
        if isinstance(value, list | tuple):
            return all(map(plain, value))
        return type(value) in (int, float, str, bool, np.ndarray)

    assert plain(trained.__getstate__())


def test_another_format_is_refused(trained):
    state = trained.__getstate__() | {"format": 99}
    with pytest.raises(ArgumentError, match="format 99; this pybp reads 2 and 3"):
        MLP.__new__(MLP).__setstate__(state)


def test_the_format_before_is_read(trained, same_state):
    """It had neither attributes nor what callbacks remember."""
    state = trained.__getstate__() | {"format": 2}
    del state["attributes"], state["callbacks"]
    again = MLP.__new__(MLP)
    again.__setstate__(state)
    assert same_state(again, trained)


# ---- attributes of one's own -----------------------------------------------------------------


class Named(MLP):
    """A subclass that keeps something."""

    def __init__(self, layers, name, **options):
        super().__init__(layers, **options)
        self.name = name


def test_attributes_stay():
    net = Named([2, 3, 1], name="a", seed=1)
    net.classes = ["cat", "dog"]
    net.itself = net
    net.rows = np.arange(3)
    for again in (pickle.loads(pickle.dumps(net)), copy.deepcopy(net)):
        assert type(again) is Named
        assert (again.name, again.classes) == ("a", ["cat", "dog"])
        assert again.itself is again
        assert (again.rows == net.rows).all()
        assert again.classes is not net.classes
        again.classes.append("cow")
        assert net.classes == ["cat", "dog"]
    for again in (net.copy(), copy.copy(net)):
        assert again.name == "a"
        assert again.classes is net.classes
        assert again.itself is net
    net.train_step([[1.0, 2.0]], [[1.0]])
    assert not hasattr(MLP([1, 1]), "classes")


def test_a_net_shared_by_several_objects():
    net = MLP([2, 1], seed=0)
    net.twin = [net.copy(), net]
    one, other = copy.deepcopy([net, net])
    assert one is other
    assert one.twin[1] is one
    assert one.twin[0] is not net.twin[0]


def test_what_fit_leaves_is_no_attribute(trained):
    assert trained.history is not None
    assert trained.copy().history is None
    assert trained.__getstate__()["attributes"] == {}


def test_the_core_net_itself_is_not_pickled(trained):
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(trained._net)


def test_specs_and_results(classifier, blobs):
    X, y = blobs
    history = classifier.fit(X, y, epochs=1)
    check = classifier.check_gradients(X[:3], y[:3])
    for value in (pybp.Adam(lr=0.1), pybp.MSE(), Dense(3, "relu"), check):
        assert pickle.loads(pickle.dumps(value)) == value
    assert pickle.loads(pickle.dumps(history)).history == history.history
