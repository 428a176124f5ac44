"""Impossible nets and wrong arguments: the error names them."""

import numpy as np
import pytest

import pybp
from pybp import MLP, Dense
from pybp.errors import (
    ArgumentError,
    DivergenceError,
    NotFiniteError,
    PybpError,
    ShapeError,
)

from nets import assert_same_weights

X = np.random.default_rng(0).normal(size=(20, 2))
Y = np.arange(20) % 3

# ---- nets ----


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        ([3], ArgumentError, "layers needs the number of inputs and at least one layer"),
        ([], ArgumentError, "layers needs the number of inputs"),
        (3, TypeError, "layers must be a list such as"),
        ("3,1", TypeError, "layers must be a list such as"),
        (None, TypeError, "layers must be a list such as"),
        ([0, 1], ArgumentError, r"layers\[0\], the number of inputs, must be .* >= 1, got 0"),
        ([3, 0, 1], ArgumentError, r"layers\[1\] must be a whole number >= 1, got 0"),
        ([3, -2], ArgumentError, r"layers\[1\] must be a whole number >= 1, got -2"),
        ([3, 2.0], TypeError, r"layers\[1\] must be a whole number, got 2.0 \(float\)"),
        ([3, True], TypeError, r"layers\[1\] must be a whole number, got True"),
        ([3, "relu"], TypeError, r"layers\[1\] must be a whole number, got 'relu'"),
        ([Dense(3), 1], TypeError, r"layers\[0\], the number of inputs, must be a whole number"),
        ([3, 2**64, 1], MemoryError, r"layers\[1\] is 18446744073709551616"),
        ([3, 2**62, 2**62], MemoryError, "memory"),
        ([2**40, 2**40], MemoryError, "memory"),
        ([3, Dense(2, "softmax"), 1], ArgumentError, r"layers\[1\] is hidden and can't be softmax"),
    ],
)
def test_layers(layers, error, message):
    with pytest.raises(error, match=message):
        MLP(layers)
    assert MLP([3, 1], seed=0).predict([1, 2, 3]).shape == (1,)


@pytest.mark.parametrize(
    ("argument", "value", "error", "message"),
    [
        ("activation", "rellu", ArgumentError, "'rellu' is unknown; did you mean 'relu'"),
        ("activation", "softmax", ArgumentError, "hidden and can't be softmax"),
        ("activation", 3, TypeError, r"activation must be a name or one of pybp\.activations"),
        ("output", "sofmax", ArgumentError, "output 'sofmax' is unknown; did you mean 'softmax'"),
        ("init", "glorotuniform", ArgumentError, "did you mean 'glorot_uniform'"),
        ("init", None, TypeError, "init must be a name"),
        ("dtype", "float16", ArgumentError, "dtype 'float16' is unknown"),
        ("dtype", "single precision", ArgumentError, "dtype 'single precision' is unknown"),
        ("dtype", int, ArgumentError, "dtype 'int64' is unknown"),
        ("seed", -1, ArgumentError, "seed must be a whole number >= 0, got -1"),
        ("seed", 2**64, ArgumentError, "seed must be a whole number <= 18446744073709551615"),
        ("seed", 1.5, TypeError, "seed must be a whole number, got 1.5"),
    ],
)
def test_arguments_of_a_net(argument, value, error, message):
    with pytest.raises(error, match=message):
        MLP([3, 4, 2], **{argument: value})


def test_output_is_given_once():
    with pytest.raises(ArgumentError, match="has an activation of its own"):
        MLP([3, Dense(2, "relu")], output="softmax")


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"n_out": 0}, ArgumentError),
        ({"n_out": 2.5}, TypeError),
        ({"n_out": 2, "activation": "rlu"}, ArgumentError),
        ({"n_out": 2, "init": "zeroes"}, ArgumentError),
        ({"n_out": 2, "bias": 1}, TypeError),
        ({"n_out": 2, "bias_init": float("nan")}, ArgumentError),
        ({"n_out": 2, "bias_init": "0"}, TypeError),
        ({"n_out": 2, "bias_std": -1.0}, ArgumentError),
        ({"n_out": 2, "bias_std": float("inf")}, ArgumentError),
        ({"n_out": 2, "bias_std": "1"}, TypeError),
    ],
)
def test_dense(settings, error):
    with pytest.raises(error, match=list(settings)[-1]):
        Dense(**settings)


