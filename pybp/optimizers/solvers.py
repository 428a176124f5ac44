"""Solvers of scipy: optimizers that use all samples at once and choose the step size themselves.

Their results are outside of the numerics contract: they may differ between versions of scipy.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from pybp._common.arguments import count, real
from pybp._common.optional import require
from pybp._common.specs import ShortRepr
from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.losses import MSE, Loss, SquaredError

__all__ = ["LBFGS", "SOLVERS", "LevenbergMarquardt", "Solver", "Stop"]

IterationCallback = Callable[[Array], object]
"""Called with the parameters after each iteration; may raise `Stop`."""


class Stop(Exception):
    """Raised by an `IterationCallback` to end the iterations."""


class Problem(Protocol):
    """What a solver minimizes: the loss of all samples as a function of all parameters.

    Attributes
    ----------
    start : ndarray, shape (n_parameters,)
        The initial parameters, in float64.
    loss : Loss
        The loss.
    n_errors : int
        Number of samples times outputs; the length of `errors`.
    """

    start: Array
    loss: Loss

    @property
    def n_errors(self) -> int: ...

    def kinds(self) -> set[str]:
        """The kinds of layers in the net."""
        ...

    def has(self, *options: str) -> list[str]:
        """Those of `options` that any layer sets."""
        ...

    def check_rows(self) -> None:
        """Raise if a batch norm would get a minibatch of a single sample."""
        ...

    def loss_and_gradient(self, x: Array, /) -> tuple[float, Array]:
        """The loss at x over all samples, and its gradient."""
        ...

    def errors(self, x: Array, /) -> Array:
        """The weighted errors whose squares sum to the loss, shape (n_errors,)."""
        ...

    def jacobian(self, x: Array, /) -> Array:
        """Derivatives of `errors` with respect to the parameters, shape (n_errors, n_parameters)."""
        ...


class Solver(ShortRepr, ABC):
    """Base class of the solvers, which `MLP.fit` accepts as optimizers."""

    name: ClassVar[str]
    refused_layers: ClassVar[tuple[str, ...]] = ("dropout", "alpha_dropout", "gaussian_noise")
    refused_options: ClassVar[tuple[str, ...]] = ("lr_factor", "bias_lr_factor")  # of layers
    max_iter: int | None

    def check(self, problem: Problem) -> None:
        """Raise if this solver can't solve the problem, or if scipy is not installed."""
        require("scipy.optimize", type(self).__name__)
        for kind in sorted(problem.kinds() & set(self.refused_layers)):
            raise ArgumentError(
                f"{type(self).__name__} needs outputs that depend only on the parameters and the "
                f"sample; this net has a layer {kind}"
            )
        for option in problem.has("max_norm", *self.refused_options):
            raise ArgumentError(f"{type(self).__name__} can't train layers with {option}")
        problem.check_rows()

    @abstractmethod
    def solve(self, problem: Problem, max_iter: int, callback: IterationCallback) -> str:
        """Iterate from ``problem.start``; return the reason for the end."""


@dataclass(frozen=True, repr=False)
class LBFGS(Solver):
    """Limited-memory BFGS: an estimate of the inverse Hessian, and line search.

    For data that fit into memory and small or medium nets. Each iteration is an epoch of `MLP.fit`; it
    computes the gradient over all samples once or a few times. Needs scipy:
    ``pip install scipy``. Nets in float64 reach a smaller loss than nets in float32.

    Parameters
    ----------
    max_iter : int, optional
        Maximum number of iterations; default: the epochs of `fit`.
    max_fun : int
        Maximum number of evaluations of the gradient.
    tol : float
        Stop when every element of the gradient is at most this, >= 0.
    ftol : float
        Stop when the relative decrease of the loss is smaller, >= 0.
    history_size : int
        Number of past steps used for the estimate of the Hessian.

    References
    ----------
    Byrd, Lu, Nocedal and Zhu, "A limited memory algorithm for bound constrained optimization",
    SIAM Journal on Scientific Computing 16, 1995.
    """

    name: ClassVar[str] = "lbfgs"
    max_iter: int | None = None
    max_fun: int = 15000
    tol: float = 1e-4
    ftol: float = 2.2e-9
    history_size: int = 10

    def __post_init__(self) -> None:
        _check_max_iter(self.max_iter)
        count(self.max_fun, "max_fun")
        real(self.tol, "tol", low=0.0)
        real(self.ftol, "ftol", low=0.0)
        count(self.history_size, "history_size")

    def solve(self, problem: Problem, max_iter: int, callback: IterationCallback) -> str:
        """Iterate from ``problem.start``; return the reason for the end."""
        scipy = require("scipy.optimize", "LBFGS")
        result = scipy.minimize(
            problem.loss_and_gradient,
            problem.start,
            method="L-BFGS-B",
            jac=True,
            callback=lambda x: callback(np.array(x)),
            options={
                "maxiter": max_iter,
                "maxfun": self.max_fun,
                "maxcor": self.history_size,
                "gtol": self.tol,
                "ftol": self.ftol,
            },
        )
        return str(result.message)


