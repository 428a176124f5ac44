"""The base class of the estimators that writes them in other formats."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from pybp.export.onnx.estimators import estimator_to_onnx
from pybp.export.onnx.predictions import Head, NumberHead
from pybp.mlp import MLP
from pybp.sklearn.estimator import Estimator

__all__ = ["Exported"]


class Exported(Estimator):
    """Base class of `BaseMLP`: methods that write the net with what is made of its outputs."""

    net_: MLP

    @abstractmethod
    def _write_net(self) -> None:
        """Set the net's weights and biases to what the user sees."""

    def to_onnx(self, path: str | os.PathLike[str], *, check: Any = False) -> None:
        """Write the fitted estimator as an ONNX model, which predicts without pybp.

        Parameters
        ----------
        path : str or path-like
            The file. An existing file is replaced atomically.
        check : array-like, shape (n_samples, n_features), or False
            Rows for which ONNX Runtime must give what the estimator predicts: numbers within 1e-4
            (float32) or 1e-10 (float64) of the largest one, at least 1, and the same labels.

        Raises
        ------
        ExportError
            The predictions differ; no file is written.
        ArgumentError
            A class label has a type that ONNX hasn't.
        MissingExtraError
            `check` needs ONNX Runtime: ``pip install onnxruntime``.

        Notes
        -----
        The model has an input ``X`` of shape (N, n_features), in the dtype of `net_`. A classifier has the
        outputs ``label`` of shape (N,) and ``probabilities`` of shape (N, n_classes), or ``decisions``
        with a hinge loss; a regressor has the output ``prediction`` in the shape of `predict`.
        """
        check_is_fitted(self, "net_")
        self._write_net()
        head, expected = self._onnx_head()
        estimator_to_onnx(self.net_, path, head, check, expected)

    @abstractmethod
    def _onnx_head(self) -> tuple[Head | NumberHead, Mapping[str, Callable[[Any], Any]]]:
        """What the estimator makes of the net's outputs, and what computes it for rows."""

    def to_c(
        self,
        path: str | os.PathLike[str],
        *,
        name: str = "net",
        dtype: Literal["float32", "float64", "int8"] | None = None,
        X: Any = None,
    ) -> None:
        """Write the net as a C99 file and a header, with the names of features and classes.

        Parameters
        ----------
        path, name, dtype, X
            As in `MLP.to_c`.

        Notes
        -----
        ``net_predict`` computes the outputs of `net_`: probabilities, for two classes that of the second.
        """
        check_is_fitted(self, "net_")
        self._write_net()
        names, classes = (getattr(self, own, None) for own in ("feature_names_in_", "classes_"))
        fits = classes is not None and np.shape(classes) == (max(self.net_.n_out, 2),)
        self.net_.to_c(
            path,
            name=name,
            dtype=dtype,
            X=X,
            input_names=None if names is None else list(names),
            class_names=np.asarray(classes).tolist() if fits else None,
        )
