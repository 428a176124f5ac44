"""The contents of pictures, not their looks."""

import warnings

import numpy as np
import pytest

import pybp
from pybp import plotting, schedules
from pybp.errors import ArgumentError, MissingExtraError, ShapeError
from pybp.training.history import History

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def _no_screen():
    matplotlib.use("Agg")
    yield
    matplotlib.pyplot.close("all")


def lines(axes):
    return {line.get_label(): line.get_ydata().tolist() for line in axes.lines}


def test_history(classifier, blobs):
    history = classifier.fit(
        *blobs, epochs=4, validation_split=0.2, optimizer=pybp.Adam(lr=schedules.Cosine(0.1))
    )
    panels = history.plot()
    assert [panel.get_ylabel() for panel in panels] == ["loss", "accuracy", "lr"]
    for panel in panels[:2]:
        name = panel.get_ylabel()
        assert lines(panel) == {
            "training": history.history[name],
            "validation": history.history[f"val_{name}"],
        }
    assert lines(panels[2]) == {"training": history.history["lr"]}
    (panel,) = plotting.plot_history(history, ["loss"])
    assert panel.get_ylabel() == "loss"
    figure, axes = matplotlib.pyplot.subplots()
    assert history.plot(["accuracy"], axes=axes)[0] is axes
    panels[0].figure.savefig("/dev/null", format="png")
    assert figure.axes == [axes]


def test_history_of_nothing(classifier, blobs):
    with pytest.raises(ArgumentError, match="nothing to plot"):
        History().plot()
    history = classifier.fit(*blobs, epochs=1)
    with pytest.raises(ArgumentError, match="the history has no 'los'"):
        history.plot(["los"])
    with pytest.raises(ArgumentError, match="axes must be 2 axes, got 1"):
        history.plot(axes=matplotlib.pyplot.subplots()[1])


def test_gradient_flow(classifier, blobs):
    diagnosis = classifier.diagnose(*blobs)
    axes = plotting.plot_gradient_flow(diagnosis)
    assert axes.get_yscale() == "log"
    found = lines(axes)
    assert found["deltas dL/dz"] == [layer.delta_rms for layer in diagnosis.layers]
    assert found["gradients dL/dW"] == [layer.gradient_rms for layer in diagnosis.layers]
    assert found["activations a"] == [layer.activation_rms for layer in diagnosis.layers]


def test_decision_boundary_of_classes(classifier, blobs):
    X, y = blobs
    classifier.fit(X, y, epochs=30)
    axes = plotting.plot_decision_boundary(classifier, X, y, resolution=30)
    image = axes.images[0].get_array()
    assert image.shape == (30, 30, 3)
    assert ((image >= 0) & (image <= 1)).all()
    # Three classes, three colours; that of a sample is darker than that of its surroundings.
    assert len(axes.collections) == 3
    left, right, bottom, top = axes.images[0].get_extent()
    columns = ((X[:, 0] - left) / (right - left) * 29).round().astype(int)
    rows = ((X[:, 1] - bottom) / (top - bottom) * 29).round().astype(int)
    shades = image[rows, columns]
    for label, points in enumerate(axes.collections):
        own = points.get_facecolor()[0, :3]
        pale = shades[(y == label)].mean(axis=0)
        others = [shades[y == other].mean(axis=0) for other in range(3) if other != label]
        assert all(np.abs(own - pale).sum() < np.abs(own - other).sum() for other in others)


def test_decision_boundary_of_one_output(blobs):
    X, y = blobs
    net = pybp.MLP([2, 8, 1], output="sigmoid", seed=0)
    net.fit(X, y > 0, epochs=20)
    axes = plotting.plot_decision_boundary(net, X, y > 0, resolution=20)
    assert len(axes.collections) == 3  # the contour and two classes
    plotting.plot_decision_boundary(net, X)
    plotting.plot_decision_boundary(net, X[:1])


def test_decision_boundaries_need_two_inputs(classifier, blobs):
    X, y = blobs
    with pytest.raises(ShapeError, match="needs two inputs; the net has 3"):
        plotting.plot_decision_boundary(pybp.MLP([3, 1]), X)
    with pytest.raises(ShapeError, match=r"X has shape \(200, 1\)"):
        plotting.plot_decision_boundary(classifier, X[:, :1])
    with pytest.raises(ShapeError, match="y has 3 rows, but X has 200"):
        plotting.plot_decision_boundary(classifier, X, y[:3])
    with pytest.raises(ArgumentError, match="resolution must be a whole number >= 2"):
        plotting.plot_decision_boundary(classifier, X, y, resolution=1)


def test_weights(classifier):
    panels = plotting.plot_weights(classifier, bins=10)
    assert [panel.get_title() for panel in panels] == ["layer 1: 8 x 2", "layer 2: 3 x 8"]
    assert [sum(bar.get_height() for bar in panel.patches) for panel in panels] == [16, 24]


def test_schedule():
    axes = plotting.plot_schedule(schedules.Cosine(0.1), 20)
    expected = schedules.Cosine(0.1, steps=20).rates(0, 20)
    assert np.array_equal(axes.lines[0].get_ydata(), expected)


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingExtraError, match=r"pip install matplotlib"):
        plotting.plot_schedule(schedules.Constant(0.1), 20)


# ---- what users have ----


@pytest.fixture(scope="module")
def labelled():
    """Points of two classes with names, as a frame and as an array."""
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    y = np.array(["no", "yes"])[rng.integers(2, size=100)]
    X = rng.normal(size=(100, 2)) + 2.0 * (y == "yes")[:, np.newaxis]
    return pandas.DataFrame(X, columns=["length", "width"]), y


