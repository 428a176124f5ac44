"""Weight decay and dropout that change from step to step."""

import numpy as np
import pytest

import pybp
from pybp import MLP, AdamW, Dense, Dropout
from pybp.errors import ArgumentError
from pybp.schedules import FlatCos, Linear

from layer_twin import twin
from nets import mse
from oracle import OPTIMIZERS
from oracle.net import Update

LAYERS = [5, Dense(16, "tanh"), Dropout(0.9), Dense(2)]
ROWS, BATCH, EPOCHS, LR = 48, 16, 4, 0.01


def data(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(ROWS, 5)), rng.normal(size=(ROWS, 2))


def flat_cos(start, t, n):
    return start if t < n / 2 else start * (1 + np.cos(np.pi * (2 * t / n - 1))) / 2


@pytest.mark.parametrize("decay_bias", [True, False])
@pytest.mark.parametrize("streamed", [False, True])
def test_both_fall_as_the_schedules_say(decay_bias, streamed):
    X, y = data()
    net = MLP(LAYERS, dtype="float64", seed=3)
    other = twin(net, LAYERS)
    rule = AdamW(lr=LR, weight_decay=FlatCos(0.5), decay_bias=decay_bias)
    options = {"optimizer": rule, "epochs": EPOCHS, "dropout": FlatCos(0.4), "progress": False}
    if streamed:
        batches = [(X[i : i + BATCH], y[i : i + BATCH]) for i in range(0, ROWS, BATCH)]
        net.fit(batches, **options)
    else:
        net.fit(X, y, batch_size=BATCH, shuffle=False, **options)
    steps = EPOCHS * ROWS // BATCH
    for t in range(steps):
        rows = slice(t * BATCH % ROWS, t * BATCH % ROWS + BATCH)
        # Rates of dropout are multiples of 2^-16.
        other.layers[1].own["rate"] = np.floor(flat_cos(0.4, t, steps) * 65536 + 0.5) / 65536
        adamw = OPTIMIZERS["adamw"](weight_decay=flat_cos(0.5, t, steps))
        passes = other.backward(X[rows], y[rows], "mse", training=True)
        other.step(passes, Update(adamw, LR, no_bias_decay=not decay_bias))
    for place in (0, 2):
        np.testing.assert_allclose(net.weights[place], other.layers[place].W, rtol=1e-8, atol=1e-11)
        np.testing.assert_allclose(net.biases[place], other.layers[place].b, rtol=1e-8, atol=1e-11)


def test_a_constant_schedule_changes_no_bit():
    X, y = data()
    plain, scheduled = (MLP(LAYERS, seed=1) for _ in range(2))
    options = {"epochs": 2, "batch_size": BATCH, "progress": False}
    plain.fit(X, y, optimizer=AdamW(weight_decay=0.25), **options)
    constant = pybp.schedules.Constant
    rule = AdamW(weight_decay=constant(0.25))
    scheduled.fit(X, y, optimizer=rule, dropout=constant(0.9), **options)
    assert (plain.weights[0] == scheduled.weights[0]).all()
    assert (plain.weights[2] == scheduled.weights[2]).all()


def test_single_steps_follow_the_schedule():
    X, y = data()
    rule = AdamW(lr=LR, weight_decay=Linear(2.0, 1.0, 0.0, steps=2))
    trained, stepped, manual = (MLP([5, 2], dtype="float64", seed=1) for _ in range(3))
    for t in range(3):
        expected = AdamW(lr=LR, weight_decay=max(2.0 - t, 0.0))
        stepped.train_step(X, y, optimizer=expected)
        trained.train_step(X, y, optimizer=rule)
        assert (trained.weights[0] == stepped.weights[0]).all()
        manual.backward(2 * (manual.forward(X) - y) / y.size)
        manual.step(rule)
    np.testing.assert_allclose(manual.weights[0], trained.weights[0], rtol=1e-12)


def test_what_is_refused():
    X, y = data()
    net = MLP(LAYERS, seed=0)
    with pytest.raises(ArgumentError, match=r"dropout 1 of step 0: expected a number in \[0, 1\)"):
        net.fit(X, y, dropout=pybp.schedules.Constant(1.0), progress=False)
    with pytest.raises(TypeError, match="dropout must be None, a schedule or a function"):
        net.fit(X, y, dropout=0.5, progress=False)
    with pytest.raises(ArgumentError, match="need a loss of pybp's own"):
        net.fit(X, y, loss=mse, dropout=FlatCos(0.5), progress=False)
