"""The names that type checkers know are those of the registry."""

from typing import get_args, get_type_hints

import pytest

import pybp
from pybp import activations, initializers, losses, optimizers
from pybp._common.specs import row_names, spec_classes
from pybp.metrics.metric import _KNOWN
from pybp.metrics.scores import SCORES
from pybp.optimizers.solvers import SOLVERS

from registered import METRICS


@pytest.mark.parametrize(
    ("literal", "registry", "others"),
    [
        (activations.ActivationName, "activations", []),
        (initializers.InitializerName, "initializers", []),
        (losses.LossName, "losses", []),
        (optimizers.OptimizerName, "optimizers", list(SOLVERS)),
    ],
    ids=["activations", "initializers", "losses", "optimizers"],
)
def test_names_are_those_of_the_registry(literal, registry, others):
    assert list(get_args(literal)) == row_names(registry) + others


@pytest.mark.parametrize(
    ("literal", "base"),
    [
        (activations.ActivationName, activations.ActivationFunction),
        (initializers.InitializerName, initializers.Initializer),
        (losses.LossName, losses.Loss),
    ],
    ids=["activations", "initializers", "losses"],
)
def test_each_name_has_a_class(literal, base):
    assert set(get_args(literal)) == set(spec_classes(base))


def test_names_of_metrics():
    known = set(METRICS)
    assert {name for name in known if not name.startswith("top_")} == {*_KNOWN, *SCORES}
    X, y = [[0.0], [1.0], [2.0]], [0, 1, 2]
    net = pybp.MLP([1, 5], output="softmax", seed=0)
    assert set(net.evaluate(X, y, metrics=sorted(known))) == {"loss", *known}


def test_annotations_can_be_read():
    """As libraries do that check arguments, or make command lines of them."""
    for function in (pybp.MLP.fit, pybp.MLP.__init__, pybp.Dense.__init__, pybp.Adam.__init__):
        assert get_type_hints(function)["return"] is not None
