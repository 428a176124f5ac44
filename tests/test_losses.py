"""The losses and their parameters: targets, predictions, metrics, bad input."""

import numpy as np
import pytest

import pybp
from pybp import MLP, losses
from pybp.errors import ArgumentError, NotFiniteError, ShapeError

from oracle import registry
from project import table
from registered import CLASSES

X = np.random.default_rng(0).normal(size=(60, 3))
LINE = X @ [1.0, -0.5, 0.25]
COUNTS = np.random.default_rng(1).poisson(np.exp(LINE)).astype(float)
SIGNS = np.where(LINE > 0, 1, -1)


def one_layer(n_out=1, output="identity"):
    return MLP([3, n_out], output=output, dtype="float64", seed=0)


# ---- what they learn ----


def test_several_quantiles_at_once(rng):
    x = rng.uniform(0, 1, size=(4000, 1))
    noise = rng.normal(size=(4000, 1))
    y = x + (0.5 + x) * noise
    q = (0.1, 0.5, 0.9)
    net = MLP([1, 16, 3], activation="tanh", seed=0)
    optimizer = pybp.Adam(lr=pybp.schedules.Cosine(0.01))
    net.fit(x, y[:, 0], loss=losses.Quantile(q=q), optimizer=optimizer, epochs=30)
    below = (y <= net.predict(x)).mean(axis=0)
    np.testing.assert_allclose(below, q, atol=0.01)
    assert (np.diff(net.predict(x), axis=1) > 0).mean() > 0.99


def test_the_order_of_quantiles_of_several_targets(rng):
    """Output j k + i is quantile i of target j."""
    y = np.stack([rng.normal(size=500), 100 + 10 * rng.normal(size=500)], axis=1)
    q = [0.25, 0.75]
    net = MLP([1, 4], dtype="float64", seed=0)
    net.biases = [[0.0, 0.0, 100.0, 100.0]]
    options = {"loss": losses.Quantile(q), "batch_size": 100, "epochs": 300}
    net.fit(np.zeros((500, 1)), y, optimizer=pybp.Adam(lr=0.05), **options)
    found = net.predict([0.0]).reshape(2, 2)
    np.testing.assert_allclose(found, np.quantile(y, q, axis=0).T, atol=0.5)


def test_mae_finds_the_median_and_mse_the_mean(rng):
    y = rng.exponential(size=501)
    for loss, wanted in (("mae", np.median(y)), ("mse", y.mean()), ("log_cosh", None)):
        net = MLP([1, 1], dtype="float64", seed=0)
        net.fit(
            *(np.zeros((501, 1)), y),
            loss=loss,
            optimizer=pybp.Adam(lr=0.02),
            epochs=400,
            batch_size=501,
        )
        found = net.predict([0.0]).item()
        if wanted is None:
            assert np.median(y) < found < y.mean()
        else:
            assert found == pytest.approx(wanted, abs=0.02)


def test_poisson_predicts_the_logarithm_of_the_rate():
    net = one_layer()
    net.fit(X, COUNTS, loss="poisson", optimizer=pybp.Adam(lr=0.05), epochs=200)
    rate = np.exp(net.predict(X))[:, 0]
    assert rate.mean() == pytest.approx(COUNTS.mean(), rel=0.05)
    assert np.corrcoef(rate, np.exp(LINE))[0, 1] > 0.95


@pytest.mark.parametrize(
    "loss", [name for name, loss in CLASSES["losses"].items() if loss.targets == "signs"]
)
@pytest.mark.parametrize("y", [SIGNS, SIGNS > 0, (SIGNS > 0).astype(int), SIGNS[:, np.newaxis]])
def test_hinge_takes_signs_and_zero_and_one(loss, y):
    net, twin = one_layer(), one_layer()
    history = net.fit(X, y, loss=loss, optimizer=pybp.Adam(lr=0.05), epochs=60)
    twin.fit(X, SIGNS, loss=loss, optimizer=pybp.Adam(lr=0.05), epochs=60)
    assert (net.predict(X) == twin.predict(X)).all()
    result = net.evaluate(X, y, loss=loss)
    assert result["accuracy"] == ((net.predict(X)[:, 0] > 0) == (LINE > 0)).mean() > 0.95
    assert history.history["accuracy"][-1] > 0.9


