"""What pybp's estimators have beyond scikit-learn's: each parameter of training does what it says."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import log_loss

from pybp import callbacks, optimizers, schedules
from pybp.errors import ArgumentError

from small_estimators import classifier, differ, regressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


# ---- training --------------------------------------------------------------------------------


def test_class_weight(binary):
    X, y = binary
    weights = {"versicolor": 1.0, "virginica": 7.0}
    weighted = classifier(class_weight=weights).fit(X, y)
    expected = classifier().fit(X, y, sample_weight=[weights[label] for label in y])
    assert not differ(weighted, expected)
    assert differ(weighted, classifier().fit(X, y))
    some = np.r_[0:50, 50:60]
    balanced = classifier(class_weight="balanced").fit(X[some], y[some])
    expected = classifier().fit(X[some], y[some], np.r_[np.full(50, 0.6), np.full(10, 3.0)])
    assert not differ(balanced, expected)
    both = classifier(class_weight=weights).fit(X, y, np.arange(1, 101))
    expected = classifier().fit(X, y, np.arange(1, 101) * [weights[label] for label in y])
    assert not differ(both, expected)
    with pytest.raises(ValueError, match="'balanced' is not supported for partial_fit"):
        classifier(class_weight="balanced").partial_fit(X, y, classes=np.unique(y))


def test_class_weight_of_classes_that_are_absent(iris, recwarn):
    X, y = iris
    everyone = {"setosa": 2.0, "versicolor": 1.0, "virginica": 7.0}
    fold = classifier(class_weight=everyone).fit(X[50:], y[50:])
    expected = classifier().fit(X[50:], y[50:], [everyone[label] for label in y[50:]])
    assert not differ(fold, expected)
    batches = [slice(0, 60), slice(90, 150)]  # each without one of the classes
    for weights in (everyone, {"virginica": 7.0}):
        grown, expected = classifier(class_weight=weights), classifier()
        for rows in batches:
            grown.partial_fit(X[rows], y[rows], classes=np.unique(y))
            given = [weights.get(label, 1.0) for label in y[rows]]
            expected.partial_fit(X[rows], y[rows], given, classes=np.unique(y))
        assert not differ(grown, expected)
    assert not [w for w in recwarn if "class_weight" in str(w.message)]


def test_class_weight_that_is_misspelt(binary):
    with pytest.warns(UserWarning, match=r"class_weight names 'Virginica', which is none of"):
        classifier(class_weight={"Virginica": 7.0}).fit(*binary)


def test_label_smoothing(iris, binary):
    how = {"max_iter": 400, "learning_rate_init": 0.02, "alpha": 0, "tol": 1e-6}
    for X, y in (iris, binary):
        sharp = classifier(**how).fit(X, y).predict_proba(X)
        smooth = classifier(label_smoothing=0.2, **how).fit(X, y).predict_proba(X)
        assert sharp.max() > 0.99
        assert smooth.max() < 0.95
    several = make_multilabel_classification(60, 6, n_classes=3, random_state=0)
    found = classifier(label_smoothing=0.2, **how).fit(*several).predict_proba(several[0])
    assert np.mean((found > 0.05) & (found < 0.95)) > 0.9
    with pytest.raises(ArgumentError, match="label_smoothing is for loss='log_loss'"):
        classifier(label_smoothing=0.1, loss="hinge").fit(*iris)


def test_validation_data(iris):
    X, y = iris
    train, held = np.arange(0, 150, 2), np.arange(1, 150, 2)
    weights = np.linspace(1, 2, len(held))
    model = classifier(alpha=0.3).fit(
        X[train], y[train], validation_data=(X[held], y[held], weights)
    )
    assert len(model.validation_scores_) == len(model.validation_loss_curve_) == model.n_iter_
    expected = model.score(X[held], y[held], weights)
    assert model.validation_scores_[-1] == pytest.approx(expected)
    expected = log_loss(y[held], model.predict_proba(X[held]), sample_weight=weights)
    assert model.validation_loss_curve_[-1] == pytest.approx(expected)
    assert model.best_validation_score_ is None
    assert not differ(model, classifier(alpha=0.3).fit(X[train], y[train]))
    stopped = classifier(early_stopping=True, max_iter=60, n_iter_no_change=3, tol=0.01)
    stopped.fit(X[train], y[train], validation_data=(X[held], y[held]))
    assert stopped.t_ == stopped.n_iter_ * len(train)
    assert stopped.n_iter_ < 60
    assert len(stopped.validation_loss_curve_) == stopped.n_iter_
    assert stopped.score(X[held], y[held]) == stopped.best_validation_score_
    whole = classifier(solver="lbfgs").fit(X[train], y[train], validation_data=(X[held], y[held]))
    assert len(whole.validation_scores_) == len(whole.validation_loss_curve_) == whole.n_iter_
    assert whole.validation_scores_[-1] == whole.score(X[held], y[held])
    with pytest.raises(ValueError, match="`y` has classes not in"):
        classifier().fit(X[:50], y[:50], validation_data=(X, y))
    with pytest.raises(TypeError, match="validation_data must be"):
        classifier().fit(X, y, validation_data=X)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_validation_loss_of_a_regressor(diabetes, loss):
    X, y = diabetes
    y = np.round(np.exp(y))
    model = regressor(loss=loss, alpha=0.2).fit(
        X[:300], y[:300], validation_data=(X[300:], y[300:])
    )
    found, wanted = model.predict(X[300:]), y[300:]
    if loss == "poisson":
        logs = np.log(wanted / found, where=wanted > 0, out=np.zeros_like(found))
        expected = np.mean(wanted * logs - wanted + found)
    else:
        expected = 0.5 * np.mean((wanted - found) ** 2)
    assert model.validation_loss_curve_[-1] == pytest.approx(expected)
    assert model.validation_scores_[-1] == pytest.approx(model.score(X[300:], y[300:]))


def test_monitor(iris):
    X, y = iris
    train, held = np.arange(0, 150, 2), np.arange(1, 150, 2)
    given = {"validation_data": (X[held], y[held])}
    how = {"early_stopping": True, "max_iter": 8}
    by_loss = classifier(monitor="loss", **how).fit(X[train], y[train], **given)
    assert by_loss.validation_scores_ == [-loss for loss in by_loss.validation_loss_curve_]
    assert by_loss.best_validation_score_ == max(by_loss.validation_scores_)
    scored = classifier(monitor="neg_log_loss", **how).fit(X[train], y[train], **given)
    np.testing.assert_allclose(scored.validation_scores_, by_loss.validation_scores_)

    def own(estimator, X, y):
        return -float(np.mean(estimator.predict(X) == y))

    worst = classifier(monitor=own, **how).fit(X[train], y[train], **given)
    usual = classifier(**how).fit(X[train], y[train], **given)
    assert worst.validation_scores_ == [-score for score in usual.validation_scores_]
    with pytest.raises(ArgumentError, match="monitor='loss' needs early_stopping=True"):
        classifier(monitor="loss").fit(X, y)
    with pytest.raises(ArgumentError, match="monitor='loss' needs validation_data"):
        classifier(monitor="loss", solver="lbfgs", early_stopping=True).fit(X, y)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    classifier(monitor="f1_macro", **how).fit(frame, y)  # scorers predict without a warning


def test_callbacks(iris):
    seen = []
    watch = callbacks.LambdaCallback(
        on_epoch_end=lambda net, epoch, logs: seen.append(logs["loss"])
    )
    model = classifier(callbacks=[watch]).fit(*iris)
    assert seen == model.loss_curve_
    stop = callbacks.LambdaCallback(on_epoch_end=lambda net, epoch, logs: epoch == 2)
    assert classifier(callbacks=stop).fit(*iris).n_iter_ == 2
    with pytest.raises(TypeError, match="callbacks must derive from"):
        classifier(callbacks=[print]).fit(*iris)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks_may_watch_what_is_held_out(iris, solver):
    X, y = iris
    seen = []
    watch = callbacks.LambdaCallback(
        on_epoch_end=lambda net, epoch, logs: seen.append(logs["val_loss"])
    )
    weights = np.linspace(0, 1, 50)
    held = (X[::3], y[::3], weights)
    how = {"solver": solver, "alpha": 0, "max_iter": 6}
    model = classifier(callbacks=[watch], **how).fit(X, y, validation_data=held)
    assert seen == pytest.approx(model.validation_loss_curve_)
    plain = classifier(**how).fit(X, y, validation_data=held)
    assert model.validation_loss_curve_ == plain.validation_loss_curve_
    stop = callbacks.EarlyStopping(patience=1, min_delta=10.0)
    stopped = classifier(callbacks=[stop], **how).fit(X, y, validation_data=held)
    assert stopped.n_iter_ < 6
    if solver == "adam":
        classifier(callbacks=[stop], early_stopping=True).fit(X, y)


def test_schedule(iris):
    used = []

    class Look(callbacks.Callback):
        def change_rates(self, rates):
            used.extend(rates.tolist())
            return rates

    how = {"callbacks": [Look()], "max_iter": 3, "batch_size": 75}
    classifier(schedule=schedules.Step(0.5, 2, 0.1), **how).fit(*iris)
    np.testing.assert_allclose(used, [0.5, 0.5, 0.05, 0.05, 0.005, 0.005])
    used.clear()
    classifier(schedule="cosine", learning_rate_init=0.2, solver="sgd", **how).fit(*iris)
    expected = schedules.Cosine(0.2).rates(0, 6, horizon=6)
    np.testing.assert_allclose(used, expected)
    used.clear()
    classifier(schedule=lambda step: 0.1 / (1 + step), solver=optimizers.AdamW(), **how).fit(*iris)
    np.testing.assert_allclose(used, 0.1 / np.arange(1, 7))
    with pytest.raises(ArgumentError, match="schedule has no meaning for solver='lbfgs'"):
        classifier(schedule="cosine", solver="lbfgs").fit(*iris)
    with pytest.raises(ArgumentError, match="schedule='step' needs arguments"):
        classifier(schedule="step").fit(*iris)


def test_a_schedule_counts_over_calls(iris):
    X, y = iris
    used = []

    class Look(callbacks.Callback):
        def change_rates(self, rates):
            used.extend(rates)
            return rates

    how = {"schedule": schedules.Cosine(0.01, steps=10), "batch_size": 75, "callbacks": [Look()]}
    model = classifier(**how)
    for _ in range(6):
        model.partial_fit(X, y, classes=np.unique(y))
    np.testing.assert_array_equal(used, schedules.Cosine(0.01, steps=10).rates(0, 12))
    assert used[9] > 0 == used[10]


SPANS_A_FIT = [
    "cosine",
    schedules.Cosine(0.01, warmup=0.1),
    schedules.OneCycle(0.01),
    schedules.Sequential([schedules.Constant(0.1), schedules.Constant(0.01)], [0.5]),
    schedules.Sequential([schedules.Constant(0.1), schedules.Cosine(0.1)], [50]),
]


@pytest.mark.parametrize("schedule", SPANS_A_FIT, ids=repr)
def test_a_schedule_that_spans_a_fit_is_not_for_partial_fit(iris, schedule):
    X, y = iris
    with pytest.raises(ArgumentError, match="would end with each call of partial_fit: give the"):
        classifier(schedule=schedule).partial_fit(X, y, classes=np.unique(y))
    if not isinstance(schedule, str):
        with pytest.raises(ArgumentError, match="would end with each call of partial_fit"):
            classifier(solver=optimizers.SGD(schedule)).partial_fit(X, y, classes=np.unique(y))
    classifier(schedule=schedule).fit(X, y)


@pytest.mark.parametrize(
    "schedule",
    [
        "constant",
        schedules.Exponential(0.01, 0.9),
        schedules.Sequential([schedules.Cosine(0.1), schedules.Constant(0.01)], [50]),
        schedules.Sequential([schedules.Cosine(0.1), schedules.Cosine(0.1)], [0.5], steps=100),
    ],
    ids=repr,
)
def test_schedules_that_need_no_length(iris, schedule):
    X, y = iris
    assert classifier(schedule=schedule).partial_fit(X, y, classes=np.unique(y)).loss_ > 0


def test_clip_norm(iris):
    """An update of plain SGD is then no longer than the learning rate times the limit."""
    how = {"solver": "sgd", "momentum": 0.0, "learning_rate_init": 1.0, "max_iter": 1}
    start = classifier(**{**how, "learning_rate_init": 1e-12}).fit(*iris)
    for limit in (0.01, 0.02):
        model = classifier(clip_norm=limit, **how).fit(*iris)
        pairs = zip(model.coefs_ + model.intercepts_, start.coefs_ + start.intercepts_, strict=True)
        assert np.sqrt(sum(np.sum((a - b) ** 2) for a, b in pairs)) == pytest.approx(
            limit, rel=1e-4
        )
    several = make_multilabel_classification(60, 6, n_classes=4, random_state=0)
    start = classifier(**{**how, "learning_rate_init": 1e-12}).fit(*several)
    model = classifier(clip_norm=0.01, **how).fit(*several)
    pairs = zip(model.coefs_ + model.intercepts_, start.coefs_ + start.intercepts_, strict=True)
    assert np.sqrt(sum(np.sum((a - b) ** 2) for a, b in pairs)) == pytest.approx(0.01, rel=1e-4)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_n_jobs_changes_no_bit(diabetes, solver):
    X, y = np.tile(diabetes[0], (4, 1)), np.tile(diabetes[1], 4)
    how = {"hidden_layer_sizes": (64, 64), "solver": solver, "max_iter": 3}
    fitted = [regressor(n_jobs=n, **how).fit(X, y) for n in (None, 1, 2, -1)]
    assert not any(differ(fitted[0], other) for other in fitted[1:])
    assert fitted[1]._threads == 1
    assert fitted[2]._threads == 2


def test_progress(iris, capsys):
    classifier(progress=True).fit(*iris)
    assert capsys.readouterr().err
    classifier().fit(*iris)
    assert not capsys.readouterr().err


@pytest.mark.parametrize("dtype", ["float32", "float64", np.float32, np.dtype("float32")])
def test_dtype(iris, dtype):
    X, y = iris
    model = classifier(dtype=dtype).fit(X, y)
    assert model.net_.dtype == model.coefs_[0].dtype == np.dtype(dtype)
    assert model.predict_proba(X).dtype == np.dtype(dtype)
    assert model.partial_fit(X, y).net_.dtype == np.dtype(dtype)
