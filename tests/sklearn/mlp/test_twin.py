"""pybp's estimators and scikit-learn's, trained side by side.

Both draw the same initial weights from one `random_state`. Where a minibatch holds all samples, the
order in which they come makes no difference, and the two must stay together; where it doesn't,
without shuffling they see the same minibatches.
"""

import inspect
import re
import warnings

import numpy as np
import pytest

pytest.importorskip("sklearn")

import scipy.sparse
import sklearn.neural_network as peer
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    make_multilabel_classification,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

import pybp.sklearn
from pybp.sklearn import MLPClassifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ATTRIBUTES = (
    "n_iter_",
    "t_",
    "n_layers_",
    "n_outputs_",
    "n_features_in_",
    "out_activation_",
    "_no_improvement_count",
)


def iris():
    X, y = load_iris(return_X_y=True)
    return scale(X), y


def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return scale(X)[:120], np.array(["benign", "malign"])[y[:120]]


def several_labels():
    X, y = make_multilabel_classification(80, 8, n_classes=4, random_state=0)
    return scale(X), y


def diabetes():
    X, y = load_diabetes(return_X_y=True)
    return scale(X)[:150], scale(y)[:150]


def two_targets():
    X, y = diabetes()
    return X, np.column_stack([y, X[:, 0] * X[:, 1] - y])


def counts():
    X, y = diabetes()
    return X, np.random.default_rng(0).poisson(np.exp(0.5 * y)).astype(float)


ESTIMATORS = {"classes": "MLPClassifier", "numbers": "MLPRegressor"}


def options(parameter):
    """The names that scikit-learn's classifier takes for a parameter."""
    return sorted(peer.MLPClassifier._parameter_constraints[parameter][0].options)


CLASSES = [iris, cancer, several_labels]
NUMBERS = [diabetes, two_targets]


def pair(kind, data, weights=None, **params):
    """Both, fitted."""
    X, y = data
    params = {"random_state": 3, "hidden_layer_sizes": (7, 5), "max_iter": 12, **params}
    given = {} if weights is None else {"sample_weight": weights}
    both = (getattr(place, ESTIMATORS[kind]) for place in (pybp.sklearn, peer))
    return [each(**params).fit(X, y, **given) for each in both]


def assert_alike(ours, theirs, X, rtol=1e-6, loss_rtol=None):
    for name in ATTRIBUTES:
        assert getattr(ours, name, None) == getattr(theirs, name, None), name
    for name in ("coefs_", "intercepts_"):
        for mine, other in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            assert mine.shape == other.shape
            assert mine.dtype == other.dtype
            np.testing.assert_allclose(mine, other, rtol=rtol, atol=rtol)
    loss_rtol = rtol if loss_rtol is None else loss_rtol
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=loss_rtol)
    if hasattr(theirs, "loss_curve_"):
        np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=loss_rtol)
    for method in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(theirs, method):
            mine, other = getattr(ours, method)(X), getattr(theirs, method)(X)
            assert mine.shape == other.shape
            assert mine.dtype == other.dtype
            if mine.dtype.kind == "f":
                np.testing.assert_allclose(mine, other, rtol=10 * rtol, atol=10 * rtol)
            else:
                assert (mine == other).mean() > 0.98


@pytest.mark.parametrize("activation", options("activation"))
@pytest.mark.parametrize("data", CLASSES)
def test_sgd_on_classes(data, activation):
    X, y = data()
    params = {"solver": "sgd", "learning_rate_init": 0.1, "alpha": 0.5, "activation": activation}
    assert_alike(*pair("classes", (X, y), **params), X)


@pytest.mark.parametrize("data", NUMBERS)
def test_sgd_on_numbers(data):
    """scikit-learn reports the mean loss over targets, but its gradient is that of the sum."""
    X, y = data()
    alpha = 0.5 if y.ndim == 1 else 0.01
    ours, theirs = pair("numbers", (X, y), solver="sgd", learning_rate_init=0.02, alpha=alpha)
    assert_alike(ours, theirs, X, loss_rtol=1e-6 if y.ndim == 1 else 1e-3)


