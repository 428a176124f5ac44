"""The tabular estimators: the recipe, the epoch that is kept, threads, seeds and weights."""

from dataclasses import replace

import numpy as np
import pytest

from layer_twin import twin

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn.datasets import load_breast_cancer
from sklearn.metrics import accuracy_score

import pybp
from pybp.sklearn import TabularMLPClassifier, TabularMLPRegressor
from pybp.tabular import CLASSIFICATION, REGRESSION, InputLayout
from pybp.tabular.folds import held_out
from pybp.tabular.training import BestEpoch

from oracle import OPTIMIZERS
from oracle.net import Update
from small_tabular import BOTH, small, table, targets


def initial_net(model, n_in, n_out, output):
    """The net that a fit of the model starts from."""
    seed = int(np.random.RandomState(model.random_state).randint(np.iinfo(np.int32).max))
    recipe = CLASSIFICATION if output == "softmax" else REGRESSION
    names = ("hidden_layer_sizes", "dtype", "dropout", "n_frequencies")
    return replace(recipe, **{name: getattr(model, name) for name in names}).net(
        InputLayout(n_in, 0), n_out, output, seed, n_samples=100
    )


# ---- the recipe ----


def test_the_defaults_are_those_of_the_paper():
    both = {
        "hidden_layer_sizes": (256, 256, 256),
        "epochs": "auto",
        "batch_size": 256,
        "n_frequencies": 16,
        "dropout": 0.15,
        "weight_decay": 0.02,
        "scale_lr_factor": 6.0,
        "bias_lr_factor": 0.1,
        "betas": (0.9, 0.95),
        "validation_fraction": 0.2,
    }
    own = {"activation": "selu", "lr": 0.02, "label_smoothing": "auto"}
    assert TabularMLPClassifier().get_params().items() >= (both | own).items()
    own = {"activation": "mish", "lr": 0.2}
    assert TabularMLPRegressor().get_params().items() >= (both | own).items()


def test_the_initial_net():
    net = initial_net(TabularMLPClassifier(n_frequencies=0, random_state=0), 50, 7, "softmax")
    each = list(zip(net.layers, net.weights, net.biases, strict=True))
    assert [layer.kind for layer, _, _ in each] == [
        "scale",
        *["dense", "parametric_activation", "dropout"] * 3,
        "dense",
    ]
    scale, output, hidden = each[0], each[-1], each[1:-1:3]
    for layer, alpha, _ in each[2:-1:3]:
        assert layer.activation.name == "selu"
        assert (alpha == 1).all()
        assert layer.lr_factor == 0.1
    assert [layer.params for layer, _, _ in each[3:-1:3]] == [(0.15,)] * 3
    assert scale[0].kind == "scale"
    assert (scale[1] == 1).all()
    assert scale[2] is None
    for layer, W, b in hidden:
        deviates = W * np.sqrt(layer.n_in)
        assert abs(deviates.mean()) < 5 / np.sqrt(W.size)
        assert abs(deviates.std() - 1) < 5 / np.sqrt(2 * W.size)
        assert abs((abs(deviates) < 1).mean() - 0.6827) < 2.5 / np.sqrt(W.size)
        assert not b.any()
    assert not output[1].any()
    assert not output[2].any()
    assert (net.predict(np.ones((1, 50))) == np.float32(1 / 7)).all()


@BOTH
def test_initial_values_are_made_from_the_training_rows(estimator):
    """A learning rate of 0 keeps them: z of hidden layers has variance 1, and is 0 among the rows."""
    X, y = targets(estimator, rows=300)
    model = small(estimator, lr=0.0, epochs=1, validation_fraction=None, dtype="float64").fit(X, y)
    traced = model.net_.trace(model.preprocess(X), y)
    hidden = zip(model.net_.layers[:-1], traced.layers[:-1], strict=True)
    for layer, one in hidden:
        if layer.kind == "dense":
            np.testing.assert_allclose(one.z.std(axis=0), 1, rtol=1e-6)
            assert (one.z.min(axis=0) <= 0).all()
            assert (one.z.max(axis=0) >= 0).all()


