"""What pybp's estimators have beyond scikit-learn's: each parameter of the net does what it says."""

import numpy as np
import pytest

from nets import squared_error

pytest.importorskip("sklearn")

from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score

from pybp import activations, losses, optimizers
from pybp.errors import ArgumentError, PybpError

from registered import CLASSES, HIDDEN
from small_estimators import classifier, differ, kinds, regressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def of(targets):
    """The losses for targets of a kind."""
    return [name for name, loss in CLASSES["losses"].items() if loss.targets == targets]


# The losses of numbers besides that of a regressor by default.
OF_NUMBERS = [name for name in of("numbers") if name != "squared_error"]


# ---- activation, solver, loss ----------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(HIDDEN))
def test_every_activation(iris, name):
    model = classifier(activation=name).fit(*iris)
    assert [layer.activation.name for layer in model.net_.layers] == [name, name, "softmax"]
    assert 0 < model.score(*iris) <= 1


def test_an_activation_for_each_layer(iris):
    model = classifier(activation=["logistic", activations.LeakyReLU(0.3)]).fit(*iris)
    used = [layer.activation for layer in model.net_.layers[:2]]
    assert used == [activations.Sigmoid(), activations.LeakyReLU(0.3)]
    with pytest.raises(ArgumentError, match="activation has 3 entries for 2 hidden layers"):
        classifier(activation=["relu"] * 3).fit(*iris)
    with pytest.raises(ValueError, match="The 'activation' parameter of MLPClassifier must be"):
        classifier(activation="softmax").fit(*iris)


@pytest.mark.parametrize("name", sorted(CLASSES["optimizers"]))
def test_every_optimizer(iris, name):
    """By name with learning_rate_init, as an instance as it is."""
    by_name = classifier(solver=name, learning_rate_init=0.02).fit(*iris)
    instance = CLASSES["optimizers"][name](lr=0.02)
    as_it_is = classifier(solver=instance, learning_rate_init=0.5).fit(*iris)
    if name not in ("sgd", "adam"):  # whose other parameters are scikit-learn's
        assert not differ(by_name, as_it_is)
    assert differ(by_name, classifier(solver=name, learning_rate_init=0.01).fit(*iris))
    assert by_name.partial_fit(*iris).n_iter_ == 1


def test_solvers_of_scipy(diabetes):
    X, y = diabetes
    solver = optimizers.LevenbergMarquardt()
    model = regressor(hidden_layer_sizes=(3,), activation="tanh", solver=solver, alpha=0).fit(X, y)
    assert 0 < model.n_iter_ <= 5
    assert model.score(X, y) > 0.45
    assert not hasattr(model, "partial_fit")
    with pytest.raises(ArgumentError, match=r"needs alpha=0, got 0\.0001"):
        regressor(solver="levenberg_marquardt").fit(X, y)
    few = regressor(solver=optimizers.LBFGS(max_iter=2), max_iter=50).fit(X, y)
    assert few.n_iter_ == 2


@pytest.mark.parametrize("loss", [*OF_NUMBERS, losses.Huber(0.2), losses.Quantile(0.9)])
def test_losses_of_a_regressor(diabetes, loss):
    X, y = diabetes
    model = regressor(loss=loss, max_iter=20).fit(X, y)
    assert model.loss_ < model.loss_curve_[0]
    assert differ(model, regressor(max_iter=20).fit(X, y))


def test_the_same_loss_by_name_and_as_an_instance(diabetes):
    X, y = diabetes
    for name, spec in (("poisson", losses.Poisson), ("mse", losses.MSE())):
        by_name, instance = (regressor(loss=loss).fit(X, abs(y)) for loss in (name, spec))
        assert not differ(by_name, instance)
        assert np.array_equal(by_name.predict(X), instance.predict(X))


def test_a_quantile_is_one(diabetes):
    X, y = diabetes
    model = regressor(loss=losses.Quantile([0.1, 0.9]), max_iter=200, alpha=0).fit(X, y)
    low, high = model.predict(X).T
    assert model.n_outputs_ == 2
    assert np.mean(y < low) == pytest.approx(0.1, abs=0.04)
    assert np.mean(y < high) == pytest.approx(0.9, abs=0.04)


