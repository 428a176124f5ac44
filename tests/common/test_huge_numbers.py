"""Numbers that no machine number holds, and arguments that can't be shown: pybp's own errors."""

from fractions import Fraction

import numpy as np
import pytest

import pybp
from pybp import MLP, Activation, Adam, Dropout, Embedding, schedules
from pybp.errors import ArgumentError, NotFiniteError

X, y = np.ones((4, 2)), np.ones((4, 1))
MANY = 10**5000
"""More digits than Python prints."""


@pytest.mark.parametrize("number", [10**20, MANY, -MANY], ids=range(3))
@pytest.mark.parametrize("name", ["batch_size", "epochs", "accumulate", "threads", "initial_epoch"])
def test_counts(net_2_1, name, number):
    with pytest.raises(ArgumentError, match=f"{name} must be a whole number"):
        net_2_1.fit(X, y, **{name: number})


@pytest.mark.parametrize("number", [10**400, MANY, Fraction(10**400, 3)], ids=range(3))
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("lr", lambda number: Adam(lr=number)),
        ("clip_norm", lambda number: Adam(clip_norm=number)),
        ("delta", lambda number: pybp.losses.Huber(delta=number)),
        ("rate", Dropout),
        ("warmup", lambda number: schedules.Cosine(0.1, warmup=number)),
        ("min_delta", lambda number: pybp.callbacks.EarlyStopping(min_delta=number)),
    ],
)
def test_numbers(name, make, number):
    with pytest.raises(ArgumentError, match=f"{name} must be a .*number"):
        make(number)


@pytest.mark.parametrize("number", [10**400, MANY, Fraction(10**400)], ids=range(3))
def test_data(net_2_1, number):
    with pytest.raises(NotFiniteError, match="X holds inf at row 0, column 0"):
        net_2_1.predict([[number, 1]])
    with pytest.raises(NotFiniteError, match="sample_weight holds inf at row 0"):
        net_2_1.fit(X, y, sample_weight=[number] * 4)
    with pytest.raises(NotFiniteError, match=r"weights\[0\] holds inf"):
        net_2_1.weights = [[[number, 1]]]


def test_seeds_and_sizes():
    with pytest.raises(ArgumentError, match="seed must be a whole number"):
        MLP([2, 1], seed=MANY)
    for layers in ([MANY, 1], [2, MANY, 1], [2**63, 1]):
        with pytest.raises(MemoryError, match="more than memory can hold"):
            MLP(layers)
    with pytest.raises(ArgumentError, match="the number of categories"):
        MLP([3, Embedding({0: (MANY, 1)}), 1])


def test_many_inputs():
    """Loops over the inputs of a net come after the memory for them."""
    with pytest.raises(MemoryError):
        MLP([10**12, Embedding({0: (3, 1)}), 1])
    net = MLP([2**62, Embedding({0: (3, 1)}), Activation("tanh")], seed=0)
    assert net.n_parameters == 3
    net.weights = net.weights
    assert [W is None or W.shape for W in net.weights] == [(1, 3), True, True]


def test_what_cannot_be_shown(net_2_1):
    class Silent:
        def __repr__(self):
            raise RuntimeError("no")

    with pytest.raises(TypeError, match=r"batch_size must be a whole number, got <Silent>"):
        net_2_1.fit(X, y, batch_size=Silent())


@pytest.fixture
def net_2_1():
    return MLP([2, 1], seed=0)