@dataclass(frozen=True, repr=False)
class LevenbergMarquardt(Solver):
    """The Levenberg-Marquardt algorithm for nonlinear least squares.

    For small nets and the losses mse and squared_error. Each iteration computes the Jacobian of the
    errors, which has (samples x outputs) rows and a column for each parameter, and solves a linear
    system with it. There must be at least as many rows as parameters. Each iteration is an epoch of
    `MLP.fit`. Needs scipy: ``pip install scipy``. Nets in float64 reach a smaller loss than nets
    in float32.

    Parameters
    ----------
    max_iter : int, optional
        Maximum number of iterations; default: the epochs of `fit`.
    ftol, xtol, gtol : float
        Relative tolerances, > 0, for the change of the loss, the change of the parameters, and the
        cosine of the angle between the errors and the columns of the Jacobian; see
        `scipy.optimize.least_squares`.

    References
    ----------
    Hagan and Menhaj, "Training feedforward networks with the Marquardt algorithm", IEEE
    Transactions on Neural Networks 5, 1994.
    Moré, "The Levenberg-Marquardt algorithm: implementation and theory", 1978.
    """

    name: ClassVar[str] = "levenberg_marquardt"
    refused_layers: ClassVar[tuple[str, ...]] = (*Solver.refused_layers, "batch_norm")
    refused_options: ClassVar[tuple[str, ...]] = (*Solver.refused_options, "l1", "l2")
    max_iter: int | None = None
    ftol: float = 1e-8
    xtol: float = 1e-8
    gtol: float = 1e-8

    def __post_init__(self) -> None:
        _check_max_iter(self.max_iter)
        for name in ("ftol", "xtol", "gtol"):
            real(getattr(self, name), name, low=0.0, low_open=True)

    def check(self, problem: Problem) -> None:
        """Raise if the loss is not a sum of squares, or if there are too few samples."""
        super().check(problem)
        if not isinstance(problem.loss, MSE | SquaredError):
            raise ArgumentError(
                f"LevenbergMarquardt needs mse or squared_error, got {problem.loss!r}"
            )
        if problem.n_errors < problem.start.size:
            raise ArgumentError(
                f"LevenbergMarquardt needs at least as many errors (samples x outputs) as "
                f"parameters; there are {problem.n_errors} errors and {problem.start.size} parameters"
            )

    def solve(self, problem: Problem, max_iter: int, callback: IterationCallback) -> str:
        """Iterate from ``problem.start``; return the reason for the end."""
        scipy = require("scipy.optimize", "LevenbergMarquardt")
        at = problem.start

        def jacobian(x: Array) -> Array:
            """scipy calls this at the start and after each accepted step."""
            nonlocal at
            if not np.array_equal(x, at):
                at = np.array(x)
                callback(at)
            return problem.jacobian(x)

        result = scipy.least_squares(
            problem.errors,
            problem.start,
            jacobian,
            method="lm",
            x_scale="jac",
            ftol=self.ftol,
            xtol=self.xtol,
            gtol=self.gtol,
            max_nfev=20 * max_iter + 20,
        )
        if not np.array_equal(result.x, at):
            callback(np.array(result.x))
        return str(result.message)


SOLVERS: dict[str, type[Solver]] = {solver.name: solver for solver in (LBFGS, LevenbergMarquardt)}
"""The solvers by name."""


def _check_max_iter(max_iter: int | None) -> None:
    if max_iter is not None:
        count(max_iter, "max_iter")
