"""Nets that are trained: predictions, intervals, and what the predictions depend on."""

import copy
import os
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np

from pybp._common.arguments import real
from pybp._common.types import Array
from pybp.errors import StateError
from pybp.export.c import predictor_to_c
from pybp.mlp import MLP
from pybp.tabular.columns import as_table
from pybp.tabular.insight import HeldRows, column_inputs, contributions, importances
from pybp.tabular.intervals import Residuals
from pybp.tabular.onnx import onnx_inputs, predictor_to_onnx
from pybp.tabular.preprocessing import Preprocessing
from pybp.tabular.recipe import Recipe
from pybp.tabular.targets import ClassTargets, NumberTargets, Targets
from pybp.tabular.to_c import column_values, table_model
from pybp.tabular.training import TrainedNet
from pybp.training.history import History

__all__ = ["TrainedEnsemble"]


class TrainedEnsemble:
    """The base class of `TabularPredictor`: everything but `fit`."""

    task: str
    recipe: Recipe
    preprocessing: Preprocessing
    targets: Targets
    trained: list[TrainedNet]
    temperature: float
    oof_prediction: Array | None
    oof_score: float | None
    residuals: Residuals | None
    _held_rows: HeldRows | None
    _importances: Array | None

    @property
    def nets(self) -> list[MLP]:
        """The nets; their outputs are averaged."""
        return [one.net for one in self.trained]

    @property
    def net(self) -> MLP | None:
        """The first net; None before `fit`."""
        return self.trained[0].net if self.trained else None

    @property
    def history(self) -> History:
        """Loss and metrics of each epoch of the first net."""
        return self._first.history

    @property
    def best_epoch(self) -> int:
        """The epoch of the first net that was kept, counted from 1."""
        return self._first.best_epoch

    @property
    def validation_scores(self) -> list[float] | None:
        """The metric of each epoch of the first net on the rows that chose it; None without such."""
        return self._first.scores

    @property
    def _first(self) -> TrainedNet:
        if not self.trained:
            raise StateError("this predictor is not fitted yet: call fit first")
        return self.trained[0]

    def _forget(self) -> None:
        """Forget what an earlier fit found."""
        self.trained = []
        self.temperature, self.residuals = 1.0, None
        self.oof_prediction = self.oof_score = None
        self._held_rows = self._importances = None

    # ---- predicting --------------------------------------------------------------------------

    def preprocess(self, X: Any) -> Array:
        """The inputs of the net for a table.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            The table, with the columns of `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_inputs)
            Scaled numbers, one-hot codes and category indices, in the net's dtype.
            ``preprocessing.feature_names`` says what each column is.
        """
        self._first  # noqa: B018  # raises before fit
        return self.preprocessing.transform(as_table(X), self.recipe.dtype)

    def predict(self, X: Any, *, threads: int | None = None) -> Array:
        """The most probable class, or the numbers, of each sample.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs, with the columns of `fit`. Unknown categories count as rare ones, or as missing if
            none was rare.
        threads : int, optional
            As in `MLP.fit`.

        Returns
        -------
        ndarray, shape (n_samples,) or (n_samples, n_outputs)
            Labels, or numbers in the shape that y had.
        """
        outputs = self._outputs(X, threads)
        return self.targets.predictions(outputs)

    def predict_proba(self, X: Any, *, threads: int | None = None) -> Array:
        """The probability of each class.

        Parameters
        ----------
        X, threads
            As in `predict`.

        Returns
        -------
        ndarray, shape (n_samples, n_classes)
            In the order of ``targets.classes``.
        """
        outputs = self._outputs(X, threads)
        if not isinstance(self.targets, ClassTargets):
            raise StateError("only classification has probabilities")
        return self.targets.probabilities(outputs)

    def predict_interval(
        self, X: Any, coverage: float = 0.9, *, threads: int | None = None
    ) -> Array:
        """Intervals that contain the true number with the probability `coverage`.

        The prediction, or with loss="quantile" the range from the least to the largest quantile, is widened
        on both sides by a quantile of the held-out rows' residuals (conformal prediction). The coverage
        holds on average over all samples, if they come from the same distribution as those of training.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs, with the columns of `fit`.
        coverage : float
            In (0, 1).
        threads : int, optional
            As in `MLP.fit`.

        Returns
        -------
        ndarray, shape (n_samples, 2) or (n_samples, n_outputs, 2)
            The lower and the upper end.

        Raises
        ------
        StateError
            For classification, and if no rows were held out.
        ArgumentError
            Too few rows were held out for this coverage.
        """
        coverage = real(coverage, "coverage", low=0.0, high=1.0, low_open=True, high_open=True)
        predicted = self.predict(X, threads=threads)
        if not isinstance(self.targets, NumberTargets):
            raise StateError("only regression has intervals")
        if self.residuals is None:
            raise StateError(
                "intervals need rows that were held out: give validation_fraction or validation_data"
            )
        low, high = self.targets.range(predicted)
        margin = self.residuals.margin(coverage)
        margin = margin if predicted.ndim == 2 and not self.targets.quantiles else margin[0]
        low, high = low - margin, high + margin
        middle = low / 2 + high / 2  # a negative margin may be more than half of the range
        return np.stack([np.minimum(low, middle), np.maximum(high, middle)], axis=-1)

    # ---- files -------------------------------------------------------------------------------

    def to_onnx(self, path: str | os.PathLike[str], *, check: Any = False) -> None:
        """Write the predictor as an ONNX model with its preprocessing, which predicts without pybp.

        Parameters
        ----------
        path : str or path-like
            The file. An existing file is replaced atomically.
        check : DataFrame or array-like, or False
            Rows for which ONNX Runtime must predict the same: the same labels, and numbers within 1e-4
            (float32) or 1e-10 (float64) of the largest one, or of 1 if that is larger.

        Raises
        ------
        ExportError
            The predictions differ; no file is written.
        ArgumentError
            A column or a class label has no form in ONNX: categories of several types, or dates as
            categories; the message names the column.
        MissingExtraError
            `check` needs ONNX Runtime: ``pip install onnxruntime``.

        Notes
        -----
        The model has an input for each column that the preprocessing reads, of shape (N, 1) and with the
        column's name (``column_0`` for column 0 of an array): see `onnx_inputs`. For classes it has the
        outputs ``label`` (N,) and ``probabilities`` (N, n_classes), for numbers ``prediction`` in the shape
        of `predict`; a name that a column has gets ``_output`` appended. Calibration, and the limits
        of the predicted numbers, are included.
        """
        self._first  # noqa: B018  # raises before fit
        predictor_to_onnx(self, path, check)

    def onnx_inputs(self, X: Any) -> dict[str, Array]:
        """The inputs of the model that `to_onnx` writes, for a table.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            The table, with the columns of `fit`.

        Returns
        -------
        dict of str to ndarray, shape (n_samples, 1)
            Columns of numbers, and of categories that are numbers or bools, in float64, NaN where they are
            missing; of strings as objects, "" where they are missing, or "<missing>" if "" is a category; of
            times and durations as microseconds in int64, the least integer where they are missing.
        """
        self._first  # noqa: B018  # raises before fit
        return onnx_inputs(self.preprocessing, X)

    # ---- looking inside ----------------------------------------------------------------------

    @property
    def feature_importances(self) -> Array:
        """How much worse the metric of held-out rows gets if a column's values are permuted.

        It is computed on first access, from at most 10,000 of the held-out rows. Copies of the predictor
        have these rows, pickles don't: read it before pickling.

        Returns
        -------
        ndarray, shape (n_features,)
            The mean over the nets, and over 5 permutations, in units of the metric.

        Raises
        ------
        StateError
            No rows were held out, or the predictor comes from a pickle.
        """
        self._first  # noqa: B018  # raises before fit
        if self._importances is None:
            if self._held_rows is None:
                raise StateError(
                    "importances need the held-out rows: give validation_fraction or validation_data to "
                    "fit, and ask for them before the predictor is pickled"
                )
            columns = column_inputs(self.preprocessing)
            self._importances = importances(self.nets, self._held_rows, self.targets, columns)
        return self._importances

    def input_gradients(self, X: Any, *, threads: int | None = None) -> Array:
        """Derivatives of each prediction by each input of the nets; 0 for category indices.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            The table, with the columns of `fit`.
        threads : int, optional
            As in `MLP.fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_outputs, n_inputs)
            Of probabilities or numbers, before these are limited to the range of the targets; by the
            inputs that `preprocess` returns.
        """
        inputs = self.preprocess(X)
        each = [net.input_gradients(inputs, threads=threads) for net in self.nets]
        return self._in_units(np.asarray(np.mean(each, axis=0, dtype=np.float64)))

    def explain(self, X: Any) -> Array:
        """How much each column contributes to the predictions: gradient times input.

        It is summed over a column's inputs, or over the numbers of the vector of an embedded category. A
        number that is the column's median is the input 0, and so contributes nothing.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            The table, with the columns of `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_outputs, n_features)
            Of probabilities or numbers, the mean over the nets; 0 for columns that are left out.

        References
        ----------
        Shrikumar, Greenside and Kundaje, "Learning important features through propagating activation
        differences", ICML 2017.
        """
        inputs, columns = self.preprocess(X), column_inputs(self.preprocessing)
        each = [contributions(net, inputs, columns) for net in self.nets]
        return self._in_units(np.mean(each, axis=0))

    def _in_units(self, derivatives: Array) -> Array:
        """Derivatives of predictions instead of outputs."""
        if not isinstance(self.targets, NumberTargets):
            return derivatives
        return np.asarray(derivatives * np.reshape(self.targets.std, (-1, 1)))

    # ---- all nets together ---------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """Without the held-out rows: a pickle holds no data."""
        return vars(self) | {"_held_rows": None}

    def _outputs(self, X: Any, threads: int | None) -> Array:
        """(n_samples, n_outputs) outputs, in float64: the mean of the nets, added in their order."""
        inputs = self.preprocess(X)
        total = self._first.net.predict(inputs, threads=threads).astype(np.float64)
        for net in self.nets[1:]:
            total += net.predict(inputs, threads=threads)
        return total / len(self.trained)

    def copy(self) -> Self:
        """A copy with nets of its own."""
        twin = copy.copy(self)
        twin._held_rows = self._held_rows
        twin.trained = [replace(one, net=one.net.copy()) for one in self.trained]
        return twin

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
        path, name, dtype
            As in `MLP.to_c`.
        X : DataFrame or array-like, optional
            A table; its first rows are recorded in the file's self-test. "int8" needs some hundred
            typical rows.

        Raises
        ------
        ArgumentError, ShapeError, TypeError
            An argument is wrong, or a layer or a column has no form in C.
        OSError
            A file can't be written; existing ones are not changed.

        Notes
        -----
        ``net_predict_row(row, y)`` computes what `predict_proba` or `predict` gives for a row, a struct with
        a field for each column; ``net_prepare(row, x)`` the inputs of the nets. The bits are the same,
        but for the probabilities of more than 128 classes.
        """
        self._first  # noqa: B018  # raises before fit
        model = table_model(self.trained, self.preprocessing, self.targets)
        if X is None:
            predictor_to_c(model, path, name, dtype, None, [])
            return
        table = as_table(X)
        values = column_values(self.preprocessing, table, 8)
        inputs = self.preprocessing.transform(
            table
        )  # in float64: `dtype` may be more exact than the net's
        predictor_to_c(model, path, name, dtype, inputs, values)
