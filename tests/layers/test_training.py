"""What layers do in training: statistics, masks, one seed one result, and what is refused."""

import numpy as np
import pytest

import pybp
from pybp import (
    MLP,
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    LayerNorm,
    Residual,
)
from pybp.errors import ArgumentError

from layer_nets import NESTED, NETS, POST, inputs

X, Y = np.random.default_rng(0).normal(size=(70, 6)), np.random.default_rng(1).normal(size=(70, 3))


def fit(net, x=X, y=Y, **options):
    return net.fit(x, y, **{"epochs": 3, "batch_size": 16, "progress": False, **options})


# ---- one seed, one result ----

WIDE = [
    20,
    Embedding({3: (9, 8)}),
    Dense(70),
    BatchNorm(),
    Activation("relu"),
    Dropout(0.3),
    Residual([LayerNorm(), Dense(70, "gelu"), Residual([BatchNorm(), 40]), AlphaDropout(0.1)]),
    GaussianNoise(0.2),
    5,
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [64, 300, 600])
def test_the_number_of_threads_changes_nothing(dtype, batch_size, same_state):
    x = inputs(WIDE, 611, np.random.default_rng(1), dtype)
    y = np.random.default_rng(2).integers(5, size=611)
    nets = [MLP(WIDE, output="softmax", dtype=dtype, seed=0) for _ in range(3)]
    options = {"batch_size": batch_size, "optimizer": pybp.Adam(clip_norm=0.5)}
    losses = [
        fit(net, x, y, threads=threads, **options).history["loss"]
        for threads, net in enumerate(nets, start=1)
    ]
    assert losses[0] == losses[1] == losses[2]
    assert same_state(nets[0], nets[1])
    assert same_state(nets[0], nets[2])
    predictions = [nets[0].predict(x, threads=threads) for threads in (1, 2, 3)]
    assert (predictions[0] == predictions[1]).all()
    assert (predictions[0] == predictions[2]).all()
    alone = np.stack([nets[0].predict(row) for row in x[:20]])
    np.testing.assert_array_equal(alone, predictions[0][:20])


@pytest.mark.parametrize("layers", NETS.values(), ids=list(NETS))
def test_the_instruction_set_changes_nothing(layers, same_state):
    x = inputs(layers, 70, np.random.default_rng(1))
    nets = []
    try:
        for isa in ("scalar", None):
            pybp._core.isa_select(isa)
            nets.append(MLP(layers, seed=0))
            fit(nets[-1], x)
    finally:
        pybp._core.isa_select(None)
    assert same_state(*nets)


def test_fits_go_on_where_they_were(same_state):
    """Two times three epochs are six, masks and statistics included."""
    nets = [MLP([6, 9, POST, NESTED, 3], seed=0) for _ in range(2)]
    fit(nets[0], epochs=6)
    fit(nets[1])
    fit(nets[1])
    assert same_state(*nets)


def test_another_seed_has_other_masks():
    traces = [MLP([6, Dropout(0.5), 3], seed=seed).trace(X, Y, training=True) for seed in (0, 1)]
    assert (traces[0].layers[0].z != traces[1].layers[0].z).any()


def test_two_dropouts_have_different_masks():
    trace = MLP([6, Dropout(0.5), Dropout(0.5), 3], seed=0).trace(X, Y, training=True)
    assert (trace.layers[0].z != trace.layers[1].z).any()


# ---- batch norm ----


def test_running_statistics_follow_the_minibatches_and_the_short_last_one(rng):
    x = rng.normal(3, 2, size=(40, 6))
    net = MLP([6, BatchNorm(momentum=0.25, affine=False), 3], dtype="float64", seed=0)
    fit(net, x, Y[:40], epochs=1, shuffle=False)
    mean, var = np.zeros(6), np.ones(6)
    for rows in (x[:16], x[16:32], x[32:]):
        mean += 0.25 * (rows.mean(axis=0) - mean)
        var += 0.25 * (rows.var(axis=0, ddof=1) - var)
    found = net.running_statistics[0]
    np.testing.assert_allclose(found[0], mean, rtol=1e-12)
    np.testing.assert_allclose(found[1], var, rtol=1e-12)
    wanted = (x - mean) / np.sqrt(var + 1e-5)
    np.testing.assert_allclose(net.trace(x, Y[:40]).layers[0].a, wanted, rtol=1e-9)