def test_embeddings_are_those_of_numbers_and_indices():
    net = CLASSIFICATION.net(InputLayout(3, 2, (9, 20)), 2, "softmax", seed=0, n_samples=1000)
    kinds = [layer.kind for layer in net.layers]
    embedding = ["periodic", "grouped_dense", "concat"]
    assert kinds[:9] == ["embedding", "embedding", "join", *embedding, *embedding]
    assert [layer.n_out for layer in net.layers[:9]] == [8, 8, 21, 48, 9, 30, 48, 9, 39]
    for index, std in (3, 0.1), (6, 10.0):
        assert net.layers[index].columns == (0, 1, 2)
        assert [layer.lr_factor for layer in net.layers[index : index + 2]] == [0.6, 0.6]
        deviates = net.weights[index] / (2 * np.pi * std)
        assert abs(deviates.std() - 1) < 5 / np.sqrt(2 * deviates.size)
    few = CLASSIFICATION.net(InputLayout(3, 2, (9, 20)), 2, "softmax", seed=0, n_samples=999)
    assert [layer.n_out for layer in few.layers[:7]] == [8, 8, 21, 48, 9, 30, 30]
    without = CLASSIFICATION.net(InputLayout(0, 2), 2, "softmax", seed=0, n_samples=1000)
    assert without.layers[0].kind == "scale"


@pytest.mark.parametrize(
    ("rows", "epochs", "nets"),
    [
        (100, 256, 10),
        (1000, 250, 10),
        (3900, 64, 10),
        (5000, 64, 10),
        (5001, 64, 5),
        (25_000, 50, 5),
        (50_000, 25, 5),
        (2_000_000, 8, 5),
    ],
)
def test_epochs_and_nets_for_many_rows(rows, epochs, nets):
    assert CLASSIFICATION.n_epochs(rows) == epochs
    assert CLASSIFICATION.n_nets(rows) == nets
    assert CLASSIFICATION.patience_of(epochs) == int(np.ceil(epochs * 40 / 256))
    assert replace(REGRESSION, epochs=3, n_ensemble=2, patience=7).n_epochs(rows) == 3


def test_learning_rates_of_scales_weights_and_biases():
    """The first step of Adam is as long as the learning rate, whatever the gradient."""
    model = TabularMLPRegressor((8,), dtype="float64", n_frequencies=0, random_state=1)
    net = initial_net(model, 3, 1, "identity")
    rng = np.random.default_rng(0)
    net.weights = [*net.weights[:-1], rng.normal(size=(1, 8))]
    before = net.weights, net.biases
    net.train_step(rng.normal(size=(20, 3)), rng.normal(size=20), optimizer=pybp.Adam(lr=1e-3))
    moved = [[abs(a - b) for a, b in zip(now, old, strict=True) if a is not None]
             for now, old in zip((net.weights, net.biases), before, strict=True)]  # fmt: skip
    np.testing.assert_allclose(moved[0][0], 6e-3, rtol=1e-3)
    np.testing.assert_allclose(moved[0][1] * np.sqrt(3), 1e-3, rtol=1e-3)
    np.testing.assert_allclose(moved[0][2][moved[0][2] > 0], 1e-4, rtol=1e-3)
    np.testing.assert_allclose(moved[0][3][moved[0][3] > 0] * np.sqrt(8), 1e-3, rtol=1e-3)
    for change in moved[1]:
        np.testing.assert_allclose(change, 1e-4, rtol=1e-3)


def scaled(X):
    low, median, high = np.percentile(X, [25, 50, 75], axis=0)
    z = (X - median) / (high - low)
    return z / np.sqrt(1 + (z / 3) ** 2)


