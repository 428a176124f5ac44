"""What the estimators for numbers refuse, and what they recommend instead."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

import pandas as pd
import polars as pl
from scipy import sparse

from pybp.sklearn import MLPClassifier, MLPRegressor

from small_estimators import classifier, regressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BOTH = pytest.mark.parametrize(
    ("make", "table"),
    [(classifier, "TabularMLPClassifier"), (regressor, "TabularMLPRegressor")],
    ids=["classifier", "regressor"],
)
X, Y = np.arange(24.0).reshape(8, 3), np.arange(8) % 2
TEXT = np.array(["male", "female"] * 4)


def with_text():
    """Tables of numbers and text, and how the message names the cell."""
    frame = pd.DataFrame({"age": X[:, 0], "sex": TEXT})
    return {
        "frame": (frame, r"'male' \(str\) at row 0, column 1 \('sex'\)"),
        "objects": (frame.to_numpy(), r"'male' \(str\) at row 0, column 1"),
        "strings": (np.column_stack([X[:, 0], TEXT]), "dtype <U32"),
        "list": (frame.to_numpy().tolist(), "dtype <U"),
        "polars": (
            pl.DataFrame({"age": X[:, 0], "sex": TEXT}),
            r"'male' \(str\) at row 0, column 1 \('sex'\)",
        ),
    }


@BOTH
@pytest.mark.parametrize("kind", with_text())
def test_text(make, table, kind):
    given, named = with_text()[kind]
    with pytest.raises(ValueError, match=named) as caught:
        make().fit(given, Y)
    assert f"pybp.sklearn.{table} takes text" in str(caught.value)
    assert "HistGradient" not in str(caught.value)


@BOTH
@pytest.mark.parametrize("convert", [np.array, pd.DataFrame, sparse.csr_array, list, pl.DataFrame])
def test_missing_values(make, table, convert):
    gaps = X.copy()
    gaps[2, 1] = np.nan
    model = make().fit(convert(X), Y)
    for call in (lambda: make().fit(convert(gaps), Y), lambda: model.predict(convert(gaps))):
        with pytest.raises(ValueError, match=f"Input X contains NaN: pybp.sklearn.{table}"):
            call()


@BOTH
def test_missing_values_of_pandas(make, table):
    frame = pd.DataFrame({"a": pd.Series([1, None] * 4, dtype=object).replace({None: pd.NA})})
    with pytest.raises((TypeError, ValueError), match=f"{table} takes .*missing values"):
        make().fit(frame, Y)


@BOTH
def test_other_errors_are_those_of_scikit_learn(make, table):
    with pytest.raises(ValueError, match="Expected 2D array, got 1D array"):
        make().fit(X[0], Y)
    with pytest.raises(ValueError, match="Input X contains infinity"):
        make().fit((X + 1) * np.inf, Y)
    with pytest.raises(ValueError, match="Found input variables with inconsistent numbers"):
        make().fit(sparse.csr_array(X), Y[:3])


@BOTH
def test_cells_of_other_kinds(make, table):
    frame = pd.DataFrame({"a": X[:, 0], "tags": [[1, 2]] * 8})
    with pytest.raises(
        (TypeError, ValueError), match=r"holds \[1, 2\] \(list\) at row 0, column 1"
    ):
        make().fit(frame, Y)


DATES = np.array(["2024-02-29", "NaT"] * 4, "M8[D]")


@BOTH
def test_dates(make, table):
    durations = DATES - DATES[0]
    for given in (DATES[:, np.newaxis], durations[:, np.newaxis]):
        with pytest.raises(TypeError, match=r"^X holds dates or durations"):
            make().fit(given, Y)
    for frame in (pd.DataFrame({"a": X[:, 0], "when": DATES}), pl.DataFrame({"when": DATES})):
        with pytest.raises(TypeError, match="column 'when' of X holds dates or durations"):
            make().fit(frame, Y)
        with pytest.raises(TypeError, match="column 'when' of X holds dates or durations"):
            make().fit(X, Y).predict(frame)
    for y in (DATES, durations, pd.Series(DATES)):
        with pytest.raises(TypeError, match=r"^y holds dates or durations"):
            make().fit(X, y)


@BOTH
def test_masked_arrays(make, table):
    hidden = np.ma.masked_array(X, X == 5)
    model = make().fit(np.ma.masked_array(X), Y)  # nothing is masked
    for call in (lambda: make().fit(hidden, Y), lambda: model.predict(hidden)):
        with pytest.raises(TypeError, match="X is a masked array"):
            call()
    with pytest.raises(TypeError, match="y is a masked array"):
        make().fit(X, np.ma.masked_array(Y, Y == 1))
    with pytest.raises(TypeError, match="sample_weight is a masked array"):
        make().fit(X, Y, np.ma.masked_array(Y + 1.0, Y == 1))


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("sizes", [(64.7,), (64.0,), True, (8, True), ["8"], [[8, 8]], (None,)])
def test_numbers_of_neurons_are_whole(estimator, sizes):
    with pytest.raises(TypeError, match="hidden_layer_sizes must be a whole number, got"):
        estimator(hidden_layer_sizes=sizes).fit(X, Y)


@pytest.mark.parametrize("sizes", [5, np.int64(5), (5,), np.array([5]), [np.uint8(5)]])
def test_whole_numbers_of_any_type(sizes):
    assert classifier(hidden_layer_sizes=sizes).fit(X, Y).coefs_[0].shape == (3, 5)
