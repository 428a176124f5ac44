"""The parameters and attributes that only estimators have, described once for both."""

from collections.abc import Mapping

__all__ = ["ADVICE", "ATTRIBUTES", "PARAMETERS"]

_KEPT = (
    "the net of the best epoch is kept anyway, validation_fraction says which samples choose it; "
    "patience and patience_factor say when training stops before the last epoch"
)
_FIXED = "the recipe has none to choose; pybp.sklearn.MLPClassifier and MLPRegressor have"

ADVICE: Mapping[str, str] = {
    **dict.fromkeys(("early_stopping", "n_iter_no_change", "tol"), _KEPT),
    **dict.fromkeys(("early_stopping_rounds", "restore_best_weights"), _KEPT),
    **dict.fromkeys(("solver", "optimizer", "loss", "schedule", "lr_scheduler"), _FIXED),
    **dict.fromkeys(("alpha", "l2", "batch_norm", "momentum"), _FIXED),
    **dict.fromkeys(("layer_norm", "residual", "warm_start", "shuffle", "monitor"), _FIXED),
    **dict.fromkeys(("layers", "layer_sizes", "hidden_layers", "units"), "hidden_layer_sizes"),
    **dict.fromkeys(("cat_features", "categorical_columns"), "categorical_features"),
}
"""Advice for arguments of other libraries: the name of our parameter, or a text."""

PARAMETERS = """
    categorical_features : "from_dtype", None, or array-like of bool, int or str
        Which columns hold categories. "from_dtype": those of dtype category, string, object and
        bool, but not objects that are numbers. None: no column. Or a mask, indices or names.
    random_state : int, RandomState instance or None
        Seed of the folds, the initial weights and the order of samples.
    callbacks : list of pybp.callbacks.Callback, optional
        Called by the fit of each net, one net after the other.
    n_jobs : int, optional
        Threads, -1 for all CPUs; if not given, PYBP_NUM_THREADS, OMP_NUM_THREADS or the CPUs
        decide. The result doesn't depend on it.
    verbose : bool
        Whether to print each epoch's loss.
    progress : bool or "auto"
        Whether to show a progress bar; see `MLP.fit`.
"""

ATTRIBUTES = """
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray, shape (n_features_in_,)
        Their names, if all of them are strings.
    nets_ : list of MLP
        The nets, whose outputs are averaged. Their inputs are what `preprocess` returns. The last layer of
        a classifier's nets has been divided by a temperature that calibrates the probabilities.
    net_ : MLP
        The first net. `n_iter_`, `best_epoch_` and the curves are those of its training.
    oof_prediction_ : ndarray, shape (n_samples, n_classes), (n_samples,) or (n_samples, n_outputs)
        Out-of-fold predictions: probabilities or numbers for each sample, by the nets that held it out;
        NaN for samples that no net held out. None if there are only such. The epochs that they are
        predictions of were chosen by other samples of the fold.
    oof_score_ : float
        `metric` of `oof_prediction_`; None without it. A scorer's is larger if better, a metric's
        by name is what its name says.
    histories_ : list of History
        Loss and metrics of each epoch, for each net.
    input_names_ : list of str
        What each input is.
    left_out_ : dict
        The columns that are no inputs, and why: "constant", "missing", "ids" or "duplicate".
    n_iter_ : int
        Number of epochs trained.
    best_epoch_ : int
        The epoch that was kept, counted from 1.
    best_epochs_ : list of int
        That of each net.
    loss_curve_, validation_loss_curve_ : list of float
        Loss of each epoch in training and in validation; None without validation. A regressor's is
        that of scaled targets.
    validation_scores_ : list of float
        `metric` of each epoch in validation, a regressor's on scaled targets; None without validation.
"""
