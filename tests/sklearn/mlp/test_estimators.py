"""pybp's estimators among scikit-learn's tools, in copies, and what importing them needs."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("sklearn")

import joblib
import sklearn
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

import pybp
from pybp.sklearn import MLPRegressor, MLPTransformer

from small_estimators import able_classifier as classifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


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
