"""pybp's estimators among scikit-learn's tools, in pickles, and from call to call."""

import pickle
import subprocess
import sys
import threading
import warnings

import joblib
import numpy as np
import pytest

pytest.importorskip("sklearn")

import sklearn
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_multilabel_classification
from sklearn.ensemble import StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale
from sklearn.utils import get_tags

import pybp
from pybp.errors import NotFiniteError, ShapeError
from pybp.sklearn import MLPClassifier, MLPRegressor, MLPTransformer

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def classifier(**params):
    return MLPClassifier(
        **{
            "hidden_layer_sizes": (8,),
            "random_state": 0,
            "max_iter": 40,
            "learning_rate_init": 0.02,
            **params,
        }
    )


# ---- tools -----------------------------------------------------------------------------------


def test_pipeline_grid_search_and_loky(iris):
    grid = GridSearchCV(
        make_pipeline(StandardScaler(), classifier()),
        {"mlpclassifier__alpha": [1e-4, 0.1], "mlpclassifier__hidden_layer_sizes": [(4,), (8,)]},
        n_jobs=2,
        cv=3,
    )
    with joblib.parallel_backend("loky"):
        grid.fit(*iris)
    assert grid.best_score_ > 0.9
    alone = clone(grid).set_params(n_jobs=None).fit(*iris)
    for name in ("mean_test_score", "params"):
        assert np.array_equal(grid.cv_results_[name], alone.cv_results_[name])


def test_cross_val_score(iris, diabetes):
    assert cross_val_score(classifier(), *iris, cv=3).mean() > 0.9
    regressor = MLPRegressor(hidden_layer_sizes=(8,), max_iter=200, random_state=0)
    assert cross_val_score(regressor, *diabetes, cv=3).mean() > 0.3


def test_calibration_and_stacking(iris):
    calibrated = CalibratedClassifierCV(classifier(), cv=3).fit(*iris)
    assert calibrated.score(*iris) > 0.9
    of_decisions = CalibratedClassifierCV(classifier(loss="hinge"), cv=3).fit(*iris)
    assert of_decisions.score(*iris) > 0.9
    stacked = StackingClassifier(
        [("net", classifier()), ("line", LogisticRegression())], cv=3, n_jobs=2
    )
    assert stacked.fit(*iris).score(*iris) > 0.9