def test_constant():
    with pytest.raises(ArgumentError, match="value must be a finite number, got inf"):
        pybp.initializers.Constant(float("inf"))


# ---- parameters ----


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([np.ones((8, 2))], ShapeError, "weights has 1 arrays, but the net has 2 layers"),
        ([np.ones((8, 2)), np.ones((8, 3))], ShapeError, r"weights\[1\] has shape \(8, 3\)"),
        ([np.ones(16), np.ones((3, 8))], ShapeError, r"weights\[0\] has shape \(16,\)"),
        ([np.ones((8, 2)), np.full((3, 8), np.nan)], NotFiniteError, r"weights\[1\] holds nan"),
        ([np.full((8, 2), 1e300), np.ones((3, 8))], NotFiniteError, "too large for float32"),
        ([np.ones((8, 2)), np.ones((3, 8), complex)], TypeError, r"weights\[1\] has dtype complex"),
        ([np.ones((8, 2)), None], TypeError, r"weights\[1\] is None"),
        (7, TypeError, "weights must be a list of arrays"),
    ],
)
def test_weights(trained, unchanged, weights, error, message):
    with unchanged(trained), pytest.raises(error, match=message):
        trained.weights = weights


@pytest.mark.parametrize(
    ("biases", "error"),
    [
        ([np.ones(8)], ShapeError),
        ([np.ones(8), np.ones(4)], ShapeError),
        ([np.ones((8, 1)), np.ones(3)], ShapeError),
        ([np.ones(8), [1, 2, np.inf]], NotFiniteError),
        ([np.ones(8), None], TypeError),
    ],
)
def test_biases(trained, unchanged, biases, error):
    with unchanged(trained), pytest.raises(error, match="biases"):
        trained.biases = biases


# ---- training ----


def wrong(error, message, **arguments):
    name = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    return pytest.param(arguments, error, message, id=name[:50])


FIT = [
    wrong(ArgumentError, "epochs must be a whole number >= 1, got 0", epochs=0),
    wrong(TypeError, "epochs must be a whole number, got 2.5", epochs=2.5),
    wrong(ArgumentError, "batch_size must be a whole number >= 1, got 0", batch_size=0),
    wrong(ArgumentError, "batch_size must be a whole number >= 1, got -5", batch_size=-5),
    wrong(TypeError, "batch_size must be a whole number, got None", batch_size=None),
    wrong(TypeError, "shuffle must be True or False, got 1", shuffle=1),
    wrong(ArgumentError, "threads must be a whole number >= 1, got 0", threads=0),
    wrong(TypeError, "threads must be a whole number, got 'all'", threads="all"),
    wrong(ArgumentError, "progress must be True, False or 'auto'", progress="yes"),
    wrong(ArgumentError, "loss 'crossentropy' is unknown; did you mean", loss="crossentropy"),
    wrong(
        ArgumentError,
        "needs a sigmoid output, but the output of this net",
        loss="binary_cross_entropy",
    ),
    wrong(TypeError, "loss must be a name", loss=3),
    wrong(ArgumentError, "optimizer 'adamm' is unknown; did you mean", optimizer="adamm"),
    wrong(TypeError, "optimizer must be a name", optimizer=0.01),
    wrong(TypeError, "metrics must be a list", metrics="accuracy"),
    wrong(ArgumentError, "metric 'acuracy' is unknown; did you mean", metrics=["acuracy"]),
    wrong(TypeError, "a metric must be a name or a function", metrics=[3]),
    wrong(ArgumentError, "metrics must have different names", metrics=["mse", "mse"]),
    wrong(TypeError, r"callbacks must derive from pybp\.callbacks\.Callback", callbacks=[print]),
    wrong(TypeError, "object is not iterable", callbacks=3),
    wrong(ArgumentError, r"validation_split must be in \(0, 1\), got 1.0", validation_split=1.0),
    wrong(ArgumentError, "validation_split must be a finite number", validation_split=float("nan")),
    wrong(ArgumentError, "leaves none of 20 rows to train on", validation_split=0.999),
    wrong(TypeError, "validation_data must be", validation_data=X),
    wrong(TypeError, "validation_data must be", validation_data=(X,)),
    wrong(ShapeError, r"validation_data\[0\] has shape", validation_data=(X[:, :1], Y)),
    wrong(ShapeError, r"validation_data\[1\] has 19 rows", validation_data=(X, Y[1:])),
    wrong(ArgumentError, "not both", validation_data=(X, Y), validation_split=0.5),
    wrong(ArgumentError, "class_weight must be 'balanced' or a dict", class_weight="balance"),
    wrong(TypeError, "class_weight must be 'balanced' or a dict", class_weight=[1, 2, 3]),
    wrong(ArgumentError, "class_weight names class 3, but", class_weight={3: 1.0}),
    wrong(ArgumentError, r"class_weight\[1\] must be a finite number >= 0", class_weight={1: -1}),
    wrong(TypeError, "a class of class_weight must be", class_weight={"cat": 1}),
    wrong(ArgumentError, "class_weight is zero for every sample", class_weight={0: 0, 1: 0, 2: 0}),
]


