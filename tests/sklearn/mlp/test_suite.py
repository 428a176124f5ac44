"""scikit-learn's own tests of its MLP, from the installed scikit-learn, run on pybp's estimators."""

import importlib
import inspect
import sys
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

import sklearn
import sklearn.neural_network as peer

import pybp.sklearn as ours

SUITE = "sklearn.neural_network.tests.test_mlp"
OURS = {name: getattr(ours, name) for name in ours.__all__ if hasattr(peer, name)}

FEWEST_TESTS = 43  # of scikit-learn 1.9; later ones may have more


def bound_to_ours():
    """The test module, in which the names of scikit-learn's estimators mean pybp's."""
    sys.modules.pop(SUITE, None)
    with pytest.MonkeyPatch.context() as patch:
        for name, estimator in OURS.items():
            patch.setattr(peer, name, estimator)
        module = importlib.import_module(SUITE)
    sys.modules.pop(SUITE)  # whoever imports it next gets scikit-learn's own
    return module


module = bound_to_ours()
suite = {name: test for name, test in vars(module).items() if name.startswith("test_")}
globals().update(suite)


@pytest.fixture(params=[0, 42])
def global_random_seed(request):
    """scikit-learn's conftest.py has it for its tests."""
    return request.param


def test_these_are_all_of_them():
    source = inspect.getsource(module)
    assert set(suite) == {
        line.removeprefix("def ").partition("(")[0]
        for line in source.splitlines()
        if line.startswith("def test_")
    }
    assert len(suite) >= FEWEST_TESTS
    assert Path(sklearn.__file__).parent in Path(inspect.getfile(module)).parents


def test_they_run_on_our_estimators():
    for name, estimator in OURS.items():
        assert getattr(module, name) is estimator
        assert getattr(peer, name) is not estimator
        assert not any("sklearn.neural_network" in base.__module__ for base in estimator.__mro__)
    assert len(OURS) == 2