@pytest.mark.parametrize(
    "params",
    [
        {"momentum": 0.0},
        {"nesterovs_momentum": False},
        {
            "learning_rate": "adaptive",
            "tol": 0.1,
            "n_iter_no_change": 2,
            "max_iter": 40,
        },
        {"learning_rate": "invscaling", "power_t": 0.2, "momentum": 0.0},
        {"learning_rate": "invscaling"},
        {"learning_rate": "invscaling", "nesterovs_momentum": False},
        {"tol": 0.05, "n_iter_no_change": 2, "max_iter": 60},
        {"shuffle": False, "batch_size": 32},
    ],
    ids=lambda params: next(iter(params)),
)
def test_rules_of_sgd(params):
    X, y = iris()
    ours, theirs = pair("classes", (X, y), solver="sgd", learning_rate_init=0.1, **params)
    assert ours._optimizer.learning_rate == theirs._optimizer.learning_rate
    assert_alike(ours, theirs, X)


def test_a_falling_learning_rate_from_call_to_call():
    X, y = iris()
    params = {"solver": "sgd", "learning_rate_init": 0.1, "learning_rate": "invscaling"}
    ours, theirs = pair("classes", (X, y), **params)
    for _ in range(3):
        for each in (ours, theirs):
            each.partial_fit(X, y)
    assert_alike(ours, theirs, X)


@pytest.mark.parametrize("data", CLASSES)
def test_adam(data):
    """scikit-learn's epsilon is not corrected for the step, so that it counts more at first."""
    X, y = data()
    params = {"alpha": 0.5, "epsilon": 1e-12, "beta_1": 0.8, "beta_2": 0.99, "max_iter": 25}
    assert_alike(*pair("classes", (X, y), **params), X, rtol=1e-5)


def test_poisson():
    X, y = counts()
    assert_alike(*pair("numbers", (X, y), loss="poisson", epsilon=1e-12, alpha=0.5), X, rtol=1e-5)


@pytest.mark.parametrize("data", [iris, several_labels])
def test_sample_weight(data):
    X, y = data()
    weights = np.random.default_rng(1).uniform(0, 2, len(X))
    assert_alike(*pair("classes", (X, y), weights, solver="sgd", alpha=0.5), X)


@pytest.mark.parametrize("data", [*CLASSES, diabetes])
def test_lbfgs(data):
    """For as many iterations as rounding lets them agree."""
    X, y = data()
    kind = "numbers" if data is diabetes else "classes"
    ours, theirs = pair(kind, (X, y), solver="lbfgs", max_iter=8, activation="tanh", alpha=0.1)
    assert_alike(ours, theirs, X, rtol=1e-5)


def test_early_stopping_holds_out_the_same_samples():
    X, y = iris()
    params = {"solver": "sgd", "early_stopping": True, "learning_rate_init": 0.1, "max_iter": 60}
    ours, theirs = pair("classes", (X, y), **params)
    assert ours.validation_scores_ == theirs.validation_scores_
    assert ours.best_validation_score_ == theirs.best_validation_score_
    assert ours.best_loss_ is None
    assert theirs.best_loss_ is None
    assert_alike(ours, theirs, X)


def test_early_stopping_of_a_regressor():
    X, y = diabetes()
    params = {"solver": "sgd", "early_stopping": True, "validation_fraction": 0.3, "max_iter": 40}
    ours, theirs = pair("numbers", (X, y), **params)
    np.testing.assert_allclose(ours.validation_scores_, theirs.validation_scores_, rtol=1e-6)
    assert_alike(ours, theirs, X)


def test_warm_start_and_partial_fit_go_on():
    X, y = iris()
    fitted = []
    for each in (MLPClassifier, peer.MLPClassifier):
        model = each((6,), solver="sgd", random_state=0, max_iter=3, warm_start=True, alpha=0.3)
        model.fit(X, y).fit(X, y)
        for _ in range(4):
            model.partial_fit(X, y)
        fitted.append(model)
    assert_alike(*fitted, X)


