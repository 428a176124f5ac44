"""Every registered row has a twin in the oracle and every twin a row, and they agree."""

import dataclasses
import inspect

import numpy as np
import pytest

from pybp import _core, schedules

import oracle
from oracle import registry
from oracle.optimizers import defaults
from registered import CLASSES
from trajectories.cases import CASES, LOSS_CASES

TWINS = {which: getattr(oracle, which.upper()) for which in registry.COLUMNS}


def test_every_registry_has_twins():
    others = {"status", "functions"}  # error messages, and the functions of the C library
    files = {path.stem for path in registry.FOLDER.glob("*.def")} - others
    assert set(TWINS) == set(CLASSES) == files


@pytest.mark.parametrize("which", TWINS)
def test_rows_and_twins_are_the_same(which):
    rows = registry.names(which)
    assert rows, f"no row found in {which}.def"
    missing = set(rows) - set(TWINS[which])
    assert not missing, (
        f"rows of {which}.def without a twin in tests/helpers/oracle/{which}.py: {missing}"
    )
    orphans = set(TWINS[which]) - set(rows)
    assert not orphans, (
        f"twins in tests/helpers/oracle/{which}.py without a row in {which}.def: {orphans}"
    )


def stated(function):
    """The parameters with a default of a function of the oracle."""
    given = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in given if p.default is not p.empty}


def of_the_row(row):
    """The parameters of a row, and their defaults."""
    return {p.name: p.default for p in row.params}


@pytest.mark.parametrize("row", registry.rows("activations"), ids=lambda row: row.name)
def test_activation_rows_say_what_their_twins_say(row):
    twin = oracle.ACTIVATIONS[row.name]
    assert row.columns["kind"] == twin.kind
    assert row.columns["initializer"].lower() == twin.initializer
    for function in (twin.f, twin.backward):
        assert not row.params or stated(function) == of_the_row(row)


@pytest.mark.parametrize("row", registry.rows("losses"), ids=lambda row: row.name)
def test_loss_rows_say_what_their_twins_say(row):
    twin = oracle.LOSSES[row.name]
    assert row.columns["links"] == twin.links
    assert bool(int(row.columns["per_output"])) == twin.per_output
    assert row.columns["targets"] == twin.targets
    assert row.columns["targets"] == CLASSES["losses"][row.name].targets.upper()
    for function in (twin.rows, twin.slope):
        assert stated(function) == of_the_row(row)


@pytest.mark.parametrize("row", registry.rows("optimizers"), ids=lambda row: row.name)
def test_optimizer_rows_say_what_their_twins_say(row):
    twin = oracle.OPTIMIZERS[row.name]
    assert row.columns["class"] == twin.__name__
    assert defaults(twin) == of_the_row(row)
    # The states besides counters and powers are arrays of the size of the parameters.
    arrays = [v for v in twin().begin(np.zeros(3)).values() if isinstance(v, np.ndarray)]
    assert len(arrays) == states(row, twin())


@pytest.mark.parametrize("row", registry.rows("optimizers"), ids=lambda row: row.name)
def test_parameters_bring_states(row):
    """With each parameter off and on: the row's bits are as many as its twin's arrays."""
    twin = oracle.OPTIMIZERS[row.name]
    for param in row.params:
        for value in (0.0, 0.5):
            rule = dataclasses.replace(twin(), **{param.name: value})
            arrays = [v for v in rule.begin(np.zeros(3)).values() if isinstance(v, np.ndarray)]
            assert len(arrays) == states(row, rule)


def states(row, rule):
    """How many states the row's C expression of its parameters p says that there are."""
    p = [getattr(rule, param.name) for param in row.params]
    return int(eval(row.columns["states"], {"p": p})).bit_count()


@pytest.mark.parametrize("row", registry.rows("schedules"), ids=lambda row: row.name)
def test_schedule_rows_say_what_their_twins_say(row):
    given = inspect.signature(oracle.SCHEDULES[row.name]).parameters
    assert ("N" in given) == bool(int(row.columns["horizon"]))
    assert stated(oracle.SCHEDULES[row.name]) == of_the_row(row)
    assert hasattr(schedules, row.columns["class"])


@pytest.mark.parametrize("name", registry.names("optimizers"))
def test_every_optimizer_has_a_stored_trajectory(name):
    assert any(case["optimizer"] == name and not case["params"] for case in CASES.values())


@pytest.mark.parametrize("row", registry.rows("losses"), ids=lambda row: row.name)
def test_every_parameter_of_a_loss_has_a_stored_case(row):
    params = [case["params"] for case in LOSS_CASES.values() if case["loss"] == row.name]
    for param in row.params:
        assert any(given.get(param.name, param.default) != param.default for given in params)


# The column that the compiled listing calls the label.
LABEL = {
    "activations": "kind",
    "losses": "links",
    "optimizers": "class",
    "initializers": "distribution",
    "layers": "weights",
    "schedules": "class",
}


@pytest.mark.parametrize("which", TWINS)
def test_the_compiled_listing_has_the_rows_of_the_text(which):
    listing = _core.registry(which)
    rows = registry.rows(which)
    assert [entry["name"] for entry in listing] == [row.name for row in rows]
    for entry, row in zip(listing, rows, strict=True):
        assert [registry.Param(**param) for param in entry["params"]] == row.params
        assert entry["label"] == row.columns[LABEL[which]]


def test_the_reader_understands_quotes_commas_and_nested_macros():
    text = 'ROW(A, a, "f(x), or (g)", P(b, 1.0) P(c, 2.0)) ROW(B, b, "", )'
    found = registry.calls(text, "ROW")
    assert found == [["A", "a", '"f(x), or (g)"', "P(b, 1.0) P(c, 2.0)"], ["B", "b", '""', ""]]
    assert registry.calls(found[0][3], "P") == [["b", "1.0"], ["c", "2.0"]]
