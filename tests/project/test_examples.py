"""The scripts of examples/, as far as they run without their data."""

import importlib
import os
import subprocess
import sys

import numpy as np
import pytest

from project import ROOT

EXAMPLES = ROOT / "examples"
SCRIPTS = {path.stem: path.read_text() for path in sorted(EXAMPLES.glob("[!_]*.py"))}
WANT_DATA = [
    name for name, text in SCRIPTS.items() if "import _data" in text or "from _data" in text
]


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    return importlib.import_module


@pytest.mark.parametrize("name", WANT_DATA)
def test_an_example_without_its_data_says_so(name):
    environment = {key: value for key, value in os.environ.items() if key != "PYBP_DATA"}
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert done.stderr.startswith("skipped: set PYBP_DATA")


def test_the_format_of_fann(example, tmp_path, monkeypatch):
    (tmp_path / "fann").mkdir()
    (tmp_path / "fann" / "tiny.train").write_text("2 3 1\n1 2 3\n4\n5 6 7\n8\n")
    (tmp_path / "fann" / "tiny.test").write_text("1 3 1\n0.5 0 -1\n2 \n")
    monkeypatch.setenv("PYBP_DATA", str(tmp_path))
    X, y, X_test, y_test = example("_data").fann("tiny")
    np.testing.assert_array_equal(X, [[1, 2, 3], [5, 6, 7]])
    np.testing.assert_array_equal(y, [[4], [8]])
    np.testing.assert_array_equal(X_test, [[0.5, 0, -1]])
    np.testing.assert_array_equal(y_test, [[2]])


def test_standardized(example):
    data = example("_data")
    X = np.array([[1.0, 5.0], [3.0, 5.0]])
    train, test = data.standardized(X, np.array([[5.0, 6.0]]))
    np.testing.assert_allclose(train, [[-1, 0], [1, 0]])
    np.testing.assert_allclose(test, [[3, 1]])


def test_a_comparison_takes_means_over_the_seeds(example):
    compare = example("_compare")
    result = compare.compare("x", "a net", "accuracy", {"a": float, "long name": lambda seed: 1.0})
    assert result.scores == {"a": 1.0, "long name": 1.0}
    assert str(result).splitlines()[1:] == ["  a          1.0000", "  long name  1.0000"]