def test_metadata_routing(iris):
    X, y = iris
    weights = np.where(y == "virginica", 5.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = classifier().set_fit_request(sample_weight=True, validation_data=False)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        routed = make_pipeline(scaler, model).fit(X, y, sample_weight=weights)
        direct = classifier().fit(StandardScaler().fit_transform(X), y, sample_weight=weights)
        assert np.array_equal(routed[-1].coefs_[0], direct.coefs_[0])
        asks = classifier().set_score_request(sample_weight=True)
        assert asks.get_metadata_routing().score.requests["sample_weight"] is True
        partial = classifier().set_partial_fit_request(classes=True)
        assert partial.get_metadata_routing().partial_fit.requests["classes"] is True


def test_tags_and_pictures_in_notebooks(iris):
    assert is_classifier(classifier())
    assert is_regressor(MLPRegressor())
    tags = get_tags(classifier())
    assert tags.input_tags.sparse
    assert tags.classifier_tags.multi_label
    assert get_tags(MLPRegressor()).target_tags.multi_output
    html = classifier().fit(*iris)._repr_html_()
    assert "MLPClassifier" in html
    assert "hidden_layer_sizes" in html
    assert repr(classifier(max_iter=200)).startswith(
        "MLPClassifier(hidden_layer_sizes=(8,), learning_"
    )


def test_transformer(iris):
    X, y = iris
    made = make_pipeline(
        StandardScaler(),
        MLPTransformer(classifier(hidden_layer_sizes=(20, 3))),
        LogisticRegression(),
    )
    assert made.fit(X, y).score(X, y) > 0.9
    net = made[1].estimator_
    assert np.array_equal(made[1].transform(X), net.hidden_activations(X))
    wide = MLPTransformer(classifier(hidden_layer_sizes=(20, 3)), layer=0).fit(X, y)
    assert wide.transform(X).shape == (150, 20)
    squeezed = MLPTransformer(
        MLPRegressor(
            hidden_layer_sizes=(2,), activation="identity", solver="lbfgs", alpha=0, random_state=0
        )
    ).fit(X)
    back = Ridge(1e-6).fit(squeezed.transform(X), X)
    assert back.score(squeezed.transform(X), X) > 0.9  # as far as two principal components go
    seeds = [MLPTransformer(random_state=seed).fit(X, y).transform(X) for seed in (1, 1, 2)]
    assert np.array_equal(seeds[0], seeds[1])
    assert not np.array_equal(seeds[0], seeds[2])
    with pytest.raises(ValueError, match="requires y to be passed"):
        MLPTransformer(classifier()).fit(X)
    with pytest.raises(ValueError, match="layer is 1, but there are 1 hidden layers"):
        MLPTransformer(classifier(), layer=1).fit(X, y)


def test_transformer_gives_frames(iris):
    pandas = pytest.importorskip("pandas")
    X, y = iris
    frame = pandas.DataFrame(X, columns=list("abcd"))
    made = MLPTransformer(classifier()).set_output(transform="pandas").fit(frame, y)
    found = made.transform(frame)
    assert [*found.columns] == [f"mlptransformer{n}" for n in range(8)]
    assert [*made.feature_names_in_] == list("abcd")
    assert [*made.get_feature_names_out()] == [*found.columns]


# ---- copies ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["pickle", "joblib"])
def test_saved_and_loaded(iris, tmp_path, how):
    X, y = iris
    model = classifier(batch_norm=True).fit(X, y)
    model.intercepts_[0][0] += 0.5  # not yet in the net
    if how == "pickle":
        copy = pickle.loads(pickle.dumps(model))
    else:
        joblib.dump(model, tmp_path / "model.joblib")
        copy = joblib.load(tmp_path / "model.joblib")
    assert np.array_equal(copy.predict_proba(X), model.predict_proba(X))
    model.partial_fit(X, y)
    copy.partial_fit(X, y)
    assert np.array_equal(copy.predict_proba(X), model.predict_proba(X))


def test_clone(iris):
    params = {"activation": ["tanh"], "schedule": pybp.schedules.Cosine(0.01), "clip_norm": 2.0}
    model = classifier(**params).fit(*iris)
    twin = clone(model)
    assert not hasattr(twin, "coefs_")
    assert twin.get_params() == model.get_params()


# ---- weights as lists of arrays --------------------------------------------------------------


def logits(model, X):
    hidden = np.maximum(X @ model.coefs_[0] + model.intercepts_[0], 0)
    return hidden @ model.coefs_[1] + model.intercepts_[1]


@pytest.mark.parametrize("change", ["list", "item", "in place", "all"])
def test_changed_weights_count(iris, change):
    X, y = iris
    model = classifier().fit(X, y)
    before = model.predict_proba(X)
    if change == "list":
        model.coefs_ = [2 * coef for coef in model.coefs_]
    elif change == "item":
        model.coefs_[0] = np.asfortranarray(model.coefs_[0] - 0.1)
    elif change == "in place":
        model.intercepts_[1][0] += 1.0
    else:
        model.coefs_, model.intercepts_ = (
            [a * 0.5 for a in c] for c in (model.coefs_, model.intercepts_)
        )
    assert (model.predict(X) == model.classes_[logits(model, X).argmax(axis=1)]).all()
    z = logits(model, X)
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-9)
    assert not np.allclose(before, expected)
    start = [coef.copy() for coef in model.coefs_]
    slow = model.set_params(solver="sgd", learning_rate_init=1e-9, momentum=0.0).partial_fit(X, y)
    for coef, was in zip(slow.coefs_, start, strict=True):
        np.testing.assert_allclose(coef, was, atol=1e-6)
        assert not np.array_equal(coef, was)


def test_a_new_fit_forgets_what_was_changed(iris):
    X, y = iris
    how = {"early_stopping": True, "monitor": "neg_log_loss"}
    model = classifier(**how).fit(X, y)
    model.coefs_ = [0 * coef for coef in model.coefs_]
    again = model.fit(X, y)
    assert np.array_equal(again.coefs_[0], classifier(**how).fit(X, y).coefs_[0])