@BOTH
def test_a_fit_is_what_the_recipe_says(estimator):
    """The oracle's net, trained by the recipe with all samples in each step, predicts the same."""
    epochs, classifies = 20, estimator is TabularMLPClassifier
    X, y = targets(estimator)
    how = {
        "n_frequencies": 0,
        "dropout": 0.0,
        "weight_decay": 0.0,
        "validation_fraction": None,
        "dtype": "float64",
    }
    model = small(estimator, epochs=epochs, **how)
    n_out, output = (3, "softmax") if classifies else (1, "identity")
    ntk = {"parametrization": "ntk", "bias_lr_factor": 0.1}
    alpha = pybp.layers.ParametricActivation(model.activation, lr_factor=0.1)
    layers = [pybp.Scale(lr_factor=6.0), *[pybp.Dense(16, "identity", **ntk), alpha] * 2]
    layers = [4, *layers, pybp.Dense(n_out, output, **ntk)]
    net = initial_net(model, 4, n_out, output)
    net.initialize(
        scaled(X)[np.lexsort(scaled(X).T[::-1])]
    )  # sorted, as samples of one minibatch are
    other = twin(net, layers)
    mean, std = y.mean(), y.std()
    learned = np.eye(3)[y] if classifies else (y - mean)[:, np.newaxis] / std
    rule = OPTIMIZERS["adam"](beta1=0.9, beta2=0.95)
    for epoch in range(epochs):
        wave = 0.5 - 0.5 * np.cos(2 * np.pi * np.log2(1 + 15 * epoch / epochs))
        update = Update(rule, (0.02 if classifies else 0.2) * wave)
        loss = "cross_entropy" if classifies else "mse"
        other.train(scaled(X), learned, loss, update, batch_size=60, shuffle=False)
    model.fit(X, y)
    outputs = other.predict(scaled(X))
    if classifies:
        np.testing.assert_allclose(model.predict_proba(X), outputs, rtol=1e-6)
    else:
        np.testing.assert_allclose(model.predict(X), outputs[:, 0] * std + mean, rtol=1e-7)


def test_what_a_minibatch_leaves_over_is_left_out():
    X, y = targets(TabularMLPClassifier, rows=100)
    model = small(TabularMLPClassifier, epochs=2, batch_size=32, validation_fraction=None).fit(X, y)
    assert model.net_._net.get_progress()[1] == 2 * 3  # steps


@pytest.mark.parametrize(("scale", "shift"), [(1e6, 0.0), (-3.0, 1e3), (1e-6, 5.0)])
def test_predictions_follow_the_targets_scale(scale, shift):
    X, y = targets(TabularMLPRegressor)
    plain = small(TabularMLPRegressor, dtype="float64").fit(X, y)
    other = small(TabularMLPRegressor, dtype="float64").fit(X, scale * y + shift)
    np.testing.assert_allclose(
        other.predict(X), scale * plain.predict(X) + shift, rtol=1e-5, atol=1e-5 * abs(scale)
    )


@pytest.mark.parametrize("scale", [2.0**-1000, 2.0**-560, 2.0**512, 2.0**1000])
def test_targets_at_the_edge_of_float64(scale):
    X, _, y = table()
    plain = small(TabularMLPRegressor).fit(X, y).predict(X)
    assert (small(TabularMLPRegressor).fit(X, y * scale).predict(X) == plain * scale).all()
    two = small(TabularMLPRegressor).fit(X, np.column_stack([y, y * scale])).predict(X)
    assert np.isfinite(two).all()


def test_equal_targets():
    model = small(TabularMLPRegressor).fit(table()[0], np.full(60, 42.0))
    np.testing.assert_allclose(model.predict(table(seed=1)[0]), 42, atol=1e-3)


# ---- the epoch that is kept ----


@pytest.mark.parametrize(
    ("errors", "kept"),
    [([0.5, 0.2, 0.2, 0.3], 3), ([0.1, 0.2], 1), ([0.0] * 4, 4), ([0.3, 0.2, 0.1], 3)],
)
def test_the_last_best_epoch(errors, kept):
    net = pybp.MLP([1, 1], seed=0)
    best = BestEpoch(np.zeros((4, 1)), lambda outputs, rows: errors[int(outputs[0, 0]) - 1], False)
    for epoch in range(1, len(errors) + 1):
        net.biases = [[float(epoch)]]
        assert not best.on_epoch_end(net, epoch, {})
    assert best.scores == errors
    assert best.restore_best(net) == kept
    assert net.biases[0] == kept


def test_each_half_of_the_rows_chooses_for_the_other():
    net = pybp.MLP([1, 1], seed=0)
    errors = {(0, 1): 0.2, (0, 2): 0.1, (0, 3): 0.3, (1, 1): 0.1, (1, 2): 0.2, (1, 3): 0.3}

    def score(outputs, rows):
        return errors[rows.start or 0, int(outputs[0, 0])]

    best = BestEpoch(np.zeros((5, 1)), score, False)
    for epoch in (1, 2, 3):
        net.biases = [[float(epoch)]]
        best.on_epoch_end(net, epoch, {})
    assert best.outputs.ravel().tolist() == [1, 2, 1, 2, 1]  # even rows: what odd ones chose


