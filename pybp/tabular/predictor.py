"""A net for tables: preprocessing, training and prediction, without scikit-learn."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np

from pybp._common.arguments import shown
from pybp._common.explain import explained
from pybp._common.types import Array
from pybp.callbacks import Callback
from pybp.data.dataset import checked_weights
from pybp.errors import ArgumentError, ShapeError, StateError
from pybp.mlp import MLP
from pybp.tabular.columns import as_table
from pybp.tabular.preprocessing import Preprocessing
from pybp.tabular.recipe import CLASSIFICATION, REGRESSION, Recipe
from pybp.tabular.samples import Samples
from pybp.tabular.targets import ClassTargets, NumberTargets, Targets
from pybp.tabular.training import HistoryRecorder, LastBest
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
        Settings of net and training; `CLASSIFICATION` or `REGRESSION` if not given.

    Attributes
    ----------
    preprocessing : Preprocessing
        Turns a table into the net's inputs.
    targets : ClassTargets or NumberTargets
        Turns y into the net's targets, and outputs into predictions.
    net : MLP
        The net, with the parameters of the best epoch.
    history : History
        Loss and metrics of each epoch.
    best_epoch : int
        The epoch that was kept, counted from 1.
    validation_errors : list of float or None
        The validation error of each epoch, by which the best one was chosen.

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
    history: History
    net: MLP | None = None
    best_epoch: int = 0
    validation_errors: list[float] | None = None

    def __init__(self, task: str, recipe: Recipe | None = None) -> None:
        if task not in _TASKS:
            raise ArgumentError(f"task must be one of {list(_TASKS)}, got {shown(task)}")
        self.task = task
        self.recipe = _TASKS[task][1] if recipe is None else recipe

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
        """Train a new net.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs. NaN, None and null are missing values.
        y : array-like, shape (n_samples,), for regression also (n_samples, n_outputs)
            Class labels, or numbers.
        sample_weight : array-like, shape (n_samples,), optional
            Weights >= 0 of the samples: in the loss, in scaling and in validation.
        validation_data : tuple (X, y) or (X, y, sample_weight), optional
            Samples that choose the best epoch, instead of a fraction of the training data.
        class_weight : dict or "balanced", optional
            Weights of the classes in training, by label, 1 for those left out; "balanced" gives all
            classes the same weight together.
        categorical_features : "from_dtype", None, or array-like of bool, int or str
            Which columns hold categories. "from_dtype": those of dtype category, string, object and
            bool, but not objects that are numbers. None: no column. Or a mask, indices or names.
        seed : int or RandomState, optional
            Seed of the split, the initial weights and the order of samples.
        callbacks : iterable of Callback
            Called by `MLP.fit`.
        progress, threads
            As in `MLP.fit`.

        Returns
        -------
        self
            The predictor.

        Raises
        ------
        ArgumentError, ShapeError, NotFiniteError, TypeError
            An argument is wrong.
        DivergenceError, KeyboardInterrupt
            As in `MLP.fit`; the net then has the parameters of the best epoch so far.
        """
        random = seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)
        recipe, table, targets = self.recipe, as_table(X), _TASKS[self.task][0](y)
        encoded, given_weights = _checked_samples(table, targets, y, sample_weight)
        self.preprocessing = Preprocessing.fit(table, categorical_features, given_weights)
        samples = self._samples(table, encoded, given_weights)
        net_seed = int(random.randint(np.iinfo(np.int32).max))
        if validation_data is None:
            fraction = recipe.validation_fraction or 0.0
            samples, validation = samples.split(fraction, random, targets.classification)
        else:
            X_val, *rest = unpacked_validation_data(validation_data)
            table = as_table(X_val)
            validation = self._samples(table, *_checked_samples(table, targets, *rest))
        if len(samples) <= recipe.batch_size:
            samples = samples.merged()  # each minibatch has all samples: it learns the same
        weights = targets.training_weights(class_weight, samples.y, samples.weights)
        how = {"sample_weight": weights, "progress": progress, "threads": threads}
        chosen = checked_callbacks(callbacks)
        targets.fit_scale(samples.y, samples.weights)
        self.targets = targets
        self._train(samples, validation, net_seed, chosen, how)
        return self

    def _train(
        self,
        samples: Samples,
        validation: Samples | None,
        seed: int,
        callbacks: tuple[Callback, ...],
        how: dict[str, Any],
    ) -> None:
        """Train a new net, and give it the parameters of the best epoch."""
        recipe, targets, layout = self.recipe, self.targets, self.preprocessing.layout
        self.net = net = recipe.net(layout, targets.n_outputs, targets.output, seed)
        recorder, (best, watched) = HistoryRecorder(), self._watched(validation)
        self.history = recorder.history
        try:
            net.fit(
                samples.inputs,
                targets.scaled(samples.y),
                loss=targets.loss(recipe.label_smoothing),
                optimizer=recipe.optimizer(),
                epochs=recipe.epochs,
                batch_size=recipe.batch_size,
                drop_last=True,
                validation_data=watched,
                callbacks=[recorder, *([] if best is None else [best]), *callbacks],
                **how,
            )
        finally:
            self.best_epoch = net.epochs_done if best is None else best.restore_best(net)
            self.validation_errors = None if best is None else best.errors

    def _watched(
        self, validation: Samples | None
    ) -> tuple[LastBest | None, tuple[Array, ...] | None]:
        """The callback that keeps the best epoch, and the data that are evaluated after each epoch."""
        if validation is None:
            return None, None
        inputs, targets = validation.inputs, self.targets.scaled(validation.y)
        if validation.weights is None:
            return LastBest(), (inputs, targets)
        given = (inputs, targets, validation.weights)  # val_accuracy has no weights
        return LastBest(*given) if self.targets.classification else LastBest(), given

    def _samples(self, table: Any, y: Array, weights: Array | None) -> Samples:
        inputs = self.preprocessing.transform(table, self.recipe.dtype)
        return Samples(inputs, y, weights).simplified()

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
        self._fitted_net()
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
        """(n_samples, n_outputs) outputs of the net, in float64."""
        return self._fitted_net().predict(self.preprocess(X), threads=threads).astype(np.float64)

    def _fitted_net(self) -> MLP:
        if self.net is None:
            raise StateError("this predictor is not fitted yet: call fit first")
        return self.net

    def copy(self) -> Self:
        """A copy with a net of its own."""
        twin = copy.copy(self)
        twin.net = self._fitted_net().copy()
        return twin


def _checked_samples(
    table: Any, targets: Targets, y: Any, sample_weight: Any = None
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
