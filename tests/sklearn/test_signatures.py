"""What editors and `help` see of the estimators."""

import inspect

import pytest

pytest.importorskip("sklearn")

import pybp.sklearn

ESTIMATORS = [
    getattr(pybp.sklearn, name) for name in pybp.sklearn.__all__ if name.startswith(("MLP", "Tab"))
]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_signatures_show_types_by_name(estimator):
    functions = [member for _, member in inspect.getmembers(estimator, inspect.isfunction)]
    own = [one for one in functions if one.__module__.startswith("pybp")]
    for function in (estimator, *own):
        for parameter in inspect.signature(function).parameters.values():
            assert len(str(parameter).split(" = ")[0]) < 70


def test_parameters_are_typed():
    untyped = {
        name
        for estimator in ESTIMATORS
        for name, parameter in inspect.signature(estimator).parameters.items()
        if parameter.annotation in ("Any", inspect.Parameter.empty)
    }
    assert untyped <= {"categorical_features"}


def test_completion_gives_public_names():
    assert dir(pybp.sklearn) == sorted(pybp.sklearn.__all__)
