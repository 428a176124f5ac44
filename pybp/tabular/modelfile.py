"""Files of tabular models: nets, preprocessing and schema. docs/file-format.md defines them."""

import json
import os
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Protocol, TypeVar

import numpy as np

from pybp._common.specs import resolve
from pybp._common.types import Array
from pybp._core import File
from pybp.activations import ActivationFunction
from pybp.errors import FileFormatError, StateError
from pybp.io import describe_net, read_nets, write_document
from pybp.io.callback_values import decode, encode
from pybp.io.paths import checked_path
from pybp.mlp import MLP
from pybp.net.callback_states import CallbackStates
from pybp.tabular.intervals import Residuals
from pybp.tabular.preprocessing import Preprocessing
from pybp.tabular.recipe import Recipe
from pybp.tabular.target_descriptions import describe_targets, targets_of
from pybp.tabular.targets import NumberTargets
from pybp.tabular.training import TrainedNet
from pybp.training.history import History

__all__ = ["is_plain", "read_predictor", "save_predictor"]


class _Predictor(Protocol):
    def __init__(self, task: str, recipe: Recipe | None = None) -> None: ...


P = TypeVar("P", bound=_Predictor)

_PREFIX = "preprocessing."
_MODEL = "model."
_SCHEMA = {
    *("task", "recipe", "targets", "temperature", "training", "oof_score", "estimator", "record"),
}


# ---- writing ---------------------------------------------------------------------------------


def save_predictor(
    path: str | os.PathLike[str], predictor: Any, estimator: Mapping[str, Any] | None = None
) -> None:
    """Save a predictor, and what an estimator of scikit-learn has besides.

    Raises
    ------
    StateError
        It is not fitted.
    TypeError
        A class label, a category or a column's name is no string, number, bool or date.
    OSError
        The file can't be written; an existing file is not changed.
    """
    target = checked_path(path)
    if not predictor.trained:
        raise StateError("this predictor is not fitted yet: call fit first")
    nets: list[dict[str, Any]] = []
    tensors: dict[str, Array] = {}
    for index, net in enumerate(predictor.nets):
        saved = net._saved()._replace(callbacks=CallbackStates())
        saved.net.reset_optimizer()
        description, arrays = describe_net(saved, index)
        nets.append(description)
        tensors |= arrays
    preprocessing = predictor.preprocessing
    tensors |= {_PREFIX + name: array for name, array in preprocessing.arrays().items()}
    tensors |= {_MODEL + name: array for name, array in _model_arrays(predictor).items()}
    schema = {
        "task": predictor.task,
        "recipe": _describe_recipe(predictor.recipe),
        "targets": describe_targets(predictor.targets),
        "temperature": float(predictor.temperature),
        "training": [_describe_training(one) for one in predictor.trained],
        "oof_score": None if predictor.oof_score is None else float(predictor.oof_score),
        "estimator": estimator,
        "record": predictor.record,
    }
    whole = encode(schema, "the model")
    write_document(target, "tabular", nets, tensors, whole, preprocessing.description())


def is_plain(value: object) -> bool:
    """Whether it is None, a bool, a number, a string, or a list or tuple of these."""
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def _model_arrays(predictor: Any) -> dict[str, Array]:
    """The held-out rows' residuals, and the importances if they have been computed."""
    residuals, found = predictor.residuals, {"importances": predictor._importances}
    if residuals is not None:
        found |= {"residuals": residuals.distances, "residual_weights": residuals.weights}
    return {name: np.asarray(a, np.float64) for name, a in found.items() if a is not None}


def _describe_recipe(recipe: Recipe) -> dict[str, Any]:
    """The recipe's settings; a metric that is a function can't be saved and becomes None."""
    values = {field.name: getattr(recipe, field.name) for field in fields(recipe)}
    activation = values["activation"]
    if isinstance(activation, ActivationFunction):
        values["activation"] = [activation.name, list(activation.parameters)]
    if callable(values["metric"]):
        values["metric"] = None
    return values


def _describe_training(one: TrainedNet) -> dict[str, Any]:
    history = {"epochs": one.history.epochs, "history": one.history.history}
    return {"best_epoch": one.best_epoch, "scores": one.scores, **history}


# ---- reading ---------------------------------------------------------------------------------


