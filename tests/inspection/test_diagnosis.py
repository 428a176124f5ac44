"""`diagnose`: what is measured, what is found, and that the remedies help."""

import numpy as np
import pytest

import pybp
from pybp import Activation, BatchNorm, Dense, Dropout, Residual
from pybp.datasets import load_digits
from pybp.errors import ArgumentError
from pybp.inspection.findings import FINDINGS, Measurements, find

from oracle import ACTIVATIONS
from registered import HIDDEN


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits()
    return X[:500], y[:500]


def deep(**settings):
    return pybp.MLP([64] + [64] * 19 + [10], output="softmax", seed=0, **settings)


def test_twenty_layers_of_sigmoids_vanish(digits):
    diagnosis = deep(activation="sigmoid").diagnose(*digits)
    assert [finding.name for finding in diagnosis.findings] == ["vanishing gradients"]
    assert diagnosis.layers[0].delta_rms < 1e-9 * diagnosis.layers[-1].delta_rms
    ratios = [layer.delta_ratio for layer in diagnosis.layers[:-1]]
    assert all(0.05 < ratio < 0.35 for ratio in ratios)  # a slope of a sigmoid is at most 1/4
    (finding,) = diagnosis.findings
    assert finding.layers == (1,)
    assert "relu" in finding.remedy
    assert "he_uniform" in finding.remedy


def test_relu_and_he_cure_it(digits):
    net = deep(activation="relu", init="he_uniform")
    diagnosis = net.diagnose(*digits)
    assert diagnosis.ok, diagnosis
    assert 0.1 < diagnosis.layers[0].delta_rms / diagnosis.layers[-1].delta_rms < 10


def test_what_vanishes_does_not_learn(digits):
    settings = {"epochs": 15, "batch_size": 50, "optimizer": pybp.Adam(lr=1e-3)}
    sick, cured = deep(activation="sigmoid"), deep(activation="relu", init="he_uniform")
    for net in (sick, cured):
        net.fit(*digits, **settings)
    assert sick.evaluate(*digits)["accuracy"] < 0.3
    assert cured.evaluate(*digits)["accuracy"] > 0.9
    assert not cured.diagnose(*digits).found("vanishing gradients")


def test_what_is_measured():
    """Each number, computed from the trace and a training step of a copy."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 4)), rng.normal(size=(30, 2))
    net = pybp.MLP([4, 5, 6, 2], activation="tanh", seed=3, dtype="float64")
    optimizer = pybp.SGD(lr=0.05)
    trace, twin = net.trace(X, y), net.copy()
    diagnosis = net.diagnose(X, y, optimizer=optimizer)
    twin.train_step(X, y, optimizer=optimizer)

    def size(values):
        return np.sqrt(np.mean(values**2))

    assert diagnosis.loss == pytest.approx(net.evaluate(X, y)["loss"], rel=1e-12)
    assert diagnosis.loss_after == pytest.approx(twin.evaluate(X, y)["loss"], rel=1e-12)
    for place, (layer, seen) in enumerate(zip(diagnosis.layers, trace.layers, strict=True)):
        assert layer.activation_rms == pytest.approx(size(seen.a))
        assert layer.delta_rms == pytest.approx(size(seen.delta))
        assert layer.gradient_rms == pytest.approx(size(seen.dW))
        assert layer.weight_rms == pytest.approx(size(net.weights[place]))
        moved = np.linalg.norm(twin.weights[place] - net.weights[place])
        assert layer.update_ratio == pytest.approx(moved / np.linalg.norm(net.weights[place]))
        if place < 2:
            following = size(trace.layers[place + 1].delta)
            assert layer.delta_ratio == pytest.approx(size(seen.delta) / following)
    assert diagnosis.layers[-1].delta_ratio is None


def test_the_net_stays_as_it_is(trained, blobs, unchanged):
    with unchanged(trained):
        trained.diagnose(*blobs)
        trained.diagnose(*blobs, optimizer=pybp.SGD(lr=1e30))


def test_dead_units(digits):
    X, y = digits
    layers = [64, Dense(50, "relu", bias_init=-100.0), Dense(10, "softmax")]
    diagnosis = pybp.MLP(layers, seed=0).diagnose(X, y)
    assert diagnosis.layers[0].dead == 1.0
    (finding,) = (f for f in diagnosis.findings if f.name == "dead units")
    assert finding.layers == (1,)
    assert "leaky_relu" in finding.remedy
    alive = pybp.MLP([64, 50, 10], output="softmax", seed=0).diagnose(X, y)
    assert alive.layers[0].dead < 0.1
    assert alive.ok


def test_units_that_are_zero_for_some_samples_are_not_dead():
    X = np.array([[1.0], [-1.0]])
    net = pybp.MLP([1, Dense(2, "relu", bias=False), Dense(1)], seed=0)
    net.weights = [[[1.0], [-1.0]], [[1.0, 1.0]]]
    assert net.diagnose(X, X).layers[0].dead == 0.0
    assert net.diagnose(X[:1], X[:1]).layers[0].dead == 0.5


def flat_on_both_sides(name):
    """Whether an activation's slope is 0, nearly, far out on both sides."""
    z = np.array([[-1e4], [1e4]])
    twin = ACTIVATIONS[name]
    return (abs(twin.backward(np.ones_like(z), z, twin.f(z))) < 1e-6).all()


