"""Fits by a solver, which takes all samples at once: each of its iterations is an epoch."""

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
from pybp.training.plan import Seen
from pybp.training.problem import TrainingProblem
from pybp.training.progress import Progress

__all__ = ["WholeBatchFit"]


@dataclass(frozen=True, kw_only=True)
class WholeBatchFit(Fit):
    """A fit whose epochs are a solver's iterations."""

    solver: Solver

    @classmethod
    def of(cls, fit: Fit, solver: Solver) -> Self:
        """The fit, driven by the solver."""
        given = {field.name: getattr(fit, field.name) for field in fields(fit)}
        if solver.max_iter is not None:
            given["epochs"] = fit.initial_epoch + solver.max_iter
        return cls(**given, solver=solver)

    @property
    def steps(self) -> int:
        """Steps of an epoch: the iteration."""
        return 1

    def iteration_logs(self, net: Net, seen: Seen) -> dict[str, float]:
        """Loss and metrics after an iteration."""
        return self._training_logs(net, seen) | self._validation_logs(net)

    def _run(self, net: Net, progress: Progress) -> History:
        history, hooks = History(), CallbackList(self.model, self.callbacks)
        problem = self._problem(net, hooks)
        net.reset_optimizer()
        hooks.steps_done = first = self.initial_epoch
        stop = hooks.ask("on_fit_begin")
        if first < self.epochs and not stop and not hooks.ask("on_epoch_begin", first + 1):
            _Iterations(self, net, problem, progress, history, hooks).run()
        hooks.ask("on_fit_end", history)
        return history

    def _problem(self, net: Net, hooks: CallbackList) -> TrainingProblem:
        """What to solve, if this solver can."""
        if isinstance(self.data, Batches):
            raise ArgumentError(f"{self.solver!r} needs all samples, not batches")
        if hooks.change_rates:
            raise ArgumentError(f"{self.solver!r} has no learning rate for a callback to change")
        problem = TrainingProblem(net, self.model.layers, self.data, self.plan)
        self.solver.check(problem)
        if not problem.at(problem.start)[0] < math.inf:
            raise DivergenceError("the loss is not finite with the parameters that the net has now")
        return problem


class _Iterations:
    """What happens around a solver's iterations."""

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
        """Iterate; the net then has the parameters of the last iteration, whatever happens."""
        most = self.fit.epochs - self.fit.initial_epoch
        try:
            self.history.message = self.fit.solver.solve(self.problem, most, self.after_one)
        except Stop as stop:
            self.history.message = str(stop)
        except BaseException:
            self.problem.set(self.last)
            raise
        else:
            self.problem.set(self.last)

    def after_one(self, x: Array) -> None:
        """Measure and ask the callbacks, as after an epoch."""
        loss, correct = self.problem.at(x)
        self.last = x
        self.epoch += 1
        end_epoch(self.net)
        logs = self.fit.iteration_logs(self.net, Seen(loss, correct, self.problem.n_rows))
        self.history.append(self.epoch, logs)
        self.progress.on_epoch(self.epoch, logs)
        if self._asks_to_stop(loss, logs):
            raise Stop("a callback stopped it")
        if self.epoch == self.fit.epochs:
            raise Stop(f"all {self.fit.epochs} iterations are done")

    def _asks_to_stop(self, loss: float, logs: dict[str, float]) -> bool:
        """Ask the callbacks after an iteration, which is step and epoch, and before the next."""
        self.hooks.ask_after_step(1, {"loss": loss})
        self.hooks.steps_done += 1
        stop = self.hooks.ask("on_epoch_end", self.epoch, logs)
        if stop or self.epoch == self.fit.epochs:
            return stop
        return self.hooks.ask("on_epoch_begin", self.epoch + 1)
