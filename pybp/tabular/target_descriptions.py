"""Targets as JSON, and back: docs/file-format.md defines the fields."""

from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.tabular.categories import category_from_json, category_to_json
from pybp.tabular.targets import ClassTargets, NumberTargets, Targets

__all__ = ["describe_targets", "targets_of"]

_LABELS = {"b": "bool", "i": "int64", "u": "uint64", "f": "float64", "U": "str", "O": "object"}
"""Types of class labels by the kind of their dtype. A width that NumPy chooses isn't kept."""
_NUMBERS = ("mean", "std", "low", "high")


def describe_targets(targets: Targets) -> dict[str, Any]:
    """Targets as JSON.

    Raises
    ------
    TypeError
        A class label is no string, number, bool or date.
    """
    if isinstance(targets, ClassTargets):
        labels = [category_to_json(label, "a class label") for label in targets.classes]
        return {"dtype": _label_type(targets.classes), "classes": labels}
    if type(targets) is not NumberTargets:
        raise TypeError(f"targets of type {type(targets).__name__} can't be saved")
    values = {name: getattr(targets, name).tolist() for name in _NUMBERS}
    return {"quantiles": list(targets.quantiles), **values}


def _label_type(classes: Array) -> str:
    kind = classes.dtype.kind
    if kind in "biuf":
        return str(classes.dtype.name)
    if kind not in _LABELS:
        raise TypeError(f"class labels of dtype {classes.dtype} can't be saved")
    return _LABELS[kind]


def targets_of(task: str, given: dict[str, Any]) -> Targets:
    """The targets of a description.

    Raises
    ------
    ArgumentError
        It describes none.
    """
    return _class_targets(given) if task == "classification" else _number_targets(given)


def _class_targets(given: dict[str, Any]) -> ClassTargets:
    if set(given) != {"dtype", "classes"} or not isinstance(given["classes"], list):
        raise ArgumentError(f"its classes are described by {sorted(given)!r:.200}")
    labels = [category_from_json(label) for label in given["classes"]]
    dtype = given["dtype"]
    if dtype not in ("str", "object") and np.dtype(dtype).kind not in "biuf":
        raise ArgumentError(f"class labels can't have the dtype {dtype!r:.40}")
    classes = np.empty(len(labels), object)
    classes[:] = labels
    if dtype == "str" and not all(isinstance(label, str) for label in labels):
        raise ArgumentError("class labels are not all strings")
    targets = ClassTargets(classes if dtype == "object" else np.array(labels, dtype))
    if len(targets.classes) != len(labels):
        raise ArgumentError("its classes are not different")
    return targets


def _number_targets(given: dict[str, Any]) -> NumberTargets:
    if set(given) != {"quantiles", *_NUMBERS} or not isinstance(given["quantiles"], list):
        raise ArgumentError(f"its targets are described by {sorted(given)!r:.200}")
    values = {name: np.array(given[name], np.float64) for name in _NUMBERS}
    shape = values["mean"].shape
    if len(shape) > 1 or any(value.shape != shape for value in values.values()):
        raise ArgumentError("mean, standard deviation and range of its targets have wrong shapes")
    if not all(np.isfinite(value).all() for value in values.values()):
        raise ArgumentError("mean, standard deviation and range of its targets are not finite")
    targets = NumberTargets(np.zeros((1, *shape)), tuple(map(float, given["quantiles"])))
    vars(targets).update(values)
    return targets