# The outputs of relu6 that are flat are 0 or 6; those that are 0 count as dead.
SATURATING = [name for name in HIDDEN if flat_on_both_sides(name) and name != "relu6"]


@pytest.mark.parametrize("activation", SATURATING)
def test_saturation(digits, activation):
    X, y = digits
    net = pybp.MLP([64, 30, 10], activation=activation, output="softmax", seed=0)
    assert net.diagnose(X, y).layers[0].saturated < 0.1
    net.weights = [200 * net.weights[0], net.weights[1]]
    diagnosis = net.diagnose(X, y)
    assert diagnosis.found("saturation")
    assert diagnosis.layers[0].saturated > 0.8


@pytest.mark.parametrize(
    ("activation", "slope"),
    [
        ("sigmoid", lambda a: 4 * a * (1 - a)),
        ("tanh", lambda a: 1 - a**2),
        ("softsign", lambda a: (1 - abs(a)) ** 2),
    ],
)
def test_what_counts_as_saturated(activation, slope):
    X = np.linspace(-60, 60, 2001)[:, None]
    net = pybp.MLP([1, Dense(1, activation, bias=False), Dense(1)], seed=0, dtype="float64")
    net.weights = [[[1.0]], [[1.0]]]
    (hidden, _) = net.diagnose(X, X, max_samples=5000).layers
    assert hidden.saturated == np.mean(slope(net.trace(X, X).layers[0].a) < 0.05)


def test_learning_rates(digits):
    net = pybp.MLP([64, 50, 10], output="softmax", seed=0)
    assert net.diagnose(*digits).ok
    high = net.diagnose(*digits, optimizer=pybp.SGD(lr=20.0))
    assert high.found("learning rate too high")
    assert high.loss_after > high.loss
    low = net.diagnose(*digits, optimizer=pybp.Adam(lr=1e-12))
    assert [finding.name for finding in low.findings] == ["learning rate too low"]
    with np.errstate(over="ignore"):
        broken = net.diagnose(*digits, optimizer=pybp.SGD(lr=1e300))
    assert broken.loss_after == np.inf
    assert broken.found("learning rate too high")


def test_exploding(digits):
    X, y = digits
    net = pybp.MLP(
        [64] + [64] * 9 + [10], output="softmax", init=pybp.initializers.Normal(0.5), seed=0
    )
    assert net.diagnose(X, y).found("exploding gradients")
    net = pybp.MLP([64] + [64] * 9 + [10], output="softmax", seed=0)
    net.weights = [*(3 * w for w in net.weights[:-1]), net.weights[-1] * 1e-4]
    assert net.diagnose(X, y).findings


def test_inputs_out_of_scale(digits):
    X, y = digits
    X = X.copy()
    X[:, 20] *= 5000
    diagnosis = pybp.MLP([64, 50, 10], output="softmax", seed=0).diagnose(X, y)
    assert "column 20 of X" in next(
        f.evidence for f in diagnosis.findings if f.name == "inputs out of scale"
    )


def test_at_most_so_many_samples_spread_over_all():
    X = np.arange(1000.0)[:, None] / 1000
    net = pybp.MLP([1, 1], seed=0, dtype="float64")
    some = net.diagnose(X, X, max_samples=10)
    few = net.diagnose(X[::100], X[::100])
    assert some.loss == few.loss
    with pytest.raises(ArgumentError, match="max_samples must be a whole number >= 1"):
        net.diagnose(X, X, max_samples=0)


def test_sparse_inputs(digits):
    sparse = pytest.importorskip("scipy.sparse")
    X, y = digits
    net = pybp.MLP([64, 50, 10], output="softmax", seed=0)
    assert str(net.diagnose(sparse.csr_matrix(X), y)) == str(net.diagnose(X, y))