def test_hinge_counts_rows_where_all_labels_are_right():
    y = np.stack([LINE > 0, X[:, 0] > 0], axis=1)
    net = one_layer(2)
    wanted = ((net.predict(X) > 0) == y).all(axis=1).mean()
    assert net.evaluate(X, y, loss="hinge")["accuracy"] == wanted


def test_class_weights_of_the_hinge_loss(same_state):
    one, other = one_layer(), one_layer()
    one.fit(X, SIGNS, loss="hinge", class_weight={1: 5.0}, epochs=3)
    other.fit(X, SIGNS, loss="hinge", sample_weight=np.where(SIGNS > 0, 5.0, 1.0), epochs=3)
    assert same_state(one, other)


def test_smoothing_keeps_the_net_from_certainty(blobs, classifier):
    twin = classifier.copy()
    options = {"epochs": 100, "optimizer": pybp.Adam(lr=0.05)}
    classifier.fit(*blobs, **options)
    twin.fit(*blobs, loss=losses.CrossEntropy(label_smoothing=0.1), **options)
    assert classifier.predict(blobs[0]).max(axis=1).mean() > 0.99
    assert twin.predict(blobs[0]).max(axis=1).mean() == pytest.approx(1 - 0.1 + 0.1 / 3, abs=0.01)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_smoothed_indices_are_smoothed_rows(dtype, same_state, blobs):
    points, labels = blobs
    loss = losses.CrossEntropy(label_smoothing=0.2)
    one, other = (
        MLP([2, 20, 21], activation="tanh", output="softmax", dtype=dtype, seed=0) for _ in range(2)
    )
    first = one.fit(points, labels, loss=loss, epochs=2)
    second = other.fit(points, np.eye(21)[labels], loss=loss, epochs=2)
    assert same_state(one, other)
    assert first.history == second.history
    smooth = 0.8 * np.eye(21)[labels] + 0.2 / 21
    assert one.evaluate(points, labels, loss=loss)["loss"] == pytest.approx(
        one.evaluate(points, smooth)["loss"], rel=1e-5
    )


def test_no_smoothing_and_a_pos_weight_of_one_change_no_bit(same_state, blobs, classifier):
    twin = classifier.copy()
    classifier.fit(*blobs, epochs=2)
    twin.fit(*blobs, loss=losses.CrossEntropy(label_smoothing=0.0), epochs=2)
    assert same_state(classifier, twin)
    nets = [one_layer(1, "sigmoid") for _ in range(3)]
    for net, weight in zip(nets, (1.0, (1.0,), [1]), strict=True):
        net.fit(X, SIGNS > 0, loss=losses.BinaryCrossEntropy(pos_weight=weight), epochs=2)
    plain = one_layer(1, "sigmoid")
    plain.fit(X, SIGNS > 0, epochs=2)
    assert all(same_state(net, plain) for net in nets)


def test_pos_weight_counts_a_positive_as_many():
    y = (SIGNS > 0).astype(int)
    net = one_layer(1, "sigmoid")
    weighted = net.evaluate(X, y, loss=losses.BinaryCrossEntropy("sum", pos_weight=3.0))["loss"]
    repeats = np.where(y, 3, 1)
    repeated = net.evaluate(X, y, loss=losses.BinaryCrossEntropy("sum"), sample_weight=repeats)
    assert weighted == pytest.approx(repeated["loss"])