@pytest.mark.parametrize(("arguments", "error", "message"), FIT)
def test_fit(trained, unchanged, arguments, error, message):
    with unchanged(trained), pytest.raises(error, match=message):
        trained.fit(X, Y, **arguments)


def test_class_weights_need_classes(unchanged):
    net = MLP([2, 1], seed=0)
    with unchanged(net), pytest.raises(ArgumentError, match="class_weight needs classes"):
        net.fit(X, X[:, 0], class_weight="balanced")


def test_losses_need_their_output(unchanged):
    net = MLP([2, 1], seed=0)
    message = "cross_entropy needs a softmax output, but the output of this net is identity"
    with unchanged(net), pytest.raises(ArgumentError, match=message):
        net.fit(X, Y, loss="cross_entropy")


@pytest.mark.parametrize("argument", ["max_entries", "seed"])
def test_check_gradients(trained, argument):
    with pytest.raises(ArgumentError, match=f"{argument} must be a whole number"):
        trained.check_gradients(X, Y, **{argument: -1})


# ---- divergence ----


def test_divergence_leaves_the_last_finite_epoch():
    rng = np.random.default_rng(0)
    net = MLP([3, 4, 1], activation="identity", seed=0)
    data = rng.normal(size=(60, 3)), rng.normal(size=60)
    settings = {"optimizer": pybp.SGD(lr=1.5), "batch_size": 20}
    twin = net.copy()
    with pytest.raises(DivergenceError) as caught:
        net.fit(*data, epochs=200, **settings)
    error = caught.value
    assert isinstance(error, ArithmeticError)
    assert error.epoch > 1
    assert 1 <= error.step <= 3
    message = str(error)
    assert f"in epoch {error.epoch} of 200, step {error.step} of 3" in message
    assert f"the parameters from the end of epoch {error.epoch - 1}" in message
    assert "lr=1.5, clip_norm=1.0, or scale the inputs" in message
    twin.fit(*data, epochs=error.epoch - 1, **settings)
    assert_same_weights(net, twin)
    assert net.__getstate__()["progress"][1] == 0
    net.fit(*data, epochs=2)


def test_divergence_at_once_leaves_the_net():
    net = MLP([2, 1], seed=0)
    before = net.weights
    with pytest.raises(DivergenceError, match="the parameters from before this fit"):
        net.fit(1e20 * X, X[:, 0], optimizer=pybp.SGD(lr=1e30))
    np.testing.assert_array_equal(net.weights[0], before[0])


def test_divergence_of_a_single_update():
    net = MLP([2, 1], seed=0)
    before = net.weights
    with pytest.raises(DivergenceError, match="Try a smaller learning rate than lr=1e\\+30"):
        net.train_step(1e20 * X, X[:, 0], optimizer=pybp.SGD(lr=1e30))
    np.testing.assert_array_equal(net.weights[0], before[0])
    net.forward(1e20 * X)
    net.backward(np.full((20, 1), 1e20))
    with pytest.raises(DivergenceError):
        net.step(pybp.SGD(lr=1e30))
    np.testing.assert_array_equal(net.weights[0], before[0])


def test_every_error_is_one_of_ours():
    for name in pybp.errors.__all__:
        assert issubclass(getattr(pybp.errors, name), PybpError)