@pytest.mark.parametrize(("patience", "factor", "stopped"), [(1, 1.0, 3), (4, 1.0, 6), (1, 3.0, 7)])
def test_patience(patience, factor, stopped):
    """Epoch 2 is the best."""
    net, epochs = pybp.MLP([1, 1], seed=0), iter([0.2, 0.1, *[0.3] * 20])
    value = [0.0]
    best = BestEpoch(np.zeros((2, 1)), lambda outputs, rows: value[0], False, patience, factor)
    for epoch in range(1, 20):
        value[0] = next(epochs)
        if best.on_epoch_end(net, epoch, {}):
            break
    assert epoch == stopped


@BOTH
def test_the_net_of_the_best_epoch_is_restored(estimator):
    X, y = targets(estimator, rows=150)
    X_val, y_val = targets(estimator, rows=60, seed=1)
    y_val = np.roll(y_val, 1)  # nothing to learn, so that the last epoch is not the best
    metric = {"metric": "accuracy"} if estimator is TabularMLPClassifier else {}
    model = small(estimator, epochs=40, patience=None, **metric).fit(
        X, y, validation_data=(X_val, y_val)
    )
    assert model.n_iter_ == len(model.loss_curve_) == len(model.validation_loss_curve_) == 40
    if estimator is TabularMLPClassifier:
        errors = 1 - np.array(model.validation_scores_)
        assert model.score(X_val, y_val) == pytest.approx(1 - errors.min())
    else:
        errors = np.array(model.validation_loss_curve_)
        np.testing.assert_allclose(np.square(model.validation_scores_), errors, rtol=1e-5)
        mse = np.mean((model.predict(X_val) - y_val) ** 2) / y.var()
        assert mse == pytest.approx(errors.min(), rel=1e-4)
    assert model.best_epoch_ == 40 - np.argmin(errors[::-1])
    assert model.best_epoch_ < 40  # or nothing was restored


@BOTH
def test_a_fraction_of_the_samples_chooses_the_epoch(estimator):
    X, y = targets(estimator, rows=100)
    model = small(estimator, validation_fraction=0.25, patience=None).fit(X, y)
    assert model.validation_loss_curve_ is not None
    assert model.net_.epochs_done == 12
    without = small(estimator, validation_fraction=None).fit(X, y)
    assert without.validation_loss_curve_ is without.validation_scores_ is None
    assert without.best_epoch_ == 12
    assert (
        without.predict(X) == small(estimator, validation_fraction=0).fit(X, y).predict(X)
    ).all()


def test_the_split_keeps_the_proportions_of_classes():
    y = np.repeat([0, 1, 2], [70, 20, 10])
    held = held_out(y, 0.2, np.random.RandomState(0), stratify=True)
    np.testing.assert_array_equal(np.bincount(y[held]), [14, 4, 2])
    assert len(set(held)) == 20
    rare = np.array([0] * 30 + [1])
    for fraction in (0.2, 0.5, 0.9):
        assert 30 not in held_out(rare, fraction, np.random.RandomState(0), stratify=True)
    assert len(held_out(np.arange(10), 0.2, np.random.RandomState(0), stratify=True)) == 0
    assert len(held_out(rare, 0.2, np.random.RandomState(0), stratify=True)) == 7


@pytest.mark.parametrize("rows", [1, 2, 3])
@BOTH
def test_very_few_samples(estimator, rows):
    X, y = targets(estimator, rows=rows)
    assert small(estimator).fit(X, y).predict(X).shape == (rows,)


# ---- threads, seeds, order ----


@BOTH
def test_threads_change_nothing(estimator):
    X, y = targets(estimator, rows=600)
    one, two, many = (small(estimator, n_jobs=n, batch_size=128).fit(X, y) for n in (1, 2, -1))
    assert (one.predict(X) == two.predict(X)).all()
    assert (one.predict(X) == many.predict(X)).all()
    assert one.loss_curve_ == two.loss_curve_