def test_partial_fit_changes_the_arrays_that_are_there(iris):
    X, y = iris
    model = classifier().fit(X, y)
    coef = model.coefs_[0]
    was = coef.copy()
    model.partial_fit(X, y)
    assert model.coefs_[0] is coef
    assert not np.array_equal(coef, was)


def test_bad_weights(iris):
    X, y = iris
    model = classifier().fit(X, y)
    good = model.coefs_
    model.coefs_ = [good[0].T, good[1]]
    with pytest.raises(ShapeError, match=r"coefs_\[0\] has shape \(8, 4\); expected \(4, 8\)"):
        model.predict(X)
    model.coefs_ = good[:1]
    with pytest.raises(ShapeError, match="coefs_ has 1 arrays; expected 2"):
        model.predict(X)
    model.coefs_ = [np.full_like(good[0], np.nan), good[1]]
    with pytest.raises(NotFiniteError):
        model.predict(X)
    model.coefs_ = good
    assert model.score(X, y) > 0.9


def test_threads_may_predict_at_once(iris):
    X, y = iris
    model = classifier().fit(X, y)
    expected, right = model.predict_proba(X), []

    def predict():
        right.extend(np.array_equal(model.predict_proba(X), expected) for _ in range(50))

    threads = [threading.Thread(target=predict) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(right) == 200
    assert all(right)


# ---- from call to call -----------------------------------------------------------------------


def test_classes_that_come_later(iris):
    X, y = iris
    model = classifier().fit(X[:100], y[:100])
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="`y` has classes not in"):
        model.partial_fit(X, y)
    with pytest.raises(ValueError, match="is not the same as on last call"):
        model.partial_fit(X, y, classes=["setosa", "virginica"])
    model.set_params(solver="sgd", learning_rate_init=1e-12).partial_fit(X, y, classes=np.unique(y))
    assert [*model.classes_] == ["setosa", "versicolor", "virginica"]
    assert model.n_outputs_ == 3
    assert model.out_activation_ == "softmax"
    known = model.predict_proba(X)[:, :2]
    np.testing.assert_allclose(known / known.sum(axis=1, keepdims=True), before, rtol=1e-6)
    model.set_params(solver="adam", learning_rate_init=0.02)
    for _ in range(150):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.9
    model.partial_fit(X, y, classes=[*np.unique(y), "ensata"])
    assert model.predict_proba(X).shape == (150, 4)
    assert model.score(X, y) > 0.85


def test_a_first_partial_fit_that_fails_teaches_nothing(iris):
    X, y = iris
    model = classifier()
    with pytest.raises(ValueError, match="NaN"):
        model.partial_fit(X * np.nan, y, classes=["setosa", "virginica"])
    assert not hasattr(model, "classes_")
    assert model.partial_fit(X, y, classes=np.unique(y)).n_outputs_ == 3


FAILING = [
    {"dropout": [0.1, 0.2]},
    {"monitor": "loss"},
    {"callbacks": [3]},
    {"schedule": "step"},
    {"solver": "lbfgs", "dropout": 0.5},
    {"learning_rate_init": 1e300, "solver": "sgd", "batch_size": 10},
]


@pytest.mark.parametrize("params", FAILING, ids=str)
def test_a_fit_that_fails_changes_nothing(iris, params):
    X, y = iris
    model = classifier(**params)
    with pytest.raises((ValueError, TypeError)):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)
    model = classifier().fit(X, y)
    before, losses = model.predict_proba(X), [*model.loss_curve_]
    with pytest.raises((ValueError, TypeError)):
        model.set_params(**params).fit(X[:, :2], np.arange(150) % 5)
    assert np.array_equal(model.predict_proba(X), before)
    assert [*model.classes_] == [*np.unique(y)]
    assert model.loss_curve_ == losses
    assert model.n_iter_ == len(losses)


def test_a_later_partial_fit_that_fails_changes_nothing(iris):
    X, y = iris
    model = classifier().partial_fit(X, y, classes=np.unique(y))
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="NaN"):
        model.partial_fit(X * np.nan, y, classes=[*np.unique(y), "ensata"])
    assert [*model.classes_] == [*np.unique(y)]
    assert np.array_equal(model.predict_proba(X), before)
    assert model.partial_fit(X, y).t_ == 300