@pytest.mark.parametrize("container", [scipy.sparse.csr_matrix, scipy.sparse.csc_array])
def test_sparse(container):
    X, y = iris()
    X = np.where(X > 0.3, X, 0.0)
    params = {"solver": "sgd", "random_state": 0, "max_iter": 5}
    dense, thin = MLPClassifier(**params).fit(X, y), MLPClassifier(**params).fit(container(X), y)
    theirs = peer.MLPClassifier(**params).fit(container(X), y)
    for mine, same, other in zip(dense.coefs_, thin.coefs_, theirs.coefs_, strict=True):
        assert np.array_equal(mine, same)
        np.testing.assert_allclose(mine, other, rtol=1e-8, atol=1e-10)
    assert np.array_equal(dense.predict_proba(X), thin.predict_proba(container(X)))


def test_float32_is_kept():
    X, y = iris()
    ours, theirs = pair("classes", (X.astype(np.float32), y), solver="sgd")
    assert ours.net_.dtype == np.float32
    assert_alike(ours, theirs, X.astype(np.float32), rtol=1e-4)


def test_what_is_printed(capsys):
    X, y = iris()
    printed = []
    for each in (MLPClassifier, peer.MLPClassifier):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            each(
                (3,),
                solver="sgd",
                learning_rate="adaptive",
                tol=0.5,
                n_iter_no_change=1,
                early_stopping=True,
                max_iter=100,
                random_state=0,
                verbose=True,
            ).fit(X, y)
        printed.append(capsys.readouterr().out.splitlines())
    ours, theirs = printed
    assert "Iteration 1, loss = " in ours[0]
    assert "Setting learning rate to" in "".join(ours)
    assert "Learning rate too small. Stopping." in ours[-1]
    words = [[line.rsplit("=", 1)[0].split("loss")[0] for line in lines] for lines in printed]
    assert words[0] == words[1]
    assert len(ours) == len(theirs)


@pytest.mark.parametrize("name", ESTIMATORS.values())
def test_parameters_and_attributes(name):
    ours, theirs = (getattr(place, name) for place in (pybp.sklearn, peer))
    mine, other = (inspect.signature(each).parameters for each in (ours, theirs))
    kept = [mine[name] for name in other]
    for parameter, same in zip(kept, other.values(), strict=True):
        assert (parameter.name, parameter.default, parameter.kind) == (
            same.name,
            same.default,
            same.kind,
        )
    assert list(mine)[: len(other)] == list(other) or name == "MLPRegressor"
    extra = [parameter for key, parameter in mine.items() if key not in other]
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in extra)
    public = {method for method in dir(theirs) if not method.startswith("_")}
    assert public <= set(dir(ours))
    data = iris() if name == "MLPClassifier" else diabetes()
    for solver in options("solver"):
        fitted = [each(solver=solver, max_iter=3).fit(*data) for each in (ours, theirs)]
        have = [{key for key in dir(each) if key.endswith("_")} for each in fitted]
        assert have[1] <= have[0]


@pytest.mark.parametrize(
    "params",
    [
        {"hidden_layer_sizes": -1},
        {"alpha": -1.0},
        {"learning_rate": "fast"},
        {"max_iter": 0},
        {"beta_1": 1.0},
        {"momentum": 2},
        {"validation_fraction": 1.0},
        {"shuffle": "no"},
        {"n_iter_no_change": 0},
    ],
    ids=lambda params: next(iter(params)),
)
def test_bad_parameters_get_the_same_words(params):
    X, y = iris()
    messages = []
    for each in (MLPClassifier, peer.MLPClassifier):
        with pytest.raises(ValueError, match=next(iter(params))) as caught:
            each(**params).fit(X, y)
        messages.append(sorted(re.findall(r"[^\s,{}]+", str(caught.value))))  # sets have no order
    assert messages[0] == messages[1]
