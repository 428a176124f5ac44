"""Fits with a solver, which uses all samples at once; each of its iterations is an epoch."""

import math
from dataclasses import dataclass, fields
from typing import Self

from pybp._common.types import Array
from pybp._core import Net
from pybp.data.batches import Batches
from pybp.errors import ArgumentError, DivergenceError
from pybp.net.state import end_epoch
from pybp.optimizers.solvers import Solver, Stop
from pybp.training.callback_list import CallbackList
from pybp.training.fit import Fit
from pybp.training.history import History
from pybp.training.problem import TrainingProblem
from pybp.training.progress import Progress
from pybp.training.results import EpochResult

__all__ = ["WholeBatchFit"]


@dataclass(frozen=True, kw_only=True)
class WholeBatchFit(Fit):
    """A fit whose epochs are a solver's iterations."""

    solver: Solver

    @classmethod
    def from_fit(cls, fit: Fit, solver: Solver) -> Self:
        """The same fit with a solver."""
        values = {field.name: getattr(fit, field.name) for field in fields(fit)}
        if solver.max_iter is not None:
            values["epochs"] = fit.initial_epoch + solver.max_iter
        return cls(**values, solver=solver)

    @property
    def steps(self) -> int:
        """Number of steps of an epoch: one iteration."""
        return 1

    def iteration_logs(self, net: Net, result: EpochResult) -> dict[str, float]:
        """Loss and metrics after an iteration."""
        return self._training_logs(net, result) | self._validation_logs(net)

    def _run(self, net: Net, progress: Progress, history: History, hooks: CallbackList) -> None:
        """Train, recording iterations in `history`."""
        problem = self._problem(net, hooks)
        net.reset_optimizer()
        hooks.steps_done = first = self.initial_epoch
        stop = hooks.begin(first)
        problem.restart()
        if first < self.epochs and not stop and not hooks.call("on_epoch_begin", first + 1):
            _Iterations(self, net, problem, progress, history, hooks).run()

    def _problem(self, net: Net, hooks: CallbackList) -> TrainingProblem:
        """The problem to solve; raises if this solver can't solve it."""
        if isinstance(self.data, Batches):
            raise ArgumentError(f"{self.solver!r} needs all samples in memory, not batches")
        if hooks.changes_rates:
            raise ArgumentError(f"{self.solver!r} has no learning rate for a callback to change")
        problem = TrainingProblem(net, self.model.layers, self.data, self.settings)
        self.solver.check(problem)
        if not problem.evaluate(problem.start)[0] < math.inf:
            raise DivergenceError("the loss is not finite with the net's initial parameters")
        return problem


class _Iterations:
    """Calls a solver, and treats each iteration as an epoch of a fit."""

    def __init__(
        self,
        fit: WholeBatchFit,
        net: Net,
        problem: TrainingProblem,
        progress: Progress,
        history: History,
        hooks: CallbackList,
    ) -> None:
        self.fit = fit
        self.net = net
        self.problem = problem
        self.progress = progress
        self.history = history
        self.hooks = hooks
        self.epoch = fit.initial_epoch
        self.last = problem.start

    def run(self) -> None:
        """Call the solver. The net then has the state of the last iteration, even after an exception."""
        max_iter = self.fit.epochs - self.fit.initial_epoch
        try:
            self.history.message = self.fit.solver.solve(
                self.problem, max_iter, self.after_iteration
            )
        except Stop as stop:
            self.history.message = str(stop)
        finally:
            self.problem.restore(self.last)

    def _accept(self, x: Array) -> tuple[float, int]:
        try:
            return self.problem.accept(x)
        except DivergenceError as error:
            done = self.epoch - self.fit.initial_epoch
            kept = f"the end of iteration {done}" if done else "before this fit"
            diverged = DivergenceError(
                f"{self.fit.solver!r} diverged in iteration {done + 1}: {error}. The net has the "
                f"parameters of {kept}. Try dtype='float64', or scale inputs and targets to mean 0 "
                "and standard deviation 1."
            )
            diverged.epoch, diverged.step = self.epoch + 1, 1
            raise diverged from None

    def after_iteration(self, x: Array) -> None:
        """Compute loss and metrics, and call the callbacks."""
        loss, correct = self._accept(x)
        self.last = x
        self.epoch += 1
        end_epoch(self.net)
        logs = self.fit.iteration_logs(self.net, EpochResult(loss, correct, self.problem.n_rows))
        self.history.append(self.epoch, logs)
        self.progress.on_epoch(self.epoch, logs)
        if self._call_callbacks(loss, logs):
            raise Stop("a callback stopped training")
        if self.epoch == self.fit.epochs:
            raise Stop(f"all {self.fit.epochs} iterations are done")

    def _call_callbacks(self, loss: float, logs: dict[str, float]) -> bool:
        """Call the hooks after a step and an epoch, and before the next epoch; return whether to stop."""
        self.hooks.call_after_step(1, {"loss": loss})
        self.hooks.steps_done += 1
        stop = self.hooks.call("on_epoch_end", self.epoch, logs)
        if stop or self.epoch == self.fit.epochs:
            return stop
        return self.hooks.call("on_epoch_begin", self.epoch + 1)