def read_predictor(file: File, cls: type[P]) -> tuple[P, dict[str, Any] | None]:
    """The predictor in a file, made by `cls`, and what an estimator of scikit-learn has besides."""
    if file.kind != "tabular":
        raise FileFormatError(f"it holds {file.kind!r}, and no tabular model: use pybp.load")
    document = json.loads(file.description)
    schema = decode(document["schema"])
    if set(schema) != _SCHEMA:
        raise FileFormatError(f"its schema has the fields {sorted(schema)!r:.200}")
    predictor: Any = cls(schema["task"], _recipe_of(schema["recipe"]))
    predictor.targets = targets_of(schema["task"], schema["targets"])
    predictor.preprocessing = Preprocessing.from_description(
        document["preprocessing"], _arrays(file, _PREFIX)
    )
    nets = [MLP._of(saved) for saved in read_nets(file)]
    training = schema["training"]
    if not isinstance(training, list) or len(training) != len(nets):
        raise FileFormatError("it doesn't have a record of training for each net")
    predictor.trained = [_trained(net, one) for net, one in zip(nets, training, strict=True)]
    predictor.temperature, predictor.oof_score = _number(schema["temperature"]), schema["oof_score"]
    predictor.record = schema["record"]
    _read_model_arrays(file, predictor)
    _check_nets(predictor)
    estimator = schema["estimator"]
    if not (estimator is None or isinstance(estimator, dict)):
        raise FileFormatError("its estimator is not described")
    if not isinstance(predictor.record, dict):
        raise FileFormatError("its record is no object")
    return predictor, estimator


def _arrays(file: File, prefix: str) -> dict[str, Array]:
    names = [name for name in file.arrays if name.startswith(prefix)]
    return {name.removeprefix(prefix): file.read(name) for name in names}


def _read_model_arrays(file: File, predictor: Any) -> None:
    """What `_model_arrays` gave."""
    arrays = _arrays(file, _MODEL)
    expected = {
        "importances": (len(predictor.preprocessing.encodings),),
        "residuals": (len(arrays.get("residuals", ())), len(predictor.targets.mean.ravel()))
        if isinstance(predictor.targets, NumberTargets)
        else (),
        "residual_weights": (len(arrays.get("residuals", ())),),
    }
    for name, array in arrays.items():
        if expected.get(name) != array.shape or array.dtype != np.float64 or array.size == 0:
            raise FileFormatError(f"it has {array.dtype} of shape {array.shape} as {_MODEL}{name}")
        if not np.isfinite(array).all():
            raise FileFormatError(f"{_MODEL}{name} holds NaN or infinity")
    predictor._importances = arrays.get("importances")
    if "residuals" in arrays:
        predictor.residuals = Residuals(arrays["residuals"], arrays.get("residual_weights"))


def _recipe_of(values: dict[str, Any]) -> Recipe:
    values = dict(values)
    activation = values["activation"]
    if isinstance(activation, list):
        name, parameters = activation
        kind = type(resolve(name, ActivationFunction, "activation"))
        values["activation"] = kind(*parameters)
    values["betas"], values["quantiles"] = tuple(values["betas"]), tuple(values["quantiles"])
    if isinstance(values["hidden_layer_sizes"], list):
        values["hidden_layer_sizes"] = tuple(values["hidden_layer_sizes"])
    return Recipe(**values)


def _trained(net: MLP, given: dict[str, Any]) -> TrainedNet:
    history = History(list(given["epochs"]), dict(given["history"]))
    return TrainedNet(net, history, int(given["best_epoch"]), given["scores"])


def _number(given: object) -> float:
    if type(given) is not float:
        raise FileFormatError(f"{given!r:.40} is not a number")
    return given


def _check_nets(predictor: Any) -> None:
    """Raise unless each net takes what the preprocessing gives, and gives what the targets take."""
    n_in, n_out = predictor.preprocessing.layout.n_inputs, predictor.targets.n_outputs
    expected = (n_in, n_out, np.dtype(predictor.recipe.dtype))
    for net in predictor.nets:
        found = (net.n_in, net.n_out, net.dtype)
        if found != expected:
            raise FileFormatError(f"a net has inputs, outputs and dtype {found}, not {expected}")
        if net.layers[-1].activation.name != predictor.targets.output:
            raise FileFormatError(f"a net's output is {net.layers[-1].activation.name!r}")
