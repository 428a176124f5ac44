"""``penalty_per_weight``: the layers' penalties, divided by the weight of each update's samples."""

import numpy as np
import pytest

from pybp import MLP, SGD, Dense
from pybp.optimizers import LBFGS

from nets import assert_same_weights, squared_error

ROWS = 24


def net(l1=0.0, l2=0.0):
    layers = [Dense(5, "tanh", l1=l1, l2=l2), Dense(2, l1=l1, l2=l2)]
    return MLP([3, *layers], dtype="float64", seed=1)


@pytest.fixture(params=[None, "weights"])
def data(request):
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.5, 2.0, ROWS) if request.param else None
    return {"X": rng.normal(size=(ROWS, 3)), "y": rng.normal(size=(ROWS, 2))}, weights


@pytest.mark.parametrize("loss", ["squared_error", squared_error])
@pytest.mark.parametrize("optimizer", [SGD(0.1), LBFGS(max_iter=3)], ids=["sgd", "lbfgs"])
def test_of_a_whole_batch_it_is_a_smaller_penalty(data, loss, optimizer):
    samples, weights = data
    total = ROWS if weights is None else weights.sum()
    divided, smaller = net(l1=0.2, l2=3.0), net(l1=0.2 / total, l2=3.0 / total)
    fit = {"loss": loss, "optimizer": optimizer, "epochs": 3, "batch_size": ROWS}
    ours = divided.fit(**samples, sample_weight=weights, penalty_per_weight=True, **fit)
    theirs = smaller.fit(**samples, sample_weight=weights, **fit)
    np.testing.assert_allclose(ours.history["loss"], theirs.history["loss"], rtol=1e-10)
    assert_same_weights(divided, smaller, rtol=1e-8)


@pytest.mark.parametrize("loss", ["squared_error", squared_error])
def test_each_batch_divides_by_its_own_weight(data, loss):
    """The last of the batches is smaller, so the penalty weighs more in its update."""
    samples, weights = data
    batches = [slice(0, 10), slice(10, 20), slice(20, 24)]
    divided, manual = net(l2=3.0), net()
    divided.fit(
        **samples,
        loss=loss,
        optimizer=SGD(0.1),
        epochs=1,
        batch_size=10,
        shuffle=False,
        sample_weight=weights,
        penalty_per_weight=True,
    )
    for batch in batches:
        part = {name: values[batch] for name, values in samples.items()}
        weight = None if weights is None else weights[batch]
        total = batch.stop - batch.start if weights is None else weight.sum()
        decay = [0.1 * 3.0 / total * W for W in manual.weights]
        manual.train_step(**part, loss="squared_error", optimizer=SGD(0.1), sample_weight=weight)
        manual.weights = [W - d for W, d in zip(manual.weights, decay, strict=True)]
    assert_same_weights(divided, manual, rtol=1e-10)


def test_it_must_be_a_flag(data):
    with pytest.raises(TypeError, match="penalty_per_weight must be True or False, got 1"):
        net().fit(**data[0], penalty_per_weight=1)


def test_evaluate_has_it_undivided(data):
    samples, _ = data
    model = net(l2=3.0)
    plain = net()
    history = model.fit(
        **samples,
        loss="mse",
        epochs=1,
        penalty_per_weight=True,
        validation_data=(*samples.values(),),
    )
    plain.weights, plain.biases = model.weights, model.biases
    expected = plain.evaluate(**samples, loss="mse")["loss"] + model.penalty
    assert history.history["val_loss"][0] == pytest.approx(expected)