def test_in_training_a_minibatch_has_mean_0_and_variance_1(rng):
    x = rng.normal(3, 2, size=(40, 6))
    a = (
        MLP([6, BatchNorm(), 3], dtype="float64", seed=0)
        .trace(x, Y[:40], training=True)
        .layers[0]
        .a
    )
    np.testing.assert_allclose(a.mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(a.var(axis=0), 1, rtol=1e-4)


def test_a_constant_feature_stays_finite():
    x = np.ones((40, 6), dtype=np.float32) * np.float32(1e3)
    net = MLP([6, BatchNorm(), LayerNorm(), 3], seed=0)
    fit(net, x, Y[:40])
    assert np.isfinite(net.predict(x)).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net: fit(net, X[:33], Y[:33]), "last minibatch has 1 row .33 rows, batch_size 16."),
        (lambda net: fit(net, batch_size=1), "a minibatch has 1 row .70 rows, batch_size 1."),
        (lambda net: fit(net, X[:1], Y[:1]), "has 1 row .* give more rows"),
        (lambda net: net.train_step(X[0], Y[0]), "has 1 row .* BatchNorm needs at least 2"),
        (lambda net: net.forward(X[:1], training=True), "has 1 row .* BatchNorm needs at least 2"),
        (
            lambda net: net.trace(X[0], Y[0], training=True),
            "has 1 row .* BatchNorm needs at least 2",
        ),
        (
            lambda net: net.check_gradients(X[0], Y[0], training=True),
            "has 1 row .* needs at least 2",
        ),
        (lambda net: fit(net, X[:33], Y[:33], accumulate=2), "last minibatch has 1 row"),
        (
            lambda net: fit(net, X[:33], Y[:33], loss=lambda y, a: ((a - y) ** 2, 2 * (a - y))),
            "last minibatch has 1 row",
        ),
    ],
)
def test_batch_norm_of_one_row_is_refused(call, message, unchanged):
    net = MLP([6, 9, Residual([BatchNorm(), 9]), 3], seed=0)
    with unchanged(net), pytest.raises(ArgumentError, match=message):
        call(net)


def test_the_advice_about_one_row_is_right():
    net = MLP([6, BatchNorm(), 3], seed=0)
    fit(net, X[:33], Y[:33], drop_last=True)
    fit(net, X[:33], Y[:33], batch_size=15)
    assert net.predict(X[0]).shape == (3,)  # one row is fine outside training


# ---- dropout and noise ----


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("width", [1, 15, 16, 17, 100])
def test_rate_of_dropout(rate, width):
    rows = 60_000 // width
    net = MLP([width, Dropout(rate), 1], dtype="float64", seed=3)
    x = np.ones((rows, width))
    a = net.trace(x, np.zeros((rows, 1)), training=True).layers[0].a
    fraction = np.mean(a == 0)
    assert abs(fraction - rate) < 4 * np.sqrt(rate * (1 - rate) / a.size) + 1e-5
    np.testing.assert_allclose(a[a != 0], 1 / (1 - round(rate * 65536) / 65536), rtol=1e-14)
    # No row and no column is dropped more often than another.
    for axis in (0, 1):
        n = a.shape[axis]
        deviation = np.sqrt(rate * (1 - rate) / n) + 1e-9
        assert abs((a == 0).mean(axis=axis) - rate).max() < 6 * deviation + 10 / n


def test_neighbours_are_dropped_independently():
    z = MLP([64, Dropout(0.5), 1], seed=0).trace(
        np.ones((4000, 64)), np.zeros((4000, 1)), training=True
    )
    kept = z.layers[0].z > 0
    for one, other in ((kept[:, 1:], kept[:, :-1]), (kept[1:], kept[:-1])):
        assert abs(np.mean(one == other) - 0.5) < 0.005


def test_dropout_does_nothing_outside_training():
    net = MLP([6, Dropout(0.5), AlphaDropout(0.5), GaussianNoise(3.0), 3], seed=0)
    plain = MLP([6, 3], seed=0)
    plain.weights, plain.biases = net.weights[-1:], net.biases[-1:]
    np.testing.assert_array_equal(net.predict(X), plain.predict(X))
    assert net.evaluate(X, Y) == plain.evaluate(X, Y)