def test_pos_weights_belong_to_outputs():
    y = np.stack([SIGNS > 0, X[:, 0] > 0], axis=1)
    net = one_layer(2, "sigmoid")

    def loss(*weights):
        chosen = losses.BinaryCrossEntropy("sum", pos_weight=weights)
        return net.evaluate(X, y, loss=chosen)["loss"]

    first, second = loss(2.0, 1.0) - loss(1.0, 1.0), loss(1.0, 2.0) - loss(1.0, 1.0)
    log_a = np.log(net.predict(X))
    np.testing.assert_allclose([first, second], -(y * log_a).sum(axis=0) / 2)


# ---- far out ----


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("z", [1e4, 100.0, 1e-4, -1e-4, -100.0, -1e4])
@pytest.mark.parametrize("p", [1e-3, 1.0, 1e3])
def test_weighted_cross_entropy_is_exact_far_out(z, p, dtype):
    net = MLP([1, 1], output="sigmoid", dtype=dtype, seed=0)
    net.weights = [[[1.0]]]
    loss = losses.BinaryCrossEntropy(pos_weight=p)
    for y in (0.0, 0.25, 1.0):
        p, x = np.asarray(p, dtype).item(), np.asarray(z, dtype).item()
        wanted = p * y * np.logaddexp(0, -x) + (1 - y) * np.logaddexp(0, x)
        found = net.evaluate([[x]], [y], loss=loss)["loss"]
        assert found == pytest.approx(wanted, rel=1e-6 if dtype == "float32" else 1e-14, abs=1e-37)


@pytest.mark.parametrize("d", [0.0, 1e-30, 1e-4, 0.9999, 1.0, 1.0001, 3.0, 50.0, 1e4, 1e30])
@pytest.mark.parametrize("sign", [1, -1])
def test_log_cosh_is_exact_near_zero_and_far_out(d, sign):
    net = MLP([1, 1], seed=0)
    net.weights = [[[1.0]]]
    d = float(np.float32(d))
    near = np.log1p(2 * np.sinh(min(d, 2) / 2) ** 2)
    wanted = near if d < 1 else d + np.log1p(np.exp(-2 * d)) - np.log(2)
    trace = net.trace([sign * d], [0.0], loss="log_cosh")
    assert trace.loss == pytest.approx(wanted, rel=1e-6, abs=1e-45)
    assert trace.layers[0].delta.item() == pytest.approx(np.tanh(sign * d), rel=1e-6)


def test_smoothing_survives_a_probability_of_zero():
    net = MLP([1, 2], output="softmax", seed=0)
    net.weights = [[[1000.0], [-1000.0]]]
    loss = losses.CrossEntropy(label_smoothing=0.5)
    assert net.evaluate([[1.0]], [0], loss=loss)["loss"] == pytest.approx(500.0)
    assert net.evaluate([[1.0]], [1], loss=loss)["loss"] == pytest.approx(1500.0)


@pytest.mark.parametrize("loss", ["mae", "quantile", losses.Quantile(q=(0.1, 0.9))])
def test_no_slope_on_the_target(loss):
    net = MLP([1, 2], seed=0)
    net.weights = [[[0.0], [0.0]]]
    y = np.zeros((3, 2 if isinstance(loss, str) else 1))
    assert (net.trace(np.ones((3, 1)), y, loss=loss).layers[0].delta == 0).all()


# ---- metrics ----


def test_metrics_compare_each_quantile_with_its_target(rng):
    y = rng.normal(size=(60, 2))
    net = one_layer(6)
    seen = {}

    def own(y_true, y_pred):
        seen.update(y=y_true.shape, a=y_pred.shape)
        return 0.0

    loss = losses.Quantile(q=(0.1, 0.5, 0.9))
    found = net.evaluate(X, y, loss=loss, metrics=["mae", "mse", "accuracy", own])
    d = net.predict(X).reshape(60, 2, 3) - y[:, :, np.newaxis]
    assert found["mae"] == pytest.approx(np.abs(d).mean())
    assert found["mse"] == pytest.approx((d**2).mean())
    best = net.predict(X).argmax(axis=1), y.repeat(3, axis=1).argmax(axis=1)
    assert found["accuracy"] == (best[0] == best[1]).mean()
    assert seen == {"y": (60, 2), "a": (60, 6)}


