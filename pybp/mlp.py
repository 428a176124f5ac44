"""The class `MLP`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Literal, Self

from pybp._common.arguments import count, flag, threads_count
from pybp._common.explain import explained
from pybp._common.types import Array
from pybp.callbacks import Callback
from pybp.callbacks.reports import find_progress_bar
from pybp.data.dataset import ClassWeight
from pybp.errors import BusyError, DivergenceError
from pybp.export.methods import Export
from pybp.io import SavedNet, load_net, save_net
from pybp.losses import LossLike, resolve_loss
from pybp.metrics import MetricLike, resolve_metrics
from pybp.net.state import updates_done
from pybp.optimizers import SGD, OptimizerLike
from pybp.optimizers.resolve import resolve_optimizer, resolve_stepper
from pybp.optimizers.solvers import Solver
from pybp.schedules import Schedule
from pybp.schedules.base import checked_schedule
from pybp.training.callback_list import checked_callbacks
from pybp.training.epoch import train_epoch
from pybp.training.fit import Fit, advice, assess
from pybp.training.history import History
from pybp.training.progress import make_progress
from pybp.training.rates import step_rates
from pybp.training.settings import TrainSettings
from pybp.training.whole_batch import WholeBatchFit

__all__ = ["MLP"]


class MLP(Export):
    """A multilayer perceptron.

    Parameters
    ----------
    layers : list of int or layers
        The number of inputs, then for each layer its number of neurons or one of `pybp.layers`.
    activation : str or ActivationFunction
        Activation of the hidden layers that are given as numbers.
    output : str or ActivationFunction, optional
        Activation of the last layer, unless the layer sets its own; default: identity.
    init : str or Initializer
        Initializer of the layers that don't set one; "auto" chooses by the activation.
    dtype : {"float32", "float64"}
        Type of parameters, outputs and all computation.
    seed : int, optional
        Seed of all random numbers: initial weights, shuffles, dropout; 0 to 2^64 - 1. Default: a random
        seed, which the attribute `seed` holds.

    Attributes
    ----------
    history : History or None
        The record of the last call of `fit`, also if an exception ended it.

    Raises
    ------
    ArgumentError
        A size, a name or a combination of layers is not valid.
    MemoryError
        The net is too large.

    Notes
    -----
    Layer l, counted from 1, computes ``z_l = W_l a_(l-1) + b_l`` and ``a_l = f_l(z_l)``; a_0 is the
    input. For a given seed the results have the same bits for any number of threads, on any machine.

    Every method accepts as X anything that NumPy converts to an array of numbers, of shape
    (n_samples, n_in), or (n_in,) for one sample. float32 and float64 arrays with contiguous rows are not
    copied, whatever the net's dtype is, so that X may be a file larger than memory (`numpy.memmap`). X may
    also be a sparse matrix or array of scipy. Only the rows in use are converted to dense ones; the
    results have the same bits as for a dense X. NaN and infinity raise an error.

    Several threads may call `predict` and `evaluate` at the same time. While one thread trains the net,
    calls from other threads raise BusyError.

    Examples
    --------
    >>> import pybp
    >>> net = pybp.MLP([2, 8, 1], activation="tanh", output="sigmoid", seed=0)
    >>> history = net.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], epochs=500,
    ...                   batch_size=4, optimizer=pybp.Adam(lr=0.05))
    >>> net.predict([[0, 1], [1, 1]]).round()
    array([[1.],
           [0.]], dtype=float32)
    """

    # ---- training ----------------------------------------------------------------------------

    @explained
    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        loss: LossLike = None,
        optimizer: OptimizerLike = "adam",
        epochs: int = 10,
        initial_epoch: int = 0,
        batch_size: int = 32,
        shuffle: bool = True,
        accumulate: int = 1,
        drop_last: bool = False,
        dropout: Schedule | Callable[[int], float] | None = None,
        penalty_per_weight: bool = False,
        sample_weight: Any = None,
        class_weight: ClassWeight | None = None,
        steps_per_epoch: int | None = None,
        validation_data: Any = None,
        validation_split: float | None = None,
        metrics: Sequence[MetricLike] | None = None,
        callbacks: Iterable[Callback] = (),
        progress: bool | Literal["auto"] = "auto",
        threads: int | None = None,
    ) -> History:
        """Train on samples X with targets y. A second call continues the training.

        Parameters
        ----------
        X : array-like or sparse, shape (n_samples, n_in); or iterable
            Inputs. Without y: an iterable of minibatches (X, y) or (X, y, sample_weight). Each makes one
            step, in the given order; batch_size and shuffle then have no effect.
        y : array-like
            Class indices (n_samples,) or probabilities (n_samples, n_out) for cross_entropy; 0 or 1 for
            binary_cross_entropy; -1 and 1, or 0 and 1, for the hinge losses; counts for poisson; numbers
            for the other losses. Except for class indices the shape is (n_samples, n_out), or
            (n_samples,) for one output. For several quantiles see `Quantile`.
        loss : str, Loss or callable, optional
            Default: cross_entropy for a softmax output, binary_cross_entropy for a sigmoid output, else
            mse. A callable is a function ``f(y_true, y_pred) -> (loss per row, d loss / d y_pred)``.
        optimizer : str or Optimizer
            The net keeps its state from call to call, unless its class changes, or options such as
            `amsgrad` that need more state. `LBFGS` and `LevenbergMarquardt` use all samples at once;
            each of their iterations is an epoch.
        epochs : int
            Number of passes over the samples, including `initial_epoch`.
        initial_epoch : int
            Number of epochs done before. ``net.fit(..., initial_epoch=net.epochs_done)`` continues a saved
            training, with the same bits as without interruption.
        batch_size : int
            Samples of a minibatch; if there are fewer samples, all make one minibatch.
        shuffle : bool
            Whether each epoch uses the samples in a new random order. If all samples make one update,
            they are not shuffled.
        accumulate : int
            Number of minibatches of one update. The result is that of one large minibatch, with memory for
            the activations of a small one: the same bits if batch_size is a multiple of 256, else up to
            rounding, because the gradient is summed in another order.
        drop_last : bool
            Whether to skip the samples at the end of an epoch that don't fill a minibatch (with
            `accumulate`, an update), unless the epoch has no others.
        dropout : Schedule, optional
            Rates of the `Dropout` and `AlphaDropout` layers by step, in place of their own.
        penalty_per_weight : bool
            Whether to divide the layers' l1 and l2 by the total weight of each update's samples (without
            weights, their number), as scikit-learn does with alpha; `evaluate` does not divide them.
        sample_weight : array-like, shape (n_samples,), optional
            Weights of the samples in the loss, >= 0.
        class_weight : dict or "balanced", optional
            Weights of classes in training, multiplied by `sample_weight`; 1 for classes that are not in
            the dict. "balanced" is n_samples / (number of classes * samples of the class).
        steps_per_epoch : int, optional
            Minibatches of an epoch, if X is an iterable of minibatches; default: all. If given, each epoch
            continues where the previous one stopped, and iteration restarts when X ends, unless X is an
            iterator such as a generator.
        validation_data : tuple (X, y) or (X, y, sample_weight), or iterable of them, optional
            Data that are evaluated after each epoch.
        validation_split : float, optional
            Fraction of the samples to use as validation data: the last
            ceil(n_samples * validation_split) of X, before any shuffle.
        metrics : list of str or callable, optional
            "accuracy", "top_3", "auc", "f1", "balanced_accuracy", "mse", "rmse", "mae", "r2", or
            functions ``f(y_true, y_pred) -> number``; see `pybp.metrics`. Default: the accuracy for
            the cross entropies and the hinge losses, else none. On training data, loss and accuracy are
            computed before each update, other metrics at the end of the epoch.
        callbacks : list of Callback
            Called between epochs and steps; see `pybp.callbacks`.
        progress : bool or "auto"
            Whether to show progress on standard error; "auto": if that is a terminal, and in notebooks.
        threads : int, optional
            Maximum number of threads; default: PYBP_NUM_THREADS, OMP_NUM_THREADS, or the number of CPUs.
            The result doesn't depend on it.

        Returns
        -------
        History
            Loss and metrics of each epoch.

        Raises
        ------
        ArgumentError, ShapeError, NotFiniteError, TypeError
            An argument is wrong; the net is not changed.
        DivergenceError
            Loss or parameters became infinite or NaN; the net has the parameters of the end of the last
            finite epoch.
        BusyError
            Another thread is training this net.
        KeyboardInterrupt
            On Ctrl-C, after at most 0.1 seconds or one step; the net remains usable, callbacks'
            `on_fit_end` has been called, and `history` has the epochs that were completed.
        """
        chosen = resolve_loss(loss, self._layers[-1].output_activation)
        n_epochs, done = count(epochs, "epochs"), count(initial_epoch, "initial_epoch", low=0)
        weights = sample_weight, class_weight
        data, validation = self._reader(chosen).training(
            X, y, *weights, steps_per_epoch, n_epochs - done, validation_data, validation_split
        )
        rule = resolve_optimizer(optimizer)
        computed = resolve_metrics(metrics, chosen)
        fit = Fit(
            model=self,
            data=data,
            validation=validation,
            settings=TrainSettings(
                loss=chosen,
                optimizer=SGD() if isinstance(rule, Solver) else rule,
                batch_size=count(batch_size, "batch_size"),
                shuffle=flag(shuffle, "shuffle"),
                threads=threads_count(threads),
                accumulate=count(accumulate, "accumulate"),
                drop_last=flag(drop_last, "drop_last"),
                count_correct=any(metric.function is None for metric in computed),
                penalty_per_weight=flag(penalty_per_weight, "penalty_per_weight"),
                dropout=checked_schedule(dropout, "dropout"),
            ),
            epochs=n_epochs,
            metrics=computed,
            callbacks=checked_callbacks(callbacks),
            initial_epoch=done,
        )
        fit = WholeBatchFit.from_fit(fit, rule) if isinstance(rule, Solver) else fit
        bar = find_progress_bar(fit.callbacks)
        start = partial(make_progress, progress) if bar is None else bar.start
        return fit.run(self._net, start(fit.epochs, fit.steps, fit.initial_epoch))

    @explained
    def train_step(
        self,
        X: Any,
        y: Any,
        *,
        loss: LossLike = None,
        optimizer: OptimizerLike = "adam",
        sample_weight: Any = None,
        threads: int | None = None,
    ) -> float:
        """One update with all given samples as one minibatch, for online learning.

        Parameters
        ----------
        X : array-like or sparse, shape (n_samples, n_in) or (n_in,)
            Inputs.
        y, loss, optimizer, sample_weight, threads
            As in `fit`.

        Returns
        -------
        float
            The loss before the update.

        Raises
        ------
        DivergenceError
            The update would make a parameter infinite or NaN; the parameters are not changed.
        """
        chosen = resolve_loss(loss, self._layers[-1].output_activation)
        data = self._reader(chosen).rows(X, y, sample_weight)
        spec = resolve_stepper(optimizer)
        settings = TrainSettings(
            chosen, spec, len(data), shuffle=False, threads=threads_count(threads)
        )
        with self._net.exclusive() as acquired:
            if not acquired:
                raise BusyError("this net is being fitted; a callback can't train it")
            try:
                rates = step_rates(spec, None, updates_done(self._net, spec), 1)
                return train_epoch(self._net, self._layers, data, settings, rates).loss
            except DivergenceError:
                raise DivergenceError(
                    "the update diverged: loss or parameters are not finite. The net has the "
                    f"parameters from before. {advice(spec)}"
                ) from None

    # ---- predicting --------------------------------------------------------------------------

    def predict(self, X: Any, out: Array | None = None, *, threads: int | None = None) -> Array:
        """Compute the outputs of the net.

        Parameters
        ----------
        X : array-like or sparse, shape (n_samples, n_in) or (n_in,)
            Inputs.
        out : ndarray, shape (n_samples, n_out) or (n_out,), optional
            Array for the outputs, C-contiguous, in the net's dtype. Undefined after a NotFiniteError.
        threads : int, optional
            As in `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_out) or (n_out,)
            The outputs, in the net's dtype; `out` if given. A row's bits do not depend on other rows.

        Raises
        ------
        ShapeError, NotFiniteError, TypeError
            X or out is wrong.
        """
        number = 0 if threads is None else threads_count(threads)
        outputs = self._net.try_predict(X, out, number)
        return self._predict(X, out, number) if outputs is None else outputs

    def __call__(self, X: Any, *, threads: int | None = None) -> Array:
        """Outputs of the net: the same as `predict`.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_in) or (n_in,)
            Inputs.
        threads : int, optional
            As in `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_out) or (n_out,)
            The outputs.
        """
        return self.predict(X, threads=threads)

    @explained
    def evaluate(
        self,
        X: Any,
        y: Any = None,
        *,
        loss: LossLike = None,
        metrics: Sequence[MetricLike] | None = None,
        sample_weight: Any = None,
        threads: int | None = None,
    ) -> dict[str, float]:
        """Compute loss and metrics on samples X with targets y.

        Parameters
        ----------
        X, y, loss, metrics, sample_weight, threads
            As in `fit`.

        Returns
        -------
        dict of str to float
            "loss", and the metrics by name.
        """
        chosen = resolve_loss(loss, self._layers[-1].output_activation)
        watched = resolve_metrics(metrics, chosen)
        source = self._reader(chosen).evaluation(X, y, sample_weight)
        output, number = self._layers[-1], threads_count(threads)
        return assess(self._net, source, chosen, watched, output, number)

    # ---- files -------------------------------------------------------------------------------

    @explained
    def save(self, path: str | os.PathLike[str], *, optimizer: bool = True) -> None:
        """Write the net to a file, with everything that a later `fit` needs to continue the training.

        Parameters
        ----------
        path : str or path-like
            The file, in the safetensors format. An existing file is replaced atomically.
        optimizer : bool
            Whether to include the optimizer's state. Without it the file is smaller, and the optimizer
            starts with a new state.

        Raises
        ------
        OSError
            The file can't be written; an existing file is not changed.
        """
        with_state = flag(optimizer, "optimizer")
        save_net(path, self._saved(), with_state)

    @classmethod
    @explained
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a net from a file that `save` wrote. No code in a file is executed.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        MLP
            The net. Its predictions and its further training have the same bits as those of the saved net.

        Raises
        ------
        FileFormatError
            The file was not written by `save`, or it is damaged.
        OSError
            The file can't be read.
        """
        return cls._of(load_net(path))

    @classmethod
    def _of(cls, saved: SavedNet) -> Self:
        """The net with the contents of a file."""
        net = cls.__new__(cls)
        net._adopt(*saved)
        return net

    def _saved(self) -> SavedNet:
        """What a file has of the net."""
        net, callbacks = self._copied_state()
        return SavedNet(net, self._layers, self._seed, callbacks)