def test_noise_is_normal():
    net = MLP([50, GaussianNoise(0.5), 1], dtype="float64", seed=0)
    z = net.trace(np.zeros((4000, 50)), np.zeros((4000, 1)), training=True).layers[0].a / 0.5
    assert abs(z.mean()) < 0.01
    assert abs(z.std() - 1) < 0.01
    assert abs((z**3).mean()) < 0.03
    assert abs((z**4).mean() - 3) < 0.06


def test_selu_and_alpha_dropout_keep_mean_0_and_variance_1():
    """Through twenty layers, while plain dropout drifts."""
    x = np.random.default_rng(0).normal(size=(2000, 100))

    def moments(dropout):
        layers = [100, *[Dense(100), Activation("selu"), dropout] * 20, 1]
        last = (
            MLP(layers, dtype="float64", seed=0).trace(x, np.zeros(2000), training=True).layers[-2]
        )
        return last.a.mean(), last.a.var()

    mean, variance = moments(AlphaDropout(0.1))
    assert abs(mean) < 0.1
    assert abs(variance - 1) < 0.25
    mean, variance = moments(Dropout(0.1))
    assert abs(variance - 1) > 0.25 or abs(mean) > 0.1


# ---- categories ----


def embedded():
    net = MLP([3, Embedding({1: (4, 2)}), 3], seed=0)
    x = np.random.default_rng(0).normal(size=(10, 3))
    x[:, 1] = np.arange(10) % 4
    return net, x


@pytest.mark.parametrize("value", [4, -1, 0.5, 1e9])
@pytest.mark.parametrize(
    "call",
    [
        lambda net, x: net.predict(x),
        lambda net, x: net.predict(x, threads=2),
        lambda net, x: net.forward(x),
        lambda net, x: net.evaluate(x, Y[:10]),
        lambda net, x: net.trace(x, Y[:10]),
        lambda net, x: net.check_gradients(x, Y[:10]),
        lambda net, x: net.train_step(x, Y[:10]),
        lambda net, x: fit(net, x, Y[:10]),
    ],
)
def test_a_category_out_of_range_is_refused(call, value, unchanged):
    net, x = embedded()
    x[7, 1] = value
    message = f"X holds {float(value)!r} at row 7, column 1; expected a category, a whole number from 0 to 3"
    with unchanged(net), pytest.raises(ArgumentError, match=message.replace("+", r"\+")):
        call(net, x)


def test_the_message_about_a_category_names_the_argument(unchanged):
    net, x = embedded()
    wrong = x.copy()
    wrong[2, 1] = 4
    message = r"validation_data\[0\] holds 4.0 at row 2, column 1"
    with unchanged(net), pytest.raises(ArgumentError, match=message):
        fit(net, x, Y[:10], validation_data=(wrong, Y[:10]))


def test_categories_of_sparse_inputs():
    sparse = pytest.importorskip("scipy.sparse")
    net, x = embedded()
    np.testing.assert_array_equal(net.predict(sparse.csr_matrix(x)), net.predict(x))
    x[7, 1] = 4
    with pytest.raises(ArgumentError, match=r"X holds 4\.0 at row 7, column 1"):
        net.predict(sparse.csr_matrix(x))


def test_an_embedding_learns_what_only_the_category_tells():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.integers(50, size=2000), rng.normal(size=2000)])
    value = rng.normal(size=50)
    y = value[x[:, 0].astype(int)] * x[:, 1]
    net = MLP([2, Embedding({0: (50, 4)}), 32, 1], activation="tanh", seed=0)
    fit(net, x, y, epochs=40, optimizer=pybp.Adam(lr=0.01), batch_size=50)
    assert net.evaluate(x, y)["loss"] < 0.02 * y.var()


# ---- what residuals and norms are for ----


def test_a_deep_net_trains_with_residuals_or_norms_only():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)

    def loss(middle):
        net = MLP(
            [2, 16, *middle, 2], activation="tanh", output="softmax", init="glorot_uniform", seed=1
        )
        return fit(net, x, y, epochs=40, batch_size=40, optimizer=pybp.Adam(lr=0.003)).history[
            "loss"
        ][-1]

    plain = [Dense(16, "sigmoid")] * 20
    normed = [layer for _ in range(20) for layer in (Dense(16), BatchNorm(), Activation("sigmoid"))]
    residual = [Residual([Dense(16, "sigmoid")])] * 20
    assert loss(plain) > 0.68  # no better than a guess
    assert loss(normed) < 0.3
    assert loss(residual) < 0.2
