"""Nets for tables: preprocessing, training and prediction, without scikit-learn."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, ClassVar, Self

import numpy as np

from pybp._common.arguments import shown
from pybp._common.explain import explained
from pybp._common.types import Array
from pybp.callbacks import Callback
from pybp.data.dataset import checked_weights
from pybp.errors import ArgumentError, ShapeError, StateError
from pybp.mlp import MLP
from pybp.tabular.calibration import divide_logits, temperature, tempered
from pybp.tabular.columns import as_table
from pybp.tabular.ensemble import Training, held_out_rows, run
from pybp.tabular.folds import Part, parts
from pybp.tabular.preprocessing import Preprocessing
from pybp.tabular.recipe import CLASSIFICATION, REGRESSION, Recipe
from pybp.tabular.samples import Samples
from pybp.tabular.scores import Metric
from pybp.tabular.targets import ClassTargets, NumberTargets, Targets
from pybp.tabular.training import TrainedNet
from pybp.training.callback_list import checked_callbacks
from pybp.training.history import History

__all__ = ["TabularPredictor", "unpacked_validation_data"]

_TASKS: dict[str, tuple[type[ClassTargets] | type[NumberTargets], Recipe]] = {
    "classification": (ClassTargets, CLASSIFICATION),
    "regression": (NumberTargets, REGRESSION),
}

_OF_RECIPE = "it belongs to the recipe: dataclasses.replace(CLASSIFICATION, epochs=100, lr=0.02)"


class TabularPredictor:
    """Learns classes or numbers from a table, and predicts them for tables with the same columns.

    Parameters
    ----------
    task : {"classification", "regression"}
        What is predicted.
    recipe : Recipe, optional
        Settings of the nets and their training; `CLASSIFICATION` or `REGRESSION` if not given.

    Attributes
    ----------
    preprocessing : Preprocessing
        Turns a table into the nets' inputs. It learns from all rows of X, but not from y.
    targets : ClassTargets or NumberTargets
        Turns y into the nets' targets, and outputs into predictions.
    trained : list of TrainedNet
        The nets, each with the history of its epochs, the epoch that was kept, and the metric of each
        epoch on the rows that chose it.
    temperature : float
        The logits of all nets were divided by it after training: their last layers hold the quotient.
        It is 1 for regression and if no rows were held out.
    oof_prediction : ndarray or None
        The prediction for each row of X by the nets that held it out, averaged: probabilities of shape
        (n_samples, n_classes), or numbers in the shape of y. NaN for rows that no net held out; None if
        there are only such. The epochs that they are predictions of were chosen by other rows of the fold.
    oof_score : float or None
        The recipe's metric of `oof_prediction`.
    record : dict
        What `save` writes beside, for those who read the file: anything that JSON has. `fit` leaves it as
        it is.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from pybp.tabular import CLASSIFICATION, TabularPredictor
    >>> X = [[i / 50, i % 3] for i in range(150)]
    >>> y = ["few" if i < 75 else "many" for i in range(150)]
    >>> predictor = TabularPredictor("classification", replace(CLASSIFICATION, epochs=20))
    >>> predictor.fit(X, y, categorical_features=[1], seed=0).predict([[0.1, 2], [2.9, 0]])
    array(['few', 'many'], dtype='<U4')
    """

    _argument_advice: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys((field.name for field in fields(Recipe)), _OF_RECIPE),
        **dict.fromkeys(("lr", "learning_rate", "n_epochs", "max_iter"), _OF_RECIPE),
    }

    preprocessing: Preprocessing
    targets: Targets
    trained: list[TrainedNet]
    temperature: float = 1.0
    oof_prediction: Array | None = None
    oof_score: float | None = None

    def __init__(self, task: str, recipe: Recipe | None = None) -> None:
        if task not in _TASKS:
            raise ArgumentError(f"task must be one of {list(_TASKS)}, got {shown(task)}")
        self.task = task
        self.recipe = _TASKS[task][1] if recipe is None else recipe
        self.trained = []
        self.record: dict[str, Any] = {}

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

    @explained
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        validation_data: Any = None,
        class_weight: Mapping[Any, float] | str | None = None,
        categorical_features: Any = "from_dtype",
        seed: int | np.random.RandomState | None = None,
        callbacks: Iterable[Callback] = (),
        progress: bool | str = False,
        threads: int | None = None,
    ) -> Self:
        """Train new nets.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs. NaN, None and null are missing values.
        y : array-like, shape (n_samples,), for regression also (n_samples, n_outputs)
            Class labels, or numbers.
        sample_weight : array-like, shape (n_samples,), optional
            Weights >= 0 of the samples: in the loss, in scaling and in validation.
        validation_data : tuple (X, y) or (X, y, sample_weight), optional
            Samples that choose the epoch of every net, instead of folds of the training data: all nets
            then train on all samples, and there are no out-of-fold predictions.
        class_weight : dict or "balanced", optional
            Weights of the classes in training, by label, 1 for those left out; "balanced" gives all
            classes the same weight together.
        categorical_features : "from_dtype", None, or array-like of bool, int or str
            Which columns hold categories. "from_dtype": those of dtype category, string, object and
            bool, but not objects that are numbers. None: no column. Or a mask, indices or names.
        seed : int or RandomState, optional
            Seed of the folds, the initial weights and the order of samples.
        callbacks : iterable of Callback
            Called by the fit of each net, one net after the other unless all of them are `concurrent`. A
            callback that stops training stops that of the net.
        progress : bool or str
            As in `MLP.fit`, for one net after the other.
        threads : int, optional
            Maximum number of threads, as in `MLP.fit`. Without such callbacks and progress several nets
            are trained at the same time, each on threads of its own. The result doesn't depend on it.

        Returns
        -------
        self
            The predictor.

        Raises
        ------
        ArgumentError, ShapeError, NotFiniteError, TypeError
            An argument is wrong.
        DivergenceError, KeyboardInterrupt
            As in `MLP.fit`. The nets that have trained an epoch stay, with the parameters of their best
            epochs so far; they are not calibrated.
        """
        random = seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)
        recipe, table, targets = self.recipe, as_table(X), _TASKS[self.task][0](y)
        encoded, weights = _checked_targets(targets, table, y, sample_weight)
        metric, chosen = targets.metric(recipe.metric), checked_callbacks(callbacks)
        preprocessing = Preprocessing.fit(table, categorical_features, weights)
        self.targets, self.preprocessing, self.trained = targets, preprocessing, []
        samples, kept = self._samples(table, encoded, weights)
        validation, fraction = None, recipe.validation_fraction or 0.0
        if validation_data is not None:
            X_val, *rest = unpacked_validation_data(validation_data)
            other = as_table(X_val)
            validation, _ = self._samples(other, *_checked_targets(targets, other, *rest))
            fraction = 0.0
        if fraction == 0 and len(samples) <= recipe.batch_size:
            samples = samples.merged()  # each minibatch has all samples: it learns the same
        n_nets = recipe.n_nets(len(samples))
        plan = parts(samples.y, n_nets, fraction, random, targets.classification)
        targets.fit_scale(samples.y, samples.weights)
        factors = targets.training_weights(class_weight, samples.y, samples.weights)
        training = Training(recipe, targets, metric, samples, factors, validation, chosen, progress)
        self._train(training, plan, threads)
        self._use_held_out(training, plan, kept, len(encoded))
        return self

    def _train(self, training: Training, plan: list[Part], threads: int | None) -> None:
        """Train a net for each part."""
        recipe, targets = self.recipe, self.targets
        layout = self.preprocessing.layout
        trained: dict[int, TrainedNet] = {}

        def train(index: int, threads: int | None, stops: list[Callback]) -> None:
            net = recipe.net(layout, targets.n_outputs, targets.output, plan[index].seed)
            trained[index] = TrainedNet(net)
            if training.in_turn:  # callbacks may use the predictor
                self.trained = [trained[i] for i in sorted(trained)]
            training.train(trained[index], plan[index], threads, stops)

        limit = recipe.time_limit
        try:
            run(train, len(plan), threads, in_turn=training.in_turn, time_limit=limit)
        finally:
            self.trained = [trained[i] for i in sorted(trained) if trained[i].best_epoch > 0]

    def _use_held_out(self, training: Training, plan: list[Part], kept: Array, n_rows: int) -> None:
        """Calibrate the nets, and compute the out-of-fold predictions and their score."""
        targets, validation = self.targets, training.validation
        self.temperature, self.oof_prediction, self.oof_score = 1.0, None, None
        n_validation = 0 if validation is None else len(validation)
        found = held_out_rows(plan, self.trained, n_validation)
        if found is None:
            return
        rows, outputs = found
        held = training.samples if validation is None else validation
        if isinstance(targets, ClassTargets):
            weights = training.weights if validation is None else validation.weights
            weights = None if weights is None else weights[rows]
            self.temperature = temperature(outputs, held.y[rows], weights)
            outputs = tempered(outputs, self.temperature)
            for net in self.nets:
                divide_logits(net, self.temperature)
        distinct, group, times = np.unique(rows, return_inverse=True, return_counts=True)
        mean = np.zeros((len(distinct), outputs.shape[1]))
        np.add.at(mean, group, outputs)
        mean /= times[:, np.newaxis]
        if validation is None:
            self._keep_oof(training.metric, held.take(distinct), mean, kept[distinct], n_rows)

    def _keep_oof(
        self, metric: Metric, held: Samples, outputs: Array, rows: Array, n_rows: int
    ) -> None:
        """Store the out-of-fold predictions for `rows`, and their score."""
        targets, predicted = self.targets, self.targets.scored(outputs)
        self.oof_prediction = np.full((n_rows, *predicted.shape[1:]), np.nan)
        self.oof_prediction[rows] = predicted
        truth = targets.compared(held.y, outputs, own_scale=metric.custom)[0]
        if not targets.classification:
            truth = held.y
        with np.errstate(over="ignore"):
            self.oof_score = metric.function(truth, predicted, held.weights)

    def _samples(self, table: Any, encoded: Array, weights: Array | None) -> tuple[Samples, Array]:
        """The samples with a weight above 0, and their rows in the table."""
        inputs = self.preprocessing.transform(table, self.recipe.dtype)
        samples = Samples(inputs, encoded, weights)
        kept = np.arange(len(encoded)) if weights is None else np.flatnonzero(weights > 0)
        if len(kept) < len(encoded):
            samples = samples.take(kept)
        return samples.without_equal_weights(), kept

    @property
    def _first(self) -> TrainedNet:
        if not self.trained:
            raise StateError("this predictor is not fitted yet: call fit first")
        return self.trained[0]

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
            Inputs, with the columns of `fit`. Unknown categories count as missing.
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
        twin.trained = [replace(one, net=one.net.copy()) for one in self.trained]
        return twin


def _checked_targets(
    targets: Targets, table: Any, y: Any, sample_weight: Any = None
) -> tuple[Array, Array | None]:
    """Encoded targets and weights of a table's rows."""
    encoded = targets.encode(y)
    if len(encoded) != len(table):
        raise ShapeError(f"y has {len(encoded)} rows, but X has {len(table)}")
    return encoded, checked_weights(sample_weight, "sample_weight", len(table))


def unpacked_validation_data(given: Any) -> tuple[Any, ...]:
    """(X, y) or (X, y, sample_weight)."""
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        raise TypeError(
            f"validation_data must be (X, y) or (X, y, sample_weight), got {shown(given)}"
        )
    return tuple(given)