def test_as_text_html_and_frame(digits):
    diagnosis = deep(activation="sigmoid").diagnose(*digits)
    text = str(diagnosis)
    assert text.startswith("Diagnosis: loss ")
    assert "vanishing gradients: dL/dz is " in text
    assert len(text.splitlines()) == 3 + 20 + 1 + 2
    html = diagnosis._repr_html_()
    assert html.count("<tr>") == 21
    assert "<b>vanishing gradients</b>" in html
    assert "Nothing wrong was found." in str(pybp.MLP([1, 1], seed=0).diagnose([[1.0]], [0.5]))
    pytest.importorskip("pandas")
    frame = diagnosis.to_frame()
    assert frame.index.tolist() == list(range(1, 21))
    assert frame["delta_rms"].tolist() == [layer.delta_rms for layer in diagnosis.layers]


def test_bad_data_is_refused(classifier, blobs):
    X, y = blobs
    with pytest.raises(pybp.errors.ShapeError, match="X has shape"):
        classifier.diagnose(X[:, :1], y)
    with pytest.raises(ArgumentError, match="optimizer 'adm' is unknown; did you mean 'adam'"):
        classifier.diagnose(X, y, optimizer="adm")


HEALTHY = {
    "deltas": (1e-3, 1e-3),
    "dead": (0.1, 0.0),
    "saturated": (0.1,),
    "updates": (1e-3, 1e-3),
    "activations": (1.0,),
    "input_rms": np.ones(3),
    "rate": 1e-3,
    "loss": 1.0,
    "loss_after": 0.9,
}


# Measurements that are not healthy, and what is found.
SICK = [
    ({}, []),
    ({"deltas": (1e-7, None, 1e-3)}, ["vanishing gradients"]),
    ({"deltas": (10.0, 1e-3)}, ["exploding gradients"]),
    ({"activations": (1.0, 50.0, 1e4)}, ["exploding gradients"]),
    ({"deltas": (0.0, 0.0)}, []),
    ({"dead": (0.9, 0.0)}, ["dead units"]),
    ({"saturated": (0.9,)}, ["saturation"]),
    ({"updates": (0.5, 1e-3)}, ["learning rate too high"]),
    ({"loss_after": 1.1}, ["learning rate too high"]),
    ({"loss_after": float("nan")}, ["learning rate too high"]),
    ({"updates": (1e-9, 1e-8)}, ["learning rate too low"]),
    ({"updates": (0.0, 0.0)}, ["learning rate too low"]),
    ({"updates": (0.0, 0.0), "rate": 0.0}, []),
    ({"updates": (None, 0.5)}, ["learning rate too high"]),
    ({"input_rms": np.array([1.0, 100.0])}, ["inputs out of scale"]),
]


@pytest.mark.parametrize(("sick", "names"), SICK)
def test_each_finding(sick, names):
    found = find(Measurements(**(HEALTHY | sick)))
    assert [finding.name for finding in found] in (
        names,
        [name.replace("gradients", "activations") for name in names],
    )
    assert all(finding.remedy and finding.evidence.endswith(".") for finding in found)


def test_every_kind_of_finding_is_tried():
    assert {name for _, names in SICK for name in names} == set(FINDINGS)


def blocks(block, n=18):
    return pybp.MLP(
        [64, Dense(64), *(layer for _ in range(n) for layer in block()), 10],
        output="softmax",
        seed=0,
    )


def test_batch_norm_cures_it(digits):
    net = blocks(lambda: [Dense(64), BatchNorm(), Activation("sigmoid")])
    plain = blocks(lambda: [Dense(64), Activation("sigmoid")])
    assert plain.diagnose(*digits).found("vanishing gradients")
    assert net.diagnose(*digits).ok, net.diagnose(*digits)


def test_residuals_cure_it(digits):
    net = blocks(lambda: [Residual([Dense(64, "sigmoid"), Dense(64)])])
    assert net.diagnose(*digits).ok, net.diagnose(*digits)


def test_layers_of_all_kinds_and_dropouts_masks(digits):
    net = pybp.MLP(
        [64, Dense(32, "tanh"), BatchNorm(), Dropout(0.5), Residual([Dense(32, "relu")]), 10],
        output="softmax",
        seed=0,
    )
    diagnosis = net.diagnose(*digits, optimizer=pybp.SGD(lr=0.0))
    assert diagnosis.loss == diagnosis.loss_after  # the same masks before and after
    kinds = [layer.kind for layer in diagnosis.layers]
    assert {"dense", "batch_norm", "dropout", "add"} <= set(kinds)
    for layer in diagnosis.layers:
        assert (layer.weight_rms is None) == (layer.kind in ("dropout", "add"))
    with pytest.raises(ArgumentError, match=r"one row|1 row"):
        net.diagnose(digits[0][:1], digits[1][:1])