@pytest.mark.parametrize(
    ("loss", "metrics"),
    [(losses.Hinge, {"accuracy"}), (losses.SquaredHinge, {"accuracy"}), (losses.MAE, set())],
)
def test_metrics_by_default(loss, metrics):
    assert set(one_layer().evaluate(X, SIGNS, loss=loss)) == {"loss", *metrics}


# ---- specs ----


def test_parameters_come_first_where_the_loss_is_named_for_them():
    assert losses.Huber(0.5) == losses.Huber(delta=0.5)
    assert losses.Quantile([0.1, 0.9]) == losses.Quantile(q=np.array([0.1, 0.9]))
    assert losses.Quantile(0.1) != losses.Quantile((0.1,))
    assert hash(losses.Quantile([0.1, 0.9])) == hash(losses.Quantile((0.1, 0.9)))
    assert repr(losses.Quantile([0.1, 0.9], reduction="sum")) in (
        "Quantile(reduction='sum', q=(0.1, 0.9))",
        "Quantile(q=(0.1, 0.9), reduction='sum')",
    )
    assert losses.BinaryCrossEntropy(pos_weight=[1, 2]).pos_weight == (1, 2)
    assert pybp.Quantile is losses.Quantile


def test_the_page_lists_every_loss_with_its_spec():
    listed = {row[0].strip("`"): row[1].strip("`") for row in table("losses.md", "losses")}
    rows = {row.name: row for row in registry.rows("losses")}
    assert set(listed) == set(rows)
    for name, text in listed.items():
        spec = eval(text, vars(losses))
        assert spec == type(spec)()
        assert spec.name == name
        assert all(f"{param.name}={param.default}" in text for param in rows[name].params)


# ---- bad input ----


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: losses.Huber(0), ArgumentError, "delta must be a finite number > 0, got 0.0"),
        (lambda: losses.Huber(-1.0), ArgumentError, "delta"),
        (lambda: losses.Huber(np.inf), ArgumentError, "delta"),
        (lambda: losses.Huber("1"), TypeError, "delta must be a number"),
        (lambda: losses.Huber(True), TypeError, "delta must be a number"),
        (lambda: losses.Huber([1.0, 2.0]), TypeError, "delta must be a number"),
        (lambda: losses.Quantile(0), ArgumentError, r"q must be a number in \(0, 1\), got 0.0"),
        (lambda: losses.Quantile(1), ArgumentError, "q must be"),
        (lambda: losses.Quantile(50), ArgumentError, "q must be"),
        (lambda: losses.Quantile(None), TypeError, "q must be a number"),
        (lambda: losses.Quantile("0.5"), TypeError, "q must be a number"),
        (lambda: losses.Quantile((0.5, 1.5)), ArgumentError, r"q\[1\] must be .*, got 1.5"),
        (lambda: losses.Quantile((0.5, np.nan)), ArgumentError, r"q\[1\] must be .*, got nan"),
        (lambda: losses.Quantile(("a",)), TypeError, r"q\[0\] must be a number"),
        (lambda: losses.Quantile(()), ArgumentError, "q must hold 1 to 32 numbers, got 0"),
        (lambda: losses.Quantile([0.5] * 33), ArgumentError, "q must hold 1 to 32 numbers, got 33"),
        (lambda: losses.Quantile(np.array([[0.1]])), TypeError, r"q\[0\] must be a number"),
        (lambda: losses.CrossEntropy(label_smoothing=-0.1), ArgumentError, "label_smoothing"),
        (lambda: losses.CrossEntropy(label_smoothing=1.1), ArgumentError, r"in \[0, 1\], got 1.1"),
        (lambda: losses.CrossEntropy(label_smoothing=[0.1]), TypeError, "label_smoothing"),
        (lambda: losses.BinaryCrossEntropy(pos_weight=0), ArgumentError, "pos_weight"),
        (lambda: losses.BinaryCrossEntropy(pos_weight=(1, -1)), ArgumentError, r"pos_weight\[1\]"),
        (lambda: losses.BinaryCrossEntropy(pos_weight="3"), TypeError, "pos_weight must be"),
        (lambda: losses.Huber(reduction="none"), ArgumentError, "reduction must be"),
    ],
)
def test_wrong_parameters(make, error, message):
    with pytest.raises(error, match=message):
        make()


