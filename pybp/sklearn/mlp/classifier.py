"""The classifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils import column_or_1d, compute_sample_weight
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target, unique_labels

from pybp._common.explain import explained
from pybp._common.types import Array
from pybp.data.class_weight import class_factors
from pybp.data.dataset import Data
from pybp.export.onnx.predictions import Head, NumberHead
from pybp.losses import BinaryCrossEntropy
from pybp.sklearn.checks import refuse_lossy, validated
from pybp.sklearn.estimator import restored_on_failure, store_parameters
from pybp.sklearn.mlp.base import BaseMLP
from pybp.sklearn.mlp.labels import Labels, add_classes
from pybp.sklearn.mlp.objective import Objective, classification_objective, loss_spec
from pybp.sklearn.mlp.parameters import ATTRIBUTES, CONSTRAINTS, PARAMETERS, loss_constraint
from pybp.sklearn.mlp.validation import Samples
from pybp.sklearn.types import (
    Activations,
    BatchSize,
    Callbacks,
    ClassifierLoss,
    ClassWeights,
    DTypeLike,
    LayerSizes,
    LearningRateRule,
    Monitor,
    ProgressLike,
    RandomState,
    Rates,
    ScheduleLike,
    SolverLike,
)

__all__ = ["MLPClassifier"]


class MLPClassifier(ClassifierMixin, BaseMLP):
    __doc__ = f"""A classifier: scikit-learn's `MLPClassifier`, trained by pybp.

    Parameters
    ----------{PARAMETERS}
    loss : str, Loss or callable
        "log_loss", or any other of `pybp.losses` for classes. With a hinge loss the estimator has
        a `decision_function` instead of probabilities.
    class_weight : dict, "balanced" or None
        Weights of the classes, multiplied by `sample_weight`; 1 for those left out.
    label_smoothing : float
        Fraction of each target that is spread evenly over all classes.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        Class labels.{ATTRIBUTES}
    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from pybp.sklearn import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((16,), solver="lbfgs", max_iter=1000, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "loss": loss_constraint("log_loss", refused={"poisson", "quantile"}),
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
        "label_smoothing": [Interval(Real, 0, 1, closed="both")],
    }

    classes_: Array
    _labels: Labels

    def __init__(
        self,
        hidden_layer_sizes: LayerSizes = (100,),
        activation: Activations = "relu",
        *,
        solver: SolverLike = "adam",
        alpha: float = 0.0001,
        batch_size: BatchSize = "auto",
        learning_rate: LearningRateRule = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: RandomState = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        loss: ClassifierLoss = "log_loss",
        class_weight: ClassWeights = None,
        label_smoothing: float = 0.0,
        dropout: Rates = 0.0,
        batch_norm: bool = False,
        layer_norm: bool = False,
        residual: bool = False,
        embedding: Mapping[Any, Any] | None = None,
        schedule: ScheduleLike = None,
        clip_norm: float | None = None,
        monitor: Monitor = None,
        callbacks: Callbacks = (),
        n_jobs: int | None = None,
        progress: ProgressLike = False,
        dtype: DTypeLike = None,
    ) -> None:
        store_parameters(self, locals())

    # ---- learning ----------------------------------------------------------------------------

    @available_if(lambda estimator: estimator._check_solver())
    @explained
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train one more epoch on these samples.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array-like, shape (n_classes,), optional
            All classes: required in the first call. A later call may name more classes than before:
            the net then gets outputs for them, and the optimizer's state starts anew.

        Returns
        -------
        self
            The estimator.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit. In order to use "
                "'balanced' weights, use compute_class_weight('balanced', classes=classes, y=y)."
            )
        known = getattr(self, "classes_", None)
        if known is None and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        with restored_on_failure(self):
            if classes is not None and (known is None or not self._has_weights):
                self._learn(y if type_of_target(y).startswith("multilabel") else classes)
                self.classes_ = unique_labels(classes)
            elif classes is not None:
                self._extend(unique_labels(classes))
            return self._fit(X, y, sample_weight, True)

    def _extend(self, classes: Array) -> None:
        """Add outputs for classes that are new."""
        known = self.classes_
        if np.array_equal(known, classes):
            return
        if not set(known.tolist()) < set(classes.tolist()) or self._labels.kind == "multilabel":
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: "
                f"{known!r}, and does not hold all of them"
            )
        add_classes(self, classes)

    def _learn(self, y: Any) -> None:
        """Learn the classes."""
        self._labels = Labels(y)
        self.classes_ = self._labels.classes

    def _checked(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Array]:
        refuse_lossy(y, "y")
        X, y = validated(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not hasattr(self, "classes_") or (not self.warm_start and not incremental):
            self._learn(y)
            return X, y
        classes = unique_labels(y)
        if self.warm_start and not incremental:
            if set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous "
                    f"call to fit. Previously got {self.classes_}, `y` has {classes}"
                )
        elif len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                "`y` has classes not in `self.classes_`. "
                f"`self.classes_` has {self.classes_}. 'y' has {classes}."
            )
        return X, y

    def _objective_of(self, y: Array) -> tuple[Objective, int]:
        labels = self._labels
        objective = classification_objective(
            self.loss, labels.kind, labels.n_outputs, self.label_smoothing
        )
        return objective, labels.n_outputs

    def _targets(self, y: Array) -> Array:
        loss = self._objective.loss
        if self._labels.kind == "multiclass" and loss.targets == "classes":
            return self._labels.indices(y)
        matrix = self._labels.matrix(y)
        if isinstance(loss, BinaryCrossEntropy) and self.label_smoothing:
            matrix = matrix * (1 - self.label_smoothing) + 0.5 * self.label_smoothing
        return matrix

    def _with_class_weight(self, y: Array, weights: Array | None) -> Array | None:
        if self.class_weight is None:
            return weights
        if isinstance(self.class_weight, dict) and y.ndim == 1:
            factors = class_factors(self.class_weight, self._labels.classes)
            of_classes = factors[self._labels.indices(y)]
        else:
            of_classes = compute_sample_weight(self.class_weight, y)
        if weights is not None:
            of_classes = of_classes * weights
        return of_classes

    def _stratified_by(self, targets: Array) -> Array | None:
        if self._labels.kind != "binary":
            return None
        positive: Array = targets > 0.5
        return positive

    def _score_outputs(self, outputs: Array, data: Data, samples: Samples) -> float:
        if not np.isfinite(outputs).all():
            return float("nan")
        targets, predicted = samples.targets, self._labels.predicted(outputs, self._threshold)
        if self._labels.kind == "multiclass":
            correct = predicted == (targets if targets.ndim == 1 else targets.argmax(axis=1))
        else:
            correct = (predicted == (targets > 0.5)).all(axis=1)
        return float(np.average(correct, weights=samples.weights))

    # ---- predicting --------------------------------------------------------------------------

    @property
    def _threshold(self) -> float:
        """An output above it predicts its class."""
        return 0.0 if self._objective.loss.targets == "signs" else 0.5

    def predict(self, X: Any) -> Any:
        """The class of each sample.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, shape (n_samples,) or (n_samples, n_classes)
            Class labels; a 0/1 matrix if a sample may have several.
        """
        outputs = self._outputs(X)
        return self._labels.labels(outputs, self._threshold)

    def _gives_probabilities(self) -> bool:
        if self.loss != "log_loss" and loss_spec(self.loss).targets == "signs":
            raise AttributeError(f"there are no probabilities with loss={self.loss!r}")
        return True

    def _gives_decisions(self) -> bool:
        if self.loss == "log_loss" or loss_spec(self.loss).targets != "signs":
            raise AttributeError(f"there are probabilities with loss={self.loss!r}: predict_proba")
        return True

    @available_if(lambda estimator: estimator._gives_probabilities())
    def predict_proba(self, X: Any) -> Array:
        """The probability of each class.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        outputs = self._outputs(X)
        if self._labels.kind != "binary":
            return outputs
        return np.hstack([1 - outputs, outputs])

    @available_if(lambda estimator: estimator._gives_probabilities())
    def predict_log_proba(self, X: Any) -> Array:
        """The logarithm of `predict_proba`.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        probabilities = self.predict_proba(X)
        logarithms: Array = np.log(probabilities, out=probabilities)
        return logarithms

    @available_if(lambda estimator: estimator._gives_decisions())
    def decision_function(self, X: Any) -> Array:
        """The outputs of a net with a hinge loss; above 0 they predict their class.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, shape (n_samples,) or (n_samples, n_classes)
            One for each class; with two classes, of the second one alone.
        """
        outputs = self._outputs(X)
        return outputs[:, 0] if self._labels.kind == "binary" else outputs

    def _onnx_head(self) -> tuple[Head | NumberHead, Mapping[str, Callable[[Any], Any]]]:
        signs = self._objective.loss.targets == "signs"
        head = Head(self._labels.kind, self.classes_, self._threshold, not signs)
        if signs:
            return head, {"label": self.predict, "decisions": self._outputs}
        return head, {"label": self.predict, "probabilities": self.predict_proba}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
