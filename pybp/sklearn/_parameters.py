"""The parameters that classifier, regressor and transformer share, described once."""

__all__ = ["ATTRIBUTES", "COMMON"]

COMMON = """
    hidden_layer_sizes : array-like of int
        Neurons of each hidden layer.
    activation : str, ActivationFunction, or list of them
        Of the hidden layers: "relu", "tanh", "logistic", "identity", or any other of
        `pybp.activations`; a list has one for each hidden layer.
    solver : {"adam", "sgd", "lbfgs"}, str or Optimizer
        The optimizer. Beyond scikit-learn's: the name of any of `pybp.optimizers`, which then has
        learning rate `learning_rate_init` and else its defaults, or an instance, which is taken as
        it is.
    alpha : float
        Penalty ``alpha / 2 sum W^2`` of the weights, not of the biases, divided by the weight of
        the samples of each update.
    batch_size : int or "auto"
        Samples of a minibatch; "auto" is ``min(200, n_samples)``.
    learning_rate : {"constant", "invscaling", "adaptive"}
        For ``solver="sgd"``: stays, falls as ``learning_rate_init / t^power_t``, or is divided by 5
        whenever there is no progress.
    learning_rate_init : float
        The learning rate, at the beginning.
    power_t : float
        Exponent of "invscaling".
    max_iter : int
        Epochs at most; iterations of "lbfgs".
    shuffle : bool
        Whether each epoch takes the samples in a new order.
    random_state : int, RandomState or None
        Of the weights, the orders of samples, dropout, and what early stopping holds out.
    tol : float
        What counts as progress; the largest gradient at which "lbfgs" is done.
    verbose : bool or int
        Whether to print each iteration's loss.
    warm_start : bool
        Whether `fit` goes on from the weights that it left.
    momentum : float
        Of "sgd".
    nesterovs_momentum : bool
        Whether it is Nesterov's.
    early_stopping : bool
        Whether to stop when the score on samples that were held out makes no progress, and to
        restore the weights of the best epoch; else it is the training loss that stops.
    validation_fraction : float
        How many of the samples are held out.
    beta_1, beta_2, epsilon : float
        Of "adam".
    n_iter_no_change : int
        Epochs without progress that don't stop training yet.
    max_fun : int
        Evaluations of the loss at most, of "lbfgs".
    dropout : float or list of float
        Share of each hidden layer's outputs that is dropped in training; a list has one for each.
    batch_norm, layer_norm : bool
        Whether there is such a norm between each hidden layer's weights and its activation. With
        batch norm, a last minibatch of one sample is left out.
    residual : bool
        Whether the input of each hidden layer is added to its output (see `pybp.Residual`).
    embedding : dict, optional
        Columns of X, by number or name, that hold categories 0, 1, ... n - 1, with n or (n, dim):
        they enter as learnt vectors (see `pybp.Embedding`).
    schedule : str, Schedule or callable, optional
        One of `pybp.schedules` instead of `learning_rate`; by name, it starts from
        `learning_rate_init`.
    clip_norm : float, optional
        Scale each gradient down to this Euclidean norm at most.
    monitor : "loss", str or callable, optional
        What `early_stopping` watches instead of the score: the loss on what is held out, or any of
        scikit-learn's scorers.
    callbacks : list of pybp.callbacks.Callback
        Called by the net's fit; if samples are held out, they may watch "val_loss".
    n_jobs : int, optional
        Threads, -1 for all CPUs; if not given, PYBP_NUM_THREADS, OMP_NUM_THREADS or the CPUs
        decide. The result doesn't depend on it.
    progress : bool or "auto"
        Whether to show a progress bar.
    dtype : {"float32", "float64"}, optional
        Of weights and computation; that of X if not given, float64 for other numbers.
"""

ATTRIBUTES = """
    net_ : pybp.MLP
        The net itself, to look into, save or export.
    coefs_ : list of ndarray, shape (n_in, n_out)
        Weights of the dense layers; may be changed or assigned.
    intercepts_ : list of ndarray, shape (n_out,)
        Their biases.
    loss_, best_loss_ : float
        The last loss and the smallest one.
    loss_curve_ : list of float
        Loss of each epoch, measured before each update.
    validation_scores_ : list of float or None
        Score of each epoch, the larger the better, if samples are held out.
    best_validation_score_ : float or None
        The best, with `early_stopping`.
    validation_loss_curve_ : list of float or None
        Loss on `validation_data`, or with ``monitor="loss"`` on what is held out, without penalty.
    n_iter_ : int
        Epochs, or iterations, of the last fit.
    t_ : int
        Samples trained on, counted as often as they were.
    n_layers_, n_outputs_, n_features_in_ : int
        Layers (with input and output), outputs, inputs.
    feature_names_in_ : ndarray of str
        Names of the inputs, if X has them.
    out_activation_ : str
        Activation of the output.
"""
