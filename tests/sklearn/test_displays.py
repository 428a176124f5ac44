"""The displays: what is in the pictures."""

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

import matplotlib.pyplot
import sklearn.neural_network as peer
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from pybp.errors import ArgumentError
from pybp.sklearn import (
    LossCurveDisplay,
    MLPClassifier,
    TabularMLPClassifier,
    WeightsDisplay,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def _no_screen():
    matplotlib.use("Agg")
    yield
    matplotlib.pyplot.close("all")


@pytest.fixture(scope="module")
def data():
    return load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def model(data):
    return MLPClassifier((6,), max_iter=5, random_state=0).fit(*data, validation_data=data)


def test_loss_curve(model, data):
    display = LossCurveDisplay.from_estimator(model)
    drawn = {line.get_label(): [*line.get_ydata()] for line in display.lines_}
    assert drawn == {
        "training loss": model.loss_curve_,
        "validation loss": model.validation_loss_curve_,
        "validation score": model.validation_scores_,
    }
    assert display.ax_.get_title() == "MLPClassifier"
    assert display.score_ax_.get_ylabel() == "score"
    display.figure_.savefig("/dev/null", format="png")
    axes = matplotlib.pyplot.subplots()[1]
    plain = MLPClassifier((6,), max_iter=3).fit(*data)
    display = LossCurveDisplay.from_estimator(plain, ax=axes, name="plain")
    assert display.ax_ is axes
    assert display.score_ax_ is None
    assert len(display.lines_) == 1
    theirs = peer.MLPClassifier((6,), max_iter=3).fit(*data)
    (line,) = LossCurveDisplay.from_estimator(theirs, linewidth=5).lines_
    assert line.get_linewidth() == 5


def test_loss_curve_of_nothing():
    with pytest.raises(NotFittedError):
        LossCurveDisplay.from_estimator(MLPClassifier())


def test_weights(model, data):
    display = WeightsDisplay.from_estimator(model)
    (image,) = display.images_
    assert np.array_equal(image.get_array(), model.coefs_[0].T)
    low, high = image.get_clim()
    assert high == -low == np.abs(model.coefs_[0]).max()
    second = WeightsDisplay.from_estimator(model, layer=-1, ax=matplotlib.pyplot.subplots()[1])
    assert np.array_equal(second.images_[0].get_array(), model.coefs_[1].T)
    with pytest.raises(ArgumentError, match="layer is 2, but there are 2 layers of weights"):
        WeightsDisplay.from_estimator(model, layer=2)
    tabular = TabularMLPClassifier((4,), epochs=1).fit(*data)
    with pytest.raises(ArgumentError, match="TabularMLPClassifier has no coefs_"):
        WeightsDisplay.from_estimator(tabular)


def test_weights_as_images(model):
    display = WeightsDisplay.from_estimator(model, image_shape=(2, 2), max_images=5)
    assert len(display.axes_) == len(display.images_) == 5
    third = display.images_[3].get_array()
    assert np.array_equal(third, model.coefs_[0][:, 3].reshape(2, 2))
    display.figure_.savefig("/dev/null", format="png")
    with pytest.raises(ArgumentError, match=r"image_shape must be \(height, width\) of 4 inputs"):
        WeightsDisplay.from_estimator(model, image_shape=(3, 2))
