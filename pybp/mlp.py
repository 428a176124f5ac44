"""The class `MLP`."""

import os
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Self

import numpy as np

from pybp._common.arguments import count, flag, shown, threads_count
from pybp._common.types import Array
from pybp.callbacks import Callback
from pybp.callbacks.reports import progress_bar
from pybp.data.dataset import ClassWeight, check_categories
from pybp.data.sparse import Sparse, as_inputs
from pybp.errors import BusyError, DivergenceError, ShapeError
from pybp.inspection.methods import Inspection
from pybp.io import load_net, save_net
from pybp.losses import LossLike, resolve_loss
from pybp.metrics import MetricLike, resolve_metrics
from pybp.net.state import exclusive, updates_done
from pybp.optimizers import SGD, OptimizerLike
from pybp.optimizers.resolve import resolve_optimizer, resolve_stepper
from pybp.optimizers.solvers import Solver
from pybp.training.callback_list import checked_callbacks
from pybp.training.epoch import train_epoch
from pybp.training.fit import Fit, advice, assess
from pybp.training.history import History
from pybp.training.plan import Plan
from pybp.training.progress import make_progress
from pybp.training.whole_batch import WholeBatchFit

__all__ = ["MLP"]


class MLP(Inspection):
    """A multilayer perceptron.

    Parameters
    ----------
    layers : list of int or layers
        The number of inputs, then for each layer a number of neurons or one of `pybp.layers`.
    activation : str or ActivationFunction
        Of the hidden layers that are given as plain numbers.
    output : str or ActivationFunction, optional
        Activation of the last layer, unless it has its own; default identity.
    init : str or Initializer
        How weights start, where a layer doesn't say; "auto" suits the activation.
    dtype : {"float32", "float64"}
        Of parameters, outputs and all computation.
    seed : int, optional
        Of initial weights and shuffles, 0 to 2^64 - 1; one is drawn and recorded if not given.

    Raises
    ------
    ArgumentError
        A size, name or combination that can't be.
    MemoryError
        The net is too large.

    Notes
    -----
    With l counted from 1, ``z_l = W_l a_(l-1) + b_l`` and ``a_l = f_l(z_l)``, a_0 being the input.
    One seed gives the same bits on any number of threads and on any machine.

    Wherever X is taken, it is anything that NumPy reads as numbers: (n_samples, n_in), or (n_in,)
    for one sample. float32 and float64 with contiguous rows are not copied, whatever the net's
    dtype; so files may be used that are larger than memory (`numpy.memmap`). X may also be one of
    scipy's sparse matrices or arrays; only the rows at work are densified, and the results have
    the bits of the dense ones. NaN and infinity are refused. Several threads may predict and evaluate at once; while one trains the net, the others
    get a BusyError.

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

    # ---- learning ----------------------------------------------------------------------------

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
        penalty_per_weight: bool = False,
        sample_weight: Any = None,
        class_weight: ClassWeight | None = None,
        steps_per_epoch: int | None = None,
        validation_data: Any = None,
        validation_split: float | None = None,
        metrics: Sequence[MetricLike] | None = None,
        callbacks: Iterable[Callback] = (),
        progress: bool | str = "auto",
        threads: int | None = None,
    ) -> History:
        """Train on samples X with targets y. Called again, it goes on where it was.

        Parameters
        ----------
        X : array-like or sparse, shape (n_samples, n_in); or iterable
            Inputs. Or, without y, an iterable of minibatches (X, y) or (X, y, sample_weight), each
            of which makes a step, in the order given; batch_size and shuffle have then no meaning.
        y : array-like
            Class indices (n_samples,) or probabilities (n_samples, n_out) for cross_entropy; 0 or
            1 for binary_cross_entropy, also -1 and 1 for the hinge losses; counts for poisson;
            numbers for the other losses. All but the first have shape (n_samples, n_out), or
            (n_samples,) for one output. Several quantiles share a target: see `Quantile`.
        loss : str, Loss or callable, optional
            If not given: cross_entropy for a softmax output, binary_cross_entropy for a sigmoid
            output, else mse. A function ``f(y_true, y_pred) -> (loss per row, d loss / d y_pred)``
            works too.
        optimizer : str or Optimizer
            Its state goes on from the last call as long as its class is the same. `LBFGS` and
            `LevenbergMarquardt` take all samples at once; each of their iterations is an epoch.
        epochs : int
            How often every sample is used.
        initial_epoch : int
            So many of these are done already. A training that was saved goes on, with the bits of
            one that was never stopped, by ``net.fit(..., initial_epoch=net.epochs_done)``.
        batch_size : int
            Samples in a minibatch; one batch if there are not that many samples.
        shuffle : bool
            Whether each epoch takes the samples in a new order. Where all of them make one update,
            they come as they are.
        accumulate : int
            So many minibatches make one update, as if they were one of their size together, with
            memory for the activations of one. Bit for bit so if batch_size is a multiple of 256;
            else up to rounding, as the gradient is then summed in another order.
        drop_last : bool
            Leave out the samples at the end of an epoch's order that don't make a whole
            minibatch (with `accumulate`: a whole update), unless they are all.
        penalty_per_weight : bool
            Whether the layers' l1 and l2 are divided by the weight of each update's samples (their
            number, without weights), as scikit-learn's alpha is. `evaluate`, and so validation, has
            them undivided.
        sample_weight : array-like, shape (n_samples,), optional
            Weights >= 0 of the samples in the loss.
        class_weight : dict or "balanced", optional
            Weights of classes in training, multiplied with `sample_weight`; 1 for those that a
            dict leaves out. "balanced" is n_samples / (number of classes * samples of the class).
        steps_per_epoch : int, optional
            Minibatches of an epoch, if X is an iterable of them; all that it gives if not said.
            Epochs then go on where the one before stopped, and X starts anew when it ends, unless
            it is an iterator such as a generator, which can't.
        validation_data : tuple (X, y) or (X, y, sample_weight), or iterable of them, optional
            Data to evaluate after each epoch.
        validation_split : float, optional
            Instead of it, the share of samples to take from the end of X: the last
            ceil(n_samples * validation_split), before any shuffle.
        metrics : list of str or callable, optional
            "accuracy", "top_3", "auc", "f1", "balanced_accuracy", "mse", "rmse", "mae", "r2", or
            functions ``f(y_true, y_pred) -> number``; see `pybp.metrics`. If not given, the accuracy
            for the cross entropies and the hinge losses. On training data, loss and accuracy are
            measured before each update, the others at the end of the epoch.
        callbacks : list of Callback
            Called between epochs and steps; see `pybp.callbacks`.
        progress : bool or "auto"
            Whether to show progress on standard error; "auto" if that is a terminal, or in
            notebooks.
        threads : int, optional
            At most so many; if not given, PYBP_NUM_THREADS, OMP_NUM_THREADS or the CPUs decide.
            The result doesn't depend on it.

        Returns
        -------
        History
            Loss and metrics of each epoch.

        Raises
        ------
        ArgumentError, ShapeError, NotFiniteError, TypeError
            An argument is wrong; the net is as it was.
        DivergenceError
            Loss or parameters became infinite or NaN; the net has the parameters of the end of
            the last finite epoch.
        BusyError
            Another thread is training this net.
        KeyboardInterrupt
            Ctrl-C, within a tenth of a second or one step; the net is usable.
        """
        chosen = resolve_loss(loss, self._layers[-1].activation)
        n_epochs, done = count(epochs, "epochs"), count(initial_epoch, "initial_epoch", low=0)
        left = n_epochs - done
        data, validation = self._reader(chosen).training(
            X,
            y,
            sample_weight,
            class_weight,
            steps_per_epoch,
            left,
            validation_data,
            validation_split,
        )
        how = resolve_optimizer(optimizer)
        watched = resolve_metrics(metrics, chosen)
        fit = Fit(
            model=self,
            data=data,
            validation=validation,
            plan=Plan(
                loss=chosen,
                optimizer=SGD() if isinstance(how, Solver) else how,
                batch_size=count(batch_size, "batch_size"),
                shuffle=flag(shuffle, "shuffle"),
                threads=threads_count(threads),
                accumulate=count(accumulate, "accumulate"),
                drop_last=flag(drop_last, "drop_last"),
                count_correct=any(metric.function is None for metric in watched),
                penalty_per_weight=flag(penalty_per_weight, "penalty_per_weight"),
            ),
            epochs=n_epochs,
            metrics=watched,
            callbacks=checked_callbacks(callbacks),
            initial_epoch=done,
        )
        fit = WholeBatchFit.of(fit, how) if isinstance(how, Solver) else fit
        bar = progress_bar(fit.callbacks)
        make = bar.make if bar is not None else partial(make_progress, progress)
        return fit.run(self._net, make(fit.epochs, fit.steps, fit.initial_epoch))

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
        """One update from these samples as one minibatch: online learning.

        Parameters
        ----------
        X, y, loss, optimizer, sample_weight, threads
            As in `fit`.

        Returns
        -------
        float
            The loss before the update.

        Raises
        ------
        DivergenceError
            The update would make a parameter infinite or NaN; it is not done.
        """
        chosen = resolve_loss(loss, self._layers[-1].activation)
        data = self._reader(chosen).rows(X, y, sample_weight)
        spec = resolve_stepper(optimizer)
        plan = Plan(chosen, spec, len(data), shuffle=False, threads=threads_count(threads))
        with exclusive(self._net) as acquired:
            if not acquired:
                raise BusyError("this net is being fitted; a callback can't train it")
            try:
                rates = spec.rates(updates_done(self._net, spec), 1)
                return train_epoch(self._net, self._layers, data, plan, rates).loss
            except DivergenceError:
                raise DivergenceError(
                    "the update diverged: loss or parameters are not finite. The net has the "
                    f"parameters from before. {advice(spec)}"
                ) from None

    # ---- predicting --------------------------------------------------------------------------

    def predict(self, X: Any, out: Array | None = None, *, threads: int | None = None) -> Array:
        """Outputs of the net.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_in) or (n_in,)
            Inputs.
        out : ndarray, shape (n_samples, n_out) or (n_out,), optional
            Where to put the outputs: C-contiguous, in the net's dtype. After a NotFiniteError
            it may hold some of them.
        threads : int, optional
            As in `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_out) or (n_out,)
            The outputs, in the net's dtype; `out` if given. Row i is the same to the last bit
            whether predicted alone or among others.

        Raises
        ------
        ShapeError, NotFiniteError, TypeError
            X or out is not as it should be.
        """
        number = 0 if threads is None else threads_count(threads)
        outputs = self._net.try_predict(X, out, number)
        return self._predict(X, out, number) if outputs is None else outputs

    def _predict(self, X: Any, out: Array | None, threads: int) -> Array:
        """The long way of `predict`: convert X, or say what is wrong."""
        matrix = as_inputs(X, "X", self.dtype, self.n_in)
        check_categories(matrix, self._layers, "X")
        shape = (self.n_out,) if np.ndim(X) == 1 else (len(matrix), self.n_out)
        if out is None:
            out = np.empty(shape, self.dtype)
        elif not isinstance(out, np.ndarray) or out.dtype != self.dtype:
            found = f"dtype {out.dtype}" if isinstance(out, np.ndarray) else shown(out)
            raise TypeError(f"out must be an array of {self.dtype}, got {found}")
        elif out.shape != shape or not out.flags.c_contiguous or not out.flags.writeable:
            raise ShapeError(
                f"out has shape {out.shape}, C-contiguous {out.flags.c_contiguous}, writeable "
                f"{out.flags.writeable}; expected {shape}, contiguous and writeable"
            )
        if not isinstance(matrix, Sparse) and np.may_share_memory(matrix, out):
            matrix = matrix.copy()
        return self._net.predict(matrix, out, threads)

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
        """Loss and metrics on samples X with targets y.

        Parameters
        ----------
        X, y, loss, metrics, sample_weight, threads
            As in `fit`.

        Returns
        -------
        dict of str to float
            "loss", and each metric by its name.
        """
        chosen = resolve_loss(loss, self._layers[-1].activation)
        watched = resolve_metrics(metrics, chosen)
        source = self._reader(chosen).evaluation(X, y, sample_weight)
        output, number = self._layers[-1], threads_count(threads)
        return assess(self._net, source, chosen, watched, output, number)

    # ---- files -------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], *, optimizer: bool = True) -> None:
        """Write the net to a file, for `load`: everything that a later `fit` goes on from.

        Parameters
        ----------
        path : str or path-like
            The file, in the safetensors format. It is written beside the old one and takes its
            place at the end, in one step: whatever happens, one of them is there and whole.
        optimizer : bool
            Whether to keep the optimizer's state: without it the file is smaller, and the
            optimizer starts anew.

        Raises
        ------
        OSError
            The file can't be written; an old one is as it was.
        """
        save_net(path, self._net, self._layers, self._seed, flag(optimizer, "optimizer"))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a net that `save` wrote. Nothing in a file is run, whoever wrote it.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        MLP
            A net that predicts and trains on with the bits of the one that was saved.

        Raises
        ------
        FileFormatError
            It is not such a file, or it is damaged.
        OSError
            It can't be read.
        """
        loaded = load_net(path)
        net = cls.__new__(cls)
        net._net, net._layers, net._seed = loaded
        return net