def test_the_score_of_several_quantiles(diabetes):
    X, y = diabetes
    Y, weights = np.column_stack([y, -2 * y + X[:, 0]]), np.linspace(0.5, 1, len(y))
    levels = (0.1, 0.5, 0.9)
    for targets in (y, Y):
        model = regressor(loss=losses.Quantile(levels), max_iter=100, early_stopping=True)
        model.fit(X, targets, weights, X_val=X, y_val=targets, sample_weight_val=weights)
        predicted = model.predict(X).reshape(len(y), -1, 3)
        wanted = np.mean(
            [
                pinball_score(column, predicted[:, j, i], q, weights)
                for j, column in enumerate(targets.reshape(len(y), -1).T)
                for i, q in enumerate(levels)
            ]
        )
        assert model.score(X, targets, weights) == pytest.approx(wanted)
        assert max(model.validation_scores_) == pytest.approx(wanted)  # the best epoch is kept
        assert 0 < wanted < 1
    assert len(cross_val_score(model, X, y, cv=3)) == 3


def pinball_score(y, predicted, q, weights):
    """1 minus the loss relative to that of the best constant."""

    def loss(a):
        return np.average(np.maximum(q * (y - a), (1 - q) * (a - y)), weights=weights)

    return 1 - loss(predicted) / min(loss(a) for a in y)


def test_one_quantile_is_scored_as_scikit_learn_does(diabetes):
    X, y = diabetes
    for q in (0.9, [0.9]):
        model = regressor(loss=losses.Quantile(q), max_iter=30).fit(X, y)
        assert model.score(X, y) == r2_score(y, model.predict(X))


def test_a_loss_of_ones_own(diabetes):
    X, y = diabetes

    own, known = regressor(loss=squared_error).fit(X, y), regressor().fit(X, y)
    for mine, other in zip(own.coefs_, known.coefs_, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9)
    np.testing.assert_allclose(own.loss_curve_, known.loss_curve_, rtol=1e-9)


@pytest.mark.parametrize("data", ["iris", "binary"])
@pytest.mark.parametrize("loss", of("signs"))
def test_hinge_losses(request, data, loss):
    X, y = request.getfixturevalue(data)
    model = classifier(loss=loss, max_iter=100, learning_rate_init=0.01).fit(X, y)
    assert model.score(X, y) > 0.9
    assert model.out_activation_ == "identity"
    assert not hasattr(model, "predict_proba")
    decision = model.decision_function(X)
    if data == "binary":
        assert decision.shape == (100,)
        assert np.array_equal(model.predict(X), model.classes_[(decision > 0).astype(int)])
    else:
        assert np.array_equal(model.predict(X), model.classes_[decision.argmax(axis=1)])
    assert not hasattr(classifier(), "decision_function")


def test_losses_of_a_classifier(iris, binary):
    brier = classifier(loss="mse", max_iter=50).fit(*iris)
    assert brier.out_activation_ == "softmax"
    np.testing.assert_allclose(brier.predict_proba(iris[0]).sum(axis=1), 1)
    same = classifier(loss="cross_entropy").fit(*iris)
    assert not differ(same, classifier().fit(*iris))
    assert not differ(
        classifier(loss="binary_cross_entropy").fit(*binary), classifier().fit(*binary)
    )
    weighted = losses.BinaryCrossEntropy(pos_weight=5.0)
    heavy = classifier(loss=weighted, max_iter=50).fit(*binary)
    plain = classifier(max_iter=50).fit(*binary)
    assert heavy.predict_proba(binary[0])[:, 1].mean() > plain.predict_proba(binary[0])[:, 1].mean()
    for loss, y in (("cross_entropy", binary), ("binary_cross_entropy", iris)):
        with pytest.raises(ArgumentError, match=r"needs a (softmax|sigmoid) output"):
            classifier(loss=loss).fit(*y)
    with pytest.raises(ValueError, match="The 'loss' parameter of MLPClassifier must be"):
        classifier(loss="poisson").fit(*iris)
    with pytest.raises(ArgumentError, match="is not for regression"):
        regressor(loss=losses.Hinge()).fit(iris[0], iris[0][:, 0])


# ---- layers ----------------------------------------------------------------------------------


def test_dropout(iris):
    model = classifier(dropout=[0.5, 0.0]).fit(*iris)
    assert kinds(model) == ["dense", "dropout", "dense", "dense"]
    assert model.net_.layers[1].params == (0.5,)
    assert kinds(classifier(dropout=0.2).fit(*iris)).count("dropout") == 2
    assert differ(model, classifier().fit(*iris))
    assert np.array_equal(model.predict_proba(iris[0]), model.predict_proba(iris[0]))
    with pytest.raises(ArgumentError, match=r"dropout\[1\] must be a number in \[0, 1\), got 1.5"):
        classifier(dropout=[0.1, 1.5]).fit(*iris)
    again = classifier(dropout=[0.5, 0.0]).fit(*iris)
    assert not differ(model, again)


