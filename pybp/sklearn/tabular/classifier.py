"""The classifier of tables."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from pybp._common.types import Array, DTypeName
from pybp.activations import ActivationLike
from pybp.sklearn.estimator import store_parameters
from pybp.sklearn.tabular.base import TabularEstimator
from pybp.sklearn.tabular.parameters import ATTRIBUTES, PARAMETERS
from pybp.sklearn.tabular.scorers import MetricLike, metric_of
from pybp.sklearn.types import Callbacks, ClassWeights, LayerSizes, ProgressLike, RandomState
from pybp.tabular.predictor import TabularPredictor
from pybp.tabular.recipe import CLASSIFICATION, RECIPE_PARAMETERS, REFERENCES
from pybp.tabular.scores import CLASS_METRICS
from pybp.tabular.targets import ClassTargets

__all__ = ["TabularMLPClassifier"]


class TabularMLPClassifier(ClassifierMixin, TabularEstimator):
    __doc__ = f"""A classifier of tables that needs no tuning: an ensemble of RealMLP-TD nets.

    Columns of numbers are scaled by their quartiles, clipped smoothly to (-3, 3) and embedded, categories
    become one-hot codes or learned vectors; both may be missing. A learned scale for each of these is
    followed by three layers in the NTK parametrization with dropout, trained by AdamW along a
    cosine schedule of growing periods. Each net holds out a fold of the samples, which chooses its epoch;
    the probabilities are calibrated, and averaged over the nets.

    Parameters
    ----------{RECIPE_PARAMETERS}
    metric : str or callable, optional
        The metric that chooses the epochs, and whose value is `oof_score_`: "log_loss" (default), "accuracy",
        "roc_auc", "balanced_accuracy" or "f1"; or a scorer of scikit-learn, or its name.
    label_smoothing : float or "auto"
        Fraction of each label that is spread over all classes, 0 to 1. "auto" is 0.1 for the metric
        "accuracy", else 0.
    class_weight : dict or "balanced", optional
        Weights of the classes in training, by label, 1 for those left out; "balanced" gives all classes
        the same weight together.{PARAMETERS}
    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The labels.{ATTRIBUTES}{REFERENCES}
    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from pybp.sklearn import TabularMLPClassifier
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> model = TabularMLPClassifier(epochs=50, random_state=0).fit(X[::2], y[::2])
    >>> round(model.score(X[1::2], y[1::2]), 2)
    0.96
    """

    _task = "classification"

    def __init__(
        self,
        hidden_layer_sizes: LayerSizes = CLASSIFICATION.hidden_layer_sizes,
        *,
        activation: ActivationLike = CLASSIFICATION.activation,
        epochs: int | Literal["auto"] = CLASSIFICATION.epochs,
        batch_size: int = CLASSIFICATION.batch_size,
        n_frequencies: int = CLASSIFICATION.n_frequencies,
        dropout: float = CLASSIFICATION.dropout,
        weight_decay: float = CLASSIFICATION.weight_decay,
        lr: float = CLASSIFICATION.lr,
        scale_lr_factor: float = CLASSIFICATION.scale_lr_factor,
        bias_lr_factor: float = CLASSIFICATION.bias_lr_factor,
        betas: tuple[float, float] = CLASSIFICATION.betas,
        metric: MetricLike | None = None,
        n_ensemble: int | Literal["auto"] = CLASSIFICATION.n_ensemble,
        patience: int | Literal["auto"] | None = CLASSIFICATION.patience,
        patience_factor: float = CLASSIFICATION.patience_factor,
        time_limit: float | None = CLASSIFICATION.time_limit,
        label_smoothing: float | Literal["auto"] = CLASSIFICATION.label_smoothing,
        class_weight: ClassWeights = None,
        validation_fraction: float | None = CLASSIFICATION.validation_fraction,
        categorical_features: Any = "from_dtype",
        random_state: RandomState = None,
        callbacks: Callbacks | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
        progress: ProgressLike = False,
        dtype: DTypeName = CLASSIFICATION.dtype,
    ) -> None:
        store_parameters(self, locals())

    def _checked_targets(self, y: Any) -> Array:
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
        labels: Array = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        return labels

    def _metric(self, y: Array) -> Any:
        return metric_of(self.metric, CLASS_METRICS, np.unique(y))

    def _attributes_of(self, predictor: TabularPredictor) -> dict[str, Any]:
        assert isinstance(predictor.targets, ClassTargets)
        return super()._attributes_of(predictor) | {"classes_": predictor.targets.classes}

    def predict_proba(self, X: Any) -> Array:
        """Probabilities of the classes.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs, with the columns of `fit`. Unknown categories count as rare ones, or as missing if
            none was rare.

        Returns
        -------
        ndarray, shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        return self._predictor.predict_proba(self._checked_table(X), threads=self._threads)

    def predict_log_proba(self, X: Any) -> Array:
        """Logarithms of `predict_proba`.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        with np.errstate(divide="ignore"):  # a probability may be 0 in the net's dtype
            return np.asarray(np.log(self.predict_proba(X)))
