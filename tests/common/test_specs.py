"""Specs: one class for each registry row, with the row's name, defaults and ranges."""

import dataclasses
import inspect
import re

import pytest

import pybp
from pybp import activations, initializers, losses, optimizers
from pybp._common.specs import Spec, resolve
from pybp.errors import ArgumentError

from registered import BASES, CLASSES, ROWS, SWITCHES
from trajectories.cases import PARAMETER_PAIRS

OPTIMIZERS = CLASSES["optimizers"]
PAIR = {part: (pair, parts) for pair, parts in PARAMETER_PAIRS.items() for part in parts}
ALL = [spec for classes in CLASSES.values() for spec in classes.values()]


@pytest.mark.parametrize("which", BASES)
def test_every_row_has_a_class_and_every_class_a_row(which):
    made_by_another = {"join"}  # by Embedding
    assert set(CLASSES[which]) == set(ROWS[which]) - made_by_another
    for spec in CLASSES[which].values():
        assert spec.__name__ in getattr(pybp, which).__all__
        assert spec.__module__ == f"pybp.{which}"


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.__name__)
def test_every_class_documents_all_its_parameters(spec):
    doc = inspect.getdoc(spec)
    assert not doc.startswith(f"{spec.__name__}(")  # as dataclasses write where there is none
    named = re.findall(r"^([\w, ]+) : ", doc, re.MULTILINE)
    documented = [name for line in named for name in line.split(", ")]
    assert sorted(documented) == sorted(field.name for field in dataclasses.fields(spec))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_have_the_defaults_of_their_rows(name):
    optimizer = OPTIMIZERS[name]()
    assert type(optimizer).__name__ == optimizer.row["label"]
    assert optimizer.core[1] == tuple(param["default"] for param in optimizer.row["params"])


def edges():
    """Values just outside each range of each row."""
    for name, spec in OPTIMIZERS.items():
        for param in spec().row["params"]:
            if param["name"] in SWITCHES:
                continue
            yield name, param["name"], param["low"] if param["low_open"] else param["low"] - 1
            if param["high"] < float("inf"):
                yield name, param["name"], param["high"] if param["high_open"] else 2.0
            yield name, param["name"], float("nan")
            yield name, param["name"], float("inf")


@pytest.mark.parametrize(("name", "parameter", "value"), list(edges()))
def test_optimizers_refuse_what_their_rows_exclude(name, parameter, value):
    given = {parameter: value}
    if parameter in PAIR:
        pair, parts = PAIR[parameter]
        defaults = {param["name"]: param["default"] for param in ROWS["optimizers"][name]["params"]}
        given = {pair: tuple(value if part == parameter else defaults[part] for part in parts)}
    with pytest.raises(ArgumentError, match=f"{parameter} must be"):
        OPTIMIZERS[name](**given)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("lr", -1e-3),
        ("lr", float("nan")),
        ("lr", float("inf")),
        ("clip_norm", 0.0),
        ("clip_norm", -1.0),
        ("clip_value", float("nan")),
        ("bias_lr_factor", -1.0),
    ],
)
def test_common_parameters_out_of_range(name, parameter, value):
    with pytest.raises(ArgumentError, match=f"{parameter} must be"):
        OPTIMIZERS[name](**{parameter: value})


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("lr", "fast"), ("lr", None), ("lr", True), ("clip_norm", "1"), ("decay_bias", 1)],
)
def test_common_parameters_of_a_wrong_type(parameter, value):
    with pytest.raises(TypeError, match=f"{parameter} must be"):
        optimizers.SGD(**{parameter: value})


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_switches_of_optimizers_are_true_or_false(name):
    for param in OPTIMIZERS[name]().row["params"]:
        if param["name"] in SWITCHES:
            with pytest.raises(TypeError, match=f"{param['name']} must be True or False, got 0.5"):
                OPTIMIZERS[name](**{param["name"]: 0.5})


def test_nesterov_needs_momentum():
    with pytest.raises(ArgumentError, match="nesterov needs a momentum"):
        optimizers.SGD(nesterov=True)
    assert optimizers.SGD(momentum=0.9, nesterov=True).core[1][1] == 1.0


def test_step_sizes_are_in_order():
    with pytest.raises(ArgumentError, match="step_sizes must be in ascending order"):
        optimizers.Rprop(step_sizes=(1.0, 0.5))


@pytest.mark.parametrize("betas", [0.9, (0.9,), "ab", (0.9, 0.99, 0.999)])
def test_betas_are_two(betas):
    with pytest.raises(TypeError, match=r"betas must be|beta1 must be"):
        optimizers.Adam(betas=betas)


@pytest.mark.parametrize(
    ("activation", "message"),
    [
        (lambda: activations.LeakyReLU(-0.1), "slope must be a finite number >= 0, got -0.1"),
        (lambda: activations.ELU(0.0), "alpha must be a finite number > 0, got 0.0"),
    ],
)
def test_parameters_of_activations_are_checked(activation, message):
    with pytest.raises(ArgumentError, match=message):
        activation()


def test_specs_are_values():
    assert optimizers.Adam(lr=0.1) == optimizers.Adam(0.1) != optimizers.AdamW(lr=0.1)
    assert len({losses.MSE(), losses.MSE(), losses.SquaredError()}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        optimizers.Adam().lr = 1.0


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (losses.MSE(), "MSE()"),
        (losses.MSE(reduction="sum"), "MSE(reduction='sum')"),
        (optimizers.SGD(0.1, momentum=0.9), "SGD(lr=0.1, momentum=0.9)"),
        (initializers.Constant(0.5), "Constant(value=0.5)"),
        (pybp.Dense(3, "relu", bias=False), "Dense(3, activation='relu', bias=False)"),
    ],
)
def test_specs_print_as_written(spec, text):
    assert repr(spec) == text
    assert eval(text, {**vars(pybp), **vars(losses), **vars(initializers)}) == spec


@pytest.mark.parametrize("given", ["relu", activations.ReLU, activations.ReLU()])
def test_names_classes_and_instances_are_the_same(given):
    assert resolve(given, activations.ActivationFunction, "activation") == activations.ReLU()


@pytest.mark.parametrize(
    ("which", "given", "near"),
    [
        ("activations", "rellu", "relu"),
        ("activations", "ReLU", "relu"),
        ("activations", "sigmod", "sigmoid"),
        ("losses", "crossentropy", "cross_entropy"),
        ("optimizers", "adamm", "adam"),
        ("initializers", "glorot", "glorot_"),
    ],
)
def test_unknown_names_get_the_nearest_one(which, given, near):
    with pytest.raises(ArgumentError, match=f"'{given}' is unknown; did you mean '{near}"):
        resolve(given, BASES[which], "it")


@pytest.mark.parametrize("given", [3, None, Spec, optimizers.Adam()])
def test_what_is_no_spec_at_all(given):
    with pytest.raises(TypeError, match=r"must be a name or one of pybp\.activations"):
        resolve(given, activations.ActivationFunction, "activation")


def test_reduction_is_checked():
    with pytest.raises(ArgumentError, match="reduction must be 'mean' or 'sum', got 'max'"):
        losses.MSE(reduction="max")