def test_norms_and_residuals(iris):
    X, y = iris
    normed = classifier(batch_norm=True).fit(X, y)
    assert kinds(normed) == ["dense", "batch_norm", "activation"] * 2 + ["dense"]
    assert normed.net_.running_statistics[1] is not None
    layered = classifier(layer_norm=True).fit(X, y)
    assert kinds(layered) == ["dense", "layer_norm", "activation"] * 2 + ["dense"]
    around = classifier(residual=True, hidden_layer_sizes=(4, 4)).fit(X, y)
    assert kinds(around) == ["dense", "add", "dense", "add", "dense"]
    first, second, last = (np.asarray(c) for c in around.coefs_)
    b1, b2, b3 = around.intercepts_
    h = np.maximum(X @ first + b1, 0) + X
    h = np.maximum(h @ second + b2, 0) + h
    z = h @ last + b3
    e = np.exp(z - z.max(axis=1, keepdims=True))
    np.testing.assert_allclose(around.predict_proba(X), e / e.sum(axis=1, keepdims=True))
    projected = classifier(residual=True).fit(X, y)
    assert [c.shape for c in projected.coefs_] == [(4, 8), (4, 8), (8, 6), (8, 6), (6, 3)]
    for each in (normed, layered, around, projected):
        assert each.partial_fit(X, y).loss_ < each.loss_curve_[0]


def test_batch_norm_never_sees_a_single_sample(iris):
    X, y = iris
    model = classifier(batch_norm=True, batch_size=149, max_iter=3).fit(X, y)
    assert model.n_iter_ == 3
    with pytest.raises(ArgumentError, match="a minibatch has 1 row"):
        classifier(batch_norm=True, batch_size=1).fit(X, y)


def test_embedding():
    rng = np.random.default_rng(0)
    category = rng.integers(0, 6, 300)
    X = np.column_stack([rng.normal(size=300), category])
    y = np.array([0.0, 3.0, -1.0, 2.0, -3.0, 1.0])[category] + X[:, 0]
    how = {"hidden_layer_sizes": (8,), "max_iter": 300, "learning_rate_init": 0.02}
    model = regressor(embedding={1: (6, 2)}, **how).fit(X, y)
    assert kinds(model) == ["embedding", "join", "dense", "dense"]
    assert model.coefs_[0].shape == (3, 8)
    assert model.score(X, y) > 0.97
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["number", "kind"])
    named = regressor(embedding={"kind": (6, 2)}, **how).fit(frame, y)
    assert not differ(model, named)
    with pytest.raises(ArgumentError, match="names the column 'colour', but X has"):
        regressor(embedding={"colour": 6}).fit(frame, y)
    with pytest.raises(ArgumentError, match="names the column 'kind', but X has no names"):
        regressor(embedding={"kind": 6}).fit(X, y)
    with pytest.raises(ArgumentError, match="embedding names column 2, but X has 2 columns"):
        regressor(embedding={2: 6}).fit(X, y)
    with pytest.raises(PybpError, match="categor"):
        model.predict([[0.0, 6.0]])


# ---- looking inside --------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_input_gradients_of_a_regressor(diabetes, loss):
    X, y = diabetes
    y = np.column_stack([np.exp(y), np.exp(-y)])
    model = regressor(loss=loss, activation="tanh").fit(X, y)
    found = model.input_gradients(X[:5])
    assert found.shape == (5, 2, 10)
    for column in range(10):
        step = np.zeros(10)
        step[column] = 1e-6
        slope = (model.predict(X[:5] + step) - model.predict(X[:5] - step)) / 2e-6
        np.testing.assert_allclose(found[:, :, column], slope, rtol=1e-6, atol=1e-8)


def test_input_gradients_of_a_classifier(iris):
    X, y = iris
    model = classifier(activation="tanh").fit(X, y)
    step = np.array([0, 1e-6, 0, 0])
    slope = (model.predict_proba(X + step) - model.predict_proba(X - step)) / 2e-6
    np.testing.assert_allclose(model.input_gradients(X)[:, :, 1], slope, rtol=1e-5, atol=1e-8)


def test_hidden_activations(iris):
    X, y = iris
    model = classifier(activation="tanh", dropout=0.5).fit(X, y)
    first = np.tanh(X @ model.coefs_[0] + model.intercepts_[0])
    second = np.tanh(first @ model.coefs_[1] + model.intercepts_[1])
    np.testing.assert_allclose(model.hidden_activations(X, 0), first, rtol=1e-9)
    np.testing.assert_allclose(model.hidden_activations(X), second, rtol=1e-9)
    with pytest.raises(ArgumentError, match="layer is 2, but there are 2 hidden layers"):
        model.hidden_activations(X, 2)
