"""Small models to report on."""

from dataclasses import replace

import numpy as np
import pytest

from pybp.report import Subject
from pybp.tabular import CLASSIFICATION, REGRESSION, TabularPredictor
from pybp.tabular.files import Table
from pybp.tabular.plain_columns import plain_columns
from pybp.tabular.profile import profile


def table(n, seed, shift=0.0):
    """Numbers with missing ones, times, categories with names that HTML must escape, and an id."""
    random = np.random.default_rng(seed)
    size = random.standard_normal(n) + shift
    size[::9] = np.nan
    colour = np.array(["<b>red</b>", "green & blue", "a,b", None], object)[random.integers(0, 4, n)]
    day = np.datetime64("2024-01-01", "us") + random.integers(0, 400, n) * np.timedelta64(1, "D")
    name = np.array([f"n{seed}_{i}" for i in range(n)], object)
    return Table({"size": size, "colour": colour, "day": day, "name": name})


def subject(kind, shift=0.0):
    """A model of one of the kinds, and rows that it has not seen."""
    n = 160
    inputs, tests = table(n, 0), table(80, 1, shift)

    def target(columns):
        signal = np.nan_to_num(columns["size"]) + (columns["colour"] == "a,b")
        if kind == "numbers":
            return 100 * signal
        names = np.array(["no", "yes", "<i>may be</i>"])
        cuts = [0.3] if kind == "two classes" else [0.0, 0.8]
        return names[np.digitize(signal, cuts)]

    recipe = REGRESSION if kind == "numbers" else CLASSIFICATION
    task = "regression" if kind == "numbers" else "classification"
    recipe = replace(recipe, epochs=6, n_ensemble=2, hidden_layer_sizes=(16,))
    with pytest.warns(UserWarning, match="name"):
        predictor = TabularPredictor(task, recipe).fit(inputs, target(inputs), seed=0)
    facts = {"target": "mood & <b>more</b>", "command": "pybp train 'a b.csv'", "seed": "0"}
    trained = profile(plain_columns(inputs))
    return Subject(predictor, plain_columns(tests), target(tests), trained, facts)


@pytest.fixture(scope="session", params=["two classes", "three classes", "numbers"])
def any_subject(request):
    return subject(request.param)


@pytest.fixture(scope="session")
def drifted_subject():
    return subject("two classes", shift=3.0)
