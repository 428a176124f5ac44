"""Training the nets of an ensemble, each with other rows held out."""

import math
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from threading import Event

from pybp import _core
from pybp._common.types import Array
from pybp.callbacks import Callback
from pybp.tabular.folds import Part
from pybp.tabular.recipe import Recipe
from pybp.tabular.samples import Samples
from pybp.tabular.scores import Metric
from pybp.tabular.targets import Targets
from pybp.tabular.training import BestEpoch, Stop, TrainedNet, train

__all__ = ["Training", "run"]

_INITIAL_ROWS = 4096
"""The initial weights and biases are made from at most so many rows, in equal distances."""


@dataclass(frozen=True)
class Training:
    """What all nets of an ensemble are trained with.

    Attributes
    ----------
    recipe, targets, metric
        Settings, targets and the metric that chooses the epochs.
    samples : Samples
        The rows to train on; `weights` are those of the loss.
    weights : ndarray, optional
        Weights in the loss.
    validation : Samples, optional
        Rows that choose the epoch of every net; None: each net's held-out rows choose its epoch.
    callbacks : tuple of Callback
        Called by each fit.
    progress : bool or str
        As in `MLP.fit`.
    """

    recipe: Recipe
    targets: Targets
    metric: Metric
    samples: Samples
    weights: Array | None
    validation: Samples | None
    callbacks: tuple[Callback, ...]
    progress: bool | str

    @property
    def in_turn(self) -> bool:
        """Whether the nets are trained one after the other, in the calling thread."""
        return bool(self.progress) or not all(c.concurrent for c in self.callbacks)

    def train(
        self, trained: TrainedNet, part: Part, threads: int | None, stops: list[Callback]
    ) -> None:
        """Train a net on its rows."""
        recipe, targets = self.recipe, self.targets
        rows = slice(None) if part.train is None else part.train
        held = self.validation
        if part.held is not None:
            held = self.samples.take(part.held)
            if self.weights is not None:  # with those of the classes
                held = replace(held, weights=self.weights[part.held])
        best = None if held is None else self._best(held, threads)
        X, y = self.samples.inputs[rows], self.samples.y[rows]
        trained.net.initialize(X[:: -(-len(X) // _INITIAL_ROWS)])
        train(
            trained,
            best,
            [*stops, *self.callbacks],
            X=X,
            y=targets.scaled(y),
            sample_weight=None if self.weights is None else self.weights[rows],
            validation_data=None if held is None else self._watched(held),
            loss=recipe.training_loss(classification=targets.classification),
            optimizer=recipe.optimizer(),
            epochs=recipe.n_epochs(len(self.samples)),
            batch_size=recipe.batch_size,
            drop_last=True,
            dropout=recipe.dropout_rates(),
            progress=self.progress,
            threads=threads,
        )

    def _watched(self, held: Samples) -> tuple[Array, ...]:
        """The data of "val_loss"."""
        weights = () if held.weights is None else (held.weights,)
        return (held.inputs, self.targets.scaled(held.y), *weights)

    def _best(self, held: Samples, threads: int | None) -> BestEpoch:
        """The callback that keeps the epoch that is best for the rows `held`."""
        metric, targets, recipe = self.metric, self.targets, self.recipe

        def score(outputs: Array, rows: slice) -> float:
            weights = None if held.weights is None else held.weights[rows]
            pair = targets.compared(held.y[rows], outputs[rows], own_scale=metric.custom)
            return metric.function(*pair, weights)

        patience = recipe.patience_of(recipe.n_epochs(len(self.samples)))
        factor = recipe.patience_factor
        return BestEpoch(held.inputs, score, metric.larger_is_better, patience, factor, threads)


def run(
    train: Callable[[int, int | None, list[Callback]], None],
    n_nets: int,
    threads: int | None,
    *,
    in_turn: bool,
    time_limit: float | None,
) -> None:
    """Call ``train(index, threads, callbacks)`` for each net, on threads of its own.

    With `time_limit` each net gets an equal share of the time. Later nets than the first that would begin
    after their share are left out.
    """
    available = threads or _core.default_threads()[0]
    workers = 1 if in_turn else min(n_nets, available)
    each = threads if workers == 1 else max(1, available // workers)
    asked, start = Event(), time.monotonic()
    share = math.inf if time_limit is None else time_limit / math.ceil(n_nets / workers)

    def one(index: int) -> None:
        deadline = start + share * (index // workers + 1)
        if asked.is_set() or (index > 0 and time.monotonic() > deadline):
            return
        needed = workers > 1 or time_limit is not None
        train(index, each, [Stop(asked, deadline)] if needed else [])

    if workers == 1:
        for index in range(n_nets):
            one(index)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="pybp") as pool:
        pending = {pool.submit(one, index) for index in range(n_nets)}
        try:
            while pending:  # wait with a limit: else Ctrl-C does nothing on some systems
                done, pending = wait(pending, timeout=0.1, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
        finally:
            asked.set()
