"""Which rows each net of an ensemble trains on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybp.tabular.folds import folds, parts


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=40),
    st.integers(2, 8),
    st.booleans(),
    st.integers(0, 99),
)
def test_folds_are_disjoint_and_balanced(labels, k, stratify, seed):
    y = np.array(labels)
    found = folds(y, k, np.random.RandomState(seed), stratify)
    rows = np.concatenate(found)
    single = {c for c in labels if labels.count(c) == 1} if stratify else set()
    expected = [i for i, c in enumerate(labels) if c not in single]
    if min(k, len(expected)) < 2:
        assert len(rows) == 0
        return
    assert sorted(rows) == expected
    assert len(found) == min(k, len(expected))
    assert np.ptp([len(fold) for fold in found]) <= 1
    if stratify:
        for label in set(labels) - single:
            in_fold = [np.count_nonzero(y[fold] == label) for fold in found]
            assert np.ptp(in_fold) <= 1
            assert max(in_fold) < labels.count(label)  # each net sees the class


def test_more_nets_than_folds_get_other_folds():
    plan = parts(np.zeros(20), 7, 0.2, np.random.RandomState(0), False)
    assert len(plan) == 7
    assert len({part.seed for part in plan}) == 7
    first = [set(part.held) for part in plan[:5]]
    assert set().union(*first) == set(range(20))
    assert set(plan[5].held) not in first
    for part in plan:
        assert sorted([*part.train, *part.held]) == list(range(20))


@pytest.mark.parametrize(("rows", "held"), [(1, 0), (2, 1), (3, 1)])
def test_fewer_rows_than_folds(rows, held):
    plan = parts(np.zeros(rows), 5, 0.2, np.random.RandomState(0), False)
    assert [0 if part.held is None else len(part.held) for part in plan] == [held] * 5


def test_without_a_fraction_all_rows_train():
    plan = parts(np.zeros(9), 3, 0.0, np.random.RandomState(0), False)
    assert all(part.train is None and part.held is None for part in plan)
