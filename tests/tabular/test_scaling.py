"""Numbers and categories as inputs of a net, computed again here."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pybp.tabular import Preprocessing
from pybp.tabular.categories import sorted_categories
from pybp.tabular.encodings import Categories
from pybp.tabular.scaling import RobustScaling, median_and_spread, quantile

from table_inputs import fitted, recipe

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False, width=32)
TABLES = st.integers(1, 30).flatmap(lambda n: arrays(float, (n, 3), elements=NUMBERS))


# ---- numbers ----


def scaling_of(X):
    return RobustScaling(*np.transpose([median_and_spread(column) for column in X.T]))


@given(TABLES, TABLES)
def test_numbers(train, X):
    scaling = scaling_of(train)
    wanted = np.column_stack([recipe(x, t) for x, t in zip(X.T, train.T, strict=True)])
    np.testing.assert_allclose(scaling.transform(X), wanted, rtol=1e-9, atol=1e-12)


def test_equal_quartiles_make_way_for_distances_from_the_median():
    column = np.array([0.0] * 15 + [3.0, -4.0, 1e9])
    scaled = scaling_of(column[:, np.newaxis]).transform(np.array([[0.0], [4.0], [1e9]]))
    wanted = 2 / np.sqrt(1 + (2 / 3) ** 2)
    np.testing.assert_allclose(scaled, [[0], [wanted], [3]], rtol=1e-9)


def test_a_constant_column_is_0_whatever_comes():
    scaling = scaling_of(np.full((5, 1), 7.0))
    assert (scaling.transform(np.array([[7.0], [8.0], [-1e300], [np.nan]])) == 0).all()


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1.0, 1e154, 1e308])
def test_sizes_at_the_edge_of_float64(size):
    X = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])[:, np.newaxis] * size
    scaled = scaling_of(X).transform(np.array([[-1.0], [0], [1], [1.7]]) * size)
    assert np.isfinite(scaled).all()
    assert (np.diff(scaled[:, 0]) > 0).all()
    assert (abs(scaled) <= 3).all()


def test_numbers_far_away_are_clipped_to_3():
    scaling = scaling_of(np.linspace(0, 1, 5)[:, np.newaxis])
    np.testing.assert_allclose(scaling.transform(np.array([[1e300], [-1e300]])), [[3], [-3]])


def test_missing_numbers_become_0_and_are_flagged():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3)) * 5 + 2
    X[rng.random((40, 3)) < 0.3] = np.nan
    X[:, 1] = rng.normal(size=40)
    found = fitted(X).preprocess(X)
    gaps = np.isnan(X[:, 0]), np.isnan(X[:, 2])
    wanted = [
        np.nan_to_num(recipe(X[:, 0], X[~gaps[0], 0])),
        recipe(X[:, 1], X[:, 1]),
        np.nan_to_num(recipe(X[:, 2], X[~gaps[1], 2])),
        recipe(gaps[0].astype(float), gaps[0].astype(float)),
        recipe(gaps[1].astype(float), gaps[1].astype(float)),
    ]
    np.testing.assert_allclose(found, np.column_stack(wanted), rtol=1e-12)


def test_columns_that_say_nothing_are_left_out():
    X = np.array([[np.nan, 1.0, 7.0, 1.0], [np.nan, 2.0, 7.0, 2.0], [np.nan, 4.0, 7.0, 4.0]])
    model = fitted(X)
    assert model.preprocessing.left_out == {0: "missing", 2: "constant", 3: "duplicate"}
    assert model.preprocess(X).shape == (3, 1)
    nothing = fitted(X[:, [0, 2]])
    assert nothing.preprocessing.feature_names == ["nothing"]
    assert (nothing.preprocess(X[:, [0, 2]]) == np.zeros((3, 1))).all()


# ---- quantiles with weights ----


@given(arrays(float, st.integers(1, 20), elements=NUMBERS))
def test_quantiles(values):
    levels = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    found = quantile(values, levels)
    np.testing.assert_allclose(found, np.quantile(values, levels), rtol=1e-9, atol=1e-6)
    assert (np.diff(found) >= 0).all()


@given(arrays(float, 12, elements=NUMBERS), arrays(int, 12, elements=st.integers(1, 9)))
def test_weights_repeat_values(values, times):
    levels = np.linspace(0, 1, 9)
    found = quantile(values, levels, times.astype(float))
    assert (found == quantile(values.repeat(times), levels)).all()


@pytest.mark.parametrize("scale", [1.0, 7.0, 1e-9])
def test_equal_proportions_of_weights_learn_the_same(scale):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=60), rng.integers(0, 12, 60), rng.integers(0, 3, 60)])
    X[:7, 0] = np.nan
    times = rng.integers(0, 5, 60)
    times[0] = 1
    repeated = Preprocessing.fit(X.repeat(times, axis=0), [1, 2])
    weighted = Preprocessing.fit(X, [1, 2], times * scale)
    assert weighted.encodings == repeated.encodings
    np.testing.assert_allclose(weighted.transform(X), repeated.transform(X), rtol=1e-6)
    assert scale != 1 or (weighted.transform(X) == repeated.transform(X)).all()


@given(arrays(float, 12, elements=NUMBERS), arrays(float, 12, elements=st.floats(1, 9)))
def test_weighted_quantiles(values, weights):
    levels = np.linspace(0, 1, 9)
    found = quantile(values, levels, weights)
    assert (np.diff(found) >= 0).all()
    assert (found[0], found[-1]) == (values.min(), values.max())


def test_the_last_value_is_the_last_quantile_in_spite_of_rounding():
    times = np.array([1.0, *[2.85518466] * 11])
    assert quantile(np.array([1.0, *[0.0] * 11]), np.array([1.0]), times) == 1


def test_a_heavy_value_is_the_median():
    assert quantile(np.array([1.0, 5.0, 9.0]), np.array([0.5]), np.array([1.0, 1.0, 50.0])) == 9


# ---- categories ----


def one_hot(values, categories):
    """The codes of a column of objects."""
    encoding = Categories("a", tuple(categories))
    return encoding.code_table[encoding.encode(values[:, np.newaxis], 0).sample_codes]


def test_codes():
    categories = sorted_categories(["b", "a", None, "c", "a"])
    assert categories == ["a", "b", "c"]
    values = np.array(["c", "a", None, np.nan, "unknown", "b"], object)
    wanted = [[0, 0, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 1, 0]]
    np.testing.assert_array_equal(one_hot(values, categories), wanted)


def test_two_categories_are_one_column():
    found = one_hot(np.array(["no", "yes", None, "maybe"], object), ["no", "yes"])
    np.testing.assert_array_equal(found, [[1], [-1], [0], [0]])


@given(st.lists(st.sampled_from([0, 1, 2, 3, None]), min_size=1, max_size=30))
def test_the_order_of_rows_changes_no_code(values):
    column = np.array(values, object)
    assert sorted_categories(column) == sorted_categories(column[::-1])
