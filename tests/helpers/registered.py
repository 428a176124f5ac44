"""The names of all that pybp has, from its own lists, so that tests do not miss what is new."""

import dataclasses
from typing import get_args

from pybp import _core, callbacks
from pybp._common.specs import Spec, spec_classes
from pybp.callbacks import Callback
from pybp.metrics.metric import MetricName
from pybp.optimizers import Optimizer
from pybp.optimizers.solvers import SOLVERS

__all__ = [
    "AVERAGES",
    "BASES",
    "CALLBACKS",
    "CLASSES",
    "DECAYING",
    "HIDDEN",
    "HOOKS",
    "METRICS",
    "ROWS",
    "SOLVERS",
    "SWITCHES",
]

# By the name of a registry: the base of its specs, its rows, and the spec of each row by the row's name.
BASES = {base.registry: base for base in Spec.__subclasses__() if "registry" in vars(base)}
ROWS = {which: {row["name"]: row for row in _core.registry(which)} for which in BASES}
CLASSES = {which: spec_classes(base) for which, base in BASES.items()}

# The activations that may stand in any layer.
HIDDEN = [name for name, row in ROWS["activations"].items() if row["label"] == "ELEMENTWISE"]

# The parameters of optimizers' rows that are True or False.
SWITCHES = {
    field.name
    for spec in CLASSES["optimizers"].values()
    for field in dataclasses.fields(spec)
    if isinstance(field.default, bool)
} - {field.name for field in dataclasses.fields(Optimizer)}

# The optimizers that have weight decay.
DECAYING = [
    name
    for name, row in ROWS["optimizers"].items()
    if "weight_decay" in {param["name"] for param in row["params"]}
]

METRICS = list(get_args(MetricName))

CALLBACKS = {
    name: getattr(callbacks, name)
    for name in callbacks.__all__
    if issubclass(getattr(callbacks, name), Callback) and name != "Callback"
}
# The callbacks that end a fit with an average of its parameters.
AVERAGES = [each for each in CALLBACKS.values() if hasattr(each, "swap_in")]

# In the order in which they are called.
HOOKS = [name for name in vars(Callback) if name.startswith("on_")]
