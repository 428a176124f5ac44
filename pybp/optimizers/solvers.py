"""Optimizers that need all samples at once and decide for themselves how far to go: scipy's solvers.

What they compute is outside of the numerics contract: it may differ between versions of scipy.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from pybp._common.arguments import count, real
from pybp._common.optional import require
from pybp._common.specs import Shown
from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.losses import MSE, Loss, SquaredError

__all__ = ["LBFGS", "SOLVERS", "LevenbergMarquardt", "Solver", "Stop"]

Watch = Callable[[Array], object]
"""Called with the parameters after each iteration; may raise `Stop`."""


class Stop(Exception):
    """Raised by a `Watch` to end the iterations."""


class Problem(Protocol):
    """What a solver minimises: the loss of all samples as a function of all parameters.

    Attributes
    ----------
    start : ndarray, shape (n_parameters,)
        The parameters to start from, in float64.
    loss : Loss
        The loss.
    n_errors : int
        Samples times outputs: the length of `errors`.
    """

    start: Array
    loss: Loss

    @property
    def n_errors(self) -> int: ...

    def kinds(self) -> set[str]:
        """The kinds of layers in the net."""
        ...

    def has(self, *options: str) -> list[str]:
        """Those of these options of layers that some layer sets."""
        ...

    def check_rows(self) -> None:
        """Refuse a number of samples that leaves one of them alone in a batch norm."""
        ...

    def loss_and_gradient(self, x: Array, /) -> tuple[float, Array]:
        """The loss at x and its gradient, both over all samples."""
        ...

    def errors(self, x: Array, /) -> Array:
        """What least squares sums the squares of, (n_errors,)."""
        ...

    def jacobian(self, x: Array, /) -> Array:
        """Derivatives of `errors` by the parameters, (n_errors, n_parameters)."""
        ...


class Solver(Shown, ABC):
    """Base class of the solvers, which `MLP.fit` takes as its optimizer."""

    name: ClassVar[str]
    excluded: ClassVar[tuple[str, ...]] = ("dropout", "alpha_dropout", "gaussian_noise")
    unfit: ClassVar[tuple[str, ...]] = ("lr_factor", "bias_lr_factor")  # options of layers
    max_iter: int | None

    def check(self, problem: Problem) -> None:
        """Refuse a problem that is not for this solver, and to start without scipy."""
        require("scipy.optimize", type(self).__name__)
        for kind in sorted(problem.kinds() & set(self.excluded)):
            raise ArgumentError(
                f"{type(self).__name__} needs outputs that depend on nothing but the parameters and "
                f"the sample; this net has a layer {kind}"
            )
        for option in problem.has("max_norm", *self.unfit):
            raise ArgumentError(f"{type(self).__name__} can't train layers with {option}")
        problem.check_rows()

    @abstractmethod
    def solve(self, problem: Problem, max_iter: int, watch: Watch) -> str:
        """Iterate from the net's parameters; why it stopped."""


@dataclass(frozen=True, repr=False)
class LBFGS(Solver):
    """Limited-memory BFGS: steps along an estimate of the inverse Hessian, found by line search.

    For sets that fit into memory and nets that are not too wide. Each iteration is an epoch of
    `MLP.fit`; it evaluates the gradient over all samples once or a few times. Needs scipy:
    ``pip install scipy``. A net in float64 gets further than one in float32.

    Parameters
    ----------
    max_iter : int, optional
        Iterations at most; the epochs of `fit` if not given.
    max_fun : int
        Evaluations of the gradient at most.
    tol : float
        Stop when no element of the gradient is larger, >= 0.
    ftol : float
        Stop when the loss falls by less than this share of it, >= 0.
    history_size : int
        Steps from which the Hessian is estimated.

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

    def solve(self, problem: Problem, max_iter: int, watch: Watch) -> str:
        """Iterate from the net's parameters; why it stopped."""
        scipy = require("scipy.optimize", "LBFGS")
        result = scipy.minimize(
            problem.loss_and_gradient,
            problem.start,
            method="L-BFGS-B",
            jac=True,
            callback=lambda x: watch(np.array(x)),
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
    """The Levenberg-Marquardt algorithm: least squares, by the derivatives of each single error.

    For small nets and regression (mse or squared_error): each iteration takes the Jacobian, a
    matrix of (samples x outputs) rows by all parameters, and solves a linear system with it. There
    must be at least as many rows as parameters. Each iteration is an epoch of `MLP.fit`. Needs
    scipy: ``pip install scipy``. A net in float64 gets further than one in float32.

    Parameters
    ----------
    max_iter : int, optional
        Iterations at most; the epochs of `fit` if not given.
    ftol, xtol, gtol : float
        Stop when the loss, the parameters or the angle between errors and Jacobian change by
        less than this share, > 0; see `scipy.optimize.least_squares`.

    References
    ----------
    Hagan and Menhaj, "Training feedforward networks with the Marquardt algorithm", IEEE
    Transactions on Neural Networks 5, 1994.
    Moré, "The Levenberg-Marquardt algorithm: implementation and theory", 1978.
    """

    name: ClassVar[str] = "levenberg_marquardt"
    excluded: ClassVar[tuple[str, ...]] = (*Solver.excluded, "batch_norm")
    unfit: ClassVar[tuple[str, ...]] = (*Solver.unfit, "l1", "l2")
    max_iter: int | None = None
    ftol: float = 1e-8
    xtol: float = 1e-8
    gtol: float = 1e-8

    def __post_init__(self) -> None:
        _check_max_iter(self.max_iter)
        for name in ("ftol", "xtol", "gtol"):
            real(getattr(self, name), name, low=0.0, low_open=True)

    def check(self, problem: Problem) -> None:
        """Refuse what is no least squares problem, or has too few samples."""
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

    def solve(self, problem: Problem, max_iter: int, watch: Watch) -> str:
        """Iterate from the net's parameters; why it stopped."""
        scipy = require("scipy.optimize", "LevenbergMarquardt")
        at = problem.start

        def jacobian(x: Array) -> Array:
            """Asked for where the iterations begin, and after each step that was good."""
            nonlocal at
            if not np.array_equal(x, at):
                at = np.array(x)
                watch(at)
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
            watch(np.array(result.x))
        return str(result.message)


SOLVERS: dict[str, type[Solver]] = {solver.name: solver for solver in (LBFGS, LevenbergMarquardt)}
"""The solvers by name."""


def _check_max_iter(max_iter: int | None) -> None:
    if max_iter is not None:
        count(max_iter, "max_iter")