@BOTH
def test_seeds(estimator):
    X, y = targets(estimator)
    fits = [small(estimator, random_state=s).fit(X, y).net_.weights[1] for s in (0, 0, 1)]
    assert (fits[0] == fits[1]).all()
    assert (fits[0] != fits[2]).any()
    random = np.random.RandomState(0)
    assert (small(estimator, random_state=random).fit(X, y).net_.weights[1] == fits[0]).all()


@BOTH
@pytest.mark.parametrize("validated", [False, True])
def test_weights_repetitions_and_order_of_few_samples(estimator, validated):
    X, y = targets(estimator)
    given = {"validation_data": targets(estimator, seed=1)} if validated else {}
    times = np.random.default_rng(0).integers(0, 4, size=60)
    order = np.random.default_rng(1).permutation(60)

    def fit(X, y, weights=None):
        return small(estimator, validation_fraction=None).fit(X, y, weights, **given).predict(X_all)

    X_all = X
    weighted = fit(X[order], y[order], times[order])
    assert (weighted == fit(X.repeat(times, axis=0), y.repeat(times))).all()
    assert (weighted != fit(X, y)).any()


@BOTH
@pytest.mark.parametrize("batch_size", [32, 256])
def test_repeated_samples_are_on_both_sides_of_the_split(estimator, batch_size):
    X = [["yes"], ["no"]] * 60
    y = np.array(["yes", "no"] * 60 if estimator is TabularMLPClassifier else [1.0, 0.0] * 60)
    for seed in range(4):
        model = small(estimator, batch_size=batch_size, epochs=60, random_state=seed)
        assert model.fit(X, y).score(X, y) > 0.9


@BOTH
def test_weights_of_many_samples(estimator):
    X, y = targets(estimator, rows=400)
    weights = np.where(X[:, 0] > 0, 0.0, 2.0)
    kept = weights > 0
    found = small(estimator, batch_size=64).fit(X, y, sample_weight=weights)
    alone = small(estimator, batch_size=64).fit(X[kept], y[kept])
    assert (found.predict(X) == alone.predict(X)).all()
    uneven = small(estimator, batch_size=64).fit(X, y, sample_weight=1 + weights)
    assert (uneven.predict(X) != found.predict(X)).any()


def test_weights_in_validation():
    X, y = targets(TabularMLPClassifier, rows=150)
    X_val, y_val = targets(TabularMLPClassifier, rows=60, seed=1)
    weights = np.where(y_val == 1, 5.0, 1.0)
    model = small(TabularMLPClassifier, epochs=40, metric="accuracy")
    model.fit(X, y, validation_data=(X_val, y_val, weights))
    wanted = accuracy_score(y_val, model.predict(X_val), sample_weight=weights)
    assert max(model.validation_scores_) == pytest.approx(wanted)


def test_class_weights_of_classes_that_are_absent(recwarn):
    X, y = targets(TabularMLPClassifier)
    two = y > 0
    everyone = {0: 3.0, 1: 2.0, 2: 5.0}
    found = small(TabularMLPClassifier, class_weight=everyone).fit(X[two], y[two])
    wanted = small(TabularMLPClassifier, class_weight={1: 2.0, 2: 5.0}).fit(X[two], y[two])
    assert (found.predict_proba(X) == wanted.predict_proba(X)).all()
    assert not recwarn
    with pytest.warns(UserWarning, match=r"class_weight names '1', which is none of the classes"):
        small(TabularMLPClassifier, class_weight={"1": 2.0}).fit(X, y)


def test_class_weights():
    X, y = load_breast_cancer(return_X_y=True)
    ours = {"hidden_layer_sizes": (8,), "epochs": 20, "validation_fraction": None}

    def fit(class_weight, weights=None):
        model = TabularMLPClassifier(random_state=0, class_weight=class_weight, **ours)
        return model.fit(X, y, sample_weight=weights).predict_proba(X)

    factors = len(y) / (2 * np.bincount(y))
    balanced = fit("balanced")
    assert (balanced == fit({0: factors[0], 1: factors[1]})).all()
    assert (balanced != fit(None)).any()
    assert fit({0: 50.0})[:, 0].mean() > fit(None)[:, 0].mean() > fit({1: 50.0})[:, 0].mean()
