"""Errors about wrong arguments of a call, which suggest the right ones."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from pybp._common.arguments import did_you_mean

__all__ = ["explained"]

P = ParamSpec("P")
R = TypeVar("R")

_SYNONYMS = (
    {"lr", "learning_rate", "learning_rate_init", "eta", "step_size"},
    {"epochs", "n_epochs", "num_epochs", "max_epochs", "nb_epoch", "max_iter", "n_iter"},
    {"progress", "verbose", "verbosity", "show_progress", "progress_bar"},
    {"threads", "n_threads", "num_threads", "nthread", "n_jobs", "workers", "num_workers"},
    {"seed", "random_state", "random_seed", "rng"},
    {"loss", "criterion", "objective", "loss_fn"},
    {"metrics", "metric", "eval_metric", "scoring"},
    {"validation_data", "eval_set", "val_data", "validation_set"},
    {"validation_split", "validation_fraction", "val_split", "test_size"},
    {"n_out", "units", "n_units", "out_features", "size"},
    {"bias", "use_bias", "fit_intercept"},
    {"init", "initializer", "kernel_initializer", "weight_init"},
    {"betas", "beta_1", "beta_2", "beta1", "beta2"},
    {"eps", "epsilon"},
    {"restore_best", "restore_best_weights"},
    {"every_epochs", "save_freq", "period"},
    {"rate", "p", "dropout_rate"},
    {"l2", "alpha", "weight_decay"},
    {"X", "x", "data"},
    {"X_val", "X_valid", "x_val"},
    {"y_val", "y_valid", "Y_val"},
)
"""Groups of names that different libraries use for the same argument."""

_SIZES = "all sizes are one list, inputs and outputs included: MLP([n_inputs, 100, n_outputs])"
_STOPPING = "use callbacks=[pybp.callbacks.EarlyStopping('val_loss', patience=10)]"
_OF_FIT = "it is an argument of MLP.fit"
_OF_MLP = "it is an argument of MLP"


def _in(owner: str, *names: str) -> dict[str, str]:
    return {name: f"use {owner.format(name)}" for name in names}


_ADVICE = {
    **_in("optimizer=pybp.Adam(lr=...)", "lr", "learning_rate", "learning_rate_init", "eta"),
    **_in("optimizer=pybp.Adam({}=...)", "betas", "eps", "amsgrad", "clip_norm", "clip_value"),
    **_in("optimizer=pybp.AdamW({}=...)", "weight_decay"),
    **_in("optimizer=pybp.SGD({}=...)", "momentum", "nesterov"),
    **_in("optimizer=pybp.Adam(lr=a schedule of pybp.schedules)", "schedule", "lr_scheduler"),
    **_in("pybp.Dense(n, {}=...) among the layers", "l1", "l2", "max_norm", "bias_init"),
    **_in("pybp.Dense(n, l2=...) among the layers", "alpha"),
    **_in("pybp.Dropout(rate) among the layers", "dropout", "dropout_rate"),
    **_in("pybp.BatchNorm() among the layers", "batch_norm", "batchnorm"),
    **dict.fromkeys(("hidden_layer_sizes", "layer_sizes", "input_shape", "input_dim"), _SIZES),
    **dict.fromkeys(("early_stopping", "patience", "n_iter_no_change", "tol"), _STOPPING),
    **dict.fromkeys(("epochs", "batch_size", "shuffle", "callbacks", "progress"), _OF_FIT),
    **dict.fromkeys(("optimizer", "loss", "metrics", "validation_data", "verbose"), _OF_FIT),
    **dict.fromkeys(("seed", "random_state", "dtype", "activation", "output"), _OF_MLP),
    "device": "pybp computes on the CPU",
}
"""Advice for arguments that belong to another function."""


def explained(function: Callable[P, R]) -> Callable[P, R]:
    """`function` with better messages for calls with arguments that it does not have."""

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except TypeError:
            message = _message(function, args, kwargs)
            if message is None:
                raise
            raise TypeError(message) from None

    return call


def _message(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> str | None:
    """The message for the arguments of a call; None if they match the signature."""
    signature = inspect.signature(function)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        reason = str(error)
    else:
        return None
    parameters = [name for name in signature.parameters if name not in ("self", "cls")]
    called = _called(function, args)
    unknown = [name for name in kwargs if name not in parameters]
    if unknown:
        hint = _hint(unknown[0], parameters, type(args[0]) if args else None, function.__name__)
        return f"{called}() got an unexpected keyword argument {unknown[0]!r}{hint}"
    if "too many positional" in reason:
        named = signature.parameters
        first = [name for name in parameters if named[name].kind is not _KEYWORD_ONLY]
        hint = _ONE_LIST if first[-1:] == ["layers"] else ""
        taken = f"{', '.join(first)} and then arguments by name" if first else "no arguments"
        return f"{called}() takes {taken}{hint}"
    return f"{called}(): {reason}"


_ONE_LIST = "; the layers are one list, such as MLP([784, 128, 10])"
_KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY


def _called(function: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """The name in the call: of a class, a method or a function."""
    name = function.__name__
    if function.__qualname__ == name or not args:
        return name
    owner = (args[0] if isinstance(args[0], type) else type(args[0])).__name__
    return owner if name == "__init__" else f"{owner}.{name}"


def _hint(name: str, parameters: list[str], owner: Any, method: str) -> str:
    """A hint at the right argument for an unknown keyword.

    Estimators have advice of their own, `_argument_advice`: texts, or names of parameters of
    their constructor.
    """
    own: Mapping[str, str] = getattr(owner, "_argument_advice", {})
    other = (owner.fit if method == "__init__" else owner) if own else None
    others = list(inspect.signature(other).parameters) if other else []
    meant = own.get(name) or _synonym(name, parameters) or _synonym(name, others)
    if meant is None and not own:
        meant = _ADVICE.get(name)
    if meant in parameters:
        return f"; did you mean {meant!r}?"
    if other and meant in others:
        return f"; give {meant}=... to {other.__name__}()"
    if meant is not None:
        return f"; {meant}"
    return did_you_mean(name, parameters, 0.6) or f" (it takes {', '.join(parameters)})"


def _synonym(name: str, parameters: list[str]) -> str | None:
    """The parameter of this name, or of one that means the same elsewhere."""
    if name in parameters:
        return name
    groups = [group for group in _SYNONYMS if name in group]
    return next((known for known in parameters if any(known in g for g in groups)), None)