@pytest.fixture(scope="module")
def estimators(labelled):
    """pybp's, scikit-learn's and a pipeline, fitted to a frame."""
    pytest.importorskip("sklearn")
    import sklearn.neural_network
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from pybp.sklearn import MLPClassifier, TabularMLPClassifier

    made = {
        "pybp": MLPClassifier((8,), max_iter=30, random_state=0),
        "scikit-learn": sklearn.neural_network.MLPClassifier((8,), max_iter=30, random_state=0),
        "pipeline": make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=30)),
        "tabular": TabularMLPClassifier((8,), epochs=2, random_state=0),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they don't converge
        return {name: model.fit(*labelled) for name, model in made.items()}


@pytest.mark.parametrize("name", ["pybp", "scikit-learn", "pipeline", "tabular"])
def test_decision_boundary_of_an_estimator(estimators, labelled, name):
    X, y = labelled
    axes = plotting.plot_decision_boundary(estimators[name], X, y, resolution=20)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("length", "width")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["no", "yes"]
    left, right, bottom, top = axes.images[0].get_extent()
    grid = np.stack(np.meshgrid(np.linspace(left, right, 20), np.linspace(bottom, top, 20)), -1)
    frame = type(X)(grid.reshape(-1, 2), columns=X.columns)
    says_yes = (estimators[name].predict(frame) == "yes").reshape(20, 20)
    blue = axes.images[0].get_array()[..., 2] > axes.images[0].get_array()[..., 0]
    assert (says_yes == blue).mean() > 0.99


def test_labels_that_an_estimator_does_not_know(estimators, labelled):
    X, y = labelled
    with pytest.raises(ArgumentError, match=r"y holds 'perhaps' \(str\), which is no class"):
        plotting.plot_decision_boundary(estimators["pybp"], X, np.where(y == "no", y, "perhaps"))
    with pytest.raises(TypeError, match="expected numbers"):
        plotting.plot_decision_boundary(pybp.MLP([2, 2]), X, y)


def test_gradient_flow_of_whatever_there_is(classifier, blobs):
    X, y = blobs
    wanted = lines(plotting.plot_gradient_flow(classifier.diagnose(X, y)))
    assert lines(plotting.plot_gradient_flow(classifier, X, y)) == wanted
    found = lines(plotting.plot_gradient_flow(classifier.trace(X, y)))
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5)
    other = plotting.plot_gradient_flow(classifier, X, np.eye(3)[y], loss="mse")
    assert lines(other) != wanted
    with pytest.raises(TypeError, match="needs X and y"):
        plotting.plot_gradient_flow(classifier)
    with pytest.raises(TypeError, match=r"source must be a net or an estimator.*got 3 \(int\)"):
        plotting.plot_gradient_flow(3)


def test_gradient_flow_of_an_estimator(estimators, labelled):
    X, y = labelled
    model = estimators["pybp"]
    found = lines(plotting.plot_gradient_flow(model, X, y))
    assert found == lines(plotting.plot_gradient_flow(model.net_, X, y == "yes"))


@pytest.mark.parametrize("name", ["pybp", "scikit-learn", "tabular"])
def test_history_and_weights_of_an_estimator(estimators, name):
    model = estimators[name]
    (panel, *_) = plotting.plot_history(model)
    assert lines(panel)["training"] == list(model.loss_curve_)
    panels = plotting.plot_weights(model)
    assert len(panels) >= 2


def test_history_of_a_dict(classifier, blobs):
    history = classifier.fit(*blobs, epochs=3)
    (loss, _) = plotting.plot_history(history.history)
    assert lines(loss) == {"training": history.history["loss"]}
    with pytest.raises(TypeError, match="history must be what fit returned"):
        plotting.plot_history(classifier)
    with pytest.raises(ArgumentError, match="did you mean 'accuracy'"):
        plotting.plot_history(history, ["acuracy"])
    with pytest.raises(TypeError, match="net must be a net or a fitted estimator"):
        plotting.plot_weights(history)


def covered(axes):
    """Whether the legend lies upon a curve of its axes, or of axes that lie upon them."""
    axes.figure.canvas.draw()
    both = [one for one in axes.figure.axes if one.bbox.bounds == axes.bbox.bounds]
    (legend,) = [one.get_legend().get_window_extent() for one in both if one.get_legend()]
    curves = [
        line.get_transform().transform_path(line.get_path()) for one in both for line in one.lines
    ]
    assert curves
    return any(curve.intersects_bbox(legend, filled=False) for curve in curves)


def test_legends_cover_no_curve(classifier, blobs, estimators):
    from pybp.sklearn import LossCurveDisplay

    X, y = blobs
    history = classifier.fit(X, y, epochs=3, validation_split=0.2)
    display = LossCurveDisplay([3.0, 2.0, 1.0], [3.0, 3.0, 3.0], [0.3, 0.3, 0.3], name="a name")
    axes = matplotlib.pyplot.subplots()[1]
    pictures = [
        plotting.plot_gradient_flow(classifier, X, y),
        *plotting.plot_history(history),
        display.plot(ax=matplotlib.pyplot.subplots()[1]).ax_,
        LossCurveDisplay.from_estimator(estimators["pybp"]).ax_,
        LossCurveDisplay([3.0, 2.0]).plot(ax=axes).ax_,
        LossCurveDisplay([7.0, 6.0]).plot(ax=axes).ax_,  # once more on the same axes
    ]
    assert axes.get_ylim()[1] > 7.0
    for picture in pictures:
        assert not covered(picture)
