"""Class labels, the outputs that stand for them, and outputs for classes that come later."""

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer

from pybp._common.types import Array
from pybp.mlp import MLP
from pybp.net.parameters import Parameters
from pybp.sklearn.mlp import coefficients
from pybp.sklearn.mlp.architecture import activation_spec

__all__ = ["Labels", "add_classes"]


class Labels:
    """The classes that a classifier knows.

    Parameters
    ----------
    y : array-like
        Labels, with every class among them: (n_samples,), or a 0/1 matrix with a column per class.

    Attributes
    ----------
    classes : ndarray, shape (n_classes,)
        In ascending order.
    kind : {"binary", "multiclass", "multilabel"}
        Whether a sample has one of two classes, one of many, or any number of them.
    """

    def __init__(self, y: Any) -> None:
        self._binarizer = LabelBinarizer().fit(y)
        self.classes: Array = self._binarizer.classes_
        self.kind = str(self._binarizer.y_type_).removesuffix("-indicator")

    @property
    def n_outputs(self) -> int:
        """Outputs of the net: one for each class, or one for two classes."""
        return 1 if self.kind == "binary" else len(self.classes)

    def matrix(self, y: Array) -> Array:
        """(n_samples, n_outputs) of 0 and 1."""
        dense = self._binarizer.transform(y)
        dense = dense.toarray() if hasattr(dense, "toarray") else dense
        found: Array = np.ascontiguousarray(dense, dtype=np.float64)
        return found

    def indices(self, y: Array) -> Array:
        """(n_samples,), the index of each sample's class."""
        return np.searchsorted(self.classes, y).astype(np.int32)

    def predicted(self, outputs: Array, threshold: float) -> Array:
        """The classes that the outputs predict: indices for "multiclass", else a matrix of bool."""
        return outputs.argmax(axis=1) if self.kind == "multiclass" else outputs > threshold

    def labels(self, outputs: Array, threshold: float) -> Any:
        """The labels that the outputs predict."""
        predicted = self.predicted(outputs, threshold)
        if self.kind == "multilabel":
            return self._binarizer.inverse_transform(predicted.astype(int))
        if self.kind == "binary":
            predicted = predicted[:, 0] & (len(self.classes) > 1)
        return self.classes[predicted.astype(np.intp)]


def add_classes(estimator: Any, classes: Array) -> None:
    """Give an estimator's net outputs for more classes; its outputs for the others stay as they are.

    With two classes the net had one output z, for the second; the first then has z = 0. A new class
    starts with random weights and the smallest bias. The optimizer's state starts anew.
    """
    before, labels = estimator.classes_, Labels(classes)
    estimator._write_net()
    coefs, intercepts = coefficients.read(estimator.net_)
    coef, intercept = _output_per_class(coefs[-1], intercepts[-1])
    bound = np.sqrt(6.0 / (coef.shape[0] + len(classes)))
    random_state = np.random.RandomState(estimator.net_.seed)
    wide = random_state.uniform(-bound, bound, (coef.shape[0], len(classes))).astype(coef.dtype)
    bias = np.full(len(classes), intercept.min(), coef.dtype)
    columns = np.searchsorted(labels.classes, before)
    wide[:, columns], bias[columns] = coef, intercept
    estimator._labels, estimator.classes_ = labels, labels.classes
    objective, n_out = estimator._objective_of(before)
    estimator._objective, estimator.out_activation_ = objective, objective.out_activation
    output = activation_spec(objective.output)
    estimator._architecture = replace(estimator._architecture, n_out=n_out, output=output)
    estimator.net_ = _with_hidden_layers(estimator._architecture.net(0), estimator.net_)
    coefficients.write(estimator.net_, [*coefs[:-1], wide], [*intercepts[:-1], bias])
    estimator._lists = None


def _with_hidden_layers(new: MLP, old: MLP) -> MLP:
    """The new net with the old one's parameters in all layers but the last, and its counters."""
    for what, index, values in Parameters.copy_from(old).arrays:
        if index < len(old.layers) - 1:
            new._net.set(what, index, values)
    epochs, *_, passes = old._net.get_progress()
    _, *fresh, _ = new._net.get_progress()
    new._net.set_progress((epochs, *fresh, passes))  # type: ignore[arg-type]
    return new


def _output_per_class(coef: Array, intercept: Array) -> tuple[Array, Array]:
    """The last layer's weights and biases with an output for each class."""
    if coef.shape[1] > 1:
        return coef, intercept
    return np.hstack([np.zeros_like(coef), coef]), np.concatenate([[0.0], intercept])