def test_an_error_after_some_epochs_keeps_them(iris):
    class Stumble(pybp.callbacks.Callback):
        def on_epoch_end(self, net, epoch, logs):
            if epoch == 3:
                raise RuntimeError

    model = classifier(callbacks=[Stumble()])
    with pytest.raises(RuntimeError):
        model.fit(*iris)
    assert model.n_iter_ == 3
    assert np.array_equal(model.net_.weights[0], model.coefs_[0].T)


def test_warm_start_takes_new_parameters(iris):
    X, y = iris
    model = classifier(warm_start=True, solver="sgd", max_iter=1).fit(X, y)
    start = [coef.copy() for coef in model.coefs_]
    model.set_params(alpha=1e5, learning_rate_init=1e-4, momentum=0.0).fit(X, y)
    for coef, was in zip(model.coefs_, start, strict=True):
        np.testing.assert_allclose(coef, was * (1 - 1e-4 * 1e5 / 150), atol=1e-3)
    with pytest.raises(
        ValueError, match=r"describe another one: \[4, 5, 3\] instead of \[4, 8, 3\]"
    ):
        model.set_params(hidden_layer_sizes=5).fit(X, y)


def test_warm_start_by_another_rule(iris):
    X, y = iris
    model = classifier(warm_start=True, solver="lbfgs", max_iter=3).fit(X, y)
    model.set_params(solver="adam", max_iter=5).fit(X, y)
    assert model.best_loss_ == min(model.loss_curve_[3:])
    model.set_params(early_stopping=True).fit(X, y)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert len(model.validation_scores_) == 5
    assert len(model.loss_curve_) == 13


def test_diverging_says_so(diabetes):
    X, y = diabetes
    model = MLPRegressor(solver="sgd", learning_rate_init=1e4, random_state=0)
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        model.fit(X, y)


def test_interrupt_keeps_what_is_there(iris):
    class Interrupt(pybp.callbacks.Callback):
        def on_epoch_end(self, net, epoch, logs):
            if epoch == 3:
                raise KeyboardInterrupt

    model = classifier(callbacks=[Interrupt()])
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model.fit(*iris)
    assert model.n_iter_ == 3
    assert np.array_equal(model.net_.weights[0], model.coefs_[0].T)


def test_convergence_warning(iris):
    with pytest.warns(sklearn.exceptions.ConvergenceWarning, match=r"iterations \(2\) reached"):
        classifier(max_iter=2).fit(*iris)
    with pytest.warns(
        sklearn.exceptions.ConvergenceWarning, match="lbfgs failed to converge after 2"
    ):
        classifier(max_iter=2, solver="lbfgs").fit(*iris)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier(max_iter=500, tol=0.1).fit(*iris)


def test_random_state(iris):
    coefs = [
        classifier(random_state=state, max_iter=3).fit(*iris).coefs_[0]
        for state in (5, 5, np.random.RandomState(5), None, None)
    ]
    assert np.array_equal(coefs[0], coefs[1])
    assert np.array_equal(coefs[0], coefs[2])
    assert not np.array_equal(coefs[3], coefs[4])
    other = np.random.RandomState(np.random.PCG64(5))
    assert classifier(random_state=other, max_iter=3).fit(*iris).net_.seed < 2**31


def test_several_labels_of_any_kind():
    X, y = make_multilabel_classification(80, 8, n_classes=4, random_state=0)
    model = classifier(early_stopping=True).fit(scale(X), y)
    assert model.predict(scale(X)).shape == (80, 4)
    assert model.classes_.tolist() == [0, 1, 2, 3]
    assert 0 <= model.best_validation_score_ <= 1


# ---- imports ---------------------------------------------------------------------------------


def run(program):
    return subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True)


def test_pybp_does_not_import_sklearn():
    done = run("import pybp, sys; print('sklearn' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


def test_without_sklearn_there_is_advice():
    done = run(
        "import pybp, sys; sys.modules['sklearn'] = None\n"
        "try:\n    import pybp.sklearn\n"
        "except pybp.errors.MissingExtraError as error:\n    print(error)"
    )
    assert "pip install scikit-learn" in done.stdout, done.stderr


def test_displays_are_not_drawn_by_importing():
    done = run("import pybp.sklearn, sys; print('matplotlib' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr
