"""Class labels, and the outputs that stand for them."""

from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer

from pybp._common.types import Array

__all__ = ["Labels"]


class Labels:
    """The classes that a classifier knows.

    Parameters
    ----------
    y : array-like
        Labels among which all classes are: (n_samples,), or a 0/1 matrix with a column for each.

    Attributes
    ----------
    classes : ndarray, shape (n_classes,)
        In ascending order.
    kind : {"binary", "multiclass", "multilabel"}
        Whether one of two, one of many, or any number of them are true of a sample.
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

    def numbers(self, y: Array) -> Array:
        """(n_samples,), of each sample the place of its class."""
        return np.searchsorted(self.classes, y).astype(np.int32)

    def decided(self, outputs: Array, threshold: float) -> Array:
        """What the outputs decide for: numbers of classes, or a matrix for a single output or several labels."""
        return outputs.argmax(axis=1) if self.kind == "multiclass" else outputs > threshold

    def labels(self, outputs: Array, threshold: float) -> Any:
        """The labels that the outputs decide for."""
        decided = self.decided(outputs, threshold)
        if self.kind == "multilabel":
            return self._binarizer.inverse_transform(decided.astype(int))
        if self.kind == "binary":
            decided = decided[:, 0] & (len(self.classes) > 1)
        return self.classes[decided.astype(np.intp)]
