"""What makes an update: several minibatches together, the last rows left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pybp
from pybp import MLP
from pybp.errors import ArgumentError

from nets import squared_error

X = np.random.default_rng(0).normal(size=(2000, 5)).astype("f4")
Y = np.random.default_rng(1).integers(0, 3, size=2000)
W = np.random.default_rng(2).integers(0, 4, size=2000).astype("f8")


def net():
    return MLP([5, 16, 3], activation="tanh", output="softmax", dtype="float64", seed=0)


def fitted(y=Y, **settings):
    model = net()
    model.history = model.fit(X, y, epochs=2, **settings).history
    return model


def difference(one, other):
    return max(np.abs(a - b).max() for a, b in zip(one.weights, other.weights, strict=True))


@pytest.mark.parametrize("optimizer", ["sgd", pybp.Adam(clip_norm=0.05)])
@pytest.mark.parametrize("weight", [None, W])
@pytest.mark.parametrize(("batch_size", "accumulate"), [(256, 3), (768, 1)])
def test_whole_chunks_give_the_bits_of_the_large_batch(
    optimizer, weight, batch_size, accumulate, same_state
):
    common = {"optimizer": optimizer, "sample_weight": weight}
    large = fitted(batch_size=768, **common)
    small = fitted(batch_size=batch_size, accumulate=accumulate, threads=2, **common)
    assert same_state(large, small)
    assert large.history == small.history


@pytest.mark.parametrize("weight", [None, W])
def test_other_sizes_differ_by_rounding_only(weight, same_state):
    large = fitted(batch_size=600, sample_weight=weight)
    small = fitted(batch_size=150, accumulate=4, sample_weight=weight)
    assert not same_state(large, small)
    assert difference(large, small) < 1e-9
    assert large.history["accuracy"] == small.history["accuracy"]


@settings(max_examples=25, deadline=None)
@given(batch=st.integers(1, 400), accumulate=st.integers(1, 9), drop=st.booleans())
def test_uneven_last_minibatches_are_weighted_by_their_rows(batch, accumulate, drop):
    rows = 300
    models = []
    for size, times in ((batch * accumulate, 1), (batch, accumulate)):
        model = net()
        model.fit(
            X[:rows],
            Y[:rows],
            epochs=2,
            batch_size=size,
            accumulate=times,
            drop_last=drop,
            sample_weight=W[:rows],
            optimizer=pybp.SGD(lr=0.1),
        )
        models.append(model)
    assert difference(*models) < 1e-12


@pytest.mark.parametrize("weight", [None, W])
def test_custom_losses_accumulate_too(weight):
    targets = np.eye(3)[Y]
    common = {"y": targets, "loss": squared_error, "optimizer": "sgd", "sample_weight": weight}
    large = fitted(batch_size=600, **common)
    small = fitted(batch_size=150, accumulate=4, **common)
    assert difference(large, small) < 1e-12
    assert np.allclose(large.history["loss"], small.history["loss"], rtol=1e-12)


@pytest.mark.parametrize("loss", ["cross_entropy", squared_error])
def test_drop_last(loss, same_state):
    y = Y if loss == "cross_entropy" else np.eye(3)[Y]
    whole, dropped = net(), net()
    whole.fit(X[:1920], y[:1920], loss=loss, epochs=1, batch_size=64, shuffle=False)
    history = dropped.fit(
        X[:1950], y[:1950], loss=loss, epochs=1, batch_size=64, shuffle=False, drop_last=True
    )
    assert same_state(whole, dropped)
    assert len(history) == 1


def test_accuracy_is_of_the_rows_that_were_used():
    model = net()
    model.fit(X, (X[:, 0] > 0).astype(int), epochs=20)
    history = model.fit(
        X[:100], (X[:100, 0] > 0).astype(int), batch_size=60, drop_last=True, epochs=1
    )
    assert history.history["accuracy"][0] > 0.9  # 60 rows of 100


def test_epochs_drop_other_rows_when_shuffled():
    seen = net()
    seen.fit(X[:10], Y[:10], epochs=3, batch_size=6, drop_last=True)
    assert seen._net.get_progress()[:2] == (3, 3)


@pytest.mark.parametrize("loss", ["cross_entropy", squared_error])
@pytest.mark.parametrize(
    ("weighted", "shuffle", "fits"),
    [
        ([32], False, False),
        ([32], True, False),
        ([24, 32], False, False),  # 24 to 32 are left out
        ([23, 32], False, True),
        ([0, 32], True, False),  # both may be
        (list(range(10)), True, True),
    ],
)
def test_drop_last_leaves_some_samples_that_have_weights(loss, weighted, shuffle, fits, unchanged):
    model, y = net(), Y[:33] if loss == "cross_entropy" else np.eye(3)[Y[:33]]
    weight = np.zeros(33)
    weight[weighted] = 1
    common = {"loss": loss, "batch_size": 4, "accumulate": 3, "shuffle": shuffle, "epochs": 30}
    if fits:
        history = model.fit(X[:33], y, sample_weight=weight, drop_last=True, **common)
        assert np.isfinite(history.history["loss"]).all()
        return
    with pytest.raises(ArgumentError, match="leaves out 9 of 33 samples"), unchanged(model):
        model.fit(X[:33], y, sample_weight=weight, drop_last=True, **common)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"accumulate": 0}, ArgumentError, "accumulate must be a whole number >= 1, got 0"),
        ({"accumulate": 1.5}, TypeError, "accumulate must be a whole number"),
        ({"drop_last": 1}, TypeError, "drop_last must be True or False"),
    ],
)
def test_bad(settings, error, message, unchanged):
    model = net()
    with unchanged(model), pytest.raises(error, match=message):
        model.fit(X, Y, **settings)
