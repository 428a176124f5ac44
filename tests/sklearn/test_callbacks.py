"""scikit-learn's callbacks, where the installed version has them."""

import numpy as np
import pytest

pytest.importorskip("sklearn.callback")

from sklearn.callback import ScoringMonitor
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from pybp.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Record:
    """Writes down which hook was called, and what it saw."""

    def __init__(self, stop_after=None):
        self.calls = []
        self.scores = []
        self.stop_after = stop_after

    def setup(self, estimator, context):
        self.calls.append(("setup", context.task_name, context.max_subtasks))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
        self.calls.append(("begin", context.task_name, context.task_id))
        self.weights = metadata

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.calls.append(("end", context.task_name, context.task_id))
        self.scores.append((fitted_estimator.coefs_[0].copy(), fitted_estimator.score(X, y)))
        return context.task_id + 1 == self.stop_after

    def teardown(self, estimator, context):
        self.calls.append(("teardown", context.task_name, context.max_subtasks))


@pytest.fixture
def iris():
    X, y = load_iris(return_X_y=True)
    return scale(X), y


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_hooks(iris, solver):
    record = Record()
    model = MLPClassifier((6,), solver=solver, max_iter=3, random_state=0)
    assert model.set_callbacks(record) is model
    model.fit(*iris, sample_weight=np.ones(150))
    epochs = [(what, "iteration", n) for n in range(3) for what in ("begin", "end")]
    assert record.calls == [
        ("setup", "fit", 3),
        ("begin", "fit", 0),
        *epochs,
        ("end", "fit", 0),
        ("teardown", "fit", 3),
    ]
    assert set(record.weights) == {"sample_weight"}
    coefs, scores = zip(*record.scores, strict=True)
    assert not np.array_equal(coefs[0], coefs[1])  # each as of its time
    assert np.array_equal(coefs[-1], model.coefs_[0])
    assert scores[-1] == model.score(*iris)


def test_they_change_nothing(iris):
    watched = MLPClassifier((6,), max_iter=3, random_state=0).set_callbacks(Record()).fit(*iris)
    alone = MLPClassifier((6,), max_iter=3, random_state=0).fit(*iris)
    assert np.array_equal(watched.coefs_[0], alone.coefs_[0])


def test_a_callback_may_stop(iris):
    record = Record(stop_after=2)
    model = MLPClassifier((6,), max_iter=30).set_callbacks(record).fit(*iris)
    assert model.n_iter_ == 2
    assert record.calls[-1][0] == "teardown"


def test_scoring_monitor(iris):
    monitor = ScoringMonitor(scoring="accuracy")
    model = MLPClassifier((6,), max_iter=4, random_state=0).set_callbacks(monitor).fit(*iris)
    assert model.n_iter_ == 4


def test_inside_a_pipeline(iris):
    record = Record()
    model = MLPRegressor(hidden_layer_sizes=(6,), max_iter=2).set_callbacks(record)
    make_pipeline(StandardScaler(), model).fit(*iris)
    assert ("end", "iteration", 1) in record.calls
    with pytest.raises(TypeError, match="FitCallback protocol"):
        model.set_callbacks(print)
