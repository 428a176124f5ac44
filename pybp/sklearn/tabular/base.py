"""The base class of the tabular estimators, which adds scikit-learn's checks to `TabularPredictor`."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from pybp._common.arguments import flag
from pybp._common.arrays import refuse_masked
from pybp._common.explain import explained
from pybp._common.types import Array
from pybp._common.warn import warn
from pybp.callbacks import Callback
from pybp.errors import ArgumentError, StateError
from pybp.mlp import MLP
from pybp.sklearn.callbacks import SklearnCallbacks
from pybp.sklearn.checks import checked_validation, refuse_lossy
from pybp.sklearn.estimator import Estimator, restored_on_failure
from pybp.sklearn.tabular.parameters import ADVICE
from pybp.sklearn.tabular.scorers import MetricLike
from pybp.tabular.columns import as_array, column_names, is_frame
from pybp.tabular.modelfile import is_plain, save_predictor
from pybp.tabular.predictor import TabularPredictor
from pybp.tabular.recipe import Recipe
from pybp.training.callback_list import checked_callbacks

__all__ = ["TabularEstimator"]


class TabularEstimator(Estimator, ABC):
    """Base class of `TabularMLPClassifier` and `TabularMLPRegressor`."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {}  # `Recipe` and `TabularPredictor` check
    _argument_advice: ClassVar[Mapping[str, str]] = ADVICE
    _task: ClassVar[str]

    # What __init__ and training set, for type checkers.
    metric: MetricLike | None
    categorical_features: Any
    random_state: Any
    callbacks: Any
    progress: bool | str
    verbose: bool
    net_: MLP
    nets_: list[MLP]
    n_features_in_: int
    feature_names_in_: Array
    _predictor: TabularPredictor

    @abstractmethod
    def _checked_targets(self, y: Any) -> Array:
        """y as an array that scikit-learn accepts."""

    @abstractmethod
    def _metric(self, y: Array) -> Any:
        """The recipe's `metric`."""

    # ---- learning ----------------------------------------------------------------------------

    @explained
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        validation_data: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Train new nets.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs. In DataFrames (pandas, polars), columns of dtype category, string and bool, and
            columns of objects that are not numbers, hold categories, unless `categorical_features`
            says otherwise. NaN, None and null are missing values.
        y : array-like, shape (n_samples,), of the regressor also (n_samples, n_outputs)
            Class labels, or numbers.
        sample_weight : array-like, shape (n_samples,), optional
            Weights >= 0 of the samples: in the loss, in scaling and in validation.
        validation_data : tuple (X, y) or (X, y, sample_weight), optional
            Samples that choose the epoch of every net, instead of folds of the training data: all nets
            then train on all samples, and there are no out-of-fold predictions.
        X_val, y_val, sample_weight_val : DataFrame or array-like, optional
            The same samples in scikit-learn's way: a `Pipeline` with ``transform_input=["X_val"]``
            transforms them as it does X.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            An argument is wrong.
        DivergenceError
            Loss or parameters became infinite or NaN.
        """
        validation = checked_validation(validation_data, X_val, y_val, sample_weight_val)
        with restored_on_failure(self):
            self._fit(X, y, sample_weight, validation)
        return self

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, validation_data: tuple[Any, ...] | None
    ) -> None:
        """`fit`, with its arguments."""
        checked = self._checked(X, y, sample_weight, reset=True)
        if validation_data is not None:
            validation_data = self._checked(*validation_data, reset=False)
        settings = {f.name: getattr(self, f.name) for f in fields(Recipe) if hasattr(self, f.name)}
        settings["metric"] = self._metric(checked[1])
        recipe = Recipe(**settings)
        own = [PrintEpochs()] if flag(self.verbose, "verbose") else []
        n_nets, epochs = recipe.n_nets(len(checked[1])), recipe.n_epochs(len(checked[1]))
        theirs = SklearnCallbacks.of(self, X, y, sample_weight, epochs, n_nets)
        self._predictor = TabularPredictor(self._task, recipe)
        try:
            self._predictor.fit(
                *checked,
                validation_data=validation_data,
                class_weight=getattr(self, "class_weight", None),
                categorical_features=self.categorical_features,
                seed=check_random_state(self.random_state),
                callbacks=[*own, *theirs, *checked_callbacks(self.callbacks or ())],
                progress=self.progress,
                threads=self._threads,
            )
        except KeyboardInterrupt:
            if not self._predictor.trained:
                raise
            warn("Training interrupted by user.", ConvergenceWarning)
        self.__dict__.update(self._attributes_of(self._predictor))
        self._keep_history(self._predictor)

    def _attributes_of(self, predictor: TabularPredictor) -> dict[str, Any]:
        """The attributes that an estimator has from its predictor when training begins."""
        preprocessing, nets = predictor.preprocessing, predictor.nets
        return {
            "_predictor": predictor,
            "net_": nets[0],
            "nets_": nets,
            "input_names_": preprocessing.feature_names,
            "left_out_": preprocessing.left_out,
        }

    def _keep_history(self, predictor: TabularPredictor) -> None:
        """Set the attributes that record the training."""
        self.n_iter_ = self.net_.epochs_done
        self.best_epoch_ = predictor.best_epoch
        self.best_epochs_ = [one.best_epoch for one in predictor.trained]
        self.histories_ = [one.history for one in predictor.trained]
        self.loss_curve_ = predictor.history.history.get("loss", [])
        self.validation_loss_curve_ = predictor.history.history.get("val_loss")
        self.validation_scores_ = predictor.validation_scores
        self.oof_prediction_ = predictor.oof_prediction
        self.oof_score_ = predictor.oof_score

    def _fitted_attributes(self) -> dict[str, Any]:
        """The attributes that a copy needs, during training, to count as fitted up to now."""
        return self._attributes_of(self._predictor.copy())

    # ---- scikit-learn's checks ---------------------------------------------------------------

    def _checked(
        self, X: Any, y: Any, sample_weight: Any = None, *, reset: bool
    ) -> tuple[Any, Array, Array | None]:
        """X, y and sample_weight; with `reset` the columns of X become those of the estimator."""
        table = self._checked_table(X, y, reset=reset)
        refuse_lossy(y, "y")
        targets = self._checked_targets(y)
        check_consistent_length(table, targets)
        if sample_weight is not None:
            refuse_lossy(sample_weight, "sample_weight")
            sample_weight = _check_sample_weight(
                sample_weight, table, dtype=np.float64, ensure_non_negative=True
            )
        return table, targets, sample_weight

    def _checked_table(self, X: Any, y: Any = "no_validation", *, reset: bool = False) -> Any:
        """X as a DataFrame or an array with two dimensions."""
        predicts = isinstance(y, str)
        if predicts and is_frame(X) and len(X) and self._predictor.preprocessing.has_columns_of(X):
            return X  # scikit-learn's checks take milliseconds for thousands of columns
        if is_frame(X) or y is None:
            if is_frame(X):
                column_names(X)  # refuses repeated names, which scikit-learn's check can't name
            validate_data(self, X, y, reset=reset, skip_check_array=True)
            if len(X) == 0:
                raise ArgumentError(
                    f"Found array with 0 sample(s) (shape={X.shape}); 1 is required"
                )
            return X
        refuse_masked(X, "X")
        table = as_array(X) if isinstance(X, list | tuple) else X
        return validate_data(self, table, reset=reset, dtype=None, ensure_all_finite="allow-nan")

    # ---- predicting --------------------------------------------------------------------------

    def preprocess(self, X: Any) -> Array:
        """The inputs of `net_` for a table.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs, with the columns of `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_inputs)
            Scaled numbers, one-hot codes and category indices, in the net's dtype; `input_names_` says
            what each column is.
        """
        check_is_fitted(self)
        return self._predictor.preprocess(self._checked_table(X))

    def predict(self, X: Any) -> Array:
        """The most probable class, or the numbers, of each sample.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs, with the columns of `fit`. Unknown categories count as rare ones, or as missing if
            none was rare.

        Returns
        -------
        ndarray, shape (n_samples,) or (n_samples, n_outputs)
            Labels, or numbers in the shape that y had.
        """
        check_is_fitted(self)
        return self._predictor.predict(self._checked_table(X), threads=self._threads)

    # ---- looking inside ----------------------------------------------------------------------

    @property
    def feature_importances_(self) -> Array:
        """How much `metric` of the held-out samples is worse if a column's values are permuted.

        The mean over the nets, each with the samples that it held out, and over 5 permutations, computed when
        it is first asked for, from at most 10,000 samples. Pickles don't hold these: ask before pickling.
        """
        check_is_fitted(self)
        try:
            return self._predictor.feature_importances
        except StateError as error:
            raise AttributeError(str(error)) from error

    def input_gradients(self, X: Any) -> Array:
        """Derivatives of each prediction by each input of the nets; 0 for category indices.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs, with the columns of `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_outputs, n_inputs)
            Of probabilities or numbers, before these are limited to the range of the targets; by the
            inputs that `preprocess` returns.
        """
        check_is_fitted(self)
        return self._predictor.input_gradients(self._checked_table(X), threads=self._threads)

    def explain(self, X: Any) -> Array:
        """How much each column contributes to the predictions: gradient times input.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs, with the columns of `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_outputs, n_features)
            Of probabilities or numbers, the mean over the nets, summed over a column's inputs, and over the
            numbers of an embedded category's vector; see `TabularPredictor.explain`.
        """
        check_is_fitted(self)
        return self._predictor.explain(self._checked_table(X))

    # ---- files -------------------------------------------------------------------------------

    def to_onnx(self, path: str | os.PathLike[str], *, check: Any = False) -> None:
        """Write the fitted estimator as an ONNX model with its preprocessing.

        Parameters
        ----------
        path, check
            As in `TabularPredictor.to_onnx`, which describes the model.
        """
        check_is_fitted(self)
        self._predictor.to_onnx(path, check=check)

    def onnx_inputs(self, X: Any) -> dict[str, Array]:
        """A table as the inputs of the model that `to_onnx` writes: see `TabularPredictor.onnx_inputs`."""
        check_is_fitted(self)
        return self._predictor.onnx_inputs(self._checked_table(X))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to a file; `pybp.load` reads it.

        Parameters
        ----------
        path : str or path-like
            The file: see `TabularPredictor.save`. Parameters that are no plain values, such as
            callbacks, get their defaults.

        Raises
        ------
        NotFittedError
            The estimator is not fitted.
        TypeError
            A class label, a category or a column's name is no string, number, bool or date.
        OSError
            The file can't be written; an existing file is not changed.
        """
        check_is_fitted(self)
        names = getattr(self, "feature_names_in_", None)
        described = {
            "class": type(self).__name__,
            "params": {k: v for k, v in self.get_params(deep=False).items() if is_plain(v)},
            "n_features_in": self.n_features_in_,
            "feature_names_in": None if names is None else names.tolist(),
        }
        save_predictor(path, self._predictor, described)

    @classmethod
    def _of(cls, predictor: TabularPredictor, described: Mapping[str, Any]) -> Self:
        """The estimator that `save` described."""
        params = described["params"].items()  # JSON knows no tuples
        found = cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in params})
        found._predictor = predictor
        found.n_features_in_ = int(described["n_features_in"])
        names = described["feature_names_in"]
        if names is not None:
            found.feature_names_in_ = np.array(names, object)
        found.__dict__.update(found._attributes_of(predictor))
        found._keep_history(predictor)
        return found

    # ---- other formats -----------------------------------------------------------------------

    def to_c(
        self,
        path: str | os.PathLike[str],
        *,
        name: str = "net",
        dtype: Literal["float32", "float64", "int8"] | None = None,
        X: Any = None,
    ) -> None:
        """Write preprocessing and nets as a C99 file and a header that need nothing else.

        Parameters
        ----------
        path, name, dtype, X
            As in `TabularPredictor.to_c`.
        """
        check_is_fitted(self)
        table = None if X is None else self._checked_table(X)
        self._predictor.to_c(path, name=name, dtype=dtype, X=table)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class PrintEpochs(Callback):
    """Prints loss and metrics of each epoch."""

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> None:
        """Print a line."""
        print(f"Epoch {epoch}, {', '.join(f'{name} = {logs[name]:.8f}' for name in logs)}")
