"""The contents of pictures, not their looks."""

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
