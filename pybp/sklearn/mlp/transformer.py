"""The outputs of a hidden layer as features."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
    clone,
    is_classifier,
)
from sklearn.utils._param_validation import HasMethods, Integral, Interval
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from pybp._common.arrays import is_sparse
from pybp._common.types import Array
from pybp.export.onnx.estimators import estimator_to_onnx
from pybp.export.onnx.predictions import NumberHead
from pybp.sklearn.mlp.architecture import hidden_index, hidden_sizes
from pybp.sklearn.mlp.classifier import MLPClassifier
from pybp.sklearn.mlp.regressor import MLPRegressor
from pybp.sklearn.types import RandomState

__all__ = ["MLPTransformer"]


class MLPTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """The outputs of a hidden layer of a net, as features for another estimator.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor, optional
        The estimator of the net; it is cloned and fitted. Default: classifier or regressor, by y.
    layer : int
        Which hidden layer, counted from 0; negative numbers count from the last.
    random_state : int, RandomState or None
        Replaces that of the net, unless None.

    Attributes
    ----------
    estimator_ : MLPClassifier or MLPRegressor
        The fitted net.
    n_features_in_ : int
        Features of X.
    feature_names_in_ : ndarray of str
        Their names, if X has them.

    Notes
    -----
    Without y it is an autoencoder: a regressor that learns to predict X from X. A narrow hidden layer
    then keeps what is needed to reconstruct X.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from pybp.sklearn import MLPClassifier, MLPTransformer
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier((16, 3), solver="lbfgs", max_iter=1000, random_state=0)
    >>> MLPTransformer(net).fit_transform(X, y).shape
    (150, 3)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "hidden_activations"]), None],
        "layer": [Interval(Integral, None, None, closed="neither")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: MLPClassifier | MLPRegressor | None = None,
        *,
        layer: int = -1,
        random_state: RandomState = None,
    ) -> None:
        self.estimator = estimator
        self.layer = layer
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Train the net.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.
        y : array-like, optional
            Targets of the net; X if not given.
        sample_weight : array-like, shape (n_samples,), optional
            Weights of the samples.

        Returns
        -------
        self
            The transformer.
        """
        net = self._net_for(y)
        if self.random_state is not None:
            net.set_params(random_state=self.random_state)
        sizes = hidden_sizes(net.hidden_layer_sizes)
        n_out = sizes[hidden_index(self.layer, len(sizes))]  # refuse a wrong layer before training
        self.estimator_ = net.fit(X, _itself(X) if y is None else y, sample_weight)
        self._n_features_out = n_out
        for name in ("n_features_in_", "feature_names_in_"):
            self.__dict__.pop(name, None)
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def _net_for(self, y: Any) -> Any:
        """An unfitted estimator for these targets."""
        if self.estimator is not None:
            if y is None and is_classifier(self.estimator):
                raise ValueError(
                    f"{type(self.estimator).__name__} requires y to be passed, but the target y is "
                    "None."
                )
            return clone(self.estimator)
        numbers = y is None or type_of_target(y).startswith("continuous")
        return MLPRegressor() if numbers else MLPClassifier()

    def transform(self, X: Any) -> Array:
        """Outputs of the hidden layer.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, shape (n_samples, n_neurons)
            The outputs; a DataFrame if `set_output` asks for one.
        """
        check_is_fitted(self)
        found: Array = self.estimator_.hidden_activations(X, self.layer)
        return found

    def to_onnx(self, path: str | os.PathLike[str], *, check: Any = False) -> None:
        """Write the fitted transformer as an ONNX model: `MLPClassifier.to_onnx` says more.

        Parameters
        ----------
        path : str or path-like
            The file. An existing file is replaced atomically.
        check : array-like, shape (n_samples, n_features), or False
            Rows for which ONNX Runtime must give what `transform` does.

        Notes
        -----
        The model has an input ``X`` and an output ``features`` of shape (N, n_neurons).
        """
        check_is_fitted(self)
        part = self.estimator_._until(self.layer)
        head = NumberHead("features", flat=False)
        estimator_to_onnx(part, path, head, check, {"features": self.transform})

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _itself(X: Any) -> Any:
    """X as targets: dense, and a vector if it has one column."""
    dense = X.toarray() if is_sparse(X) else np.asarray(X)
    return dense.ravel() if dense.ndim == 2 and dense.shape[1] == 1 else dense