Y = np.random.default_rng(2).uniform(size=(60, 2))


@pytest.mark.parametrize(
    ("loss", "output", "y", "error", "message"),
    [
        (
            "poisson",
            "identity",
            Y - 1,
            ArgumentError,
            "y holds -.* at row 0, column 0; poisson .* >= 0",
        ),
        ("hinge", "identity", Y, ArgumentError, "hinge expects targets -1 and 1, or 0 and 1"),
        ("hinge", "identity", np.full((60, 2), 2), ArgumentError, "y holds 2.0"),
        ("squared_hinge", "tanh", np.eye(60)[:, :2] * 2 - 1, None, ""),
        (
            *("squared_hinge", "tanh", np.arange(120).reshape(60, 2) % 3 - 1),
            *(ArgumentError, "y holds 0.0 at row 0, column 1; .* not all three"),
        ),
        ("huber", "identity", np.full((60, 2), np.nan), NotFiniteError, "y holds nan"),
        ("mae", "identity", Y[:, :1], ShapeError, r"y has shape \(60, 1\); expected \(60, 2\)"),
        ("mae", "identity", Y[:, 0], ShapeError, r"y has shape \(60,\); expected \(60, 2\)"),
        ("hinge", "identity", SIGNS, ShapeError, r"expected \(60, 2\) for hinge"),
        (
            *(losses.Quantile((0.1, 0.9)), "identity", Y, ShapeError),
            r"y has shape \(60, 2\); expected \(60, 1\) for quantile with 2 outputs, 2 for each",
        ),
        (
            *(losses.Quantile((0.1, 0.5, 0.9)), "identity", Y, ArgumentError),
            "3 quantiles need 3 outputs for each target, but the net has 2 outputs",
        ),
        (
            *(losses.BinaryCrossEntropy(pos_weight=(1, 2, 3)), "sigmoid", Y, ArgumentError),
            "pos_weight holds 3 numbers; expected one number, or one for each of the 2 outputs",
        ),
        (losses.BinaryCrossEntropy(pos_weight=3), "identity", Y, ArgumentError, "sigmoid output"),
        (losses.CrossEntropy(label_smoothing=0.1), "sigmoid", Y, ArgumentError, "softmax output"),
    ],
)
def test_wrong_targets(loss, output, y, error, message, unchanged):
    net = MLP([3, 2], output=output, seed=0)
    calls = (
        lambda: net.fit(X, y, loss=loss, epochs=1),
        lambda: net.train_step(X, y, loss=loss),
        lambda: net.evaluate(X, y, loss=loss),
        lambda: net.trace(X, y, loss=loss),
        lambda: net.check_gradients(X, y, loss=loss, max_entries=1),
    )
    if error is None:
        for call in calls:
            call()
        return
    for call in calls:
        with unchanged(net), pytest.raises(error, match=message):
            call()


@pytest.mark.parametrize("loss", [losses.Huber(1e-60), losses.Quantile(1 - 1e-12)])
def test_parameters_that_a_float32_net_rounds_away(loss, unchanged):
    net = MLP([3, 1], seed=0)
    with unchanged(net), pytest.raises(ArgumentError, match=f"{loss.name}: .* in the net's dtype"):
        net.fit(X, LINE, loss=loss, epochs=1)
    MLP([3, 1], seed=0, dtype="float64").fit(X, LINE, loss=loss, epochs=1)
