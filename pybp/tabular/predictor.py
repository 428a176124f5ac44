"""Nets for tables: preprocessing, training and prediction, without scikit-learn."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, ClassVar, Self

import numpy as np

from pybp._common.arguments import shown
from pybp._common.explain import explained
from pybp._common.types import Array
from pybp.callbacks import Callback
from pybp.data.dataset import checked_weights
from pybp.errors import ArgumentError, ShapeError
from pybp.io import open_file
from pybp.tabular.calibration import divide_logits
from pybp.tabular.columns import as_table
from pybp.tabular.ensemble import Training, run
from pybp.tabular.folds import Part, parts
from pybp.tabular.held_out import HeldOut
from pybp.tabular.modelfile import read_predictor, save_predictor
from pybp.tabular.preprocessing import Preprocessing
from pybp.tabular.ranks import Communicator, each_on_its_rank, same_on_all
from pybp.tabular.recipe import CLASSIFICATION, REGRESSION, Recipe
from pybp.tabular.samples import Samples
from pybp.tabular.targets import ClassTargets, NumberTargets, Targets
from pybp.tabular.trained import TrainedEnsemble
from pybp.tabular.training import TrainedNet
from pybp.training.callback_list import checked_callbacks

__all__ = ["TabularPredictor", "unpacked_validation_data"]

_RECIPES = {"classification": CLASSIFICATION, "regression": REGRESSION}

_OF_RECIPE = "it belongs to the recipe: dataclasses.replace(CLASSIFICATION, epochs=100, lr=0.02)"


class TabularPredictor(TrainedEnsemble):
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
        The mean prediction for each row of X by the nets that held it out: probabilities of shape
        (n_samples, n_classes), or numbers in the shape of y. NaN for rows that no net held out; None if
        all are such. Each row is predicted by an epoch that other rows of its fold chose.
    oof_score : float or None
        The recipe's metric of `oof_prediction`.
    record : dict
        What `save` also writes, for readers of the file: any values of JSON. `fit` doesn't change it.
    residuals : Residuals or None
        How far the numbers of held-out rows were from the predictions.

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

    def __init__(self, task: str, recipe: Recipe | None = None) -> None:
        if task not in _RECIPES:
            raise ArgumentError(f"task must be one of {list(_RECIPES)}, got {shown(task)}")
        self.task = task
        self.recipe = _RECIPES[task] if recipe is None else recipe
        self.record: dict[str, Any] = {}
        self._forget()

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
        comm: Communicator | None = None,
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
            Which columns hold categories. "from_dtype": those of dtype category, string and bool, and
            of dtype object unless all values are numbers, times or durations. None: no column. Or a
            mask, indices or names.
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
        comm : mpi4py.MPI.Comm or the like, optional
            The ranks, each of which trains some of the nets and then gets those of the others, so that all
            have the same predictor; the bits don't depend on their number. All ranks call `fit` with the
            same arguments. Of the communicator, `Get_rank`, `Get_size` and `allgather` are called.

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
        StateError
            Training failed on another rank.
        """
        if comm is not None and seed is None:
            seed = same_on_all(comm, int(np.random.SeedSequence().generate_state(1)[0]))
        random = seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)
        recipe, table, targets = self.recipe, as_table(X), self._targets(y)
        encoded, weights = _checked_targets(targets, table, y, sample_weight)
        metric, chosen = targets.metric(recipe.metric), checked_callbacks(callbacks)
        preprocessing = Preprocessing.fit(table, categorical_features, weights)
        self._forget()
        self.targets, self.preprocessing = targets, preprocessing
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
        held = HeldOut.of(training, plan, self._train(training, plan, threads, comm))
        if held is not None:
            self._use_held_out(held, training, len(encoded), kept)
        return self

    def _train(
        self,
        training: Training,
        plan: list[Part],
        threads: int | None,
        comm: Communicator | None,
    ) -> dict[int, TrainedNet]:
        """Train a net for each part; returns those that have trained an epoch, by the index of the part."""
        recipe, targets = self.recipe, self.targets
        layout = self.preprocessing.layout
        trained: dict[int, TrainedNet] = {}

        def train(index: int, threads: int | None, stops: list[Callback]) -> None:
            seed, n_samples = plan[index].seed, len(training.samples)
            net = recipe.net(layout, targets.n_outputs, targets.output, seed, n_samples)
            trained[index] = TrainedNet(net)
            if training.in_turn:  # callbacks may use the predictor
                self.trained = [trained[i] for i in sorted(trained)]
            training.train(trained[index], plan[index], threads, stops)

        def on_this_rank(indices: list[int]) -> dict[int, TrainedNet]:
            if indices:
                run(
                    lambda i, threads, stops: train(indices[i], threads, stops),
                    len(indices),
                    threads,
                    in_turn=training.in_turn,
                    time_limit=recipe.time_limit,
                )
            return _with_an_epoch(trained)

        try:
            done = each_on_its_rank(comm, len(plan), on_this_rank)
        except BaseException:
            self.trained = list(_with_an_epoch(trained).values())
            raise
        self.trained = list(done.values())
        return done

    def _use_held_out(self, held: HeldOut, training: Training, n_rows: int, kept: Array) -> None:
        """Calibrate the nets, and keep what the held-out rows say."""
        self.temperature, self._held_rows = held.temperature, held.each
        if self.temperature != 1:
            for net in self.nets:
                divide_logits(net, self.temperature)
        if isinstance(self.targets, NumberTargets):
            self.residuals = held.residuals(self.targets)
        if training.validation is None:
            self.oof_prediction, self.oof_score = held.oof(training, n_rows, kept)

    def _samples(self, table: Any, encoded: Array, weights: Array | None) -> tuple[Samples, Array]:
        """The samples with a weight above 0, and their rows in the table."""
        inputs = self.preprocessing.transform(table, self.recipe.dtype)
        samples = Samples(inputs, encoded, weights)
        kept = np.arange(len(encoded)) if weights is None else np.flatnonzero(weights > 0)
        if len(kept) < len(encoded):
            samples = samples.take(kept)
        return samples.without_equal_weights(), kept

    def _targets(self, y: Any) -> Targets:
        recipe = self.recipe
        quantile = recipe.loss == "quantile"
        if self.task == "regression":
            return NumberTargets(y, tuple(map(float, recipe.quantiles)) if quantile else ())
        if recipe.loss != "auto":
            raise ArgumentError(
                f"loss={recipe.loss!r} is for regression; classification has its own"
            )
        return ClassTargets(y)

    # ---- files -------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write nets, preprocessing, classes and the record of the training to a file.

        Parameters
        ----------
        path : str or path-like
            The file, in the safetensors format. An existing file is replaced atomically. It doesn't
            hold what only a training would need: the optimizers' states and `oof_prediction`; a
            `metric` that is a function becomes None.

        Raises
        ------
        StateError
            The predictor is not fitted.
        TypeError
            A class label, a category or a column's name is no string, number, bool or date.
        OSError
            The file can't be written; an existing file is not changed.
        """
        save_predictor(path, self)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a predictor from a file that `save` wrote. No code in a file is executed.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        TabularPredictor
            The predictor. Its predictions have the same bits as those of the saved one.

        Raises
        ------
        FileFormatError
            The file was not written by `save`, or it is damaged.
        OSError
            The file can't be read.
        """
        with open_file(path) as file:
            return read_predictor(file, cls)[0]


def _with_an_epoch(trained: dict[int, TrainedNet]) -> dict[int, TrainedNet]:
    """The nets that have trained an epoch, in ascending order."""
    return {index: trained[index] for index in sorted(trained) if trained[index].best_epoch > 0}


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
